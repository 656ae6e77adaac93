"""The comment that names a script's source map, as ECMA-426 finds it: among the comments after all code."""

from __future__ import annotations

import re

from cdn_pipeline.tokens.javascript_characters import SPACES
from cdn_pipeline.tokens.javascript_pieces import COMMENT, COMMENT_OF_LINES, Pieces

_COMMENT = re.compile(r"/[/*][@#]\s*sourceMappingURL=(\S*?)\s*(?:\*/)?\Z")
# Alone on the last line. A quote or "*/" in it might be the end of something that began before; without one,
# the line cannot be but a comment, or something is not closed and the text no JavaScript.
_LAST_LINE = re.compile(r"[ \t]*//[@#][ \t]*sourceMappingURL=([^\s'\"`*]*)\s*")


def last_line(text: str) -> tuple[int, int] | None:
    """The span of the URL, if the last line of *text* is such a comment beyond doubt."""
    at = text.rfind("sourceMappingURL=")
    start = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    line = _LAST_LINE.fullmatch(text, start)
    return line.span(1) if line else None


def source_map(cut: Pieces) -> tuple[int, int] | None:
    """The span of the URL in the last such comment that no code follows."""
    end = len("".join(cut.code)) + len("".join(cut.literals))
    for index in range(len(cut.literals), 0, -1):
        code, mark, literal = cut.code[index], cut.marks[index - 1], cut.literals[index - 1]
        if code.strip(SPACES) or mark not in (COMMENT, COMMENT_OF_LINES):
            return None
        end -= len(code)
        comment = _COMMENT.match(literal)
        if comment:
            return end - len(literal) + comment.start(1), end - len(literal) + comment.end(1)
        end -= len(literal)
    return None
