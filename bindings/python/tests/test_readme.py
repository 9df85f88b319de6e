"""The README's example for pytest; bindings/python/test runs its other lines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DAEMON = """
import viraudit

def attach_disk(name, path):
    guest = viraudit.Guest("kvm", name, "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab")
    with viraudit.Auditor("file:records.log") as auditor:
        auditor.guest(guest).disk(None, path, "attach")
"""


def test_the_example_for_pytest(pytester: pytest.Pytester) -> None:
    readme = Path(__file__).parents[1].joinpath("README.md").read_text()
    [example] = re.findall(r"^```python\n(.*?)^```$", readme, re.S | re.M)
    pytester.makepyfile(daemon=DAEMON, test_disk=example)
    options = ["-p", "no:cacheprovider", "--viraudit-source=file:records.log"]
    pytester.runpytest_subprocess(*options).assert_outcomes(passed=1)
