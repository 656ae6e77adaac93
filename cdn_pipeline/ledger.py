"""The ledger: every file of a build directory that is ours, and which releases it belongs to."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cdn_pipeline import note
from cdn_pipeline.compress import SUFFIXES
from cdn_pipeline.config import ORIGIN

NAME = "ledger.json"
ANNOUNCED = "announced.json"  # what a commit that has not ended may have written
FORMAT = 3
UNKNOWN = "?"  # in place of a stamp: ours, but look at it before trusting it


def read(build: Path, private: Path) -> dict[str, Any]:
    """The ledger in the directory *private*. One that is lost is made again, as far as the manifest tells:
    its files stay ours, so that they may be replaced, and a release, so that they are kept."""
    ledger = note.read(str(private / NAME))
    if ledger.get("format") == FORMAT:
        ledger["files"] = dict(note.rows(ledger["files"]))
        ledger["releases"] = [
            (release, files.split("\n") if files else []) for release, files in ledger["releases"]
        ]
    else:
        release, files = _told_by_manifest(build)
        ledger = {"files": dict.fromkeys(files, UNKNOWN), "releases": [(release, files)] if files else []}
    announced = note.read(str(private / ANNOUNCED)).get("files", [])
    ledger["files"] = dict.fromkeys(announced, UNKNOWN) | ledger["files"]
    return ledger


def written(ledger: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The items of *ledger* as its file has them, for `read`; one after the other, as they are large."""
    yield "format", FORMAT
    for key, value in ledger.items():
        if key == "files":
            yield key, note.columns(value.items())
        elif key == "releases":
            yield key, [(release, "\n".join(files)) for release, files in value]
        elif key != "format":
            yield key, value


def stamp_in(seen: str) -> str:
    """What a file of ours looks like, from a row of `freshness.Listings` without the name: size and time."""
    return seen[: seen.index("\t", seen.index("\t") + 1) + 1]


def has_our_manifest(build: Path) -> bool:
    """Whether the manifest there is one of ours, and so the other documents are, too."""
    return bool(_manifest(build))


def _told_by_manifest(build: Path) -> tuple[str, list[str]]:
    """A release's id and its files, as its manifest has them."""
    manifest = _manifest(build)
    try:
        names = {name for entry in manifest["files"].values() for name in _names(entry)}
        return str(manifest["release"]), sorted(name for name in names if _is_inside(name))
    except (KeyError, TypeError, AttributeError):
        return "", []


def _manifest(build: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((build / "manifest.json").read_bytes())
    except (OSError, ValueError):
        return {}
    ours = isinstance(manifest, dict) and {"version", "release", "targets"} <= manifest.keys()
    return manifest if ours else {}


def _names(entry: dict[str, Any]) -> Iterator[str]:
    """Where an output lies, also on the origin, each with its neighbours."""
    places = [entry["path"]]
    if "fallback" in entry:
        places.append(f"{ORIGIN}/{entry['path'].partition('/')[2]}")
    for place in places:
        yield place
        yield from (place + SUFFIXES[encoding] for encoding in entry.get("encodings", {}))


def _is_inside(name: str) -> bool:
    """Whoever edits a manifest must not make us remove files elsewhere."""
    return not name.startswith(("/", "../")) and posixpath.normpath(name) == name
