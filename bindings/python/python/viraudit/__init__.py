"""Audit records of virtual machines.

A test listens to the records of a libvirtd and expects some of them:

    with viraudit.listen() as records:
        domain.attachDevice(xml)
        records.expect("VIRT_RESOURCE", vm="web1", resrc="disk", reason="attach", within=5)

With pytest, the fixture ``audit`` does the same. A daemon emits records with :class:`Auditor`, and
:func:`report` reads the sessions of guests in logs.

The names of fields are those of audit.log. As keyword arguments, they have ``_`` in place of ``-``:
``new_disk="/images/a.qcow2"``.
"""

from ._config import Config, check_config, read_config
from ._errors import ExpectationError, ListenError, ReportWarning
from ._expectation import Expectation, Value
from ._listener import Listener, listen
from ._native import (
    RECORD_TYPES,
    Auditor,
    DeliveryError,
    Domain,
    Guest,
    GuestAuditor,
    Record,
    Stats,
    Unmet,
    __version__,
)
from ._records import emit, format_record, parse, parse_lines
from ._report import Event, Session, report

__all__ = [
    "RECORD_TYPES",
    "Auditor",
    "Config",
    "DeliveryError",
    "Domain",
    "Event",
    "Expectation",
    "ExpectationError",
    "Guest",
    "GuestAuditor",
    "ListenError",
    "Listener",
    "Record",
    "ReportWarning",
    "Session",
    "Stats",
    "Unmet",
    "Value",
    "__version__",
    "check_config",
    "emit",
    "format_record",
    "listen",
    "parse",
    "parse_lines",
    "read_config",
    "report",
]
