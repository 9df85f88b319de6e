"""Listening to records as they happen."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from types import TracebackType
from typing import Literal, NoReturn, Optional, Protocol, Union, overload

from ._errors import ExpectationError, ListenError
from ._expectation import Expectation, Value
from ._native import NativeListener, Outcome, Record


class HasFileno(Protocol):
    """An open stream."""

    def fileno(self) -> int:
        """Its descriptor."""


Source = Union[str, "os.PathLike[str]", HasFileno]

Step = Union[Expectation, Sequence[Expectation]]

# The time between two looks at a log that is followed, for asyncio.
_INTERVAL = 0.02


def listen(source: Source = "kernel", *, history: bool = False) -> Listener:
    """Listens to records from now on: none that begins after this call is missed.

    :param source: ``"kernel"`` (its multicast group; needs CAP_AUDIT_READ and auditing that is on);
        a path or ``"file:PATH"``, a log that is followed from its end on, through rotation; or an
        open stream of lines, such as a pipe.
    :param history: keep the records that were taken, too, for :attr:`Listener.heard`.
    :raises ListenError: if it is not permitted.
    :raises OSError: if the file can't be opened.

    >>> import tempfile
    >>> from viraudit import Auditor, Guest
    >>> guest = Guest("kvm", "web1", "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab")
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     log = f"file:{directory}/audit.log"
    ...     with listen(log) as records, Auditor(log) as auditor:
    ...         auditor.guest(guest).disk(None, "/images/a.qcow2", "attach")
    ...         record = records.expect("VIRT_RESOURCE", vm="web1", resrc="disk")
    >>> record["new-disk"]
    '/images/a.qcow2'
    """
    return Listener(source, history=history)


class Listener:
    """Records from one source: :func:`listen`.

    It is a context manager, an iterator that waits for each record, and an asynchronous iterator for
    asyncio. Several threads may use it at the same time; each record goes to one of them. Waiting
    releases the GIL, and Ctrl-C ends it. In asyncio, ``await
    asyncio.to_thread(lambda: records.expect(...))``.

    A record is taken once: by an expectation that it met, or by the iterator. The records that no
    expectation has met stay, also those that came before the call.
    """

    def __init__(self, source: Source = "kernel", *, history: bool = False) -> None:
        fd: Optional[int] = None
        path: Union[str, None] = None
        if isinstance(source, (str, os.PathLike)):
            if source != "kernel":
                name = os.fspath(source)
                named = isinstance(source, str) and name.startswith("file:")
                path = name[len("file:") :] if named else name
        else:
            fd = os.dup(source.fileno())
        try:
            self._native = NativeListener(path, fd, history)
        except PermissionError as error:
            if source != "kernel":
                raise
            message = f"can't receive audit records from the kernel: {error.strerror}"
            raise ListenError(message, "not-permitted") from None

    # --- Expecting ---

    @overload
    def expect(
        self,
        *words: str,
        within: float = 5,
        count: int,
        absent: Literal[False] = False,
        **fields: Value,
    ) -> list[Record]: ...

    @overload
    def expect(
        self,
        *words: str,
        within: float = 5,
        count: None = None,
        absent: Literal[True],
        **fields: Value,
    ) -> None: ...

    @overload
    def expect(
        self,
        *words: str,
        within: float = 5,
        count: None = None,
        absent: Literal[False] = False,
        **fields: Value,
    ) -> Record: ...

    def expect(
        self,
        *words: str,
        within: float = 5,
        count: Optional[int] = None,
        absent: bool = False,
        **fields: Value,
    ) -> Union[Record, list[Record], None]:
        """Waits for a record with these fields, and returns it as soon as it came; with ``count``, for
        that number of records, and returns a list. With ``absent=True``, it waits for the whole time, and no such
        record may come.

        :param words: as for :class:`Expectation`, as ``count``, ``absent`` and ``fields``.
        :param within: the longest wait, in seconds.
        :raises ExpectationError: if the record did not come, or came although it must not. Its text
            has the nearest record and the differences.
        :raises ListenError: if records were lost or cut or nothing can be heard, so that the answer is unknown.
        """
        # pytest's traceback ends at the caller.
        __tracebackhide__ = True
        expectation = Expectation(*words, count=1 if count is None else count, absent=absent, **fields)
        [found] = self._expect([[expectation]], within)
        if absent:
            return None
        return found[0] if count is None else found

    def expect_in_order(self, *steps: Step, within: float = 5) -> list[list[Record]]:
        """Waits for records one after the other. A step is an expectation, or several that may be met
        in any order. An absent expectation holds until the next step is met.

        :returns: for each expectation the records that met it.

        >>> import tempfile
        >>> from viraudit import Auditor, Guest
        >>> guest = Guest("kvm", "web1", "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab")
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     log = f"file:{directory}/audit.log"
        ...     with listen(log) as records, Auditor(log) as auditor:
        ...         auditor.guest(guest).start("booted", 4711)
        ...         auditor.guest(guest).stop("shutdown")
        ...         [[start], [stop]] = records.expect_in_order(
        ...             Expectation(op="start"), Expectation(op="stop"))
        >>> start["reason"], stop["reason"]
        ('booted', 'shutdown')
        """
        __tracebackhide__ = True
        groups = [[step] if isinstance(step, Expectation) else list(step) for step in steps]
        return self._expect(groups, within)

    def expect_all(self, *expectations: Expectation, within: float = 5) -> list[list[Record]]:
        """Waits until all expectations are met, in any order.

        :returns: for each expectation the records that met it.
        """
        __tracebackhide__ = True
        return self._expect([list(expectations)], within)

    def _expect(self, groups: list[list[Expectation]], within: float) -> list[list[Record]]:
        __tracebackhide__ = True
        parts = [[expectation._parts() for expectation in group] for group in groups]
        outcome = self._native.expect(parts, within)
        if outcome.answer != "met":
            _fail(outcome)
        return outcome.found

    # --- Hearing ---

    def get(self, timeout: Optional[float] = None) -> Optional[Record]:
        """Takes the next record. Waits for at most ``timeout`` seconds; without it, until a record
        comes or the source ends.

        :returns: None if no record came.
        """
        return self._native.next(timeout) or None

    def __iter__(self) -> Iterator[Record]:
        return self

    def __next__(self) -> Record:
        record = self._native.next(None)
        if not record:
            raise StopIteration
        return record

    def __aiter__(self) -> AsyncIterator[Record]:
        return self

    async def __anext__(self) -> Record:
        while True:
            record = self._native.next(0)
            if record is False:
                raise StopAsyncIteration
            if isinstance(record, Record):
                return record
            await self._readable()

    async def _readable(self) -> None:
        fd = self._native.fileno()
        if fd is None:
            await asyncio.sleep(_INTERVAL)
            return
        loop = asyncio.get_running_loop()
        readable: asyncio.Future[None] = loop.create_future()
        loop.add_reader(fd, _set, readable)
        try:
            await readable
        finally:
            loop.remove_reader(fd)

    @property
    def heard(self) -> list[Record]:
        """The records so far that are not taken; with ``history``, all of them."""
        return self._native.heard

    @property
    def lost(self) -> Optional[int]:
        """The number of records that were lost; 0 if it is unknown, None if none was."""
        return self._native.lost

    @property
    def silence(self) -> Optional[str]:
        """The reason why the kernel sends nothing, if it is known: auditing is off, or this is not
        the host's network namespace."""
        return self._native.silence

    def clear(self) -> None:
        """Takes all records that are there, and forgets losses, so that what follows is a new
        beginning."""
        self._native.clear()

    # --- Ending ---

    def close(self) -> None:
        """Ends listening, also in other threads that wait."""
        self._native.close()

    def __enter__(self) -> Listener:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()


def _set(readable: asyncio.Future[None]) -> None:
    if not readable.done():
        readable.set_result(None)


def _fail(outcome: Outcome) -> NoReturn:
    __tracebackhide__ = True
    if outcome.answer in ("lost", "deaf"):
        raise ListenError(outcome.message, outcome.answer)
    raise ExpectationError(outcome.message, outcome.unmet, outcome.unwanted)
