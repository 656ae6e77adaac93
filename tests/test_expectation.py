"""Expectations: what visitors must get for which URLs."""

from __future__ import annotations

from typing import Any

import pytest

from cdn_pipeline import expectation
from cdn_pipeline.config import Target
from cdn_pipeline.document import Document
from cdn_pipeline.expectation import Expected

TARGETS = {
    "origin": Target("origin", "/static/"),
    "cdn": Target("cdn", "//x.example/s/", "s3://b", keep_on_origin=True, hold_s=60),
    "dark": Target("dark", "https://dark.example/", verify_edge=False),
    "near": Target("near", "/near/"),
}
IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}


def entry(path: str, target: str, type_: str, **more: Any) -> dict[str, Any]:
    stem, _, extension = path.rpartition(".")
    name = more.pop("name", f"{stem}.0123456789ab.{extension}")
    url = f"{TARGETS[target].url}{name}"
    facts = {"url": url, "path": f"{target}/{name}", "target": target, "type": type_}
    return {**facts, "sha256": path.ljust(64, "0"), "size": len(path), "headers": IMMUTABLE, **more}


def manifest(*rows: dict[str, Any]) -> Document:
    return Document(files={row["sha256"].rstrip("0"): row for row in rows})


def test_what_a_file_must_give() -> None:
    [found] = expectation.of(manifest(entry("a.css", "cdn", "text/css", fallback="/static/a")), TARGETS)

    assert found == Expected(
        target="cdn",
        path="a.css",
        url="https://x.example/s/a.0123456789ab.css",
        size=5,
        sha256="a.css".ljust(64, "0"),
        headers={
            "content-type": "text/css; charset=utf-8",
            "cache-control": "public, max-age=31536000, immutable",
        },
        is_fixed=False,
        is_shared=False,
        can_wait=True,
    )
    assert (found.host, found.is_text) == ("x.example", True)


def test_only_urls_with_a_host_are_asked_and_no_target_that_may_not() -> None:
    rows = [entry(f"{name}.png", name, "image/png") for name in TARGETS]

    assert [each.target for each in expectation.of(manifest(*rows), TARGETS)] == ["cdn"]


@pytest.mark.parametrize(
    ("row", "is_shared"),
    [
        (entry("a.woff2", "cdn", "font/woff2"), True),
        (entry("a.TTF", "cdn", "font/ttf"), True),
        (entry("a.js", "cdn", "text/javascript"), False),
        (entry("a.js", "cdn", "text/javascript", module=True), True),
        (entry("n.js", "cdn", "text/javascript"), True),
        (entry("a.png", "cdn", "image/png", headers={"access-control-allow-origin": "*", **IMMUTABLE}), True),
        (entry("a.png", "cdn", "image/png"), False),
    ],
)
def test_what_browsers_fetch_with_cors(row: dict[str, Any], is_shared: bool) -> None:
    importing = entry("m.js", "origin", "text/javascript", imports=["n.js"])

    assert [each.is_shared for each in expectation.of(manifest(row, importing), TARGETS)] == [is_shared]


def test_the_manifest_s_own_type_counts() -> None:
    headers = {**IMMUTABLE, "Content-Type": "text/css"}
    [found] = expectation.of(manifest(entry("a.css", "cdn", "text/css", headers=headers)), TARGETS)

    assert found.headers["content-type"] == "text/css"


def test_a_name_without_fingerprint_may_be_older_for_a_while() -> None:
    [found] = expectation.of(manifest(entry("a.png", "cdn", "image/png", name="a.png")), TARGETS)

    assert found.is_fixed


def test_without_a_copy_nothing_can_wait() -> None:
    assert not expectation.of(manifest(entry("a.png", "cdn", "image/png")), TARGETS)[0].can_wait


MANY = [entry(f"{number}.png", "cdn", "image/png") for number in range(400)]
FONT = entry("a.woff", "cdn", "font/woff")


def test_a_sample_is_about_as_large_as_asked_and_the_same_each_time() -> None:
    document = manifest(*MANY)
    expected = expectation.of(document, TARGETS)
    sizes = {part: len(expectation.sample(expected, part, document.files)) for part in (0.0, 0.1, 0.5, 1.0)}

    assert sizes[0.0] == 0
    assert 20 < sizes[0.1] < 65
    assert 150 < sizes[0.5] < 250
    assert sizes[1.0] == 400
    assert expectation.sample(expected, 0.1, document.files) == expectation.sample(
        expected, 0.1, document.files
    )


def test_another_release_has_another_sample() -> None:
    rows = [*MANY[:399], entry("399.png", "cdn", "image/png", sha256="f" * 64)]
    before, after = manifest(*MANY), Document(files={f"{number}.png": row for number, row in enumerate(rows)})
    samples = [
        {each.path for each in expectation.sample(expectation.of(each_, TARGETS), 0.1, before.files)}
        for each_ in (before, after)
    ]

    assert samples[0] != samples[1]


def test_new_urls_fonts_and_what_is_held_are_always_asked() -> None:
    document = manifest(FONT, *MANY)
    before = {**document.files, "7.png": {"url": "//x.example/s/7.old.png"}}
    del before["8.png"]  # type: ignore[attr-defined]
    expected = expectation.of(document, TARGETS)
    small, none = (expectation.sample(expected, part, before, {("cdn", "9.png")}) for part in (1e-9, 0.0))

    assert [each.path for each in small] == ["a.woff", "7.png", "8.png", "9.png"]
    assert [each.path for each in none] == ["7.png", "8.png", "9.png"]


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("/static/", "https://www.example.com"),
        ("https://my.site:8443/static/", "https://my.site:8443"),
        ("//my.site/static/", "https://my.site"),
    ],
)
def test_pages_ask_from_their_own_origin_where_it_is_known(url: str, page: str) -> None:
    assert expectation.page_origin({"origin": Target("origin", url)}) == page
