"""What pages, style sheets and modules load, and how their addresses are read."""

from __future__ import annotations

import pytest

from cdn_pipeline.doctor import module, page, sheet
from cdn_pipeline.doctor.address import NoAddress, absolute
from cdn_pipeline.doctor.resource import Resource, is_fingerprinted, kind_of

URL = "https://www.example.com/a/page"
CDN = "https://cdn.example.com/x"


PAGES: list[tuple[str, list[tuple[str, str]]]] = [
    ('<link rel="stylesheet" href="b.css">', [("style", "https://www.example.com/a/b.css")]),
    ("<LINK REL=StyleSheet HREF=//cdn.example.com/x>", [("style", CDN)]),
    (f'<script src="{CDN}"></script>', [("script", CDN)]),
    (f'<script type="module" src="{CDN}"></script>', [("module", CDN)]),
    (f'<script type="application/json" src="{CDN}"></script>', []),
    (f'<script type="module">import "{CDN}"; import "vue"</script>', [("module", CDN)]),
    (f'<link rel="modulepreload" href="{CDN}">', [("module", CDN)]),
    (f'<link rel="preload" as="font" href="{CDN}">', [("font", CDN)]),
    (f'<link rel="preload" as="fetch" href="{CDN}">', []),
    (f'<link rel="canonical" href="{CDN}"><a href="{CDN}">a</a><form action="{CDN}">', []),
    (f'<img src="{CDN}?a=1&amp;b=2#f">', [("image", f"{CDN}?a=1&b=2")]),
    (f'<img srcset="{CDN} 1x, /y 2x">', [("image", CDN), ("image", "https://www.example.com/y")]),
    (
        f'<video src="{CDN}" poster="/p"><source src="v.mp4"></video>',
        [
            ("media", CDN),
            ("image", "https://www.example.com/p"),
            ("media", "https://www.example.com/a/v.mp4"),
        ],
    ),
    (f'<base href="{CDN}/"><img src="a">', [("image", f"{CDN}/a")]),
    (f'<p style="background: url({CDN})">', [("image", CDN)]),
    (f"<style>@import '{CDN}';</style>", [("style", CDN)]),
    (f'<iframe src="{CDN}"></iframe>', [("frame", CDN)]),
    (f'<!-- <img src="{CDN}"> --><textarea><img src="{CDN}"></textarea>', []),
    ('<img src="data:image/png;base64,AAAA"><img src=""><script src="javascript:a()"></script>', []),
    (f'<img src="{CDN}"><img src="{CDN}">', [("image", CDN)]),
    ('<img src="http://[bad"><img src="https://user:pw@example.com/">', []),
    (f'<svg><image href="{CDN}"/></svg>', [("image", CDN)]),
]


@pytest.mark.parametrize(("text", "expected"), PAGES)
def test_a_page_loads(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(each.kind, each.url) for each in page.named(text, URL)] == expected


def test_attributes_that_say_how_are_kept() -> None:
    text = f'<link rel=preload as=font href="{CDN}">'
    text += '<script integrity=" sha256-A " crossorigin src="/a"></script>'

    assert page.named(text, URL) == (
        Resource(CDN, "font", URL, None, "", True),
        Resource("https://www.example.com/a", "script", URL, "", "sha256-A"),
    )


SHEETS: list[tuple[str, list[tuple[str, str, str | None]]]] = [
    ("@import url(b.css) layer(x);", [("style", "https://www.example.com/a/b.css", None)]),
    (f"@font-face {{ src: url({CDN}) format('woff2') }}", [("font", CDN, None)]),
    (f'@media print {{ a {{ background: URL("{CDN}") }} }}', [("image", CDN, None)]),
    (f"a {{ mask-image: url({CDN}) }}", [("image", CDN, "")]),
    (f"a {{ background: image-set('{CDN}' 1x) }}", [("image", CDN, None)]),
    (f'a {{ content: "{CDN}"; --x: url({CDN}) }}', [("image", CDN, None)]),
    ("a { filter: url(#f) } /* url(x) */ b { background: url(data:image/png,x) }", []),
    (f"a {{ background: url({CDN}", [("image", CDN, None)]),
]


@pytest.mark.parametrize(("text", "expected"), SHEETS)
def test_a_sheet_loads(text: str, expected: list[tuple[str, str, str | None]]) -> None:
    found = sheet.named(text, URL, "")

    assert [(each.kind, each.url, each.crossorigin) for each in found] == expected


def test_a_module_loads_what_it_imports_from_addresses() -> None:
    text = f"import a from './b.js'; export * from '{CDN}'; import c from 'vue'; import('./later.js')"

    assert [each.url for each in module.named(text, URL, "")] == ["https://www.example.com/a/b.js", CDN]


def test_what_cannot_be_read_loads_nothing() -> None:
    assert list(module.named("import ` '", URL, "")) == []
    assert page.named("<svg><g></svg><p></g><img src=a>" + "<" * 1000, URL) is not None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("HTTPS://Example.COM:443/a b?c=ü#x", "https://example.com/a%20b?c=%C3%BC"),
        (" \n//cdn.example.com\\a", "https://cdn.example.com/a"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("http://[::1]:8000", "http://[::1]:8000/"),
        ("%41%zz", "https://www.example.com/a/%41%zz"),
    ],
)
def test_an_address_is_read_as_a_browser_does(written: str, expected: str) -> None:
    assert absolute(written, URL) == expected


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("file:///etc/passwd", "leads to file:, which no browser follows"),
        ("ftp://example.com/", "leads to ftp:, which no browser follows"),
        ("http://[", "is no URL"),
        ("http://a:b@example.com/", "has credentials in it"),
        ("http://example.com:99999/", "is no URL"),
        ("http:///path", "names no host"),
        ("http://exa mple.com/", "names no host"),
        ("https://example.com/" + "a" * 9000, "is 9,020 characters long"),
    ],
)
def test_what_is_no_address_is_refused(written: str, reason: str) -> None:
    with pytest.raises(NoAddress, match=reason):
        absolute(written)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("app.0123456789ab.css", True),
        ("app-4f1dc3f5.min.js", True),
        ("index-DiwrgT4a.js", True),
        ("application-0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9.js", True),
        ("_next/static/0a1b2c3d4e5f6071/page.js", True),
        ("app.css", False),
        ("report-20240115.pdf", False),
        ("jquery-3.7.1.min.js", False),
        ("facade-deadbeef.png", False),
        ("some-MyModule.js", False),
        ("uploads/12345678/photo.jpg", False),
    ],
)
def test_a_fingerprint_is_told_from_a_word_or_a_date(path: str, expected: bool) -> None:
    assert is_fingerprinted(f"https://example.com/{path}") is expected


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("", "page"),
        ("about", "page"),
        ("a.html", "page"),
        ("a.CSS", "style"),
        ("a.mjs", "module"),
        ("a.zip", "other"),
    ],
)
def test_a_url_given_by_hand_is_what_its_extension_says(path: str, kind: str) -> None:
    assert kind_of(f"https://example.com/{path}") == kind
