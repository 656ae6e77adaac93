"""``current.json``: which release is published. The only object that ever changes, by compare-and-swap alone.

Its serial number grows with each write, so that no two states have the same bytes, and the same ETag.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from cdn_pipeline.errors import PublishError

VERSION = 1
KEY = ".cdn_pipeline/current.json"
REMEMBERED = 200  # entries of the history; what was published long before counts as never published

Doomed = Mapping[str, Mapping[str, tuple[str, ...]]]
"""``{place: {key: versions}}``: what a prune has announced that it deletes. Nobody may rely on these, and
whoever needs the key puts it again, which makes a new version."""


class Entry(NamedTuple):
    """A line of the history."""

    release: str
    at: str  # ISO 8601, in UTC, by the clock of the home store
    by: str  # tells one run of the program from any other


class Pending(NamedTuple):
    """What is still to be done after a publish, by this run or by any later one."""

    id: str  # the same whoever does it, so that a CDN asked twice does it once
    target: str
    paths: tuple[str, ...] = ()  # of URLs that the target's CDN has to forget
    keys: tuple[str, ...] = ()  # of objects without a fingerprint that get the release's bytes


class Current(NamedTuple):
    """The state of a site."""

    serial: int = 0
    release: str | None = None
    history: tuple[Entry, ...] = ()  # the newest first
    pins: tuple[str, ...] = ()  # releases that no prune touches
    pending: tuple[Pending, ...] = ()
    doomed: Doomed = MappingProxyType({})
    probed: Mapping[str, str] = MappingProxyType({})  # {place: store that creates only what is missing}
    is_compared: bool = False  # the home store was seen to compare before it swaps

    def published(self, release: str, at: str, by: str) -> Current:
        """With *release* as the newest. What its history says of it before stays."""
        history = (Entry(release, at, by), *self.history)[:REMEMBERED]
        return self._replace(release=release, history=history)

    def without_doom(self, revived: Iterable[tuple[str, str]]) -> Current:
        """Without the (place, key) pairs *revived*, which have a new version now."""
        gone = set(revived)
        left = {
            place: {key: versions for key, versions in keys.items() if (place, key) not in gone}
            for place, keys in self.doomed.items()
        }
        return self._replace(doomed={place: keys for place, keys in left.items() if keys})

    def is_doomed(self, place: str, key: str) -> bool:
        """Whether a prune is about to delete it."""
        return key in self.doomed.get(place, {})


def text(current: Current) -> bytes:
    """As it is stored. Its serial number must be a new one."""
    content: dict[str, Any] = {
        "version": VERSION,
        "serial": current.serial,
        "release": current.release,
        "history": [entry._asdict() for entry in current.history],
        "pins": sorted(current.pins),
        "pending": [pending._asdict() for pending in current.pending],
        "doomed": dict(current.doomed),
        "probed": dict(sorted(current.probed.items())),
        "compared": current.is_compared,
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n"


def read(raw: bytes, name: str) -> Current:
    """The state with the text *raw*, of the object *name*. Raises `PublishError` if it is damaged or of
    another version."""
    try:
        content = json.loads(raw)
        if content["version"] != VERSION:
            raise PublishError(
                f"{name}: is of version {content['version']!r}, and this cdn_pipeline reads version "
                f"{VERSION}; install the one that wrote it"
            )
        return _current(content)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise PublishError(
            f"{name}: is damaged: {error!r}; bring back an older version of this object, or remove it and "
            "deploy again"
        ) from error


def _current(content: Mapping[str, Any]) -> Current:
    return Current(
        serial=int(content["serial"]),
        release=content["release"],
        history=tuple(Entry(**entry) for entry in content["history"]),
        pins=tuple(content["pins"]),
        pending=tuple(_pending(**pending) for pending in content["pending"]),
        doomed={
            place: {key: tuple(versions) for key, versions in keys.items()}
            for place, keys in content["doomed"].items()
        },
        probed=dict(content["probed"]),
        is_compared=bool(content["compared"]),
    )


def _pending(id: str, target: str, paths: Iterable[str], keys: Iterable[str]) -> Pending:
    return Pending(id, target, tuple(paths), tuple(keys))
