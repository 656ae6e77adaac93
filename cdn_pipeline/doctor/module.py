"""Modules: what they import statically, wherever it lies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cdn_pipeline.doctor.address import NoAddress, absolute
from cdn_pipeline.doctor.resource import MODULE, Resource
from cdn_pipeline.references.javascript_declarations import specifiers
from cdn_pipeline.tokens import LexError, javascript
from cdn_pipeline.tokens.javascript_string import content

URL_LIKE = re.compile(r"\.{0,2}/|https?:", re.IGNORECASE)  # anything else is a name for an import map


def named(text: str, url: str, page: str) -> Iterator[Resource]:
    """The imports of the module *text* at *url*, which *page* loads; none where it cannot be read."""
    if "import" not in text and "export" not in text:
        return
    try:
        found = list(specifiers(javascript.pieces(text).masked()))
    except LexError:
        return
    for start, end in found:
        written = content(text, start, end).text
        if URL_LIKE.match(written):
            try:
                yield Resource(absolute(written, url), MODULE, page)
            except NoAddress:
                continue
