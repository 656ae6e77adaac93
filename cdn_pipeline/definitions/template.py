"""The ``{% assets %}`` tags of a template, found without rendering it and without knowing its other tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

EXTENSIONS = frozenset(
    (
        ".html",
        ".htm",
        ".xhtml",
        ".djhtml",
        ".jinja",
        ".jinja2",
        ".j2",
        ".txt",
        ".xml",
        ".svg",
        ".tmpl",
        ".tpl",
    )
)

# Only Django has a `load` tag, and there no template uses {% assets %} without it (unless it is built in).
DJANGO = re.compile(r"\{%\s*load\s")
STRING = r"""(?:"(?:\\.|[^"\\])*+"|'(?:\\.|[^'\\])*+')"""
# Jinja2 knows strings inside of tags, Django knows only lines.
JINJA2_TAG = re.compile(rf"\{{%[-+]?\s*(\w*)((?:{STRING}|(?![-+]?%\}}).)*+)[-+]?%\}}", re.DOTALL)
JINJA2_PRINT = re.compile(rf"\{{\{{(?:{STRING}|(?!\}}\}}).)*+\}}\}}", re.DOTALL)
DJANGO_TAG = re.compile(r"\{%[^\S\n]*(\w*)(.*?)%\}")
DJANGO_PRINT = re.compile(r"\{\{.*?\}\}")
COMMENTS = {True: re.compile(r"\{#.*?#\}"), False: re.compile(r"\{#.*?#\}", re.DOTALL)}
CLOSING = {"{%": "%}", "{{": "}}", "{#": "#}"}
START = re.compile(r"\{[{%#]")
LITERAL = frozenset(("raw", "verbatim"))  # nothing inside of them is a tag, to the matching end


class Tag(NamedTuple):
    """One ``{% assets %}`` tag."""

    arguments: str  # what stands between the name and the closing delimiter
    offset: int  # of the tag, in characters
    django: bool
    closed: bool  # {% endassets %} follows


def is_django(text: str) -> bool:
    """Whether a template is written for Django rather than Jinja2."""
    return DJANGO.search(text) is not None


def tags(text: str) -> list[Tag]:
    """In order of place."""
    if "assets" not in text:
        return []
    found: list[Tag] = []
    open_tags: list[int] = []
    django = is_django(text)
    commented = False
    for name, arguments, offset in _all_tags(text, django):
        if name in ("comment", "endcomment"):
            commented = name == "comment"
        elif commented:
            continue
        elif name == "assets":
            open_tags.append(len(found))
            found.append(Tag(arguments, offset, django, False))
        elif name == "endassets" and open_tags:
            index = open_tags.pop()
            found[index] = found[index]._replace(closed=True)
    return found


def _all_tags(text: str, django: bool) -> Iterator[tuple[str, str, int]]:
    """Name, arguments and offset of every tag of any name."""
    at = 0
    last = {opening: text.rfind(closing) for opening, closing in CLOSING.items()}
    while start := START.search(text, at):
        at = start.start()
        opening = start[0]
        if at > last[opening]:
            at += 2  # never closed, so text; looking for the end each time would take for ever
            continue
        if opening == "{%":
            hit = _tag(text, at, django)
            if hit and hit[1] in LITERAL:
                at = _end_of_literal(text, hit)
                continue
            if hit:
                yield hit[1], hit[2], at
        elif opening == "{{":
            hit = (DJANGO_PRINT if django else JINJA2_PRINT).match(text, at)
        else:
            hit = COMMENTS[django].match(text, at)
        at = hit.end() if hit else at + 2


def _tag(text: str, at: int, django: bool) -> re.Match[str] | None:
    # An odd quote is no string: then the first closing delimiter ends the tag.
    return DJANGO_TAG.match(text, at) if django else JINJA2_TAG.match(text, at) or DJANGO_TAG.match(text, at)


def _end_of_literal(text: str, opening: re.Match[str]) -> int:
    name = opening[1]
    label = re.escape(opening[2].strip()) if name == "verbatim" else ""
    closing = re.compile(rf"\{{%[-+]?\s*end{name}\b\s*{label}\s*[-+]?%\}}").search(text, opening.end())
    return closing.end() if closing else opening.end()
