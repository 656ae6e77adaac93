"""Status: the facts of what is published, for `status`, `releases` and `diff`. Asks, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cdn_pipeline import prune, releases, retention
from cdn_pipeline.config import Config
from cdn_pipeline.current import Current, Entry, Pending
from cdn_pipeline.difference import CONTENT, HEADERS, NEW
from cdn_pipeline.errors import PublishError
from cdn_pipeline.home import Home
from cdn_pipeline.record import Kept, Record, Shelf
from cdn_pipeline.retention import Rules

INCOMPLETE = "incomplete"  # recorded, but not all of it is there
DOOMED = "doomed"  # a prune has announced it
GONE = "gone"  # in a difference: only the first release has it


class Status(NamedTuple):
    """What is published."""

    home: str  # URL of the store that has the state
    release: str | None
    created: str | None  # when that was recorded first, ISO 8601
    places: Mapping[str, tuple[int, int]]  # objects and bytes of the release
    history: tuple[Entry, ...]  # the newest first
    pins: tuple[str, ...]
    pending: tuple[Pending, ...]
    doomed: int  # versions that a prune has announced to delete


class Release(NamedTuple):
    """One release."""

    id: str
    state: str  # one of `retention`'s, `INCOMPLETE` or `DOOMED`
    created: str  # when it was recorded first, ISO 8601
    published: str | None  # when it was published last
    objects: int
    bytes: int
    lacks: tuple[releases.Lack, ...]


class Change(NamedTuple):
    """How an object of one release differs from that of another."""

    place: str
    key: str
    why: str  # NEW, CONTENT, HEADERS or GONE
    before: int | None  # bytes
    after: int | None


def status(home: Home) -> Status:
    """Two requests."""
    seen = home.seen()
    current, found = seen.current, home.published(seen)
    return Status(
        home.store.url,
        current.release,
        None if found is None else found.created,
        {} if found is None else {name: _sum(shelf) for name, shelf in found.shelves.items()},
        current.history,
        current.pins,
        current.pending,
        sum(len(versions) for keys in current.doomed.values() for versions in keys.values()),
    )


def all_releases(home: Home, config: Config) -> list[Release]:
    """Every recorded one, the last published first. A request for each, and one for 1,000 objects."""
    current = home.seen().current
    survey = prune.survey(home, are_versions=False)
    listings = {
        name: {one.key: one for one in reversed(versions)} for name, versions in survey.versions.items()
    }
    rules = Rules(config.publish.keep_releases, config.publish.grace_s)
    states = retention.states(current, survey, rules)
    found = []
    for release, record in survey.records.items():
        lost = tuple(releases.lacks(record, home, listings))
        state = INCOMPLETE if lost else states[release]
        state = DOOMED if releases.doomed(record, home, current) else state
        found.append(_release(record, state, current, lost))
    order = {entry.release: at for at, entry in reversed(list(enumerate(current.history)))}
    return sorted(found, key=lambda each: (order.get(each.id, len(order)), each.created, each.id))


def _release(record: Record, state: str, current: Current, lost: tuple[releases.Lack, ...]) -> Release:
    sums = [_sum(shelf) for shelf in record.shelves.values()]
    published = next((entry.at for entry in current.history if entry.release == record.release), None)
    return Release(
        record.release,
        state,
        record.created,
        published,
        sum(objects for objects, _ in sums),
        sum(size for _, size in sums),
        lost,
    )


def _sum(shelf: Shelf) -> tuple[int, int]:
    return len(shelf.objects), sum(kept.size for kept in shelf.objects.values())


def difference(home: Home, before: str, after: str) -> list[Change]:
    """What the release *after* has that *before* has not, and the other way round; ids or beginnings of
    them. Raises `PublishError` for unknown ones."""
    current = home.seen().current
    one, other = (_record(home, releases.named(home, current, each)) for each in (before, after))
    return sorted(_changes(one, other))


def _record(home: Home, release: str) -> Record:
    found = home.record(release)
    if found is None:
        raise PublishError(f"release {release} was pruned; see `cdn-pipeline releases`")
    return found


def _changes(before: Record, after: Record) -> Iterator[Change]:
    for name in {*before.shelves, *after.shelves}:
        old, new = _objects(before, name), _objects(after, name)
        for key in {*old, *new}:
            was, now = old.get(key), new.get(key)
            why = _why(was, now)
            if why:
                yield Change(name, key, why, was and was.size, now and now.size)


def _objects(record: Record, name: str) -> Mapping[str, Kept]:
    shelf = record.shelves.get(name)
    return shelf.objects if shelf is not None else {}


def _why(was: Kept | None, now: Kept | None) -> str:
    if was is None or now is None:
        return NEW if was is None else GONE
    if was.sha256 != now.sha256:
        return CONTENT
    return HEADERS if was.headers != now.headers else ""


def pin(home: Home, release: str, *, is_pinned: bool = True) -> str:
    """Keeps a release, named by its id or the beginning of it, from every prune, or no more; returns its id.
    Raises `PublishError` for an unknown one, `Conflict` if the state changed meanwhile."""
    seen = home.seen()
    found = releases.named(home, seen.current, release)
    pins = {*seen.current.pins, found} if is_pinned else {*seen.current.pins} - {found}
    home.swap(seen, seen.current._replace(pins=tuple(sorted(pins))))
    return found
