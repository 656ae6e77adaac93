"""XML: the tags, text and processing instructions of a well-formed document (XML 1.0, Namespaces 1.0).

A text that a browser's XML parser would refuse is refused here too, wherever its tags could be misread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cdn_pipeline.tokens import LexError
from cdn_pipeline.tokens.decoded import Decoded, Run, plain, runs

XLINK = "http://www.w3.org/1999/xlink"
WELL_KNOWN = {"xml": "http://www.w3.org/XML/1998/namespace", "xlink": XLINK}


class Start(NamedTuple):
    """A start tag. An attribute of XLink is named ``xlink:…``, whatever prefix the document uses; others are
    named as written. A value is ``None`` where it needs an entity of the document."""

    name: str  # without prefix
    namespace: str  # "" for none
    attributes: Mapping[str, Decoded | None]
    is_empty: bool


class End(NamedTuple):
    """An end tag."""

    name: str


class Text(NamedTuple):
    """Character data; in a CDATA section ``&amp;`` is five characters."""

    start: int
    end: int
    is_cdata: bool


class Instruction(NamedTuple):
    """``<?target content?>``; the span is that of the content."""

    target: str
    start: int
    end: int


SPACE = r"[\t\n\r ]"
NAME = r"[^\t\n\r /<>=\"'&?!\[\]]++"
LITERAL = r"(?:\"[^\"]*+\"|'[^']*+')"
ATTRIBUTE = rf"{SPACE}++({NAME}){SPACE}*+={SPACE}*+(?:\"([^\"<]*+)\"|'([^'<]*+)')"
ATTRIBUTES = re.compile(ATTRIBUTE)
TAG = re.compile(rf"<({NAME})((?:{re.sub(r'[(](?![?])', '(?:', ATTRIBUTE)})*+){SPACE}*+(/?)>")
END = re.compile(rf"</({NAME}){SPACE}*+>")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
INSTRUCTION = re.compile(rf"<\?({NAME})(.*?)\?>", re.DOTALL)
DECLARATION = rf"<![A-Z]++(?:[^\"'>]|{LITERAL})*+>"
DOCTYPE = re.compile(
    rf"<!DOCTYPE(?:[^\"'\[>]|{LITERAL})*+"
    rf"(?:\[((?:[^\]\"'<]++|{COMMENT.pattern}|{INSTRUCTION.pattern}|{DECLARATION})*+)\]{SPACE}*+)?+>",
    re.DOTALL,
)
ENTITY = re.compile(rf"{COMMENT.pattern}|<!ENTITY{SPACE}++({NAME}){SPACE}++({LITERAL}){SPACE}*+>", re.DOTALL)
REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]{1,8})|#([0-9]{1,8})|([^;&<\s]++));?")
# In an attribute every line end and tab is a space (XML 1.0, 2.11 and 3.3.3).
IN_VALUE = re.compile(rf"\t|\n|\r\n?|{REFERENCE.pattern}")

Token = Start | End | Text | Instruction
Scope = Mapping[str, str]


def tokens(text: str) -> Iterator[Token]:
    """In order of place. Raises LexError if the document is not well-formed."""
    return iter(_Tokenizer(text))


def content(text: str, pieces: list[Text]) -> Decoded | None:
    """The text that stands in *pieces*; ``None`` where it needs an entity of the document."""
    found: list[Run] = []
    for piece in pieces:
        if piece.is_cdata:
            found.append(Run(piece.start, piece.end))
        elif (some := _runs(text, piece.start, piece.end)) is None:
            return None
        else:
            found += some
    return Decoded(text, found)


def pseudo_attributes(text: str, instruction: Instruction) -> dict[str, Decoded | None]:
    """Those of an ``xml-stylesheet`` instruction (Associating Style Sheets with XML documents, 3)."""
    hits = ATTRIBUTES.finditer(text, instruction.start, instruction.end)
    return {hit[1]: _value(text, hit, REFERENCE) for hit in hits}


class _Tokenizer:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._open: list[tuple[str, Scope]] = []
        self._entities: dict[str, str] = {}

    def __iter__(self) -> Iterator[Token]:
        text = self._text
        while (mark := text.find("<", self._at)) >= 0:
            if mark > self._at:
                yield Text(self._at, mark, False)
            yield from self._markup(mark)
        if self._open:
            raise LexError(len(text), f"<{self._open[-1][0]}> is never closed")

    def _markup(self, mark: int) -> Iterator[Token]:
        following = self._text[mark + 1 : mark + 2]
        if following == "/":
            yield self._end(self._match(END, mark))
        elif following == "?":
            hit = self._match(INSTRUCTION, mark)
            yield Instruction(hit[1], *hit.span(2))
        elif following == "!":
            yield from self._declaration(mark)
        else:
            yield self._start(self._match(TAG, mark))

    def _match(self, pattern: re.Pattern[str], mark: int) -> re.Match[str]:
        hit = pattern.match(self._text, mark)
        if hit is None:
            raise LexError(mark, "not well-formed XML")
        self._at = hit.end()
        return hit

    def _declaration(self, mark: int) -> Iterator[Token]:
        if self._text.startswith("<!--", mark):
            self._match(COMMENT, mark)
        elif self._text.startswith("<![", mark):
            yield Text(*self._match(CDATA, mark).span(1), True)
        else:
            subset = self._match(DOCTYPE, mark)[1] or ""
            hits = (hit for hit in ENTITY.finditer(subset) if hit[1])
            self._entities.update((hit[1], hit[2][1:-1]) for hit in hits)

    def _end(self, hit: re.Match[str]) -> End:
        if not self._open or self._open.pop()[0] != hit[1]:
            raise LexError(hit.start(), f"</{hit[1]}> closes another tag than the one opened last")
        return End(hit[1].rpartition(":")[2])

    def _start(self, hit: re.Match[str]) -> Start:
        scope = self._open[-1][1] if self._open else {}
        found = list(ATTRIBUTES.finditer(self._text, *hit.span(2)))
        if "xmlns" in hit[2]:
            scope = {**scope, **self._namespaces(found)}
        values = {_qualified(each[1], scope): _value(self._text, each) for each in found}
        if len(values) < len(found):
            raise LexError(hit.start(), f"<{hit[1]}> has an attribute twice")
        if not hit[3]:
            self._open.append((hit[1], scope))
        prefix, _, name = hit[1].rpartition(":")
        return Start(name, scope.get(prefix, ""), values, bool(hit[3]))

    def _namespaces(self, found: list[re.Match[str]]) -> dict[str, str]:
        """Prefixes that a tag declares; "" is the default namespace's. Illustrator names them by entities."""
        declared = {}
        for hit in found:
            prefix, colon, name = hit[1].partition(":")
            if prefix == "xmlns":
                value = hit[2] if hit[2] is not None else hit[3]
                declared[name if colon else ""] = self._entities.get(value[1:-1], value)
        return declared


