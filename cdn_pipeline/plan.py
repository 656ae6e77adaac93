"""Plans: what a deploy would do, and why. Pure: what it is made from was looked at by others."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Set
from typing import Any, NamedTuple

from cdn_pipeline import digest, objections, record
from cdn_pipeline.current import Current, Pending
from cdn_pipeline.difference import DOOMED, NEW, Difference, Upload, adopting, known
from cdn_pipeline.errors import ERROR, Problem, PublishError
from cdn_pipeline.objections import NOTHING_ALLOWED, Listings, Overrides, is_claimed
from cdn_pipeline.publication import Publication
from cdn_pipeline.record import Kept, Record
from cdn_pipeline.stores import Listed

VERSION = 1

BLOBS = ".cdn_pipeline/blobs/"  # copies of what has no fingerprint, by digest, for rollbacks
FEW = 4  # objects that are put without a look whether they are there, which would cost a request per 1,000


class Plan(NamedTuple):
    """What is to be done so that a publication is what visitors get."""

    release: str
    before: str | None  # the release published now
    serial: int  # of the state that this was made for
    uploads: tuple[Upload, ...]  # before the switch, in order of place and key
    unproved: tuple[tuple[str, str], ...]  # (place, key): there, but unrecorded; asked for its digest
    adopted: Mapping[tuple[str, str], Kept]  # neighbours that another compressor has made
    fixed: tuple[Upload, ...]  # names without fingerprint, after the switch
    pending: tuple[Pending, ...]  # what the switch leaves to be done
    unfinished: tuple[Pending, ...]  # what earlier ones have left
    dropped: tuple[tuple[str, str], ...]  # (place, key): only older releases need them; for a prune
    kept: int  # objects that are there and as they should be
    kept_bytes: int
    is_switch: bool  # whether the state changes
    refusals: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.uploads or self.fixed or self.pending or self.unfinished or self.is_switch)

    @property
    def bytes(self) -> int:
        """That are sent."""
        return sum(upload.size for upload in (*self.uploads, *self.fixed))


def to_list(
    publication: Publication, current: Current, before: Record | None, free: Set[str], thorough: bool = False
) -> list[str]:
    """The places that have to be listed before a plan: those seen for the first time, those where it costs
    no request (*free*), and those with more unknown objects than are put at a venture."""
    found = []
    for name, place in publication.places.items():
        recorded = known(before, name, place.store)
        unknown = sum(1 for key in place.objects if key not in recorded)
        if thorough or name in free or not is_claimed(current, place) or unknown > FEW:
            found.append(name)
    return found


def plan(
    publication: Publication,
    current: Current,
    before: Record | None,
    listings: Listings,
    allowed: Overrides = NOTHING_ALLOWED,
) -> Plan:
    """How *publication* replaces *before*, the record of what *current* names."""
    drafts = [
        Difference(publication, current, before, name, listings.get(name)).run()
        for name in publication.places
    ]
    uploads = [upload for draft in drafts for upload in draft.uploads]
    uploads += _blobs(publication, current, before, listings.get(publication.home))
    fixed = [upload for draft in drafts for upload in draft.fixed]
    adopted = {pair: kept for draft in drafts for pair, kept in draft.adopted.items()}
    is_switch = before is None or before.content != _content(publication, adopted)
    refusals = [refusal for draft in drafts for refusal in draft.refusals]
    refusals += objections.foreign(publication, current, before, listings) if not allowed.adopt else ()
    refusals += objections.shrunk(publication, before) if not allowed.shrink else ()
    return Plan(
        release=publication.release,
        before=current.release,
        serial=current.serial,
        uploads=tuple(sorted(uploads)),
        unproved=tuple(sorted(pair for draft in drafts for pair in draft.unproved)),
        adopted=adopted,
        fixed=tuple(sorted(fixed)),
        pending=_pending(publication, current, before, fixed),
        unfinished=current.pending,
        dropped=tuple(_dropped(publication, before)),
        kept=sum(draft.kept for draft in drafts),
        kept_bytes=sum(draft.kept_bytes for draft in drafts),
        is_switch=is_switch,
        refusals=tuple(refusals),
    )


def _content(publication: Publication, adopted: Mapping[tuple[str, str], Kept]) -> tuple[bytes, bytes]:
    return record.of(adopting(publication, adopted), "", "").content


def _blobs(
    publication: Publication, current: Current, before: Record | None, listing: Mapping[str, Listed] | None
) -> Iterator[Upload]:
    """Copies of what has no fingerprint, which its next version will overwrite."""
    home = publication.home
    recorded = {
        kept.sha256
        for shelf in (before.shelves.values() if before is not None else ())
        for kept in shelf.objects.values()
        if not kept.is_immutable
    }
    for sha256, size in sorted(_contents(publication).items()):
        key = BLOBS + sha256
        is_doomed = current.is_doomed(home, key)
        if sha256 not in recorded or is_doomed:
            is_absent = listing is not None and key not in listing
            yield Upload(home, key, size, DOOMED if is_doomed else NEW, is_doomed, is_absent)


def _contents(publication: Publication) -> dict[str, int]:
    """``{sha256: size}`` of what has no fingerprint."""
    return {each.sha256: each.size for _, each in publication.objects if not each.is_immutable}


def _pending(
    publication: Publication, current: Current, before: Record | None, fixed: list[Upload]
) -> tuple[Pending, ...]:
    """One for each target, with an id that is the same whoever plans the same switch."""
    keys: dict[str, list[str]] = {}
    for upload in fixed:
        keys.setdefault(upload.place, []).append(upload.key)
    paths = changed_paths(before.fixed if before is not None else {}, publication.fixed)
    return pending_of(f"{publication.release}-{current.serial}", paths, keys)


def pending_of(id: str, paths: Mapping[str, list[str]], keys: Mapping[str, list[str]]) -> tuple[Pending, ...]:
    """What is left to be done: *paths* of URLs to forget, by target, and *keys* to put, by place."""
    return tuple(
        Pending(id, name, tuple(paths.get(name, ())), tuple(keys.get(name, ())))
        for name in sorted({*paths, *keys})
    )


def changed_paths(
    before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]]
) -> dict[str, list[str]]:
    """Which URLs a CDN may have in another version, by target; see `Publication.fixed`. What is new is among
    them: that it is missing may be remembered."""
    found = {}
    for name, paths in after.items():
        old = before.get(name, {})
        changed = sorted(path for path, told in paths.items() if old.get(path) != told)
        if changed and before:
            found[name] = changed
    return found


def _dropped(publication: Publication, before: Record | None) -> Iterator[tuple[str, str]]:
    for name, shelf in sorted((before.shelves if before is not None else {}).items()):
        place = publication.places.get(name)
        for key in sorted(shelf.objects):
            if place is None or key not in place.objects:
                yield name, key


def as_json(plan: Plan) -> dict[str, Any]:
    """Plain values, with an `identity` that any change to the plan changes."""
    content: dict[str, Any] = {
        "version": VERSION,
        "release": plan.release,
        "before": plan.before,
        "serial": plan.serial,
        "switch": plan.is_switch,
        "uploads": [_upload_json(upload) for upload in plan.uploads],
        "fixed": [_upload_json(upload) for upload in plan.fixed],
        "unproved": [list(pair) for pair in plan.unproved],
        "invalidations": {each.target: list(each.paths) for each in plan.pending if each.paths},
        "unfinished": [each._asdict() for each in plan.unfinished],
        "dropped": [list(pair) for pair in plan.dropped],
        "kept": {"files": plan.kept, "bytes": plan.kept_bytes},
        "refusals": list(plan.refusals),
    }
    content = json.loads(json.dumps(content))  # as a file will have it
    told = json.dumps(content, sort_keys=True)
    return {**content, "identity": digest.sha256(told.encode())}


def _upload_json(upload: Upload) -> dict[str, Any]:
    return {"target": upload.place, "key": upload.key, "bytes": upload.size, "reason": upload.reason}


def check(plan: Plan, expected: Mapping[str, Any]) -> None:
    """Raises `PublishError` unless *plan* is the one that was written as *expected*."""
    if expected.get("version") != VERSION or "identity" not in expected:
        raise PublishError("the plan is not one that `cdn-pipeline plan --out` wrote; write it again")
    now = as_json(plan)
    if now["identity"] != expected["identity"]:
        keys = [key for key in now if key != "identity" and now[key] != expected.get(key)]
        raise PublishError(
            f"the world has moved on since the plan was made: {', '.join(keys) or 'the plan'} would be "
            "another now; look at a new one with `cdn-pipeline plan --out`"
        )


def refuse(plan: Plan) -> None:
    """Raises `PublishError` with all that speaks against it."""
    if plan.refusals:
        raise PublishError(Problem(ERROR, "", refusal) for refusal in plan.refusals)
