"""Expectations."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Mapping
from typing import Union

Value = Union[str, bytes, int, uuid.UUID, "os.PathLike[str]", "re.Pattern[str]"]
"""The value of a field: decoded, or a regular expression that fits any part of it."""

Parts = tuple[list[str], list[tuple[str, Union[str, bytes]]], int, bool]

_FLAGS = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s", re.VERBOSE: "x"}


def _pattern(pattern: re.Pattern[str]) -> str:
    flags = "".join(name for flag, name in _FLAGS.items() if pattern.flags & flag)
    return f"(?{flags}){pattern.pattern}" if flags else pattern.pattern


class Expectation:
    """One record, or several alike, that a test expects.

    :param words: a type (``"VIRT_RESOURCE"``), ``"KEY=VALUE"`` with the decoded value, or
        ``"KEY~REGEX"``, as in the arguments of ``viraudit expect``.
    :param count: at least this number of such records.
    :param absent: no such record at all.
    :param fields: more fields, with ``_`` in place of ``-``. A compiled regular expression fits any
        part of the value. Its syntax is that of ``viraudit expect``, without lookaround and
        backreferences.

    >>> Expectation("VIRT_RESOURCE", "resrc=disk", vm="web1", new_disk=re.compile("qcow2$"))
    Expectation('VIRT_RESOURCE', 'resrc=disk', 'new-disk~qcow2$', 'vm=web1')
    """

    __slots__ = ("_absent", "_count", "_values", "_words")

    def __init__(
        self, *words: str, count: int = 1, absent: bool = False, **fields: Value
    ) -> None:
        if count < 1:
            raise ValueError("count is at least 1; for no record at all, use absent=True")
        if absent and count != 1:
            raise ValueError("absent and count exclude each other")
        self._words = list(words)
        self._values: list[tuple[str, Union[str, bytes]]] = []
        self._count = count
        self._absent = absent
        for name, value in fields.items():
            key = name.replace("_", "-")
            if isinstance(value, re.Pattern):
                self._words.append(f"{key}~{_pattern(value)}")
            else:
                self._values.append((key, _text(value)))

    def _parts(self) -> Parts:
        return self._words, self._values, self._count, self._absent

    def __repr__(self) -> str:
        words = [repr(word) for word in self._words]
        words += [repr(f"{key}={_str(value)}") for key, value in self._values]
        words += [f"count={self._count}"] if self._count != 1 else []
        words += ["absent=True"] if self._absent else []
        return f"Expectation({', '.join(words)})"


def _text(value: Value) -> Union[str, bytes]:
    if isinstance(value, bool) or not isinstance(value, (str, bytes, int, uuid.UUID, os.PathLike)):
        raise TypeError(f"a field's value is a text, a number or a pattern, not {value!r}")
    return value if isinstance(value, bytes) else str(value)


def _str(value: Union[str, bytes]) -> str:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def fields_of(fields: Mapping[str, Value]) -> list[tuple[str, Union[str, bytes]]]:
    """The fields of a record that is formatted."""
    return [(name.replace("_", "-"), _text(value)) for name, value in fields.items()]
