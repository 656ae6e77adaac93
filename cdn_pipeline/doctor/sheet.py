"""Style sheets: what they load, wherever it lies."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_pipeline.doctor.address import NoAddress, absolute
from cdn_pipeline.doctor.resource import FONT, IMAGE, STYLE, Resource
from cdn_pipeline.tokens.css import AT_KEYWORD, COMMENT, FUNCTION, IDENT, SPACE, STRING, URL, tokens, unescape
from cdn_pipeline.tokens.css_statements import statements

ADDRESSES = frozenset({"url", "src", "image-set", "-webkit-image-set"})
WITH_CORS = frozenset(
    {"mask", "mask-image", "mask-border", "mask-border-source", "clip-path", "shape-outside"}
)


def named(text: str, url: str, page: str) -> Iterator[Resource]:
    """Imports, fonts and images of the sheet *text* at *url*, which *page* loads."""
    at_rules: dict[int, str] = {}
    for start, end, depth in statements(text):
        found = [each for each in tokens(text, start, end) if each[0] not in (SPACE, COMMENT)]
        name = unescape(found[0][1]).lower() if found else ""
        if found and found[-1][1] == "{":
            at_rules[depth + 1] = name if found[0][0] == AT_KEYWORD else ""
            continue
        rule = at_rules.get(depth, "") if depth else ""
        for written in _written(found, is_import=name == "@import" and not depth):
            yield from _resource(written, name, rule, url, page)


def _written(found: list[tuple[str, str]], *, is_import: bool) -> Iterator[str]:
    """The addresses in one statement, escapes undone."""
    function = ""
    for number, (kind, token) in enumerate(found):
        if kind == FUNCTION:
            function = unescape(token[:-1]).lower()
        elif kind == URL:
            yield unescape(token[token.index("(") + 1 :].rstrip(")").strip())
        elif kind == STRING and ((is_import and number == 1) or function in ADDRESSES):
            yield unescape(token[1:-1])
        elif kind == IDENT and function == "format":
            function = ""
        if kind == STRING and function in ("url", "src"):
            function = ""


def _resource(written: str, name: str, rule: str, url: str, page: str) -> Iterator[Resource]:
    if not written or written.startswith("#"):
        return
    try:
        address = absolute(written, url)
    except NoAddress:
        return
    if name == "@import":
        yield Resource(address, STYLE, page)
    elif rule == "@font-face" and name == "src":
        yield Resource(address, FONT, page)
    else:
        plain = name.removeprefix("-webkit-")
        is_fragment = "#" in written and plain in WITH_CORS  # only from the page's own origin in any case
        yield Resource(address, IMAGE, page, "" if plain in WITH_CORS and not is_fragment else None)
