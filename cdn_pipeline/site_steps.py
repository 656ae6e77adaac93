"""The steps of a deploy or a rollback as the command line takes them: hooks, edges, holds, running sites."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cdn_pipeline import activate, document, fallback, proxied, retreat, verify
from cdn_pipeline.activate import Live, State
from cdn_pipeline.activation import Activation
from cdn_pipeline.config import Config
from cdn_pipeline.document import Document
from cdn_pipeline.edge import Edge
from cdn_pipeline.edge_report import EdgeReport
from cdn_pipeline.errors import ERROR, WARNING, Problem, PublishError
from cdn_pipeline.fallback import Fallback
from cdn_pipeline.publication import Object, Publication
from cdn_pipeline.steps import Plain, Published

Tell = Callable[[str, int, int], None]
"""Called with the name of a step, how much of it is done, and of how much."""
NEW_ONLY = 0.0  # the part of what is not new that a deploy asks of the edge


class SiteSteps(Plain):
    """Those of one deploy or rollback, and what they found out; see `steps.Steps`."""

    def __init__(self, config: Config, where: Live, tell: Tell, edge: Edge | None = None) -> None:
        """*edge* asks CDNs; ``None`` asks none."""
        super().__init__(config)
        self.config = config
        self.where = where
        self.tell = tell
        self.edge = edge
        self.fresh: frozenset[tuple[str, str]] = frozenset()  # (place, key) of objects nobody had before
        self.edges: EdgeReport | None = None
        self.held: Fallback = fallback.NOTHING
        self.is_live: bool | None = None  # None: no site reads anything here
        self.problems: list[Problem] = []  # what stopped nothing

    def before(self, facts: Mapping[str, Any]) -> None:
        """See `Steps`."""

    def verify(self, publication: Publication, fresh: Sequence[tuple[str, Object]]) -> None:
        """Asks the edge for what is new, since pages are about to name it."""
        self.fresh = frozenset((place, each.key) for place, each in fresh)
        if self.edge is None:
            return
        manifest = document.read(publication.manifest)
        proof = verify.proof(publication.release, publication.places, self.config.targets)
        before = _without(manifest.files, self.fresh)
        question = verify.Question(
            self.config, manifest, proof, before, self._held().held, NEW_ONLY, is_published=False
        )
        self.edges = verify.visit(question, self.edge, lambda done, of: self.tell("ask the CDN", done, of))
        found = [finding.problem for finding in self.edges.findings]
        self.problems += [problem for problem in found if problem.severity == WARNING]
        if not self.edges.is_sound:
            raise PublishError([*found, NOT_PUBLISHED])

    def urls(self, publication: Publication) -> Mapping[str, str]:
        """What the site's file proxy makes of each URL."""
        function = proxied.function(self.config)
        if function is None:
            return {}
        before = proxied.manifest(self.where.directory / document.NAME)
        return proxied.urls(function, document.read(publication.manifest), before, publication.directory)

    def activate(self, published: Published) -> None:
        """Holds back what no edge was seen to serve, then has running sites read the new manifest."""
        if self.where.is_build and not (self.where.directory / document.NAME).exists():
            return
        made = Activation(published.record.manifest, published.record.urls)
        self.held = self._hold(made)
        state = State(published.home, published.serial)
        try:
            self.is_live = activate.activate(self.where, made, self.config, state)
        except activate.Lacking as error:
            self.is_live = False
            self.problems += (problem._replace(severity=WARNING) for problem in error.problems)

    def _hold(self, made: Activation) -> Fallback:
        """What is held now; nothing is written where nothing is."""
        there = self._held()
        if not (self.fresh or there.held):
            return there
        files = self._holdable(document.read(made.text))
        before = _without(files, self.fresh)
        verified = self.edges.verified if self.edges is not None else {}

        def change(there: Fallback) -> Fallback:
            return fallback.published(there, self.config.targets, files, before, verified, time.time())

        if change(there) == there:
            return there
        os.makedirs(self.where.directory, exist_ok=True)
        return retreat.update([self.where.directory], change)[self.where.directory]

    def _holdable(self, manifest: Document) -> dict[str, document.Entry]:
        """The files that pages can do without the CDN's URL of, for a while."""
        targets = self.config.targets
        return {
            path: entry
            for path, entry in document.each(manifest.files)
            if (target := targets.get(entry["target"])) and fallback.can_be_held(entry, target)
        }

    def _held(self) -> Fallback:
        return retreat.read(self.where.directory)


NOT_PUBLISHED = Problem(
    ERROR,
    "",
    "nothing was published",
    "mend the CDN and deploy again; or publish without asking it (--no-edge), while pages have the origin's "
    "copies (hold)",
)


def _without(
    files: Mapping[str, document.Entry], fresh: frozenset[tuple[str, str]]
) -> dict[str, document.Entry]:
    """The files that were there before: all but those with one of the *fresh* (place, key) pairs."""
    found = {}
    for path, entry in document.each(files):
        directory, _, key = entry["path"].partition("/")
        if (entry["target"], key) not in fresh and (directory, key) not in fresh:
            found[path] = entry
    return found
