"""Joins style sheets into one text, or as few as can mean the same.

A local ``@import`` is replaced by the sheet that it leads to, in blocks for its conditions. Others must stand
at the head of a file, and ``@namespace`` holds for the whole of one: where either comes after rules, hoisting
it would change the cascade, so there another text begins, to be linked or imported in turn.

A limit: imports in a circle, of which one stays as it cannot be inlined, go round once more than they did.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

from cdn_pipeline.errors import WARNING
from cdn_pipeline.join.css_conditions import conditions, wrapped
from cdn_pipeline.join.css_member import LAYERS, NAMESPACES, NOTHING, RULES, Member, member
from cdn_pipeline.references import split_suffix
from cdn_pipeline.references.css_imports import Import, inside

COPIES = 64  # of one sheet; imports that double at each step would fill the disk
DEPTH = 100  # of imports in imports

Problem = tuple[str, int, str, str, str]  # (logical path, offset in its text, severity, message, hint)

_KEPT = -1  # the kind of an item that is an @import; the others are those of pieces
# How far a text has come: what may still be added to it.
_FRESH, _IMPORTING, _RULES, _SEALED = range(4)
_COMES_TO = {_KEPT: _IMPORTING, LAYERS: _RULES, RULES: _RULES, NAMESPACES: _SEALED}
_ENDS: dict[int, tuple[int, ...]] = {  # states in which an item cannot be added any more, by its kind
    NOTHING: (),
    LAYERS: (_SEALED,),
    RULES: (_SEALED,),
    _KEPT: (_RULES, _SEALED),
    NAMESPACES: (_IMPORTING, _RULES, _SEALED),  # a layer named between would be its death
}
_BEFORE = "the bundle goes on in another style sheet: @namespace, which holds for a whole file, stands before"
_MESSAGES = {
    LAYERS: _BEFORE,
    RULES: _BEFORE,
    _KEPT: "the bundle goes on in another style sheet: an @import that stays must stand before all rules",
    NAMESPACES: "the bundle goes on in another style sheet: @namespace must stand before all rules",
}
_HINT = "where the order allows it, make the sheet the first of the bundle, or no part of it"
_MAY_NAME_LAYERS = re.compile(r"layer|@[^\s{;]*\\", re.IGNORECASE)
_CHARSET = '@charset "utf-8";\n'


class Sheet(NamedTuple):
    """A style sheet with tokens for references."""

    path: str  # logical
    text: str
    imports: Mapping[str, str]  # {token in an @import: logical path of a sheet that can be inlined}


class Joined(NamedTuple):
    """The texts, to be linked in this order, or imported in this order by the last one."""

    texts: tuple[str, ...]
    inlined: tuple[str, ...]  # logical paths of sheets that imports led to
    problems: tuple[Problem, ...]


class _Item(NamedTuple):
    text: str
    kind: int
    path: str  # of the sheet that it comes from
    offset: int


def join(sheets: Sequence[Sheet], load: Callable[[str], Sheet | None]) -> Joined:
    """*sheets* in order, with what they import. *load* gives the sheet at a logical path, if there is one."""
    flattener = _Flattener(load)
    items = [item for sheet in sheets for item in flattener.items(sheet, (sheet.path,))]
    problems = flattener.problems
    texts = list(_texts(_without_repetition(items), problems))
    if flattener.has_charset:
        texts = [_CHARSET + text for text in texts]
    return Joined(tuple(texts) or ("",), tuple(dict.fromkeys(flattener.inlined)), tuple(problems))


class _Flattener:
    """Replaces imports by what they lead to."""

    def __init__(self, load: Callable[[str], Sheet | None]) -> None:
        self.load = load
        self.members: dict[str, Member] = {}  # by text
        self.copies: Counter[str] = Counter()
        self.inlined: list[str] = []
        self.problems: list[Problem] = []
        self.has_charset = False

    def items(self, sheet: Sheet, chain: tuple[str, ...]) -> Iterator[_Item]:
        """What *sheet* comes to; *chain* are the paths of those that import it, and its own."""
        if sheet.text not in self.members:
            self.members[sheet.text] = member(sheet.text)
        found = self.members[sheet.text]
        self.has_charset |= found.has_charset
        for piece, rule in zip_longest(found.pieces, found.imports):
            yield _Item(piece.text, piece.kind, sheet.path, 0)
            if rule:
                yield from self.imported(sheet, found.text, rule, chain)

    def imported(self, sheet: Sheet, text: str, rule: Import, chain: tuple[str, ...]) -> list[_Item]:
        kept = _Item(text[rule.start : rule.end], _KEPT, sheet.path, rule.start)
        start, end = inside(text, *rule.url)
        path = sheet.imports.get(split_suffix(text[start:end])[0])
        if path is None:
            return [kept]
        before = len(self.inlined)
        inner = self.inner(path, chain)
        wanted = conditions(text[rule.conditions : rule.end].removesuffix(";"))
        if inner is not None and not any(wanted):
            return inner
        if inner is not None and all(item.kind in (NOTHING, LAYERS, RULES) for item in inner):
            return [_Item(wrapped(_text(inner), wanted), RULES, sheet.path, rule.start)]
        del self.inlined[before:]
        if inner is not None:
            message = f"@import of {path!r} stays: no block can hold the external @import or @namespace in it"
            hint = "without conditions it could be inlined"
            self.problems.append((sheet.path, rule.start, WARNING, message, hint))
        return [kept]

    def inner(self, path: str, chain: tuple[str, ...]) -> list[_Item] | None:
        """What the sheet at *path* comes to; None if it is not to be inlined."""
        if path in chain:
            return []  # where browsers end a cycle
        self.copies[path] += 1
        sheet = self.load(path) if self.copies[path] <= COPIES and len(chain) <= DEPTH else None
        if sheet is None:
            return None
        self.inlined.append(path)
        return list(self.items(sheet, (*chain, path)))


def _text(items: Iterable[_Item]) -> str:
    """Their texts, on lines of their own."""
    texts = [item.text for item in items if item.text]
    return "".join(text if text.endswith("\n") else text + "\n" for text in texts)


def _without_repetition(items: list[_Item]) -> list[_Item]:
    """Without rules that are repeated later: these win over all that the first ones would win over. Only the
    order of layers is made by the first ones."""
    last = {item.text: at for at, item in enumerate(items)}
    return [
        item
        for at, item in enumerate(items)
        if item.kind != RULES or last[item.text] == at or _MAY_NAME_LAYERS.search(item.text)
    ]


def _texts(items: Iterable[_Item], problems: list[Problem]) -> Iterator[str]:
    """One text, or more where an import or ``@namespace`` cannot stand after what comes before."""
    part: list[_Item] = []
    state = _FRESH
    for item in items:
        if state in _ENDS[item.kind]:
            yield _text(part)
            problems.append((item.path, item.offset, WARNING, _MESSAGES[item.kind], _HINT))
            part, state = [], _FRESH
        part.append(item)
        state = _after(state, item.kind)
    yield _text(part)


def _after(state: int, kind: int) -> int:
    if kind == LAYERS and state == _FRESH:
        return _FRESH
    return state if kind == NOTHING else _COMES_TO[kind]
