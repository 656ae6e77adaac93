"""Which pages shared caches may keep."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cdn_pipeline.edge_cache import Exchange, Policy, cache_control, cdn_cache_control, headers

MINUTE = Policy(60)
PUBLIC = {"Cache-Control": "public, max-age=60"}
PRIVATE = {"Cache-Control": "private, no-cache"}


def exchange(
    method: str = "GET", status: int = 200, session_used: bool = False, **more: dict[str, str]
) -> Exchange:
    return Exchange(
        method, more.get("request", {}), status, list(more.get("response", {}).items()), session_used
    )


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Policy(0), "public, max-age=0"),
        (Policy(120), "public, max-age=120"),
        (Policy(120, 600), "public, max-age=120, s-maxage=600"),
        (Policy(0, 0), "public, max-age=0, s-maxage=0"),
        (Policy(1, 2, 3, 4), "public, max-age=1, s-maxage=2, stale-while-revalidate=3, stale-if-error=4"),
        (Policy(1, stale_if_error=0), "public, max-age=1, stale-if-error=0"),
    ],
)
def test_a_policy_as_header(policy: Policy, expected: str) -> None:
    assert cache_control(policy) == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Policy(120), "public, max-age=120"),
        (Policy(0, 600, 30, 90), "public, max-age=600, stale-while-revalidate=30, stale-if-error=90"),
    ],
)
def test_a_policy_as_header_for_cdns_only(policy: Policy, expected: str) -> None:
    assert cdn_cache_control(policy) == expected


@pytest.mark.parametrize("seconds", [-1, 1.5, "60", None, True])
def test_seconds_are_whole_and_not_negative(seconds: Any) -> None:
    with pytest.raises(ValueError, match="max_age must be a number of seconds, 0 or more, not "):
        Policy(seconds)


@pytest.mark.parametrize(
    "kept",
    [
        exchange(),
        exchange("HEAD"),
        exchange(status=301),
        exchange(status=304),
        exchange(request={"cookie": "_ga=1; theme=dark"}),
        exchange(request={"cookie": "a=session; my_session=1"}),
        exchange(response={"Vary": "Accept-Encoding, Accept-Language"}),
        exchange(response={"ETag": '"a"', "Content-Type": "text/html"}),
    ],
)
def test_what_is_the_same_for_everybody_is_public(kept: Exchange) -> None:
    assert headers(MINUTE, kept) == PUBLIC


@pytest.mark.parametrize(
    "personal",
    [
        exchange(response={"Set-Cookie": "a=1"}),
        exchange(response={"set-cookie": "a=1"}),
        exchange(response={"Vary": "Cookie"}),
        exchange(response={"vary": "Accept-Encoding, cookie"}),
        exchange(response={"Vary": "*"}),
        exchange(response={"Vary": "Authorization"}),
        exchange(request={"authorization": "Basic YTpi"}),
        exchange(request={"cookie": "session=abc"}),
        exchange(request={"cookie": "theme=dark;sessionid=1"}),
        exchange(request={"cookie": "remember_token=1"}),
        exchange(session_used=True),
    ],
)
def test_what_may_be_meant_for_one_person_is_private(personal: Exchange) -> None:
    assert headers(MINUTE, personal) == PRIVATE
    assert headers(MINUTE, personal, cdn_header="CDN-Cache-Control") == PRIVATE


@pytest.mark.parametrize("several", [["Vary", "Accept"], ["Set-Cookie", "b=2"]])
def test_each_of_several_headers_of_a_name_counts(several: list[str]) -> None:
    response = [("Vary", "Cookie"), ("Set-Cookie", "a=1"), (several[0], several[1])]

    assert headers(MINUTE, Exchange("GET", {}, 200, response)) == PRIVATE


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PURGE"])
def test_answers_to_other_methods_are_left_alone(method: str) -> None:
    assert headers(MINUTE, exchange(method)) == {}


@pytest.mark.parametrize("status", [206, 302, 303, 307, 400, 401, 403, 404, 429, 500, 503])
def test_errors_parts_and_passing_redirects_are_left_alone(status: int) -> None:
    assert headers(MINUTE, exchange(status=status)) == {}


@pytest.mark.parametrize(
    "own",
    [
        {"Cache-Control": "no-store"},
        {"cache-control": "public, max-age=5"},
        {"Cache-Control": ""},
        {"Expires": "0"},
        {"Pragma": "no-cache"},
        {"CDN-Cache-Control": "max-age=5"},
        {"Cloudflare-CDN-Cache-Control": "no-store"},
        {"Surrogate-Control": "max-age=5"},
        {"Vercel-CDN-Cache-Control": "max-age=5"},
        {"X-Accel-Expires": "5"},
    ],
)
def test_the_authors_own_word_stands(own: dict[str, str]) -> None:
    assert headers(MINUTE, exchange(response=own)) == {}


def test_a_header_for_cdns_has_the_shared_part() -> None:
    assert headers(Policy(60, 600, 30), exchange(), cdn_header="CDN-Cache-Control") == {
        "Cache-Control": "public, max-age=60",
        "CDN-Cache-Control": "public, max-age=600, stale-while-revalidate=30",
    }


def test_private_cookies_are_those_that_the_site_names() -> None:
    asked = exchange(request={"cookie": "session=1; login=2"})

    assert headers(MINUTE, asked, private_cookies=["login"]) == PRIVATE
    assert headers(MINUTE, asked, private_cookies=["other"]) == PUBLIC


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, PRIVATE),
        ({"Cache-Control": "public, max-age=60"}, PRIVATE),
        ({"Cache-Control": "no-cache"}, PRIVATE),
        ({"Cache-Control": "no-store"}, {}),
        ({"Cache-Control": "max-age=3, Private"}, {}),
        ({"Cache-Control": "private", "CDN-Cache-Control": "max-age=60"}, {"cdn-cache-control": "no-store"}),
        ({"Cache-Control": "private", "Surrogate-Control": "max-age=6"}, {"surrogate-control": "no-store"}),
        ({"Cache-Control": "private", "X-Accel-Expires": "60"}, {"x-accel-expires": "0"}),
    ],
)
def test_without_a_policy_no_shared_cache_may_keep_a_page(
    own: dict[str, str], expected: dict[str, str]
) -> None:
    assert headers(None, exchange(response=own)) == expected
    assert headers(None, exchange("POST", 500, response=own)) == expected


DJANGO = """
import django, json
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import path

