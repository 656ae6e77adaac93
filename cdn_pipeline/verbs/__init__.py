"""Verbs: what the command line can do with releases, a module for each; and what they all work on.

Each has a function ``run(site) -> Outcome``.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cdn_pipeline import activate, hooks, quantity, report
from cdn_pipeline.activate import Live
from cdn_pipeline.config import Config
from cdn_pipeline.errors import ERROR, Problem
from cdn_pipeline.summary import problems as as_rows
from cdn_pipeline.upload import Progress

if TYPE_CHECKING:
    from cdn_pipeline.edge import Edge

Facts = dict[str, Any]


class Outcome(NamedTuple):
    """What a verb has to tell."""

    facts: Facts
    text: str
    problems: tuple[Problem, ...] = ()


class Site:
    """What the verbs work on."""

    def __init__(self, config: Config, build: Path, options: argparse.Namespace) -> None:
        self.config = config
        self.build = build
        self.options = options
        self.progress = report.Progress()

    @cached_property
    def where(self) -> Live:
        """Where running sites read."""
        return activate.live(self.config, self.build)

    def tell(self, step: str, done: int, of: int) -> None:
        """Progress in pieces."""
        self.progress(step, done, of)

    def tell_upload(self, step: str, far: Progress) -> None:
        """Progress in files and bytes."""
        note = f", {quantity.human_size(far.bytes)} of {quantity.human_size(far.of_bytes)}"
        self.progress(step, far.files, far.of_files, note, noun="object")

    def after(self, event: str, facts: Facts) -> tuple[Problem, ...]:
        """Runs the hook for *event*, and returns what went wrong, which undoes nothing."""
        try:
            hooks.run(self.config, event, {"build": str(self.build), **facts})
        except hooks.HookError as error:
            return error.problems
        return ()

    @contextlib.contextmanager
    def edge(self, is_wanted: bool = True) -> Iterator[Edge | None]:
        """What asks CDNs; ``None`` where none is to be asked."""
        targets = self.config.targets.values()
        if not is_wanted or not any("//" in target.url and target.verify_edge for target in targets):
            yield None
            return
        from cdn_pipeline.edge import Edge  # with TLS, which takes long to load

        edge = Edge()
        try:
            yield edge
        finally:
            edge.close()


def run(config: Config, build: Path, options: argparse.Namespace) -> int:
    """Runs ``options.verb`` for the site whose build directory is *build*; returns the exit code."""
    site = Site(config, build, options)
    verb = importlib.import_module(f"cdn_pipeline.verbs.{options.verb}")
    try:
        outcome: Outcome = verb.run(site)
    finally:
        site.progress.end()
    return _told(outcome, options)


def _told(outcome: Outcome, options: argparse.Namespace) -> int:
    rows = as_rows(outcome.problems)
    errors = sum(problem.severity == ERROR for problem in outcome.problems)
    if options.json:
        print(report.as_json({"ok": not errors, **outcome.facts, "problems": rows}))
        return 1 if errors else 0
    print(outcome.text, flush=True)
    if rows:
        print("\n" + "\n".join(report.problem_lines(rows)), file=sys.stderr)
        print(quantity.count(errors or len(rows), "error" if errors else "warning"), file=sys.stderr)
    return 1 if errors else 0
