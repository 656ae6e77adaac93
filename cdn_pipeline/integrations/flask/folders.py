"""Which logical path a file in a static folder of an app or a blueprint has."""

from __future__ import annotations

import os.path
from collections.abc import Sequence
from typing import NamedTuple


class Place(NamedTuple):
    """Where a file is in the source tree."""

    path: str  # logical
    hidden_by: str | None  # a file of the same path in an earlier root, which the build has in its stead


class Folders:
    """Finds logical paths by *roots*, the absolute source roots of the build, in their order."""

    def __init__(self, roots: Sequence[str]) -> None:
        self.roots = [os.path.realpath(root) for root in roots]
        self._layouts: dict[str, list[tuple[int, str, str]]] = {}

    def place(self, folder: str, filename: str) -> Place | None:
        """Of *filename* in the static *folder*; ``None`` if that is no part of the source tree."""
        if folder not in self._layouts:
            self._layouts[folder] = list(self._layout(os.path.realpath(folder)))
        for index, strip, add in self._layouts[folder]:
            if filename.startswith(strip):
                path = add + filename[len(strip) :]
                return Place(path, self._hidden_by(index, path))
        return None

    def _layout(self, folder: str) -> list[tuple[int, str, str]]:
        """``(index of a root, what to strip from a file name, what to add)`` for each root that has to do
        with *folder*: the same directory, above it, or below it."""
        found = []
        for index, root in enumerate(self.roots):
            if folder == root:
                found.append((index, "", ""))
            elif folder.startswith(root + os.sep):
                found.append((index, "", os.path.relpath(folder, root).replace(os.sep, "/") + "/"))
            elif root.startswith(folder + os.sep):
                found.append((index, os.path.relpath(root, folder).replace(os.sep, "/") + "/", ""))
        return found

    def _hidden_by(self, index: int, path: str) -> str | None:
        for root in self.roots[:index]:
            if os.path.isfile(os.path.join(root, path)):
                return os.path.join(root, path)
        return None
