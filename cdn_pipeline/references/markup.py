"""The attributes of HTML and SVG elements that name files.

Left alone: links to pages (``<a>`` and ``<area>`` where the name has the extension of HTML, ``<iframe>``,
``<embed>``, ``<object>`` and prefetches also where it has none), ``data-*``, what ``<meta>`` says to others,
external URLs, and whatever a template engine is going to fill in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cdn_pipeline import media_types
from cdn_pipeline import references as kinds
from cdn_pipeline.references import Reference, address, embedded, srcset
from cdn_pipeline.tokens.decoded import Decoded
from cdn_pipeline.tokens.foreign import SVG


class Element(NamedTuple):
    """A start tag. Elements and attributes bear the names that the HTML and SVG standards give them."""

    namespace: str  # foreign.HTML or SVG
    name: str
    attributes: Mapping[str, Decoded]

    def value(self, name: str) -> str:
        """The attribute in lower case and without space around it, "" where there is none."""
        found = self.attributes.get(name)
        return found.text.strip(SPACE).lower() if found else ""


SPACE = "\t\n\f\r "

IMAGE_SOURCE = {"src": kinds.IMAGE, "srcset": kinds.IMAGE}
BACKGROUND = {"background": kinds.IMAGE}
URLS: dict[str, dict[str, str]] = {
    "img": IMAGE_SOURCE,
    "source": IMAGE_SOURCE,
    "audio": {"src": kinds.IMAGE},
    "video": {"src": kinds.IMAGE, "poster": kinds.IMAGE},
    "track": {"src": kinds.FRAGMENT},  # without crossorigin on the video, only from the page's origin
    "a": {"href": kinds.ANCHOR},
    "area": {"href": kinds.ANCHOR},
    "iframe": {"src": kinds.LINK},
    "frame": {"src": kinds.LINK},
    "embed": {"src": kinds.LINK},
    "object": {"data": kinds.LINK},
    **dict.fromkeys(("body", "table", "thead", "tbody", "tfoot", "tr", "td", "th"), BACKGROUND),
}
# All elements of HTML that mean more than a style attribute to a reader of references.
HTML_NAMES = frozenset({*URLS, "base", "input", "link", "picture", "script", "style"})
# Elements of SVG by the name that they have in SVG; both spellings of href count, for older programs.
SVG_HREF = {
    "image": kinds.IMAGE,
    "feImage": kinds.IMAGE,
    "cursor": kinds.IMAGE,
    "font-face-uri": kinds.FONT,
    "color-profile": kinds.LINK,
    "a": kinds.ANCHOR,
    "use": kinds.FRAGMENT,
    "textPath": kinds.FRAGMENT,
    "mpath": kinds.FRAGMENT,
    "tref": kinds.FRAGMENT,
    "altGlyph": kinds.FRAGMENT,
    "glyphRef": kinds.FRAGMENT,
    "filter": kinds.FRAGMENT,
    "pattern": kinds.FRAGMENT,
    "linearGradient": kinds.FRAGMENT,
    "radialGradient": kinds.FRAGMENT,
}
PRESENTATION = re.compile(r"fill|stroke|filter|mask|clip-path|cursor|marker(?:-start|-mid|-end)?")
# A preload is fetched as the element would that it prepares for.
PRELOADS = {"font": kinds.FONT, "style": kinds.STYLE, "script": kinds.SCRIPT, "fetch": kinds.CORS}
RELATIONS = {
    "stylesheet": kinds.STYLE,
    "modulepreload": kinds.MODULE,
    "manifest": kinds.CORS,
    "prefetch": kinds.LINK,
    "icon": kinds.IMAGE,
    "apple-touch-icon": kinds.IMAGE,
    "apple-touch-icon-precomposed": kinds.IMAGE,
    "apple-touch-startup-image": kinds.IMAGE,
    "mask-icon": kinds.IMAGE,
    "fluid-icon": kinds.IMAGE,
}
PAGE = re.compile(r"(?:^|[/\\])[^/\\.]*$|\.(?:x?html?|php[0-9]?|aspx?|jspx?|cgi|cfm|do)$", re.IGNORECASE)
JAVASCRIPT = re.compile(  # MIME Sniffing standard, 4.6
    r"(?:text|application)/(?:x-)?(?:ecma|java)script|text/(?:javascript1\.[0-5]|jscript|livescript)"
)


def of_element(element: Element) -> Iterator[Reference]:
    """Those in the attributes of a start tag, in no particular order."""
    attributes = element.attributes
    if "style" in attributes and "(" in attributes["style"].text:
        yield from embedded.declarations(attributes["style"])
    if element.namespace == SVG:
        yield from _of_svg(element)
    elif element.name == "script":
        yield from _with_integrity(element, "src", script_kind(element))
    elif element.name == "link":
        yield from _of_link(element)
    elif element.name == "input" and element.value("type") == "image":
        yield from _of_attribute(element, "src", kinds.IMAGE)
    else:
        for name, kind in URLS.get(element.name, {}).items():
            yield from _of_attribute(element, name, kind)


def _of_svg(element: Element) -> Iterator[Reference]:
    script = script_kind(element) if element.name == "script" else None
    if kind := script or SVG_HREF.get(element.name):
        yield from _of_attribute(element, "href", kind)
        yield from _of_attribute(element, "xlink:href", kind)
    for name, value in element.attributes.items():
        if PRESENTATION.fullmatch(name) and "(" in value.text:
            yield from embedded.declarations(value, name)


def _of_link(element: Element) -> Iterator[Reference]:
    relations = element.value("rel").split()
    kind = next((RELATIONS[each] for each in RELATIONS if each in relations), None)
    if kind is None and "preload" in relations and element.value("as") not in ("", "document"):
        kind = PRELOADS.get(element.value("as"), kinds.IMAGE)
        yield from _of_attribute(element, "imagesrcset", kind)
    if kind:
        yield from _with_integrity(element, "href", kind)


def script_kind(element: Element) -> str | None:
    """MODULE, SCRIPT, or ``None`` for what no browser loads."""
    if "type" not in element.attributes and element.value("language"):
        kind = "text/" + element.value("language")
    else:
        kind = element.value("type") or "text/javascript"
    return kinds.MODULE if kind == "module" else kinds.SCRIPT if JAVASCRIPT.fullmatch(kind) else None


def _with_integrity(element: Element, name: str, kind: str | None) -> Iterator[Reference]:
    integrity = element.attributes.get("integrity")
    for reference in _of_attribute(element, name, kind) if kind else ():
        yield reference
        if integrity and (span := _whole(integrity)):
            yield Reference(*span, reference.path, kinds.INTEGRITY)


def _whole(integrity: Decoded) -> tuple[int, int] | None:
    if not integrity.text.strip(SPACE) or address.is_template(integrity.text):
        return None
    return integrity.span(0, len(integrity.text))


def _of_attribute(element: Element, name: str, kind: str) -> Iterator[Reference]:
    value = element.attributes.get(name)
    if value is None or address.is_template(value.text):
        return
    if kind in (kinds.IMAGE, kinds.FRAGMENT) and "crossorigin" in element.attributes:
        kind = kinds.CORS
    spans = srcset.candidates(value.text) if name.endswith("srcset") else ((0, len(value.text)),)
    for span in spans:
        reference = address.reference(value, kind, *span)
        if reference and not _is_page(reference):
            yield reference


def _is_page(reference: Reference) -> bool:
    if reference.kind == kinds.ANCHOR:
        return media_types.extension(reference.path) in media_types.PAGES
    return reference.kind == kinds.LINK and PAGE.search(reference.path) is not None
