"""A style sheet made fit to stand among others: closed at its end, cut at its imports, freed of what is dead.

What browsers ignore would change its meaning in the middle of a joined sheet, so it goes: ``@charset``,
imports and ``@namespace`` that come too late, ``<!--`` and ``-->``, and rules with a stray ``;`` or ``}`` in
their prelude, which swallow what follows.
"""

from __future__ import annotations

import re
from collections import deque
from typing import NamedTuple

from cdn_pipeline.references.css_imports import Import, ends_head, imports
from cdn_pipeline.tokens.css import (
    BAD_URL,
    CLOSED_COMMENT,
    COMMENT,
    DELIM,
    IN_DOUBLE_QUOTES,
    IN_SINGLE_QUOTES,
    STRING,
    URL,
    nest,
    tokens,
)
from cdn_pipeline.tokens.css_rules import Rule, rules
from cdn_pipeline.tokens.css_statements import statements

# What a piece of a sheet holds, by how much may still stand after it in the same file.
NOTHING = 0  # white space and comments
LAYERS = 1  # @layer statements only: imports may follow
RULES = 2
NAMESPACES = 3  # rules, and @namespace rules that hold for the whole file

_CLOSED_STRING = re.compile(f"\"{IN_DOUBLE_QUOTES}\"|'{IN_SINGLE_QUOTES}'")
_CLOSED_URL = re.compile(r"(?<!\\)(?:\\\\)*\)\Z")
_IGNORED = re.compile(rf"({CLOSED_COMMENT})|<!--|-->")


class Piece(NamedTuple):
    """What stands between two imports."""

    text: str
    kind: int


class Member(NamedTuple):
    """A sheet in pieces: ``pieces[0]``, ``imports[0]``, ``pieces[1]``, … and a piece at the end."""

    text: str  # the closed sheet, to which the offsets of the imports belong
    pieces: tuple[Piece, ...]
    imports: tuple[Import, ...]
    has_charset: bool


def member(text: str) -> Member:
    """The sheet *text* as a member of a joined one."""
    has_charset = text.startswith(("\ufeff", "@charset"))
    text = closed(text.removeprefix("\ufeff"))
    alive = {rule.start: rule for rule in imports(text)}
    pieces: list[Piece] = []
    kept: list[str] = []
    at = kind = 0
    in_head = is_first = True
    for rule in rules(text):
        kept.append(_IGNORED.sub(_comment, text[at : rule.start]))
        at = rule.end
        if rule.start in alive:
            pieces.append(Piece("".join(kept), kind))
            kept, kind = [], NOTHING
        elif _is_alive(text, rule) and (in_head or rule.keyword != "namespace"):
            kept.append(text[rule.start : rule.end])
            kind = max(kind, _kind(text, rule))
        is_first = is_first and rule.start not in alive and rule.keyword != "namespace"
        in_head = in_head and not ends_head(rule, is_first)
    kept.append(_IGNORED.sub(_comment, text[at:]))
    return Member(text, (*pieces, Piece("".join(kept), kind)), tuple(alive.values()), has_charset)


def _comment(match: re.Match[str]) -> str:
    return match[1] or ""


def _is_alive(text: str, rule: Rule) -> bool:
    if rule.keyword:
        return rule.is_whole and rule.keyword not in ("charset", "import")
    return rule.is_whole and (rule.block > 0 or text.startswith("/*!", rule.start))


def _kind(text: str, rule: Rule) -> int:
    if text.startswith("/*!", rule.start):
        return NOTHING
    if rule.block == 0 and rule.keyword in ("layer", "namespace"):
        return LAYERS if rule.keyword == "layer" else NAMESPACES
    return RULES


def closed(text: str) -> str:
    """*text* with everything closed that the end of a file closes."""
    last = deque(statements(text), maxlen=1)
    if not last:
        return text
    start, _, depth = last[0]
    closers = ["}"] * depth
    found = tokens(text, start)
    for kind, token in found:
        nest(closers, kind, token)
    has_ended = found[-1] == (DELIM, ";") and not closers  # within brackets, ";" ends nothing
    is_open_rule = text[start] == "@" and depth == 0 and not has_ended and closers[:1] != ["}"]
    return _closed_token(text, *found[-1]) + "".join(reversed(closers)) + ";" * is_open_rule


def _closed_token(text: str, kind: str, token: str) -> str:
    """*text*, whose last token is not cut short any more."""
    escapes = (len(token) - len(token.rstrip("\\"))) % 2 == 1  # the end of the text
    if kind == COMMENT:
        return text if token.endswith("*/") and len(token) > 3 else text + "*/"
    if kind == STRING:
        return text if _CLOSED_STRING.fullmatch(token) else text[: len(text) - escapes] + token[0]
    if escapes:
        text = text[:-1] + "\\fffd "
    return text if kind not in (URL, BAD_URL) or _CLOSED_URL.search(token) else text + ")"
