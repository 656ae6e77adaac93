"""References in the CSS, JavaScript and JSON that stand inside markup.

Text that cannot be read is refused with its place, as everywhere, unless a template engine is going to fill
something in: then it is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cdn_pipeline.references import Reference, address, css, import_map, javascript
from cdn_pipeline.tokens import LexError
from cdn_pipeline.tokens.decoded import Decoded


def declarations(value: Decoded, name: str = "") -> Iterator[Reference]:
    """Those of a ``style`` attribute, or of an attribute of SVG that is the CSS property *name*."""
    return _within(value, css.references, f"x{{{name}:" if name else "x{")


def style_sheet(value: Decoded) -> Iterator[Reference]:
    """Those of a ``<style>`` element."""
    return _within(value, css.references)


def script(value: Decoded) -> Iterator[Reference]:
    """Those of a classic or module script. Only ``import`` and ``export`` can introduce one."""
    if "import" in value.text or "export" in value.text:
        yield from _within(value, javascript.references)


def modules(value: Decoded) -> Iterator[Reference]:
    """Those of an import map."""
    return _within(value, import_map.references)


def _within(value: Decoded, read: Callable[[str], list[Reference]], before: str = "") -> Iterator[Reference]:
    try:
        found = read(before + value.text)
    except LexError as error:
        if address.is_template(value.text):
            return
        raise LexError(value.place(error.offset - len(before)) or 0, error.message) from error
    for reference in found:
        span = value.span(reference.start - len(before), reference.end - len(before))
        if span and not address.is_template(reference.path + reference.suffix):
            yield reference._replace(start=span[0], end=span[1])
