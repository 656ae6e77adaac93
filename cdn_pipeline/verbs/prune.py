"""Prune: deletes what no release needs any more, having said what."""

from __future__ import annotations

import sys

from cdn_pipeline import prune, publish_facts, publish_report
from cdn_pipeline.verbs import Outcome, Site


def run(site: Site) -> Outcome:
    """Asks first where there is somebody to answer. Raises `PublishError`."""
    options = site.options
    request = prune.Request(site.config, options.dry_run, options.max_deletes)
    if not options.dry_run and not options.yes and not options.json and _is_terminal():
        would = publish_facts.pruned(prune.prune(request._replace(is_dry=True)), is_dry=True)
        print(publish_report.pruned(would), flush=True)
        if not would["deleted"]:
            return Outcome(would, "")
        if input("delete them? [y/N] ").strip().lower() not in ("y", "yes"):
            return Outcome(would, "nothing was deleted")
    facts = publish_facts.pruned(prune.prune(request), is_dry=options.dry_run)
    return Outcome(facts, publish_report.pruned(facts))


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
