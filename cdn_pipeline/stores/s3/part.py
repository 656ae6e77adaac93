"""A part of a file, read piece by piece."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PIECE = 1 << 16  # bytes in memory at a time, in each of many threads
CHANGED = "the bytes are not those announced; build again"


class Unreadable(Exception):
    """The file is not what it was said to be."""


class Part(NamedTuple):
    """So much of a file."""

    file: Path
    begin: int
    size: int

    def pieces(self) -> Iterator[bytes]:
        """All of it. Raises `Unreadable` where the file is too short."""
        left = self.size
        try:
            with open(self.file, "rb") as file:
                file.seek(self.begin)
                while left and (piece := file.read(min(left, PIECE))):
                    left -= len(piece)
                    yield piece
        except OSError as error:
            raise Unreadable(f"{self.file} cannot be read: {error.strerror}; build again") from error
        if left:
            raise Unreadable(CHANGED)

    def checked(self, sha256: str) -> Iterator[bytes]:
        """The same, but for a file with another digest raises `Unreadable` before its last piece, so that
        nobody has received it all."""
        digest, last = hashlib.sha256(), b""
        for piece in self.pieces():
            digest.update(piece)
            if last:
                yield last
            last = piece
        if digest.hexdigest() != sha256:
            raise Unreadable(CHANGED)
        yield last
