"""Notes: JSON documents of our own that tell when they are damaged."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

SEAL = b',"crc32":'  # of all that stands before it; the last key of the document


def sealed(document: Mapping[str, Any]) -> Iterator[bytes]:
    """A document that is not empty, with a checksum; in pieces, since that of a large site has megabytes."""
    before, checksum = "{", 0
    for key, value in document.items():
        piece = f"{before}{json.dumps(key)}:{json.dumps(value, separators=(',', ':'))}".encode()
        checksum = zlib.crc32(piece, checksum)
        before = ","
        yield piece
    yield SEAL + b"%d}" % checksum


def read(name: str) -> dict[str, Any]:
    """The document in the file *name*; an empty one if it cannot be read or is not as it was written."""
    try:
        with open(name, "rb") as file:
            content, _, seal = file.read().rpartition(SEAL)
        if seal != b"%d}" % zlib.crc32(content):
            return {}
        document = json.loads(content + b"}")
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}
