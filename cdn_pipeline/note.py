"""Notes: JSON documents of our own that tell when they are damaged."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

SEAL = b',"crc32":'  # of all that stands before it; the last key of the document


def sealed(document: Mapping[str, Any]) -> Iterator[bytes]:
    """A document that is not empty, with a checksum; in pieces, since that of a large site has megabytes."""
    return sealed_items(document.items())


def sealed_items(items: Iterable[tuple[str, Any]]) -> Iterator[bytes]:
    """The same, by its items, which may be made one after the other."""
    checksum = 0
    for text in _pieces(items):
        piece = text.encode()
        checksum = zlib.crc32(piece, checksum)
        yield piece
    yield SEAL + b"%d}" % checksum


def _pieces(items: Iterable[tuple[str, Any]]) -> Iterator[str]:
    before = "{"
    for key, value in items:
        yield f"{before}{_json(key)}:"
        if isinstance(value, list):
            before = "["
            for column in value:
                yield before
                yield _json(column)
                before = ","
            yield "]" if value else "[]"
        else:
            yield _json(value)
        before = ","


_json = json.JSONEncoder(separators=(",", ":")).encode


Column = str | list[Any]


def columns(rows: Iterable[Sequence[Any]]) -> list[Column]:
    """A table by columns, which is read many times faster than by rows: a column of texts is one text, a line
    each, of which none may have a line feed. All values of a column are of one kind."""
    return [
        "\n".join(column) if isinstance(column[0], str) else list(column)
        for column in zip(*rows, strict=True)
    ]


def rows(columns: Sequence[Column]) -> Iterator[tuple[Any, ...]]:
    """The rows of a table."""
    split = (column.split("\n") if isinstance(column, str) else column for column in columns)
    return zip(*split, strict=True)


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
