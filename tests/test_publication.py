"""What a build puts where, and which builds are refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from cdn_pipeline import digest, publication
from cdn_pipeline.errors import ConfigError, PublishError
from cdn_pipeline.publication import Object
from tests.publishing import CONFIG, built, config_of

TWO_PLACES = """
minify = false

[targets.origin]
store = "memory:origin"

[targets.cdn]
url = "https://cdn.example.com/site/"
store = "memory:cdn"
keep_on_origin = true
cache_tags = ["site", "images"]
cdn = "cloudfront:E2EXAMPLE"

[[routes]]
match = ["*.png"]
target = "cdn"

[[routes]]
match = ["logo.svg"]
target = "cdn"
fingerprint = false
encodings = ["gzip"]
"""
TEXT = "<svg>" + "a" * 500 + "</svg>"


def of(root: Path) -> publication.Publication:
    return publication.of(root / "build", config_of(root))


def test_a_place_gets_its_files_their_neighbours_and_copies(tmp_path: Path) -> None:
    built(tmp_path, {"a.png": "png", "logo.svg": TEXT, "a.css": "a{}"}, TWO_PLACES)
    found = of(tmp_path)

    png, css = digest.stamp("a.png", digest.sha256(b"png")), digest.stamp("a.css", digest.sha256(b"a{}"))
    assert {name: list(place.objects) for name, place in found.places.items()} == {
        "origin": [css, png, "logo.svg", "logo.svg.gz"],
        "cdn": [png, "logo.svg", "logo.svg.gz"],
    }
    assert (found.home, found.places["cdn"].url) == ("cdn", "https://cdn.example.com/site/")


def test_an_object_has_the_headers_of_the_manifest_its_type_encoding_and_tags(tmp_path: Path) -> None:
    out = built(tmp_path, {"a.png": "png", "logo.svg": TEXT, "a.css": "a{}"}, TWO_PLACES)
    objects = of(tmp_path).places["cdn"].objects

    assert objects["logo.svg.gz"] == Object(
        key="logo.svg.gz",
        file=str(out / "cdn/logo.svg.gz"),
        size=(out / "cdn/logo.svg.gz").stat().st_size,
        sha256=digest.sha256((out / "cdn/logo.svg.gz").read_bytes()),
        headers={
            "Content-Type": "image/svg+xml; charset=utf-8",
            "Cache-Control": "no-cache",
            "Cache-Tag": "site,images",
            "Content-Encoding": "gzip",
        },
        is_immutable=False,
        encoding="gzip",
        content=digest.sha256(gzip.decompress((out / "cdn/logo.svg.gz").read_bytes())),
    )
    png = next(iter(objects.values()))
    assert png.is_immutable
    assert png.headers == {
        "Content-Type": "image/png",
        "Cache-Control": "public, max-age=31536000, immutable",
        "Cache-Tag": "site,images",
    }


def test_what_a_cdn_must_be_told_of_has_the_path_that_visitors_ask_for(tmp_path: Path) -> None:
    built(tmp_path, {"a.png": "png", "logo.svg": TEXT}, TWO_PLACES)

    assert list(of(tmp_path).fixed["cdn"]) == ["/site/logo.svg"]


def edited(root: Path, change: Any) -> None:
    file = root / "build/manifest.json"
    content = json.loads(file.read_bytes())
    change(content)
    file.write_text(json.dumps(content, indent=1))


WRONG = {
    "edited": (lambda out: (out / "manifest.json").write_bytes(
        (out / "manifest.json").read_bytes().replace(b"no-cache", b"max-age=9")
    ), "manifest.json: was changed after the build; build again"),
    "newer": (lambda out: (out / "manifest.json").write_bytes(
        (out / "manifest.json").read_bytes().replace(b'"version": 1', b'"version": 2')
    ), "is of version 2, and this cdn_pipeline reads version 1; install the one that built it"),
    "cut off": (lambda out: (out / "manifest.json").write_bytes(
        (out / "manifest.json").read_bytes()[:-40]
    ), "manifest.json: is damaged or cut off"),
    "no manifest": (lambda out: (out / "manifest.json").unlink(),
        "manifest.json: cannot be read: no such file or directory; run `cdn-pipeline build`"),
    "a file gone": (lambda out: (out / "cdn/robots.txt").unlink(),
        "cdn/robots.txt: no such file or directory; build again"),
    "a file cut": (lambda out: (out / "cdn/robots.txt").write_text("h"),
        "cdn/robots.txt: has 1 byte, and 5 in the manifest; build again"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_a_build_that_is_not_as_it_was_made_is_refused(tmp_path: Path, wrong: str) -> None:
    out = built(tmp_path, {"a.txt": "one", "robots.txt": "hello"})
    break_it, message = WRONG[wrong]
    break_it(out)

    with pytest.raises(PublishError) as error:
        of(tmp_path)
    assert message in str(error.value)


def test_every_file_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    out = built(tmp_path, {"a.txt": "one", "b.txt": "two", "robots.txt": "hello"})
    for file in (out / "cdn").iterdir():
        file.unlink()

    with pytest.raises(PublishError) as error:
        of(tmp_path)
    assert len(error.value.problems) == 3


def test_an_empty_build_is_refused(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    built(tmp_path, {})

    with pytest.raises(PublishError, match="the build has no files; build again"):
        of(tmp_path)


def test_a_build_for_other_urls_is_refused(tmp_path: Path) -> None:
    built(tmp_path, {"a.txt": "one"})
    (tmp_path / "cdn_pipeline.toml").write_text(CONFIG.replace("cdn.example.com", "cdn.example.org"))

    with pytest.raises(PublishError, match=r"the build was made for another targets.cdn; build again"):
        of(tmp_path)


def test_two_targets_in_one_store_are_refused(tmp_path: Path) -> None:
    built(tmp_path, {"a.png": "png"}, TWO_PLACES.replace("memory:origin", "memory:cdn"))

    with pytest.raises(ConfigError, match=r"targets.cdn has the same store as targets.origin; give each a"):
        of(tmp_path)


def test_a_site_without_a_store_is_told_to_name_one(tmp_path: Path) -> None:
    built(tmp_path, {"a.png": "png"}, "minify = false\n")

    with pytest.raises(ConfigError, match=r"no target has a store; set targets.NAME.store"):
        of(tmp_path)


def test_a_file_that_changes_under_a_deploy_is_not_sent(tmp_path: Path) -> None:
    out = built(tmp_path, {"robots.txt": "hello"})
    object_ = of(tmp_path).places["cdn"].objects["robots.txt"]
    (out / "cdn/robots.txt").write_text("HELLO")

    with pytest.raises(PublishError, match=r"robots.txt: was changed after the build; build again"):
        publication.digest_of(object_)
