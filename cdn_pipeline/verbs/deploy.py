"""Deploy: from a build to what visitors get."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from cdn_pipeline import deploy, hooks, publish_facts, publish_report
from cdn_pipeline.errors import WARNING, Problem
from cdn_pipeline.site_steps import SiteSteps
from cdn_pipeline.verbs import Outcome, Site
from cdn_pipeline.verbs.plan import request


def run(site: Site) -> Outcome:
    """Raises `PublishError`, `Superseded`."""
    started = time.perf_counter()
    with site.edge(not site.options.no_edge) as edge:
        steps = DeploySteps(site.config, site.where, site.tell, edge)
        done = deploy.deploy(request(site, steps), site.tell_upload)
    facts = publish_facts.deployed(done, steps)
    found = [*steps.problems, *(Problem(WARNING, "", warning) for warning in done.warnings)]
    found += site.after(hooks.AFTER_DEPLOY, facts)
    return Outcome(facts, publish_report.deployed(facts, time.perf_counter() - started), tuple(found))


class DeploySteps(SiteSteps):
    """With the hook that comes first."""

    def before(self, facts: Mapping[str, Any]) -> None:
        """See `Steps`."""
        hooks.run(self.config, hooks.BEFORE_DEPLOY, {"build": str(self.where.build), **facts})
