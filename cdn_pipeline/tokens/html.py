"""HTML: the tags of a page and the text of its styles and scripts (HTML standard, 13.2.5), at their places.

What stands between is passed over just as a browser would: comments, doctypes, raw text. Scripting is taken
to be on, except that ``<noscript>`` is also looked into, by itself, for those who have it off. Nothing is
ever an error in HTML, so nothing is refused, except misnested tags in SVG (see `foreign`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from html.entities import html5
from string import ascii_lowercase, ascii_uppercase
from typing import NamedTuple

from cdn_pipeline.tokens.decoded import Decoded, Run, plain, runs
from cdn_pipeline.tokens.foreign import HTML, OpenElements


class Tag(NamedTuple):
    """A start or end tag. Names are in lower case; ``<image>`` in HTML is ``img``, as for a browser."""

    name: str
    namespace: str  # foreign.HTML, SVG or MATHML; HTML for end tags
    is_end: bool
    is_empty: bool  # ends in ``/>``, where that means something: in SVG and MathML
    attributes: tuple[int, int]  # the span to give to `attributes`


class Text(NamedTuple):
    """Text of a style or script, or any text within SVG."""

    start: int
    end: int
    has_references: bool  # whether ``&amp;`` is an ampersand there


SPACE = r"\t\n\f\r "
# A name; then, if there is one, a value in its three forms. An unclosed quote swallows the rest of the text.
ATTRIBUTE = (
    rf"[{SPACE}/]*+([^{SPACE}/>][^{SPACE}/>=]*+)"
    rf"(?:[{SPACE}]*+=[{SPACE}]*+"
    rf"(?:\"([^\"]*+)(?:\"|\Z)|'([^']*+)(?:'|\Z)|([^{SPACE}>\"'][^{SPACE}>]*+)|(?=>|\Z)))?+"
)
ATTRIBUTES = re.compile(ATTRIBUTE)
TAG = re.compile(
    rf"<(/?)([a-zA-Z][^{SPACE}/>]*+)((?:{re.sub(r'[(](?![?])', '(?:', ATTRIBUTE)})*+)([{SPACE}/]*+)>"
)
TAG_START = re.compile(r"</?[a-zA-Z]")
MARKUP = re.compile(r"<[a-zA-Z/!?]")
COMMENT_END = re.compile(r"--!?>")

RAW = re.compile("script|style|textarea|title|xmp|iframe|noembed|noframes|noscript|plaintext")
SCRIPT_MARKS = re.compile(rf"<!--|-->|<(/?)script(?=[{SPACE}/>])", re.IGNORECASE | re.ASCII)

LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


def lower(name: str) -> str:
    """*name* with ``A`` to ``Z`` in lower case, and no other character changed."""
    return name.lower() if name.isascii() else name.translate(LOWER)


def tokens(text: str) -> Iterator[Tag | Text]:
    """In order of place. Raises LexError if the end of an inline ``<svg>`` cannot be told."""
    return iter(_Tokenizer(text, 0, len(text)))


def attributes(text: str, tag: Tag) -> dict[str, Decoded]:
    """The values by name, in lower case; of two attributes with one name the first counts."""
    values: dict[str, Decoded] = {}
    for hit in ATTRIBUTES.finditer(text, *tag.attributes):
        name = lower(hit[1])
        if name not in values:
            group = hit.lastindex or 1
            values[name] = value(text, *(hit.span(group) if group > 1 else (hit.end(), hit.end())))
    return values


class _Tokenizer:
    def __init__(self, text: str, start: int, end: int) -> None:
        self._text = text
        self._at = start
        self._end = end
        self._open = OpenElements()

    def __iter__(self) -> Iterator[Tag | Text]:
        text, end = self._text, self._end
        while self._at < end:
            hit = MARKUP.search(text, self._at, end)
            mark = hit.start() if hit else end
            if mark > self._at and self._open.is_foreign():
                yield Text(self._at, mark, True)
            if not hit:
                return
            if tag := TAG.match(text, mark, end):
                token = self._tag(tag)
                yield token
                if token.namespace == HTML and not token.is_end and RAW.fullmatch(token.name):
                    yield from self._raw(token.name)
            elif text.startswith("<![CDATA[", mark, end) and self._is_foreign():
                yield self._cdata(mark + 9)
            else:
                self._at = self._after_markup(mark)

    def _is_foreign(self) -> bool:
        self._open.demand_certainty()
        return self._open.is_foreign()

    def _tag(self, tag: re.Match[str]) -> Tag:
        self._at = tag.end()
        slash, name, attributes, ending = tag.groups()
        name = lower(name)
        if slash:
            self._open.close(name, tag.start())
            return Tag(name, HTML, True, False, tag.span(3))
        is_empty = ending.endswith("/")
        namespace = self._open.open(name, attributes, is_empty=is_empty)
        if namespace == HTML and name == "image":
            name = "img"
        return Tag(name, namespace, False, is_empty and namespace != HTML, tag.span(3))

    def _raw(self, name: str) -> Iterator[Tag | Text]:
        start, self._at = self._at, self._raw_end(name)
        if name in ("style", "script"):
            yield Text(start, self._at, False)
        elif name == "noscript":
            yield from _Tokenizer(self._text, start, self._at)

    def _raw_end(self, name: str) -> int:
        if name == "plaintext":
            return self._end
        if name == "script":
            return self._script_end()
        hit = _end_tag(name).search(self._text, self._at, self._end)
        return hit.start() if hit else self._end

    def _script_end(self) -> int:
        """After ``<!--`` a script may contain ``<script>`` and its end tag (13.2.5.15 to 31)."""
        is_escaped = is_doubly_escaped = False
        at = self._at
        while hit := SCRIPT_MARKS.search(self._text, at, self._end):
            at = hit.end()
            if hit[0] == "<!--":
                is_escaped = True
                at -= 2  # its dashes may belong to "-->"
            elif hit[0] == "-->":
                is_escaped = is_doubly_escaped = False
            elif not hit[1]:
                is_doubly_escaped = is_escaped
            elif is_doubly_escaped:
                is_doubly_escaped = False
            else:
                return hit.start()
        return self._end

    def _cdata(self, start: int) -> Text:
        stop = self._text.find("]]>", start, self._end)
        stop, self._at = (self._end, self._end) if stop < 0 else (stop, stop + 3)
        return Text(start, stop, False)

    def _after_markup(self, mark: int) -> int:
        """Where a comment ends, or anything else that begins with ``<`` and is no tag."""
        if self._text.startswith("<!--", mark, self._end):
            return self._after_comment(mark)
        if TAG_START.match(self._text, mark, self._end):
            return self._end  # it never ends
        close = self._text.find(">", mark, self._end)
        return self._end if close < 0 else close + 1

    def _after_comment(self, mark: int) -> int:
        for empty in ("<!-->", "<!--->"):
            if self._text.startswith(empty, mark, self._end):
                return mark + len(empty)
        hit = COMMENT_END.search(self._text, mark + 4, self._end)
        return hit.end() if hit else self._end


@cache
def _end_tag(name: str) -> re.Pattern[str]:
    return re.compile(rf"</{name}(?=[{SPACE}/>])", re.IGNORECASE | re.ASCII)


REFERENCE = re.compile(r"&(?:#[xX]([0-9a-fA-F]+);?|#([0-9]+);?|([a-zA-Z][a-zA-Z0-9]*);?)")
LONGEST_NAME = max(map(len, html5))


def value(text: str, start: int, end: int) -> Decoded:
    """The attribute value that stands there."""
    if text.find("&", start, end) < 0:
        return plain(text, start, end)
    return Decoded(text, runs(text, start, end, REFERENCE, _in_attribute))


def content(text: str, pieces: list[Text]) -> Decoded:
    """The text that stands in *pieces*, which are in order."""
    return Decoded(text, (run for piece in pieces for run in _runs_of(text, piece)))


def _runs_of(text: str, piece: Text) -> Iterator[Run]:
    if piece.has_references:
        return runs(text, piece.start, piece.end, REFERENCE, _meaning)
    return iter((Run(piece.start, piece.end),))


def _in_attribute(hit: re.Match[str]) -> Run | None:
    """``?a=1&copy=2`` is two parameters (13.2.5.73)."""
    run = _meaning(hit)
    if run and hit[3] and hit.string[run.end - 1] != ";":
        following = hit.string[run.end : run.end + 1]
        if following == "=" or (following.isascii() and following.isalnum()):
            return None
    return run


def _meaning(hit: re.Match[str]) -> Run | None:
    if hit[3]:
        return _named(hit)
    return Run(hit.start(), hit.end(), _character(hit[1] or hit[2], 16 if hit[1] else 10))


def _named(hit: re.Match[str]) -> Run | None:
    name = hit[0][1 : LONGEST_NAME + 1]
    for length in range(len(name), 1, -1):
        if meaning := html5.get(name[:length]):
            return Run(hit.start(), hit.start() + 1 + length, meaning)
    return None


def _character(digits: str, radix: int) -> str:
    """Numbers of C1 controls mean what Windows-1252 has in their place (13.2.5.80)."""
    digits = digits.lstrip("0")
    code = int(digits, radix) if 0 < len(digits) < 8 else 0
    if code == 0 or code > 0x10FFFF or 0xD800 <= code < 0xE000:
        return "\ufffd"
    if not 0x80 <= code < 0xA0:
        return chr(code)
    return bytes([code]).decode("cp1252", "ignore") or chr(code)
