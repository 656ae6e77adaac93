"""A classic script as joining sees it: whether it is strict, what it declares, how it begins and ends."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from cdn_pipeline.tokens import LexError
from cdn_pipeline.tokens import javascript as tokens
from cdn_pipeline.tokens import javascript_characters as characters
from cdn_pipeline.tokens.javascript_grammar import Grammar
from cdn_pipeline.tokens.javascript_pieces import STRING, Pieces

USE_STRICT = ("'use strict'", '"use strict"')

_SPACE = f"[{characters.SPACE}]*+"
_WORD = characters.word()
_STATEMENT = re.compile(f'{_SPACE}"({_SPACE})')
_LINE_END = re.compile(f"[{characters.LINE_END}]")
# What goes on with an expression after a line end; "++" and "--" do not.
_GOES_ON = re.compile(rf"\+(?!\+)|-(?!-)|[.,(\[*/%<>=&|^?:`\x02]|!=|(?:in|instanceof)(?!{_WORD})")
# A first token that cannot go on with what ended on the line before
_BEGINS_AFRESH = re.compile(rf"{_SPACE}(?:(?!(?:in|instanceof|of|as|from|with)(?!{_WORD})){_WORD}|[\"!~@#])")
# A last token after which no statement has to end at a line end
_HANGS = re.compile(rf"(?:^|{characters.no_word()})(?:let|async|await|yield|get|set|static|using|of|type)\Z")
_NAME = re.compile(f"(?![0-9]){_WORD}")
LEXICAL = frozenset({"let", "const", "class"})
_MAY_BE_LEXICAL = re.compile(rf"(?<!{characters.word('.#')})(?:let|const|class)(?!{_WORD})")


class Names(NamedTuple):
    """What a script declares for all scripts of the page, or more than that."""

    lexical: frozenset[str]  # by let, const and class
    others: frozenset[str]  # by var and function; "arguments", if it is used outside of functions

    def clash(self, other: Names) -> bool:
        """Whether one script could not declare all of both."""
        return bool(self.lexical & (other.lexical | other.others) or self.others & other.lexical)


@dataclass(frozen=True)
class Script:
    """A classic script."""

    text: str  # without a byte-order mark and a hashbang, which only the beginning of a file may have
    code: str  # compact, without white space around it
    is_strict: bool

    @property
    def is_empty(self) -> bool:
        """Whether it has no tokens."""
        return not self.code

    @cached_property
    def names(self) -> Names:
        """What it declares. Raises LexError where the grammar cannot tell."""
        return _names(self.code)

    def may_declare_lexically(self) -> bool:
        """Quick; False is certain."""
        return bool(_MAY_BE_LEXICAL.search(self.code))

    def is_self_contained(self) -> bool:
        """Whether nothing would change if the script were the body of a function, as far as can be told."""
        try:
            return not any(self.names)
        except LexError:
            return False

    def is_whole_before(self, after: Script) -> bool:
        """Whether the last statement ends where *after* begins on a new line."""
        if self.code.endswith(";"):
            return True
        return bool(_BEGINS_AFRESH.match(after.code)) and not _HANGS.search(self.code[-12:])

    def called(self) -> Script:
        """The script as the body of a function that is called at once, with the same ``this``."""
        return Script(f"(function(){{{self.text}\n}}).call(this);", f"({self.code});", is_strict=False)


def read(text: str) -> Script:
    """*text* as a script. Raises LexError."""
    cut = tokens.pieces(text)
    code = cut.compact().strip(characters.SPACES)
    start = text.lstrip("\ufeff")
    if start.startswith("#!"):
        start = start[len(cut.literals[0]) :]
    return Script(start, code, _is_strict(code, cut))


def _is_strict(code: str, cut: Pieces) -> bool:
    """Whether the directives at the beginning (ECMA-262, 11.2.1) contain one to be strict."""
    strings = (text for text, mark in zip(cut.literals, cut.marks, strict=True) if mark == STRING)
    at = 0
    for string in strings:
        statement = _STATEMENT.match(code, at)
        if not statement or not _is_whole(code, statement):
            return False
        if string in USE_STRICT:
            return True
        at = statement.end() + code.startswith(";", statement.end())
    return False


def _is_whole(code: str, statement: re.Match[str]) -> bool:
    """Whether the string is all of its statement: a semicolon follows, or one is inserted."""
    end = statement.end()
    if end == len(code) or code[end] == ";":
        return True
    return bool(_LINE_END.search(statement[1])) and not _GOES_ON.match(code, end)


def _names(code: str) -> Names:
    grammar = Grammar()
    lexical: set[str] = set()
    others: set[str] = set()
    for token in grammar.read(code):
        if token == "arguments" and not grammar.top.has_arguments:
            others.add(token)
        binder = grammar.top.binder if grammar.top.is_pattern else grammar.bound_by
        if not binder or not _NAME.match(token) or grammar.top.in_function:
            continue
        if binder not in LEXICAL:
            others.add(token)
        elif grammar.top.is_outermost:
            lexical.add(token)
    return Names(frozenset(lexical), frozenset(others))
