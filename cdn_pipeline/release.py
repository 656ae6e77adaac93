"""The build directory: outputs are staged, switched in atomically, and kept for some releases.

A ledger in ``<build>/.cdn_pipeline/`` lists every file that is ours, so that nothing else is ever removed or
overwritten, and what each of them looked like when it was written.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from cdn_pipeline import PRIVATE, ledger, note
from cdn_pipeline.compress import SUFFIXES
from cdn_pipeline.errors import ERROR, Problem, SiteError
from cdn_pipeline.freshness import Listings
from cdn_pipeline.staging import Staging


class BuildDirectory:
    """One build's hold on the directory: at most one process has it open at a time."""

    def __init__(self, path: Path, shown: str) -> None:
        self.path = path
        self.shown = shown
        self.private = path / PRIVATE
        self._staging = Staging(f"{self.private}{os.sep}staging{os.sep}")
        self._top = f"{path}{os.sep}"
        self.ledger: dict[str, Any] = {}
        self.listings = Listings()
        self.started_ns = 0  # by the clock of the file system
        self._is_switching = False
        self._lock: int | None = None

    def open(self, waiting: Callable[[], None] | None = None) -> None:
        """Makes the directory, waits for the build that has it (calling *waiting* once), reads the ledger.

        Raises `SiteError` if nothing can be written there.
        """
        try:
            self.private.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.private / "lock", os.O_RDWR | os.O_CREAT, 0o666)
            _take(self._lock, waiting)
            os.utime(self.private / "lock")
            self.started_ns = os.fstat(self._lock).st_mtime_ns
            self._staging.remove()
            self._staging.make()
        except OSError as error:
            raise self.failure(error) from error
        self.ledger = ledger.read(self.path, self.private)

    def look(self) -> None:
        """Reads the ledger, if there is one, without making or holding anything."""
        self.ledger = ledger.read(self.path, self.private)

    def close(self) -> None:
        """Lets go, and leaves nothing half-done behind."""
        if self._lock is not None:
            self._staging.remove()
            os.close(self._lock)  # also unlocks
            self._lock = None

    def failure(self, error: OSError) -> SiteError:
        """*error* as the user should read it."""
        hints = {
            errno.ENOSPC: "free some space; the last build is untouched",
            errno.EACCES: "make it writable, or build elsewhere with --out",
            errno.EROFS: "make it writable, or build elsewhere with --out",
            errno.ENOTDIR: "something there is a file; remove it, or build elsewhere with --out",
        }
        message = f"cannot be written: {(error.strerror or str(error)).lower()}"
        hint = hints.get(error.errno or 0, "the last build is untouched")
        if self._is_switching:
            hint = (
                f"{hint.partition(';')[0]}; then build again, the switch to the new release is not finished"
            )
        return SiteError([Problem(ERROR, self._place(error), message, hint)])

    def _place(self, error: OSError) -> str:
        """The file that *error* names, if it is one that we make; else the build directory."""
        file = Path(os.fsdecode(error.filename2 or error.filename or ""))
        if file.is_relative_to(self.path) and not file.is_relative_to(self.private):
            return os.path.join(self.shown, file.relative_to(self.path))
        return self.shown

    def notes(self, program: str) -> dict[str, Any]:
        """What the last build noted besides; nothing if it was another *program*, whose notes may be of
        another form."""
        return self.ledger if self.ledger.get("program") == program else {}

    @property
    def files(self) -> dict[str, str]:
        """Every file that is ours: ``{path below the build directory: its `ledger.stamp_in`}``."""
        files: dict[str, str] = self.ledger["files"]
        return files

    def intact(self) -> set[str]:
        """Our files that still look as they did when they were written."""
        there: set[str] = set()
        files = self.files
        for directory in {name.rpartition("/")[0] for name in files}:
            below = f"{directory}/" if directory else ""
            with contextlib.suppress(OSError):
                for row in self.listings.rows(f"{self._top}{directory}" if directory else str(self.path))[0]:
                    name, _, seen = row.partition("\t")
                    if seen.startswith(files.get(below + name, ledger.UNKNOWN)):
                        there.add(below + name)
        return there

    def staged_name(self) -> str:
        """A new file name in the staging directory."""
        try:
            return self._staging.name()
        except OSError as error:
            raise self.failure(error) from error

    def stage(self, content: bytes | bytearray) -> str:
        """The name of a new file with *content*."""
        try:
            return self._staging.file(content)
        except OSError as error:
            raise self.failure(error) from error

    def keep(self, name: str, content: bytes | bytearray, kept: str) -> None:
        """Keeps the document *name* as *kept* in the private directory, where *content* will replace it by
        another."""
        try:
            there = (self.path / name).read_bytes()
        except OSError:
            return
        if there != content:
            staged = self.stage(there)
            os.replace(staged, self.private / kept)

    def switch(
        self,
        staged: Mapping[str, str],
        documents: dict[str, bytes | bytearray],
        publish: Callable[[], None] | None = None,
    ) -> None:
        """Switches to a release: moves the outputs, ``{output: staged file}``, to their places, calls
        *publish*, then writes *documents* in their order, the manifest last, and forgets their contents."""
        try:
            self._announce(staged, documents)
            self._is_switching = True
            for output, source in staged.items():
                self._move(source, output)
            if publish is not None:
                publish()
            for name in documents:
                self._publish(name, documents[name])
                documents[name] = b""
        except OSError as error:
            raise self.failure(error) from error

    def settle(
        self, written: Iterable[str], release: tuple[str, list[str]], keep: int, notes: Mapping[str, Any]
    ) -> list[str]:
        """After a switch, notes what was *written* and removes what no longer is of use; returns that.

        *release* is its id and all its files; of older releases, the files of the newest *keep* - 1 stay.
        """
        try:
            return self._settle(tuple(written), release, keep, notes)
        except OSError as error:
            raise self.failure(error) from error

    def _announce(self, staged: Iterable[str], documents: Iterable[str]) -> None:
        """Before a file is on disk it is announced as ours: a crash leaves nothing that we disown."""
        fresh = [name for name in (*staged, *documents) if name not in self.files]
        if fresh:
            self._replace(ledger.ANNOUNCED, [("files", fresh)])

    def _move(self, source: str, name: str) -> None:
        file = self._top + name
        try:
            os.replace(source, file)
        except (FileNotFoundError, NotADirectoryError):
            os.makedirs(os.path.dirname(file), exist_ok=True)
            os.replace(source, file)

    def _publish(self, name: str, content: bytes | bytearray) -> None:
        with contextlib.suppress(OSError):
            if (self.path / name).read_bytes() == content:
                return
        self._move(self.stage(content), name)

    def _settle(
        self, written: tuple[str, ...], release: tuple[str, list[str]], keep: int, notes: Mapping[str, Any]
    ) -> list[str]:
        self.files.update(dict.fromkeys(written, ledger.UNKNOWN))
        removed = self._outlived(written, *release, keep)
        for name in removed:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._top + name)
            del self.files[name]
        self._remove_empty_directories(removed)
        for directory in {os.path.dirname(self._top + name) for name in (*written, *removed)}:
            self.listings.forget(directory)
        self._stamp(written)
        self.ledger.update(notes)
        self._replace(ledger.NAME, ledger.written(self.ledger))
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.private / ledger.ANNOUNCED)
        return removed

    def _outlived(self, written: Iterable[str], identity: str, files: list[str], keep: int) -> list[str]:
        """Notes a release, and returns what no release that is kept has any more."""
        current = set(files)
        self.ledger["releases"] = _with_release(self.ledger["releases"], identity, sorted(current), keep)
        older = {name for _, names in self.ledger["releases"][1:] for name in names} - current
        kept = current.union(older - _outdated_neighbours(older, current), written)
        return sorted(name for name in self.files if name not in kept)

    def _stamp(self, written: Iterable[str]) -> None:
        """Notes what these files look like now, by listings that will be wanted anyway."""
        fresh = set(written)
        for directory in {name.rpartition("/")[0] for name in fresh}:
            below = f"{directory}/" if directory else ""
            for row in self.listings.rows(f"{self._top}{directory}" if directory else str(self.path))[0]:
                name, _, seen = row.partition("\t")
                if below + name in fresh:
                    self.files[below + name] = ledger.stamp_in(seen)

    def _remove_empty_directories(self, removed: Iterable[str]) -> None:
        for directory in sorted({os.path.dirname(name) for name in removed}, key=len, reverse=True):
            with contextlib.suppress(OSError):
                while directory:
                    os.rmdir(self.path / directory)
                    directory = os.path.dirname(directory)

    def _replace(self, name: str, document: Iterable[tuple[str, Any]]) -> None:
        staged = self.staged_name()
        with open(staged, "wb") as file:
            file.writelines(note.sealed_items(document))
        os.replace(staged, self.private / name)


Releases = list[tuple[str, list[str]]]
"""Ids of releases and their files, the newest first; of the others only what the next newer one lacks."""


def _with_release(releases: Releases, identity: str, files: list[str], keep: int) -> Releases:
    """*releases* and another one, of which the newest *keep* are wanted."""
    older: Releases = []
    carried: set[str] = set()
    for each, there in releases:
        if each == identity:
            carried = set(there)  # which the next older one leaves out
        else:
            older.append((each, sorted(carried.union(there).difference(files))))
            carried = set()
    return [(identity, files), *older][:keep]


def _outdated_neighbours(names: Iterable[str], current: set[str]) -> set[str]:
    """Those of *names*, which are not *current*, that are an encoding of a current output: of its bytes of
    before."""
    return {
        name
        for name in names
        for suffix in SUFFIXES.values()
        if name.endswith(suffix) and name[: -len(suffix)] in current
    }


def _take(lock: int, waiting: Callable[[], None] | None) -> None:
    """An exclusive lock that the system drops when its owner dies."""
    try:
        import fcntl
    except ImportError:  # Windows: two builds at once are not told apart there
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if waiting is not None:
            waiting()
        fcntl.flock(lock, fcntl.LOCK_EX)
