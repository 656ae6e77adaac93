"""Which places in JavaScript are surely in a function or class, told by the brackets around them alone.

The grammar knows all of them, but reads every token. Most places lie in braces that only a function can have:
``=> {``, ``function name() {``, ``name() {`` of a method.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import javascript_characters as characters

_FUNCTION = re.compile(
    f"(?<!{characters.word('.#')})function[{characters.SPACE}]*\\*?[{characters.SPACE}]*{characters.word()}*\\Z"
)
_NAME = re.compile(f"(?:{characters.word()})+\\Z")
_LONGEST = 100  # characters of a function's name; what is longer is left to the grammar
_LINE_END = re.compile(f"[{characters.LINE_END}]")
_BEFORE_BLOCK = frozenset({"if", "for", "while", "with", "switch", "catch", "await"})


def ends_outside(word: str, code: str) -> Iterator[int]:
    """Where each match of the pattern *word* in compact *code* ends, but for those surely in a function."""
    braces: list[tuple[int, bool]] = []  # where each bracket opens, and whether all in it is in a function
    partner: dict[int, int] = {}  # of a closing parenthesis
    for match in re.finditer(rf"[()\[\]{{}}]|{word}", code):
        token, at = match[0], match.start()
        within = bool(braces) and braces[-1][1]
        if token in "([{":
            braces.append((at, within or (token == "{" and _is_body(code, at, partner))))
        elif token in ")]}":
            opened = braces.pop()[0] if braces else 0
            if token == ")":
                partner[at] = opened
        elif not within:
            yield match.end()


def _is_body(code: str, brace: int, partner: dict[int, int]) -> bool:
    """Whether the brace there surely begins the body of a function."""
    before = brace
    while before and code[before - 1] in characters.SPACES:
        before -= 1
    if code.endswith("=>", 0, before):
        return True
    if code[before - 1 : before] != ")" or before - 1 not in partner:
        return False
    opened = partner[before - 1]
    head = code[max(0, opened - _LONGEST) : opened]
    return bool(_FUNCTION.search(head)) or (
        not _LINE_END.search(code, before, brace) and _names_method(head.rstrip(characters.SPACES))
    )


def _names_method(head: str) -> bool:
    """Whether parentheses after *head*, and a brace on the same line, can only be those of a method, or of
    what a class extends, which is as good."""
    name = _NAME.search(head)
    return name is not None and len(name[0]) < _LONGEST and name[0] not in _BEFORE_BLOCK
