"""Where a definition's relative paths start: its directory and load path, seen from the source roots."""

from __future__ import annotations

import os.path
import posixpath
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cdn_pipeline.definitions.bundle import Base
from cdn_pipeline.definitions.members import URL, logical


class Layout(NamedTuple):
    """Where members are looked for, and where the output goes."""

    bases: tuple[Base, ...] = (Base(),)
    outputs: tuple[Base, ...] = (Base(),)
    roots: tuple[Path, ...] = ()

    def output(self, path: str) -> str | None:
        """The logical path of an output; ``None`` if it lies outside the source roots."""
        found = logical(self.member(path) or "", self.outputs)
        return found[0] if found else None

    def member(self, path: str) -> str | None:
        """*path* as bundles keep it: ``/`` and a logical path if it is absolute on disk, else as it is;
        ``None`` if it is absolute and outside the source roots."""
        if not os.path.isabs(path) or URL.match(path):
            return path
        for base in bases((Path(path).parent,), self.roots):
            if not base.strip:
                return "/" + base.add + posixpath.basename(path)
        return None


def bases(directories: Sequence[Path], roots: Sequence[Path]) -> tuple[Base, ...]:
    """How a path relative to one of *directories* becomes logical; nothing if none has to do with a root."""
    found = []
    for directory in directories:
        at = Path(os.path.normpath(directory))
        for root in map(Path, map(os.path.normpath, roots)):
            if at.is_relative_to(root):
                inside = at.relative_to(root).as_posix()
                found.append(Base("", "" if inside == "." else inside + "/"))
            elif root.is_relative_to(at):
                found.append(Base(root.relative_to(at).as_posix() + "/", ""))
    return tuple(dict.fromkeys(found))
