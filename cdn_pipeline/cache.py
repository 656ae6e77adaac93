"""The cache: results by what they were made from. It may be thrown away at any time.

One SQLite file, since that survives crashes and several builds at once, and travels as one piece between
CI runs. It holds derived bytes only; each value carries a checksum, so a damaged one is a miss.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import zlib
from pathlib import Path

NAME = "cache.sqlite3"
BUFFER = 4_000_000  # bytes held back before they are written in one transaction
LIMIT = 1_000_000_000  # bytes; a larger cache is cut down to what the last build used


class Cache:
    """A mapping from keys (any text) to bytes that never fails: a cache that cannot work misses."""

    def __init__(self, directory: Path | None) -> None:
        """Opens or makes the cache in *directory*; without one it lives in a temporary file."""
        self._file = None if directory is None else directory / NAME
        self._pending: dict[str, bytes] = {}
        self._pending_size = 0
        self._is_full = False  # nothing more can be written: what is put from here on stays in memory
        self._used: set[str] = set()
        self._connection = self._open()

    def _open(self) -> sqlite3.Connection | None:
        for attempt in range(2):
            try:
                if self._file is not None:
                    self._file.parent.mkdir(parents=True, exist_ok=True)
                    ignore_in_git(self._file.parent)
                return self._connect()
            except (sqlite3.Error, OSError) as error:
                if attempt or isinstance(error, sqlite3.OperationalError) or not self._discard():
                    break
        return None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file or "", timeout=10, isolation_level=None)
        try:
            connection.execute("PRAGMA page_size=16384")  # of a new file: values have kilobytes
            connection.execute("PRAGMA journal_mode=TRUNCATE")  # WAL would write all twice
            connection.execute("PRAGMA synchronous=OFF")  # a lost cache costs time, never correctness
            connection.execute("CREATE TABLE IF NOT EXISTS result (key TEXT PRIMARY KEY, value BLOB)")
            connection.execute("SELECT value FROM result LIMIT 1").fetchone()
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _discard(self) -> bool:
        """Removes a file that is no SQLite database; says whether there was one."""
        if self._file is None:
            return False
        gone = False
        for suffix in ("", "-journal", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                os.unlink(f"{self._file}{suffix}")
                gone = True
        return gone

    def get(self, key: str) -> bytes | None:
        """The value put under *key*, or ``None``."""
        self._used.add(key)
        if key in self._pending:
            return self._pending[key]
        if self._connection is None:
            return None
        try:
            row = self._connection.execute("SELECT value FROM result WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            self._give_up(error)
            return None
        if row is None or not isinstance(row[0], bytes):
            return None
        value = row[0][4:]
        return value if row[0][:4] == _checksum(key, value) else None

    def keep(self, key: str) -> None:
        """What is under *key* may be asked for later."""
        self._used.add(key)

    def put(self, key: str, value: bytes) -> None:
        """Keeps *value* for this build at least; it is on disk at the latest after `close`."""
        self._used.add(key)
        self._pending[key] = value
        self._pending_size += len(value)
        if self._pending_size > BUFFER:
            self.flush()

    def flush(self) -> None:
        """Writes what is pending, all or nothing; what cannot be written stays pending."""
        if self._connection is None or self._is_full or not self._pending:
            return
        rows = [(key, _checksum(key, value) + value) for key, value in self._pending.items()]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT OR REPLACE INTO result VALUES (?, ?)", rows)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._give_up(error)
        else:
            self._pending.clear()
            self._pending_size = 0

    def _give_up(self, error: sqlite3.Error) -> None:
        """A damaged file is replaced; a busy, full or read-only one is merely not written to any more."""
        connection = self._connection
        if connection is None:
            return
        if isinstance(error, sqlite3.OperationalError):
            self._is_full = True
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            return
        self._connection = None
        with contextlib.suppress(sqlite3.Error):
            connection.close()
        if type(error) is sqlite3.DatabaseError:
            self._discard()
            self._connection = self._open()

    def close(self) -> None:
        """Flushes, and cuts a cache that has grown too large down to what this build used."""
        self.flush()
        if self._connection is None:
            return
        with contextlib.suppress(sqlite3.Error, OSError):
            if self._file is not None and self._file.stat().st_size > LIMIT:
                self._drop_unused(self._connection)
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        self._connection = None

    def _drop_unused(self, connection: sqlite3.Connection) -> None:
        keys = [key for (key,) in connection.execute("SELECT key FROM result") if key not in self._used]
        connection.executemany("DELETE FROM result WHERE key = ?", [(key,) for key in keys])
        connection.execute("VACUUM")


def _checksum(key: str, value: bytes) -> bytes:
    """Of both, since a damaged index leads to the whole value of another key."""
    return zlib.crc32(value, zlib.crc32(key.encode("utf-8", "surrogatepass"))).to_bytes(4, "big")


def ignore_in_git(directory: Path) -> None:
    """A directory of derived files tells git so itself."""
    marker = directory / ".gitignore"
    if not marker.exists():
        marker.write_text("*\n", "utf-8")
