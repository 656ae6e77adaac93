"""Costs: how many requests a deploy makes, and about what they are charged with.

Prices are those of us-east-1 as of 2025, in dollars, without the free tier; other regions, other services and
contracts differ. What is stored and what visitors fetch costs more than all of this, and is not in it.
"""

from __future__ import annotations

from typing import NamedTuple

from cdn_pipeline.config import Config
from cdn_pipeline.plan import Plan

PUT = 0.005 / 1000  # also LIST; Amazon S3 pricing, "PUT, COPY, POST, LIST requests"
GET = 0.0004 / 1000  # also HEAD; "GET, SELECT, and all other requests"
PATH = 0.005  # of a CloudFront invalidation, beyond the first 1,000 of a month
STATE = 2  # puts: the record of the release, and the state that names it
LOOKS = 2  # gets: the state, and the record that it names


class Cost(NamedTuple):
    """Of one deploy, about."""

    puts: int
    gets: int
    paths: int  # that CDNs are told to forget
    dollars: float | None  # at most; None where no store is Amazon's


def of(plan: Plan, config: Config) -> Cost:
    """Listings are left out: one request for 1,000 objects, where a place is seen for the first time."""
    fixed = len(plan.fixed)
    puts = len(plan.uploads) + fixed + (STATE if plan.is_switch else 0) + (1 if plan.pending else 0)
    gets = LOOKS + len(plan.unproved) + fixed + (1 if fixed else 0)
    paths = sum(len(each.paths) for each in plan.pending)
    return Cost(puts, gets, paths, _dollars(puts, gets, plan, config))


def _dollars(puts: int, gets: int, plan: Plan, config: Config) -> float | None:
    stores = [target.store for target in config.targets.values() if target.store]
    if not any(store.startswith("s3://") and "endpoint=" not in store for store in stores):
        return None
    told = sum(len(each.paths) for each in plan.pending if _is_cloudfront(config, each.target))
    return puts * PUT + gets * GET + told * PATH


def _is_cloudfront(config: Config, name: str) -> bool:
    target = config.targets.get(name)
    return target is not None and (target.cdn or "").startswith("cloudfront:")