def _qualified(name: str, scope: Scope) -> str:
    prefix, colon, local = name.partition(":")
    if not colon or prefix == "xmlns":
        return name
    return "xlink:" + local if scope.get(prefix, WELL_KNOWN.get(prefix)) == XLINK else name


def _value(text: str, hit: re.Match[str], escape: re.Pattern[str] = IN_VALUE) -> Decoded | None:
    start, end = hit.span(2 if hit[2] is not None else 3)
    if not escape.search(text, start, end):
        return plain(text, start, end)
    found = _runs(text, start, end, escape)
    return None if found is None else Decoded(text, found)


PREDEFINED = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'"}


def _runs(text: str, start: int, end: int, escape: re.Pattern[str] = REFERENCE) -> list[Run] | None:
    if any(_meaning(hit) is None for hit in REFERENCE.finditer(text, start, end)):
        return None
    return list(runs(text, start, end, escape, _meaning))


def _meaning(hit: re.Match[str]) -> Run | None:
    if hit[0][0] != "&":
        return Run(hit.start(), hit.end(), " ")
    if hit[3] or not hit[0].endswith(";"):
        known = PREDEFINED.get(hit[0])
        return Run(hit.start(), hit.end(), known) if known else None
    code = int(hit[1], 16) if hit[1] else int(hit[2])
    is_character = 0 < code < 0xD800 or 0xE000 <= code <= 0x10FFFF
    return Run(hit.start(), hit.end(), chr(code)) if is_character else None
