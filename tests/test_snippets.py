"""Template includes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from cdn_pipeline import snippets

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


NONCE = snippets.Options(nonce='a"b')


def test_a_nonce_stands_where_policies_of_scripts_and_styles_ask_for_it() -> None:
    lines = snippets.tags(manifest(), ["a.css", "m.js", "i.png", "site.webmanifest"], NONCE).splitlines()
    with_nonce = [line for line in lines if 'nonce="a&quot;b"' in line]

    assert [re.search(r' rel="(\w+)"|(type="module")', line)[0].strip() for line in with_nonce] == [  # type: ignore[index]
        'rel="modulepreload"',
        'rel="modulepreload"',
        'rel="modulepreload"',
        'rel="stylesheet"',
        'type="module"',
    ]
    assert len(lines) == len(with_nonce) + 3  # but for font, picture and web manifest


def test_attributes_are_those_of_the_members_themselves() -> None:
    options = snippets.Options(preload=False, attributes={"defer": None, "async_": True, "data_a_b": "<1>"})

    assert snippets.tags(manifest(), ["sw.js"], options) == (
        '<script src="/static/sw.js" async data-a-b="&lt;1&gt;"></script>\n'
    )


def test_preloads_are_what_the_tags_fetch_ahead() -> None:
    ahead = snippets.preload_tags(snippets.preloads(manifest(), ["a.css", "m.js", "i.png", "i.png"]))
    tags = snippets.tags(manifest(), ["a.css", "m.js", "i.png"]).splitlines()

    assert sorted(ahead.splitlines()) == sorted(tag for tag in tags if "preload" in tag)
