"""What the tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from viraudit import Auditor, Guest

UUID = "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab"


@pytest.fixture
def guest() -> Guest:
    return Guest("kvm", "web1", UUID)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "audit.log"


@pytest.fixture
def auditor(log: Path) -> Auditor:
    return Auditor(f"file:{log}")
