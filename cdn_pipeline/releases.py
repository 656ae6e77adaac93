"""Releases: those that a home has records of, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from cdn_pipeline import record
from cdn_pipeline.current import Current
from cdn_pipeline.errors import PublishError
from cdn_pipeline.home import Home
from cdn_pipeline.plan import BLOBS
from cdn_pipeline.quantity import count
from cdn_pipeline.record import Record, Shelf
from cdn_pipeline.spelling import nearest
from cdn_pipeline.stores import Listed

NAMED = 3  # of many, in a message


def recorded(home: Home) -> dict[str, Listed]:
    """The records by release. One request for 1,000 of them."""
    return {record.release_of(each.key): each for each in home.store.list(record.DIRECTORY)}


def named(home: Home, current: Current, wanted: str | None) -> str:
    """The release with the id, or the only one with the beginning of an id, *wanted*; ``None``: the one that
    was published before the current one. Raises `PublishError` if there is none."""
    if wanted is None:
        earlier = [entry.release for entry in current.history if entry.release != current.release]
        if not earlier:
            raise PublishError("no other release was ever published here; name one")
        return earlier[0]
    known = sorted(recorded(home))
    found = [each for each in known if each == wanted] or [each for each in known if each.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        raise PublishError(
            f"{wanted!r} is the beginning of {', '.join(found)}; write more of the one you mean"
        )
    near = nearest(wanted, known)
    hint = f"did you mean {near!r}?" if near else "see `cdn-pipeline releases`"
    raise PublishError(f"no release {wanted!r} is recorded; {hint}")


class Lack(NamedTuple):
    """An object that a release has not, and the store where it ought to be."""

    store: str
    key: str
    why: str


def lacks(found: Record, home: Home, listings: Mapping[str, Mapping[str, Listed]]) -> list[Lack]:
    """What is missing of a release, as far as listings of all its places tell. Of what has no fingerprint
    the copy counts, from which it is brought back."""
    blobs = listings.get(home.name, {})
    lost: list[Lack] = []
    for name, shelf in found.shelves.items():
        there = listings.get(name, {})
        for key, kept in shelf.objects.items():
            if kept.is_immutable:
                lost += _lack(shelf, key, kept.size, there)
            elif BLOBS + kept.sha256 not in blobs:
                lost.append(Lack(home.store.url, BLOBS + kept.sha256, "missing"))
    return lost


def _lack(shelf: Shelf, key: str, size: int, there: Mapping[str, Listed]) -> list[Lack]:
    listed = there.get(key)
    if listed is None:
        return [Lack(shelf.store, key, "missing")]
    if listed.size == size:
        return []
    return [Lack(shelf.store, key, f"{count(listed.size, 'byte')} in place of {size:,}")]


def doomed(found: Record, home: Home, current: Current) -> list[tuple[str, str]]:
    """The (place, key) pairs of a release that a prune has announced to delete."""
    keys = [(name, key) for name, shelf in found.shelves.items() for key in shelf.objects]
    keys.append((home.name, record.key_of(found.release)))
    blobs = {
        BLOBS + kept.sha256
        for shelf in found.shelves.values()
        for kept in shelf.objects.values()
        if not kept.is_immutable
    }
    keys += [(home.name, key) for key in sorted(blobs)]
    return [(place, key) for place, key in keys if current.is_doomed(place, key)]


def told(lost: Iterable[Lack]) -> str:
    """The first few, for a message."""
    all_ = list(lost)
    first = ", ".join(f"{each.store.rstrip('/')}/{each.key} ({each.why})" for each in all_[:NAMED])
    return first + (f" and {len(all_) - NAMED:,} more" if len(all_) > NAMED else "")


def last_published_s(current: Current, release: str) -> float | None:
    """When visitors last got it, in seconds since 1970: infinity for the current one; ``None`` if it was not
    published as far as the history goes."""
    newer: str | None = None
    for entry in current.history:
        if entry.release == release:
            return seconds(newer) if newer is not None else float("inf")
        newer = entry.at
    return None


def seconds(at: str) -> float:
    """A time of the history, in seconds since 1970."""
    return datetime.fromisoformat(at).timestamp()
