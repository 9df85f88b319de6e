"""The exceptions of listening and expecting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from ._native import Record, Unmet


class ExpectationError(AssertionError):
    """A record did not come, or one came that must not.

    Its text is for people: each expectation that is not met, the nearest record, and the fields in
    which that differs.
    """

    def __init__(self, message: str, unmet: Sequence[Unmet], unwanted: Optional[Record]) -> None:
        super().__init__(message)
        self.unmet: tuple[Unmet, ...] = tuple(unmet)
        """The expectations that are not met."""
        self.unwanted = unwanted
        """The record that must not come, if one came."""

    @property
    def nearest(self) -> Optional[Record]:
        """The record that is nearest to the first expectation that is not met."""
        return self.unmet[0].nearest if self.unmet else None

    @property
    def differences(self) -> list[tuple[str, Optional[str], str]]:
        """The keys in which the nearest record differs, each with the value that it has (None if it
        has none) and the value that is expected."""
        return self.unmet[0].differences if self.unmet else []


class ListenError(Exception):
    """Nothing can be heard, or not all was heard: whether a record came is unknown."""

    def __init__(self, message: str, cause: str) -> None:
        super().__init__(message)
        self.cause = cause
        """``not-permitted``, ``lost`` (records were lost or cut), or ``deaf`` (auditing is off, or this is
        not the host's network namespace)."""


class ReportWarning(UserWarning):
    """Some lines of a log could not be used."""


# Tracebacks show the names that programs use.
for _public in (ExpectationError, ListenError, ReportWarning):
    _public.__module__ = "viraudit"
