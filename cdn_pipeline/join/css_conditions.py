"""The conditions of an ``@import``, and the blocks that say the same."""

from __future__ import annotations

import re
from typing import NamedTuple

from cdn_pipeline.tokens.css import (
    CLOSED_COMMENT,
    COMMENT,
    FUNCTION,
    IDENT,
    IDENTIFIER,
    SPACE,
    WHITE,
    nest,
    tokens,
    unescape,
)

_GAP = rf"(?:{CLOSED_COMMENT}|{WHITE}++)*+"
_LAYER_NAME = re.compile(rf"{_GAP}{IDENTIFIER}(?:\.{IDENTIFIER})*+{_GAP}")


class Conditions(NamedTuple):
    """What stands behind the URL: ``layer(a) supports(b: c) screen``; "" for what does not."""

    layer: str = ""  # "@layer" with its name, if it has one
    supports: str = ""
    media: str = ""


def conditions(text: str) -> Conditions:
    """The parts of *text*, the end of an ``@import`` without its semicolon (css-cascade-5, section 2)."""
    rest = tokens(text)
    layer = supports = ""
    head, after = _first(rest)
    if head == "layer":
        layer, rest = "@layer", after
    elif head.startswith("layer(") and _LAYER_NAME.fullmatch(head[6:-1]):
        layer, rest = f"@layer {head[6:-1].strip()}", after
    head, after = _first(rest)
    if head.startswith("supports("):
        supports, rest = f"@supports ({head[9:-1]})", after
    media = "".join(" " if kind == COMMENT else token for kind, token in rest).strip()
    return Conditions(layer, supports, media and f"@media {media}")


def _first(found: list[tuple[str, str]]) -> tuple[str, list[tuple[str, str]]]:
    """The first word or function with its arguments, its name in plain lower case; and what follows."""
    start = next((at for at, (kind, _) in enumerate(found) if kind not in (SPACE, COMMENT)), len(found))
    closers: list[str] = []
    words: list[str] = []
    for at in range(start, len(found)):
        kind, token = found[at]
        words.append(unescape(token).lower() if at == start else token)
        nest(closers, kind, token)
        if not closers:
            is_word = found[start][0] in (IDENT, FUNCTION)
            return ("".join(words) if is_word else ""), found[at + 1 :]
    return "", found


def wrapped(text: str, wanted: Conditions) -> str:
    """*text* in blocks, the outermost first: media, supports, layer."""
    for prelude in wanted:
        if prelude:
            text = f"{prelude}{{\n{text}\n}}"
    return text
