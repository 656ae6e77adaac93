"""Exact lexers, one per language: the ground on which references, printers, guards and joins stand."""

from __future__ import annotations

from collections.abc import Iterable

Edit = tuple[int, int, str]  # start, end, and what takes the place of the text between


def spliced(text: str, edits: Iterable[Edit]) -> str:
    """*text* after *edits*, which are in order and do not overlap."""
    pieces: list[str] = []
    at = 0
    for start, end, words in edits:
        pieces += (text[at:start], words)
        at = end
    return "".join([*pieces, text[at:]])


def before(edits: Iterable[Edit], offset: int) -> int:
    """Where *offset* in the text after *edits* was before them; in words of an edit, where it starts."""
    grown = 0
    for start, end, words in edits:
        if offset < start + grown:
            break
        if offset < start + grown + len(words):
            return start
        grown += len(words) - (end - start)
    return offset - grown


class LexError(Exception):
    """The text cannot be divided into tokens with certainty. Whoever asked must leave it as it is."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset  # in characters, from the start of the text
        self.message = message
