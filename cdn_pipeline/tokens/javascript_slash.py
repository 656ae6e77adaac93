"""What a slash in JavaScript means: the only question that the lexical grammar alone cannot answer.

A regular expression stands where an operand may begin, a division where one has ended. Nearly always the
token before the slash tells; after ``)`` it takes the word before the matching ``(``, after ``}`` and a few
names the grammar. Brackets and grammar are read only as far as the last such slash, and only once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from . import LexError
from . import javascript_characters as characters
from . import javascript_frames as frames
from . import javascript_grammar as grammar

# By the last character before the slash, where that is enough.
ANSWERS = {"": True, **dict.fromkeys("([{,;:?=<>!~&|^%*/", True), **dict.fromkeys("]'`", False)}
BEFORE_OPERAND = grammar.STATEMENT_FOLLOWS | grammar.OPERATORS
CONTEXTUAL = frozenset({"yield", "await", "of"})
COMPLETE = frozenset({"break", "continue", "debugger"})  # statements that a line end completes
# A name after these, or after a comma, may be one that no division can follow: `var a, b`, `break label`.
NAMES_FOLLOW = frozenset({"var", "let", "break", "continue"})

WORD = re.compile(f"{characters.word()}+\\Z")
LONGEST_WORD = 80  # what is longer is no keyword; its beginning is not looked for
LONGEST_KEYWORD = 10
NEAR = (60, 400)  # characters in which the bracket before a slash is looked for, before all brackets are read
NUMBER_WITH_POINT = re.compile(f"(?<!{characters.word('.')})[0-9][0-9_]*\\.\\Z")
LINE_END = re.compile(f"[{characters.LINE_END}]")
BRACKET = re.compile(
    f"(?:\\.[{characters.SPACE}]*|(?<!{characters.word('#')}))"
    f"(?:if|while|with|for(?:[{characters.SPACE}]+await)?)[{characters.SPACE}]*\\(|[()\\[\\]{{}}]"
)


class Code:
    """The code before a place: pieces that are done, and a stretch of code that is not (see `javascript`)."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.code: list[str] = []
        self.marks: list[str] = []
        self.literals: list[str] = []
        self.start = 0  # of the stretch

    def add(self, end: int, mark: str, literal: str) -> None:
        """End the stretch at *end*, where *literal* stands."""
        self.code.append(self.text[self.start : end])
        self.marks.append(mark)
        self.literals.append(literal)
        self.start = end + len(literal)

    def compact_since(self, piece: int) -> str:
        """Compact code from that piece to the last one that is done."""
        return "".join(map("".join, zip(self.code[piece:], self.marks[piece:], strict=True)))

    def tail(self, end: int, size: int) -> str:
        """The last *size* characters or more of the compact code before *end*; less if that is all."""
        parts = [self.text[max(self.start, end - size) : end]]
        length, piece = end - self.start, len(self.code)
        while length < size and piece:
            piece -= 1
            parts.append(self.code[piece][-size:] + self.marks[piece])
            length += len(parts[-1])
        return "".join(reversed(parts))


class Before(NamedTuple):
    """The token before a slash."""

    token: str  # a whole word, or else the last character; "" at the start of the text
    front: str  # some of the compact code before the token, without white space at its end
    gap: str  # white space between the token and what is before it
    newline: bool  # a line end follows the token


