"""Fallbacks: what `fallback.json` is to say of the files that pages get from the origin; `hold` reads it.

Everything here returns another fallback, and changes nothing. Times are seconds since 1970, by the clock of
whoever deploys; web servers compare them with their own.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from cdn_pipeline import hold
from cdn_pipeline.config import ORIGIN, Target

Entry = Mapping[str, Any]
File = tuple[str, str]  # target, logical path


class Fallback(NamedTuple):
    """Targets that nothing is asked of, and single files with the time until which they are held back;
    ``None``: until somebody says otherwise."""

    retreated: frozenset[str] = frozenset()
    held: Mapping[File, float | None] = {}


NOTHING = Fallback()


class Newer(Exception):
    """It was written by a newer program. Says which version it has."""


def read(text: bytes, now: float) -> Fallback:
    """What *text* says, without what has ended before *now*. One that is damaged says nothing, since running
    sites ignore it too. Raises `Newer`."""
    try:
        content = json.loads(text)
        version = content["version"]
        if isinstance(version, int) and version > hold.VERSION:
            raise Newer(f"version {version}")
        hold.read(text, now)
        return Fallback(frozenset(content.get("retreated", [])), dict(_rows(content.get("held", {}), now)))
    except (ValueError, TypeError, KeyError):
        return NOTHING


def _rows(held: Mapping[str, Any], now: float) -> Iterable[tuple[File, float | None]]:
    for target, some in held.items():
        for rule in some if isinstance(some, list) else [some]:
            until = rule.get("until")
            if until is None or until > now:
                yield from (((target, path), until) for path in rule["paths"])


def text(fallback: Fallback) -> bytes:
    """As `hold.read` reads it; stable. *held* has for each target a list of ``{"until", "paths"}``."""
    rules: dict[str, dict[float | None, list[str]]] = defaultdict(lambda: defaultdict(list))
    for (target, path), until in sorted(fallback.held.items(), key=lambda row: row[0]):
        rules[target][until].append(path)
    held = {
        target: [{"until": until, "paths": paths} for until, paths in sorted(some.items(), key=_last_is_none)]
        for target, some in rules.items()
    }
    content = {"version": hold.VERSION, "retreated": sorted(fallback.retreated), "held": held}
    return json.dumps(content, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass") + b"\n"


def _last_is_none(row: tuple[float | None, object]) -> float:
    return hold.NEVER if row[0] is None else row[0]


def published(
    there: Fallback,
    targets: Mapping[str, Target],
    files: Mapping[str, Entry],
    before: Mapping[str, Entry],
    verified: Mapping[str, Collection[str]],
    now: float,
) -> Fallback:
    """After a release with the manifest's *files* was published, *before* it those of another, {} for none.

    A URL that is new is held for its target's `hold_s`, unless the edge was seen to serve it: *verified*,
    ``{target: logical paths}``. One that was held already stays so until its own time. Files without a copy
    on the origin cannot be held, nor those of targets without `hold_s`.
    """
    held: dict[File, float | None] = {}
    for path, entry in files.items():
        target = targets.get(entry["target"])
        if target is None or not can_be_held(entry, target) or path in verified.get(target.name, ()):
            continue
        file = (target.name, path)
        if before.get(path, {}).get("url") != entry["url"]:
            held[file] = now + target.hold_s
        elif file in there.held:
            held[file] = there.held[file]
    return there._replace(held=held)


def can_be_held(entry: Entry, target: Target) -> bool:
    """Whether pages can do without the target's URL of a file for a while, and shall."""
    return target.name != ORIGIN and target.hold_s > 0 and "fallback" in entry


def released(there: Fallback, verified: Mapping[str, Collection[str]]) -> Fallback:
    """Without the files of which the edge was seen to serve the newest URL: ``{target: logical paths}``."""
    held = {
        (target, path): until
        for (target, path), until in there.held.items()
        if path not in verified.get(target, ())
    }
    return there._replace(held=held)


def retreated(there: Fallback, targets: Iterable[str]) -> Fallback:
    """Nothing is asked of *targets* any more."""
    return there._replace(retreated=there.retreated | set(targets))


def returned(there: Fallback, targets: Iterable[str]) -> Fallback:
    """The opposite. Single files stay held."""
    return there._replace(retreated=there.retreated - set(targets))


def without_copy(files: Mapping[str, Entry], targets: Collection[str]) -> dict[str, list[str]]:
    """The files of each of *targets* that the origin has no copy of, so that pages have to ask the target."""
    found: dict[str, list[str]] = {}
    for path, entry in sorted(files.items()):
        if entry["target"] in targets and "fallback" not in entry:
            found.setdefault(entry["target"], []).append(path)
    return found
