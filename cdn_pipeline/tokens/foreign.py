"""Foreign content: which language a tag belongs to, inside ``<svg>`` and ``<math>`` of an HTML page.

It decides what follows the tag: ``<style>`` in HTML holds raw text, in SVG it holds markup. The rules are
those of the HTML standard, 13.2.6.5, exact for SVG and MathML. HTML within ``<foreignObject>`` is followed
only as long as it is properly nested; once it is not, nothing that depends on it is guessed.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from cdn_pipeline.tokens import LexError

HTML = "html"
SVG = "svg"
MATHML = "math"

VOID = re.compile(
    "area|base|basefont|bgsound|br|col|embed|frame|hr|image|img|input|keygen|link|meta|param|source|track|wbr"
)
# Start tags that never stand in foreign content: they end it.
BREAKOUT = re.compile(
    "b|big|blockquote|body|br|center|code|dd|div|dl|dt|em|embed|h[1-6]|head|hr|i|img|li|listing|menu|meta|nobr|"
    "ol|p|pre|ruby|s|small|span|strong|strike|sub|sup|table|tt|u|ul|var"
)
BREAKOUT_FONT = re.compile(r"[\t\n\f\r /](?:color|face|size)[\t\n\f\r =/]", re.IGNORECASE | re.ASCII)
ENCODED_HTML = re.compile(
    r"""[\t\n\f\r /]encoding[\t\n\f\r ]*=[\t\n\f\r ]*["']?(?:text/html|application/xhtml\+xml)(?![^"'\s/])""",
    re.IGNORECASE | re.ASCII,
)
HOLDS_HTML = frozenset({"foreignobject", "desc", "title"})  # in SVG
HOLDS_TEXT = frozenset({"mi", "mo", "mn", "ms", "mtext"})  # in MathML


class Element(NamedTuple):
    namespace: str
    name: str
    holds_html: bool = False


class OpenElements:
    """The open elements from the outermost ``<svg>`` or ``<math>`` inwards; none outside of them."""

    def __init__(self) -> None:
        self._stack: list[Element] = []
        self._doubt: int | None = None  # where it became unclear which elements are open

    def is_foreign(self) -> bool:
        """Whether text that stands here belongs to SVG or MathML."""
        return bool(self._stack) and self._stack[-1].namespace != HTML

    def demand_certainty(self) -> None:
        """Raises LexError if it cannot be told which elements are still open."""
        if self._doubt is not None:
            raise LexError(self._doubt, "end tag without its start tag inside <svg> or <math>")

    def open(self, name: str, attributes: str, *, is_empty: bool) -> str:
        """Take in a start tag; *is_empty* if it ends in ``/>``. Returns its namespace."""
        if not self._stack and name not in (SVG, MATHML):
            return HTML
        namespace = self._namespace(name, attributes)
        self.demand_certainty()
        has_content = not (VOID.fullmatch(name) if namespace == HTML else is_empty)
        if has_content and (self._stack or namespace != HTML):
            self._stack.append(Element(namespace, name, _holds_html(namespace, name, attributes)))
        return namespace

    def _namespace(self, name: str, attributes: str) -> str:
        if self._follows_html(name):
            return name if name in (SVG, MATHML) else HTML
        if BREAKOUT.fullmatch(name) or (name == "font" and BREAKOUT_FONT.search(attributes + " ")):
            self._break_out()
            return HTML
        return self._stack[-1].namespace

    def _follows_html(self, name: str) -> bool:
        if not self._stack:
            return True
        namespace, parent, holds_html = self._stack[-1]
        if namespace == HTML or holds_html:
            return True
        if namespace == MATHML and parent in HOLDS_TEXT:
            return name not in ("mglyph", "malignmark")
        return (namespace, parent, name) == (MATHML, "annotation-xml", SVG)

    def _break_out(self) -> None:
        index = len(self._stack)
        while index and _breaks_out(self._stack[index - 1]):
            index -= 1
        self._pop(index)

    def close(self, name: str, at: int) -> None:
        """Take in an end tag."""
        if not self._stack:
            return
        if name in ("p", "br") and self.is_foreign():
            return self._break_out()
        for index in range(len(self._stack) - 1, -1, -1):
            namespace, opened, _ = self._stack[index]
            if namespace == HTML and index < len(self._stack) - 1:
                break
            if opened == name:
                return self._pop(index)
            if namespace == HTML:
                break
        if self._doubt is None and not VOID.fullmatch(name):
            self._doubt = at

    def _pop(self, index: int) -> None:
        del self._stack[index:]
        if not index:
            self._doubt = None


def _breaks_out(element: Element) -> bool:
    namespace, name, holds_html = element
    return not (namespace == HTML or holds_html or (namespace == MATHML and name in HOLDS_TEXT))


def _holds_html(namespace: str, name: str, attributes: str) -> bool:
    if namespace == SVG:
        return name in HOLDS_HTML
    return namespace == MATHML and name == "annotation-xml" and ENCODED_HTML.search(attributes) is not None
