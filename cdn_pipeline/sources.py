"""Sources: walks the source roots, and says what in them cannot be an asset."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cdn_pipeline import paths
from cdn_pipeline.asset import Asset, stamp_of
from cdn_pipeline.errors import ERROR, WARNING, Problem

# What editors, systems and version control leave behind is nobody's asset.
LITTER = (
    *(".git", ".svn", ".hg", "CVS", "__pycache__"),
    *(".DS_Store", "Thumbs.db", "desktop.ini", "*~", ".#*", "*.swp", ".gitignore", ".gitattributes"),
    *(".gitkeep", ".keep", "*.pyc"),
)
DEEPEST = 200  # directories below a source root; a tree that is deeper is a mistake, and breaks many tools


LEDGER = ".cdn_pipeline/ledger.json"  # by which a build directory is known; see `release`


class Sources:
    """The assets of several roots, by logical path; where two roots hold one path, the first wins."""

    def __init__(
        self,
        root: Path,
        names: Sequence[str],
        exclude: Sequence[str],
        ours: Iterable[Path] = (),
        files: Mapping[str, str] | None = None,
        listings: Mapping[str, list[os.DirEntry[str]]] | None = None,
    ) -> None:
        """*ours* are files and directories that are never sources, wherever they lie. With *files*,
        ``{logical path: file}``, these are the sources, and the roots *names* are not walked. *listings* are
        of directories that were looked at already, sorted."""
        self.assets: dict[str, Asset] = {}
        self.problems: list[Problem] = []
        self._listings = listings or {}
        self._excluded = paths.Patterns((*LITTER, *exclude))
        self._ours = {place.stat().st_ino: os.path.realpath(place) for place in ours if place.exists()}
        for name in names if files is None else ():
            self._walk_root(root, name)
        for path, file in (files or {}).items():
            self._take_file(root, path, file)
        self.assets = dict(sorted(self.assets.items()))
        self._note_names_that_differ_in_case()

    def _take_file(self, root: Path, path: str, file: str) -> None:
        if self._excluded(path):
            return
        below = os.path.join(root, "")
        shown = file.removeprefix(below)
        try:
            self._add(file, os.stat(file), path, shown)
        except OSError as error:
            message = f"cannot be read: {(error.strerror or str(error)).lower()}"
            self._problem(ERROR, shown, message, "mend or exclude it")

    def _walk_root(self, root: Path, name: str) -> None:
        top = os.path.join(root, name)
        if not os.path.isdir(top):
            hint = "create it, or name the folder of your static files in `source`"
            self.problems.append(Problem(ERROR, name, "no such source directory", hint))
            return
        real = os.path.realpath(top)
        shown = name if name == "/" else os.path.normpath(name)
        self._walk(top, "", "" if shown == "." else shown + "/", real, (real,))

    def _walk(self, directory: str, below: str, shown: str, real_root: str, chain: tuple[str, ...]) -> None:
        try:
            entries = self._listings.get(directory) or _listed(directory)
        except OSError as error:
            message = f"cannot be listed: {(error.strerror or str(error)).lower()}"
            self._problem(ERROR, shown.rstrip("/") or ".", message, "mend or exclude it")
            return
        if below.count("/") > DEEPEST:
            self._problem(ERROR, shown, f"more than {DEEPEST} directories deep", "move or exclude it")
            return
        if below and os.path.exists(os.path.join(directory, LEDGER)):
            self._problem(WARNING, shown, "the output of a build; it is left out", "build elsewhere")
            return
        for entry in entries:
            path = below + entry.name
            name = shown + entry.name
            try:
                self._take(entry, path, name, real_root, chain)
            except OSError as error:
                message = f"cannot be read: {(error.strerror or str(error)).lower()}"
                self._problem(ERROR, name, message, "mend or exclude it")

    def _take(
        self, entry: os.DirEntry[str], path: str, shown: str, real_root: str, chain: tuple[str, ...]
    ) -> None:
        if self._excluded(path) or self._is_ours(entry):
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
            if any(real == own or real.startswith(own + os.sep) for own in self._ours.values()):
                return
            if entry.is_dir():
                if real in chain:
                    self._problem(WARNING, shown, "a symbolic link to a directory that holds it; left out")
                else:
                    self._walk(entry.path, path + "/", shown + "/", real_root, (*chain, real))
                return
        elif entry.is_dir():
            self._walk(entry.path, path + "/", shown + "/", real_root, chain)
            return
        self._add(entry.path, entry.stat(), path, shown)

    def _is_ours(self, entry: os.DirEntry[str]) -> bool:
        place = self._ours.get(entry.inode())
        return place is not None and os.path.samefile(place, entry.path)

    def _add(self, file: str, status: os.stat_result, path: str, shown: str) -> None:
        if not stat.S_ISREG(status.st_mode):
            self._problem(WARNING, shown, "neither a file nor a directory; it is left out")
        elif not _is_nameable(path):
            self._problem(WARNING, shown, "a name that no URL can hold; it is left out", "rename the file")
        elif path not in self.assets:
            self.assets[path] = Asset(path, file, stamp_of(status), shown)

    def _problem(self, severity: str, shown: str, message: str, hint: str = "") -> None:
        name = shown.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        self.problems.append(Problem(severity, name, message, hint))

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


def _listed(directory: str) -> list[os.DirEntry[str]]:
    with os.scandir(directory) as listing:
        return sorted(listing, key=lambda entry: entry.name)


def _is_nameable(path: str) -> bool:
    """A URL holds UTF-8 (surrogates mark bytes that are not); no tool survives control characters."""
    if path.isascii():
        return path.isprintable()
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return all(ord(character) >= 0x20 and ord(character) != 0x7F for character in path)
