"""The WSGI application, behind the standard library's validator and server."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable
from http.client import HTTPConnection
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.util import FileWrapper, setup_testing_defaults
from wsgiref.validate import validator

import pytest

from cdn_pipeline.integrations.wsgi import Assets
from tests.conftest import Site

CONFIG = "minify = false"
SHEET = "a { color: red }\n" * 50
PAGE = b"the page"


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [PAGE]


@pytest.fixture
def built(site: Site) -> Site:
    site.write({"static/a.css": SHEET, "static/ü.txt": "umlaut"})
    site.build(CONFIG)
    return site


def ask(application: Any, path: str, **environ: Any) -> tuple[str, dict[str, str], bytes]:
    asked: dict[str, Any] = {"PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "", **environ}
    setup_testing_defaults(asked)
    told: list[Any] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        told[:] = [status, dict(headers)]
        return io.BytesIO().write

    body = validator(application)(asked, start_response)
    try:
        content = b"".join(body)
    finally:
        body.close()
    return told[0], told[1], content


def test_files_come_from_the_build_and_the_rest_from_the_app(built: Site) -> None:
    site = Assets(app, built.out)
    status, headers, body = ask(site, built.url("a.css"))

    assert (status, body) == ("200 OK", SHEET.encode())
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert ask(site, "/") == ("200 OK", {"Content-Type": "text/plain"}, PAGE)
    assert ask(site, "/static")[2] == PAGE
    assert ask(site, "/static/no.css")[0] == "404 Not Found"
    assert ask(site, "/static/no.css", REQUEST_METHOD="POST")[0] == "405 Method Not Allowed"


def test_what_is_no_file_may_be_the_apps(built: Site) -> None:
    site = Assets(app, built.out, fall_through=True)

    assert ask(site, "/static/no.css")[2] == PAGE
    assert ask(site, built.url("a.css"), REQUEST_METHOD="POST")[2] == PAGE
    assert ask(site, built.url("a.css"))[2] == SHEET.encode()


def test_an_origin_with_a_host_of_its_own_does_not_swallow_the_app(built: Site) -> None:
    built.build('minify = false\n[targets.origin]\nurl = "https://static.example.com/"')
    site = Assets(app, built.out)

    assert ask(site, "/")[2] == ask(site, "/a/page")[2] == PAGE
    assert ask(site, built.url("a.css").removeprefix("https://static.example.com"))[2] == SHEET.encode()


def test_an_app_below_a_path_of_its_own_is_asked_in_either_way(built: Site) -> None:
    built.build('minify = false\n[targets.origin]\nurl = "/app/static/"')
    url = built.url("a.css")
    site = Assets(app, built.out)

    assert url.startswith("/app/static/")
    assert ask(site, url.removeprefix("/app"), SCRIPT_NAME="/app")[2] == SHEET.encode()
    assert ask(site, url)[2] == SHEET.encode()
    assert ask(site, url.removeprefix("/app"))[2] == PAGE


def test_a_prefix_of_ones_own(built: Site) -> None:
    site = Assets(app, built.out, "/assets/")

    assert ask(site, built.url("a.css").replace("/static/", "/assets/"))[2] == SHEET.encode()
    assert ask(site, built.url("a.css"))[2] == PAGE


def test_a_path_is_utf_8_in_the_guise_of_latin_1(built: Site) -> None:
    name = built.manifest()["files"]["ü.txt"]["path"].removeprefix("origin/")
    site = Assets(app, built.out)

    assert ask(site, f"/static/{name}".encode().decode("latin-1"))[2] == b"umlaut"
    assert ask(site, "/static/\xff")[0] == "404 Not Found"


def test_head_and_not_modified_have_no_body(built: Site) -> None:
    site = Assets(app, built.out)
    status, headers, body = ask(site, built.url("a.css"), REQUEST_METHOD="HEAD")

    assert (status, headers["Content-Length"], body) == ("200 OK", str(len(SHEET)), b"")
    status, headers, body = ask(site, built.url("a.css"), HTTP_IF_NONE_MATCH=headers["ETag"])
    assert (status, body) == ("304 Not Modified", b"")


def test_the_server_sends_whole_files_by_its_own_means_and_ranges_by_ours(built: Site) -> None:
    wrapped: list[FileWrapper] = []

    def wrapper(file: Any, size: int) -> FileWrapper:
        wrapped.append(FileWrapper(file, size))
        return wrapped[-1]

    site = Assets(app, built.out)
    ranged = ask(site, built.url("a.css"), HTTP_RANGE="bytes=2-6", **{"wsgi.file_wrapper": wrapper})
    assert (ranged[0], ranged[2], wrapped) == ("206 Partial Content", b"{ col", [])

    whole = ask(site, built.url("a.css"), **{"wsgi.file_wrapper": wrapper})
    assert (whole[2], len(wrapped)) == (SHEET.encode(), 1)
    assert wrapped[0].filelike.closed


class Silent(WSGIRequestHandler):
    """Writes no log."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


def test_a_real_server_sends_it(built: Site) -> None:
    with make_server("127.0.0.1", 0, Assets(app, built.out), WSGIServer, Silent) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
            connection.request("GET", built.url("a.css"), headers={"Accept-Encoding": "br"})
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
        finally:
            server.shutdown()
            thread.join()

    assert (answer.status, answer.headers["Content-Encoding"]) == (200, "br")
    assert len(content) == int(answer.headers["Content-Length"])
