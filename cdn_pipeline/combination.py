"""Combinations: which scripts and style sheets of a piece of HTML become one file each.

The build asks for the text of a template's block, a page for what the block rendered. Both must come to the
same files, or the page would not find what was built.

* Scripts that run at once, and deferred ones, are combined while nothing else that runs in their turn stands
  between them. ``async`` ones come in any order.
* Style sheets are combined by their attributes, above all ``media``, up to one that cannot be.
* Modules, what has another host, and what stands in ``<noscript>`` are never combined.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from cdn_pipeline import paths
from cdn_pipeline.references import is_local
from cdn_pipeline.tokens import LexError
from cdn_pipeline.tokens.html import Tag, attributes, tokens

SCRIPT = "script"
STYLE = "link"

ADDRESS = {SCRIPT: "src", STYLE: "href", "img": "src"}
JAVASCRIPT = frozenset(("", "text/javascript", "application/javascript", "application/x-javascript"))
MODULE = "module"
FLAGS = frozenset(("async", "defer", "nomodule", "disabled"))  # mean the same whatever their value
DROPPED = frozenset(("src", "href", "rel", "type", "language", "charset", "integrity"))


class Address(NamedTuple):
    """A URL of an element."""

    url: str  # with HTML's escapes undone
    start: int  # of the attribute's value
    end: int


class Element(NamedTuple):
    """A script, style sheet or image of a page."""

    name: str
    attributes: dict[str, str]
    start: int
    end: int
    address: Address | None
    path: str  # logical; "" where it lies elsewhere


class Group(NamedTuple):
    """What becomes one."""

    name: str  # SCRIPT or STYLE
    key: tuple[tuple[str, str], ...]  # the attributes that remain, by name
    elements: list[Element]

    @property
    def paths(self) -> tuple[str, ...]:
        """The logical paths, in order."""
        return tuple(element.path for element in self.elements)

    def tag(self, url: str) -> str:
        """The element that loads *url* in place of all of these."""
        own = "".join(f' {name}="{html.escape(value)}"' if value else f" {name}" for name, value in self.key)
        if self.name == SCRIPT:
            return f'<script{own} src="{html.escape(url)}"></script>'
        return f'<link rel="stylesheet"{own} href="{html.escape(url)}"/>'


class Combination(NamedTuple):
    """What can be combined, and the addresses of all other elements."""

    groups: list[Group]
    others: list[Element]


def logical(url: str, prefixes: Collection[str]) -> str:
    """The logical path that *url* means when files are served below *prefixes*; "" for that of another host,
    and for none. Query and fragment are left out."""
    path = url.partition("#")[0].partition("?")[0]
    for prefix in sorted(prefixes, key=len, reverse=True):
        if prefix and path.startswith(prefix.rstrip("/") + "/"):
            path = path[len(prefix.rstrip("/")) :]
            break
    else:
        if not is_local(path):
            return ""
    return "/".join(paths.unquote(part) or part for part in path.strip("/").split("/"))


def combination(text: str, path_of: Callable[[str], str]) -> Combination:
    """Of the HTML *text*. *path_of* gives the logical path that a URL means; see `logical`."""
    found = _Queues([], [], {})
    try:
        elements = list(_elements(text, path_of))
    except LexError:  # inline SVG that nobody can be sure of
        return Combination([], [])
    for element, is_apart in elements:
        found.add(element, is_apart=is_apart)
    return Combination(found.groups, found.others)


def _elements(text: str, path_of: Callable[[str], str]) -> Iterator[tuple[Element, bool]]:
    """Each in order of its start, and whether it stands in ``<noscript>``."""
    script: Element | None = None
    apart = 0
    for token in tokens(text):
        if not isinstance(token, Tag):
            continue
        if token.name == "noscript":
            apart += -1 if token.is_end else 1
        elif token.is_end and token.name == SCRIPT and script:
            yield script._replace(end=_end(text, token)), apart > 0
            script = None
        elif not token.is_end and token.name in (*ADDRESS, "style"):
            element = _element(text, token, path_of)
            if token.name == SCRIPT:
                script = element
            else:
                yield element, apart > 0


def _element(text: str, tag: Tag, path_of: Callable[[str], str]) -> Element:
    values = attributes(text, tag)
    start = text.rindex("<", 0, tag.attributes[0])
    address = None
    written = values.get(ADDRESS.get(tag.name, ""))
    if written is not None and written.text.strip():
        span = written.span(0, len(written.text))
        address = Address(written.text.strip(), *span) if span else None
    path = path_of(address.url) if address else ""
    plain = {name: value.text for name, value in values.items()}
    return Element(tag.name, plain, start, _end(text, tag), address, path)


def _end(text: str, tag: Tag) -> int:
    return text.index(">", tag.attributes[1]) + 1


class _Queues(NamedTuple):
    """What runs or applies in order, while elements are added."""

    groups: list[Group]
    others: list[Element]
    open: dict[str, list[Group]]  # by queue: the groups that a further element may join

    def add(self, element: Element, *, is_apart: bool) -> None:
        queue = "" if is_apart else _queue(element)
        if not queue or not _is_combinable(element):
            self.others.append(element)
            if queue and queue != "async":
                self.open[queue] = []
            return
        key = _key(element)
        waiting = self.open.setdefault(queue, [])
        for group in waiting:
            if group.key == key:
                group.elements.append(element)
                return
        group = Group(element.name, key, [element])
        self.groups.append(group)
        if queue in ("blocking", "defer"):
            waiting.clear()
        waiting.append(group)


def _queue(element: Element) -> str:
    """Whose turn it takes; "" if it has none."""
    values = element.attributes
    if element.name == STYLE:
        is_sheet = "stylesheet" in values["rel"].lower().split() if "rel" in values else _is_css(element)
        return "sheets" if is_sheet else ""
    if element.name != SCRIPT:
        return "sheets" if element.name == "style" else ""
    kind = values.get("type", "").strip().lower()
    if kind == MODULE:
        return "async" if "async" in values else "defer"
    if kind not in JAVASCRIPT:
        return ""
    if element.address is None:
        return "blocking"
    return "async" if "async" in values else "defer" if "defer" in values else "blocking"


def _is_combinable(element: Element) -> bool:
    """Of those that take a turn."""
    values = element.attributes
    if element.name == SCRIPT:
        return element.path.endswith(".js") and values.get("type", "").strip().lower() != MODULE
    plain = values.get("type", "text/css").strip().lower() in ("", "text/css")
    return plain and _is_css(element) and "alternate" not in values.get("rel", "").lower()


def _is_css(element: Element) -> bool:
    return element.path.endswith(".css")


def _key(element: Element) -> tuple[tuple[str, str], ...]:
    kept = {name: value for name, value in element.attributes.items() if name not in DROPPED}
    return tuple(sorted((name, "" if name in FLAGS else value) for name, value in kept.items()))
