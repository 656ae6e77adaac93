"""Prepare: the work on single files that workers do. Each function takes jobs and returns a result for each.

A file that changes while it is read is read again; one that keeps changing or vanishes is a `Lost`.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from cdn_pipeline import staging
from cdn_pipeline.asset import Stamp, stamp_of
from cdn_pipeline.compress import compressed
from cdn_pipeline.draft import Draft, Options, draft

ATTEMPTS = 3
WHOLE = 4_000_000  # bytes; larger files are copied in pieces, so that memory stays small
FICLONE = 0x40049409  # ioctl: share the blocks of another file (linux/fs.h)


# Errors that reading a file never has: so it was the copy that could not be written.
UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


class Lost(NamedTuple):
    """A file that could not be read."""

    message: str


def lost(job: object, how: str) -> Lost:
    """What stands for the result of *job* where the processes at work on it ended: *how* says why."""
    return Lost(how)


class CopyJob(NamedTuple):
    """A file whose bytes are served as they are."""

    path: str
    file: str
    size: int
    staged: str  # the copy to make; "" to take the digest only
    is_text: bool = False


class Copied(NamedTuple):
    """The digest of exactly the bytes that were copied."""

    sha256: str
    stamp: Stamp
    is_utf8: bool = True  # False for text in another encoding; it must not be served as UTF-8


class DraftJob(NamedTuple):
    """A text file that is already read."""

    path: str
    shown: str
    content: bytes
    language: str
    options: Options
    skip: bool


class CompressJob(NamedTuple):
    """A file for which neighbours are wanted."""

    path: str
    file: str
    sha256: str  # what the file must contain
    size: int
    encodings: tuple[str, ...]
    staged: tuple[str, ...]  # the files to write, one for each encoding


def copy(jobs: Sequence[CopyJob]) -> list[Copied | Lost]:
    """Copies and digests files."""
    return [_steadily(job.file, lambda job=job: _copied(job)) for job in jobs]  # type: ignore[misc]


def read(file: str) -> tuple[bytes, Stamp] | Lost:
    """The bytes of a file, and what it looked like while they were read."""
    found: tuple[bytes, Stamp] | Lost = _steadily(file, lambda: _content(file))
    return found


def draft_all(jobs: Sequence[DraftJob]) -> list[Draft]:
    """Drafts of texts; see `draft`."""
    return [draft(*job) for job in jobs]


def compress(jobs: Sequence[CompressJob]) -> list[list[bytes] | Lost]:
    """Writes the neighbours of files, and returns them; an empty one is not worth while nor written."""
    return [_neighbours(job) for job in jobs]


def _neighbours(job: CompressJob) -> list[bytes] | Lost:
    with open(job.file, "rb") as file:
        content = file.read()
    if hashlib.sha256(content).hexdigest() != job.sha256:
        return Lost("was changed in the build directory while the build ran")
    neighbours = [compressed(content, encoding) for encoding in job.encodings]
    for neighbour, staged in zip(neighbours, job.staged, strict=True):
        if neighbour:
            staging.write(staged, neighbour)
    return neighbours


class _Changed(Exception):
    pass


def _steadily(file: str, attempt: Callable[[], Any]) -> Any:
    for _ in range(ATTEMPTS):
        try:
            return attempt()
        except _Changed:
            continue
        except FileNotFoundError:
            return Lost("vanished while the build ran")
        except OSError as error:
            if error.errno in UNWRITABLE:
                raise
            return Lost(f"cannot be read: {(error.strerror or str(error)).lower()}")
    return Lost("kept changing while it was read")


def _content(file: str) -> tuple[bytes, Stamp]:
    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        before = stamp_of(os.fstat(descriptor))
        pieces = [os.read(descriptor, before.size + 1)]
        while pieces[-1] and sum(map(len, pieces)) < before.size:  # read() may return less than asked for
            pieces.append(os.read(descriptor, before.size + 1))
        content = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        if stamp_of(os.fstat(descriptor)) != before or len(content) != before.size:
            raise _Changed
        return content, before
    finally:
        os.close(descriptor)


def _copied(job: CopyJob) -> Copied:
    if job.size > WHOLE and not job.is_text:
        return _copied_in_pieces(job)
    content, stamp = _content(job.file)
    if job.staged:
        staging.write(job.staged, content)
    return Copied(hashlib.sha256(content).hexdigest(), stamp, not job.is_text or is_utf8(content))


def is_utf8(content: bytes) -> bool:
    """Whether *content* is text in UTF-8."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _copied_in_pieces(job: CopyJob) -> Copied:
    with open(job.file, "rb") as source:
        before = stamp_of(os.fstat(source.fileno()))
        if job.staged and _cloned(source.fileno(), job.staged):
            if stamp_of(os.fstat(source.fileno())) != before:
                raise _Changed
            with open(job.staged, "rb") as clone:
                return Copied(hashlib.file_digest(clone, "sha256").hexdigest(), before)
        sha256 = hashlib.sha256()
        with open(job.staged or os.devnull, "wb") as target:
            for piece in staging.chunks(source):
                sha256.update(piece)
                target.write(piece)
        if stamp_of(os.fstat(source.fileno())) != before:
            raise _Changed
        return Copied(sha256.hexdigest(), before)


def _cloned(source: int, target: str) -> bool:
    """A copy that shares its blocks until one is written to, where the file system can."""
    try:
        import fcntl
    except ImportError:
        return False
    with open(target, "wb") as file:
        try:
            fcntl.ioctl(file.fileno(), FICLONE, source)
        except OSError:
            return False
    return True
