"""Built: what a build is asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cdn_pipeline import freshness
from cdn_pipeline.asset import Asset
from cdn_pipeline.config import Config
from cdn_pipeline.draft import Draft
from cdn_pipeline.errors import Problem
from cdn_pipeline.link import Linked, Node

Publish = Callable[[Path], None]
"""Called with the build directory when the outputs are there, before the manifest names them: it may put them
elsewhere, where they are served from."""


class Request(NamedTuple):
    """What to build, and how."""

    config: Config
    out: Path
    jobs: int = 0  # 0: one for each core
    use_cache: bool = True
    write: bool = True  # False: find every problem, write nothing
    is_lenient: bool = (
        False  # go on past errors, so that something is known of the rest; only without `write`
    )
    publish: Publish | None = None
    listings: freshness.Entries | None = None  # of source directories that were looked at already
    is_prepared: bool = False  # the hook `before_build` has run


class Built(NamedTuple):
    """What came of it."""

    manifest: dict[str, Any]
    problems: list[Problem]  # warnings only, but of a lenient build
    drafts: Mapping[str, Draft]
    sources: Mapping[str, Asset]
    outputs: Mapping[str, Linked]
    nodes: Mapping[str, Node]
    written: int  # files that were not there before
    removed: list[str]  # files of releases that were not kept
    steps: list[tuple[str, float]]  # (name, seconds)
    inputs: list[str]  # what was read for bundle definitions, and the site's own code that ran
    listings: freshness.Listings  # of the build directory
    is_steady: bool  # no source was written so lately that a further change could go unseen


Progress = Callable[[str, int, int], None]
"""Called with a step's name, how much of it is done, and of how much: 0 where that is not known, -1 where the
step is worth a line all the same."""


def quiet(step: str, done: int, total: int) -> None:
    """Says nothing."""
