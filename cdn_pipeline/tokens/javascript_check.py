"""What the lexer refuses although its literals are well formed."""

from __future__ import annotations

import re

from . import LexError, native
from . import javascript_characters as characters
from .javascript_pieces import Pieces
from .javascript_slash import expects_operand


def check(cut: Pieces) -> None:
    """Raise LexError if what stands between the literals is no code: characters, names, brackets, markup."""
    is_plain = native.javascript is not None and native.javascript.is_plain(cut.code)
    if not is_plain:
        _check_characters(cut)
    compact = cut.compact()
    for look in (_markup,) if is_plain else (_nameless, _html_comment, _unbalanced, _markup):
        problem = look(compact)
        if problem:
            raise LexError(cut.offset(problem[0]), problem[1])


def _check_characters(cut: Pieces) -> None:
    code = "".join(cut.code)
    control = _CONTROL.search(code)
    at = control.start() if control else -1 if code.isascii() else characters.first_stray(code)
    if at >= 0:
        unmarked = Pieces(cut.code, cut.literals, [""] * len(cut.marks))
        raise LexError(unmarked.offset(at), f"JavaScript has no character {code[at]!r}")


def _nameless(code: str) -> tuple[int, str] | None:
    nameless = _NAMELESS.search(code)
    return (nameless.start(), f"no name follows '{nameless[0]}'") if nameless else None


def _html_comment(code: str) -> tuple[int, str] | None:
    at = code.find("<!--")
    if at < 0 and "-->" in code:
        comment = _HTML_COMMENT_END.search(code)
        at = comment.end() - len("-->") if comment else -1
    return None if at < 0 else (at, "an HTML comment, which only some scripts may contain")


def _markup(code: str) -> tuple[int, str] | None:
    for angle in _ANGLE.finditer(code):
        if expects_operand(code, angle.start()):
            return angle.start(), "'<' where a value must stand: JSX and type parameters are no JavaScript"
    return None


def _unbalanced(code: str) -> tuple[int, str] | None:
    """The first bracket that closes nothing, or the last that nothing closes."""
    brackets = code.translate(_ONLY_BRACKETS)
    for _ in range(_ORDINARY_DEPTH):
        if not brackets:
            return None
        brackets = brackets.replace("()", "").replace("[]", "").replace("{}", "")
    return _mismatch(code)


def _mismatch(code: str) -> tuple[int, str] | None:
    open_brackets: list[re.Match[str]] = []
    for bracket in _BRACKET.finditer(code):
        if bracket[0] in "([{":
            open_brackets.append(bracket)
        elif not open_brackets or open_brackets.pop()[0] != _OPENING[bracket[0]]:
            return bracket.start(), f"'{bracket[0]}' closes nothing"
    if not open_brackets:
        return None
    return open_brackets[-1].start(), f"'{open_brackets[-1][0]}' is not closed"


_CONTROL = re.compile(r"[\0-\x08\x0e-\x1f\x7f]")
_NAMELESS = re.compile(rf"#(?!{characters.word()})|@(?!{characters.word('(')})")
_HTML_COMMENT_END = re.compile(rf"(?:^|[{characters.LINE_END}])[{characters.BLANK}]*+-->")
_BRACKET = re.compile(r"[()\[\]{}]")
_ORDINARY_DEPTH = 100  # brackets that are nested deeper are counted one by one


class _Only(dict[int, None]):
    """For `str.translate`: deletes every character but the brackets."""

    def __missing__(self, character: int) -> int | None:
        kept = character if chr(character) in "()[]{}" else None
        if kept is None:
            self[character] = None
        return kept


_ONLY_BRACKETS = _Only()
_OPENING = {")": "(", "]": "[", "}": "{"}
# "<" unless a bracket, a digit or a name of one letter stands before it: only to save time
_ANGLE = re.compile(r"<(?<![)\]\d]<)(?<![)\]\d] <)(?<!\W\w<)(?<!\W\w <)")
