"""Custom properties: where a relative URL in one would not mean what its author sees.

A build reads it from the sheet that declares the property; browsers resolve it against the one that uses it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping

from cdn_pipeline.draft import CSS, Draft, Mention
from cdn_pipeline.errors import WARNING, Problem
from cdn_pipeline.media_types import language
from cdn_pipeline.references import CUSTOM

# Names with escapes, and values with a ";" in a string, are passed over: nothing is said of them.
_NAME = rb"--[\w\-\x80-\xff]*"
_USE = re.compile(rb"var\(\s*(%s)" % _NAME, re.IGNORECASE)
_DECLARED = re.compile(rb"(%s)\s*:" % _NAME)
_HINT = "write the path from the root of the site, beginning with '/'"


def ambiguous(
    drafts: Mapping[str, Draft],
    text: Callable[[str], bytes],
    known: Container[str],
    shown: Mapping[str, str],
) -> list[Problem]:
    """A warning for each relative link in a custom property that a sheet in another directory uses.

    *drafts* and *known* assets are given by logical path, as is what messages call a source file in *shown*.
    No *text* is asked for unless a custom property holds a link.
    """
    holders = [
        path
        for path, draft in drafts.items()
        if path in shown and any(mention.kind == CUSTOM for mention in draft.mentions)
    ]
    if not holders:
        return []
    sheets = (path for path in sorted(drafts) if path in shown and language(path) == CSS)
    users = _users((path, text(path)) for path in sheets)
    problems = []
    for path in holders:
        for mention, name in _declared(drafts[path], text(path)):
            user = _elsewhere(path, users.get(name, ()))
            if user and mention.target in known and mention.url[0] not in "/\\":
                problems.append(_problem(mention, name, shown[path], shown[user]))
    return problems


def _users(sheets: Iterable[tuple[str, bytes]]) -> dict[bytes, list[str]]:
    """The sheets that use each property, by its name."""
    users: dict[bytes, list[str]] = {}
    for path, text in sheets:
        for name in dict.fromkeys(_USE.findall(text)):
            users.setdefault(name, []).append(path)
    return users


def _declared(draft: Draft, text: bytes) -> Iterator[tuple[Mention, bytes]]:
    """The mentions in custom properties, with the names of these; equal ones are told apart by order."""
    read: dict[str, int] = {}
    for mention in draft.mentions:
        if mention.kind == CUSTOM:
            at = text.find(mention.token.encode(), read.get(mention.token, 0))
            read[mention.token] = at + 1
            start = max(text.rfind(mark, 0, at) for mark in (b";", b"{", b"}")) + 1
            found = _DECLARED.search(text, start, at) if at >= 0 else None
            if found:
                yield mention, found[1]


def _elsewhere(path: str, users: Iterable[str]) -> str:
    """The first of *users* in another directory than *path*, or ""."""
    here = posixpath.dirname(path)
    return next((user for user in users if posixpath.dirname(user) != here), "")


def _problem(mention: Mention, name: bytes, file: str, user: str) -> Problem:
    message = (
        f"{mention.url!r} in {name.decode('utf-8', 'replace')} leads to {mention.target!r}; without a build, "
        f"browsers look for it from {user}, which uses it"
    )
    return Problem(WARNING, file, message, _HINT, mention.line, mention.column)
