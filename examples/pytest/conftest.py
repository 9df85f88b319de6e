"""Hypervisors for the tests here: libvirtd, or examples/pytest/daemon.c in its place.

    LIBVIRTD_CONF      libvirtd's settings [default: /etc/libvirt/libvirtd.conf]; the tests change them
    LIBVIRTD_RESTART   a command that restarts libvirtd with them [default: systemctl restart libvirtd]
    LIBVIRTD_LOG       its log [default: /var/log/libvirt/libvirtd.log]
    LIBVIRTD_SOCKET    its socket, if it isn't the usual one
    DAEMON             the program of daemon.c; then no libvirtd is used, and no privileges are needed
"""

from __future__ import annotations

import os
import shlex
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest


class Guest(Protocol):
    """A guest that the test may start; it is destroyed afterwards."""

    name: str

    def start(self) -> None: ...
    def attach(self, disk: Path) -> None: ...
    def detach(self, disk: Path) -> None: ...
    def destroy(self) -> None: ...


class Hypervisor(Protocol):
    """A daemon that audits."""

    def configure(self, **settings: int) -> None: ...
    def log(self) -> str: ...
    def guest(self, name: str) -> Guest: ...
    def container(self, name: str) -> Guest: ...


def settings_text(settings: dict[str, int]) -> str:
    return "".join(f"{key} = {value}\n" for key, value in settings.items())


class Libvirtd:
    """The real one."""

    def __init__(self) -> None:
        self.conf = Path(os.environ.get("LIBVIRTD_CONF", "/etc/libvirt/libvirtd.conf"))
        self.log_file = Path(os.environ.get("LIBVIRTD_LOG", "/var/log/libvirt/libvirtd.log"))
        self.original = self.conf.read_text()

    def configure(self, **settings: int) -> None:
        # Of two lines for a key, the first one counts.
        self.conf.write_text(settings_text(settings) + self.original)
        restart = os.environ.get("LIBVIRTD_RESTART", "systemctl restart libvirtd")
        subprocess.run(shlex.split(restart), check=True, stdin=subprocess.DEVNULL)

    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def guest(self, name: str) -> Guest:
        kind = "kvm" if os.path.exists("/dev/kvm") else "qemu"
        return Domain(
            "qemu",
            f"<domain type='{kind}'><name>{name}</name><uuid>{uuid.uuid4()}</uuid>"
            "<memory unit='MiB'>16</memory><os><type arch='x86_64' machine='pc'>hvm</type></os>"
            "<devices><controller type='usb' model='qemu-xhci'/></devices></domain>",
        )

    def container(self, name: str) -> Guest:
        return Domain(
            "lxc",
            f"<domain type='lxc'><name>{name}</name><uuid>{uuid.uuid4()}</uuid>"
            "<memory unit='MiB'>64</memory><os><type>exe</type><init>/bin/sleep</init>"
            "<initarg>60</initarg></os><devices><console type='pty'/></devices></domain>",
        )

    def close(self) -> None:
        if self.conf.read_text() != self.original:
            self.configure()
            self.conf.write_text(self.original)


class Domain:
    """A guest of libvirt."""

    def __init__(self, driver: str, xml: str) -> None:
        self.driver, self.xml = driver, xml
        self.name = xml.partition("<name>")[2].partition("</name>")[0]
        self.domain: Any = None

    def start(self) -> None:
        import libvirt  # type: ignore[import-not-found,unused-ignore]

        socket = os.environ.get("LIBVIRTD_SOCKET")
        self.connection = libvirt.open(f"{self.driver}:///system" + (f"?socket={socket}" if socket else ""))
        self.domain = self.connection.createXML(self.xml)

    def disk(self, path: Path) -> str:
        return (
            f"<disk type='file'><driver name='qemu' type='raw'/><source file='{path}'/>"
            "<target dev='sda' bus='usb'/></disk>"
        )

    def attach(self, disk: Path) -> None:
        self.domain.attachDevice(self.disk(disk))

    def detach(self, disk: Path) -> None:
        self.domain.detachDevice(self.disk(disk))

    def destroy(self) -> None:
        if self.domain is not None:
            domain, self.domain = self.domain, None
            domain.destroy()
            self.connection.close()


class Daemon:
    """daemon.c: records without guests."""

    def __init__(self, program: str, directory: Path) -> None:
        self.program = program
        self.conf, self.log_file = directory / "libvirtd.conf", directory / "daemon.log"
        self.process: subprocess.Popen[str] | None = None
        self.configure()

    def configure(self, **settings: int) -> None:
        self.close()
        self.conf.write_text(settings_text(settings))
        command = [self.program, str(self.conf), str(self.log_file)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.answer()

    def answer(self) -> None:
        assert self.process is not None and self.process.stdout is not None
        assert self.process.stdout.readline() == "ok\n"

    def request(self, *words: object) -> None:
        assert self.process is not None and self.process.stdin is not None
        self.process.stdin.write("\t".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        self.answer()

    def log(self) -> str:
        return self.log_file.read_text()

    def guest(self, name: str) -> Guest:
        return DaemonGuest(self, name)

    def container(self, name: str) -> Guest:
        return DaemonGuest(self, name, container=True)

    def close(self) -> None:
        if self.process is not None:
            self.process.communicate()
            self.process = None


class DaemonGuest:
    """A guest of daemon.c. The init of a container is this process."""

    def __init__(self, daemon: Daemon, name: str, container: bool = False) -> None:
        self.daemon, self.name, self.container = daemon, name, container
        self.runs = False

    def start(self) -> None:
        self.daemon.request("start", self.name)
        if self.container:
            pid = os.getpid()
            self.daemon.request("init", self.name, pid, os.stat(f"/proc/{pid}/ns/pid").st_ino)
        self.runs = True

    def attach(self, disk: Path) -> None:
        self.daemon.request("attach", self.name, disk)

    def detach(self, disk: Path) -> None:
        self.daemon.request("detach", self.name, disk)

    def destroy(self) -> None:
        if self.runs:
            self.runs = False
            self.daemon.request("stop", self.name)


@pytest.fixture(scope="session")
def hypervisor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hypervisor]:
    program = os.environ.get("DAEMON")
    found = Daemon(program, tmp_path_factory.mktemp("daemon")) if program else Libvirtd()
    yield found
    found.close()


@pytest.fixture
def guest(hypervisor: Hypervisor) -> Iterator[Guest]:
    guest = hypervisor.guest(f"guest-{uuid.uuid4().hex[:8]}")
    yield guest
    guest.destroy()


@pytest.fixture
def container(hypervisor: Hypervisor) -> Iterator[Guest]:
    container = hypervisor.container(f"box-{uuid.uuid4().hex[:8]}")
    yield container
    container.destroy()
