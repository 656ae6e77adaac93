"""What a file system does not hold: a file's digest and response headers, in a note beside it.

A note belongs to a key and knows the files it means by their identity. It is written before the file gets its
name, and keeps what it said of the file that has the name until then; so it is right, or of no effect,
whatever crashes when.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from cdn_pipeline.digest import sha256 as digest_of


class Note(NamedTuple):
    """What is noted of one file."""

    sha256: str
    headers: Mapping[str, str]


def read(notes: Path, key: str, identity: str) -> Note | None:
    """What is noted of the file of *key* with that identity, if anything is."""
    try:
        known = json.loads(_place(notes, key).read_bytes())["files"][identity]
        return Note(str(known["sha256"]), dict(known["headers"]))
    except (FileNotFoundError, ValueError, LookupError, TypeError):
        return None


def write(notes: Path, key: str, files: Mapping[str, Note]) -> None:
    """*files*, ``{identity: note}``, is all that is noted of *key* from now on. Needs the store's lock."""
    place = _place(notes, key)
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_suffix(".new")
    content = {"key": key, "files": {identity: note._asdict() for identity, note in files.items()}}
    fresh.write_text(json.dumps(content), "utf-8")
    os.replace(fresh, place)


def forget(notes: Path, key: str) -> None:
    """Nothing is noted of *key* any more. Needs the store's lock."""
    _place(notes, key).unlink(missing_ok=True)


def _place(notes: Path, key: str) -> Path:
    """Named by a digest, since a key may be as long as a file name can be."""
    name = digest_of(key.encode("utf-8", "surrogateescape"))
    return notes / name[:2] / f"{name[2:]}.json"
