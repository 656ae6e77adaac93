"""What a deploy costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdn_pipeline import cost
from cdn_pipeline.config import ORIGIN, Config, Target
from cdn_pipeline.cost import Cost
from cdn_pipeline.current import Pending
from cdn_pipeline.difference import Upload
from cdn_pipeline.plan import Plan

PATHS = tuple(f"/{number}.txt" for number in range(10))
UPLOADS = tuple(Upload("cdn", f"{number}.png", 9, "new") for number in range(100))
FIXED = tuple(Upload("cdn", path[1:], 9, "content") for path in PATHS)


def plan(**parts: object) -> Plan:
    nothing = Plan("r", None, 0, (), (), {}, (), (), (), (), 0, 0, False, ())
    return nothing._replace(**parts)


def config(store: str, cdn: str | None = None) -> Config:
    targets = {ORIGIN: Target(ORIGIN, "/"), "cdn": Target("cdn", "//cdn.example.com/", store, cdn)}
    return Config(Path("."), targets=targets)


@pytest.mark.parametrize(
    ("found", "where", "costs"),
    [
        (plan(), config("s3://b"), Cost(0, 2, 0, 0.0000008)),
        (plan(uploads=UPLOADS, is_switch=True), config("s3://b"), Cost(102, 2, 0, 0.0005108)),
        (
            plan(fixed=FIXED, pending=(Pending("p", "cdn", PATHS),), is_switch=True),
            config("s3://b", "cloudfront:E2"),
            Cost(13, 13, 10, 0.0500702),
        ),
        (
            plan(pending=(Pending("p", "cdn", PATHS),)),
            config("s3://b", "cloudflare:Z"),
            Cost(1, 2, 10, 0.0000058),
        ),
        (plan(uploads=UPLOADS), config("s3://b?endpoint=https://r2"), Cost(100, 2, 0, None)),
        (plan(uploads=UPLOADS), config("directory:b"), Cost(100, 2, 0, None)),
    ],
)
def test_requests_and_dollars(found: Plan, where: Config, costs: Cost) -> None:
    counted = cost.of(found, where)

    assert counted._replace(dollars=None) == costs._replace(dollars=None)
    assert counted.dollars == (None if costs.dollars is None else pytest.approx(costs.dollars, abs=1e-9))
