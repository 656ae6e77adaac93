"""Freshness: whether anything changed since the last build, found out by looking at the file system only.

This is all that a build with nothing to do loads, so it imports next to nothing of ours and of Python's.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import sys
from collections.abc import Iterable
from typing import Any

from cdn_pipeline import note

NAME = "fresh.json"
PACKAGES = ("site-packages", "dist-packages")
# Folders of this program that no build uses.
APART = frozenset(("__pycache__", "cdns", "doctor", "integrations", "provision", "stores", "verbs"))
RACY_NS = 20_000_000  # a file written less than this before we looked may be written again unseen


Entries = dict[str, list[os.DirEntry[str]]]
"""What directories hold, sorted by name, each with what the system said of it."""


class Listings:
    """What directories hold, each looked at once until it is forgotten."""

    def __init__(self) -> None:
        self.entries: Entries = {}  # those of `keep`
        self._rows: dict[str, tuple[list[str], list[tuple[str, int]]]] = {}

    def rows(self, directory: str, *, keep: bool = False) -> tuple[list[str], list[tuple[str, int]]]:
        """A line for each file in *directory*, which starts with its name, size and mtime_ns, set off by
        tabs; and the path and inode of each directory in it. *keep* the entries in their stead."""
        found = self._rows.get(directory)
        if found is not None:
            return found
        with os.scandir(directory) as listing:
            entries = sorted(listing, key=_name)
        found = _looked(entries)
        if keep:
            self.entries[directory] = entries
        else:
            self._rows[directory] = found
        return found

    def has(self, directory: str) -> bool:
        """Whether it was looked at."""
        return directory in self._rows

    def forget(self, directory: str) -> None:
        """Something in it changed, or in one below it."""
        while directory != os.path.dirname(directory):
            self._rows.pop(directory, None)
            directory = os.path.dirname(directory)

    def signature(self, tops: Iterable[str], ours: Iterable[str] = (), *, keep: bool = False) -> str:
        """A digest of every name, size, time and inode below *tops* (directories or files), but not below the
        directories *ours*."""
        lines: list[str] = []
        skipped = {os.stat(place).st_ino for place in ours if os.path.isdir(place)}
        for top in tops:
            lines.append(f"\0{top}")
            self._look(top, lines, skipped, keep)
        return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()

    def _look(self, top: str, lines: list[str], skipped: set[int], keep: bool) -> None:
        pending = [top]
        while pending:
            directory = pending.pop()
            try:
                rows, below = self.rows(directory, keep=keep)
            except NotADirectoryError:
                lines.append(_row(directory, os.stat(directory)))
                continue
            except OSError as error:
                lines.append(f"{directory} {error.errno}")
                continue
            lines.append(directory)
            lines += rows
            pending += [path for path, inode in below if inode not in skipped]


def _looked(entries: Iterable[os.DirEntry[str]]) -> tuple[list[str], list[tuple[str, int]]]:
    rows: list[str] = []
    below: list[tuple[str, int]] = []
    for entry in entries:
        try:
            if entry.is_file(follow_symlinks=False):
                rows.append(_row(entry.name, entry.stat()))
            elif entry.is_dir(follow_symlinks=False):
                below.append((entry.path, entry.inode()))
            else:
                if entry.is_symlink():
                    # Where it leads is below the same top and seen there, or outside and no part of the site.
                    rows.append(f"{entry.name} -> {os.readlink(entry.path)}")
                if entry.is_file() or not entry.is_symlink():
                    rows.append(_row(entry.name, entry.stat()))
        except OSError as error:
            rows.append(f"{entry.name} {error.errno}")
    return rows, below


def signature(tops: Iterable[str], ours: Iterable[str] = ()) -> str:
    """See `Listings.signature`; looks anew."""
    return Listings().signature(tops, ours)


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def is_settled(files: Iterable[str], started_ns: int) -> bool:
    """Whether none of *files* was written so shortly before *started_ns*, or since, that its time could hide
    a further change. Only then may anything be concluded from its `signature`."""
    for file in files:
        try:
            status = os.stat(file)
        except OSError:
            continue
        if max(status.st_mtime_ns, status.st_ctime_ns) > started_ns - RACY_NS:
            return False
    return True


def _row(name: str, status: os.stat_result) -> str:
    return f"{name}\t{status.st_size}\t{status.st_mtime_ns}\t{status.st_ctime_ns}\t{status.st_ino}"


@functools.cache
def code_stamp() -> str:
    """Changes when a file of this program that a build may use does, by what the file system says of it;
    reads none."""
    listings, lines, pending = Listings(), [], [os.path.dirname(__file__)]
    while pending:
        rows, below = listings.rows(pending.pop())
        lines += rows
        pending += [path for path, _ in below if os.path.basename(path) not in APART]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def library_stamp(places: Iterable[str]) -> str:
    """Changes when this Python does, or when a package is installed or removed in one of *places*, those of
    `sys.path`. Looks at directories only: to ask every package for its version takes longer than a build."""
    rows = [sys.version]
    for place in places:
        if os.path.basename(place) in PACKAGES and os.path.isdir(place):
            status = os.stat(place)
            rows.append(f"{place}\t{status.st_mtime_ns}\t{status.st_ino}")
    return hashlib.sha256("\n".join(rows).encode("utf-8", "surrogateescape")).hexdigest()


def forget(directory: str) -> None:
    """From here on until the next note, a build must look closely."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(directory, NAME))


class Look:
    """One look at what a build reads and has written, beside what the last one noted in *directory*.

    *key* stands for everything that is not looked at: the config's text, and this program.
    """

    def __init__(self, directory: str, key: str) -> None:
        self.sources = Listings()  # as they were at the first look
        self._directory = directory
        self._key = key
        self._noted = note.read(os.path.join(directory, NAME))
        self._seen: tuple[list[list[str]], str] = ([], "")

    def unchanged(self) -> dict[str, Any] | None:
        """The summary of the last build, if a build now could only do the same again."""
        noted = self._noted
        try:
            if noted["key"] != self._key:
                return None
            if noted["before"] != self.before(noted["sources"], noted["ours"]):
                return None
            summary: dict[str, Any] = noted["summary"]
            return summary if noted["after"] == signature(noted["outputs"]) else None
        except (KeyError, TypeError, OSError):
            return None

    def before(self, sources: list[str], ours: list[str]) -> str:
        """The `signature` of *sources* as they were at the first look: whatever changes later will differ."""
        if self._seen[0] != [sources, ours]:
            self._seen = ([sources, ours], self.sources.signature(sources, ours, keep=True))
        return self._seen[1]

    def note(
        self,
        sources: list[str],
        ours: list[str],
        outputs: tuple[list[str], Listings],
        summary: dict[str, Any],
    ) -> None:
        """Notes a finished build, or nothing where that cannot be written; by replacing, so that there is
        always one whole note or none. *outputs* are all that must not have changed since then, whoever wrote
        it, and what was seen of them."""
        name = os.path.join(self._directory, NAME)
        noted = {
            "key": self._key,
            "sources": sources,
            "ours": ours,
            "before": self.before(sources, ours),
            "outputs": outputs[0],
            "after": outputs[1].signature(outputs[0]),
            "summary": summary,
        }
        with contextlib.suppress(OSError):
            with open(name + ".new", "wb") as file:
                file.writelines(note.sealed(noted))
            os.replace(name + ".new", name)
