"""Whether two style sheets mean the same: for the results of other people's minifiers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

from cdn_pipeline.guards import Difference
from cdn_pipeline.tokens.css_space import essence, squeezed
from cdn_pipeline.tokens.css_statements import statements

_SHOWN = 40  # characters of each side in a message
_IMPORTANT = re.compile(r"\s*!\s*important\s*([;}]?)\Z", re.IGNORECASE)


def difference(before: str, after: str) -> Difference | None:
    """Where *after* first differs from *before* in more than white space and comments that mean nothing, and
    the semicolons before a ``}``."""
    if _names_charset(after) and not _names_charset(before):
        return Difference(0, "@charset was without effect, and now it has one")
    for (text, offset), (other, _) in zip_longest(
        _essences(before), _essences(after), fillvalue=("", len(before))
    ):
        if text != other:
            at = _same(text, other)
            return Difference(offset, f"expected {_shown(text, at)}, found {_shown(other, at)}")
    return None


def _names_charset(text: str) -> bool:
    """Whether the sheet says that it is in another encoding than ours."""
    head = text.removeprefix("\ufeff")[:80].lower()
    return head.startswith('@charset "') and not head.startswith('@charset "utf-8";')


def _essences(text: str) -> Iterator[tuple[str, int]]:
    """The essence and the offset of each statement and of each brace; semicolons in blocks do not count."""
    known: dict[str, str] = {}
    for start, end, depth in statements(text):
        statement = text[start:end]
        if statement.startswith("/*"):
            continue
        found = known.get(statement)
        if found is None:
            found = known[statement] = _essence(statement)
        last = found[-1:]
        if last == "}" or (last == ";" and depth):
            if len(found) > 1:
                yield found[:-1], start
            if last == "}":
                yield last, end - 1
        else:
            yield found, start


def _essence(statement: str) -> str:
    """That of a custom property is its text between the ends of its value, which scripts read back."""
    if statement.startswith("--"):
        return _IMPORTANT.sub(r"!important\1", squeezed(statement))
    return essence(statement)


def _same(text: str, other: str) -> int:
    """How many characters the two begin with alike."""
    pairs = enumerate(zip(text, other, strict=False))
    return next((at for at, (one, two) in pairs if one != two), min(len(text), len(other)))


def _shown(text: str, at: int) -> str:
    """Some of *text* around the place where the other side differs."""
    start, end = max(0, at - _SHOWN // 2), at + _SHOWN // 2
    excerpt = "…" * (start > 0) + text[start:end] + "…" * (end < len(text))
    return repr(excerpt) if text else "nothing"
