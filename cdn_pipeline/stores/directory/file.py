"""Files: which one it is, how it comes in, and how it gets a name."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cdn_pipeline.stores import Body, Conflict, Listed

PIECE = 1 << 16  # bytes in memory at a time, in each of many threads
NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}  # where a file cannot have two names


def copy(body: Body, file: Path) -> str:
    """Writes *body* to *file* and to the disk; the digest of what was written."""
    digest = hashlib.sha256()
    with open(file, "wb") as target:
        for piece in _pieces(body):
            digest.update(piece)
            target.write(piece)
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest()


def _pieces(body: Body) -> Iterator[bytes]:
    if isinstance(body, bytes):
        yield body
        return
    source: BinaryIO
    with open(body, "rb") as source:
        while piece := source.read(PIECE):
            yield piece


def read(file: Path, *, is_whole: bool) -> tuple[str, bytes] | None:
    """The identity of *file* and its content, or b""; ``None`` where there is no file."""
    try:
        with open(file, "rb") as stream:
            return identity_of(os.fstat(stream.fileno())), stream.read() if is_whole else b""
    except (FileNotFoundError, NotADirectoryError):
        return None


def stamped(fresh: Path, lock: int) -> str:
    """The identity of *fresh*, which gets a time later than any file before it: two files of one name never
    share one, though the system may give them the same inode and its clock may stand."""
    now, last = fresh.stat().st_mtime_ns, os.fstat(lock).st_mtime_ns
    stamp = max(now, last + 1)
    os.utime(lock, ns=(stamp, stamp))
    os.utime(fresh, ns=(stamp, stamp))
    return identity(fresh)


def rename(fresh: Path, file: Path, *, is_new: bool, key: str) -> None:
    """*is_new*: refuses to replace a file, even one by somebody who does not know of our lock."""
    if not is_new:
        os.replace(fresh, file)
        return
    try:
        os.link(fresh, file)
    except FileExistsError:
        raise Conflict(key) from None
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        os.rename(fresh, file)


def sync(directory: Path) -> None:
    """A name is on disk before anybody relies on it."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_spelled_so(root: Path, key: str) -> bool:
    """Whether the file that *key* leads to has this name to the letter. Some file systems ignore the case of
    names, or their Unicode form."""
    parts = key.split("/")
    return all(part in os.listdir(root.joinpath(*parts[:depth])) for depth, part in enumerate(parts))


def is_something_else(file: Path) -> bool:
    """Whether *file* is there, but a directory, a link, a pipe …"""
    try:
        return not stat.S_ISREG(file.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def identity(file: Path) -> str:
    """What tells a file from every other that had or will have its name; "" where there is none."""
    try:
        return identity_of(file.lstat())
    except (FileNotFoundError, NotADirectoryError):
        return ""


def identity_of(status: os.stat_result) -> str:
    """The same for a file that was looked at."""
    return f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"


def listed(key: str, status: os.stat_result) -> Listed:
    """A file as a listing tells it."""
    version = identity_of(status)
    return Listed(key, status.st_size, version, status.st_mtime_ns / 1e9, version)
