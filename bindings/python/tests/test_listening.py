"""Listening and expecting, with a file that a daemon writes."""

from __future__ import annotations

import _thread
import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
import viraudit
from viraudit import (
    Auditor,
    Expectation,
    ExpectationError,
    Guest,
    GuestAuditor,
    ListenError,
    Listener,
    listen,
)

ID = "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab"


def soon(work: Callable[[], object]) -> threading.Thread:
    """Runs something while the test waits."""
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def emit_many(guest: GuestAuditor) -> None:
    for number in range(1000):
        guest.stop(f"r{number}")


def test_only_what_begins_after_the_call_is_heard(log: Path, auditor: Auditor, guest: Guest) -> None:
    auditor.guest(guest).stop("shutdown")
    with listen(log) as records:
        auditor.guest(guest).start("booted", 4711)
        assert records.expect("VIRT_CONTROL", within=30)["op"] == "start"
        assert records.heard == []
        records.expect(op="stop", absent=True, within=0)


def test_a_wait_ends_as_soon_as_the_record_comes(log: Path, auditor: Auditor, guest: Guest) -> None:
    with listen(f"file:{log}") as records:
        thread = soon(lambda: auditor.guest(guest).vcpu(1, 2, "update"))
        record = records.expect("resrc=vcpu", old_vcpu=1, new_vcpu=2, uuid=UUID(ID), within=3600)
        thread.join()
    assert record["reason"] == "update"


def test_a_thousand_of_a_thousand_records(log: Path, auditor: Auditor, guest: Guest) -> None:
    with listen(log) as records:
        thread = soon(lambda: emit_many(auditor.guest(guest)))
        found = records.expect(vm="web1", count=1000, within=60)
        thread.join()
    assert [record["reason"] for record in found] == [f"r{n}" for n in range(1000)]


def test_an_error_has_the_nearest_record_and_the_differences(
    log: Path, auditor: Auditor, guest: Guest
) -> None:
    with listen(log) as records:
        auditor.guest(guest).vcpu(1, 2, "update")
        auditor.guest(guest).disk(None, "/images/a b.qcow2", "attach")
        with pytest.raises(ExpectationError) as failed:
            records.expect("VIRT_RESOURCE", resrc="disk", new_disk="/images/c.qcow2", within=0.01)
        error = failed.value
        assert error.nearest is not None and error.nearest["resrc"] == "disk"
        assert error.differences == [("new-disk", "/images/a b.qcow2", '"/images/c.qcow2"')]
        [unmet] = error.unmet
        assert (unmet.number, unmet.came, error.unwanted) == (1, 0, None)
        assert str(error).splitlines()[:3] == [
            'this did not come: VIRT_RESOURCE resrc="disk" new-disk="/images/c.qcow2"',
            "the nearest is record 2:",
            '  its new-disk is "/images/a b.qcow2", not "/images/c.qcow2"',
        ]
        assert str(error).endswith("2 records about guests were heard")
        with pytest.raises(ExpectationError, match="only 1 of 2 came"):
            records.expect(resrc="disk", count=2, within=0)
        with pytest.raises(ExpectationError, match="must not come") as failed:
            records.expect(resrc=re.compile("^d"), absent=True)
        assert failed.value.unwanted == error.nearest and failed.value.nearest is None
        # No failed expectation has taken anything.
        assert len(records.heard) == 2


def test_a_record_is_taken_once(log: Path, auditor: Auditor, guest: Guest) -> None:
    with listen(log, history=True) as records:
        for reason in ("a", "b", "c"):
            auditor.guest(guest).stop(reason)
        # What comes earlier than another record is still there.
        assert records.expect(reason="b")["reason"] == "b"
        assert records.expect(op="stop")["reason"] == "a"
        assert records.expect(op="stop")["reason"] == "c"
        assert [record["reason"] for record in records.heard] == ["a", "b", "c"]
        with pytest.raises(ExpectationError):
            records.expect(op="stop", within=0)
        records.expect(op="stop", absent=True, within=0)
        auditor.guest(guest).stop("d")
        records.clear()
        records.expect(op="stop", absent=True, within=0)
        assert len(records.heard) == 4


