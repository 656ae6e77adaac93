"""As much of JavaScript's grammar as it takes to know what a slash after ``}`` or after a name means.

`Grammar` reads compact code (see `javascript.Pieces`) token by token and keeps, for every open bracket, what
it opens, and for the place it has reached, whether a statement may begin there. It is asked rarely, reads
every token once, and knows no more than it needs: it accepts much that no engine would.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from . import LexError
from . import javascript_characters as characters
from .javascript_frames import (
    BINDERS,
    CLAUSE,
    EXPRESSION,
    MEMBER,
    MEMBERS,
    OPERAND,
    PROPERTIES,
    STATEMENT,
    STATEMENTS,
    Frame,
    Head,
    brace,
)

TOKEN = re.compile(
    f"[{characters.LINE_END}]|\\.?[0-9](?:[eE][+-](?=[0-9])|{characters.word('.')})*|{characters.word()}+"
    f"|=>|\\?\\.(?![0-9])|\\?\\?|\\.\\.\\.|\\+\\+|--|[^{characters.BLANK}]"
)
WORD = re.compile(f"\\.?{characters.word()}")
LINE_ENDS = frozenset("\n\r\u2028\u2029")

CONTROL = frozenset({"if", "while", "for", "with", "switch", "catch"})
STATEMENT_FOLLOWS = frozenset({"else", "do", "try", "finally"})
OPERATORS = frozenset(
    ("return", "throw", "typeof", "void", "delete", "new", "in", "instanceof", "case", "extends", "default")
)
JUMPS = frozenset({"return", "break", "continue"})  # a line end after these ends the statement
LEADERS = frozenset({"export", "default", "async"})  # may stand before `function` in a declaration


class Grammar:
    """Reads code once, from left to right; every attribute describes the place that it has reached."""

    def __init__(self) -> None:
        self.top = Frame(STATEMENTS, STATEMENT)
        self.frames = [self.top]
        self.after_operand = False
        self.bound_by = ""  # what declares the name just read: a binder, "function" or "class"
        self.after_label = False  # of `break` or `continue`
        self.after_async = False  # what may be the parameters of an async arrow function
        self.closed = STATEMENT  # what the last closing bracket ended
        self.last = ""  # the token before; "name" for a word that is no keyword where it stands
        self.newline = False  # a line end since then

    def feed(self, code: str) -> None:
        """Go on through *code*, which ends between two tokens. Raises LexError where that is not clear."""
        for _ in self.read(code):
            pass

    def read(self, code: str) -> Iterator[str]:
        """`feed`, which pauses after every token."""
        for token in TOKEN.findall(code):
            if token in LINE_ENDS:
                self.newline = True
            else:
                self._step(token)
                self.newline = False
                yield token

    def is_at_top(self) -> bool:
        """Whether no function, class or arrow contains this place."""
        return not (self.top.is_apart or self.top.has_bare_arrow)

    def is_operator(self, word: str) -> bool | None:
        """Whether the ``yield``, ``await`` or ``of`` just read is an operator; None where that stays open."""
        if word == "of":
            return not self.after_operand
        if self.top.has_bare_arrow:
            return None
        return self.top.yields if word == "yield" else self.top.awaits

    def after_bare_name(self) -> bool:
        """Whether the name just read is one that no operator but `=` and `,` can follow."""
        return self.after_label or self.bound_by in BINDERS

    def _step(self, token: str) -> None:
        self.bound_by, self.after_label = "", False
        if token in ACTIONS:
            ACTIONS[token](self, token)
            self.last = token
        elif WORD.match(token):
            self.last = self._word(token)
        else:
            self._operator(token)
            self.last = token
        if self.top.holds == MEMBERS and not self.top.in_value:
            self.top.modifiers.append(self.last)

    # ---- statements

    def _end_statement_at_newline(self) -> None:
        """Automatic semicolon insertion: two operands in a row, on two lines."""
        if not self.newline or not (self.after_operand or self.last in JUMPS):
            return
        if self.top.holds == STATEMENTS and not self.top.heads:
            self._begin()
        elif self.top.holds == MEMBERS:
            self.top.next_member()

    def _begin(self) -> None:
        self.top.begin()
        self.after_operand = False

    def _operator(self, token: str) -> None:
        self.top.begins = self.top.is_led = False
        self.after_operand = False

    def _operand(self, token: str) -> None:
        self._end_statement_at_newline()
        self._operator(token)
        self.after_operand = True

    # ---- words

    def _word(self, word: str) -> str:
        """Read *word*; return it if it is a keyword here, else "name"."""
        top = self.top
        if word == "await" and self.last == "for":
            return "for"
        if self.last in (".", "?.", "#"):
            self.after_operand = True
            return "name"
        if word not in ("in", "instanceof"):
            self._end_statement_at_newline()
        if top.holds in (MEMBERS, PROPERTIES) and not top.in_value:
            return self._key(word)
        begins, leads = top.begins, top.begins or top.is_led
        self._operator(word)
        if word in KEYWORDS:
            KEYWORDS[word](self, word, begins, leads)
        else:
            self._name(word)
        top.is_led = leads and word in LEADERS
        return word

    def _key(self, word: str) -> str:
        self._operand(word)
        if self.top.holds == PROPERTIES:
            self.top.modifiers.append(word)
        return word if word in ("static", "async", "get", "set") else "name"

    def _name(self, word: str) -> None:
        is_operator = word in ("yield", "await") and self.is_operator(word) is True
        is_operator |= word == "of" and self.top.is_for and self._names_loop_variable()
        self.after_operand = not is_operator
        self.after_async = self.last == "async" and not self.newline
        self.after_label = self.last in ("break", "continue")
        self.bound_by = self._binder_here()
        self.top.binder = self.last if self.last in BINDERS else self.top.binder

    def _binder_here(self) -> str:
        if self.last in BINDERS:
            return self.last
        head = self.top.heads[-1] if self.top.heads else None
        if head and self.last in ("function", "class", "*"):
            return head.word if head.ends == STATEMENT else ""
        return self.top.binder if self.last == "," else ""

    def _names_loop_variable(self) -> bool:
        return (
            bool(self.last)
            and self.last not in ("(", ",", "=", ";", "of", "?", ":")
            and self.last not in BINDERS
        )

    def _operator_word(self, word: str, begins: bool, leads: bool) -> None:
        pass

    def _binder(self, word: str, begins: bool, leads: bool) -> None:
        self.after_operand = word == "let"  # a sloppy script's `let` may be a name
        self.top.binder = word if word != "let" else ""

    def _statement_follows(self, word: str, begins: bool, leads: bool) -> None:
        self._begin()

    def _import(self, word: str, begins: bool, leads: bool) -> None:
        self.top.names_modules = begins
        self.after_operand = True

    def _function_or_class(self, word: str, begins: bool, leads: bool) -> None:
        is_declaration = leads or (word == "class" and self.top.is_decorated)
        is_async = self.last == "async" and not self.newline
        self.top.heads.append(Head(word, STATEMENT if is_declaration else OPERAND, is_async=is_async))

    # ---- brackets

    def _brace(self, token: str) -> None:
        self._end_statement_at_newline()
        frame = brace(self.top, self.last, after_operand=self.after_operand, after_async=self.after_async)
        self._operator(token)
        self._push(frame)

    def _parenthesis(self, token: str) -> None:
        is_control = self.last in CONTROL
        frame = Frame(EXPRESSION, STATEMENT if is_control else OPERAND)
        frame.is_for = self.last == "for"
        frame.follows_async = self.last == "async" and not self.newline
        self._operator(token)
        self._push(frame)

    def _bracket(self, token: str) -> None:
        if self.top.holds == MEMBERS and not self.top.in_value:
            self._end_statement_at_newline()
        self._operator(token)
        self._push(Frame(EXPRESSION, OPERAND))

    def _push(self, frame: Frame) -> None:
        binder = self.last if self.last in BINDERS else self.top.binder
        if binder and (self.last in BINDERS or self.last == "," or self.top.is_pattern):
            frame.is_pattern, frame.binder = True, binder
        frame.settle(self.top)
        self.frames.append(frame)
        self.top = frame

    def _close(self, token: str) -> None:
        if len(self.frames) == 1:
            raise LexError(-1, f"'{token}' closes nothing")
        frame = self.frames.pop()
        self.top = self.frames[-1]
        self.closed = frame.ends
        self._operator(token)
        self.after_async = frame.follows_async
        self.after_operand = frame.ends in (OPERAND, CLAUSE)
        if frame.ends == STATEMENT and self.top.holds == STATEMENTS:
            self._begin()
        elif frame.ends == MEMBER:
            self.top.next_member()

    # ---- the other tokens

    def _semicolon(self, token: str) -> None:
        self._operator(token)
        if self.top.holds == STATEMENTS:
            self._begin()
        elif self.top.holds == MEMBERS:
            self.top.next_member()

    def _comma(self, token: str) -> None:
        self._operator(token)
        if self.top.holds == PROPERTIES:
            self.top.next_member()

    def _colon(self, token: str) -> None:
        self._operator(token)
        if self.top.ternaries:
            self.top.ternaries -= 1
        elif self.top.holds == STATEMENTS:
            self._begin()  # a label, `case` or `default`
        else:
            self.top.in_value = True

    def _question(self, token: str) -> None:
        self._operator(token)
        self.top.ternaries += 1

    def _equals(self, token: str) -> None:
        self._operator(token)
        self.top.in_value = True

    def _arrow(self, token: str) -> None:
        self._operator(token)
        self.top.has_bare_arrow = True

    def _star(self, token: str) -> None:
        if self.last == "function" and self.top.heads:
            self.top.heads[-1].is_generator = True
        if self.top.holds == PROPERTIES:
            self.top.modifiers.append(token)
        self._operator(token)

    def _increment(self, token: str) -> None:
        self._end_statement_at_newline()
        was_operand = self.after_operand
        self._operator(token)
        self.after_operand = was_operand

    def _at(self, token: str) -> None:
        self._end_statement_at_newline()
        begins = self.top.begins
        self._operator(token)
        self.top.is_decorated |= begins

    def _template(self, token: str) -> None:
        self._operator(token)
        self.after_operand = True


ACTIONS: dict[str, Callable[[Grammar, str], None]] = {
    "{": Grammar._brace,
    "(": Grammar._parenthesis,
    "[": Grammar._bracket,
    "}": Grammar._close,
    ")": Grammar._close,
    "]": Grammar._close,
    ";": Grammar._semicolon,
    ",": Grammar._comma,
    ":": Grammar._colon,
    "?": Grammar._question,
    "=": Grammar._equals,
    "=>": Grammar._arrow,
    "*": Grammar._star,
    "++": Grammar._increment,
    "--": Grammar._increment,
    "@": Grammar._at,
    '"': Grammar._operand,
    "'": Grammar._operand,
    "`": Grammar._template,
}

KEYWORDS: dict[str, Callable[[Grammar, str, bool, bool], None]] = {
    **dict.fromkeys(OPERATORS | CONTROL | {"export"}, Grammar._operator_word),
    **dict.fromkeys(BINDERS, Grammar._binder),
    **dict.fromkeys(STATEMENT_FOLLOWS, Grammar._statement_follows),
    **dict.fromkeys(("function", "class"), Grammar._function_or_class),
    "import": Grammar._import,
}
