"""Holds: which files of other targets pages still get from the origin, as `fallback.json` says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

NAME = "fallback.json"
VERSION = 1
NEVER = float("inf")


class Hold(NamedTuple):
    """What holds at one moment."""

    targets: frozenset[str] = frozenset()  # that nothing is asked of
    files: frozenset[tuple[str, str]] = frozenset()  # (target, logical path)
    expires: float = NEVER  # seconds since the epoch: when less will be held

    def url(self, path: str, entry: Mapping[str, Any]) -> str:
        """Where a page asks for the file *path*, of which the manifest says *entry*."""
        target = entry["target"]
        is_held = target in self.targets or (target, path) in self.files
        url: str = (is_held and entry.get("fallback")) or entry["url"]
        return url


NOTHING = Hold()


def read(text: bytes, now: float) -> Hold:
    """What *text* says of the moment *now*, in seconds since the epoch. Raises `ValueError` if it is
    damaged."""
    content = json.loads(text)
    try:
        if content["version"] != VERSION:
            raise ValueError(f"is of version {content['version']!r}")
        return _hold(content.get("retreated", []), content.get("held", {}), now)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"does not say what it should: {error!r}") from error


def _hold(retreated: list[str], held: Mapping[str, Mapping[str, Any]], now: float) -> Hold:
    ends = {
        target: NEVER if (until := rule.get("until")) is None else until + 0.0
        for target, rule in held.items()
    }
    files = {(target, path) for target, rule in held.items() if ends[target] > now for path in rule["paths"]}
    return Hold(
        frozenset(retreated),
        frozenset(files),
        min((end for end in ends.values() if end > now), default=NEVER),
    )
