"""Whether two JavaScript texts mean the same: same tokens, and the line ends that might have a meaning."""

from __future__ import annotations

import re
from itertools import zip_longest

from cdn_pipeline.guards import Difference
from cdn_pipeline.tokens import LexError
from cdn_pipeline.tokens import javascript as tokens
from cdn_pipeline.tokens import javascript_characters as characters
from cdn_pipeline.tokens.javascript_gaps import line_end_matters, squeeze
from cdn_pipeline.tokens.javascript_pieces import COMMENT, COMMENT_OF_LINES, Pieces

LONGEST_QUOTE = 40  # characters of a token in a message


def difference(before: str, after: str) -> Difference | None:
    """The first difference in meaning that the tokens show; comments have none, a hashbang has.

    A text that cannot be read is a difference. More line ends matter here than to an engine: what is accepted
    is the same, what is refused may be.
    """
    try:
        one = tokens.pieces(before)
    except LexError as error:
        return Difference(error.offset, f"the original cannot be read: {error.message}")
    try:
        two = tokens.pieces(after)
    except LexError as error:
        return _unreadable(before, after, error)
    if _hashbang(one) != _hashbang(two):
        return Difference(0, "the hashbang differs")
    if _meaning(one) == _meaning(two):
        return None
    return _first_difference(before, after)


def _hashbang(cut: Pieces) -> str:
    first = cut.literals[0] if cut.literals else ""
    return first if first.startswith("#!") else ""


def _meaning(cut: Pieces) -> tuple[str, list[str]]:
    """Equal for texts that mean the same; not for all of them."""
    is_comment = (COMMENT, COMMENT_OF_LINES)
    literals = [
        text for text, mark in zip(cut.literals, cut.marks, strict=True) if mark not in is_comment and mark
    ]
    return squeeze(cut.compact()), literals


def _first_difference(before: str, after: str) -> Difference | None:
    last = ""
    for one, two in zip_longest(tokens.tokens(before), tokens.tokens(after)):
        if one is None:
            return Difference(len(before), f"{_quote(two)} was added")
        if two is None:
            return Difference(one.start, f"{_quote(one)} and what follows is missing")
        if one.text != two.text:
            return Difference(one.start, f"{_quote(one)} became {_quote(two)}")
        if one.newline != two.newline and line_end_matters(last, one.mark):
            change = "was lost" if one.newline else "was added"
            return Difference(one.start, f"a line end {change} before {_quote(one)}")
        last = one.mark
    return None


def _unreadable(before: str, after: str, error: LexError) -> Difference:
    """The first token of *before* that does not stand in *after* in its turn."""
    end, message = 0, f"the result cannot be read: {error.message}"
    for token in tokens.tokens(before):
        start = _skip(after, end)
        if not after.startswith(token.text, start):
            return Difference(token.start, f"{message}; here stands {_quote(token)}")
        end = start + len(token.text)
    return Difference(len(before), message)


def _skip(text: str, at: int) -> int:
    gap = _GAP.match(text, at)
    return gap.end() if gap else at


def _quote(token: tokens.Token) -> str:
    text = token.text
    return repr(text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE] + "…")


_GAP = re.compile(rf"(?:[{characters.SPACE}]|//[^{characters.LINE_END}]*+|/\*(?:[^*]|\*(?!/))*+\*/)*+")
