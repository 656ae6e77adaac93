"""Diff: how two releases differ."""

from __future__ import annotations

from cdn_pipeline import home, publish_facts, publish_report, status
from cdn_pipeline.verbs import Outcome, Site


def run(site: Site) -> Outcome:
    """Raises `PublishError`."""
    before, after = site.options.before, site.options.after
    with home.opened(site.config) as opened:
        facts = publish_facts.changes(status.difference(opened, before, after), before, after)
    return Outcome(facts, publish_report.changes(facts))
