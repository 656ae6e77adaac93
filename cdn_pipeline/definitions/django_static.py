"""The tags of django-static in Django templates: what they combine, and what they ask to be made smaller.

``staticfile`` and ``slimfile`` name files, ``staticall`` and ``slimall`` contain the elements that load them,
``slimcontent`` contains text.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import partial
from typing import NamedTuple

from cdn_pipeline.bundle_name import tag_name
from cdn_pipeline.combination import combination, logical
from cdn_pipeline.definitions.bundle import Bundle, language
from cdn_pipeline.definitions.django import ARGUMENT
from cdn_pipeline.definitions.django_text import Piece, pieces, readable
from cdn_pipeline.definitions.template import START
from cdn_pipeline.errors import ERROR, WARNING, Problem, line_and_column
from cdn_pipeline.inline import Content, content

FILES = frozenset(("staticfile", "slimfile"))
BLOCKS = frozenset(("staticall", "slimall"))
CONTENT = "slimcontent"

LOAD = re.compile(r"\{%\s*load\s([^%]*)%\}")
STRING = re.compile(r"""(["'])(.*)\1""")
PREFIXES = frozenset(("STATIC_URL", "MEDIA_URL"))  # variables that give what stands before a logical path
PREFIX_TAGS = frozenset(("get_static_prefix", "get_media_prefix"))
NAMING = frozenset(("static", *FILES))  # tags that give the URL of the file that they name
# Tags that neither choose nor make elements. Of any other nobody knows.
INERT = frozenset(("load", "url", "trans", "translate", "now", "csrf_token", "with", "endwith"))
MARK = "\0"  # stands for what only a request knows


class Implying(NamedTuple):
    """What a template's tags are read by."""

    prefixes: Collection[str] = ()  # the URLs below which files are served
    is_builtin: bool = False  # templates have the tags without ``{% load django_static %}``


class Implied(NamedTuple):
    """What the tags of a template come to."""

    bundles: list[Bundle]
    contents: list[Content]
    problems: list[Problem]


def implied(text: str, name: str, by: Implying) -> Implied:
    """By the template *text*, whose file messages call *name*. Nothing, unless it has the library
    ``django_static``."""
    found = Implied([], [], [])
    if by.is_builtin or any("django_static" in hit[1].split() for hit in LOAD.finditer(text)):
        _Template(text, name, by.prefixes, found).read()
    return found


class _Template(NamedTuple):
    """One while it is read."""

    text: str
    name: str
    prefixes: Collection[str]
    found: Implied

    def read(self) -> None:
        opened: Piece | None = None
        for piece in pieces(self.text):
            if piece.name in FILES:
                self.file(piece)
            elif piece.name in BLOCKS or piece.name == CONTENT:
                opened = piece
            elif opened and piece.name == f"end{opened.name}":
                inside = self.text[opened.end : piece.start]
                (self.content if opened.name == CONTENT else self.block)(opened, inside)
                opened = None
        if opened:
            self.report(opened.start, f"{{% {opened.name} %}} without {{% end{opened.name} %}}", "", ERROR)

    def report(self, at: int, message: str, hint: str, severity: str = WARNING) -> None:
        place = line_and_column(self.text, at)
        self.found.problems.append(Problem(severity, self.name, message, hint, *place))

    def file(self, piece: Piece) -> None:
        """A variable's value is a file that is there anyway, so nothing is said of it."""
        words = ARGUMENT.findall(piece.arguments)
        literal = STRING.fullmatch(words[0]) if words else None
        if literal:
            paths = [logical(part.strip(), self.prefixes) for part in literal[2].split(";") if part.strip()]
            self.add(piece.name, piece.start, tuple(filter(None, paths)))
        elif not words:
            self.report(piece.start, f"{{% {piece.name} %}} names no file", "", ERROR)

    def add(self, tag: str, at: int, paths: tuple[str, ...]) -> None:
        if not paths:
            return
        if len(paths) > 1 and language(paths) not in ("css", "js"):
            message = f"{{% {tag} %}} can combine scripts, or style sheets, but not {', '.join(paths)}"
            self.report(at, message, "name those of each kind in a tag of their own", ERROR)
            return
        line, column = line_and_column(self.text, at)
        name = tag_name(paths, None, None)
        bundle = Bundle(name, "", paths, optional=len(paths) == 1, file=self.name, line=line, column=column)
        self.found.bundles.append(bundle)

    def block(self, opened: Piece, inside: str) -> None:
        html, unknown = _rendered(inside)
        choosing = [piece for piece in unknown if piece.name and piece.name not in INERT]
        found = combination(html, partial(logical, prefixes=self.prefixes))
        addresses = [element.address for element in found.others if element.name != "img"]
        addresses += [element.address for group in found.groups for element in group.elements]
        urls = [address.url for address in addresses if address]
        asked = [piece for number, piece in enumerate(unknown) if any(_mark(number) in url for url in urls)]
        for piece in asked or choosing[:1]:
            written = inside[piece.start : piece.end]
            message = f"what {{% {opened.name} %}} combines depends on `{written}`, {ELSEWHERE}"
            self.report(opened.end + piece.start, message, ALONE)
        for group in [] if choosing else found.groups:
            if not any(MARK in path for path in group.paths):
                self.add(opened.name, opened.start, group.paths)

    def content(self, opened: Piece, inside: str) -> None:
        if START.search(inside):
            return  # served as a page renders it
        format_ = opened.arguments.strip("\"'")
        found = content(inside, format_)
        if found:
            self.found.contents.append(found)
        elif format_:
            message = f"{{% slimcontent %}}: unknown format {format_!r}"
            self.report(opened.start, message, "it takes css, js, html and xhtml")


ELSEWHERE = "which is known only when a page is made"
ALONE = "its files are served one by one, unless a tag elsewhere combines the same"


def _rendered(inside: str) -> tuple[str, list[Piece]]:
    """A block as far as it is known, and what is not, marked by its number."""
    text = readable(inside)
    known: list[str] = []
    unknown: list[Piece] = []
    at = 0
    for piece in pieces(inside):
        words = _known(piece)
        if words is None:
            words = _mark(len(unknown))
            unknown.append(piece)
        known += (text[at : piece.start], words)
        at = piece.end
    return "".join([*known, text[at:]]), unknown


def _mark(number: int) -> str:
    return f"{MARK}{number}{MARK}"


def _known(piece: Piece) -> str | None:
    """What it renders, up to prefixes, which do not count."""
    if not piece.name and piece.arguments in PREFIXES:
        return ""
    words = ARGUMENT.findall(piece.arguments) if piece.name in NAMING else []
    literal = STRING.fullmatch(words[0]) if len(words) == 1 else None
    if literal:
        return literal[2]
    return "" if piece.name in PREFIX_TAGS else None
