"""Which response headers the files on the origin get, as the few rules that a web server needs.

One rule for each kind of name (with a fingerprint or without, by extension), and before those one for each
set of files that differ from the others of their kind.
"""

from __future__ import annotations

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from cdn_pipeline import media_types
from cdn_pipeline.config import ORIGIN
from cdn_pipeline.references import is_local

Manifest = Mapping[str, Any]
Entry = Mapping[str, Any]
Pairs = tuple[tuple[str, str], ...]  # header names and values, sorted

STAMP = r"\.[0-9a-f]{12}"  # as `digest.stamp` writes it before the extension
STAMPED = re.compile(rf"{STAMP}\.[^./]+$")


class Kind(NamedTuple):
    """Of a file: what a server can tell by its name."""

    is_plain: bool  # without a fingerprint
    extension: str  # in lower case; "" for none


class Rule(NamedTuple):
    """Files with the same headers: all that have one of the extensions, or those that are named."""

    headers: Pairs
    is_plain: bool = False
    extensions: tuple[str, ...] = ()
    files: tuple[str, ...] = ()  # decoded paths below the origin's URL

    @property
    def pattern(self) -> str:
        """A regular expression to search for in the path; PCRE and RE2 read it alike."""
        if self.files:
            return f"^/(?:{_any_of(self.files)})$"
        return rf"{'' if self.is_plain else STAMP}\.(?i:{_any_of(self.extensions)})$"


def _any_of(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, words))


def rules(served: Mapping[str, Pairs]) -> list[Rule]:
    """Those for the result of `served`. Of the rules that match a file the first one counts."""
    votes: dict[Kind, Counter[Pairs]] = defaultdict(Counter)
    kinds_of = {path: kind(path) for path in served}
    for path, pairs in served.items():
        votes[kinds_of[path]][pairs] += 1
    usual = {each: max(votes[each], key=votes[each].__getitem__) for each in sorted(votes) if each.extension}
    files: dict[Pairs, list[str]] = defaultdict(list)
    for path, pairs in served.items():
        if usual.get(kinds_of[path]) != pairs:
            files[pairs].append(path)
    kinds: dict[tuple[bool, Pairs], list[str]] = defaultdict(list)
    for (is_plain, extension), pairs in usual.items():
        kinds[is_plain, pairs].append(extension)
    return [
        *(Rule(pairs, files=tuple(paths)) for pairs, paths in files.items()),
        *(Rule(pairs, is_plain, tuple(endings)) for (is_plain, pairs), endings in kinds.items()),
    ]


@functools.lru_cache(4096)
def kind(path: str) -> Kind:
    """That of the file with this path."""
    return Kind(not STAMPED.search(path), media_types.extension(path))


def served(manifest: Manifest) -> dict[str, Pairs]:
    """The headers of every file on the origin, by its decoded path below the origin's URL, sorted.

    The manifest's own headers win. Where one file of a kind is fetched with CORS, or has encoded neighbours,
    all of that kind say so, which does no harm and needs one rule only.
    """
    files = manifest["files"]
    imported = {path for entry in files.values() for path in entry.get("imports", ())}
    on_origin = dict(sorted(_on_origin(manifest)))
    kinds = {name: kind(name) for name in on_origin}
    encoded = {kinds[name] for name, path in on_origin.items() if files[path].get("encodings")}
    shared = {kinds[name] for name, path in on_origin.items() if path in imported or _is_shared(files[path])}
    found = {}
    for name, path in on_origin.items():
        own = (files[path]["type"], *files[path]["headers"].items())
        found[name] = _headers(own, kinds[name] in encoded, kinds[name] in shared)
    return found


@functools.lru_cache(1024)
def _headers(own: tuple[Any, ...], is_encoded: bool, is_shared: bool) -> Pairs:
    """The same few for thousands of files. *own* are the manifest's: the type, then the headers."""
    found = {
        "Content-Type": media_types.content_type(own[0]),
        "X-Content-Type-Options": "nosniff",
    }
    if is_encoded:
        found["Vary"] = "Accept-Encoding"
    if is_shared:
        found["Access-Control-Allow-Origin"] = "*"
    return tuple(sorted({**found, **dict(own[1:])}.items()))


def _on_origin(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """(path below its URL, logical path) of what is served from there, also in the name of a CDN, and
    of the copies that are kept there."""
    base = manifest["targets"][ORIGIN]["url"]
    for path, entry in manifest["files"].items():
        directory, _, name = entry["path"].partition("/")
        fallback = entry.get("fallback", "")
        if directory == ORIGIN:
            yield name, path
        elif fallback.startswith(base):
            yield unquote(fallback[len(base) :]), path


def _is_shared(entry: Entry) -> bool:
    """Fonts and modules are always fetched with CORS, anything may be once a CDN serves it. The rest stays
    closed: with its visitor's access a foreign page could read an intranet's scripts."""
    is_module = "module" in entry or "imports" in entry
    return is_module or entry["type"].startswith("font/") or not is_local(entry["url"])
