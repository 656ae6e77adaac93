"""An exact lexer for JavaScript (ECMA-262, clause 12, as of 2026; scripts and modules).

Only four things can hide what looks like code: comments, strings, templates and regular expressions.
`pieces` cuts a text at these *literals*; the stretches of code between them are never looked at one token at
a time. Every literal has a *mark*, one character that code cannot contain, so code can be searched and
rewritten as one string in which each literal is its mark: `Pieces.compact`, or `Pieces.masked`, where
offsets are those of the text.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import NamedTuple

from . import LexError
from . import javascript_characters as characters
from .javascript_slash import Code, Slashes, expects_operand

STRING = '"'
REGEX = "'"
TEMPLATE = "`"  # a template or its last part
TEMPLATE_HEAD = "\x02"  # a part of a template before a hole, its "$" included: the "{" is code, as is the "}"
ESCAPE = "\\"  # an escape in a name and what follows it there; counts as a letter
COMMENT = " "  # also a hashbang
COMMENT_OF_LINES = "\n"  # a comment that contains a line end, and therefore counts as one
LITERAL_MARKS = STRING + REGEX + TEMPLATE + TEMPLATE_HEAD + ESCAPE
FILLER = "\0"  # stands in `masked` for what a literal hides, after its mark

_END = characters.LINE_END
_TEMPLATE_CHARACTERS = r"[^`\\$]*+(?:(?:\\[\s\S]|\$(?!\{))[^`\\$]*+)*+(?:`|\$(?=\{))"
# The empty group that takes part says which literal it was: the value of `lastindex`.
_LITERAL = (
    r"(?:"
    r"(?:(?<=\")[^\"\\\n\r]*+(?:\\(?:\r\n|[\s\S])[^\"\\\n\r]*+)*+\""
    r"|(?<=')[^'\\\n\r]*+(?:\\(?:\r\n|[\s\S])[^'\\\n\r]*+)*+')()"
    rf"|(?<=/)(?:/[^{_END}]*+|\*[^*]*+\*++(?:[^/*][^*]*+\*++)*+/)()"
    rf"|(?<=`){_TEMPLATE_CHARACTERS}()"
    r")?"
)
_IS_STRING, _IS_COMMENT, _IS_TEMPLATE = 1, 2, 3
_OUTSIDE = re.compile(rf"[\"'`/\\]{_LITERAL}")
_IN_HOLE = re.compile(rf"[\"'`/\\{{}}]{_LITERAL}")
_TEMPLATE_REST = re.compile(_TEMPLATE_CHARACTERS)
_REGEX = re.compile(
    rf"/(?:[^\\/\[{_END}]|\\[^{_END}]|\[(?:[^\]\\{_END}]|\\[^{_END}])*+\])++/([{characters.WORD}]*)"
)
_FLAGS = re.compile(r"(?!.*(.).*\1)[dgimsuvy]*")
_ESCAPE = re.compile(r"\\u(?:[0-9a-fA-F]{4}|\{[0-9a-fA-F]+\})")
_HASHBANG = re.compile(rf"\ufeff?(#![^{_END}]*)")
_LINE_END = re.compile(f"[{_END}]")


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
        hidden = [
            mark + FILLER * (len(text) - 1) for mark, text in zip(self.marks, self.literals, strict=True)
        ]
        return _joined(self.code, hidden)


def _joined(code: list[str], between: list[str]) -> str:
    return "".join(chain.from_iterable(zip(code, between, strict=False))) + code[-1]


def pieces(text: str) -> Pieces:
    """Cut *text* at its literals. Raises LexError where it is no JavaScript or cannot be read with certainty.

    Linear in the length of the text. What is accepted has literals and brackets that close, no character that
    JavaScript does not have, no HTML-like comment and no JSX; whether it has a meaning is not looked at.
    """
    lexer = _Lexer(text)
    lexer.run()
    cut = Pieces([*lexer.code, text[lexer.start :]], lexer.literals, lexer.marks)
    _check(cut)
    return cut


class _Lexer(Code):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.slashes = Slashes(self)
        self.holes: list[
            int
        ] = []  # for every open hole of a template the braces open in it, its own included

    def run(self) -> None:
        hashbang = _HASHBANG.match(self.text)
        at = self._take(hashbang.start(1), COMMENT, hashbang[1]) if hashbang else 0
        while at >= 0:
            at = self._stretch(at)
        if self.holes:
            raise LexError(len(self.text), "a template is not closed")

    def _take(self, at: int, mark: str, literal: str) -> int:
        self.add(at, mark, literal)
        return self.start

    def _stretch(self, at: int) -> int:
        """Go on from *at* to where another pattern must take over; return that place, -1 at the end.

        The hot loop of the whole product: literals that are frequent cost no call.
        """
        text, code, literals, marks = self.text, self.code, self.literals, self.marks
        for match in (_IN_HOLE if self.holes else _OUTSIDE).finditer(text, at):
            kind = match.lastindex
            start, end = match.span()
            if kind is None:
                at = self._single(start)
                if at != end:
                    return at
                continue
            literal = text[start:end]
            if kind == _IS_TEMPLATE and self._template(start, literal):
                return end
            code.append(text[self.start : start])
            literals.append(literal)
            marks.append(
                STRING if kind == _IS_STRING else TEMPLATE if kind == _IS_TEMPLATE else _comment(literal)
            )
            self.start = end
        return -1

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
            return at + 1 if self.holes[-1] else self._template_rest(at + 1)
        if character == "\\":
            return self._escape(at)
        raise LexError(at, "a template is not closed" if character == "`" else "a string is not closed")

    def _slash(self, at: int) -> int:
        if self.text.startswith("*", at + 1):
            raise LexError(at, "a comment is not closed")
        if not self.slashes.is_regex(at):
            return at + 1
        regex = _REGEX.match(self.text, at)
        if regex is None:
            raise LexError(at, "a regular expression is not closed")
        if not _FLAGS.fullmatch(regex[1]):
            raise LexError(regex.start(1), f"no regular expression has the flags '{regex[1][:20]}'")
        return self._take(at, REGEX, regex[0])

    def _escape(self, at: int) -> int:
        escape = _ESCAPE.match(self.text, at)
        if escape is None:
            raise LexError(at, "a backslash that escapes nothing")
        return self._take(at, ESCAPE, escape[0])

    def _template(self, at: int, literal: str) -> bool:
        """Take the template if it has a hole."""
        if literal.endswith("`"):
            return False
        self._take(at, TEMPLATE_HEAD, literal)
        self.holes.append(0)
        return True

    def _template_rest(self, at: int) -> int:
        rest = _TEMPLATE_REST.match(self.text, at)
        if rest is None:
            raise LexError(at, "a template is not closed")
        if rest[0].endswith("$"):
            return self._take(at, TEMPLATE_HEAD, rest[0])
        self.holes.pop()
        return self._take(at, TEMPLATE, rest[0])


def _comment(literal: str) -> str:
    return COMMENT_OF_LINES if "\n" in literal or _LINE_END.search(literal) else COMMENT


def _check(cut: Pieces) -> None:
    """Raise LexError for what is no code between the literals."""
    _check_characters(cut)
    compact = cut.compact()
    for check in (_nameless, _html_comment, _unbalanced, _markup):
        problem = check(compact)
        if problem:
            raise LexError(_offset(cut, problem[0]), problem[1])


def _check_characters(cut: Pieces) -> None:
    code = "".join(cut.code)
    control = _CONTROL.search(code)
    at = control.start() if control else -1 if code.isascii() else characters.first_stray(code)
    if at >= 0:
        unmarked = Pieces(cut.code, cut.literals, [""] * len(cut.marks))
        raise LexError(_offset(unmarked, at), f"JavaScript has no character {code[at]!r}")


def _offset(cut: Pieces, at: int) -> int:
    """The offset in the text of the character of code at *at* in the compact code."""
    behind = 0
    for code, mark, literal in zip(cut.code, cut.marks, cut.literals, strict=False):
        if at < len(code):
            break
        at -= len(code) + len(mark)
        behind += len(code) + len(literal)
    return behind + at


def _nameless(code: str) -> tuple[int, str] | None:
    nameless = _NAMELESS.search(code)
    return (nameless.start(), f"no name follows '{nameless[0]}'") if nameless else None


def _html_comment(code: str) -> tuple[int, str] | None:
    comment = _HTML_COMMENT.search(code) or ("-->" in code and _HTML_COMMENT_END.search(code))
    return (comment.end() - 3, "an HTML comment, which only some scripts may contain") if comment else None


def _markup(code: str) -> tuple[int, str] | None:
    for angle in _ANGLE.finditer(code):
        if expects_operand(code, angle.start()):
            return angle.start(), "'<' where a value must stand: JSX and type parameters are no JavaScript"
    return None


def _unbalanced(code: str) -> tuple[int, str] | None:
    """The first bracket that closes nothing, or the last that nothing closes."""
    open_brackets: list[str] = []
    for bracket in _BRACKET.findall(code):
        if bracket in "([{":
            open_brackets.append(bracket)
        elif not open_brackets or open_brackets.pop() != _OPENING[bracket]:
            return _mismatch(code)
    return _mismatch(code) if open_brackets else None


def _mismatch(code: str) -> tuple[int, str]:
    open_brackets: list[re.Match[str]] = []
    for bracket in _BRACKET.finditer(code):
        if bracket[0] in "([{":
            open_brackets.append(bracket)
        elif not open_brackets or open_brackets.pop()[0] != _OPENING[bracket[0]]:
            return bracket.start(), f"'{bracket[0]}' closes nothing"
    return open_brackets[-1].start(), f"'{open_brackets[-1][0]}' is not closed"


_CONTROL = re.compile(r"[\0-\x08\x0e-\x1f\x7f]")
_NAMELESS = re.compile(rf"#(?![{characters.WORD}])|@(?![{characters.WORD}(])")
_HTML_COMMENT = re.compile("<!--")
_HTML_COMMENT_END = re.compile(rf"(?:^|[{_END}])[{characters.BLANK}]*+-->")
_BRACKET = re.compile(r"[()\[\]{}]")
_OPENING = {")": "(", "]": "[", "}": "{"}
# "<" unless a bracket, a digit or a name of one letter stands before it: only to save time
_ANGLE = re.compile(r"<(?<![)\]\d]<)(?<![)\]\d] <)(?<!\W\w<)(?<!\W\w <)")
