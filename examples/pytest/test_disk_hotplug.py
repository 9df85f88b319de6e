"""A disk that is attached to a running guest, and detached."""

from __future__ import annotations

from pathlib import Path

from conftest import Guest
from viraudit import Listener


def test_attaching_and_detaching_a_disk(guest: Guest, tmp_path: Path, audit: Listener) -> None:
    image = tmp_path / "data disk.img"
    image.write_bytes(bytes(1 << 20))
    guest.start()
    guest.attach(image)
    attached = audit.expect("VIRT_RESOURCE", vm=guest.name, resrc="disk", reason="attach")
    assert (attached["old-disk"], attached["new-disk"], attached.success) == ("?", str(image), True)
    guest.detach(image)
    audit.expect("VIRT_RESOURCE", vm=guest.name, resrc="disk", reason="detach", old_disk=image, new_disk="?")
    guest.destroy()
    audit.expect("VIRT_CONTROL", vm=guest.name, op="stop", reason="destroyed")
