"""Our printer of CSS: less white space and no comments, the same CSSOM."""

from __future__ import annotations

import functools
import re

from cdn_pipeline.tokens.css import CLOSED_COMMENT, WHITE
from cdn_pipeline.tokens.css_printer import printed
from cdn_pipeline.tokens.css_space import squeezed
from cdn_pipeline.tokens.css_statements import statements

_CHARSET = "@charset"
_SHORT = 200  # characters; longer statements are seldom said twice
_squeezed = functools.lru_cache(maxsize=20_000)(squeezed)  # sheets repeat themselves, and each other
_MARK = re.compile(rf"(\ufeff)(?:{CLOSED_COMMENT})*({WHITE}?)")


def minify(text: str) -> str:
    """*text* without the white space, comments and last semicolons that mean nothing; ``/*! */`` stays."""
    mark = _mark(text)
    pieces = [mark]
    for start, end, depth in statements(text):
        statement = text[start:end]
        if end == len(text):
            piece = printed(statement)
        else:
            piece = _squeezed(statement) if len(statement) < _SHORT else squeezed(statement)
        if piece == "}" and depth and pieces[-1][-1:] == ";":
            _drop_semicolons(pieces)
        pieces.append(piece)
    if text.startswith((_CHARSET, "\ufeff" + _CHARSET)) or not "".join(pieces[1:3]).startswith(_CHARSET):
        return "".join(pieces)
    return f"{mark} {''.join(pieces[1:])}"  # it means nothing after white space, and would come to life


def _mark(text: str) -> str:
    """The byte order mark, and a space if it stands apart: whoever takes it for a name must find its end."""
    match = _MARK.match(text)
    return match[1] + " " * len(match[2]) if match else ""


def _drop_semicolons(pieces: list[str]) -> None:
    while pieces[-1] == ";":
        pieces.pop()
    if pieces[-1][-1:] == ";" and pieces[-1][0] != "@":
        pieces[-1] = pieces[-1][:-1]
