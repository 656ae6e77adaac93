"""Staging: new files, until all of a release are there and can be moved to their places."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import IO

PER_DIRECTORY = 64  # files; ext4 takes long to make many in one place where as many were just deleted


class Staging:
    """A directory of files that nobody reads yet. Whatever cannot be written raises `OSError`."""

    def __init__(self, directory: str) -> None:
        """*directory* ends with a separator."""
        self._directory = directory
        self._count = 0

    def make(self) -> None:
        """Makes the directory."""
        os.mkdir(self._directory)

    def remove(self) -> None:
        """Removes it, and what is left in it."""
        with contextlib.suppress(OSError):
            for name in os.listdir(self._directory):
                os.rmdir(self._directory + name)  # everything has been switched to its place
            os.rmdir(self._directory)
        if os.path.lexists(self._directory):
            import shutil

            shutil.rmtree(self._directory, ignore_errors=True)

    def name(self) -> str:
        """A new name for a file."""
        directory = f"{self._directory}{self._count // PER_DIRECTORY}"
        if self._count % PER_DIRECTORY == 0:
            os.mkdir(directory)
        self._count += 1
        return f"{directory}{os.sep}{self._count}"

    def file(self, content: bytes | bytearray) -> str:
        """The name of a new file with *content*."""
        name = self.name()
        write(name, content)
        return name


def write(name: str, content: bytes | bytearray) -> None:
    """A new file, with as few calls as it takes."""
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
    finally:
        os.close(descriptor)


def chunks(file: IO[bytes], size: int = 1 << 20) -> Iterator[bytes]:
    """What is left of an open file, in pieces."""
    while piece := file.read(size):
        yield piece
