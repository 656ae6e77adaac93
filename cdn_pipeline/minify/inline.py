"""The inline content of templates, made smaller."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from cdn_pipeline.inline import HTML, Content, key
from cdn_pipeline.minify import html, minify


def slimmed(
    contents: Iterable[Content], engines: Callable[[str], Sequence[str]], time_limit_s: float, root: Path
) -> dict[str, str]:
    """What became of *contents*, by `key`, as far as it became smaller. *engines* gives the chain for a
    language; what has none stays as it is."""
    found = {}
    for language, text in contents:
        if language == HTML:
            small = html.minify(text)
        else:
            small = minify(language, text, engines(language), time_limit_s=time_limit_s, root=root).text
        if len(small) < len(text):
            found[key(text)] = small
    return found
