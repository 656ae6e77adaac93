"""A document of markup while it is read: its base URL, and the references found so far."""

from __future__ import annotations

from collections.abc import Iterable

from cdn_pipeline.references import Reference, address, embedded, is_local, split_suffix
from cdn_pipeline.references.markup import Element, of_element, script_kind
from cdn_pipeline.tokens.decoded import Decoded
from cdn_pipeline.tokens.foreign import HTML


class Document:
    """Takes the elements in order of place."""

    def __init__(self) -> None:
        self._found: list[Reference] = []
        self._base: str | None = ""  # put before relative paths; None where they lead to another site
        self._has_base = False
        self._media_has_cors = False

    def references(self) -> list[Reference]:
        """In order of place, not overlapping."""
        return sorted(self._found)

    def element(self, element: Element) -> None:
        """Take in a start tag."""
        if element.namespace == HTML:
            element = self._in_context(element)
        self._add(of_element(element))

    def _in_context(self, element: Element) -> Element:
        name, attributes = element.name, element.attributes
        if name == "base" and "href" in attributes and not self._has_base:
            self._has_base = True
            self._base = _directory(attributes["href"].text)
        elif name in ("audio", "video", "picture"):
            self._media_has_cors = "crossorigin" in attributes
        elif name in ("source", "track") and self._media_has_cors:
            return element._replace(attributes={"crossorigin": NOTHING, **attributes})
        return element

    def content(self, element: Element, text: Decoded) -> None:
        """Take in the text of a ``<style>`` or ``<script>`` element."""
        if element.name == "style":
            if element.value("type") in ("", "text/css"):
                self._add(embedded.style_sheet(text))
        elif element.value("type") == "importmap":
            self._add(embedded.modules(text))
        elif script_kind(element):
            self._add(embedded.script(text))

    def _add(self, found: Iterable[Reference]) -> None:
        if self._base is not None:
            self._found += [each._replace(path=_join(self._base, each.path)) for each in found]


NOTHING = Decoded("", ())


def _directory(base: str) -> str | None:
    """``sub/`` for ``sub/page.html``; ``None`` if the URL leads to another site, or nobody knows where."""
    base = base.strip()
    if address.is_template(base):
        return None
    if base.lower().startswith(("data:", "javascript:")):  # the standard has them ignored
        return ""
    if base and not is_local(base) and base[0] not in "?#":
        return None
    path = split_suffix(base)[0].replace("\\", "/")
    return path[: path.rfind("/") + 1]


def _join(base: str, path: str) -> str:
    return path if path.startswith(("/", "\\")) else base + path
