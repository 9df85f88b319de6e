"""The checks of examples/pytest as suites without viraudit make them: the log is truncated first, then
ausearch runs in a loop, and its text is searched. docs/testing.md compares the two.

    VIRAUDIT_PYTEST=benches/pytest tests/system/run 97-pytest
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Guest, Hypervisor

LOG = os.environ.get("AUDIT_LOG", "/var/log/audit/audit.log")


def wait_for(condition: Callable[[], bool], timeout: float = 20, step: float = 1) -> bool:
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(step)
    return True


def truncate_log() -> None:
    os.truncate(LOG, 0)


def ausearch(kind: str, *patterns: str) -> list[str]:
    command = ["ausearch", "-if", LOG, "-m", kind, "--raw"]
    found = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, text=True, check=False).stdout
    return [line for line in found.splitlines() if all(re.search(pattern, line) for pattern in patterns)]


def check(kind: str, *patterns: str) -> str:
    found: list[str] = []

    def look() -> bool:
        found[:] = ausearch(kind, *patterns)
        return bool(found)

    if not wait_for(look):
        pytest.fail(f"no {kind} with {patterns} in:\n" + Path(LOG).read_text(errors="replace"))
    return found[0]


def encoded(path: Path) -> str:
    text = str(path).encode()
    return text.hex().upper() if re.search(rb'[\x00-\x20"\x7f-\xff]', text) else f'"{path}"'


@pytest.mark.parametrize("logging", [0, 1])
@pytest.mark.parametrize("level", [0, 1, 2])
def test_records_follow_the_settings(
    level: int, logging: int, hypervisor: Hypervisor, guest: Guest
) -> None:
    hypervisor.configure(audit_level=level, audit_logging=logging)
    truncate_log()
    guest.start()
    name = f'vm="{guest.name}"'
    if level == 0:
        # Nothing tells when auditd has written all that came.
        time.sleep(5)
        assert not ausearch("VIRT_CONTROL,VIRT_RESOURCE,VIRT_MACHINE_ID", name)
    else:
        check("VIRT_CONTROL", name, "op=start", "reason=booted", "res=success")
    assert (name in hypervisor.log()) == bool(logging)


def test_attaching_and_detaching_a_disk(guest: Guest, tmp_path: Path) -> None:
    image = tmp_path / "data disk.img"
    image.write_bytes(bytes(1 << 20))
    guest.start()
    name, disk = f'vm="{guest.name}"', re.escape(encoded(image))
    truncate_log()
    guest.attach(image)
    check("VIRT_RESOURCE", name, "resrc=disk", "reason=attach", rf'old-disk="\?" new-disk={disk} ', "res=success")
    guest.detach(image)
    check("VIRT_RESOURCE", name, "resrc=disk", "reason=detach", rf'old-disk={disk} new-disk="\?"')
    guest.destroy()
    check("VIRT_CONTROL", name, "op=stop", "reason=destroyed")


def test_the_init_of_a_container(container: Guest) -> None:
    truncate_log()
    container.start()
    name = f'vm="{container.name}"'
    check("VIRT_CONTROL", name, "op=start", "res=success")
    line = check("VIRT_CONTROL", name, "op=init", "res=success")
    numbers = re.search(r"init-pid=(\d+) pid-ns=(\d+)", line)
    assert numbers is not None
    assert int(numbers.group(2)) == os.stat(f"/proc/{numbers.group(1)}/ns/pid").st_ino
    container.destroy()
    check("VIRT_CONTROL", name, "op=stop")