def test_order(log: Path, auditor: Auditor, guest: Guest) -> None:
    start, stop = Expectation(op="start"), Expectation(op="stop")
    disk, net = Expectation("resrc=disk"), Expectation("resrc=net")

    def life() -> None:
        auditor.guest(guest).net(None, "52:54:00:12:34:56", "start")
        auditor.guest(guest).disk(None, "/a", "start")
        auditor.guest(guest).start("booted", 1)
        auditor.guest(guest).stop("shutdown")

    with listen(log) as records:
        life()
        found = records.expect_in_order([disk, net], start, stop)
        assert [record["resrc"] for [record] in found[:2]] == ["disk", "net"]
        life()
        assert len(records.expect_all(stop, start)) == 2
        records.clear()
        life()
        with pytest.raises(ExpectationError, match="expectation 2 of 2.*\n.*\n  it came too early"):
            records.expect_in_order(stop, start, within=0)
        records.expect_in_order(Expectation(op="stop", absent=True), start)
        records.clear()
        with pytest.raises(ExpectationError, match="must not come"):
            soon(life).join()
            records.expect_in_order(Expectation("resrc=disk", absent=True), start)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Expectation("VIRT"), None, ""),
        (lambda: Expectation(count=0), ValueError, "absent=True"),
        (lambda: Expectation(count=2, absent=True), ValueError, "exclude"),
        (lambda: Expectation(vm=True), TypeError, "not True"),
        (lambda: Expectation(vm=re.compile("a", re.I)), None, ""),
    ],
)
def test_arguments_of_expectations(
    call: Callable[[], object], error: type[Exception] | None, message: str
) -> None:
    if error is None:
        call()
    else:
        with pytest.raises(error, match=message):
            call()


@pytest.mark.parametrize(
    ("words", "fields", "message"),
    [
        (("VIRT",), {}, "not a type of record: VIRT_CONTROL"),
        (("=a",), {}, "neither KEY=VALUE nor KEY~REGEX"),
        ((), {"vm": re.compile("(?=a)")}, "look-around"),
        ((), {"within": -1.0}, "not a number of seconds"),
    ],
)
def test_wrong_expectations(
    log: Path, words: tuple[str, ...], fields: dict[str, object], message: str
) -> None:
    with listen(log) as records, pytest.raises(ValueError, match=message):
        records.expect(*words, **fields)  # type: ignore[call-overload]


def test_flags_of_patterns(log: Path, auditor: Auditor, guest: Guest) -> None:
    with listen(log) as records:
        auditor.guest(guest).stop("shutdown")
        records.expect(reason=re.compile("^SHUT", re.IGNORECASE))


def test_a_log_is_followed_through_rotation(log: Path, guest: Guest) -> None:
    log.touch()
    with listen(log) as records, Auditor(f"file:{log}") as auditor:
        for number in range(20):
            auditor.guest(guest).stop(f"r{number}")
            log.rename(f"{log}.1")
            auditor.guest(guest).start(f"s{number}", 1)
            records.expect(reason=f"r{number}")
            records.expect(reason=f"s{number}")


def test_a_truncated_log_gives_no_answer(log: Path, auditor: Auditor, guest: Guest) -> None:
    with listen(log) as records:
        auditor.guest(guest).stop("shutdown")
        assert records.expect(op="stop")
        os.truncate(log, 0)
        with pytest.raises(ListenError, match="truncated") as failed:
            records.expect(op="start", within=0)
        assert failed.value.cause == "lost" and records.lost == 0
        with pytest.raises(ListenError):
            records.expect(op="start", within=0, absent=True)
        # A record that came did come.
        auditor.guest(guest).stop("shutdown")
        assert records.expect(op="stop")
        records.clear()
        records.expect(op="start", within=0, absent=True)


def test_streams_end(guest: Guest, log: Path, auditor: Auditor) -> None:
    auditor.guest(guest).stop("shutdown")
    reader, writer = os.pipe()
    with os.fdopen(reader) as stream, os.fdopen(writer, "wb") as out:
        with listen(stream) as records:
            out.write(b"no record\n" + log.read_bytes())
            out.close()
            assert [record["op"] for record in records] == ["stop"]
            assert records.get() is None
            with pytest.raises(ExpectationError, match="1 record about guests was heard"):
                records.expect(op="start", within=3600)
        # The stream is the caller's.
        assert not stream.closed and os.fstat(stream.fileno())


