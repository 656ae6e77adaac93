"""Inline content: text in templates that is minified at build time, and found again by its digest.

A page that renders anything else gets just what it rendered: no minifier runs while a page is made.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import NamedTuple

CSS = "css"
JAVASCRIPT = "javascript"
HTML = "html"


NAME = "inline.json"
VERSION = 1
FORMATS = {"css": CSS, "js": JAVASCRIPT, "javascript": JAVASCRIPT, "html": HTML, "xhtml": HTML}
# Rules of nothing but plain declarations, which are no script by any reading.
RULES = re.compile(r"\s*(?:[^{}\"'/;@()=]+\{(?:\s*[-\w]+\s*:[^{};:\"'/=]+;?)*\s*\}\s*)+")


class Content(NamedTuple):
    """Text as a template has it."""

    language: str
    text: str


def content(text: str, format_: str) -> Content | None:
    """*text* by its format, as ``slimcontent`` names it; by its looks, where that says nothing. ``None``
    where it could be anything."""
    language = FORMATS.get(format_) or _guess(text)
    return Content(language, text) if language else None


def _guess(text: str) -> str:
    if text.lstrip().startswith("<"):
        return HTML
    return CSS if RULES.fullmatch(text) else ""


def key(text: str) -> str:
    """Under which a page looks for what became of *text*."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def document(slimmed: Mapping[str, str]) -> bytes:
    """``inline.json``: *slimmed* is by `key`."""
    content = {"version": VERSION, "contents": dict(sorted(slimmed.items()))}
    return json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n"


def read(text: bytes) -> dict[str, str]:
    """The inverse of `document`. Raises ValueError for anything else."""
    content = json.loads(text)
    found = content.get("contents") if isinstance(content, dict) else None
    if not isinstance(found, dict) or content.get("version") != VERSION:
        raise ValueError("not of this version")
    return found
