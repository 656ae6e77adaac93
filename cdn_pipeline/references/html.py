"""References in HTML pages: what a browser loads for the page, found as a browser tokenizes it.

``<base href>`` is honoured from where it stands: paths are returned as if written without it, and after one
that leads to another site (or is a template's to fill) nothing is local any more. `markup` says which
attributes count, `embedded` reads styles, scripts and import maps.
"""

from __future__ import annotations

import re

from cdn_pipeline.references import Reference
from cdn_pipeline.references.document import Document
from cdn_pipeline.references.markup import HTML_NAMES, SVG_HREF, Element
from cdn_pipeline.tokens import html
from cdn_pipeline.tokens.foreign import HTML, SVG

STYLE = re.compile("style", re.IGNORECASE)
SVG_NAMES = {name.lower(): name for name in SVG_HREF}


def references(text: str) -> list[Reference]:
    """In order of place, not overlapping. Raises LexError for an inline style, script or import map that
    cannot be read, and where the end of an inline ``<svg>`` cannot be told."""
    document = Document()
    owner: Element | None = None  # the style or script that text belongs to
    pieces: list[html.Text] = []
    for token in html.tokens(text):
        if isinstance(token, html.Text):
            pieces.append(token)
            continue
        if owner and pieces and _is_whole(owner, token):
            document.content(owner, html.content(text, pieces))
        pieces, owner = [], None
        if not token.is_end:
            owner = _opened(document, text, token)
    if owner and pieces:
        document.content(owner, html.content(text, pieces))
    return document.references()


def _opened(document: Document, text: str, tag: html.Tag) -> Element | None:
    """The element if its text matters."""
    if tag.namespace == HTML and tag.name not in HTML_NAMES and not STYLE.search(text, *tag.attributes):
        return None
    name = SVG_NAMES.get(tag.name, tag.name) if tag.namespace == SVG else tag.name
    element = Element(tag.namespace, name, html.attributes(text, tag))
    document.element(element)
    return element if name in ("style", "script") and not tag.is_empty else None


def _is_whole(owner: Element, following: html.Tag) -> bool:
    """In SVG a style may contain elements, which would divide its text."""
    return following.is_end and following.name == owner.name
