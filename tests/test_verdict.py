"""Verdicts: what is wrong with a response."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from cdn_pipeline import verdict
from cdn_pipeline.edge import Request, Response
from cdn_pipeline.expectation import Expected
from cdn_pipeline.verdict import Finding

BODY = b"body { }"
PAGE = "https://www.example.com"
IMMUTABLE = "public, max-age=31536000, immutable"
URL = "https://x.example/a.0123456789ab.css"
GOOD = {"content-type": "text/css; charset=utf-8", "cache-control": IMMUTABLE}


def expected(**other: Any) -> Expected:
    facts = {
        "target": "cdn",
        "path": "a.css",
        "url": URL,
        "size": len(BODY),
        "sha256": hashlib.sha256(BODY).hexdigest(),
        "headers": GOOD,
        "is_fixed": False,
        "is_shared": False,
        "can_wait": False,
    }
    return Expected(**{**facts, **other})


def response(headers: Any = None, status: int = 200, body: bytes = BODY) -> Response:
    merged = {name: value for name, value in {**GOOD, **(headers or {})}.items() if value is not None}
    digest = hashlib.sha256(body).hexdigest()
    return Response(status, merged, "1.1", len(body), digest, body[:400])


def judged(
    got: Response, wanted: Expected | None = None, encoding: str = "gzip"
) -> list[tuple[str, str, str]]:
    wanted = wanted or expected()
    request = Request(URL, encoding, PAGE if wanted.is_shared else None)
    return [(each.severity, each.check, each.message) for each in verdict.judge(wanted, request, got)]


SHARED = {"is_shared": True}
FIXED = {"is_fixed": True, "headers": {**GOOD, "cache-control": "no-cache"}}
WITH_HEADER = {"headers": {**GOOD, "x-content-type-options": "nosniff"}}
ALLOWED = "access-control-allow-origin"
POLICY = "cross-origin-resource-policy"


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({}, {"headers": {**GOOD, "cache-tag": "site"}}),  # which Cloudflare keeps to itself
        ({}, {}),
        ({"content-type": 'TEXT/CSS;charset="UTF-8"'}, {}),
        (
            {"content-type": "application/javascript"},
            {"headers": {**GOOD, "content-type": "text/javascript"}},
        ),
        ({"cache-control": "immutable,max-age=31536000 , PUBLIC"}, {}),
        ({ALLOWED: "*"}, SHARED),
        ({ALLOWED: PAGE, "vary": "Accept-Encoding, Origin"}, SHARED),
        ({"content-encoding": "gzip", "vary": "accept-encoding"}, {}),
        ({"x-content-type-options": "nosniff", "server": "x"}, WITH_HEADER),
        ({POLICY: "cross-origin"}, {}),
        ({"cache-control": "no-cache"}, FIXED),
    ],
)
def test_nothing_is_wrong_with(headers: dict[str, str], wanted: dict[str, Any]) -> None:
    assert judged(response(headers), expected(**wanted)) == []


@pytest.mark.parametrize(
    ("headers", "wanted", "severity", "check", "message"),
    [
        ({"content-type": "text/plain"}, {}, "error", "type", "it is served as text/plain, not text/css"),
        ({"content-type": None}, {}, "error", "type", "it is served as of no type, not text/css"),
        ({"content-type": "text/css"}, {}, "warning", "type", "its charset is not told, not utf-8"),
        ({"content-type": "text/css; charset=x"}, {}, "warning", "type", "its charset is x, not utf-8"),
        ({"cache-control": None}, {}, "warning", "cache", "it has no Cache-Control"),
        ({"cache-control": "no-store"}, {}, "warning", "cache", "its Cache-Control is another one"),
        (
            {"cache-control": "max-age=9"},
            FIXED,
            "error",
            "cache",
            "browsers may keep it for longer than they must",
        ),
        ({}, SHARED, "error", "cors", "browsers will refuse it, since it has no Access-Control-Allow-Origin"),
        (
            {ALLOWED: "https://a.example"},
            SHARED,
            "warning",
            "cors",
            f"it is allowed for https://a.example alone, and was asked for by {PAGE}",
        ),
        (
            {ALLOWED: "*, *"},
            SHARED,
            "error",
            "cors",
            f"it is allowed for *, * alone, and was asked for by {PAGE}",
        ),
        (
            {ALLOWED: PAGE},
            SHARED,
            "warning",
            "cors",
            "it allows the page that asks and does not vary by Origin, so another page gets this one's",
        ),
        (
            {POLICY: "same-origin"},
            {},
            "error",
            "cors",
            "pages of another host may not use it, by its Cross-Origin-Resource-Policy",
        ),
        (
            {"content-encoding": "br"},
            {},
            "warning",
            "encoding",
            "it comes in br without Vary: Accept-Encoding",
        ),
        (
            {"set-cookie": "a=b"},
            {},
            "warning",
            "cookies",
            "it sets a cookie, which keeps caches from keeping it",
        ),
        ({}, WITH_HEADER, "warning", "headers", "its X-Content-Type-Options is '', not 'nosniff'"),
    ],
)
def test_what_is_wrong(
    headers: dict[str, Any], wanted: dict[str, Any], severity: str, check: str, message: str
) -> None:
    assert judged(response(headers), expected(**wanted)) == [(severity, check, message)]


def test_those_who_ask_for_no_encoding_must_get_none() -> None:
    got = response({"content-encoding": "br", "vary": "Accept-Encoding"})

    assert judged(got, encoding="identity") == [
        ("error", "encoding", "it comes in br to those who do not understand it")
    ]


def test_other_bytes_are_told_by_their_digest() -> None:
    [found] = verdict.judge(expected(), Request(URL), response(body=b"another"))

    assert str(found.problem) == (
        f"{URL}: it has other bytes than the release: 7 of 8 bytes, sha256 ae448ac86c4e…; switch off "
        "whatever changes files on the way (minifying, image optimisation, a bot check)"
    )


def test_more_bytes_are_not_digested_to_their_end() -> None:
    [found] = verdict.judge(expected(), Request(URL), response(body=BODY * 2))

    assert found.told == "more than 8 bytes"


@pytest.mark.parametrize("body", [b"<!DOCTYPE html><p>", b"\n <HTML lang=en>"])
def test_a_page_in_place_of_a_file_is_called_so(body: bytes) -> None:
    assert judged(response(body=body)) == [("error", "bytes", "it is an HTML page")]


def test_an_older_version_of_a_plain_name_is_no_error() -> None:
    assert judged(response(body=b"older"), expected(is_fixed=True)) == [
        ("warning", "bytes", "it is not of this release")
    ]


@pytest.mark.parametrize(
    ("status", "headers", "body", "message"),
    [
        (404, {}, b"", "it answers 404 Not Found"),
        (403, {}, b"<Error><Code>AccessDenied</Code>", "it answers 403 Forbidden (AccessDenied)"),
        (599, {}, b"", "it answers 599"),
        (301, {"location": "/x"}, b"", "it is redirected (301 Moved Permanently)"),
        (206, {}, BODY, "it answers 206 Partial Content"),
    ],
)
def test_another_status_is_all_that_is_told(
    status: int, headers: dict[str, str], body: bytes, message: str
) -> None:
    got = response({**headers, "content-type": "text/html"}, status, body)

    assert judged(got) == [("error", "status", message)]


def test_what_is_never_kept_is_told() -> None:
    found = [
        (each.message, each.told)
        for status in ("HIT", "MISS", "DYNAMIC")
        for each in verdict.judge_again(expected(), response({"cf-cache-status": status}))
    ]

    assert found == [("the CDN does not keep it", "cf-cache-status: DYNAMIC")]
    assert list(verdict.judge_again(expected(is_fixed=True), response({"cf-cache-status": "DYNAMIC"}))) == []


def test_the_same_fault_of_many_urls_is_one_finding() -> None:
    def finding(url: str, message: str = "it is bad", severity: str = "warning") -> Finding:
        return Finding(severity, "cdn", "bytes", message, "mend it", (url,), f"told of {url}")

    found = verdict.grouped([finding("1"), finding("2"), finding("3", "it is worse", "error"), finding("4")])

    assert [str(each.problem) for each in found] == [
        "3: it is worse: told of 3; mend it",
        "1: it is bad: told of 1 (and 2 more); mend it",
    ]
    assert found[1].as_json == {
        "severity": "warning",
        "target": "cdn",
        "check": "bytes",
        "message": "it is bad",
        "hint": "mend it",
        "urls": ["1", "2", "4"],
        "told": "told of 1",
        "count": 3,
    }
