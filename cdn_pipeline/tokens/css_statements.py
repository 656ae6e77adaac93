"""A style sheet divided into statements: the text up to each ``{``, ``}`` and ``;`` that structures it.

``a { b: c; d: e }`` is ``a {``, ``b: c;`` and ``d: e }``. Almost every statement is one match of one regular
expression, or is found by `native.css.divide`, which does the same in C; what these leave (deep brackets, a
block in a custom property, text that ends too early) is read token by token.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence

from cdn_pipeline.tokens import Edit, native, spliced
from cdn_pipeline.tokens.css import (
    CDC,
    CDO,
    CLOSED_COMMENT,
    CLOSER,
    COMMENT,
    DELIM,
    IDENTIFIER,
    IN_DOUBLE_QUOTES,
    IN_SINGLE_QUOTES,
    IN_URL,
    KEPT_NAMES,
    SUBSTITUTES,
    TOKEN,
    WHITE,
    ending,
    name_characters,
    opens,
    tokens,
    unescape,
)

_URL = r"[uU][rR][lL]\("
# An escape that spells no letter of "url", swallows no white space and stands before no "url(".
_ESCAPE = (
    rf"\\(?!0{{0,4}}(?i:55|75|52|72|4c|6c)|[uUrRlL])"
    rf"(?:[0-9a-fA-F]{{1,6}}+(?!{WHITE})|[^0-9a-fA-F\n\r\f])(?!{_URL})"
)
_PLAIN = r"""[^{}();\[\]"'\\/<]++"""
_ODD = rf"""
    /(?!\*) | <(?!!--) | {CLOSED_COMMENT} | {_ESCAPE}
  | "{IN_DOUBLE_QUOTES}" | '{IN_SINGLE_QUOTES}'
  | \((?<={_URL})(?<!{name_characters("#@")}{_URL}){WHITE}*+(?!["']){IN_URL}{WHITE}*+\)
"""
_PAREN = rf"""\((?:(?<!{_URL})|(?<={name_characters("#@")}{_URL})|(?={WHITE}*+["']))"""
_DEPTHS = 4


def _balanced(depths: int) -> str:
    """A pattern for text whose brackets are nested at most so deep."""
    if not depths:
        return rf"(?:{_ODD}|{_PLAIN})*+"
    return rf"(?:{_ODD}|{_PAREN}{_balanced(depths - 1)}\)|\[(?:{_ODD}|{_PLAIN})*+\]|{_PLAIN})*+"


@functools.cache
def _statement() -> re.Pattern[str]:
    """What may stand before a statement, and the statement if it is ordinary. C spares it the 7 ms that it
    takes to compile."""
    lead = rf"(?:(?!/\*!){CLOSED_COMMENT}|{WHITE}++)*+"
    return re.compile(rf"{lead}(?:((?!/\*|-->){_balanced(_DEPTHS)}(?:[{{}};]|\Z))|)", re.VERBOSE)


_DECLARES = re.compile(
    rf"({IDENTIFIER})(?:{CLOSED_COMMENT}|{WHITE}++)*+:(?:{CLOSED_COMMENT}|{WHITE}++)*+\{{?"
)
_SUBSTITUTION = re.compile(rf"(?:{'|'.join(sorted(SUBSTITUTES))})\(", re.IGNORECASE)


Statement = tuple[int, int, int]


def statements(text: str) -> list[Statement]:
    """The (start, end, depth) of every statement: its end includes its ``{``, ``}`` or ``;``; depth is the
    number of blocks that are open before it. White space and comments before a statement belong to none, but
    ``/*! */``, ``<!--`` and ``-->`` are each one. The last one may lack its end."""
    known = _recent.get(text)
    return _remember(text, _divided(text)) if known is None else known


def edited(text: str, edits: Sequence[Edit]) -> str:
    """*text* with other words in its strings, addresses and comments. `statements` knows the result without
    reading it again, so the words must be such that these stay what they are."""
    result = spliced(text, edits)
    if text in _recent:
        _remember(result, list(_moved(_recent[text], edits)))
    return result


# The same text is asked for imports, for other references and for being printed, one after the other.
_recent: dict[str, list[Statement]] = {}
_KEEP = 2
_LARGEST = 4_000_000  # characters


def _remember(text: str, found: list[Statement]) -> list[Statement]:
    if len(text) <= _LARGEST:
        while len(_recent) >= _KEEP:
            del _recent[next(iter(_recent))]
        _recent[text] = found
    return found


def _moved(found: Iterable[Statement], edits: Iterable[Edit]) -> Iterator[Statement]:
    """The statements where they stand after *edits*."""
    pending = iter(edits)
    edit = next(pending, None)
    shift = 0
    for start, end, depth in found:
        while edit and edit[1] <= start:
            shift += len(edit[2]) - (edit[1] - edit[0])
            edit = next(pending, None)
        moved = start + shift
        while edit and edit[0] < end:
            shift += len(edit[2]) - (edit[1] - edit[0])
            edit = next(pending, None)
        yield moved, end + shift, depth


def _divided(text: str) -> list[Statement]:
    found: list[Statement] = []
    cut = native.css.divide if native.css else divide
    at, depth = cut(text, int(text.startswith("\ufeff")), 0, found)
    while at < len(text):
        end = _end(text, at, depth)
        found.append((at, end, depth))
        at, depth = cut(text, end, _depth(depth, text[end - 1]), found)
    return found


def divide(text: str, at: int, depth: int, found: list[Statement]) -> tuple[int, int]:
    """Find the ordinary statements from *at* on, where *depth* blocks are open. Return where the first that
    is not ordinary begins, or the text ends, and how many blocks are open there."""
    for match in _statement().finditer(text, at):
        start, end = match.span(1)
        if start == end:
            return match.end(), depth
        if depth and text[end - 1] == "{" and _keeps_blocks(text, start, end):
            return start, depth
        found.append((start, end, depth))
        depth = _depth(depth, text[end - 1])
    return len(text), depth


def terminator(text: str, start: int, end: int) -> str:
    """The ``{``, ``}`` or ``;`` that ends a statement; "" if only the end of the text does."""
    if end < len(text):
        return text[end - 1] if text[end - 1] in "{};" else ""
    return ending(tokens(text, start))


def _depth(depth: int, last: str) -> int:
    if last == "{":
        return depth + 1
    return depth - 1 if last == "}" and depth else depth


def _end(text: str, start: int, depth: int) -> int:
    """Where the statement at *start* ends, read token by token."""
    closers: list[str] = []
    keeps_blocks = False
    for match in TOKEN.finditer(text, start):
        kind, token = match.lastgroup or DELIM, match.group()
        if match.start() == start and kind in (COMMENT, CDO, CDC):
            return match.end()
        if closers and kind == DELIM and token == closers[-1]:
            closers.pop()
        elif token == "{" and not closers and not keeps_blocks:
            keeps_blocks = depth > 0 and _keeps_blocks(text, start, match.end())
            if not keeps_blocks:
                return match.end()
            closers.append("}")
        elif opens(kind, token):
            closers.append(CLOSER[token[-1]])
        elif kind == DELIM and not closers and token in ";}":
            return match.end()
    return len(text)


def _keeps_blocks(text: str, start: int, end: int) -> bool:
    """Whether the statement that reaches a ``{`` at *end* is a declaration and no rule: of a custom property,
    of one with a substitution, which may hold anything too, or of a block alone."""
    match = _DECLARES.match(text, start, end)
    if not match:
        return False
    name = unescape(match[1])
    keeps_text = (name[:2] == "--" and len(name) > 2) or name.lower() in KEPT_NAMES
    return keeps_text or match.end() == end or _SUBSTITUTION.search(text, match.end(), end) is not None
