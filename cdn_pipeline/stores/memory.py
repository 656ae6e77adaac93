"""A store in memory: for tests, and for looking at every step of a deploy.

Nothing in it depends on chance or on the time: its clock stands until `Memory.advance`, an ETag is made of
the body as S3 does, and versions are counted for each key.
"""

from __future__ import annotations

import bisect
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from cdn_pipeline.digest import sha256 as digest_of
from cdn_pipeline.stores import CREATE, Body, Condition, Conflict, Got, Listed, Match, StoreError

PAGE = 1_000  # objects of one listing request, as in S3
EPOCH_S = 1_700_000_000.0  # where the clock begins

Watcher: TypeAlias = Callable[[str, str, str], None]


class _Version(NamedTuple):
    body: bytes
    headers: Mapping[str, str]
    sha256: str
    modified_s: float
    name: str

    @property
    def etag(self) -> str:
        return f'"{self.sha256[:32]}"'

    def listed(self, key: str) -> Listed:
        return Listed(key, len(self.body), self.etag, self.modified_s, self.name)


class Memory:
    """Objects by key, each with its versions."""

    has_versions = True

    def __init__(self, url: str = "memory:") -> None:
        self.url = url
        self._objects: dict[str, list[_Version]] = {}  # the newest last
        self._written: dict[str, int] = {}  # how many versions a key ever had
        self._clock_s = EPOCH_S
        self._lock = threading.RLock()
        self._watchers: list[Watcher] = []

    def on_call(self, watcher: Watcher) -> Callable[[], None]:
        """*watcher* is called with ``("before" | "after", operation, key)`` around every request, in the
        thread that makes it. What it raises before is a request that never arrived; what it raises after,
        one whose answer was lost. Returns what ends the watching."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def advance(self, seconds: float) -> None:
        """Sets the clock forward."""
        self._clock_s += seconds

    def list(self, prefix: str = "") -> Iterator[Listed]:
        """See `Store.list`."""
        return self._pages("list", prefix, newest_only=True)

    def versions(self, prefix: str = "") -> Iterator[Listed]:
        """See `Store.versions`."""
        return self._pages("versions", prefix, newest_only=False)

    def get(self, key: str) -> Got | None:
        """See `Store.get`."""
        self._tell("before", "get", key)
        with self._lock:
            versions = self._objects.get(key)
            newest = versions[-1] if versions else None
        self._tell("after", "get", key)
        return newest and Got(newest.body, newest.etag, newest.headers, newest.name, newest.sha256)

    def head(self, key: str) -> Got | None:
        """See `Store.head`."""
        self._tell("before", "head", key)
        with self._lock:
            versions = self._objects.get(key)
            newest = versions[-1] if versions else None
        self._tell("after", "head", key)
        return newest and Got(b"", newest.etag, newest.headers, newest.name, newest.sha256)

    def put(
        self, key: str, body: Body, headers: Mapping[str, str], sha256: str, condition: Condition = None
    ) -> str:
        """See `Store.put`."""
        content = body if isinstance(body, bytes) else body.read_bytes()
        self._tell("before", "put", key)
        with self._lock:
            etag = self._put(key, content, headers, sha256, condition)
        self._tell("after", "put", key)
        return etag

    def delete(self, key: str, version: str) -> None:
        """See `Store.delete`."""
        self._tell("before", "delete", key)
        with self._lock:
            kept = [one for one in self._objects.pop(key, []) if one.name != version]
            if kept:
                self._objects[key] = kept
        self._tell("after", "delete", key)

    def held(self, headers: Mapping[str, str]) -> dict[str, str]:
        """All of them."""
        return dict(headers)

    def now_s(self) -> float:
        """See `Store.now_s`."""
        return self._clock_s

    def close(self) -> None:
        """Nothing: the objects stay, for whoever opens the name again."""

    def _put(
        self, key: str, body: bytes, headers: Mapping[str, str], sha256: str, condition: Condition
    ) -> str:
        if digest_of(body) != sha256:
            raise StoreError(f"{self.url}: {key}: the bytes are not those announced", action="memory:put")
        versions = self._objects.get(key, [])
        if condition == CREATE and versions:
            raise Conflict(key)
        if isinstance(condition, Match) and (not versions or versions[-1].etag != condition.etag):
            raise Conflict(key)
        self._written[key] = self._written.get(key, 0) + 1
        new = _Version(body, dict(headers), sha256, self._clock_s, str(self._written[key]))
        self._objects[key] = [*versions, new]
        return new.etag

    def _pages(self, operation: str, prefix: str, *, newest_only: bool) -> Iterator[Listed]:
        after = ""
        while True:
            self._tell("before", operation, prefix)
            with self._lock:
                keys = self._keys(prefix, after)
                page = [one for key in keys for one in self._listed(key, newest_only)]
            self._tell("after", operation, prefix)
            yield from page
            if len(keys) < PAGE:
                return
            after = keys[-1]

    def _keys(self, prefix: str, after: str) -> Sequence[str]:
        keys = sorted(key for key in self._objects if key.startswith(prefix))
        begin = bisect.bisect_right(keys, after)
        return keys[begin : begin + PAGE]

    def _listed(self, key: str, newest_only: bool) -> Sequence[Listed]:
        versions = self._objects[key]
        return [one.listed(key) for one in (versions[-1:] if newest_only else reversed(versions))]

    def _tell(self, moment: str, operation: str, key: str) -> None:
        for watcher in tuple(self._watchers):
            watcher(moment, operation, key)


_NAMED: dict[str, Memory] = {}


def named(name: str) -> Memory:
    """The store of that name, the same one all over the process."""
    return _NAMED.setdefault(name, Memory(f"memory:{name}"))


def forget() -> None:
    """Drops every named store, between tests."""
    _NAMED.clear()
