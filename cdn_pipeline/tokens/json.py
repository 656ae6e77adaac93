"""JSON: the values of a text, its strings at their places (RFC 8259)."""

from __future__ import annotations

import re
from typing import NamedTuple

from cdn_pipeline.tokens import LexError
from cdn_pipeline.tokens.decoded import Decoded, Run, runs

DEEPEST = 200  # as Chromium's reader


class Array(NamedTuple):
    items: list[Value]


class Object(NamedTuple):
    members: list[tuple[Decoded, Value]]  # in order, duplicates included

    def values(self, key: str) -> list[Value]:
        """Those of all members of that name: usually one or none."""
        return [value for name, value in self.members if name.text == key]


Value = Array | Object | Decoded | None
"""A string is `Decoded`; numbers, booleans and null are ``None``: no reader wants them."""

SPACE = re.compile(r"[\t\n\r ]*")
STRING = re.compile(r'"((?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+)"')
SCALAR = re.compile(r"(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![\w.+-])")
PAIR = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
ESCAPE = re.compile(rf"{PAIR}|\\u[0-9a-fA-F]{{4}}|\\.")
SIMPLE = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def parse(text: str, start: int = 0, end: int | None = None) -> Value:
    """The value that ``text[start:end]`` is. Raises LexError if it is none, or nested too deeply."""
    return _Parser(text, len(text) if end is None else end).whole(start)


class _Parser:
    def __init__(self, text: str, end: int) -> None:
        self._text = text
        self._end = end
        self._at = 0

    def whole(self, start: int) -> Value:
        self._at = start + self._text.startswith("\ufeff", start, self._end)
        value = self._value(0)
        if self._peek():
            raise self._error("more text after the end of the JSON value")
        return value

    def _peek(self) -> str:
        """The next character that is no space, "" at the end."""
        hit = SPACE.match(self._text, self._at, self._end)
        self._at = hit.end() if hit else self._at
        return self._text[self._at] if self._at < self._end else ""

    def _value(self, depth: int) -> Value:
        following = self._peek()
        if depth > DEEPEST:
            raise self._error("JSON nested too deeply")
        if following == "{":
            return Object(self._members(depth + 1))
        if following == "[":
            return Array(self._items(depth + 1))
        if following == '"':
            return self._string()
        self._match(SCALAR, "a JSON value")
        return None

    def _items(self, depth: int) -> list[Value]:
        items: list[Value] = []
        self._at += 1
        while self._goes_on("]", is_first=not items):
            items.append(self._value(depth))
        return items

    def _members(self, depth: int) -> list[tuple[Decoded, Value]]:
        members: list[tuple[Decoded, Value]] = []
        self._at += 1
        while self._goes_on("}", is_first=not members):
            self._peek()
            key = self._string()
            if self._peek() != ":":
                raise self._error("expected ':'")
            self._at += 1
            members.append((key, self._value(depth)))
        return members

    def _goes_on(self, closing: str, *, is_first: bool) -> bool:
        """Whether another item follows; its comma or the closing bracket is taken."""
        following = self._peek()
        if following == closing:
            self._at += 1
            return False
        if is_first:
            return True
        if following != ",":
            raise self._error(f"expected ',' or '{closing}'")
        self._at += 1
        return True

    def _string(self) -> Decoded:
        start, end = self._match(STRING, "a JSON string").span(1)
        return Decoded(self._text, runs(self._text, start, end, ESCAPE, _meaning))

    def _match(self, pattern: re.Pattern[str], what: str) -> re.Match[str]:
        hit = pattern.match(self._text, self._at, self._end)
        if hit is None:
            raise self._error(f"expected {what}")
        self._at = hit.end()
        return hit

    def _error(self, message: str) -> LexError:
        return LexError(self._at, message)


def _meaning(hit: re.Match[str]) -> Run:
    escape = hit[0]
    if escape[1] == "u":
        units = bytes.fromhex(escape.replace("\\u", ""))
        return Run(hit.start(), hit.end(), units.decode("utf-16-be", "replace"))
    return Run(hit.start(), hit.end(), SIMPLE.get(escape[1], escape[1]))
