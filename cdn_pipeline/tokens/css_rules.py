"""The rules at the top level of a style sheet, as a browser divides it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cdn_pipeline.tokens.css import AT_KEYWORD, TOKEN, unescape
from cdn_pipeline.tokens.css_statements import statements, terminator

# Ignored at the top level only: remains of the days when sheets were hidden in HTML comments.
_IGNORED = ("<!--", "-->")


class Rule(NamedTuple):
    """One rule, or a ``/*! */`` comment between rules."""

    start: int
    block: int  # just after the ``{``; 0 where it has none
    end: int  # after the ``;`` or ``}``, or the end of the text
    keyword: str  # of an at-rule, in lower case; "" for others
    is_whole: (
        bool  # whether the browser keeps it: no ``;`` or ``}`` astray in its prelude, not cut short there
    )


def rules(text: str) -> Iterator[Rule]:
    """Every rule in order; none is read before it is asked for."""
    start, block, keyword, is_whole = -1, 0, "", True
    for first, end, depth in statements(text):
        if start < 0:
            if text.startswith(_IGNORED, first):
                continue
            start, block, is_whole, keyword = first, 0, True, at_keyword(text, first)
        last = terminator(text, first, end)
        if depth == 0 and last == "{":
            block = end
        elif _ends(text, start, depth, last, keyword):
            yield Rule(start, block, end, keyword, is_whole)
            start = -1
        elif depth == 0 and (not keyword or last == "}"):
            is_whole = False
    if start >= 0:
        yield Rule(start, block, len(text), keyword, is_whole)


def _ends(text: str, start: int, depth: int, last: str, keyword: str) -> bool:
    if depth:
        return depth == 1 and last == "}"
    return (last == ";" and keyword != "") or text.startswith("/*!", start)


def at_keyword(text: str, start: int) -> str:
    """The name of the at-rule at *start*, in lower case and without escapes; "" if there is none."""
    match = TOKEN.match(text, start) if text.startswith("@", start) else None
    return unescape(match.group()[1:]).lower() if match and match.lastgroup == AT_KEYWORD else ""
