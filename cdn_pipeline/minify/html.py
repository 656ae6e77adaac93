"""Our printer for HTML: where text has many white-space characters in a row, one stays.

That is all it does. A style sheet may give a meaning even to this, with ``white-space: pre`` on an element
that is no ``<pre>``; so only what an author asks to be made smaller goes through here. Text that says
``white-space`` itself is left alone.
"""

from __future__ import annotations

import re

from cdn_pipeline.tokens import LexError
from cdn_pipeline.tokens.html import RAW, Tag, tokens

RUN = re.compile(r"[ \t\n\f\r]{2,}|[\t\f\r]")
KEPT = frozenset((*RAW.pattern.split("|"), "pre", "listing"))
COMMENT = re.compile(r"<!--.*?-->|<![^>]*>|<\?[^>]*>", re.DOTALL)


def minify(text: str) -> str:
    """*text*, a whole page or a part of one; unchanged where it cannot be read with certainty."""
    if re.search(r"white-space", text, re.IGNORECASE):
        return text
    try:
        tags = [token for token in tokens(text) if isinstance(token, Tag)]
    except LexError:
        return text
    pieces: list[str] = []
    at = 0
    inside = ""  # an element whose text is kept
    for tag in tags:
        start = text.rindex("<", 0, tag.attributes[0])
        end = text.index(">", tag.attributes[1]) + 1
        pieces += (text[at:start] if inside else _collapsed(text[at:start]), text[start:end])
        at = end
        if tag.is_end:
            inside = "" if tag.name == inside else inside
        elif not inside and tag.name in KEPT:
            inside = tag.name
    return "".join([*pieces, text[at:] if inside else _collapsed(text[at:])])


def _collapsed(text: str) -> str:
    """Between two tags: comments stay as they are, since scripts and servers read some."""
    pieces: list[str] = []
    at = 0
    for comment in COMMENT.finditer(text):
        pieces += (RUN.sub(_one, text[at : comment.start()]), comment[0])
        at = comment.end()
    return "".join([*pieces, RUN.sub(_one, text[at:])])


def _one(run: re.Match[str]) -> str:
    return "\n" if "\n" in run[0] else " "
