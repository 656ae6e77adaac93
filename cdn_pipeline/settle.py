"""Settling: what a switch has left to be done, by whoever comes first.

Objects without a fingerprint get the bytes of the published release, then CDNs are told. A run that was
asleep must not bring back older bytes, so what is there is looked at first, then which release is published,
and the put holds only for what was seen. Whoever finds the state changed at the end looks at the same objects
again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from cdn_pipeline import digest
from cdn_pipeline.cdns import CdnError
from cdn_pipeline.current import Current, Pending
from cdn_pipeline.errors import PublishError
from cdn_pipeline.home import Home, Seen
from cdn_pipeline.record import Kept, Record
from cdn_pipeline.stores import CREATE, Conflict, Got, Match, Store
from cdn_pipeline.upload import each, has

TRIES = 20  # each of which somebody else has made fail by getting on with his own work

Invalidate = Callable[[Pending], None]
"""Has the CDN of a target forget paths. Raises `CdnError`."""
Pair = tuple[str, str]  # (place, key)


class Put(NamedTuple):
    """An object whose bytes or headers were others."""

    place: str
    key: str
    size: int  # bytes
    is_new: bool  # nothing was there


class Settled(NamedTuple):
    """What came of it."""

    seen: Seen
    put: tuple[Put, ...]
    warnings: tuple[str, ...]  # what is still pending, and why


class Settler:
    """One run's way of settling."""

    def __init__(
        self,
        home: Home,
        invalidate: Invalidate,
        concurrency: int = 1,
        files: Mapping[str, Path] | None = None,
    ) -> None:
        """*files*: of this machine, by digest, which need not be fetched."""
        self.home = home
        self.invalidate = invalidate
        self.concurrency = concurrency
        self.files = files or {}

    def settle(self, seen: Seen) -> Settled:
        """Does what is pending in the state last *seen*. What a CDN does not take is left for a later run."""
        touched: dict[Pair, Put] = {}
        for _ in range(TRIES):
            seen, is_right = self._look(seen, touched)
            if not is_right:
                continue
            left, warnings = self._tell(seen.current.pending)
            after = seen.current._replace(pending=left).without_doom(touched)
            try:
                if after != seen.current:
                    seen = self.home.swap(seen, after)
                elif touched:
                    seen, before = self.home.seen(), seen
                    if seen.etag != before.etag:
                        continue
                return Settled(seen, tuple(touched.values()), tuple(warnings))
            except Conflict:
                seen = self.home.seen()
        raise PublishError("others publish all the time; what is left to be done, the next deploy will do")

    def _look(self, seen: Seen, touched: dict[Pair, Put]) -> tuple[Seen, bool]:
        """The state as it is now, and whether all objects have its bytes."""
        pairs = _pairs(seen.current.pending, touched)
        if not pairs or seen.current.release is None:
            return seen, True
        heads = dict(zip(pairs, each(self._head, pairs, self.concurrency), strict=True))
        seen = self.home.seen()
        if any(pair not in heads for pair in _pairs(seen.current.pending, ())):
            return seen, False
        record = self._record(seen.current)
        wrong = [pair for pair in pairs if self._is_wrong(pair, record, heads[pair], seen.current)]
        for pair in wrong:
            size = record.shelves[pair[0]].objects[pair[1]].size
            touched.setdefault(pair, Put(*pair, size, heads[pair] is None))
        results = list(each(lambda pair: self._put(pair, record, heads[pair]), wrong, self.concurrency))
        return seen, all(results)

    def _head(self, pair: Pair) -> Got | None:
        place, key = pair
        return self.home.stores[place].head(key) if place in self.home.stores else None

    def _record(self, current: Current) -> Record:
        record = self.home.record(current.release or "")
        if record is None:
            raise PublishError(
                f"release {current.release} is published and has no record; deploy a build, or roll back to "
                "a release that has one"
            )
        return record

    def _is_wrong(self, pair: Pair, record: Record, there: Got | None, current: Current) -> bool:
        place, key = pair
        wanted = _kept(record, pair)
        if wanted is None or place not in self.home.stores:
            return False
        if there is None or there.sha256 != wanted.sha256 or current.is_doomed(place, key):
            return True
        return not has(self.home.stores[place], there.headers, wanted.headers)

    def _put(self, pair: Pair, record: Record, there: Got | None) -> bool:
        """Whether the object is the release's now."""
        place, key = pair
        wanted = _kept(record, pair)
        assert wanted is not None
        store = self.home.stores[place]
        body = self._body(store, key, wanted)
        if body is None:
            raise PublishError(
                f"{store.url.rstrip('/')}/{key}: the bytes that release {record.release} has for it are "
                "lost; deploy its build again"
            )
        try:
            store.put(key, body, wanted.headers, wanted.sha256, Match(there.etag) if there else CREATE)
            return True
        except Conflict:
            return False

    def _body(self, store: Store, key: str, wanted: Kept) -> bytes | Path | None:
        """The bytes that the object should have; what has a fingerprint has them already."""
        if wanted.is_immutable:
            got = store.get(key)
            return got.body if got is not None and digest.sha256(got.body) == wanted.sha256 else None
        return self.files.get(wanted.sha256) or self.home.blob(wanted.sha256)

    def _tell(self, pending: Sequence[Pending]) -> tuple[tuple[Pending, ...], list[str]]:
        """Tells CDNs what to forget; returns what is still pending, and why."""
        left, warnings = [], []
        for one in pending:
            try:
                if one.paths:
                    self.invalidate(one)
            except CdnError as error:
                left.append(one._replace(keys=()))
                warnings.append(f"targets.{one.target}: {error}; the next deploy will tell it again")
        return tuple(left), warnings


def _pairs(pending: Iterable[Pending], touched: Iterable[Pair]) -> list[Pair]:
    found = {(one.target, key): None for one in pending for key in one.keys}
    return sorted(found | dict.fromkeys(touched))


def _kept(record: Record, pair: Pair) -> Kept | None:
    """What the release has under that key; ``None`` where it has nothing, and what is there may stay."""
    shelf = record.shelves.get(pair[0])
    return shelf.objects.get(pair[1]) if shelf is not None else None
