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


def _hold(retreated: list[str], held: Mapping[str, Any], now: float) -> Hold:
    """*held* has for each target one rule, or a list of them."""
    rules = [
        (target, NEVER if (until := rule.get("until")) is None else until + 0.0, rule["paths"])
        for target, some in held.items()
        for rule in (some if some and isinstance(some, list) else [some])
    ]
    return Hold(
        frozenset(retreated),
        frozenset((target, path) for target, end, found in rules if end > now for path in found),
        min((end for _, end, _ in rules if end > now), default=NEVER),
    )
