"""Template includes."""

from __future__ import annotations

import json
from typing import Any

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdn_pipeline import includes, snippets

CDN = "https://x.example/"


def entry(
    path: str, kind: str, target: str = "origin", stamp: str = ".0123456789ab", **more: Any
) -> dict[str, Any]:
    stem, dot, extension = path.rpartition(".")
    url = {"origin": "/static/", "cdn": CDN}[target] + stem + stamp + dot + extension
    return {"url": url, "target": target, "type": kind, "integrity": f"sha256-{path}", **more}


def manifest(**bundles: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "files": {
            "a.css": entry("a.css", "text/css", fonts=["f.woff2", "f.woff", "gone.woff2"]),
            "b.css": entry("b.css", "text/css", "cdn", fonts=["f.woff2"]),
            "a.js": entry("a.js", "text/javascript"),
            "b.js": entry("b.js", "text/javascript", "cdn"),
            "m.js": entry("m.js", "text/javascript", module=True, imports=["n.js", "side.js"]),
            "n.js": entry("n.js", "text/javascript", module=True, imports=["o.js", "m.js"]),
            "o.js": entry("o.js", "text/javascript", "cdn", module=True),
            "side.js": entry("side.js", "text/javascript"),
            "sw.js": entry("sw.js", "text/javascript", stamp=""),
            "f.woff2": entry("f.woff2", "font/woff2", "cdn"),
            "f.woff": entry("f.woff", "font/woff", "cdn"),
            "i.png": entry("i.png", "image/png"),
            "site.webmanifest": entry("site.webmanifest", "application/manifest+json"),
            "d.json": entry("d.json", "application/json"),
        },
        "bundles": bundles,
        "targets": {"origin": {"url": "/static/"}, "cdn": {"url": CDN}},
    }


ELSEWHERE = 'crossorigin="anonymous"'


@pytest.mark.parametrize(
    ("member", "tag"),
    [
        ("a.js", '<script src="/static/a.0123456789ab.js" integrity="sha256-a.js" defer></script>'),
        ("b.js", f'<script src="{CDN}b.0123456789ab.js" integrity="sha256-b.js" {ELSEWHERE} defer></script>'),
        ("n.js", '<script type="module" src="/static/n.0123456789ab.js" integrity="sha256-n.js"></script>'),
        ("sw.js", '<script src="/static/sw.js" defer></script>'),
        (
            "f.woff",
            f'<link rel="preload" as="font" type="font/woff" href="{CDN}f.0123456789ab.woff" {ELSEWHERE}>',
        ),
        ("i.png", '<link rel="preload" as="image" type="image/png" href="/static/i.0123456789ab.png">'),
        ("site.webmanifest", '<link rel="manifest" href="/static/site.0123456789ab.webmanifest">'),
    ],
)
def test_the_tag_of_a_file(member: str, tag: str) -> None:
    assert snippets.tags(manifest(), [member]).splitlines()[-1] == tag


def test_what_no_tag_loads_is_left_out() -> None:
    assert snippets.tags(manifest(), ["d.json"]) == ""


def test_a_sheet_follows_its_woff2_fonts() -> None:
    assert snippets.tags(manifest(), ["a.css", "b.css"]).splitlines() == [
        '<link rel="preload" as="font" type="font/woff2" href="https://x.example/f.0123456789ab.woff2" '
        'crossorigin="anonymous">',
        '<link rel="stylesheet" href="/static/a.0123456789ab.css" integrity="sha256-a.css">',
        '<link rel="stylesheet" href="https://x.example/b.0123456789ab.css" integrity="sha256-b.css" '
        'crossorigin="anonymous">',
    ]


def test_a_module_follows_all_that_it_imports() -> None:
    assert snippets.tags(manifest(), ["m.js"]).splitlines() == [
        '<link rel="modulepreload" href="/static/n.0123456789ab.js" integrity="sha256-n.js">',
        '<link rel="modulepreload" href="/static/side.0123456789ab.js" integrity="sha256-side.js">',
        '<link rel="modulepreload" href="https://x.example/o.0123456789ab.js" integrity="sha256-o.js" '
        'crossorigin="anonymous">',
        '<script type="module" src="/static/m.0123456789ab.js" integrity="sha256-m.js"></script>',
    ]


def test_a_group_has_the_import_map_then_preloads_then_sheets_then_scripts() -> None:
    site = manifest(site={"url": "…", "parts": ["a.js", "a.css"]})
    lines = snippets.page(site, ["o.js", "site", "a.css", "i.png"]).splitlines()

    assert lines[0] == '<script type="importmap">{'
    assert [
        line.split('"')[1] if " rel=" in line else line[:19]
        for line in lines[lines.index("}</script>") + 1 :]
    ] == [
        "preload",
        "stylesheet",
        "preload",
        '<script type="modul',
        '<script src="/stati',
    ]


