"""A URL as markup and JSON hold it: alone in a value."""

from __future__ import annotations

import re

from cdn_pipeline.references import Reference, is_local, split_suffix
from cdn_pipeline.tokens.decoded import Decoded

TEMPLATE = re.compile(r"\{[{%#]|<[%?]|\$\{|[%}#]\}|[%?]>")
IGNORED_AROUND = "".join(map(chr, range(0x21)))  # URL standard, 4.4
IGNORED_INSIDE = re.compile(r"[\t\n\r]")


def is_template(text: str) -> bool:
    """Whether a template engine is going to fill something in: ``{{ }}``, ``{% %}``, ``<% %>``, ``${ }``."""
    return TEMPLATE.search(text) is not None


def reference(value: Decoded, kind: str, start: int = 0, end: int | None = None) -> Reference | None:
    """The reference that ``value.text[start:end]`` is, if it is a local URL that can be replaced."""
    text = value.text[start:end]
    address = text.strip(IGNORED_AROUND)
    start += text.find(address)
    path, suffix = split_suffix(address)
    meant = IGNORED_INSIDE.sub("", path)
    if not is_local(meant) or is_template(address):
        return None
    span = value.span(start, start + len(path))
    return Reference(*span, meant, kind, IGNORED_INSIDE.sub("", suffix)) if span else None
