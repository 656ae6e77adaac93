"""Fallbacks: what `fallback.json` says, and how deploys, looks at the CDN and retreats change it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cdn_pipeline import fallback, hold
from cdn_pipeline.config import Target
from cdn_pipeline.fallback import Fallback, Newer

NOW = 1_800_000_000.0
TARGETS = {
    "origin": Target("origin", "/static/"),
    "cdn": Target("cdn", "https://x.example/", "s3://b", keep_on_origin=True, hold_s=3600),
    "other": Target("other", "https://y.example/", "s3://c"),
}


def entry(name: str, target: str = "cdn", kept: bool = True) -> dict[str, Any]:
    url = f"{TARGETS[target].url}{name}"
    return {"url": url, "target": target, **({"fallback": f"/static/{name}"} if kept else {})}


FILES = {
    "a.png": entry("a.1.png"),
    "b.png": entry("b.1.png"),
    "alone.png": entry("alone.1.png", kept=False),
    "other.png": entry("other.1.png", "other"),
    "site.css": entry("site.1.css", "origin", kept=False),
}
BOTH = {("cdn", "a.png"): NOW + 3600, ("cdn", "b.png"): NOW + 3600}


def published(
    there: Fallback = fallback.NOTHING,
    before: Any = None,
    verified: Any = None,
    files: Any = None,
    now: float = NOW,
) -> dict[tuple[str, str], float | None]:
    return dict(fallback.published(there, TARGETS, files or FILES, before or {}, verified or {}, now).held)


def test_new_urls_are_held_where_a_copy_is_and_a_time_is_set() -> None:
    assert published() == BOTH


def test_what_the_edge_was_seen_to_serve_is_not_held() -> None:
    assert published(verified={"cdn": {"a.png"}}) == {("cdn", "b.png"): NOW + 3600}
    assert published(verified={"cdn": {"a.png", "b.png"}, "other": {"b.png"}}) == {}


def test_urls_that_were_there_before_are_not_held() -> None:
    before = {**FILES, "b.png": entry("b.0.png")}

    assert published(before=before) == {("cdn", "b.png"): NOW + 3600}


def test_a_second_deploy_does_not_prolong_what_is_held() -> None:
    there = Fallback(held=BOTH)
    files = {**FILES, "b.png": entry("b.2.png")}

    assert published(there, before=FILES, files=files, now=NOW + 600) == {
        ("cdn", "a.png"): NOW + 3600,
        ("cdn", "b.png"): NOW + 4200,
    }


def test_files_that_are_gone_are_held_no_more() -> None:
    assert published(Fallback(held=BOTH), before=FILES, files={"a.png": FILES["a.png"]}) == {
        ("cdn", "a.png"): NOW + 3600
    }


def test_what_is_seen_later_is_let_go() -> None:
    there = Fallback(frozenset({"other"}), BOTH)

    assert fallback.released(there, {"cdn": {"b.png"}, "other": {"a.png"}}) == Fallback(
        frozenset({"other"}), {("cdn", "a.png"): NOW + 3600}
    )


def test_a_deploy_does_not_end_a_retreat() -> None:
    there = fallback.retreated(fallback.NOTHING, ["cdn"])

    assert fallback.published(there, TARGETS, FILES, {}, {}, NOW).retreated == {"cdn"}
    assert fallback.returned(there, ["cdn", "other"]) == fallback.NOTHING


def test_files_without_a_copy_are_named() -> None:
    assert fallback.without_copy(FILES, {"cdn", "other"}) == {"cdn": ["alone.png"]}
    assert fallback.without_copy(FILES, {"other"}) == {}


def test_the_text_is_as_running_sites_read_it() -> None:
    held = {**BOTH, ("cdn", "c.png"): None, ("other", "d.png"): NOW + 1}
    there = Fallback(frozenset({"z", "cdn"}), held)
    raw = fallback.text(there)

    assert json.loads(raw) == {
        "version": 1,
        "retreated": ["cdn", "z"],
        "held": {
            "cdn": [
                {"until": NOW + 3600, "paths": ["a.png", "b.png"]},
                {"until": None, "paths": ["c.png"]},
            ],
            "other": [{"until": NOW + 1, "paths": ["d.png"]}],
        },
    }
    assert hold.read(raw, NOW) == hold.Hold(there.retreated, frozenset(held), NOW + 1)
    assert fallback.read(raw, NOW) == there
    assert fallback.text(fallback.read(raw, NOW)) == raw


def test_what_has_ended_is_forgotten() -> None:
    raw = fallback.text(Fallback(held={**BOTH, ("other", "d.png"): NOW + 1}))

    assert fallback.read(raw, NOW + 1).held == BOTH
    assert fallback.read(raw, NOW + 3600) == fallback.NOTHING


def test_the_older_form_with_one_rule_a_target_is_read() -> None:
    raw = json.dumps({"version": 1, "held": {"cdn": {"until": None, "paths": ["a.png"]}}}).encode()

    assert fallback.read(raw, NOW).held == {("cdn", "a.png"): None}


def test_odd_names_survive() -> None:
    held = {("cdn", name): NOW + 9 for name in ('ü "q".png', "\udcff.png", "a\nb.png")}

    assert fallback.read(fallback.text(Fallback(held=held)), NOW).held == held


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"3",
        b"{}",
        b'{"version": "x"}',
        b'{"version": 0}',
        b'{"version": 1, "held": []}',
        b'{"version": 1, "held": {"cdn": []}}',
        b'{"version": 1, "held": {"cdn": [{"until": 4e9}]}}',
        b'{"version": 1, "retreated": 3}',
        b"\xff\xfe",
    ],
)
def test_what_running_sites_ignore_says_nothing_here_either(raw: bytes) -> None:
    with pytest.raises(ValueError):
        hold.read(raw, NOW)

    assert fallback.read(raw, NOW) == fallback.NOTHING


def test_what_a_newer_program_wrote_is_not_overwritten() -> None:
    with pytest.raises(Newer, match="version 2"):
        fallback.read(b'{"version": 2}', NOW)