SNIPPET

def writes(request):
    request.session["user"] = 1
    return HttpResponse("page")

def cookie(request):
    response = HttpResponse("page")
    response.set_cookie("theme", "dark")
    return response

urlpatterns = [
    path("page", lambda request: HttpResponse("page")),
    path("reads", lambda request: HttpResponse(str(request.session.get("user")))),
    path("writes", writes),
    path("cookie", cookie),
]
settings.configure(
    SECRET_KEY="for tests",
    ROOT_URLCONF="__main__",
    ALLOWED_HOSTS=["testserver"],
    MIDDLEWARE=[
        "__main__.edge_cache",
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
    ],
    SECURE_SSL_REDIRECT=True,
    SECURE_REDIRECT_EXEMPT=["^(?!moved)"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
)
django.setup()
for page in ("page", "reads", "writes", "cookie", "gone", "moved"):
    print(page, Client().get(f"/{page}").headers.get("Cache-Control"))
"""


def test_the_documented_middleware_for_django_works() -> None:
    text = (Path(__file__).parent.parent / "docs/flask.md").read_text("utf-8")
    [snippet] = re.findall(r"For Django:\n\n```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    program = DJANGO.replace("SNIPPET", snippet)
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ran.stdout.splitlines() == [
        "page public, max-age=60",
        "reads private, no-cache",
        "writes private, no-cache",
        "cookie private, no-cache",
        "gone None",
        "moved public, max-age=60",
    ]
