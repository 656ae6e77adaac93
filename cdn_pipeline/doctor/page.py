"""Pages: the resources that an HTML page loads, with the attributes that say how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cdn_pipeline.doctor import module, resource, sheet
from cdn_pipeline.doctor.address import NoAddress, absolute
from cdn_pipeline.doctor.resource import FONT, FRAME, IMAGE, MEDIA, MODULE, OTHER, SCRIPT, STYLE, Resource
from cdn_pipeline.references import srcset
from cdn_pipeline.references.markup import JAVASCRIPT
from cdn_pipeline.tokens import LexError, html

SOURCES: dict[str, dict[str, str]] = {
    "img": {"src": IMAGE, "srcset": IMAGE},
    "source": {"src": MEDIA, "srcset": IMAGE},
    "audio": {"src": MEDIA},
    "video": {"src": MEDIA, "poster": IMAGE},
    "input": {"src": IMAGE},
    "track": {"src": OTHER},
    "iframe": {"src": FRAME},
    "embed": {"src": OTHER},
    "object": {"data": OTHER},
    "image": {"href": IMAGE, "xlink:href": IMAGE},  # of SVG
    "use": {"href": IMAGE, "xlink:href": IMAGE},
}
PRELOADS = {"font": FONT, "style": STYLE, "script": SCRIPT, "image": IMAGE, "audio": MEDIA, "video": MEDIA}
ICONS = frozenset({"icon", "apple-touch-icon", "mask-icon"})

Attributes = Mapping[str, str]


def named(text: str, url: str) -> tuple[Resource, ...]:
    """What the page *text* at *url* loads, each URL once, in order. What cannot be read is passed over."""
    return merged(_Page(text, url))


def merged(found: Iterable[Resource]) -> tuple[Resource, ...]:
    """Each URL once, with all that was said of it."""
    known: dict[str, Resource] = {}
    for one in found:
        before = known.get(one.url, one)
        known[one.url] = before._replace(
            crossorigin=one.crossorigin if before.crossorigin is None else before.crossorigin,
            integrity=before.integrity or one.integrity,
            is_preload=before.is_preload or one.is_preload,
        )
    return tuple(known.values())


class _Page:
    def __init__(self, text: str, url: str) -> None:
        self.text, self.url, self.base = text, url, url
        self._has_base = False

    def __iter__(self) -> Iterator[Resource]:
        owner: tuple[str, Attributes] | None = None
        try:
            for token in html.tokens(self.text):
                if isinstance(token, html.Text):
                    if owner is not None:
                        yield from self._content(*owner, self.text[token.start : token.end])
                    continue
                owner = None
                if not token.is_end:
                    values = html.attributes(self.text, token)
                    attributes = {name: value.text for name, value in values.items()}
                    yield from self._element(token.name, attributes)
                    owner = (token.name, attributes)
        except LexError:  # an <svg> whose end cannot be told; what comes after it is not looked at
            return

    def _content(self, name: str, attributes: Attributes, text: str) -> Iterator[Resource]:
        if name == "style":
            yield from sheet.named(text, self.base, self.url)
        elif name == "script" and attributes.get("type", "").strip().lower() == "module":
            yield from module.named(text, self.base, self.url)

    def _element(self, name: str, attributes: Attributes) -> Iterator[Resource]:
        if name == "base" and "href" in attributes and not self._has_base:
            self._rebase(attributes["href"])
        elif name == "link":
            yield from self._link(attributes)
        elif name == "script":
            yield from self._script(attributes)
        elif name != "input" or attributes.get("type", "").lower() == "image":
            for attribute, kind in SOURCES.get(name, {}).items():
                yield from self._of(attributes, attribute, kind)
        if "(" in attributes.get("style", ""):
            yield from sheet.named(f"x{{{attributes['style']}}}", self.base, self.url)

    def _rebase(self, href: str) -> None:
        self._has_base = True
        try:
            self.base = absolute(href, self.url)
        except NoAddress:
            return

    def _link(self, attributes: Attributes) -> Iterator[Resource]:
        relations = set(attributes.get("rel", "").lower().split())
        purpose = attributes.get("as", "").strip().lower()
        if "stylesheet" in relations:
            yield from self._of(attributes, "href", STYLE)
        elif "modulepreload" in relations:
            yield from self._of(attributes, "href", MODULE, is_preload=True)
        elif "preload" in relations and purpose in PRELOADS:
            yield from self._of(attributes, "href", PRELOADS[purpose], is_preload=True)
            yield from self._of(attributes, "imagesrcset", IMAGE, is_preload=True)
        elif relations & ICONS:
            yield from self._of(attributes, "href", IMAGE)
        elif "manifest" in relations:
            yield from self._of(attributes, "href", OTHER)

    def _script(self, attributes: Attributes) -> Iterator[Resource]:
        kind = attributes.get("type", "").strip().lower() or "text/javascript"
        if kind == "module":
            yield from self._of(attributes, "src", MODULE)
        elif JAVASCRIPT.fullmatch(kind):
            yield from self._of(attributes, "src", SCRIPT)

    def _of(
        self, attributes: Attributes, name: str, kind: str, *, is_preload: bool = False
    ) -> Iterator[Resource]:
        value = attributes.get(name, "")
        spans = srcset.candidates(value) if name.endswith("srcset") else [(0, len(value))]
        for start, end in spans:
            if value[start:end].strip() and not value.startswith("#"):
                yield from self._resource(value[start:end], kind, attributes, is_preload)

    def _resource(
        self, written: str, kind: str, attributes: Attributes, is_preload: bool
    ) -> Iterator[Resource]:
        try:
            url = absolute(written, self.base)
        except NoAddress:  # such as data: and blob:
            return
        if kind == MEDIA and resource.kind_of(url) == IMAGE:
            kind = IMAGE
        crossorigin = attributes.get("crossorigin")
        crossorigin = None if crossorigin is None else crossorigin.strip().lower()
        yield Resource(url, kind, self.url, crossorigin, attributes.get("integrity", "").strip(), is_preload)
