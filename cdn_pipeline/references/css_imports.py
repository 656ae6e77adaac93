"""The ``@import`` rules of a style sheet: which are alive, and which come too late.

An import is alive only before every other valid rule; an ``@layer`` statement may stand before the first one,
but not between two (css-cascade-5, section 2). Invalid rules and unknown at-rules do no harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from cdn_pipeline.tokens.css import (
    COMMENT,
    FUNCTION,
    IN_URL,
    SPACE,
    STRING,
    TOKEN,
    URL,
    URL_OPEN,
    WHITE,
    unescape,
)
from cdn_pipeline.tokens.css_rules import Rule, at_keyword, rules
from cdn_pipeline.tokens.css_statements import statements

_MAYBE = re.compile(r"@(?:[iI]|\\)")
# At-rules that Chromium knows; one that it does not know ends no imports.
_INSIDE_URL = re.compile(rf"{URL_OPEN}{WHITE}*+({IN_URL})")
AROUND = "".join(map(chr, range(0x21)))  # URL standard, 4.4
_GAPS = (SPACE, COMMENT)
_KNOWN = frozenset(
    {
        "container",
        "counter-style",
        "font-face",
        "font-feature-values",
        "font-palette-values",
        "function",
        "keyframes",
        "layer",
        "media",
        "namespace",
        "page",
        "position-try",
        "property",
        "scope",
        "starting-style",
        "supports",
        "view-transition",
        "-webkit-keyframes",
    }
)


class Import(NamedTuple):
    """Where ``@import url("x") layer(y) screen;`` stands."""

    start: int
    end: int  # after its ``;``, or the end of the text
    url: tuple[int, int]  # its string or unquoted ``url()`` token
    conditions: int  # where they begin


def imports(text: str) -> Iterator[Import]:
    """Those that a browser follows, in order."""
    if not _MAYBE.search(text):
        return
    is_first = True
    for rule in rules(text):
        found = _import(text, rule) if rule.keyword == "import" else None
        if found:
            is_first = False
            yield found
        elif rule.keyword == "namespace" or ends_head(rule, is_first):
            return


def late_imports(text: str) -> list[int]:
    """The offsets of those that browsers ignore, as they stand after other rules or in a block."""
    if not _MAYBE.search(text):
        return []
    alive = {rule.start for rule in imports(text)}
    if all(maybe.start() in alive for maybe in _MAYBE.finditer(text)):
        return []
    starts = (start for start, _, _ in statements(text))
    return [start for start in starts if start not in alive and at_keyword(text, start) == "import"]


def ends_head(rule: Rule, is_first: bool) -> bool:
    """Whether neither imports nor ``@namespace`` can follow *rule*; *is_first* if none came before it."""
    if not rule.is_whole:
        return False
    if rule.keyword == "layer" and not rule.block:
        return not is_first
    return rule.block > 0 and (not rule.keyword or rule.keyword in _KNOWN)


def _import(text: str, rule: Rule) -> Import | None:
    if rule.block or not rule.is_whole:
        return None
    found = (match for match in TOKEN.finditer(text, rule.start, rule.end) if match.lastgroup not in _GAPS)
    next(found)
    url = next(found, None)
    if url and url.lastgroup == FUNCTION and unescape(url.group()).lower() in ("url(", "src("):
        url = next(found, None)
        close = next(found, None)
        is_closed = url and url.lastgroup == STRING and close and close.group() == ")"
        return Import(rule.start, rule.end, url.span(), close.end()) if url and close and is_closed else None
    if url and url.lastgroup in (STRING, URL):
        return Import(rule.start, rule.end, url.span(), url.end())
    return None


def inside(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the address stands in the string or unquoted ``url()`` there, without white space around it."""
    quote = text[start]
    if quote not in "\"'":
        match = _INSIDE_URL.match(text, start, end)
        return match.span(1) if match else (end, end)
    end -= end - start > 1 and text[end - 1] == quote  # the end of the text ends a string too
    inside = text[start + 1 : end]
    if "\\" in inside:  # its last space may be escaped
        return start + 1, end
    return end - len(inside.lstrip(AROUND)), start + 1 + len(inside.rstrip(AROUND))
