"""References in SVG documents, and in any other XML with elements of SVG or XHTML.

What an entity of the document's own would have to be put in for is left alone, and so is everything below an
``xml:base``, which old programs follow and browsers do not.
"""

from __future__ import annotations

from cdn_pipeline.references import LINK, STYLE, Reference, address
from cdn_pipeline.references.document import Document
from cdn_pipeline.references.markup import Element
from cdn_pipeline.tokens import foreign, xml

NAMESPACES = {
    "": foreign.SVG,  # a fragment to be included in a page
    "http://www.w3.org/2000/svg": foreign.SVG,
    "http://www.w3.org/1999/xhtml": foreign.HTML,
}


def references(text: str) -> list[Reference]:
    """In order of place, not overlapping. Raises LexError if *text* is not well-formed, or a style or script
    in it cannot be read."""
    return _Reader(text).references()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._document = Document()
        self._owner: Element | None = None  # the style or script that text belongs to
        self._pieces: list[xml.Text] = []
        self._rebased: list[bool] = [False]  # of each open element, whether an xml:base applies
        self._is_prolog = True
        self._sheets: list[Reference] = []

    def references(self) -> list[Reference]:
        for token in xml.tokens(self._text):
            if isinstance(token, xml.Text):
                self._pieces.append(token)
            elif isinstance(token, xml.Instruction):
                self._instruction(token)
            elif isinstance(token, xml.Start):
                self._start(token)
            else:
                self._end()
        return self._sheets + self._document.references()

    def _instruction(self, instruction: xml.Instruction) -> None:
        if self._is_prolog and instruction.target == "xml-stylesheet":
            found = xml.pseudo_attributes(self._text, instruction)
            href, kind = found.get("href"), found.get("type")
            is_css = kind is None or kind.text.strip().lower() == "text/css"
            if href and (reference := address.reference(href, STYLE if is_css else LINK)):
                self._sheets.append(reference)

    def _start(self, tag: xml.Start) -> None:
        self._is_prolog = False
        self._owner, self._pieces = None, []
        is_rebased = self._rebased[-1] or "xml:base" in tag.attributes
        if not tag.is_empty:
            self._rebased.append(is_rebased)
        namespace = NAMESPACES.get(tag.namespace)
        if namespace and not is_rebased:
            attributes = {name: value for name, value in tag.attributes.items() if value}
            element = Element(namespace, tag.name, attributes)
            self._document.element(element)
            self._owner = element if tag.name in ("style", "script") and not tag.is_empty else None

    def _end(self) -> None:
        self._rebased.pop()
        if self._owner and (text := xml.content(self._text, self._pieces)):
            self._document.content(self._owner, text)
        self._owner = None
