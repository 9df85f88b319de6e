"""Records: parsed, formatted, emitted and reported."""

from __future__ import annotations

import errno
import json
import logging
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from uuid import UUID

import pytest
import viraudit
from viraudit import Auditor, DeliveryError, Domain, Guest, GuestAuditor

ROOT = Path(__file__).parents[3]
ID = "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab"


def test_the_version_is_that_of_the_library() -> None:
    from importlib.metadata import version

    assert viraudit.__version__ == version("viraudit")


def test_every_public_name_exists() -> None:
    assert all(hasattr(viraudit, name) for name in viraudit.__all__)


def test_values_are_decoded_also_if_they_are_not_utf8(log: Path) -> None:
    name, path = b"g\xe4st \n", "/images/ä b"
    with Auditor(f"file:{log}") as auditor:
        auditor.guest(Guest("kvm", name, UUID(ID))).disk(None, path, "attach")
    [record] = viraudit.parse_lines(log.read_bytes().splitlines())
    assert record["vm"].encode("utf-8", "surrogateescape") == name
    assert record["new-disk"] == path
    assert record.fields["old-disk"] == "?" and record.get("none") is None
    assert "new-disk" in record and "none" not in record
    assert record["uid"].isdigit() and record["type"] == record.type == "VIRT_RESOURCE"
    with pytest.raises(KeyError):
        record["none"]
    # The other way, for an expectation.
    with viraudit.listen(log) as records, Auditor(f"file:{log}") as auditor:
        auditor.guest(Guest("kvm", name, ID)).stop("shutdown")
        assert records.expect(vm=name, op="stop")["vm"] == record["vm"]


def test_records_are_equal_by_what_they_are(log: Path) -> None:
    with Auditor(f"file:{log}") as auditor:
        auditor.guest(Guest("kvm", "web1", ID)).stop("shutdown")
    lines = log.read_text().splitlines()
    [one], [same] = (list(viraudit.parse_lines(lines)) for _ in range(2))
    assert one == same and len({one, same}) == 1
    assert one != viraudit.parse(lines[0].replace("shutdown", "destroyed"))
    assert abs((datetime.now(timezone.utc) - one.time).total_seconds()) < 3600


CALLS: list[Callable[[GuestAuditor], None]] = [
    lambda guest: guest.start("booted", 4711),
    lambda guest: guest.stop("shutdown", -1),
    lambda guest: guest.init(1, 2, 4026531836),
    lambda guest: guest.security_label("a:b:c", None, "selinux"),
    lambda guest: guest.disk("/a", "/b", "update"),
    lambda guest: guest.fs(None, "/b", "start"),
    lambda guest: guest.chardev(None, "/b", "start", False),
    lambda guest: guest.rng("/dev/random", None, "detach"),
    lambda guest: guest.smartcard("nss-smartcard-device", "start"),
    lambda guest: guest.hostdev_storage("/dev/sda", "start"),
    lambda guest: guest.hostdev_misc("/dev/net/tun", "start"),
    lambda guest: guest.shmem_server("/tmp/socket", "start"),
    lambda guest: guest.input("/dev/input/event0", "start"),
    lambda guest: guest.memory(0, 1048576, "start"),
    lambda guest: guest.vcpu(1, 2, "update"),
    lambda guest: guest.iothread(1, 2, "update"),
    lambda guest: guest.net(None, "52:54:00:12:34:56", "attach"),
    lambda guest: guest.net_device("52:54:00:12:34:56", "/dev/null"),
    lambda guest: guest.host_device("pci", "0000:03:00.1", "attach"),
    lambda guest: guest.redirdev("start"),
    lambda guest: guest.tpm("emulator", "/tpm", "start"),
    lambda guest: guest.shmem("shm", 4096, "start"),
    lambda guest: guest.cgroup("/cgroup", "deny"),
    lambda guest: guest.cgroup_major("/cgroup", "allow", 136, "pty", "rw"),
    lambda guest: guest.cgroup_path("/cgroup", "allow", "/dev/null", "rw", 0),
    lambda guest: guest.lifecycle("integrity_check", "ima", "start"),
    lambda guest: guest.lifecycle("create", "define", "/images/a.qcow2"),
    lambda guest: guest.lifecycle("destroy", "undefine", None),
    lambda guest: guest.lifecycle("migrate_in", "live", "other.example"),
    lambda guest: guest.lifecycle("migrate_out", "live", "other.example"),
]


def test_each_method_sends_a_record_that_can_be_formatted_anew(guest: Guest) -> None:
    names = {name for name in dir(GuestAuditor) if not name.startswith("_")}
    called = {name for call in CALLS for name in call.__code__.co_names if name in names}
    assert called == names
    with Auditor("mock") as auditor:
        for call in CALLS:
            auditor.clear()
            call(auditor.guest(guest))
            [record] = auditor.records
            body = record.text.rpartition(" exe=")[0]
            sender = {"exe", "hostname", "addr", "terminal", "res"}
            fields = {key: value for key, value in record.fields.items() if key not in sender}
            assert viraudit.format_record(record.type, **fields) == body
            viraudit.emit(auditor, record.type, record.success, **fields)
            first, second = auditor.records
            assert first.text == second.text
        # A rule that changed nothing has no record.
        auditor.clear()
        auditor.guest(guest).cgroup_path("/cgroup", "allow", "/dev/null", "rw", 1)
        assert auditor.records == []


