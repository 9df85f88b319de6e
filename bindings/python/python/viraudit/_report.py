"""The sessions of guests in logs."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Optional, Union
from uuid import UUID

from . import _native
from ._errors import ReportWarning

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

Scalar = Union[str, int, bool, None]


def _time(ms: Optional[int]) -> Optional[datetime]:
    return None if ms is None else _EPOCH + timedelta(milliseconds=ms)


@dataclass(frozen=True)
class Event:
    """An event of a session."""

    kind: str
    """``resource``, ``start``, ``stop``, ``init``, ``label``, ``avc`` and others, as in docs/report.md."""
    time: datetime
    vm: str
    uuid: UUID
    fields: Mapping[str, Scalar]
    """All other values, such as ``resource``, ``reason``, ``old``, ``new``, ``success``."""
    proof: Optional[str]
    """The record, as SECONDS.MILLIS:SERIAL."""


@dataclass(frozen=True)
class Session:
    """One run of a guest, from its start to its stop. What the log does not show is None."""

    virt: str
    vm: str
    uuid: UUID
    state: str
    """``running``, ``stopped``, ``failed``, ``lost``, ``down``, ``seen`` or ``unstarted``."""
    start: Optional[datetime]
    end: Optional[datetime]
    reason: Optional[str]
    stop_reason: Optional[str]
    user: Optional[str]
    auid: Optional[int]
    pid: Optional[int]
    host: Optional[str]
    renamed: Optional[str]
    """The guest's name at the end, if it was renamed."""
    client: Mapping[str, Scalar]
    """The client that the record names, with the keys of docs/report.md."""
    gap: bool
    """Whether records are missing while the session was open."""
    proof: tuple[str, ...]
    events: tuple[Event, ...]


def _session(found: _native.SessionDict) -> Session:
    events = tuple(
        Event(
            kind=event["kind"],
            time=_EPOCH + timedelta(milliseconds=event["time"]),
            vm=event["vm"],
            uuid=UUID(event["uuid"]),
            fields=event["fields"],
            proof=event["proof"],
        )
        for event in found["events"]
    )
    return Session(
        virt=found["virt"],
        vm=found["vm"],
        uuid=UUID(found["uuid"]),
        state=found["state"],
        start=_time(found["start"]),
        end=_time(found["end"]),
        reason=found["reason"],
        stop_reason=found["stop_reason"],
        user=found["user"],
        auid=found["auid"],
        pid=found["pid"],
        host=found["host"],
        renamed=found["renamed"],
        client=found["client"],
        gap=found["gap"],
        proof=tuple(found["proof"]),
        events=events,
    )


def report(
    *logs: Union[str, bytes, "os.PathLike[str]"],
    vm: Optional[str] = None,
    uuid: Union[str, UUID, None] = None,
    host: Optional[str] = None,
    user: Optional[str] = None,
    failed: bool = False,
    start: Union[str, datetime, None] = None,
    end: Union[str, datetime, None] = None,
) -> list[Session]:
    """The sessions in logs, by their start, as ``viraudit report --all-events`` shows them; without a
    log, those in auditd's.

    :param start: omit what ended before; a time of ``viraudit report --start`` or a datetime.
    :param end: omit what began after.
    :raises OSError: if a log can't be read.

    Lines that can't be used are a :class:`ReportWarning`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     log = os.path.join(directory, "audit.log")
    ...     guest = _native.Guest("kvm", "web1", "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab")
    ...     with _native.Auditor(f"file:{log}") as auditor:
    ...         auditor.guest(guest).start("booted", 4711)
    ...         auditor.guest(guest).stop("shutdown")
    ...     [session] = report(log, vm="web1")
    >>> session.state, session.reason, session.stop_reason, session.pid
    ('stopped', 'booted', 'shutdown', 4711)
    >>> [event.kind for event in session.events]
    ['start', 'stop']
    """
    sessions, notes = _native.read_report(
        list(logs),
        vm=vm,
        uuid=uuid,
        host=host,
        user=user,
        failed=failed,
        start=_moment(start),
        end=_moment(end),
    )
    for note in notes:
        warnings.warn(note, ReportWarning, stacklevel=2)
    return [_session(session) for session in sessions]


def _moment(time: Union[str, datetime, None]) -> Optional[str]:
    return f"@{time.timestamp():.3f}" if isinstance(time, datetime) else time
