"""Retreat: has pages get from the origin what a CDN has, or from the CDN again."""

from __future__ import annotations

from cdn_pipeline import activate, fallback, publish_facts, publish_report, retreat
from cdn_pipeline.verbs import Facts, Outcome, Site


def run(site: Site) -> Outcome:
    """Asks no store. Raises `ConfigError`, `PublishError`."""
    options, directory = site.options, site.where.directory
    if options.back:
        after = retreat.return_to([directory], options.targets)
    else:
        after = retreat.retreat([directory], options.targets, partly=options.partly)
    activate.refresh(site.where, site.config)
    there = after.get(directory, fallback.NOTHING)
    facts: Facts = {"live": {"directory": str(directory), **publish_facts.held(there, directory)}}
    return Outcome(facts, publish_report.retreated(facts))
