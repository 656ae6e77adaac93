"""Homes: the stores of a site, one of which holds its state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cdn_pipeline import current as state
from cdn_pipeline import digest, record
from cdn_pipeline.config import Config
from cdn_pipeline.current import Current
from cdn_pipeline.errors import ERROR, ConfigError, Problem, PublishError
from cdn_pipeline.plan import BLOBS
from cdn_pipeline.record import Record
from cdn_pipeline.stores import CREATE, Condition, Conflict, Listed, Match, Store, open_store, probe

JSON = {"Content-Type": "application/json", "Cache-Control": "no-store"}
TRIES = 5  # of a record that a prune may take away between two looks
Open = Callable[[str, Path], Store]


class Seen(NamedTuple):
    """The state at one moment."""

    current: Current
    etag: str | None  # None: there is none yet

    @property
    def is_new(self) -> bool:
        """Whether nothing was ever published here."""
        return self.etag is None


class Home:
    """The stores of all places, and what is kept in one of them."""

    def __init__(self, name: str, stores: Mapping[str, Store]) -> None:
        self.name = name
        self.stores = stores
        self._records: dict[str, Record] = {}

    @property
    def store(self) -> Store:
        """The one that holds the state."""
        return self.stores[self.name]

    def place(self, name: str, store: str) -> Store:
        """The store of a place. Raises `PublishError` if that is not *store*, where a record has put it."""
        found = self.stores.get(name)
        if found is None:
            raise PublishError(
                f"targets.{name} has no store any more, and a release lies in {store}; "
                "bring the target back, or deploy a build of now"
            )
        return found

    def seen(self) -> Seen:
        """The state as it is now. One request."""
        got = self.store.get(state.KEY)
        if got is None:
            return Seen(Current(), None)
        return Seen(state.read(got.body, self._named(state.KEY)), got.etag)

    def swap(self, seen: Seen, new: Current) -> Seen:
        """Makes *new* the state, if it is still as it was *seen*. Raises `Conflict` otherwise, and
        `StoreError` if the store does not compare."""
        condition: Condition = CREATE
        if seen.etag is not None:
            condition = Match(seen.etag)
            if not seen.current.is_compared:  # once, before it is relied upon for the first time
                probe.probe(self.store, (probe.COMPARES,))
            new = new._replace(is_compared=True)
        written = new._replace(serial=seen.current.serial + 1)
        body = state.text(written)
        return Seen(written, self.store.put(state.KEY, body, JSON, digest.sha256(body), condition))

    def record(self, release: str) -> Record | None:
        """That of *release*; ``None`` if there is none. One request, unless it was read before."""
        found = self._records.get(release) or self._read(release)
        if found is not None:
            self._records[release] = found
        return found

    def published(self, seen: Seen) -> Record | None:
        """That of the release which is published; ``None`` where none is, or somebody has removed it."""
        return None if seen.current.release is None else self.record(seen.current.release)

    def _read(self, release: str) -> Record | None:
        key = record.key_of(release)
        got = self.store.get(key)
        if got is None:
            return None
        if got.sha256 not in (None, digest.sha256(got.body)):
            raise PublishError(f"{self._named(key)}: its bytes are not those that were written")
        return record.read(got.body, self._named(key))

    def keep(self, new: Record, current: Current) -> Record:
        """Records a release, unless that was done already; returns what is recorded then. Where *current*
        says that the record is about to be deleted, it is written again."""
        for _ in range(TRIES):
            is_doomed = current.is_doomed(self.name, record.key_of(new.release))
            there = self._read(new.release) if is_doomed else None
            if there is not None and there.content != new.content:
                new = record.renamed(new)
                continue
            try:
                body = new.text
                condition: Condition = None if is_doomed else CREATE
                self.store.put(record.key_of(new.release), body, JSON, digest.sha256(body), condition)
                return new
            except Conflict:
                there = self._read(new.release)
            if there is not None and there.content == new.content:
                return there
            new = record.renamed(new) if there is not None else new
        raise PublishError(f"release {new.release} cannot be recorded, since it comes and goes; deploy again")

    def blob(self, sha256: str) -> bytes | None:
        """The content with that digest, of an object without a fingerprint."""
        got = self.store.get(BLOBS + sha256)
        return got.body if got is not None and digest.sha256(got.body) == sha256 else None

    def listed(self, place: str) -> dict[str, Listed]:
        """Every object of a place by key, what is private among them."""
        return {each.key: each for each in self.stores[place].list()}

    def close(self) -> None:
        """Ends all connections."""
        for store in self.stores.values():
            store.close()

    def _named(self, key: str) -> str:
        return f"{self.store.url.rstrip('/')}/{key}"


def of(config: Config, open_: Open = open_store) -> Home:
    """Of the site *config*. Raises `ConfigError` where no target has a store, or one cannot be."""
    home = config.home
    if home is None:
        raise ConfigError([Problem(ERROR, config.file, "no target has a store", "set targets.NAME.store")])
    stores = {
        target.name: open_(target.store, config.root) for target in config.targets.values() if target.store
    }
    return Home(home.name, stores)


@contextmanager
def opened(config: Config, open_: Open = open_store) -> Iterator[Home]:
    """The same, closed at the end."""
    home = of(config, open_)
    try:
        yield home
    finally:
        home.close()
