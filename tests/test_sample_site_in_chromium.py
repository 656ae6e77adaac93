"""The sample site as a Flask and as a Django application, looked at by a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from cdn_pipeline import digest, media_types
from tests import chromium
from tests.chromium import Chromium, Page, Request
from tests.served import served
from tests.test_sample_site import copy

FOR_THE_CDN = {"png", "jpg", "webp", "avif", "woff2", "woff"}
IMMUTABLE = "public, max-age=31536000, immutable"
PAGES = {"flask": "public, max-age=60, s-maxage=600", "django": None}  # their Cache-Control
WIDE, NARROW = 1400, 390  # pixels
ALL_IMAGES = """
for (const image of document.images) image.loading = "eager";
Promise.all([...document.images].map(image => image.decode())).then(() => document.images.length)
"""
LINKS = "[...document.querySelectorAll('.site-nav a')].map(link => link.href)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    program = chromium.find()
    if program is None:
        pytest.skip("there is no Chromium here; install Debian's package chromium")
    with Chromium(program) as started:
        yield started


class Site(NamedTuple):
    """A running site."""

    framework: str
    origin: str
    cdn: str
    build: Path


@pytest.fixture(scope="module", params=sorted(PAGES))
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = tmp_path_factory.mktemp(request.param)
    copy(root / "sample_site")
    app = f"sample_site.{request.param}_app:create"
    with served(root, "--config", "sample_site/cdn_pipeline.toml", "--app", app) as started:
        urls: dict[str, str] = started["urls"]
        yield Site(request.param, urls["origin"], urls["cdn"], Path(started["build"]))


@pytest.fixture
def page(browser: Chromium) -> Iterator[Page]:
    with browser.open() as opened:
        yield opened


def check(site: Site, request: Request, page: str) -> None:
    """Status, host, type and caching, by nothing but the URL."""
    path = urlsplit(request.url).path
    ending = media_types.extension(path)
    host = site.cdn if ending in FOR_THE_CDN else site.origin
    assert (request.status, request.failure) == (200, ""), request
    assert request.url.startswith(host), request
    if request.url == page:
        assert (request.mime, request.headers.get("cache-control")) == ("text/html", PAGES[site.framework])
    elif digest.stamp_of(path):
        assert request.headers["cache-control"] == IMMUTABLE, request
        assert request.mime == media_types.media_type(path), request
    else:
        assert (path, request.headers["cache-control"]) == ("/static/favicon.ico", "no-cache")


def endings(requests: list[Request]) -> set[str]:
    return {media_types.extension(urlsplit(request.url).path) for request in requests}


@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("", WIDE),
        ("", NARROW),
        ("plates.html", WIDE),
        ("plates.html", NARROW),
        ("mirror.html", WIDE),
        ("visit.html", NARROW),
    ],
)
def test_every_request_of_a_page_is_as_it_should_be(
    site: Site, browser: Chromium, name: str, width: int
) -> None:
    url = site.origin + name
    with browser.open(width) as page:
        page.goto(url)
        images = page.run(ALL_IMAGES)
        requests = list(page.requests.values())
        for request in requests:
            check(site, request, url)

        assert page.errors == []
        assert images >= 1
        assert {"css", "js", "svg", "woff2", "webmanifest"} <= endings(requests)
        assert page.run(LINKS) == [f"{site.origin}{each}.html" for each in ("plates", "mirror", "visit")]
        assert page.run("document.fonts.check('1em \"Wren Capitals\"')")
        assert page.run("getComputedStyle(document.querySelector('.skip-link')).position") == "absolute"


def test_a_second_look_comes_from_the_cache(site: Site, browser: Chromium) -> None:
    with browser.open() as first:
        first.goto(site.origin)
        first.run(ALL_IMAGES)
    with browser.open() as second:
        second.goto(site.origin)
        second.run(ALL_IMAGES)

    asked = {request.url for request in second.requests.values() if not request.is_cached}
    assert len(first.requests) > 20
    assert [url for url in asked if digest.stamp_of(urlsplit(url).path)] == []


def test_modules_import_more_and_start_a_worker(site: Site, page: Page) -> None:
    page.goto(site.origin)
    page.run("document.querySelector('[data-shutter]').click()")

    def worker() -> Any:
        return next((each for each in page.requests.values() if "exposure-worker" in each.url), None)

    page.until(lambda: worker() is not None and worker().status > 0)
    check(site, worker(), site.origin)
    assert any("/js/sky/exposure." in request.url for request in page.requests.values())
    assert page.errors == []


def test_a_tampered_script_is_refused(site: Site, page: Page) -> None:
    """So that the tests above would notice."""
    script = next((site.build / "origin/bundles").glob("site.*.js"))
    text = script.read_bytes()
    page.call("Network.setCacheDisabled", cacheDisabled=True)
    try:
        for file in script.parent.glob(f"{script.name}*"):
            file.unlink()
        script.write_bytes(text + b" ")
        page.goto(site.origin)
    finally:
        script.write_bytes(text)

    assert [error for error in page.errors if "'integrity' attribute" in error] == page.errors != []
