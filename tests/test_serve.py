"""``cdn-pipeline serve``, run as a user would, and asked as a browser would."""

from __future__ import annotations

import json
import os
import socket
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from cdn_pipeline.cli import main
from tests.conftest import Site
from tests.served import served

HOST = "127.0.0.1"
CONFIG = """
minify = false
[targets.origin]
url = "https://www.example.com/assets/"
[targets.cdn]
url = "https://cdn.example.com/site/"
store = "directory:published"
[targets.pulled]
url = "https://pull.example.com/"
[[routes]]
match = "*.svg"
target = "pulled"
"""
FILES: dict[str, str | bytes] = {
    "static/a.css": "a { background: url(logo.png) } b { background: url(b.svg) }",
    "static/logo.png": b"logo",
    "static/b.svg": "<svg/>",
}
APP = """
def create(build):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{build} {environ['PATH_INFO']}".encode()]
    return app
"""


def get(url: str) -> tuple[int, str]:
    try:
        with urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def consecutive_ports(count: int) -> int:
    """The first of some that are free."""
    while True:
        with ExitStack() as held, suppress(OSError):
            first = held.enter_context(socket.create_server((HOST, 0))).getsockname()[1]
            for port in range(first + 1, first + count):
                held.enter_context(socket.create_server((HOST, port)))
            return int(first)


@pytest.fixture
def sources(site: Site) -> Site:
    site.write({**FILES, "cdn_pipeline.toml": CONFIG, "app.py": APP})
    return site


def test_each_target_answers_on_a_port_of_its_own(sources: Site) -> None:
    sources.build(CONFIG)
    before = sources.files()
    with served(sources.root) as started:
        urls = started["urls"]
        manifest = json.loads(Path(started["build"], "manifest.json").read_bytes())
        files = {path: entry["url"] for path, entry in manifest["files"].items()}
        sheet = get(urls["origin"].rstrip("/") + files["a.css"])
        page = get(urls["origin"])
        found = [get(files["logo.png"]), get(files["b.svg"])]
        elsewhere = [get(files["logo.png"].replace(urls["cdn"], urls["pulled"])), get(urls["cdn"])]

    assert files["a.css"].startswith("/assets/a.")
    assert files["logo.png"].startswith(urls["cdn"]) and urls["cdn"].endswith("/site/")
    assert files["b.svg"].startswith(urls["pulled"])
    assert len({url.split("/")[2] for url in urls.values()}) == 3
    expected = f"a {{ background: url({files['logo.png']}) }} b {{ background: url({files['b.svg']}) }}"
    assert sheet == (200, expected)
    assert found == [(200, "logo"), (200, "<svg/>")]
    assert elsewhere == [(404, "Not Found\n")] * 2
    assert all(f'<a href="{url}">' in page[1] for url in files.values())
    assert sources.files() == before


def test_the_pages_are_the_apps(sources: Site) -> None:
    with served(sources.root, "--app", "app:create") as started:
        page = get(started["urls"]["origin"] + "some/page")

    assert page == (200, f"{started['build']} /some/page")
    assert not os.path.exists(started["build"])


def test_what_was_built_for_a_named_port_is_there_the_next_time(sources: Site) -> None:
    port = consecutive_ports(3)
    with served(sources.root, "--port", str(port)) as started:
        assert started["urls"]["origin"] == f"http://127.0.0.1:{port}/"
        assert started["urls"]["cdn"] == f"http://127.0.0.1:{port + 1}/site/"

    assert started["build"] == str(sources.root / f".cdn_pipeline/serve/{port}")
    assert os.path.exists(f"{started['build']}/manifest.json")


def test_a_taken_port_is_told(sources: Site, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        code = main(["--config", str(sources.root / "cdn_pipeline.toml"), "serve", "--port", str(port)])

    assert code == 2
    assert (
        f"port {port} for origin: address already in use; choose others with --port"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize("app", ["nowhere:create", "app", "app:nothing", ":create", "app:", ""])
def test_an_app_that_cannot_be_found_is_told(
    sources: Site, app: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sources.root)
    code = main(["serve", "--port", "0", "--app", app])

    assert code == 2
    assert f"--app {app}: " in capsys.readouterr().err


@pytest.mark.parametrize("port", ["-1", "65536", "99999999999"])
def test_a_port_that_cannot_be_is_told(
    sources: Site, port: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sources.root)

    assert main(["serve", "--port", port]) == 2
    assert "choose others with --port" in capsys.readouterr().err


def test_a_site_that_cannot_be_built_is_not_served(
    sources: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sources.write({"static/a.css": "a { background: url(lost.png) }"})
    monkeypatch.chdir(sources.root)

    assert main(["serve", "--port", "0"]) == 1
    assert "no asset 'lost.png'" in capsys.readouterr().err


def test_interrupted_children_leave_no_listener(sources: Site) -> None:
    with served(sources.root) as started:
        port = int(started["urls"]["origin"].rsplit(":", 1)[1].strip("/"))

    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))
        assert os.fstat(again.fileno())
