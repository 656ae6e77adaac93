"""What a person reads of publishing."""

from __future__ import annotations

from typing import Any

import pytest

from cdn_pipeline import publish_report

NOTHING: dict[str, Any] = {
    "release": "0123",
    "before": None,
    "switch": True,
    "uploads": [],
    "fixed": [],
    "invalidations": {},
    "unfinished": [],
    "dropped": [],
    "kept": {"files": 0, "bytes": 0},
    "cost": {"puts": 0, "gets": 2, "paths": 0, "dollars": None},
}
LIVE: dict[str, Any] = {"directory": "live", "active": True, "retreated": [], "stays": {}, "held": {}}
DEPLOYED: dict[str, Any] = {
    "release": "0123",
    "before": "4567",
    "switched": True,
    "uploaded": {"files": 2, "bytes": 2010},
    "copied": {"files": 1, "bytes": 10},
    "found": 1,
    "kept": {"files": 2, "bytes": 3},
    "fixed": [],
    "pending": [],
    "live": LIVE,
    "edge": None,
}


def test_a_plan_with_everything() -> None:
    uploads = [
        {"target": "cdn", "key": ".cdn_pipeline/blobs/89ab", "bytes": 10, "reason": "new"},
        {"target": "cdn", "key": "img/a.png", "bytes": 12345, "reason": "new"},
        {"target": "origin", "key": "b.css", "bytes": 7, "reason": "missing"},
    ]
    fixed = [{"target": "cdn", "key": "robots.txt", "bytes": 10, "reason": "content"}]
    facts = {
        **NOTHING,
        "before": "4567",
        "uploads": uploads,
        "fixed": fixed,
        "kept": {"files": 2000, "bytes": 5_000_000},
        "invalidations": {"cdn": ["/robots.txt"]},
        "unfinished": [{"target": "cdn"}],
        "dropped": [["cdn", "old.png"]],
        "cost": {"puts": 6, "gets": 4, "paths": 1, "dollars": 0.00503},
    }

    assert publish_report.planned(facts).splitlines() == [
        "release 0123, in place of 4567",
        "",
        "  upload    3 files, 12 kB (1 with other bytes, 1 missing, 1 new)",
        "  copy      1 file, 10 B, for rollbacks",
        "  there     2,000 files, 5.0 MB",
        "  tell      the CDN of cdn to forget 1 path",
        "  finish    what an earlier deploy has left for cdn",
        "  leave     1 file of the release before, for a prune",
        "  cost      about 10 requests, $0.0050 at most by the prices of us-east-1 in 2025",
        "",
        "  new      cdn     img/a.png   12 kB",
        "  missing  origin  b.css       7 B",
        "  content  cdn     robots.txt  10 B",
    ]


@pytest.mark.parametrize(
    ("facts", "first"),
    [
        (NOTHING, "release 0123, the first one here"),
        ({**NOTHING, "before": "0123", "switch": False}, "release 0123 is published already"),
    ],
)
def test_how_a_plan_begins(facts: dict[str, Any], first: str) -> None:
    assert publish_report.planned(facts).splitlines()[0] == first


def test_a_long_list_is_cut() -> None:
    rows = [{"target": "cdn", "key": f"{n:03}.png", "bytes": 1, "reason": "new"} for n in range(123)]

    lines = publish_report.planned({**NOTHING, "uploads": rows}).splitlines()
    assert lines[-2:] == ["  new  cdn  019.png  1 B", "  and 103 more; all of them with --json"]