class Slashes:
    """Tells the slashes of one text apart; asked from left to right."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self.pieces_of_brackets = 0  # already read
        self.open: list[str] = []
        self.last_opened = ""  # of the bracket closed last: "(", "if (", ".for (", "{"
        self.pieces_of_grammar = 0  # already read
        self.grammar = grammar.Grammar()

    def is_regex(self, at: int) -> bool:
        """Whether the slash at *at*, which begins no comment, begins a regular expression, or LexError."""
        before = self._before(at)
        last = before.token[-1:]
        if last in ANSWERS:
            return ANSWERS[last]
        if last in RULES:
            return RULES[last](self, at, before)
        return self._after_word(at, before)

    def _before(self, at: int) -> Before:
        return _token_before(lambda size: self.code.tail(at, size))

    def _after_parenthesis(self, at: int, before: Before) -> bool:
        opened = next(filter(None, (_opened_near(self.code.tail(at, size)) for size in NEAR)), "")
        if not opened:
            self._read_brackets(at)
            opened = self.last_opened
        return opened[0] in "iwf"  # if, while, with, for

    def _read_brackets(self, at: int) -> None:
        self.code.add(at, "", "")
        for bracket in BRACKET.findall(self.code.compact_since(self.pieces_of_brackets)):
            if bracket[-1] in "([{":
                self.open.append(bracket)
            elif self.open:
                self.last_opened = self.open.pop()
            else:
                raise LexError(at, "a closing bracket before this slash has no opening one")
        self.pieces_of_brackets = len(self.code.code)

    def _after_brace(self, at: int, before: Before) -> bool:
        self._read_grammar(at)
        ends = self.grammar.closed
        if ends in (frames.STATEMENT, frames.OPERAND):
            return ends == frames.STATEMENT
        if ends == frames.CLAUSE:
            return _completed(at, before)
        raise LexError(at, "a slash cannot follow this brace")

    def _read_grammar(self, at: int) -> None:
        self.code.add(at, "", "")
        try:
            self.grammar.feed(self.code.compact_since(self.pieces_of_grammar))
        except LexError as error:
            raise LexError(at, f"cannot tell what this slash is: {error.message}") from error
        self.pieces_of_grammar = len(self.code.code)

    def _after_sign(self, at: int, before: Before) -> bool:
        return _is_single_sign(before)

    def _after_point(self, at: int, before: Before) -> bool:
        code = before.front + before.gap + before.token
        if code.endswith("..."):
            return True
        if NUMBER_WITH_POINT.search(code[-LONGEST_WORD:]):
            return False
        raise LexError(at, "a slash cannot follow a point")

    def _after_string(self, at: int, before: Before) -> bool:
        if _last_word(before.front) not in ("from", "import"):
            return False
        if LINE_END.search(before.gap):
            raise LexError(at, "cannot tell whether this slash follows an import")
        return _completed(at, before)

    def _after_word(self, at: int, before: Before) -> bool:
        word, front = before.token, before.front
        if _is_member(before):
            return False
        if word in BEFORE_OPERAND:
            return True
        if word in CONTEXTUAL:
            return self._after_contextual(at, word)
        if word in COMPLETE:
            return _completed(at, before)
        if before.newline and (_may_be_bare(front) or len(word) == LONGEST_WORD):
            self._read_grammar(at)
            return self.grammar.after_bare_name()
        return False

    def _after_contextual(self, at: int, word: str) -> bool:
        self._read_grammar(at)
        is_operator = self.grammar.is_operator(word)
        if is_operator is None:
            raise LexError(at, f"cannot tell whether the '{word}' before this slash is a name")
        return is_operator


RULES: dict[str, Callable[[Slashes, int, Before], bool]] = {
    ")": Slashes._after_parenthesis,
    "}": Slashes._after_brace,
    "+": Slashes._after_sign,
    "-": Slashes._after_sign,
    ".": Slashes._after_point,
    '"': Slashes._after_string,
}


def _opened_near(tail: str) -> str:
    """How the bracket that closes last in the *tail* of compact code is opened, as BRACKET has it; "" where
    that cannot be seen."""
    opened: list[re.Match[str]] = []
    last = None
    for bracket in BRACKET.finditer(tail):
        if bracket[0][-1] in "([{":
            opened.append(bracket)
        else:
            last = opened.pop() if opened else None
    return last[0] if last and tail[: last.start()].strip(characters.SPACES) else ""


def expects_operand(code: str, at: int) -> bool:
    """Whether before *at* in compact code stands what a value must follow; False if in doubt."""
    before = _token_before(lambda size: code[max(0, at - size) : at])
    if before.token in "+-":
        return _is_single_sign(before)
    if before.token in BEFORE_OPERAND:
        return not _is_member(before)
    return before.token[-1:] in "([{};,:?=>!&|^%*~"


def is_property(code: str, at: int) -> bool:
    """Whether the word at *at* in compact or masked code is a property's name, as in ``a.import``."""
    before = _token_before(lambda size: code[max(0, at - size) : at])
    return _ends_in_member_point(before.front + before.gap + before.token)


def _token_before(tail: Callable[[int], str]) -> Before:
    """The last token of what *tail* gives when asked for its last so many characters."""
    size = 64
    while True:
        code = tail(size)
        before = _last_token(code)
        if len(code) < size or len(before.front) > LONGEST_KEYWORD:
            return before
        size *= 2


def _last_token(code: str) -> Before:
    stripped = code.rstrip(characters.SPACES)
    token = _last_word(stripped) or stripped[-1:]
    rest = stripped[: len(stripped) - len(token)]
    front = rest.rstrip(characters.SPACES)
    return Before(token, front, rest[len(front) :], bool(LINE_END.search(code, len(stripped))))


def _last_word(code: str) -> str:
    word = WORD.search(code, max(0, len(code) - LONGEST_WORD))
    return word[0] if word else ""


def _may_be_bare(front: str) -> bool:
    """Whether a name after *front* may be one that no division can follow."""
    return front.endswith(",") or _last_word(front) in NAMES_FOLLOW


def _is_single_sign(before: Before) -> bool:
    """``a++ /b`` divides, ``a + /b/`` does not; ``+++`` is ``++ +``."""
    code = before.front + before.gap + before.token
    return (len(code) - len(code.rstrip(before.token))) % 2 == 1


def _is_member(before: Before) -> bool:
    """Whether the word is a property, whatever it says."""
    return before.front.endswith("#") or _ends_in_member_point(before.front)


def _ends_in_member_point(code: str) -> bool:
    is_point = code.endswith(".") and not code.endswith("...")
    return is_point and not NUMBER_WITH_POINT.search(code[-LONGEST_WORD:])


def _completed(at: int, before: Before) -> bool:
    if before.newline:
        return True
    raise LexError(at, "a slash cannot follow here on the same line")
