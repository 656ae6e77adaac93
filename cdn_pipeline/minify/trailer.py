"""The source-map comment at the end of a text: no engine sees it, none loses it."""

from __future__ import annotations

import importlib
import re

from cdn_pipeline.references import SOURCE_MAP
from cdn_pipeline.tokens import LexError

# A quote or a closing comment in it would be the end of something that began before.
PATTERNS = {
    "css": re.compile(r"/\*[#@][ \t]source(?:Mapping)?URL=([^\s'\"*]*)[ \t]*\*/[ \t\r\n]*\Z"),
    "javascript": re.compile(r"//[#@][ \t]source(?:Mapping)?URL=([^\s'\"`*]*)[ \t\r\n]*\Z"),
}


def cut(language: str, text: str) -> tuple[str, str]:
    """*text* without the comments at its end that name a source map, and these, one a line."""
    comments: list[str] = []
    while True:
        hit = _last(language, text)
        if hit is None:
            return text, "\n".join(comments)
        comments.insert(0, hit[0].rstrip())
        text = text[: hit.start()]


def _last(language: str, text: str) -> re.Match[str] | None:
    start = _start_of_last_line(text)
    hit = PATTERNS[language].search(text, start)
    if hit is None or not text[start : hit.start()].strip() or _is_comment(language, text, hit):
        return hit
    return None


def _start_of_last_line(text: str) -> int:
    end = len(text)
    while end and text[end - 1] in " \t\r\n":
        end -= 1
    return max(text.rfind("\n", 0, end), text.rfind("\r", 0, end)) + 1


def _is_comment(language: str, text: str, hit: re.Match[str]) -> bool:
    """Whether a comment behind code is one indeed, and not part of a string, a pattern or an address."""
    probe = text[: hit.start(1)] + "x.map" + text[hit.end(1) :]  # the reader says nothing of data: and https:
    try:
        found = importlib.import_module(f"cdn_pipeline.references.{language}").references(probe)
    except LexError:
        return False
    return any(one.kind == SOURCE_MAP and one.start == hit.start(1) for one in found)
