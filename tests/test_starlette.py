"""Starlette's own application and test client on a real build."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, NoMatchFound, Route
from starlette.templating import Jinja2Templates
from starlette.testclient import TestClient
from starlette.types import Scope

from cdn_pipeline.errors import ConfigError
from cdn_pipeline.integrations.starlette import CDNPipeline, StaticFiles, StaticMount
from cdn_pipeline.manifest import Manifest
from tests.conftest import Site

CONFIG = """
minify = false
html = ["*.html"]
[targets.cdn]
url = "https://cdn.example.com/site/"
store = "directory:published"
"""
SHEET = "a { color: red }\n" * 50
IMMUTABLE = "public, max-age=31536000, immutable"


@pytest.fixture
def built(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    site.write(
        {
            "static/a.css": SHEET,
            "static/logo.png": b"logo",
            "static/docs/index.html": '<img src="../logo.png">',
            "static/404.html": "<p>lost</p>",
        }
    )
    site.build(CONFIG)
    site.write({"static/new.css": "b {}"})  # since the build
    monkeypatch.chdir(site.root)
    return site


def client(**options: Any) -> TestClient:
    return TestClient(Starlette(routes=[Mount("/static", StaticFiles(**options), name="static")]))


def test_the_build_is_served_with_its_headers(built: Site) -> None:
    got = client().get(built.url("a.css"), headers={"accept-encoding": "br"})

    assert got.text == SHEET
    assert got.headers["cache-control"] == IMMUTABLE
    assert got.headers["content-encoding"] == "br"
    assert got.headers["vary"] == "Accept-Encoding"
    assert client().get(built.url("a.css"), headers={"if-none-match": got.headers["etag"]}).status_code == 304


def test_a_source_of_no_build_is_served_to_be_asked_for_again(built: Site) -> None:
    got = client(directory="static").get("/static/new.css")

    assert (got.text, got.headers["cache-control"]) == ("b {}", "no-cache")
    assert client(directory="static").get("/static/a.css").headers["cache-control"] == "no-cache"
    assert client().get("/static/a.css").status_code == 404


def test_what_is_nowhere_is_not_found_and_not_kept(built: Site) -> None:
    for options in ({}, {"directory": "static"}):
        got = client(**options).get("/static/no.css")
        assert (got.status_code, got.headers["cache-control"]) == (404, "no-store")
        refused = client(**options).post(built.url("a.css"))
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


def test_the_project_is_found_around_the_directory(built: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")

    assert client(directory=built.root / "static").get(built.url("a.css")).text == SHEET


def test_pages_of_html_mode_are_the_built_ones(built: Site) -> None:
    site = client(directory="static", html=True)
    page = f'<img src="{built.url("logo.png")}">'

    assert site.get("/static/docs/").text == page
    assert [(got.status_code, got.text) for got in site.get("/static/docs").history] == [(307, "")]
    assert site.get("/static/docs").text == page
    assert (site.get("/static/x").status_code, site.get("/static/x").text) == (404, "<p>lost</p>")
    assert site.get("/static/404.html.gz").text == "<p>lost</p>"


def test_a_subclass_may_add_headers(built: Site) -> None:
    class Mine(StaticFiles):
        async def get_response(self, path: str, scope: Scope) -> Response:
            response = await super().get_response(path, scope)
            response.headers["X-Mine"] = "yes"
            return response

    app = Starlette(routes=[Mount("/static", Mine())])
    got = TestClient(app).get(built.url("a.css"))

    assert (got.text, got.headers["x-mine"]) == (SHEET, "yes")


def test_ranges_and_head_pass_through_middleware(built: Site) -> None:
    async def nothing(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    app = Starlette(routes=[Mount("/static", StaticFiles())])
    app.add_middleware(BaseHTTPMiddleware, dispatch=nothing)
    site = TestClient(app)

    part = site.get(built.url("a.css"), headers={"range": "bytes=2-6", "accept-encoding": "identity"})
    assert (part.status_code, part.text) == (206, "{ col")
    head = site.head(built.url("a.css"), headers={"accept-encoding": "identity"})
    assert (head.text, head.headers["content-length"]) == ("", str(len(SHEET)))


def test_a_new_build_is_seen_without_a_restart(built: Site) -> None:
    site = client(manifest=Manifest.load(built.out / "manifest.json", reload=0))
    assert site.get(built.url("a.css")).text == SHEET

    built.write({"static/a.css": "b {}"})
    built.build(CONFIG)
    assert site.get(built.url("a.css")).text == "b {}"


@pytest.fixture
def routed(built: Site) -> Iterator[TestClient]:
    """An application that answers with what ``url_for`` says of the path in the query."""

    def url(request: Request) -> PlainTextResponse:
        name = request.query_params.get("name", "static")
        return PlainTextResponse(str(request.url_for(name, path=request.query_params["path"])))

    files = StaticMount("/static", StaticFiles(directory="static"), name="static")
    yield TestClient(Starlette(routes=[Route("/", url), files]), root_path="/root")


@pytest.mark.parametrize("path", ["logo.png", "/logo.png"])
def test_url_for_is_the_url_of_the_build(built: Site, routed: TestClient, path: str) -> None:
    assert routed.get("/", params={"path": path}).text == built.url("logo.png")
    assert built.url("logo.png").startswith("https://cdn.example.com/site/logo.")


def test_url_for_of_the_origin_is_on_the_host_of_the_request(built: Site, routed: TestClient) -> None:
    assert routed.get("/", params={"path": "a.css"}).text == f"http://testserver{built.url('a.css')}"


def test_url_for_of_what_is_not_built_is_starlettes(built: Site, routed: TestClient) -> None:
    assert routed.get("/", params={"path": "new.css"}).text == "http://testserver/root/static/new.css"
    with pytest.raises(NoMatchFound):
        routed.get("/", params={"path": "a.css", "name": "media"})


def test_in_a_mount_within_a_mount_files_have_urls_that_work(built: Site, routed: TestClient) -> None:
    site = TestClient(Starlette(routes=[Mount("/part", routed.app)]))
    of_cdn, of_origin = (site.get("/part/", params={"path": path}).text for path in ("logo.png", "a.css"))

    assert of_cdn == "http://testserver/part/static/logo.png"
    assert of_origin == f"http://testserver/part{built.url('a.css')}"
    for url in (of_cdn, of_origin):
        assert site.get(url).status_code == 200


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("is_mounted", [False, True])
def test_an_application_below_a_path_works_where_the_origins_url_has_it(
    site: Site, monkeypatch: pytest.MonkeyPatch, is_mounted: bool, debug: bool
) -> None:
    """Mounted in another one, or below a server's root path; a sheet's own references lead there, too."""
    site.write(
        {
            "static/a.css": "a { background: url(b.svg) }",
            "static/b.svg": "<svg/>",
            "templates/page.html": "{{ asset_url('a.css') }} "
            "{{ url_for(request.query_params.name, path='a.css') }}",
        }
    )
    site.build('[targets.origin]\nurl = "/part/static/"\n')
    monkeypatch.chdir(site.root)
    templates = Jinja2Templates("templates")

    async def page(request: Request) -> Response:
        return templates.TemplateResponse(request, "page.html")

    inner = Starlette(routes=[Route("/", page)], debug=debug)
    CDNPipeline(inner, templates, directory="static")
    outer = Starlette(routes=[Mount("/part", inner, name="part")])
    client = TestClient(outer) if is_mounted else TestClient(inner, root_path="/part")
    name = "part:static" if is_mounted else "static"
    of_asset, of_route = client.get("/part/", params={"name": name}).text.split()

    sheet = "/part/static/a.css" if debug else site.url("a.css")
    assert (of_asset, of_route) == (sheet, f"http://testserver{sheet}")
    assert "svg" in client.get(of_asset).text
    image = "/part/static/b.svg" if debug else site.url("b.svg")
    assert client.get(image).text == "<svg/>"


def test_without_a_build_everything_is_plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cdn_pipeline.toml").write_text("")
    (tmp_path / "static").mkdir()
    (tmp_path / "static/a.css").write_text(SHEET)
    monkeypatch.chdir(tmp_path)
    app = Starlette(routes=[StaticMount("/static", StaticFiles(directory="static"), name="static")])

    assert app.url_path_for("static", path="a.css") == "/static/a.css"
    assert TestClient(app).get("/static/a.css").text == SHEET


def test_one_line_mounts_the_files_and_fits_templates_out(built: Site) -> None:
    built.write({"templates/page.html": "{{ asset_url('logo.png') }} {{ url_for('static', path='a.css') }}"})
    templates = Jinja2Templates("templates")

    async def page(request: Request) -> Response:
        return templates.TemplateResponse(request, "page.html")

    app = Starlette(routes=[Route("/", page)])
    pipeline = CDNPipeline(app, templates, directory="static")
    site = TestClient(app)

    assert site.get("/").text == f"{built.url('logo.png')} http://testserver{built.url('a.css')}"
    assert site.get(built.url("a.css")).headers["cache-control"] == IMMUTABLE
    assert pipeline.manifest.url("logo.png") == built.url("logo.png")


def test_the_mount_is_where_the_origins_url_says(site: Site) -> None:
    site.write({"static/a.css": SHEET})
    site.build('[targets.origin]\nurl = "/assets/"')
    app = Starlette()
    CDNPipeline(app, manifest=site.out)

    assert TestClient(app).get(site.url("a.css")).status_code == 200
    assert site.url("a.css").startswith("/assets/a.")


def test_an_origin_with_a_host_of_its_own_needs_a_path_to_be_mounted_at(site: Site) -> None:
    site.write({"static/a.css": SHEET})
    site.build('[targets.origin]\nurl = "https://static.example.com/"')

    with pytest.raises(ConfigError, match="name one as `path`"):
        CDNPipeline(Starlette(), manifest=site.out)


def test_in_development_pages_show_the_sources_with_no_build_at_all(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write(
        {
            "cdn_pipeline.toml": CONFIG,
            "static/logo.png": b"logo",
            "templates/page.html": "{{ asset_url('logo.png') }} {{ url_for('static', path='logo.png') }}",
        }
    )
    monkeypatch.chdir(site.root)
    templates = Jinja2Templates("templates")

    async def page(request: Request) -> Response:
        return templates.TemplateResponse(request, "page.html")

    app = Starlette(debug=True, routes=[Route("/", page)])
    CDNPipeline(app, templates)
    got = TestClient(app).get("/static/logo.png")

    assert TestClient(app).get("/").text == "/static/logo.png http://testserver/static/logo.png"
    assert (got.content, got.headers["cache-control"]) == (b"logo", "no-cache")


@pytest.mark.parametrize("path", ["/static/docs/", "/static/docs/index.html"])
def test_in_development_sources_come_before_the_last_build(built: Site, path: str) -> None:
    app = Starlette(debug=True)
    CDNPipeline(app, directory="static", html=True)
    built.write({"static/docs/index.html": "<p>new"})

    assert TestClient(app).get(path).text == "<p>new"
    assert TestClient(app).get(built.url("a.css")).headers["cache-control"] == IMMUTABLE