def test_the_records_of_a_start_are_those_of_the_xml() -> None:
    domain = Domain((ROOT / "examples/guest.xml").read_text())
    assert domain.not_recorded == []
    with Auditor("mock") as auditor:
        auditor.start(domain, "booted", 4711)
        records = auditor.records
    assert records[-1]["op"] == "start" and records[-1]["vm"] == domain.guest.name
    assert {record.type for record in records[:-1]} >= {"VIRT_RESOURCE"}
    with pytest.raises(ValueError, match="line 1"):
        Domain("<domain")


def test_failures_have_an_errno_and_are_counted_and_logged(
    guest: Guest, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "viraudit"), Auditor("mock", logging=True) as auditor:
        auditor.fail_with(errno.EPERM)
        with pytest.raises(DeliveryError, match="CAP_AUDIT_WRITE") as failed:
            auditor.guest(guest).stop("shutdown")
        assert failed.value.errno == errno.EPERM
        auditor.fail_with(0)
        auditor.guest(guest).stop("shutdown")
        stats = auditor.stats
    assert (stats.offered, stats.delivered, stats.failed) == (2, 1, 1)
    assert any("success=yes virt=kvm op=stop" in line for line in caplog.messages)
    assert any(record.levelno == logging.WARNING for record in caplog.records)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_levels(level: int, guest: Guest, tmp_path: Path) -> None:
    target = f"file:{tmp_path}/none/audit.log"
    if level == 0:
        with Auditor(target, level=0) as auditor:
            auditor.guest(guest).stop("shutdown")
            assert auditor.stats.offered == 0
    else:
        with pytest.raises(DeliveryError) as failed:
            Auditor(target, level=level)
        assert failed.value.errno == errno.ENOENT


def test_a_queue_is_delivered_by_the_end(guest: Guest) -> None:
    with Auditor("mock", queue=1000) as auditor:
        for _ in range(500):
            auditor.guest(guest).vcpu(1, 2, "update")
        assert auditor.flush(10)
        assert auditor.stats.delivered == 500


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Guest("kvm", "a", "1"), "not a UUID"),
        (lambda: Auditor("stdout"), "kernel, mock or file:PATH"),
        (lambda: Auditor("file:/dev/null").records, "only the target mock"),
        (lambda: viraudit.format_record("VIRT", virt="kvm"), "VIRT_CONTROL, VIRT_RESOURCE"),
        (lambda: viraudit.format_record("VIRT_CONTROL", virt="kvm", op="go"), "op="),
    ],
)
def test_wrong_arguments_are_value_errors(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_sessions_have_their_events(log: Path, guest: Guest) -> None:
    with Auditor(f"file:{log}") as auditor:
        auditor.guest(guest).start("booted", 4711)
        auditor.guest(guest).disk(None, "/images/a.qcow2", "attach", False)
        auditor.guest(guest).stop("destroyed")
        auditor.guest(Guest("lxc", "box", UUID(int=1))).start("booted", 1)
    with log.open("a") as file:
        file.write("type=VIRT_CONTROL msg=audit(1.0:1): cut\n")
    with pytest.warns(viraudit.ReportWarning, match="1 of 5 lines can't be used"):
        first, second = viraudit.report(log)
    assert (first.vm, first.state, second.vm, second.state) == ("web1", "stopped", "box", "running")
    assert first.uuid == UUID(ID) and first.start is not None and first.end is not None
    assert first.start <= first.end and first.start.tzinfo is timezone.utc
    start, disk, stop = first.events
    assert (start.kind, disk.kind, stop.kind) == ("start", "resource", "stop")
    assert disk.fields["new"] == "/images/a.qcow2" and disk.fields["success"] is False
    assert len(first.proof) == 2 and disk.proof is not None
    with pytest.warns(viraudit.ReportWarning):
        assert [session.vm for session in viraudit.report(log, vm="box")] == ["box"]
        assert viraudit.report(log, uuid=UUID(int=7)) == []
        assert viraudit.report(log, end=datetime(2001, 1, 1, tzinfo=timezone.utc)) == []
        assert [session.vm for session in viraudit.report(log, failed=True)] == ["web1"]
    with pytest.raises(FileNotFoundError):
        viraudit.report(log.parent / "none")
    with pytest.raises(ValueError):
        viraudit.report(log, start="yesteryear")


def test_settings_are_read_as_libvirt_reads_them(tmp_path: Path) -> None:
    conf = tmp_path / "libvirtd.conf"
    conf.write_text("audit_level = 2\naudit_logging = 1\n")
    assert viraudit.read_config(conf) == viraudit.Config(2, True)
    assert viraudit.check_config(conf) == []
    conf.write_text("audit_level = 1\nmax_clients = 'many'\n")
    [mistake] = viraudit.check_config(conf)
    assert mistake.startswith(f"{conf}:2: max_clients")
    conf.write_text("# auditing\naudit_level = '2'\n")
    with pytest.raises(ValueError, match=f"{conf}:2: audit_level must be a number"):
        viraudit.read_config(conf)
    with pytest.raises(IsADirectoryError):
        viraudit.read_config(tmp_path)


def test_records_of_the_real_libvirt_are_read_and_formatted_as_they_are() -> None:
    lines = (ROOT / "tests/golden/helpers.jsonl").read_text().splitlines()
    sender = {"exe", "hostname", "addr", "terminal", "res"}
    for entry in map(json.loads, lines):
        line = f"type={entry['type']} msg=audit(1.000:1): pid=1 msg='{entry['text']}'"
        record = viraudit.parse(line)
        assert record is not None and record.text == entry["text"]
        fields = {key: value for key, value in record.fields.items() if key not in sender}
        body = entry["text"].rpartition(" exe=")[0]
        assert viraudit.format_record(record.type, **fields) == body
    assert len(lines) > 100
