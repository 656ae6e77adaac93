"""Graph: which asset refers to which, and what leads nowhere."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from cdn_pipeline import paths
from cdn_pipeline.config import Config
from cdn_pipeline.draft import Draft, Mention, kept
from cdn_pipeline.errors import ERROR, WARNING, Problem
from cdn_pipeline.link import Node
from cdn_pipeline.media_types import language
from cdn_pipeline.references import ANCHOR, FRAGMENT, IMPORT, NEEDS_CORS, ONLY_WARN, SAME_ORIGIN, SOURCE_MAP
from cdn_pipeline.route import Routing


class Graph(NamedTuple):
    """Everything that `link` needs."""

    nodes: dict[str, Node]
    problems: list[Problem]
    dropped: dict[str, list[bytes]]  # tokens of source-map comments that lead nowhere, by path
    cors: frozenset[str]  # paths that some page loads with CORS


def graph(
    config: Config, drafts: Mapping[str, Draft], others: Iterable[str], shown: Mapping[str, str]
) -> Graph:
    """A node for each of *drafts* and of *others*, the assets that refer to nothing.

    *shown* gives the name of a file in messages by its logical path.
    """
    known = dict.fromkeys((*drafts, *others))
    mentions = [mention for draft in drafts.values() for mention in draft.mentions]
    same_origin = {mention.target for mention in mentions if mention.kind in SAME_ORIGIN}
    routing = Routing(config)
    judge = _Judge(config, known, shown)
    nodes = {path: Node(path, routing.route(path, path in same_origin)) for path in sorted(known)}
    dropped: dict[str, list[bytes]] = {}
    for path, draft in drafts.items():
        if draft.mentions:
            live, values, gone = judge.sort(path, draft.mentions)
            nodes[path] = nodes[path]._replace(mentions=live, values=values)
            if gone:
                dropped[path] = gone
    cors = frozenset(mention.target for mention in mentions if mention.kind in NEEDS_CORS)
    return Graph(nodes, judge.problems, dropped, cors)


class _Judge:
    """Tells links from what leads nowhere."""

    def __init__(self, config: Config, known: Mapping[str, None], shown: Mapping[str, str]) -> None:
        self.config = config
        self.known = known
        self.shown = shown
        self.problems: list[Problem] = []
        self.foreign_host = urlsplit(config.origin.url).netloc  # "" where the origin is the pages' own
        self._near: _Near | None = None
        self._told: set[tuple[str, int, int]] = set()

    def sort(
        self, path: str, mentions: Sequence[Mention]
    ) -> tuple[tuple[Mention, ...], dict[bytes, bytes], list[bytes]]:
        """The mentions in *path* that are links, what stays in place of the others' tokens, and the tokens of
        source-map comments to drop."""
        live: dict[str, Mention] = {}
        values: dict[bytes, bytes] = {}
        dropped = []
        for mention in mentions:
            token = mention.token.encode()
            if mention.target in self.known:
                live[mention.token] = mention
                if mention.kind == FRAGMENT and self.foreign_host:
                    self.tell_foreign(mention)
                if mention.kind == IMPORT and language(mention.target) != "css":
                    self.tell(mention, ERROR, f"@import of {mention.target!r}, which is no style sheet")
                continue
            values[token] = kept(mention, path, self.config.origin.url).encode()
            if mention.kind == ANCHOR or self.is_ignored(mention):
                continue
            if mention.climbs:
                self.tell(mention, WARNING, f"{mention.url!r} leads out of the static files; left as it is")
            elif mention.kind == SOURCE_MAP:
                dropped.append(token)
                self.tell(mention, WARNING, f"no source map {mention.target!r}; the comment is dropped")
            else:
                self.tell_missing(mention)
        return tuple(live.values()), values, dropped

    def is_ignored(self, mention: Mention) -> bool:
        return any(
            paths.matches(mention.file, file)
            and (
                paths.matches(mention.target, reference)
                or paths.matches(mention.url.partition("?")[0].partition("#")[0], reference)
            )
            for file, reference in self.config.ignore
        )

    def tell(self, mention: Mention, severity: str, message: str, hint: str = "") -> None:
        place = (mention.file, mention.line, mention.column)
        if place not in self._told:
            self._told.add(place)
            name = self.shown.get(mention.file, mention.file)
            self.problems.append(Problem(severity, name, message, hint, mention.line, mention.column))

    def tell_foreign(self, mention: Mention) -> None:
        message = f"browsers use {mention.target!r} only in pages of {self.foreign_host} itself"
        hint = "serve the static files from the pages' own host, or put the SVG into the page"
        self.tell(mention, WARNING, message, hint)

    def tell_missing(self, mention: Mention) -> None:
        if self._near is None:
            self._near = _Near(self.known)
        severity = ERROR if self.config.on_missing == "error" else WARNING
        if mention.kind in ONLY_WARN:
            severity = WARNING
        written = "" if mention.url.endswith(mention.target) else f" (written {mention.url!r})"
        message = f"no asset {mention.target.replace(paths.IMPOSSIBLE, '%2F')!r}{written}"
        self.tell(mention, severity, message, self._near.hint(mention.target))


class _Near:
    """Finds what the author may have meant."""

    def __init__(self, known: Iterable[str]) -> None:
        self.folded: dict[str, str] = {}
        self.names: dict[str, list[str]] = {}
        self.folders: dict[str, list[str]] = {}
        for path in known:
            self.folded.setdefault(_fold(path), path)
            folder, name = posixpath.split(path)
            self.names.setdefault(_fold(name), []).append(path)
            self.folders.setdefault(folder, []).append(name)

    def hint(self, target: str) -> str:
        same = self.folded.get(_fold(target))
        if same is not None:
            kind = "case" if same.casefold() == target.casefold() else "unicode form"
            return f"did you mean {same!r}? names must match exactly, also in {kind}"
        folder, name = posixpath.split(target)
        elsewhere = self.names.get(_fold(name))
        if elsewhere:
            return "did you mean " + " or ".join(map(repr, elsewhere[:3])) + "?"
        there = self.folders.get(folder, [])
        near = [one for one in there if one.startswith(name + ".")] or _close(name, there)
        if near:
            return f"did you mean {posixpath.join(folder, near[0])!r}?"
        if target in self.folders:
            return "that is a directory; browsers need the name of a file"
        return "add the file, mend the reference, or list it in `ignore`"


def _close(name: str, names: list[str]) -> list[str]:
    from difflib import get_close_matches  # only those who mistype wait for it

    return get_close_matches(name, names, 1, 0.75)


def _fold(path: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFC", path).casefold()
