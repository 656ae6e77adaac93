"""References in an import map: the addresses of modules, and what is said about their integrity.

Specifiers and the prefixes of scopes are names that the map defines, so they stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cdn_pipeline.references import INTEGRITY, MODULE, Reference, address
from cdn_pipeline.tokens import json
from cdn_pipeline.tokens.decoded import Decoded

ADDRESS = re.compile(r"\.{0,2}/(?:.*[^/])?$", re.DOTALL)  # bare names are no addresses; directories stay


def references(text: str) -> list[Reference]:
    """In order of place. Raises LexError if *text* is not JSON."""
    root = json.parse(text)
    if not isinstance(root, json.Object):
        return []
    maps = root.values("imports")
    for scopes in root.values("scopes"):
        maps += [value for _, value in _members(scopes)]
    found = [module for each in maps for _, value in _members(each) for module in _module(value)]
    for each in root.values("integrity"):
        for key, value in _members(each):
            found += _vouched(key, value)
    return sorted(found)


def _members(value: json.Value) -> list[tuple[Decoded, json.Value]]:
    return value.members if isinstance(value, json.Object) else []


def _module(value: json.Value) -> Iterator[Reference]:
    if not isinstance(value, Decoded) or not ADDRESS.match(value.text):
        return
    if found := address.reference(value, MODULE):
        yield found


def _vouched(key: Decoded, value: json.Value) -> Iterator[Reference]:
    for module in _module(key):
        yield module
        if isinstance(value, Decoded) and value.text and (span := value.span(0, len(value.text))):
            yield Reference(*span, module.path, INTEGRITY)
