"""Routes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cdn_pipeline.config_file import read
from cdn_pipeline.route import IMMUTABLE, Routing

CDN = {"cdn": {"url": "https://cdn.example.com/", "store": "s3://bucket"}}


def routing(**table: Any) -> Routing:
    return Routing(read(table, Path()))


@pytest.mark.parametrize(
    ("path", "target", "fingerprint", "encodings"),
    [
        ("a.css", "origin", True, ("gzip", "br")),
        ("a.js", "origin", True, ("gzip", "br")),
        ("a.svg", "origin", True, ("gzip", "br")),
        ("a.json", "origin", True, ("gzip", "br")),
        ("a.js.map", "origin", True, ("gzip", "br")),
        ("a.PNG", "cdn", True, ()),
        ("a.woff2", "cdn", True, ()),
        ("a.mp4", "cdn", True, ()),
        ("a.wasm", "cdn", True, ()),
        ("a.pdf", "cdn", True, ()),
        ("a.unknown", "origin", True, ()),
        ("LICENSE", "origin", True, ()),
        ("robots.txt", "origin", False, ("gzip", "br")),
        ("pages/a.html", "origin", False, ("gzip", "br")),
        ("js/sw.js", "origin", False, ("gzip", "br")),
    ],
)
def test_the_built_in_table(path: str, target: str, fingerprint: bool, encodings: tuple[str, ...]) -> None:
    routed = routing(targets=CDN).route(path)

    assert (routed.target.name, routed.fingerprint, routed.encodings) == (target, fingerprint, encodings)


def test_without_a_cdn_everything_is_on_the_origin() -> None:
    assert routing().route("a.png").target.name == "origin"
    assert routing().route("a.ttf").encodings == ("gzip", "br")


def test_the_first_match_wins_and_leaves_the_rest_to_the_built_in_rules() -> None:
    routes = [{"match": ["big/**"], "cache": "no-store"}, {"match": ["*.png"], "target": "origin"}]
    rules = routing(targets=CDN, routes=routes)

    assert (rules.route("big/a.png").target.name, rules.route("big/a.png").cache) == ("cdn", "no-store")
    assert (rules.route("a.png").target.name, rules.route("a.png").cache) == ("origin", IMMUTABLE)


def test_what_has_no_fingerprint_is_asked_for_again() -> None:
    rules = routing(routes=[{"match": ["*.css"], "fingerprint": False}])

    assert rules.route("a.css").cache == "no-cache"


def test_fonts_may_be_used_from_everywhere() -> None:
    assert routing(targets=CDN).route("a.woff2").headers == {"Access-Control-Allow-Origin": "*"}


def test_what_browsers_accept_from_the_own_origin_only_stays_there() -> None:
    rules = routing(targets=CDN, routes=[{"match": ["*.svg"], "target": "cdn"}])

    assert rules.route("a.svg").target.name == "cdn"
    assert rules.route("a.svg", same_origin=True).target.name == "origin"


def test_a_pull_target_changes_only_the_url() -> None:
    rules = routing(targets={"cdn": {"url": "//d1.cloudfront.net/static/"}})
    routed = rules.route("img/a b.png")

    assert routed.url("img/a b.png") == "//d1.cloudfront.net/static/img/a%20b.png"
    assert routed.file("img/a b.png") == "origin/img/a b.png"
