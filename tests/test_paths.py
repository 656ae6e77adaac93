"""Logical paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdn_pipeline import paths


@pytest.mark.parametrize(
    ("url", "base", "path"),
    [
        ("img/a.png", "css/a.css", "css/img/a.png"),
        ("../img/a.png", "css/a.css", "img/a.png"),
        ("./a.png", "css/a.css", "css/a.png"),
        ("/static/img/a.png", "css/a.css", "img/a.png"),
        ("../../static/a.png", "css/a.css", "a.png"),  # out of the tree and back
        ("../../../../../static/a.png", "css/a.css", "a.png"),  # .. stops at the root
        (r"..\img\a.png", "css/a.css", "img/a.png"),
        ("a%20b.png", "a.css", "a b.png"),
        ("100%.png", "a.css", "100%.png"),
        ("%zz.png", "a.css", "%zz.png"),
        ("%C3%BC.png", "a.css", "ü.png"),
        ("%2e%2E/a.png", "css/a.css", "a.png"),
        ("a//b.png", "a.css", "a/b.png"),
        ("a%23b.png", "a.css", "a#b.png"),
    ],
)
def test_a_url_leads_where_a_browser_would_go(url: str, base: str, path: str) -> None:
    assert paths.resolve(url, base, "/static/") == path


@pytest.mark.parametrize("url", ["/img/a.png", "/", ".", "..", "../", "img/", "/static/", "/statics/a.png"])
def test_directories_and_paths_outside_are_not_ours(url: str) -> None:
    with pytest.raises(paths.Outside):
        paths.resolve(url, "css/a.css", "/static/")


def test_climbing_out_says_where_clamping_would_lead() -> None:
    with pytest.raises(paths.Climbing) as caught:
        paths.resolve("../../img/a.png", "css/a.css", "/static/")

    assert caught.value.inside == "img/a.png"


def test_at_the_root_there_is_nothing_to_climb_out_of() -> None:
    assert paths.resolve("../../img/a.png", "css/a.css", "/") == "img/a.png"


@pytest.mark.parametrize("url", ["a%2Fb.png", "%FF.png", "a%00.png"])
def test_what_no_file_can_be_named_matches_no_file(url: str) -> None:
    assert paths.IMPOSSIBLE in paths.resolve(url, "a.css", "/static/")


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="/\\"), min_size=1)


@given(st.lists(NAMES.filter(lambda name: name not in (".", "..")), min_size=1, max_size=4))
def test_the_url_of_a_path_leads_back_to_it(names: list[str]) -> None:
    path = "/".join(names)

    assert paths.resolve("/static/" + paths.url_path(path), "x/y.css", "/static/") == path


@given(NAMES)
def test_a_url_needs_no_escaping_anywhere(name: str) -> None:
    assert not set(paths.url_path(name)) & set(" \t\"'()<>&\\,;+?#`{}|^[]!$*=:\n")


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("*.png", ["a.png", "x/y/a.PNG"], ["a.png.css", "png"]),
        ("*.PNG", ["a.png"], []),
        ("robots.txt", ["robots.txt", "x/robots.txt"], ["xrobots.txt"]),
        ("/robots.txt", ["robots.txt"], ["x/robots.txt"]),
        ("vendor/**", ["vendor/a.css", "vendor/x/a.css"], ["a/vendor/a.css", "vendor"]),
        ("vendor/", ["vendor/a.css"], ["vendors/a.css"]),
        ("**/vendor/*.js", ["vendor/a.js", "x/vendor/a.js"], ["vendor/x/a.js"]),
        ("a?c.css", ["abc.css"], ["ac.css", "a/c.css"]),
        ("[!a]*.css", ["b.css"], ["a.css"]),
        ("[ab].css", ["a.css"], ["c.css"]),
        ("a[.css", ["a[.css"], ["a.css"]),
        ("[z-a].css", [], ["a.css", "z.css"]),
        ("[!z-a].css", ["a.css"], ["ab.css"]),
        ("[[&&^~].css", ["[.css", "&.css", "^.css"], ["a.css"]),
        ("Name.css", ["Name.css"], ["name.css"]),
    ],
)
def test_patterns(pattern: str, matching: list[str], other: list[str]) -> None:
    assert [path for path in matching if not paths.matches(path, pattern)] == []
    assert [path for path in other if paths.matches(path, pattern)] == []


def test_no_patterns_match_nothing() -> None:
    assert not paths.matches("a")
