"""The JavaScript printer: the text without the white space and comments that its grammar can spare.

Nothing else changes: tokens, their order, their spelling.
"""

from __future__ import annotations

import re
from itertools import chain

from cdn_pipeline.tokens import javascript as tokens
from cdn_pipeline.tokens import native
from cdn_pipeline.tokens.javascript_gaps import KEPT_COMMENT, squeeze
from cdn_pipeline.tokens.javascript_pieces import COMMENT, COMMENT_OF_LINES, LITERAL_MARKS, Pieces

_LITERAL = re.compile(f"[{re.escape(LITERAL_MARKS)}{KEPT_COMMENT}]")
_GOES = frozenset({COMMENT, COMMENT_OF_LINES, ""})


def minify(text: str) -> str:
    """*text* without needless white space and comments; ``/*! */`` comments and a hashbang stay.

    The result has the same syntax tree, and minifying it again changes nothing. Raises LexError where the
    text cannot be read with certainty.
    """
    cut = tokens.pieces(text)
    marks = _with_kept_comments(cut) if "/*!" in text else cut.marks
    kept = [literal for mark, literal in zip(marks, cut.literals, strict=True) if mark not in _GOES]
    return _start(text, cut) + _filled(squeeze(cut._replace(marks=marks).compact()), kept)


def _with_kept_comments(cut: Pieces) -> list[str]:
    return [
        KEPT_COMMENT if literal.startswith("/*!") else mark
        for mark, literal in zip(cut.marks, cut.literals, strict=True)
    ]


def _filled(code: str, literals: list[str]) -> str:
    """*code* with a literal in place of each mark."""
    if native.javascript:
        return native.javascript.filled(code, literals)
    return "".join(chain.from_iterable(zip(_LITERAL.split(code), [*literals, ""], strict=True)))


def _start(text: str, cut: Pieces) -> str:
    """A byte-order mark tells browsers the encoding; a hashbang tells others the program."""
    byte_order_mark = "\ufeff" if text.startswith("\ufeff") else ""
    has_hashbang = bool(cut.literals) and cut.literals[0].startswith("#!")
    return f"{byte_order_mark}{cut.literals[0]}\n" if has_hashbang else byte_order_mark
