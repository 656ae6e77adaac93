"""An exact lexer for JavaScript (ECMA-262, clause 12, as of 2026; scripts and modules).

Only four things can hide what looks like code: comments, strings, templates and regular expressions.
`pieces` cuts a text at these *literals*; the stretches of code between them are never looked at one token at
a time. Every literal has a *mark*, one character that code cannot contain, so code can be searched and
rewritten as one string in which each literal is its mark: `Pieces.compact`, or `Pieces.masked`, where
offsets are those of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from . import Edit, LexError, javascript_scan, native, spliced
from . import javascript_characters as characters
from .javascript_check import check
from .javascript_pieces import (
    COMMENT,
    ESCAPE,
    REGEX,
    TEMPLATE,
    TEMPLATE_HEAD,
    Pieces,
)
from .javascript_scan import TEMPLATE_PART
from .javascript_slash import Code, Slashes

_END = characters.LINE_END
_REGEX = re.compile(
    rf"/(?:[^\\/\[{_END}]|\\[^{_END}]|\[(?:[^\]\\{_END}]|\\[^{_END}])*+\])++/({characters.word()}*)"
)
_FLAGS = frozenset("dgimsuvy")
_ESCAPE = re.compile(r"\\u(?:[0-9a-fA-F]{4}|\{[0-9a-fA-F]+\})")
_HASHBANG = re.compile(rf"\ufeff?(#![^{_END}]*)")
_LINE_END = re.compile(f"[{_END}]")


def pieces(text: str) -> Pieces:
    """Cut *text* at its literals. Raises LexError where it is no JavaScript or cannot be read with certainty.

    Linear in the length of the text. What is accepted has literals and brackets that close, no character that
    JavaScript does not have, no HTML-like comment and no JSX; whether it has a meaning is not looked at.
    """
    cut = _recent.get(text)
    if cut is None:
        lexer = _Lexer(text)
        lexer.run()
        del lexer.slashes  # it refers back: the cycle would keep all of this until garbage is collected
        cut = Pieces([*lexer.code, text[lexer.start :]], lexer.literals, lexer.marks)
        check(cut)
        _remember(text, cut)
    return cut


def edited(text: str, edits: Sequence[Edit]) -> str:
    """*text* with other words in its literals. `pieces` knows the result without reading it again, so the
    words must be such that the literals stay what they are."""
    result = spliced(text, edits)
    if text in _recent:
        _remember(result, _recent[text].edited(edits))
    return result


# The same text is asked for references, for being a module and for being printed, one after the other.
_recent: dict[str, Pieces] = {}
_KEEP = 2


def _remember(text: str, cut: Pieces) -> None:
    while len(_recent) >= _KEEP:
        del _recent[next(iter(_recent))]
    _recent[text] = cut


class _Lexer(Code):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.slashes = Slashes(self)
        self.holes: list[int] = []  # of templates, not yet closed: the open braces of each, its own included

    def run(self) -> None:
        scan = native.javascript.scan if native.javascript else javascript_scan.scan
        hashbang = _HASHBANG.match(self.text)
        at = self._take(hashbang.start(1), COMMENT, hashbang[1]) if hashbang else 0
        while at >= 0:
            self.start, at = scan(self.text, self.start, at, self.holes, self.code, self.literals, self.marks)
            if at >= 0:
                at = self._single(at)
        if self.holes:
            raise LexError(len(self.text), "a template is not closed")

    def _take(self, at: int, mark: str, literal: str) -> int:
        self.add(at, mark, literal)
        return self.start

    def _single(self, at: int) -> int:
        """Read the one character at *at* that may begin or end a literal; return where to go on."""
        character = self.text[at]
        if character == "/":
            return self._slash(at)
        if character == "{":
            self.holes[-1] += 1
            return at + 1
        if character == "}":
            self.holes[-1] -= 1
            return at + 1 if self.holes[-1] else self._after_hole(at + 1)
        if character == "`":
            return self._template(at)
        if character == "\\":
            return self._escape(at)
        raise LexError(at, "a string is not closed")

    def _slash(self, at: int) -> int:
        if self.text.startswith("*", at + 1):
            raise LexError(at, "a comment is not closed")
        if not self.slashes.is_regex(at):
            return at + 1
        regex = _REGEX.match(self.text, at)
        if regex is None:
            raise LexError(at, "a regular expression is not closed")
        if not (len(regex[1]) == len(set(regex[1])) and set(regex[1]) <= _FLAGS):
            raise LexError(regex.start(1), f"no regular expression has the flags '{regex[1][:20]}'")
        return self._take(at, REGEX, regex[0])

    def _escape(self, at: int) -> int:
        escape = _ESCAPE.match(self.text, at)
        if escape is None:
            raise LexError(at, "a backslash that escapes nothing")
        return self._take(at, ESCAPE, escape[0])

    def _template(self, at: int) -> int:
        """Take a template up to its first hole."""
        self.holes.append(0)
        head = self._part_of_template(at, at + 1)
        return self._take(at, TEMPLATE_HEAD, head)

    def _after_hole(self, at: int) -> int:
        rest = self._part_of_template(at, at)
        if rest.endswith("$"):
            return self._take(at, TEMPLATE_HEAD, rest)
        self.holes.pop()
        return self._take(at, TEMPLATE, rest)

    def _part_of_template(self, start: int, inside: int) -> str:
        part = TEMPLATE_PART.match(self.text, inside)
        if part is None:
            raise LexError(start, "a template is not closed")
        return self.text[start : part.end()]


class Token(NamedTuple):
    """A token of the language; a template is one token for each part between holes."""

    text: str
    start: int  # in characters
    newline: bool  # a line end, or a comment that counts as one, comes before

    @property
    def mark(self) -> str:
        """The text; a regular expression's mark, which no division can be taken for."""
        return REGEX if self.text[0] == "/" and len(self.text) > 2 else self.text


def tokens(text: str) -> Iterator[Token]:
    """The tokens of *text* in order; white space and comments are none. Raises LexError as `pieces` does."""
    masked = pieces(text).masked()
    end = 0
    for match in _TOKEN.finditer(masked):
        start = match.start()
        yield Token(text[start : match.end()], start, bool(_LINE_END.search(masked, end, start)))
        end = match.end()


_NUMBER = (
    r"0[xXoObB][0-9a-fA-F_]+n?|0[0-7]+(?![0-9.eE_])|0[0-7]+(?=\.[^0-9])"
    r"|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9_]+)?n?"
)
_OPERATOR = (
    r">>>=|\.\.\.|===|!==|\*\*=|<<=|>>=|>>>|&&=|\|\|=|\?\?=|=>|[=!<>+\-*/%&|^]=|&&|\|\||\?\?|\?\.(?![0-9])"
    rf"|\+\+|--|<<|>>|\*\*|[^{characters.SPACE}]"
)
_TOKEN = re.compile(rf"[\"'`\x02]\0*|{_NUMBER}|#?{characters.word()}(?:{characters.word()}|\0)*|{_OPERATOR}")
