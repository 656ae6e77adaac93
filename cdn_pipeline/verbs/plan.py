"""Plan: says what a deploy would do, and why; also what both plan and deploy are asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cdn_pipeline import deploy, proxied, publish_facts, publish_report, report
from cdn_pipeline.errors import ERROR, ConfigError, Problem
from cdn_pipeline.objections import Overrides
from cdn_pipeline.steps import Steps
from cdn_pipeline.verbs import Outcome, Site


def run(site: Site) -> Outcome:
    """Writes the plan into a file, if it is told to."""
    found = deploy.planned(request(site))
    facts = publish_facts.planned(found, site.config)
    if site.options.out is not None:
        Path(site.options.out).write_text(report.as_json(facts) + "\n", "utf-8")
    refused = tuple(Problem(ERROR, "", refusal) for refusal in found.refusals)
    return Outcome(facts, publish_report.planned(facts), refused)


def request(site: Site, steps: Steps | None = None) -> deploy.Request:
    """What is to be deployed, by the options of the command line. Raises `ConfigError`, also for a file proxy
    that there is not: a deploy without a new release would not miss it."""
    proxied.function(site.config)
    options = site.options
    return deploy.Request(
        site.config,
        site.build,
        Overrides(shrink=options.allow_shrink, adopt=options.adopt),
        thorough=options.thorough,
        expected=_expected(options.plan) if options.plan else None,
        steps=steps,
    )


def _expected(file: str) -> Mapping[str, Any]:
    try:
        content = json.loads(Path(file).read_bytes())
    except OSError as error:
        raise ConfigError(
            [Problem(ERROR, file, (error.strerror or str(error)).lower(), WRITE_PLAN)]
        ) from error
    except ValueError as error:
        raise ConfigError([Problem(ERROR, file, "is no plan", WRITE_PLAN)]) from error
    if not isinstance(content, dict):
        raise ConfigError([Problem(ERROR, file, "is no plan", WRITE_PLAN)])
    return content


WRITE_PLAN = "write one with `cdn-pipeline plan --out FILE`"