def test_a_group_without_modules_has_no_import_map() -> None:
    assert "importmap" not in snippets.page(manifest(), ["a.js", "a.css"])


def test_a_bundle_may_say_how_it_is_loaded() -> None:
    site = manifest(
        p={"parts": ["b.css"], "extra": {"media": "print"}},
        s={"parts": ["a.js"], "extra": {"defer": False}},
    )

    assert snippets.tags(site, ["p"]).splitlines()[1] == (
        '<link rel="stylesheet" href="https://x.example/b.0123456789ab.css" integrity="sha256-b.css" '
        'crossorigin="anonymous" media="print">'
    )
    assert snippets.tags(site, ["s"]) == (
        '<script src="/static/a.0123456789ab.js" integrity="sha256-a.js"></script>\n'
    )


def test_the_import_map_leads_plain_urls_to_fingerprinted_ones() -> None:
    text = snippets.import_map(manifest())

    assert text.startswith('<script type="importmap">{\n') and text.endswith("}</script>\n")
    assert json.loads(text[len('<script type="importmap">') : -len("</script>\n")]) == {
        "imports": {
            "/static/m.js": "/static/m.0123456789ab.js",
            "/static/n.js": "/static/n.0123456789ab.js",
            "/static/o.js": "https://x.example/o.0123456789ab.js",
            "https://x.example/o.js": "https://x.example/o.0123456789ab.js",
            "/static/side.js": "/static/side.0123456789ab.js",
        },
        "integrity": {
            "/static/m.0123456789ab.js": "sha256-m.js",
            "/static/n.0123456789ab.js": "sha256-n.js",
            "https://x.example/o.0123456789ab.js": "sha256-o.js",
            "/static/side.0123456789ab.js": "sha256-side.js",
        },
    }


def test_a_site_without_modules_has_an_empty_import_map() -> None:
    assert snippets.import_map({"files": {}, "bundles": {}, "targets": {}}) == ""


def test_every_bundle_and_group_gets_a_file() -> None:
    site = manifest(**{"css/site.css": {"parts": ["a.css"]}, "Site": {"parts": ["a.js"]}})
    written = includes.includes(site, {"home": ["Site", "m.js"], "empty": []})

    assert sorted(written) == [
        "bundles/Site.html",
        "bundles/css%2Fsite.css.html",
        "groups/empty.html",
        "groups/home.html",
        "importmap.html",
    ]
    assert written["bundles/Site.html"] == snippets.tags(site, ["Site"])
    assert written["groups/home.html"] == snippets.page(site, ["Site", "m.js"])
    assert written["groups/empty.html"] == ""


def test_all_unknown_members_of_groups_are_named_at_once() -> None:
    groups = {"home": ["a.cs"], "more": ["a.css", "xyz"]}

    assert includes.unknown(groups, manifest()["bundles"], manifest()["files"]) == [
        ("home", "a.cs", "did you mean 'a.css'?"),
        ("more", "xyz", ""),
    ]


@pytest.mark.parametrize(
    "hostile", ["{{ 1 }}", "{% if %}", "{# x #}", "<%= x %>", "${x}", "\"><b>&'", "</script>"]
)
def test_no_url_becomes_markup_or_template_syntax(hostile: str) -> None:
    site = manifest()
    for name in ("a.css", "m.js", "n.js", "f.woff2"):
        site["files"][name]["url"] = f"/{hostile}/{name}"
    for text in includes.includes(site, {"all": ["a.css", "m.js"]}).values():
        assert jinja2.Template(text, keep_trailing_newline=True).render() == text
        assert not any(mark in text for mark in ("{{", "}}", "{%", "%}", "{#", "#}", "<%", "${", "<b>"))
        assert text.count("</script>") == text.count("<script")
    source = snippets.import_map(site)
    imports = json.loads(source[source.index("{") : source.rindex("}") + 1])["imports"]
    assert imports["/static/m.js"] == f"/{hostile}/m.js"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), unique=True, max_size=5))
def test_no_two_names_share_a_file(names: list[str]) -> None:
    files = includes.file_names([*names, "A", "a", "x" * 200, "x" * 201, "A~"])

    assert len({name.lower() for name in files.values()}) == len(files)
    assert all(len(name) < 200 and "/" not in name and not name.startswith(".") for name in files.values())
