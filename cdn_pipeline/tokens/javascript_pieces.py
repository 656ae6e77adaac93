"""A JavaScript text cut into code and literals, and the marks that stand for literals in code."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate, chain
from operator import add
from typing import NamedTuple

from . import Edit, native

STRING = '"'
REGEX = "'"
TEMPLATE = "`"  # a template or its last part
TEMPLATE_HEAD = "\x02"  # a part of a template before a hole, its "$" included: the "{" is code, as is the "}"
ESCAPE = "\\"  # an escape in a name and what follows it there; counts as a letter
COMMENT = " "  # also a hashbang
COMMENT_OF_LINES = "\n"  # a comment that contains a line end, and therefore counts as one
LITERAL_MARKS = STRING + REGEX + TEMPLATE + TEMPLATE_HEAD + ESCAPE
FILLER = "\0"  # stands in `masked` for what a literal hides, after its mark; comments are blank


class Pieces(NamedTuple):
    """A text cut at its literals: code, literal, code, … code. Joined in turn they are the text."""

    code: list[str]  # one more than literals
    literals: list[str]  # as written; "" where the lexer made a cut of its own
    marks: list[str]  # one for each literal; "" for ""

    def compact(self) -> str:
        """The code with marks in place of literals."""
        return _joined(self.code, self.marks)

    def masked(self) -> str:
        """The code with literals hidden, each character at its offset in the text."""
        if native.javascript:
            return native.javascript.masked(self.code, self.literals, self.marks)
        return _joined(self.code, map(_hidden, self.marks, self.literals))

    def edited(self, edits: Iterable[Edit]) -> Pieces:
        """With other words in its literals; each edit lies within one."""
        lengths = map(add, map(len, self.code), chain((0,), map(len, self.literals)))
        starts = list(accumulate(lengths))
        literals = list(self.literals)
        for start, end, words in reversed(list(edits)):
            index = bisect_right(starts, start, hi=len(literals)) - 1
            literal, begin = literals[index], starts[index]
            literals[index] = literal[: start - begin] + words + literal[end - begin :]
        return self._replace(literals=literals)

    def offset(self, at: int) -> int:
        """The offset in the text of the character of code at *at* in the compact code."""
        behind = 0
        for code, mark, literal in zip(self.code, self.marks, self.literals, strict=False):
            if at < len(code):
                break
            at -= len(code) + len(mark)
            behind += len(code) + len(literal)
        return behind + at


def _hidden(mark: str, literal: str) -> str:
    filler = " " if mark in (COMMENT, COMMENT_OF_LINES) else FILLER
    return mark + filler * (len(literal) - 1)


def _joined(code: list[str], between: Iterable[str]) -> str:
    return "".join(chain.from_iterable(zip(code, between, strict=False))) + code[-1]
