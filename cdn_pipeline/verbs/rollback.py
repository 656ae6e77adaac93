"""Rollback: an earlier release again."""

from __future__ import annotations

from cdn_pipeline import hooks, publish_facts, publish_report, rollback
from cdn_pipeline.errors import WARNING, Problem
from cdn_pipeline.site_steps import SiteSteps
from cdn_pipeline.verbs import Outcome, Site


def run(site: Site) -> Outcome:
    """Raises `PublishError`, `Superseded`."""
    steps = SiteSteps(site.config, site.where, site.tell)
    done = rollback.rollback(rollback.Request(site.config, site.options.release, steps))
    facts = publish_facts.rolled_back(done, steps)
    found = [*steps.problems, *(Problem(WARNING, "", warning) for warning in done.warnings)]
    found += site.after(hooks.AFTER_ROLLBACK, facts)
    return Outcome(facts, publish_report.rolled_back(facts), tuple(found))
