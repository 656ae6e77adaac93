"""Status: what is published, and what is left to be done."""

from __future__ import annotations

from cdn_pipeline import document, home, proxied, publish_facts, publish_report, retreat, status
from cdn_pipeline.verbs import Outcome, Site


def run(site: Site) -> Outcome:
    """Raises `PublishError`."""
    with home.opened(site.config) as opened:
        found = status.status(opened)
    directory = site.where.directory
    read = proxied.manifest(directory / document.NAME)
    facts = publish_facts.status(found, read.release, retreat.read(directory), directory)
    return Outcome(facts, publish_report.status(facts))
