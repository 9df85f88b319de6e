"""A container's start, with its init process."""

from __future__ import annotations

import os

from conftest import Guest
from viraudit import Expectation, Listener


def test_the_init_of_a_container(container: Guest, audit: Listener) -> None:
    container.start()
    steps = [Expectation("VIRT_CONTROL", vm=container.name, op=op, res="success") for op in ("start", "init")]
    [_], [init] = audit.expect_all(*steps)
    assert int(init["pid-ns"]) == os.stat(f"/proc/{init['init-pid']}/ns/pid").st_ino
    container.destroy()
    audit.expect("VIRT_CONTROL", vm=container.name, op="stop")
