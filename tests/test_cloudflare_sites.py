"""Whole sites behind Cloudflare: one that it pulls from, one in R2. Its edge and its API are stand-ins."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cdn_pipeline import cli
from cdn_pipeline.stores import open_store
from tests.api_server import Answer, ApiServer, Asked
from tests.buckets import ANYBODY, moto_server, new_bucket
from tests.edge_server import Content, EdgeServer, Source, of_store

ROUTES = """
[[routes]]
match = ["/robots.txt"]
target = "cdn"
fingerprint = false
cache = "public, max-age=3600"
encodings = []

[[routes]]
match = ["*.png"]
target = "cdn"
"""
FILES = {"static/a.png": "png", "static/robots.txt": "one", "static/a.css": "a { background: url(a.png) }"}


class Cloudflare(ApiServer):
    """Its API, which has the edge forget what it is told."""

    def __init__(self, edge: EdgeServer) -> None:
        super().__init__([(200, {"Content-Type": "application/json"}, '{"success": true}')])
        self.edge = edge

    def answer(self, asked: Asked) -> Answer:
        purge = json.loads(asked.body)
        self.edge.invalidate(urlsplit(url).path for url in purge.get("files", ()))
        return super().answer(asked)

    @property
    def purged(self) -> list[Mapping[str, list[str]]]:
        return [json.loads(each.body) for each in self.asked]


class Site:
    """A project behind an edge that gets its files from *source*."""

    def __init__(self, root: Path, source: Source, patch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.edge = EdgeServer(source, "cloudflare")
        self.api = Cloudflare(self.edge)
        patch.setenv("CLOUDFLARE_BASE_URL", self.api.url)
        patch.setenv("CLOUDFLARE_API_TOKEN", "s3cr3t")

    def __enter__(self) -> Site:
        self.edge.__enter__()
        self.api.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.api.__exit__()
        self.edge.__exit__()

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)

    def run(self, *arguments: str) -> int:
        return cli.main(["--config", str(self.root / "cdn_pipeline.toml"), *arguments])

    def kept(self, path: str) -> tuple[bytes, str]:
        """What a visitor gets, and whether the edge had it."""
        content, _ = self.edge.answer(path, {})
        return content.body, content.headers["CF-Cache-Status"]


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ANYBODY.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)


# It pulls from the origin


@pytest.fixture
def pulled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    def www(path: str) -> Content | None:
        file = tmp_path / "www" / path.removeprefix("static/")
        return Content(200, _headers(path), file.read_bytes()) if file.is_file() else None

    with Site(tmp_path, www, monkeypatch) as site:
        site.write(FILES)
        site.write({"cdn_pipeline.toml": PULLED.format(url=site.edge.url) + ROUTES})
        yield site


PULLED = """
[targets.origin]
url = "/static/"
store = "directory:www"

[targets.cdn]
url = "{url}static/"
cdn = "cloudflare:0123"
cache_tags = ["site"]
"""


def _headers(path: str) -> Mapping[str, str]:
    """As the web server of the origin has them."""
    types = {"png": "image/png", "txt": "text/plain; charset=utf-8", "css": "text/css; charset=utf-8"}
    is_plain = path.endswith("robots.txt")
    cache = "public, max-age=3600" if is_plain else "public, max-age=31536000, immutable"
    return {"Content-Type": types[path.rpartition(".")[2]], "Cache-Control": cache}


def test_in_front_of_an_origin_only_urls_differ(pulled: Site) -> None:
    assert pulled.run("deploy") == 0
    manifest = json.loads((pulled.root / "build/manifest.json").read_bytes())
    png = manifest["files"]["a.png"]["url"]
    style = (pulled.root / "build" / manifest["files"]["a.css"]["path"]).read_text()

    assert png.startswith(f"{pulled.edge.url}static/a.")
    assert png in style
    assert manifest["files"]["a.css"]["url"].startswith("/static/a.")
    assert pulled.kept(urlsplit(png).path) == (b"png", "HIT"), "a deploy has asked for it"


def test_what_changes_under_its_name_is_purged_by_url(pulled: Site) -> None:
    assert pulled.run("deploy") == 0
    assert pulled.kept("/static/robots.txt")[0] == b"one"
    pulled.write({"static/robots.txt": "two"})
    assert pulled.run("deploy") == 0

    assert pulled.api.purged == [{"files": [f"{pulled.edge.url}static/robots.txt"]}]
    assert pulled.kept("/static/robots.txt") == (b"two", "MISS")
    assert pulled.kept("/static/robots.txt") == (b"two", "HIT")


# R2


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """R2 keeps no versions, and its region is "auto"."""
    url = f"{new_bucket(moto_server(), versioned=False)}&region=auto"
    with Site(tmp_path, of_store(open_store(url, tmp_path), "site/"), monkeypatch) as site:
        site.write(FILES)
        site.write({"cdn_pipeline.toml": STORED.format(url=site.edge.url, store=url) + ROUTES})
        yield site


STORED = """
[targets.cdn]
url = "{url}site/"
store = "{store}"
cdn = "cloudflare:0123"
"""


def test_files_in_r2_are_put_asked_for_and_purged(stored: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert stored.run("deploy") == 0
    assert stored.kept("/site/robots.txt")[0] == b"one"
    stored.write({"static/robots.txt": "two"})
    assert stored.run("deploy") == 0
    assert stored.run("verify") == 0
    assert stored.run("rollback") == 0

    assert stored.api.purged == [{"files": [f"{stored.edge.url}site/robots.txt"]}] * 2
    assert stored.kept("/site/robots.txt") == (b"one", "MISS")


def test_nothing_is_pruned_where_versions_are_not_kept(
    stored: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stored.run("deploy") == 0
    assert stored.run("prune", "--yes") == 1
    assert "version" in capsys.readouterr().err
