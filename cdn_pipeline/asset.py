"""Assets: the files of a site as they lie on disk."""

from __future__ import annotations

import os
from typing import NamedTuple


class Stamp(NamedTuple):
    """What the file system says of a file; if it is the same, so is the content (but see `freshness`)."""

    size: int  # bytes
    mtime_ns: int
    ctime_ns: int  # unlike mtime it cannot be set, so an edit that restores mtime is still seen
    inode: int


def stamp_of(status: os.stat_result) -> Stamp:
    """The stamp of an open or a named file."""
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


class Asset(NamedTuple):
    """One source file."""

    path: str  # logical path
    file: str  # where it lies: the root as configured, joined with the path
    stamp: Stamp
    shown: str  # as messages name it: relative to the config's directory
