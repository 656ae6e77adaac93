"""What a JavaScript string or template without holes means (ECMA-262, 12.9.4)."""

from __future__ import annotations

import re

from . import decoded
from .decoded import Decoded, Run

_SURROGATE_PAIR = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_ESCAPE = re.compile(
    rf"{_SURROGATE_PAIR}|\\u[0-9a-fA-F]{{4}}|\\u\{{[0-9a-fA-F]+\}}|\\x[0-9a-fA-F]{{2}}"
    r"|\\[0-3]?[0-7]{1,2}|\\\r\n|\\[\s\S]"
)
_NAMED = {"n": "\n", "t": "\t", "b": "\b", "v": "\v", "f": "\f", "r": "\r"}
_CONTINUATION = frozenset("\n\r\u2028\u2029")


def content(text: str, start: int, end: int) -> Decoded:
    """What the literal ``text[start:end]``, quotes and all, means."""
    return Decoded(text, decoded.runs(text, start + 1, end - 1, _ESCAPE, _meaning))


def _meaning(escape: re.Match[str]) -> Run:
    body = escape[0][1:]
    return Run(escape.start(), escape.end(), _value(body))


def _value(body: str) -> str:
    first = body[0]
    if first == "u" and "\\" in body:
        return _character(0x10000 + ((int(body[1:5], 16) & 0x3FF) << 10) + (int(body[7:], 16) & 0x3FF))
    if first in "ux" and len(body) > 1:
        return _character(int(body[1:].strip("{}"), 16))
    if first in "01234567":
        return chr(int(body, 8))
    return "" if first in _CONTINUATION else _NAMED.get(body, body)


def _character(code: int) -> str:
    return chr(code) if code <= 0x10FFFF else "\ufffd"
