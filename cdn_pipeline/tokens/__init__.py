"""Exact lexers, one per language: the ground on which references, printers, guards and joins stand."""

from __future__ import annotations


class LexError(Exception):
    """The text cannot be divided into tokens with certainty. Whoever asked must leave it as it is."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset  # in characters, from the start of the text
        self.message = message
