"""The pytest plugin: the fixture ``audit``.

Options, and the same in pytest.ini as ``viraudit_source`` and ``viraudit_require``:

``--viraudit-source=SOURCE``
    ``kernel`` (the default) or ``file:PATH``, a log that is followed.
``--viraudit-require``
    Where nothing can be heard, tests with the fixture fail instead of being skipped.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from typing import NoReturn

import pytest

from ._errors import ListenError
from ._listener import Listener

_LISTENER = pytest.StashKey[Listener]()

# The most records in the report of a test.
_SHOWN = 200


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("viraudit", "audit records of virtual machines")
    group.addoption(
        "--viraudit-source",
        metavar="SOURCE",
        help="source of the fixture audit: kernel (default) or file:PATH, a log that is followed",
    )
    group.addoption(
        "--viraudit-require",
        action="store_true",
        default=None,
        help="fail tests with the fixture audit where nothing can be heard, instead of skipping them",
    )
    parser.addini("viraudit_source", "source of the fixture audit: kernel or file:PATH", default="kernel")
    parser.addini(
        "viraudit_require", "fail where nothing can be heard, instead of skipping", "bool", False
    )


def _source(config: pytest.Config) -> str:
    source = config.getoption("--viraudit-source") or config.getini("viraudit_source")
    source = str(source)
    if source == "kernel":
        return source
    path = source[len("file:") :] if source.startswith("file:") else ""
    if not path:
        raise pytest.UsageError(f"viraudit: the source is kernel or file:PATH, not {source}")
    # Tests may change the working directory.
    return "file:" + os.path.join(config.invocation_params.dir, path)


@pytest.fixture
def audit(request: pytest.FixtureRequest) -> Iterator[Listener]:
    """Hears the records about guests that come while the test runs.
    audit.expect("VIRT_RESOURCE", vm="web1", resrc="disk", within=5) waits for a record and returns
    it. If it does not come, the test fails with the nearest record and the fields that differ. The
    report of a failed test lists all records that were heard. Where nothing can be heard, the test
    is skipped with the reason. The source is the kernel, or that of --viraudit-source.
    """
    source = _source(request.config)
    try:
        listener = Listener(source, history=True)
    except ListenError as error:
        _deaf(request.config, str(error))
    except OSError as error:
        pytest.fail(f"viraudit: can't listen to {source}: {error}", pytrace=False)
    with listener:
        if listener.silence:
            _deaf(request.config, listener.silence)
        request.node.stash[_LISTENER] = listener
        yield listener
        del request.node.stash[_LISTENER]


def _deaf(config: pytest.Config, reason: str) -> NoReturn:
    if config.getoption("--viraudit-require") or config.getini("viraudit_require"):
        pytest.fail(f"viraudit: {reason}", pytrace=False)
    pytest.skip(f"viraudit: {reason}")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, None, None]:
    if call.when == "call" and _LISTENER in item.stash:
        item.add_report_section("call", "audit records", _heard(item.stash[_LISTENER]))
    yield


def _heard(listener: Listener) -> str:
    """What was heard, for the report of a test."""
    try:
        heard, lost = listener.heard, listener.lost
    except (OSError, ValueError) as error:
        return str(error)
    lines = [f"{number}: {record}" for number, record in enumerate(heard[:_SHOWN], 1)]
    if len(heard) > _SHOWN:
        lines.append(f"... and {len(heard) - _SHOWN} more")
    if lost is not None:
        lines.append(f"{lost or 'some'} records were lost")
    return "\n".join(lines or ["no record about a guest was heard"])
