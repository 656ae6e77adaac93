"""WhiteNoise serves what we build, unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import django_site

django_site.configure()

from django.core.management import call_command  # noqa: E402  (asks for settings)
from django.templatetags.static import static  # noqa: E402
from django.test import Client  # noqa: E402

IMMUTABLE = "max-age=315360000, public, immutable"
FILES = {
    "static/css/a.css": "a { color : red }\n" * 50,
    "static/jquery.min.js": "a();\n",
    "static/robots.txt": "x\n",
    "static/old.css": "a{}\n",
    "templates/page.html": '{% load static %}{% static "css/a.css" %}',
}


def write(root: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)


@pytest.fixture(params=["origin", "pull"])
def client(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Client]:
    """Of a collected site, also with a CDN in front of it."""
    write(tmp_path, FILES)
    middleware = [
        "django.middleware.security.SecurityMiddleware",
        "whitenoise.middleware.WhiteNoiseMiddleware",
    ]
    options: dict[str, Any] = {"targets": {"cdn": {"url": "https://cdn.example.com/static/"}}}
    options["routes"] = [{"match": ["*.css"], "target": "cdn"}]
    with django_site.site(
        tmp_path, options if request.param == "pull" else None, MIDDLEWARE=middleware, WHITENOISE_MAX_AGE=60
    ):
        call_command("collectstatic", interactive=False, verbosity=0)
        write(tmp_path, {"static/old.css": "b{}\n"})
        call_command("collectstatic", interactive=False, verbosity=0)
        yield Client()


def asked(client: Client, url: str, encoding: str = "") -> Any:
    return client.get(url.removeprefix("https://cdn.example.com"), headers={"accept-encoding": encoding})


def test_a_built_file_is_immutable(client: Client) -> None:
    response = asked(client, static("css/a.css"))

    assert (response.status_code, response["Cache-Control"]) == (200, IMMUTABLE)
    assert response["Content-Type"] == 'text/css; charset="utf-8"'
    assert response.getvalue() == b"a{color:red}" * 50


@pytest.mark.parametrize(("accepted", "sent"), [("gzip", "gzip"), ("br, gzip", "br"), ("", None)])
def test_our_neighbours_are_what_is_sent(client: Client, accepted: str, sent: str | None) -> None:
    response = asked(client, static("css/a.css"), accepted)

    assert response.get("Content-Encoding") == sent
    assert response["Vary"] == "Accept-Encoding"
    assert len(response.getvalue()) == int(response["Content-Length"])


def test_what_is_no_output_or_may_change_is_not_immutable(client: Client) -> None:
    for url in ("/static/css/a.css", "/static/jquery.min.js", "/static/robots.txt"):
        response = asked(client, url)

        assert (response.status_code, response["Cache-Control"]) == (200, "max-age=60, public"), url


def test_files_of_the_last_release_are_still_served(client: Client, tmp_path: Path) -> None:
    names = {file.name for file in (tmp_path / "staticfiles").glob("old.*.css")}
    last = names - {static("old.css").rpartition("/")[2]}

    assert [asked(client, f"/static/{name}").getvalue() for name in last] == [b"a{}"]


def test_a_page_names_what_is_served(client: Client) -> None:
    url = client.get("/page.html").content.decode()

    assert asked(client, url).status_code == 200