def test_what_a_deploy_leaves() -> None:
    edge = {
        "targets": {
            "cdn": {
                "asked": 3,
                "verified": 2,
                "reachable": True,
                "first": {"MISS": 2, "HIT": 1},
                "then": {"HIT": 2},
            },
            "eu": {"asked": 1, "verified": 0, "reachable": False, "first": {}, "then": {}},
        }
    }
    held = {"retreated": ["eu"], "held": {"cdn": {"files": 1, "until": 1_800_000_000.0}}}
    facts = {
        **DEPLOYED,
        "fixed": [{"target": "cdn", "key": f"{n}.txt", "bytes": 100, "new": n > 3} for n in range(6)],
        "pending": [{"target": "cdn", "paths": ["/a", "/b"], "keys": []}],
        "edge": edge,
        "live": {**LIVE, **held},
    }

    assert publish_report.deployed(facts, 1.234).splitlines() == [
        "release 0123 is published, in place of 4567  (1.23 s)",
        "",
        "  uploaded  7 files, 2.6 kB",
        "  copied    1 file, 10 B, for rollbacks",
        "  there     3 files",
        "  added     cdn: 4.txt, cdn: 5.txt (no fingerprint in the name)",
        "  replaced  cdn: 0.txt, cdn: 1.txt, cdn: 2.txt and 1 more (no fingerprint in the name)",
        "  edge      cdn: 2 of 3 URLs as they should be (1 HIT, 2 MISS, then 2 HIT)",
        "  edge      eu cannot be asked from here",
        "  retreat   pages get the files of eu from the origin; end it with retreat --back",
        "  held      pages get 1 file of cdn from the origin until 2027-01-15 08:00 UTC",
        "  pages     what reads live names this release",
        "  pending   2 paths that the CDN of cdn must forget",
    ]


def test_a_prune_names_everything_that_it_deletes() -> None:
    keys = [".cdn_pipeline/releases/0123.json", "a.css"]
    deleted = [{"target": "cdn", "key": key, "version": "1", "bytes": 10} for key in keys]
    facts = {"dry_run": True, "releases": ["0123"], "resumed": 0, "bytes": 20, "deleted": deleted}

    assert publish_report.pruned(facts).splitlines() == [
        "would delete 2 objects, 20 B",
        "  releases  0123",
        "",
        "  cdn  a.css                             10 B",
        "  cdn  .cdn_pipeline/releases/0123.json  10 B",
    ]


def test_a_status_with_everything() -> None:
    facts = {
        "home": "s3://bucket/site",
        "release": "0123",
        "created": "2026-11-20T14:30:00+00:00",
        "targets": {"cdn": {"objects": 1, "bytes": 10}},
        "live": {"release": "0123", "retreated": [], "stays": {}, "held": {}},
        "history": [{"release": "0123", "at": "2026-11-20T15:30:00+01:00", "by": "x"}],
        "pins": ["4567"],
        "pending": [{"target": "cdn", "keys": ["a.txt"], "paths": ["/a.txt"]}],
        "doomed": 2,
    }

    assert publish_report.status(facts).splitlines() == [
        "release 0123, recorded 2026-11-20 14:30 UTC",
        "",
        "  home      s3://bucket/site",
        "  cdn       1 object, 10 B",
        "  pages     here name release 0123",
        "  pending   cdn: a.txt, /a.txt",
        "  pinned    4567",
        "  prune     2 objects left to delete; run it again",
        "",
        "  2026-11-20 14:30 UTC  0123",
    ]


def test_how_two_releases_differ() -> None:
    changes = [
        {"target": "cdn", "key": "a.png", "why": "new", "before": None, "after": 5},
        {"target": "cdn", "key": "b.png", "why": "gone", "before": 1500, "after": None},
        {"target": "origin", "key": "c.txt", "why": "content", "before": 1, "after": 2},
        {"target": "origin", "key": "d.txt", "why": "headers", "before": 1, "after": 1},
    ]

    assert publish_report.changes({"before": "a", "after": "b", "changes": changes}).splitlines() == [
        "  new      cdn     a.png  5 B",
        "  gone     cdn     b.png  1.5 kB",
        "  changed  origin  c.txt  1 B → 2 B",
        "  headers  origin  d.txt  1 B",
    ]
