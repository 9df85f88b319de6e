"""Parsing and formatting records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Optional, Union

from . import _native
from ._expectation import Value, fields_of
from ._native import Auditor, Record


def parse(line: Union[str, bytes]) -> Optional[Record]:
    """The record in a line of any log that ``viraudit report`` reads; None if the line has no record
    about a guest.

    >>> record = parse("type=VIRT_CONTROL msg=audit(1795292517.231:26): pid=1 uid=0 auid=0 ses=1 "
    ...     "msg='virt=kvm op=start reason=booted vm=77656220 uuid=8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab "
    ...     'vm-pid=4711 exe="/usr/sbin/libvirtd" hostname=? addr=? terminal=? res=success\\'')
    >>> record.type, record.serial, record["vm"], record["op"], record.success
    ('VIRT_CONTROL', 26, 'web ', 'start', True)
    >>> record.time.isoformat()
    '2026-11-21T20:21:57.231000+00:00'
    >>> parse("nothing") is None
    True
    """
    return _native.parse_record(line)


def parse_lines(lines: Iterable[Union[str, bytes]]) -> Iterator[Record]:
    """The records in the lines of a log.

    >>> list(parse_lines(["nothing"]))
    []
    """
    for line in lines:
        record = _native.parse_record(line)
        if record is not None:
            yield record


def format_record(type: str, **fields: Value) -> str:
    """The text of a record, as libvirt formats it: without the fields of the sender.

    The fields are those of the type and kind, in their order; viraudit-records(5) lists them.

    :raises ValueError: if a field is missing, malformed or out of place.

    >>> format_record("VIRT_RESOURCE", virt="kvm", resrc="disk", reason="attach", vm="web 1",
    ...     uuid="8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab", old_disk="?", new_disk="/images/a.qcow2")
    'virt=kvm resrc=disk reason=attach vm=7765622031 uuid=8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab \
old-disk="?" new-disk="/images/a.qcow2"'
    >>> format_record("VIRT_RESOURCE", virt="kvm", resrc="disk")
    Traceback (most recent call last):
    ValueError: VIRT_RESOURCE: the field reason= is missing
    """
    return _native.format_record(type, fields_of(fields))


def emit(auditor: Auditor, type: str, success: bool = True, **fields: Value) -> None:
    """Sends a record with these fields, as :func:`format_record` formats it.

    >>> with Auditor("mock") as auditor:
    ...     emit(auditor, "VIRT_CONTROL", virt="kvm", op="stop", reason="shutdown", vm="web1",
    ...         uuid="8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab", vm_pid=0)
    ...     [record["op"] for record in auditor.records]
    ['stop']
    """
    auditor.emit(type, fields_of(fields), success)
