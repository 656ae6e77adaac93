"""Sources: walks the source roots, and says what in them cannot be an asset."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from cdn_pipeline import paths
from cdn_pipeline.asset import Asset, stamp_of
from cdn_pipeline.errors import ERROR, WARNING, Problem

# What editors, systems and version control leave behind is nobody's asset.
LITTER = (
    *(".git/**", ".git", ".svn/**", ".hg/**", "CVS/**", "**/.git/**", "**/.svn/**", "**/.hg/**", "**/CVS/**"),
    *(".DS_Store", "Thumbs.db", "desktop.ini", "*~", ".#*", "*.swp", ".gitignore", ".gitattributes"),
    *(".gitkeep", ".keep", "__pycache__/**", "**/__pycache__/**", "*.pyc"),
)


class Sources:
    """The assets of several roots, by logical path; where two roots hold one path, the first wins."""

    def __init__(self, root: Path, names: Sequence[str], exclude: Sequence[str]) -> None:
        self.assets: dict[str, Asset] = {}
        self.problems: list[Problem] = []
        self._excluded = paths.Patterns((*LITTER, *exclude))
        for name in names:
            self._walk_root(root, name)
        self.assets = dict(sorted(self.assets.items()))
        self._note_names_that_differ_in_case()

    def _walk_root(self, root: Path, name: str) -> None:
        top = os.path.join(root, name)
        if not os.path.isdir(top):
            hint = "create it, or name the folder of your static files in `source`"
            self.problems.append(Problem(ERROR, name, "no such source directory", hint))
            return
        real = os.path.realpath(top)
        self._walk(top, "", name.rstrip("/"), real, (real,))

    def _walk(self, directory: str, below: str, shown: str, real_root: str, chain: tuple[str, ...]) -> None:
        try:
            with os.scandir(directory) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            self._problem(ERROR, shown, f"cannot be listed: {error.strerror}", "mend its permissions")
            return
        for entry in entries:
            path = below + entry.name
            name = f"{shown}/{entry.name}"
            try:
                self._take(entry, path, name, real_root, chain)
            except OSError as error:
                self._problem(ERROR, name, f"cannot be read: {error.strerror}", "mend or exclude it")

    def _take(
        self, entry: os.DirEntry[str], path: str, shown: str, real_root: str, chain: tuple[str, ...]
    ) -> None:
        if self._excluded(path):
            return
        if entry.is_symlink():
            real = os.path.realpath(entry.path)
            if real != real_root and not real.startswith(real_root + os.sep):
                self._problem(
                    WARNING,
                    shown,
                    "a symbolic link that leads out of the source directory; it is left out",
                    "copy the file, or add its directory to `source`",
                )
                return
            if entry.is_dir():
                if real in chain:
                    self._problem(WARNING, shown, "a symbolic link to a directory that holds it; left out")
                else:
                    self._walk(entry.path, path + "/", shown, real_root, (*chain, real))
                return
        elif entry.is_dir():
            self._walk(entry.path, path + "/", shown, real_root, chain)
            return
        self._add(entry, path, shown)

    def _add(self, entry: os.DirEntry[str], path: str, shown: str) -> None:
        status = entry.stat()
        if not stat.S_ISREG(status.st_mode):
            self._problem(WARNING, shown, "neither a file nor a directory; it is left out")
        elif not _is_nameable(path):
            name = shown.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            self._problem(WARNING, name, "a name that no URL can hold; it is left out", "rename the file")
        elif path not in self.assets:
            self.assets[path] = Asset(path, entry.path, stamp_of(status), shown)

    def _problem(self, severity: str, shown: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem(severity, shown, message, hint))

    def _note_names_that_differ_in_case(self) -> None:
        seen: dict[str, str] = {}
        for path, asset in self.assets.items():
            other = seen.setdefault(path.casefold(), path)
            if other != path:
                self._problem(
                    WARNING,
                    asset.shown,
                    f"differs from {other!r} only in case, which some file systems cannot tell apart",
                    "rename one",
                )


def _is_nameable(path: str) -> bool:
    """A URL holds UTF-8 (surrogates mark bytes that are not); no tool survives control characters."""
    if path.isascii():
        return path.isprintable()
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return all(ord(character) >= 0x20 and ord(character) != 0x7F for character in path)
