"""Releases: those that can be published again; pins some of them."""

from __future__ import annotations

from cdn_pipeline import home, publish_facts, publish_report, status
from cdn_pipeline.errors import PublishError
from cdn_pipeline.home import Home
from cdn_pipeline.stores import Conflict
from cdn_pipeline.verbs import Outcome, Site


def run(site: Site) -> Outcome:
    """Raises `PublishError`."""
    wanted = site.options.pin or site.options.unpin
    with home.opened(site.config) as opened:
        if wanted:
            _pin(opened, wanted, is_pinned=site.options.unpin is None)
        facts = publish_facts.releases(status.all_releases(opened, site.config))
    return Outcome(facts, publish_report.releases(facts))


def _pin(opened: Home, wanted: str, *, is_pinned: bool) -> None:
    try:
        status.pin(opened, wanted, is_pinned=is_pinned)
    except Conflict as error:
        raise PublishError("somebody else has published at the same time; try again") from error
