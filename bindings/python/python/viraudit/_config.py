"""The audit settings of libvirt's daemons."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Optional, Union

from . import _native

Path = Union[str, bytes, "os.PathLike[str]"]


@dataclass(frozen=True)
class Config:
    """The audit settings of a daemon."""

    audit_level: int
    """0: no records. 1: records if the kernel takes them. 2 and above: a daemon that can't audit must
    not start."""
    audit_logging: bool
    """Whether each record is also logged."""


def read_config(path: Optional[Path] = None) -> Config:
    """Reads the file as libvirt reads it; without a path, that of this host's libvirtd, virtqemud or
    virtlxcd. A file that does not exist is the default.

    :raises ValueError: if libvirt would refuse the file; the text has the line.
    :raises OSError: if the file can't be read.

    >>> read_config("/no/such/libvirtd.conf")
    Config(audit_level=1, audit_logging=False)
    """
    level, logging = _native.read_config(path)
    return Config(level, logging)


def check_config(path: Optional[Path] = None) -> list[str]:
    """The mistakes for which libvirt refuses the file, each with its line; none if it accepts the file.

    >>> check_config("/no/such/libvirtd.conf")
    []
    """
    return _native.check_config(path)
