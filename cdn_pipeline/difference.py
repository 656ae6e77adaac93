"""Differences: what a place lacks of a publication, and why each object has to be put."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cdn_pipeline.current import Current
from cdn_pipeline.publication import Object, Publication
from cdn_pipeline.record import Kept, Record
from cdn_pipeline.stores import Listed

NEW = "new"  # nobody has recorded it, and it was not seen there
CONTENT = "content"  # other bytes under a name without fingerprint
HEADERS = "headers"  # the same bytes with other headers
MISSING = "missing"  # recorded, and gone
DOOMED = "doomed"  # there, but a prune is about to delete it
REASONS = (NEW, CONTENT, HEADERS, MISSING, DOOMED)


class Upload(NamedTuple):
    """An object to put."""

    place: str
    key: str
    size: int  # bytes
    reason: str
    is_overwritten: bool = False  # put even if there is one
    is_absent: bool = False  # a listing lacks it


class Difference:
    """Between one place, as far as it was listed and recorded, and what belongs there."""

    def __init__(
        self,
        publication: Publication,
        current: Current,
        before: Record | None,
        name: str,
        listing: Mapping[str, Listed] | None,
    ) -> None:
        self.place = publication.places[name]
        self.doomed = current.doomed.get(name, {})
        self.recorded = known(before, name, self.place.store)
        self.listing = listing
        self.waiting = {key for left in current.pending if left.target == name for key in left.keys}
        self.uploads: list[Upload] = []
        self.fixed: list[Upload] = []
        self.unproved: list[tuple[str, str]] = []
        self.adopted: dict[tuple[str, str], Kept] = {}
        self.refusals: list[str] = []
        self.kept = 0
        self.kept_bytes = 0

    def run(self) -> Difference:
        for each in self.place.objects.values():
            was = self.recorded.get(each.key)
            reason = self._reason(each, was)
            if each.is_immutable:
                self._add(each, was, reason)
            elif reason:
                self.fixed.append(self._upload(each, reason, is_overwritten=True))
            else:
                self._keep(each)
        return self

    def _reason(self, each: Object, known: Kept | None) -> str:
        """Why it has to be put; "" if what is there may do."""
        if each.key in self.doomed:
            return DOOMED
        is_there = None if self.listing is None else each.key in self.listing
        if known is None:
            return "" if is_there and each.is_immutable else NEW
        if is_there is False:
            return MISSING
        if known.sha256 != each.sha256 or self._is_replaced(each, known):
            return "" if each.is_immutable else CONTENT
        return HEADERS if known.headers != each.headers else ""

    def _add(self, each: Object, known: Kept | None, reason: str) -> None:
        if reason:
            self.uploads.append(self._upload(each, reason, is_overwritten=reason in (DOOMED, HEADERS)))
        elif known is not None and self._is_replaced(each, known):
            self.refusals.append(other_bytes(self.place.store, each.key))
        elif known is not None and known.sha256 == each.sha256:
            self._keep(each)
        elif known is not None and each.encoding and known.headers == each.headers:
            self.adopted[self.place.name, each.key] = known
            self._keep(each)
        elif known is None and self._may_be(each):
            self.unproved.append((self.place.name, each.key))
            self._keep(each)
        else:
            self.refusals.append(other_bytes(self.place.store, each.key))

    def _is_replaced(self, each: Object, known: Kept) -> bool:
        """Whether a listing shows other bytes than were recorded, in a name that waits for none."""
        if self.listing is None or each.key in self.waiting:
            return False
        return self.listing[each.key].size != known.size

    def _may_be(self, each: Object) -> bool:
        """Whether the object that is there can be this one, as far as a listing tells."""
        assert self.listing is not None
        return bool(each.encoding) or self.listing[each.key].size == each.size

    def _keep(self, each: Object) -> None:
        self.kept += 1
        self.kept_bytes += each.size

    def _upload(self, each: Object, reason: str, *, is_overwritten: bool) -> Upload:
        is_absent = self.listing is not None and each.key not in self.listing
        return Upload(self.place.name, each.key, each.size, reason, is_overwritten, is_absent)


def other_bytes(store: str, key: str) -> str:
    """The complaint about an object that nobody can have put there."""
    return (
        f"{store.rstrip('/')}/{key}: other bytes are there under the name that is for these alone; "
        "find out who wrote them, remove that object, and deploy again"
    )


def known(before: Record | None, name: str, store: str) -> Mapping[str, Kept]:
    """What *before* says of the place *name*, if that was in the same *store*; by key."""
    shelf = before.shelves.get(name) if before is not None else None
    return shelf.objects if shelf is not None and shelf.store == store else {}


def adopting(publication: Publication, adopted: Mapping[tuple[str, str], Kept]) -> Publication:
    """*publication* with what is there in place of neighbours that mean the same."""
    if not adopted:
        return publication
    places = {}
    for name, place in publication.places.items():
        objects = dict(place.objects)
        for (where, key), kept in adopted.items():
            if where == name:
                objects[key] = objects[key]._replace(sha256=kept.sha256, size=kept.size)
        places[name] = place._replace(objects=objects)
    return publication._replace(places=places)
