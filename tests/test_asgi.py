"""The ASGI application, asked message by message."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest

from cdn_pipeline.integrations.asgi import App, Assets
from tests.conftest import Site

CONFIG = "minify = false"
BIG = "a { color: red }\n" * 40_000  # more than two reads


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"the page"})
    else:
        await send({"type": f"{scope['type']}.seen"})


@pytest.fixture
def built(site: Site) -> Site:
    site.write({"static/big.css": BIG, "static/a.txt": "a"})
    site.build(CONFIG)
    return site


async def never() -> Any:
    raise AssertionError("nobody wants the body of a GET")


def messages(application: App, path: str, **scope: Any) -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asked = {"type": "http", "method": "GET", "path": path, "headers": [], **scope}
    asyncio.run(application(asked, never, send))
    return sent


def ask(application: App, path: str, **scope: Any) -> tuple[int, dict[str, str], bytes]:
    start, *parts = messages(application, path, **scope)
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, b"".join(part["body"] for part in parts)


def test_files_come_from_the_build_and_the_rest_from_the_app(built: Site) -> None:
    site = Assets(app, built.out)
    status, headers, body = ask(site, built.url("big.css"))

    assert (status, body) == (200, BIG.encode())
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["content-length"] == str(len(BIG))
    assert ask(site, "/")[2] == ask(site, "/static")[2] == b"the page"
    assert ask(site, "/static/no.css")[0] == 404
    assert ask(site, "/static/no.css", method="POST")[0] == 405
    assert ask(Assets(app, built.out, fall_through=True), "/static/no.css")[2] == b"the page"


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
def test_what_is_not_http_is_the_apps(built: Site, kind: str) -> None:
    site = Assets(app, built.out)

    assert messages(site, built.url("a.txt"), type=kind) == [{"type": f"{kind}.seen"}]


def test_a_large_file_comes_in_pieces_and_the_last_one_says_so(built: Site) -> None:
    parts = messages(Assets(app, built.out), built.url("big.css"))[1:]

    assert [len(part["body"]) for part in parts] == [1 << 18, 1 << 18, len(BIG) - (2 << 18), 0]
    assert [part.get("more_body", False) for part in parts] == [True, True, True, False]


def test_a_server_that_can_sends_whole_files_by_path(built: Site) -> None:
    able: dict[str, Any] = {"extensions": {"http.response.pathsend": {}}}
    site = Assets(app, built.out)
    path = str(built.out / built.manifest()["files"]["big.css"]["path"])

    assert messages(site, built.url("big.css"), **able)[1:] == [
        {"type": "http.response.pathsend", "path": path}
    ]
    encoded = messages(site, built.url("big.css"), headers=[(b"accept-encoding", b"br")], **able)
    assert encoded[1]["path"] == f"{path}.br"
    ranged = ask(site, built.url("big.css"), headers=[(b"range", b"bytes=0-1")], **able)
    assert (ranged[0], ranged[2]) == (206, b"a ")
    assert messages(site, built.url("big.css"), extensions=None)[0]["status"] == 200


def test_lines_of_one_header_are_one_list(built: Site) -> None:
    headers = [(b"accept-encoding", b"br;q=0"), (b"Accept-Encoding", b"gzip")]

    assert ask(Assets(app, built.out), built.url("big.css"), headers=headers)[1]["content-encoding"] == "gzip"


def test_head_has_no_body(built: Site) -> None:
    status, headers, body = ask(Assets(app, built.out), built.url("a.txt"), method="HEAD")

    assert (status, headers["content-length"], body) == (200, "1", b"")


@pytest.mark.parametrize(
    ("origin", "root", "path", "body"),
    [
        ("/static/", "", "/static/{}", b"a"),
        ("/static/", "/app", "/app/static/{}", b"a"),  # the path has the root, as the standard says
        ("/static/", "/app", "/static/{}", b"a"),  # or has it not, as some servers do
        ("/app/static/", "/app", "/app/static/{}", b"a"),
        ("/app/static/", "/app", "/static/{}", b"a"),
        ("/app/static/", "", "/static/{}", b"the page"),
        ("/static/", "/app", "/application/static/{}", b"the page"),
    ],
)
def test_an_app_below_a_path_of_its_own(built: Site, origin: str, root: str, path: str, body: bytes) -> None:
    built.build(f'minify = false\n[targets.origin]\nurl = "{origin}"')
    name = built.url("a.txt").rpartition("/")[2]

    assert ask(Assets(app, built.out), path.format(name), root_path=root)[2] == body


def test_a_client_that_leaves_early_leaves_no_file_open(built: Site) -> None:
    async def gone(message: Any) -> None:
        if message["type"] == "http.response.body":
            raise ConnectionResetError

    scope = {"type": "http", "method": "GET", "path": built.url("big.css"), "headers": []}
    before = os.listdir("/dev/fd")
    with pytest.raises(ConnectionResetError) as error:
        asyncio.run(Assets(app, built.out)(scope, never, gone))

    assert error.value.__traceback__  # which holds every local name of ours
    assert os.listdir("/dev/fd") == before
