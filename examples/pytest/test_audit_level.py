"""audit_level and audit_logging: which of the two trails a guest's start is in."""

from __future__ import annotations

import pytest
from conftest import Guest, Hypervisor
from viraudit import Listener


@pytest.mark.parametrize("logging", [0, 1])
@pytest.mark.parametrize("level", [0, 1, 2])
def test_records_follow_the_settings(
    level: int, logging: int, hypervisor: Hypervisor, guest: Guest, audit: Listener
) -> None:
    hypervisor.configure(audit_level=level, audit_logging=logging)
    guest.start()
    if level == 0:
        audit.expect(vm=guest.name, absent=True, within=0.5)
    else:
        audit.expect("VIRT_CONTROL", vm=guest.name, op="start", reason="booted", res="success")
    assert (f'vm="{guest.name}"' in hypervisor.log()) == bool(logging)
