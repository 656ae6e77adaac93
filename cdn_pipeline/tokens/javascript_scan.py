"""The hot loop of the JavaScript lexer: literals whose first character tells what they are.

`native.javascript.scan` does the same in C, and besides the holes of templates, and regular expressions where
the characters before them leave no doubt.
"""

from __future__ import annotations

import re

from . import javascript_characters as characters
from .javascript_pieces import COMMENT, COMMENT_OF_LINES, STRING, TEMPLATE

_END = characters.LINE_END
_INSIDE_TEMPLATE = r"[^`\\$]*+(?:(?:\\[\s\S]|\$(?!\{))[^`\\$]*+)*+"
TEMPLATE_PART = re.compile(rf"{_INSIDE_TEMPLATE}(?:`|\$(?=\{{))")
# The empty group that takes part says which literal it was: the value of `lastindex`.
_LITERAL = (
    r"(?:"
    r"(?:(?<=\")[^\"\\\n\r]*+(?:\\(?:\r\n|[\s\S])[^\"\\\n\r]*+)*+\""
    r"|(?<=')[^'\\\n\r]*+(?:\\(?:\r\n|[\s\S])[^'\\\n\r]*+)*+')()"
    rf"|(?<=/)(?:/[^{_END}]*+|\*[^*]*+\*++(?:[^/*][^*]*+\*++)*+/)()"
    rf"|(?<=`){_INSIDE_TEMPLATE}`()"
    r")?"
)
_IS_COMMENT = 2
_MARKS = ("", STRING, "", TEMPLATE)
_OUTSIDE = re.compile(rf"[\"'`/\\]{_LITERAL}")
_IN_HOLE = re.compile(rf"[\"'`/\\{{}}]{_LITERAL}")
_LINE_END = re.compile(f"[{_END}]")


def scan(
    text: str, start: int, at: int, holes: list[int], code: list[str], literals: list[str], marks: list[str]
) -> tuple[int, int]:
    """Cut off strings, comments and templates without holes, from *at* on; the stretch of code began at
    *start*. Return where the last stretch begins, and the place of the first character that the lexer must
    look at itself: a slash, a backslash, a brace in one of the *holes*, the quote of what has a hole or no
    end; or -1.
    """
    for match in (_IN_HOLE if holes else _OUTSIDE).finditer(text, at):
        kind = match.lastindex
        if kind is None:
            return start, match.start()
        literal = match[0]
        code.append(text[start : match.start()])
        literals.append(literal)
        marks.append(_comment(literal) if kind == _IS_COMMENT else _MARKS[kind])
        start = match.end()
    return start, -1


def _comment(literal: str) -> str:
    return COMMENT_OF_LINES if "\n" in literal or _LINE_END.search(literal) else COMMENT
