"""Objections: what speaks against publishing a build where it would go, unless the user says otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from cdn_pipeline import PRIVATE
from cdn_pipeline.current import Current
from cdn_pipeline.publication import Place, Publication
from cdn_pipeline.quantity import count
from cdn_pipeline.record import Record
from cdn_pipeline.stores import Listed

MARK = f"{PRIVATE}/"  # how the keys of what is ours begin, besides the objects of releases
SHRUNK = 0.5  # a release of less than this part of the one before is refused
SMALL = 4  # objects: such a site may shrink as it likes

Listings = Mapping[str, Mapping[str, Listed]]
"""What lies in places, as far as it was listed: ``{place: {key: object}}``."""


class Overrides(NamedTuple):
    """What the user has allowed."""

    shrink: bool = False  # a release of far fewer files
    adopt: bool = False  # a prefix that holds something else


NOTHING_ALLOWED = Overrides()


def foreign(
    publication: Publication, current: Current, before: Record | None, listings: Listings
) -> Iterator[str]:
    """What says that a prefix is somebody else's."""
    for name, place in publication.places.items():
        there = listings.get(name, {})
        strangers = sorted(set(there) - set(place.objects))
        if strangers and not is_claimed(current, place, there):
            yield (
                f"{place.store}: holds {count(len(strangers), 'object')} of somebody else's, such as "
                f"{strangers[0]!r}; name an empty prefix in targets.{name}.store, or allow it with --adopt"
            )
        shelf = before.shelves.get(name) if before is not None else None
        if shelf is not None and shelf.store == place.store and shelf.url != place.url:
            yield (
                f"{place.store}: holds the site that is served at {shelf.url}, and this one is served at "
                f"{place.url}; name another prefix in targets.{name}.store, or, if the site has moved, allow "
                "it with --adopt"
            )


def shrunk(publication: Publication, before: Record | None) -> Iterator[str]:
    """What says that a build is but a part of the site."""
    if before is None:
        return
    was = sum(len(shelf.objects) for shelf in before.shelves.values())
    now = sum(1 for _ in publication.objects)
    if was > SMALL and now < was * SHRUNK:
        yield (
            f"the build has {count(now, 'file')}, and the release before it {was:,}; if that is meant, "
            "allow it with --allow-shrink"
        )


def is_claimed(current: Current, place: Place, there: Iterable[str] = ()) -> bool:
    """Whether a deploy of this site has been in the *place*, in which the keys *there* are."""
    return current.probed.get(place.name) == place.store or any(key.startswith(MARK) for key in there)
