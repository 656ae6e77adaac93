"""Our printer of CSS: less white space and no comments, the same CSSOM."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from cdn_pipeline.tokens import native
from cdn_pipeline.tokens.css import CLOSED_COMMENT, WHITE
from cdn_pipeline.tokens.css_printer import printed
from cdn_pipeline.tokens.css_space import squeezed
from cdn_pipeline.tokens.css_statements import Statement, statements

_CHARSET = "@charset"
_SHORT = 200  # characters; longer statements are seldom said twice
_squeezed = functools.lru_cache(maxsize=20_000)(squeezed)  # sheets repeat themselves, and each other
_MARK = re.compile(rf"(\ufeff)(?:{CLOSED_COMMENT})*({WHITE}?)")


def minify(text: str) -> str:
    """*text* without the white space, comments and last semicolons that mean nothing; ``/*! */`` stays."""
    join = native.css.joined if native.css else joined
    body = join(text, statements(text), functools.partial(_printed, text))
    mark = _mark(text)
    if text.startswith((_CHARSET, "\ufeff" + _CHARSET)) or not body.startswith(_CHARSET):
        return mark + body
    return f"{mark} {body}"  # it means nothing after white space, and would come to life


def joined(text: str, found: list[Statement], print_one: Callable[[int, int], str]) -> str:
    """What *print_one* makes of the statements, each given by its start and end, without the last semicolons
    of blocks. In C it is asked only for those that are not ordinary, and for one that ends the text."""
    pieces: list[str] = []
    for start, end, depth in found:
        piece = print_one(start, end)
        if piece == "}" and depth and pieces[-1][-1:] == ";":
            _drop_semicolons(pieces)
        pieces.append(piece)
    return "".join(pieces)


def _printed(text: str, start: int, end: int) -> str:
    statement = text[start:end]
    if end == len(text):
        return printed(statement)
    return _squeezed(statement) if len(statement) < _SHORT else squeezed(statement)


def _mark(text: str) -> str:
    """The byte order mark, and a space if it stands apart: whoever takes it for a name must find its end."""
    match = _MARK.match(text)
    return match[1] + " " * len(match[2]) if match else ""


def _drop_semicolons(pieces: list[str]) -> None:
    while pieces[-1] == ";":
        pieces.pop()
    if pieces[-1][-1:] == ";" and pieces[-1][0] != "@":
        pieces[-1] = pieces[-1][:-1]
