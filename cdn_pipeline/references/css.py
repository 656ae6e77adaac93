"""References in style sheets: ``url()`` in every spelling, ``@import``, ``image-set()`` and source maps.

Only statements that could hold one are read token by token; everything else is passed over.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from cdn_pipeline.references import (
    CORS,
    CUSTOM,
    FONT,
    FRAGMENT,
    IMAGE,
    IMPORT,
    LINK,
    SOURCE_MAP,
    Reference,
    is_local,
    split_suffix,
)
from cdn_pipeline.references.css_imports import AROUND, imports, inside, late_imports
from cdn_pipeline.tokens.css import (
    CLOSER,
    COMMENT,
    DELIM,
    ESCAPE,
    IDENT,
    NAME,
    STRING,
    TOKEN,
    URL,
    WHITE,
    opens,
    unescape,
)
from cdn_pipeline.tokens.css_rules import at_keyword
from cdn_pipeline.tokens.css_statements import Statement, statements, terminator

__all__ = ["late_imports", "references"]

# The "(" of url(), src() or image-set(), or an escape that could be a letter of their names. Two patterns, as
# one that begins with a single character is found much faster.
_MAYBE = (
    re.compile(r"\((?<=[uU][rR][lL]\(|[sS][rR][cC]\(|[sS][eE][tT]\()"),
    re.compile(rf"\\(?:[0-9a-fA-F]{{1,6}}{WHITE}?|[g-zG-Z\-]){NAME}{{0,20}}+\("),
)
_SOURCE_MAP = re.compile(r"/\*[#@]\s*sourceMappingURL=(\S*?)\s*\*/")  # ECMA-426, 11.1.2.2
_MAP_NAME = "sourceMappingURL="
_SUFFIX = re.compile(rf"{ESCAPE}|[?#]")
_IGNORED = re.compile(r"[\t\n\r]")

_ADDRESSES = ("url", "src")
_HOLD_ADDRESSES = (*_ADDRESSES, "image-set", "-webkit-image-set")
_PREFIX = re.compile(r"[_*]|-(?:webkit|moz|ms|o)-")
# What may name an element of an SVG file; only from the page's own origin.
_ELEMENTS = frozenset(
    {
        "backdrop-filter",
        "clip-path",
        "fill",
        "filter",
        "marker",
        "marker-end",
        "marker-mid",
        "marker-start",
        "mask",
        "mask-image",
        "stroke",
    }
)
# What loads with CORS (css-masking, css-shapes).
_CORS = frozenset(
    {
        "clip-path",
        "mask",
        "mask-border",
        "mask-border-source",
        "mask-box-image",
        "mask-box-image-source",
        "mask-image",
        "shape-outside",
    }
)


def references(text: str) -> list[Reference]:
    """Every local reference that a browser could follow, in order. Imports that come too late are none."""
    found = [*_imported(text), *_declared(text)]
    if _MAP_NAME in text:
        found += _source_map(text)
        found.sort()
    return found


def _imported(text: str) -> Iterator[Reference]:
    for rule in imports(text):
        yield from _reference(text, rule.url, IMPORT)


def _declared(text: str) -> Iterator[Reference]:
    """Those in the values of declarations."""
    places = sorted(maybe.start() for pattern in _MAYBE for maybe in pattern.finditer(text))
    if not places:
        return
    found = statements(text)
    blocks = _Blocks(text, found)
    for index in _holders(places, found):
        start, end, depth = found[index]
        if depth and text[start] != "@" and terminator(text, start, end) != "{":
            read = TOKEN.finditer(text, start, end)
            name = _property(read)
            if name:
                is_font = name == "src" and at_keyword(text, blocks.prelude(index)) == "font-face"
                yield from _values(text, read, FONT if is_font else _kind(name), name in _ELEMENTS)


def _holders(places: Iterable[int], found: Sequence[Statement]) -> Iterator[int]:
    """The statements, as indexes of *found*, in which one of *places* lies: not in a comment between them."""
    last = -1
    for place in places:
        index = bisect_left(found, (place + 1, 0, 0)) - 1
        if index > last and place < found[index][1]:
            yield index
            last = index


class _Blocks:
    """Where the statement stands that opened the block around another one; to be asked in order."""

    def __init__(self, text: str, found: Sequence[Statement]) -> None:
        self._text, self._found = text, found
        self._seen = 0
        self._preludes: dict[int, int] = {}  # by depth

    def prelude(self, index: int) -> int:
        for start, end, depth in self._found[self._seen : index]:
            if self._text[end - 1] == "{":
                self._preludes[depth + 1] = start
        self._seen = index
        return self._preludes[self._found[index][2]]


def _values(text: str, read: Iterable[re.Match[str]], kind: str, names_elements: bool) -> Iterator[Reference]:
    """Those among the tokens of a value."""
    within: list[tuple[str, str]] = []  # (function, its closer)
    for match in read:
        token_kind, token = match.lastgroup or DELIM, match.group()
        function = within[-1][0] if within else ""
        if token_kind == URL or (token_kind == STRING and function in _HOLD_ADDRESSES):
            yield from _reference(text, match.span(), kind, names_elements)
            if function in _ADDRESSES:
                within[-1] = ("", ")")  # what follows the address is a modifier
        elif opens(token_kind, token):
            within.append((unescape(token[:-1]).lower(), CLOSER[token[-1]]))
        elif within and token == within[-1][1]:
            within.pop()


def _property(found: Iterator[re.Match[str]]) -> str:
    """The name before the colon, in lower case, without prefix; "" if this is no declaration."""
    name = ""
    for match in found:
        if match.lastgroup == IDENT:
            name = unescape(match.group()).lower()
        elif match.group() == ":":
            return name if name.startswith("--") else _PREFIX.sub("", name, count=1)
    return ""


def _kind(name: str) -> str:
    if name.startswith("--"):
        return CUSTOM
    if name == "behavior":
        return LINK
    return CORS if name in _CORS else IMAGE


def _reference(
    text: str, span: tuple[int, int], kind: str, names_elements: bool = False
) -> Iterator[Reference]:
    """The reference that the string or ``url()`` token at *span* is, if it is a local one."""
    start, end = inside(text, *span)
    cut = next(
        (one.start() for one in _SUFFIX.finditer(text, start, end) if unescape(one.group()) in "?#"), end
    )
    path = _IGNORED.sub("", unescape(text[start:cut])).lstrip(AROUND)
    suffix = _IGNORED.sub("", unescape(text[cut:end])).rstrip(AROUND)
    path = path if suffix else path.rstrip(AROUND)
    if is_local(path + suffix):
        kind = FRAGMENT if names_elements and "#" in suffix else kind
        yield Reference(start, cut, path, kind, suffix)


def _source_map(text: str) -> Iterator[Reference]:
    """The last comment that names a source map."""
    ends = [0, *(end for _, end, _ in statements(text)), len(text)]
    at = text.rfind(_MAP_NAME)
    while at >= 0:
        index = bisect_right(ends, at)
        start, end = ends[index - 1], ends[index]
        comments = [one.span() for one in TOKEN.finditer(text, start, end) if one.lastgroup == COMMENT]
        for span in reversed(comments):
            found = _SOURCE_MAP.fullmatch(text, *span)
            if found:
                path, suffix = split_suffix(found[1])
                if is_local(found[1]):
                    yield Reference(found.start(1), found.start(1) + len(path), path, SOURCE_MAP, suffix)
                return
        at = text.rfind(_MAP_NAME, 0, start)
