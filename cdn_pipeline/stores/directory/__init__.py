"""A store in a directory: plain files, as any web server serves them.

Bytes come in under a name of no meaning and get their own under one lock, by a call that does it whole or not
at all. Our own business is below ``.cdn_pipeline``, which no web server should show.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from cdn_pipeline import PRIVATE
from cdn_pipeline.stores import CREATE, Body, Condition, Conflict, Got, Listed, Match, StoreError
from cdn_pipeline.stores.directory import file as files
from cdn_pipeline.stores.directory import sidecar

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

RESERVED = tuple(f"{PRIVATE}/{name}" for name in ("objects", "incoming", "lock"))
NOTES, INCOMING, LOCK = RESERVED
ABANDONED_S = 86_400  # what came in and has no name by then will not get one
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Directory:
    """The files below *path*. A file's one version, and its ETag, is its identity."""

    has_versions = True

    def __init__(self, path: Path, url: str) -> None:
        self.path = path
        self.url = url
        self._is_ready = False
        self._unsynced: set[Path] = set()  # directories with names that may not be on disk yet
        self._unsynced_lock = threading.Lock()

    def list(self, prefix: str = "") -> Iterator[Listed]:
        """See `Store.list`. Symbolic links and whatever else is no plain file are not there."""
        with self._telling("list", prefix):
            return iter(sorted(self._found(self.path / prefix.rpartition("/")[0], prefix)))

    def versions(self, prefix: str = "") -> Iterator[Listed]:
        """See `Store.versions`. Files that this store did not write are left out."""
        notes = self.path / NOTES
        return (one for one in self.list(prefix) if sidecar.read(notes, one.key, one.etag))

    def get(self, key: str) -> Got | None:
        """See `Store.get`."""
        return self._read(key, "get")

    def head(self, key: str) -> Got | None:
        """See `Store.head`."""
        return self._read(key, "head")

    def put(
        self, key: str, body: Body, headers: Mapping[str, str], sha256: str, condition: Condition = None
    ) -> str:
        """See `Store.put`."""
        with self._telling("put", key):
            self._prepare()
            with self._incoming() as fresh:
                if files.copy(body, fresh) != sha256:
                    raise self._error("put", key, "the bytes are not those announced", "build again")
                return self._give_name(key, fresh, sidecar.Note(sha256, headers), condition)

    def delete(self, key: str, version: str) -> None:
        """See `Store.delete`. Directories that become empty go, too."""
        with self._telling("delete", key), self._lock():
            file = self._file(key)
            if files.identity(file) == version:
                file.unlink()
                sidecar.forget(self.path / NOTES, key)
                self._remove_empty(file.parent)

    def held(self, headers: Mapping[str, str]) -> dict[str, str]:
        """All of them, though it is up to a web server to send them."""
        return dict(headers)

    def now_s(self) -> float:
        """See `Store.now_s`. The clock of the file system, which need not be this machine's."""
        with self._telling("now", ""):
            self._prepare()
            with self._incoming() as fresh:
                return max(fresh.stat().st_mtime_ns, (self.path / LOCK).stat().st_mtime_ns) / 1e9

    def close(self) -> None:
        """Nothing is open between two calls."""

    def _found(self, directory: Path, prefix: str) -> Iterator[Listed]:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(directory) as entries:
            for entry in entries:
                key = Path(entry.path).relative_to(self.path).as_posix()
                if key in RESERVED:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    yield from self._found(Path(entry.path), prefix)
                elif key.startswith(prefix) and entry.is_file(follow_symlinks=False):
                    with contextlib.suppress(FileNotFoundError):
                        yield files.listed(key, entry.stat(follow_symlinks=False))

    def _read(self, key: str, action: str) -> Got | None:
        with self._telling(action, key):
            file = self._file(key)
            if file.is_dir():
                return None
            self._check_plain(key, file)
            found = files.read(file, is_whole=action == "get")
            if found is None:
                return None
            identity, body = found
            note = sidecar.read(self.path / NOTES, key, identity)
            if note is None and files.identity(file) != identity:  # replaced meanwhile, and its note, too
                return self._read(key, action)
            if note is None and not files.is_spelled_so(self.path, key):
                return None
            sha256, headers = note or (None, {})
            return Got(body, identity, headers, identity, sha256)

    def _give_name(self, key: str, fresh: Path, note: sidecar.Note, condition: Condition) -> str:
        with self._lock() as lock:
            file = self._file(key)
            self._check_plain(key, file)
            there = files.identity(file)
            if _is_refused(condition, there):
                if there:
                    self._check_spelling(key)
                raise Conflict(key)
            identity = files.stamped(fresh, lock)
            self._write_note(key, note, identity, there)
            file.parent.mkdir(parents=True, exist_ok=True)
            files.rename(fresh, file, is_new=condition == CREATE, key=key)
        self._sync(key, file.parent)
        return identity

    def _write_note(self, key: str, note: sidecar.Note, identity: str, there: str) -> None:
        notes = self.path / NOTES
        before = sidecar.read(notes, key, there)
        sidecar.write(notes, key, {identity: note} | ({there: before} if before else {}))

    def _sync(self, key: str, directory: Path) -> None:
        """What a document of ours names is on disk before the document is."""
        with self._unsynced_lock:
            self._unsynced.add(directory)
            if not key.startswith(f"{PRIVATE}/"):
                return
            directories, self._unsynced = sorted(self._unsynced), set()
        for one in directories:
            files.sync(one)

    def _file(self, key: str) -> Path:
        """Where *key* lies. Refuses what would lie elsewhere."""
        parts = key.split("/")
        if {"", ".", ".."} & set(parts) or "\0" in key or "/".join(parts[:2]) in RESERVED:
            raise self._error("name", key, "cannot be the name of a file here", "rename the asset")
        file = self.path.joinpath(*parts)
        if not file.parent.resolve().is_relative_to(self.path.resolve()):
            raise self._error("name", key, "a symbolic link leads out of the directory", "remove the link")
        return file

    def _check_plain(self, key: str, file: Path) -> None:
        if files.is_something_else(file):
            raise self._error("name", key, "is there, and no plain file", "remove it, or rename the asset")

    def _check_spelling(self, key: str) -> None:
        if not files.is_spelled_so(self.path, key):
            what = "this file system takes it for another file's name"
            raise self._error("put", key, what, "rename one of the two assets")

    def _prepare(self) -> None:
        """Makes what we need, and removes what crashed processes left."""
        if self._is_ready:
            return
        for name in (NOTES, INCOMING):
            (self.path / name).mkdir(parents=True, exist_ok=True)
        (self.path / LOCK).touch()
        with self._incoming() as fresh:
            limit = fresh.stat().st_mtime - ABANDONED_S
            for file in (self.path / INCOMING).iterdir():
                with contextlib.suppress(FileNotFoundError):
                    if file.stat().st_mtime < limit:
                        file.unlink()
        self._is_ready = True

    @contextlib.contextmanager
    def _incoming(self) -> Iterator[Path]:
        """A new file without a name of its own. What has not been renamed in the end is removed."""
        fresh = self.path / INCOMING / uuid.uuid4().hex
        os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        try:
            yield fresh
        finally:
            fresh.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _lock(self) -> Iterator[int]:
        """Nobody else gives or takes names meanwhile. Ends with the process, whatever ends it."""
        if fcntl is None:
            what = "needs file locks, which Windows has not"
            raise self._error("lock", "", what, "use WSL, or an s3:// store")
        self._prepare()
        with open(self.path / LOCK, "ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield lock.fileno()

    def _remove_empty(self, directory: Path) -> None:
        with contextlib.suppress(OSError):
            while directory != self.path and directory.name != PRIVATE:
                directory.rmdir()
                directory = directory.parent

    @contextlib.contextmanager
    def _telling(self, action: str, key: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            is_denied = isinstance(error, PermissionError) or error.errno == errno.EROFS
            hint = "let this user write there" if is_denied else "look at the directory"
            hint = "make room on the disk" if error.errno in FULL else hint
            raise self._error(action, key, error.strerror or str(error), hint, is_denied=is_denied) from error

    def _error(self, action: str, key: str, what: str, hint: str, *, is_denied: bool = False) -> StoreError:
        place = f"{self.url}: {key}" if key else self.url
        return StoreError(f"{place}: {what}; {hint}", action=f"directory:{action}", is_denied=is_denied)


def _is_refused(condition: Condition, there: str) -> bool:
    """*there* is the identity of the present file, or ""."""
    if isinstance(condition, Match):
        return there != condition.etag
    return condition == CREATE and bool(there)
