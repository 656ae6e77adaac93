"""The text of a Django template: its tags and variables, as Django's lexer finds them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from cdn_pipeline.definitions.template import CLOSING, START

NAME = re.compile(r"\w*")


class Piece(NamedTuple):
    """A tag, a variable or a comment."""

    name: str  # of a tag; "" for others
    arguments: str  # of a tag, or a variable
    start: int
    end: int


def pieces(text: str) -> Iterator[Piece]:
    """In order, without comments and what is commented out or verbatim."""
    return _all(readable(text))


def readable(text: str) -> str:
    """*text* with blanks where it is commented out or verbatim; every offset stays."""
    kept: list[str] = []
    at = 0
    for start, end in _unread(text):
        kept += (text[at:start], re.sub(r"[^\n]", " ", text[start:end]))
        at = end
    return "".join([*kept, text[at:]])


def _unread(text: str) -> Iterator[tuple[int, int]]:
    closing, start = "", 0
    for piece in _all(text):
        if closing:
            if f"{piece.name} {piece.arguments}".strip() == closing:
                yield start, piece.end
                closing = ""
        elif piece.name in ("comment", "verbatim"):
            label = piece.arguments if piece.name == "verbatim" else ""
            closing, start = f"end{piece.name} {label}".strip(), piece.start
        elif text.startswith("{#", piece.start):
            yield piece.start, piece.end


def _all(text: str) -> Iterator[Piece]:
    """As in django/template/base.py: none of them goes over a line."""
    at = 0
    while hit := START.search(text, at):
        start = hit.start()
        line_end = text.find("\n", start)
        end = text.find(CLOSING[hit[0]], hit.end(), line_end if line_end >= 0 else len(text))
        if end < 0:
            at = start + 1
            continue
        at = end + 2
        inside = text[hit.end() : end].strip()
        name = NAME.match(inside)[0] if hit[0] == "{%" else ""  # type: ignore[index]
        yield Piece(name, inside[len(name) :].strip(), start, at)
