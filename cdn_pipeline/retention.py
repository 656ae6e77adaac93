"""Retention: what a prune may delete. Pure; all times are the stores' own.

Kept are the current release, the newest few, pinned ones, and whatever was published within the grace time,
for pages that are open still. An object goes when no kept release has it and it is older than the grace time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from cdn_pipeline import digest, record, releases
from cdn_pipeline.compress import SUFFIXES
from cdn_pipeline.current import KEY, Current
from cdn_pipeline.objections import MARK
from cdn_pipeline.plan import BLOBS
from cdn_pipeline.record import Record
from cdn_pipeline.stores import Listed

CURRENT = "current"
PINNED = "pinned"
KEPT = "kept"  # among the newest few
YOUNG = "young"  # published or recorded within the grace time
PRUNABLE = "prunable"


class Rules(NamedTuple):
    """What is kept."""

    keep_releases: int
    grace_s: float


class Version(NamedTuple):
    """A version of an object that goes."""

    place: str
    key: str
    version: str
    size: int  # bytes


class Survey(NamedTuple):
    """What lies in the stores of a site, and when that was."""

    records: Mapping[str, Record]  # by release
    recorded_s: Mapping[str, float]  # when each was recorded, by release
    versions: Mapping[str, Sequence[Listed]]  # by place; the newest of a key first
    now_s: Mapping[str, float]  # by place
    home: str


class Doom(NamedTuple):
    """What goes."""

    releases: tuple[str, ...]
    objects: tuple[Version, ...]  # no kept release has them: announced before they are deleted
    orphans: tuple[Version, ...]  # the same, but in no record: ours only if the store knows a digest
    surplus: tuple[Version, ...]  # older versions of what is kept, which nobody is served

    @property
    def all(self) -> tuple[Version, ...]:
        """Every version that goes."""
        return (*self.objects, *self.orphans, *self.surplus)


def states(current: Current, survey: Survey, rules: Rules) -> dict[str, str]:
    """Why each recorded release is kept, or that it is not."""
    return {release: state(release, current, survey, rules) for release in sorted(survey.records)}


def state(release: str, current: Current, survey: Survey, rules: Rules) -> str:
    """That of one release."""
    published = list(dict.fromkeys(entry.release for entry in current.history))
    if release == current.release:
        return CURRENT
    if release in current.pins:
        return PINNED
    if release in published[: rules.keep_releases]:
        return KEPT
    last_s = releases.last_published_s(current, release)
    used_s = max(survey.recorded_s[release], last_s or 0.0)
    return YOUNG if used_s > survey.now_s[survey.home] - rules.grace_s else PRUNABLE


def doom(current: Current, survey: Survey, rules: Rules) -> Doom:
    """What goes, of all that there is."""
    found = states(current, survey, rules)
    gone = tuple(release for release, why in found.items() if why == PRUNABLE)
    kept = [each for release, each in survey.records.items() if release not in gone]
    dropped = [survey.records[release] for release in gone]
    needed, known = _keys(kept, survey.home), _keys(dropped, survey.home)
    objects: list[Version] = []
    orphans: list[Version] = []
    surplus: list[Version] = []
    for place, versions in sorted(survey.versions.items()):
        oldest_s = survey.now_s[place] - rules.grace_s
        for key, all_ in _by_key(versions):
            if (place, key) in needed or _stays(key):
                surplus += [_version(place, one) for one in all_[1:] if one.modified_s <= oldest_s]
            elif (place, key) in known or key.startswith(BLOBS):
                objects += _all_if_old(place, all_, oldest_s)
            elif _bears_fingerprint(key):
                orphans += _all_if_old(place, all_, oldest_s)
    return Doom(gone, tuple(objects), tuple(orphans), tuple(surplus))


def _keys(records: Iterable[Record], home: str) -> set[tuple[str, str]]:
    """(place, key) of all that records are about, and of themselves."""
    found = set()
    for each in records:
        found.add((home, record.key_of(each.release)))
        for name, shelf in each.shelves.items():
            for key, kept in shelf.objects.items():
                found.add((name, key))
                if not kept.is_immutable:
                    found.add((home, BLOBS + kept.sha256))
    return found


def _stays(key: str) -> bool:
    """Whether it is the state, or anything else of ours that is no record and no copy."""
    return key == KEY or (key.startswith(MARK) and not key.startswith((BLOBS, record.DIRECTORY)))


def _by_key(versions: Iterable[Listed]) -> Iterator[tuple[str, list[Listed]]]:
    found: dict[str, list[Listed]] = {}
    for one in versions:
        found.setdefault(one.key, []).append(one)
    yield from found.items()


def _all_if_old(place: str, versions: Sequence[Listed], oldest_s: float) -> list[Version]:
    """All versions of an object, the oldest first, unless the newest is young: somebody is about to need it.

    In this order, because a version that is deleted brings back the one before it.
    """
    if versions[0].modified_s > oldest_s:
        return []
    return [_version(place, one) for one in reversed(versions)]


def _version(place: str, one: Listed) -> Version:
    return Version(place, one.key, one.version or "", one.size)


def _bears_fingerprint(key: str) -> bool:
    """Whether a build may have named it; what has any other name may be anybody's."""
    stem = next((key.removesuffix(suffix) for suffix in SUFFIXES.values() if key.endswith(suffix)), key)
    return bool(digest.stamp_of(stem))
