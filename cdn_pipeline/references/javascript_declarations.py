"""Import and export declarations in masked JavaScript (see `tokens`), and what else makes a module."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cdn_pipeline.tokens import LexError, javascript_functions, native
from cdn_pipeline.tokens import javascript_characters as characters
from cdn_pipeline.tokens.javascript_grammar import Grammar
from cdn_pipeline.tokens.javascript_slash import is_property

_SPACE = f"[{characters.SPACE}]*+"
_NAME = characters.word("\0") + "++"
_STRING = '"\0*+'
_NO_WORD = f"(?!{characters.word()})"
_BRACES = rf"\{{[^{{}}]*+\}}{_SPACE}"
_FROM = f"from{_SPACE}(?P<specifier>{_STRING})"
# Patterns begin with what is rare, for speed; what must not stand before it is looked at afterwards.
_KEYWORDS = [
    re.compile(f"{each}(?<!{characters.word('#')}{each}){_NO_WORD}") for each in ("import", "export")
]
_IMPORT = re.compile(
    rf"import{_SPACE}(?:(?P<alone>{_STRING})"
    rf"|(?:(?:defer|source|type)[{characters.SPACE}]++)?(?:(?!from{_SPACE}\"){_NAME}{_SPACE}(?:,{_SPACE})?)?"
    rf"(?:\*{_SPACE}as{_SPACE}{_NAME}{_SPACE}|{_BRACES})?{_FROM})"
)
_EXPORT = re.compile(
    rf"export{_SPACE}(?:type{_SPACE})?"
    rf"(?:\*{_SPACE}(?:as{_SPACE}(?:{_NAME}|{_STRING}){_SPACE})?|{_BRACES}){_FROM}"
)
_CALL_OR_META = re.compile(rf"import{_SPACE}[(.]")
_META = re.compile(rf"import(?<!{characters.word('#')}import){_SPACE}\.{_SPACE}meta{_NO_WORD}")
_AWAIT = f"await(?<!{characters.word('#')}await){_NO_WORD}"
# What follows a variable that is called "await", in a script
_NO_OPERAND = re.compile(rf"{_SPACE}(?:[=.,;)\]}}:?*%<>&|^]|\Z|(?:in|instanceof|of){_NO_WORD})")


def specifiers(masked: str) -> Iterator[tuple[int, int]]:
    """The spans, quotes and all, of the module specifiers of import and export declarations."""
    for keyword in _keywords_at_top(masked):
        pattern = _IMPORT if keyword[0] == "import" else _EXPORT
        found = pattern.match(masked, keyword.start())
        if found:
            yield found.span("alone" if found.groupdict().get("alone") else "specifier")


def is_declared(masked: str) -> bool:
    """Whether there is an import or export declaration."""
    return any(not _CALL_OR_META.match(masked, keyword.start()) for keyword in _keywords_at_top(masked))


def has_meta(masked: str) -> bool:
    """Whether there is an ``import.meta``."""
    return any(not is_property(masked, meta.start()) for meta in _META.finditer(masked))


def awaits_at_top(compact: str) -> bool:
    """Whether an ``await`` stands outside of every function. False if the grammar cannot tell."""
    grammar, read = Grammar(), 0
    try:
        for end in javascript_functions.ends_outside(_AWAIT, compact):
            grammar.feed(compact[read:end])
            read = end
            is_keyword = grammar.last in ("await", "for") and not _NO_OPERAND.match(compact, read)
            if is_keyword and grammar.is_at_top():
                return True
    except LexError:
        return False
    return False


def _keywords_at_top(masked: str) -> Iterator[re.Match[str]]:
    """Every ``import`` and ``export`` outside of all brackets that is no property's name."""
    nesting = native.javascript.nesting if native.javascript else _nesting
    depth = read = 0
    found = [keyword for each in _KEYWORDS for keyword in each.finditer(masked)]
    for keyword in sorted(found, key=re.Match.start):
        depth += nesting(masked, read, keyword.start())
        read = keyword.start()
        if depth == 0 and not is_property(masked, read):
            yield keyword


def _nesting(code: str, start: int, end: int) -> int:
    """How many more brackets open than close between the two places."""
    opened = sum(code.count(bracket, start, end) for bracket in "([{")
    return opened - sum(code.count(bracket, start, end) for bracket in ")]}")