def test_iterating_takes_what_no_expectation_has_met(
    log: Path, auditor: Auditor, guest: Guest
) -> None:
    with listen(log) as records:
        for reason in ("a", "b"):
            auditor.guest(guest).stop(reason)
        records.expect(reason="b")
        assert next(records.__iter__())["reason"] == "a"
        assert records.get(timeout=0) is None
        assert records.get(timeout=0.01) is None


@pytest.mark.parametrize("kind", ["file", "stream"])
def test_asyncio(kind: str, log: Path, auditor: Auditor, guest: Guest) -> None:
    async def first(records: Listener) -> viraudit.Record:
        async for record in records:
            return record
        raise AssertionError("the source ended")

    async def run(records: Listener) -> None:
        # A wait that is cancelled takes nothing.
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(first(records), 0.05)
        waiting = asyncio.ensure_future(first(records))
        await asyncio.sleep(0)
        auditor.guest(guest).stop("shutdown")
        assert (await asyncio.wait_for(waiting, 60))["op"] == "stop"
        expecting = asyncio.to_thread(lambda: records.expect(op="start", within=60))
        auditor.guest(guest).start("booted", 1)
        assert (await expecting)["op"] == "start"

    if kind == "file":
        with listen(log) as records:
            asyncio.run(run(records))
        return
    log.touch()
    with subprocess.Popen(["tail", "-n", "0", "-f", log], stdout=subprocess.PIPE) as tail:
        assert tail.stdout is not None
        with listen(tail.stdout) as records:
            asyncio.run(run(records))
        tail.terminate()


def test_threads_share_the_records(log: Path, auditor: Auditor, guest: Guest) -> None:
    heard: list[viraudit.Record] = []
    with listen(log) as records:

        def take() -> None:
            while len(heard) < 200 and (record := records.get(timeout=10)):
                heard.append(record)

        threads = [soon(take) for _ in range(4)]
        for number in range(204):
            auditor.guest(guest).stop(f"r{number}")
        for thread in threads:
            thread.join()
    assert len({record["reason"] for record in heard}) == len(heard) >= 200


def test_closing_ends_the_wait_of_another_thread(log: Path) -> None:
    records = listen(log)
    ended: list[BaseException] = []

    def wait() -> None:
        try:
            records.get()
        except ValueError as error:
            ended.append(error)

    thread = soon(wait)
    records.close()
    thread.join(60)
    assert not thread.is_alive() and "closed" in str(ended[0])
    with pytest.raises(ValueError, match="closed"):
        records.expect(op="start")
    records.close()


def test_a_wait_releases_the_gil(log: Path) -> None:
    with listen(log) as records:
        turns = 0
        waiting = soon(lambda: records.get(timeout=0.3))
        while waiting.is_alive():
            turns += 1
            time.sleep(0.001)
        assert turns > 10


WAITS = """
import signal, sys, viraudit
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
records = viraudit.listen(sys.argv[1])
try:
    print("ready", flush=True)
    {wait}
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize(
    "wait",
    ["records.get()", "next(records)", "records.expect(op='start', within=float('inf'))"],
)
def test_ctrl_c_ends_a_wait(wait: str, log: Path) -> None:
    command = [sys.executable, "-c", WAITS.format(wait=wait), str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=60)[0] == "interrupted\n"
        finally:
            process.kill()


def test_a_signal_for_another_thread_ends_a_wait(log: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with listen(log) as records, pytest.raises(KeyboardInterrupt):
            soon(_thread.interrupt_main)
            records.get(timeout=60)
    finally:
        signal.signal(signal.SIGINT, before)


def test_sources_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="none"):
        listen(tmp_path / "none" / "audit.log")
    with pytest.raises(ValueError, match="closed file"), open(os.devnull) as stream:
        stream.close()
        listen(stream)


NOT_PERMITTED = """
import viraudit
try:
    viraudit.listen()
except viraudit.ListenError as error:
    print(error.cause, error)
"""


def test_without_the_capability_it_is_not_permitted() -> None:
    command = [sys.executable, "-c", NOT_PERMITTED]
    if os.geteuid() == 0:
        command[:0] = ["setpriv", "--bounding-set=-audit_read", "--inh-caps=-audit_read"]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    if "support" not in said:
        assert said == (
            "not-permitted can't receive audit records from the kernel: not permitted; "
            "run as root, or grant CAP_AUDIT_READ\n"
        )
