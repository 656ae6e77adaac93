"""Rules, each on the facts of one visit or host."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cdn_pipeline import connection
from cdn_pipeline.doctor import rules
from cdn_pipeline.doctor.exchange import Exchange, cookies, is_public, lifetime_s
from cdn_pipeline.doctor.finding import INFO, SEVERITIES
from cdn_pipeline.doctor.provider import provider
from cdn_pipeline.doctor.resource import FONT, IMAGE, MEDIA, MODULE, OTHER, PAGE, SCRIPT, STYLE, Resource
from cdn_pipeline.doctor.visit import SILENT, Examination, Host, Trouble, Visit
from cdn_pipeline.edge import Request, Response
from cdn_pipeline.errors import ERROR, WARNING

URL = "https://cdn.example.com/a"
STAMPED = "https://cdn.example.com/a.0123456789ab.js"
PAGE_URL = "https://www.example.com/"
YEAR = "public, max-age=31536000, immutable"
HIT = {"x-cache": "Hit from cloudfront"}
MISS = {"x-cache": "Miss from cloudfront"}
RIGHT = {
    "content-type": "text/javascript",
    "cache-control": "no-cache",
    "etag": '"a"',
    "x-content-type-options": "nosniff",
}


def exchange(
    headers: Mapping[str, str] | None = None,
    url: str = URL,
    status: int = 200,
    content: bytes = b"a",
    **asked: Any,
) -> Exchange:
    """What came back for *url*; its headers are `RIGHT` but for *headers*."""
    found = {**RIGHT, **(headers or {})}
    size = len(content)
    response = Response(status, found, "1.1", size, f"{hash(content) % 1000:064x}", content, size)
    return Exchange(Request(url, **asked), response)


def visit(
    headers: Mapping[str, str] | None = None, url: str = URL, kind: str = SCRIPT, again: int = 1, **more: Any
) -> Visit:
    """A file that was asked for once, and *again*, with the same answer."""
    first = exchange(headers, url)
    return Visit(Resource(url, kind, PAGE_URL), first, again=(first,) * again)._replace(**more)


def found(*visits: Visit, hosts: tuple[Host, ...] = ()) -> list[tuple[str, str, str]]:
    """(severity, check, message) of all findings."""
    findings = rules.findings(Examination(1_000_000.0, visits, hosts))
    return [(each.severity, each.check.name, each.message) for each in findings]


def checks(*visits: Visit, hosts: tuple[Host, ...] = ()) -> list[tuple[str, str]]:
    """(severity, check) of all findings."""
    return [each[:2] for each in found(*visits, hosts=hosts)]


KEEPING: list[tuple[str, Visit, list[tuple[str, str]]]] = [
    ("a hit", visit({**HIT, "cache-control": YEAR}, STAMPED), []),
    (
        "a miss, then a hit",
        visit({**MISS, "cache-control": YEAR}, STAMPED)._replace(again=(exchange(HIT),)),
        [],
    ),
    ("nothing tells", visit({"cache-control": YEAR}, STAMPED), []),
    ("asked only once", visit({**MISS, "cache-control": YEAR}, STAMPED, again=0), []),
    ("misses, fingerprinted", visit({**MISS, "cache-control": YEAR}, STAMPED), [(ERROR, "not_kept")]),
    ("misses, a minute", visit({**MISS, "cache-control": "max-age=60"}), [(WARNING, "not_kept")]),
    ("misses that are meant", visit({**MISS, "cache-control": "no-cache"}), []),
    ("no-store", visit({**MISS, "cache-control": "no-store"}), [(WARNING, "no_store")]),
    ("a cookie is the cause", visit({**MISS, "set-cookie": "sid=1"}), [(WARNING, "cookie")]),
    (
        "the CDN's own cookie",
        visit({**HIT, "set-cookie": "__cf_bm=1; Expires=Fri, 01 Jan 2027 00:00:00 GMT"}),
        [],
    ),
    (
        "Vary is the cause",
        visit({**MISS, "cache-control": "max-age=60", "vary": "Cookie, accept-encoding"}),
        [(WARNING, "vary")],
    ),
    (
        "the query is the cause",
        visit({**MISS, "cache-control": "max-age=60"}, f"{URL}.js?v=1", bare=exchange(HIT)),
        [(WARNING, "query")],
    ),
    ("a page that is not kept", visit(MISS, PAGE_URL, PAGE), []),
    (
        "a file kept against its word",
        visit({**HIT, "cache-control": "private, max-age=9"}),
        [(WARNING, "kept_against")],
    ),
    (
        "a page with a cookie in a cache",
        visit({**HIT, "set-cookie": "sid=1"}, PAGE_URL, PAGE),
        [(ERROR, "cookie_shared")],
    ),
    (
        "a private page with a cookie",
        visit({"cache-control": "private", "set-cookie": "a=1"}, PAGE_URL, PAGE),
        [],
    ),
    (
        "a cookie and s-maxage",
        visit({"cache-control": "max-age=0, s-maxage=9", "set-cookie": "a=1"}, PAGE_URL, PAGE),
        [(ERROR, "cookie_shared")],
    ),
]


@pytest.mark.parametrize(("name", "facts", "expected"), KEEPING, ids=[case[0] for case in KEEPING])
def test_what_caches_keep(name: str, facts: Visit, expected: list[tuple[str, str]]) -> None:
    assert checks(facts) == expected


def test_cloudflare_keeps_only_what_its_list_has() -> None:
    headers = {"cf-cache-status": "DYNAMIC", "cf-ray": "1", "cache-control": "max-age=60"}

    assert found(visit(headers, "https://a.example/data.json", OTHER)) == [
        (WARNING, "not_kept", "Cloudflare keeps no .json by itself")
    ]
    assert found(visit(headers, "https://a.example/a.js"))[0][2] == (
        "the CDN fetches it anew each time, although it may keep it"
    )


LIFETIMES = [
    (STAMPED, YEAR, []),
    (STAMPED, "public, max-age=31536000", [(INFO, "immutable")]),
    (STAMPED, "max-age=604800", [(WARNING, "fingerprint_cache")]),
    (STAMPED, "max-age=60", [(ERROR, "fingerprint_cache")]),
    (STAMPED, "no-store", [(ERROR, "fingerprint_cache")]),
    (STAMPED, "max-age=99999999999999999999999999", [(ERROR, "fingerprint_cache")]),
    (URL, "no-cache", []),
    (URL, "max-age=3600", []),
    (URL, "max-age=31536000", [(WARNING, "fixed_cache")]),
    (URL, YEAR, [(ERROR, "fixed_cache")]),
    (f"{URL}?v=3", YEAR, []),
]


@pytest.mark.parametrize(("url", "cache_control", "expected"), LIFETIMES)
def test_how_long_browsers_keep_files(url: str, cache_control: str, expected: list[tuple[str, str]]) -> None:
    assert checks(visit({"cache-control": cache_control}, url)) == expected


def encoded(name: str, content: bytes = b"a", **headers: str) -> Exchange:
    """The answer to those who ask for the encoding *name* alone."""
    return exchange(
        {key.replace("_", "-"): value for key, value in headers.items()}, content=content, encoding=name
    )


TEXT = b"a { color: red }\n" * 100


def text_visit(answers: list[Exchange], vary: str = "Accept-Encoding") -> Visit:
    """A script of 1,700 bytes, and the answers to each encoding."""
    first = exchange({"vary": vary} if vary else {}, content=TEXT)
    encodings = {each.request.encoding: each for each in answers}
    return Visit(Resource(URL, SCRIPT, PAGE_URL), first, again=(first,), encodings=encodings)


PLAIN = [encoded(name, TEXT) for name in ("identity", "gzip", "br", "zstd")]
GZIP = encoded("gzip", TEXT, content_encoding="gzip")
BROTLI = encoded("br", TEXT, content_encoding="br")
COMPRESSION: list[tuple[str, Visit, list[tuple[str, str]]]] = [
    ("all is well", text_visit([*PLAIN, GZIP, BROTLI]), []),
    ("nothing is compressed", text_visit(PLAIN), [(WARNING, "uncompressed")]),
    ("gzip alone", text_visit([*PLAIN, GZIP]), [(INFO, "gzip_only")]),
    ("no Vary", text_visit([*PLAIN, GZIP, BROTLI], ""), [(WARNING, "vary_encoding")]),
    (
        "gzip for everybody",
        text_visit([GZIP._replace(request=Request(URL, name)) for name in ("identity", "br")] + [BROTLI]),
        [(ERROR, "unasked_encoding")],
    ),
    (
        "an old .gz",
        text_visit([*PLAIN, encoded("gzip", TEXT[:-20], content_encoding="gzip"), BROTLI]),
        [(ERROR, "encoding_differs")],
    ),
    (
        "a .gz that is longer than the manifest says",
        text_visit([*PLAIN, BROTLI, exchange(content=TEXT + b"a", encoding="gzip", at_most=len(TEXT))]),
        [(ERROR, "encoding_differs")],
    ),
    (
        "nothing for those who accept nothing",
        text_visit([*PLAIN, GZIP, BROTLI, exchange(status=404, encoding="identity")]),
        [(ERROR, "status")],
    ),
    (
        "garbled",
        text_visit([*PLAIN, BROTLI, Exchange(Request(URL, "gzip"), None, "its body is no gzip", True)]),
        [(ERROR, "wrong_encoding")],
    ),
    (
        "an image",
        visit({"content-type": "image/png", "content-encoding": "gzip"}, kind=IMAGE),
        [(WARNING, "packed_encoded")],
    ),
    (
        "gzip that nobody says",
        visit({"content-type": "text/javascript"})._replace(first=exchange(content=b"\x1f\x8b\x08\x00rest")),
        [(ERROR, "wrong_encoding")],
    ),
]


@pytest.mark.parametrize(("name", "facts", "expected"), COMPRESSION, ids=[case[0] for case in COMPRESSION])
def test_compression(name: str, facts: Visit, expected: list[tuple[str, str]]) -> None:
    assert checks(facts) == expected


def test_what_does_not_compress_is_not_missed() -> None:
    noise = hashlib.shake_128(b"").digest(2000)
    first = exchange(content=noise)
    encodings = {name: encoded(name, noise) for name in ("gzip", "br")}

    assert checks(visit()._replace(first=first, encodings=encodings)) == []


TYPES: list[tuple[str, str, str, bytes, list[tuple[str, str]]]] = [
    (STYLE, "a.css", "text/css; charset=utf-8", b"a", []),
    (STYLE, "a.css", "text/plain", b"a", [(ERROR, "type")]),
    (SCRIPT, "a.js", "application/javascript", b"a", []),
    (SCRIPT, "a.js", "text/plain", b"a", [(ERROR, "type")]),  # since it says nosniff
    (MODULE, "a.mjs", "application/octet-stream", b"a", [(ERROR, "type")]),
    (FONT, "a.woff2", "application/font-woff2", b"a", []),
    (FONT, "a.woff2", "application/octet-stream", b"a", [(WARNING, "type")]),
    (IMAGE, "a.png", "image/webp", b"a", []),
    (IMAGE, "a.png", "", b"a", [(WARNING, "type")]),
    (IMAGE, "a.svg", "text/plain", b"a", [(ERROR, "type")]),
    (OTHER, "a.webmanifest", "application/octet-stream", b"a", [(ERROR, "type")]),
    (OTHER, "a.wasm", "application/wasm", b"a", []),
    (OTHER, "a.zip", "what/ever", b"a", []),
    (IMAGE, "a.png", "text/html", b"<!-- x --> <!DOCTYPE html>", [(ERROR, "page_instead")]),
    (STYLE, "a.css", "text/css", "a { content: 'ä' }".encode(), [(INFO, "charset")]),
    (STYLE, "a.css", "text/css", b'@charset "utf-8"; /* \xc3\xa4 */', []),
    (STYLE, "a.css", "text/css; charset=iso-8859-1", "ä".encode(), [(WARNING, "charset")]),
    (STYLE, "a.css", "text/css; charset=iso-8859-1", "ä".encode("latin-1"), []),
    (PAGE, "", "text/html", "<p>ä".encode(), [(WARNING, "charset")]),
    (PAGE, "", "text/html", "<meta charset=utf-8>ä".encode(), []),
]


@pytest.mark.parametrize(("kind", "name", "type_", "content", "expected"), TYPES)
def test_types(kind: str, name: str, type_: str, content: bytes, expected: list[tuple[str, str]]) -> None:
    url = f"https://www.example.com/{name}"
    first = exchange({"content-type": type_}, url, content=content)

    assert checks(Visit(Resource(url, kind, PAGE_URL), first)) == expected


def shared(allowed: str = "", crossorigin: str | None = "", vary: str = "", **more: Any) -> Visit:
    """A script of another origin, with crossorigin."""
    headers = {"access-control-allow-origin": allowed} if allowed else {}
    headers |= {"vary": vary} if vary else {}
    answer = exchange(headers, origin="https://www.example.com")
    resource = Resource(URL, SCRIPT, PAGE_URL, crossorigin)
    return Visit(resource, exchange(), shared=answer)._replace(**more)


PAGES_ORIGIN = "https://www.example.com"
SHARING: list[tuple[str, Visit, list[tuple[str, str]]]] = [
    ("everybody", shared("*"), []),
    ("nobody", shared(), [(ERROR, "cors")]),
    ("somebody else", shared("https://b.example"), [(ERROR, "cors")]),
    ("this page", shared(PAGES_ORIGIN, vary="Origin"), []),
    ("this page, without Vary", shared(PAGES_ORIGIN), [(WARNING, "cors_vary")]),
    ("credentials", shared("*", "use-credentials"), [(ERROR, "cors")]),
    (
        "only what is fetched anew",
        shared(unseen=exchange({"access-control-allow-origin": "*"})),
        [(ERROR, "cors_cached")],
    ),
    (
        "same-origin",
        visit({"cross-origin-resource-policy": "same-origin"}, kind=IMAGE)._replace(
            first=exchange({"cross-origin-resource-policy": "same-origin", "content-type": "image/png"})
        ),
        [(ERROR, "corp")],
    ),
    (
        "a preload of a font without crossorigin",
        Visit(
            Resource(PAGE_URL + "a.woff2", FONT, PAGE_URL, is_preload=True),
            exchange({"content-type": "font/woff2"}),
        ),
        [(WARNING, "preload_crossorigin")],
    ),
]


@pytest.mark.parametrize(("name", "facts", "expected"), SHARING, ids=[case[0] for case in SHARING])
def test_sharing(name: str, facts: Visit, expected: list[tuple[str, str]]) -> None:
    assert checks(facts) == expected


SHA256 = "sha256-ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs="  # of b"a"
SHA384 = "sha384-VKWYrjUpUcuzXA9J3YbjLdHlZ0vyLy1rFdrKdvMJM6IVWXB2XLJgUYi7iKyF2E2u"  # of something else


@pytest.mark.parametrize(
    ("integrity", "crossorigin", "expected"),
    [
        (SHA256, "", []),
        (SHA256, None, [(ERROR, "integrity_crossorigin")]),
        (f"{SHA256} {SHA384}", "", [(ERROR, "integrity")]),
        ("sha256-AAAA sha256-BBBB", "", [(ERROR, "integrity")]),
        ("md5-AAAA", "", []),
    ],
)
def test_integrity(integrity: str, crossorigin: str | None, expected: list[tuple[str, str]]) -> None:
    resource = Resource(URL, SCRIPT, PAGE_URL, crossorigin, integrity)

    assert checks(Visit(resource, exchange())) == expected


def missing(status: int, headers: Mapping[str, str] | None = None, is_later: bool = False) -> Host:
    """What a host answers for a name that does not exist."""
    answer = exchange({"cache-control": "no-store", **(headers or {})}, status=status)
    return Host("https", "cdn.example.com", 1, missing=(answer, answer), is_later=is_later)


MISSING: list[tuple[Host, list[tuple[str, str]]]] = [
    (missing(404), []),
    (missing(410), []),
    (missing(403), [(WARNING, "missing_forbidden")]),
    (missing(200), [(WARNING, "missing_found")]),
    (missing(302), [(WARNING, "missing_found")]),
    (missing(502), [(WARNING, "missing_fails")]),
    (missing(404, {"cache-control": YEAR}), [(ERROR, "error_lifetime")]),
    (missing(404, {"age": "100"}), [(WARNING, "error_kept")]),
    (missing(404, {"age": "2"}), []),
    (missing(404, HIT), []),
    (missing(404, HIT, is_later=True), [(WARNING, "error_kept")]),
]


@pytest.mark.parametrize(("host", "expected"), MISSING)
def test_names_that_do_not_exist(host: Host, expected: list[tuple[str, str]]) -> None:
    assert checks(hosts=(host,)) == expected


HOST = Host("https", "cdn.example.com", 1, protocol="h2")
DAY_S = 86_400
TRANSPORT: list[tuple[Host, list[tuple[str, str]]]] = [
    (HOST, []),
    (HOST._replace(expires=1_000_000.0 + 90 * DAY_S), []),
    (HOST._replace(expires=1_000_000.0 + 20 * DAY_S), [(WARNING, "certificate_expires")]),
    (HOST._replace(expires=1_000_000.0 + 2 * DAY_S), [(ERROR, "certificate_expires")]),
    (HOST._replace(protocol="http/1.1"), [(WARNING, "http_version")]),
    (HOST._replace(plain=exchange(status=200)), [(WARNING, "http_open")]),
    (HOST._replace(plain=exchange(status=301)), []),
    (HOST._replace(plain=Exchange(Request(URL), None, "it refuses connections")), []),
    *(
        (HOST._replace(trouble=Trouble("it is lost", kind)), [(ERROR, check)])
        for kind, check in {
            connection.DNS: "unreachable",
            connection.NETWORK: "unreachable",
            connection.TLS: "tls",
            connection.EXPIRED: "certificate_expired",
            connection.OTHER_NAME: "certificate_name",
            connection.UNKNOWN_ISSUER: "certificate_issuer",
            connection.REFUSED: "certificate",
            SILENT: "interrupted",
        }.items()
    ),
]


@pytest.mark.parametrize(("host", "expected"), TRANSPORT)
def test_transport(host: Host, expected: list[tuple[str, str]]) -> None:
    assert checks(hosts=(host,)) == expected


def test_a_cdn_that_could_offer_http_3_is_told_to() -> None:
    without, offered = visit(HIT), visit({**HIT, "alt-svc": 'h3=":443"; ma=86400'})

    assert checks(without, hosts=(HOST,)) == [(INFO, "http3")]
    assert checks(offered, hosts=(HOST,)) == []


VALIDATORS: list[tuple[str, Visit, list[tuple[str, str]]]] = [
    ("weak and strong", visit()._replace(again=(exchange({"etag": 'W/"a"'}),)), []),
    ("two ETags", visit()._replace(again=(exchange({"etag": '"b"'}),)), [(WARNING, "etag_differs")]),
    ("304", visit(known=exchange(status=304)), []),
    ("sent again", visit(known=exchange()), [(WARNING, "not_modified")]),
    ("none", visit()._replace(first=exchange({"etag": ""})), [(INFO, "no_validator")]),
    ("a part", visit({"content-type": "video/mp4"}, kind=MEDIA, part=exchange(status=206)), []),
    ("no parts", visit({"content-type": "video/mp4"}, kind=MEDIA, part=exchange()), [(WARNING, "ranges")]),
]


@pytest.mark.parametrize(("name", "facts", "expected"), VALIDATORS, ids=[case[0] for case in VALIDATORS])
def test_validators(name: str, facts: Visit, expected: list[tuple[str, str]]) -> None:
    assert checks(facts) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"server": "nginx/1.22.1"}, "nginx"),
        ({"server": "cloudflare", "cf-ray": "8a-FRA"}, "cloudflare"),
        ({"x-cache": "Hit from cloudfront", "server": "nginx"}, "cloudfront"),
        ({"x-served-by": "cache-fra-1"}, "fastly"),
        ({"server": "Apache"}, ""),
    ],
)
def test_who_serves_is_told_by_headers(headers: dict[str, str], expected: str) -> None:
    assert provider(headers) == expected


@pytest.mark.parametrize(
    ("headers", "lifetime", "public"),
    [
        ({"cache-control": "max-age=60"}, 60, True),
        ({"cache-control": 'Public, MAX-AGE="60"'}, 60, True),
        ({"cache-control": "max-age=60, private"}, 60, False),
        ({"cache-control": "max-age=60, s-maxage=0"}, 60, False),
        ({"cache-control": "no-cache", "cdn-cache-control": "max-age=60"}, 0, True),
        ({"cache-control": "max-age=x"}, 0, False),
        ({"expires": "Thu, 01 Jan 1970 00:01:00 GMT", "date": "Thu, 01 Jan 1970 00:00:00 GMT"}, 60, True),
        ({"expires": "0", "date": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0, False),
        ({}, None, False),
    ],
)
def test_how_long_an_answer_lives(headers: dict[str, str], lifetime: int | None, public: bool) -> None:
    answer = Exchange(Request(URL), Response(200, headers, "1.1", 0, "", b""))

    assert (lifetime_s(answer), is_public(answer)) == (lifetime, public)


def test_of_cookies_only_those_of_the_site_count() -> None:
    own = "__cf_bm=x; Expires=Fri, 01 Jan 2027 00:00:00 GMT"

    assert cookies(exchange({"set-cookie": own})) == []
    assert cookies(exchange({"set-cookie": f"{own}, sid=1, lang=de, sid=2"})) == ["sid", "lang"]


def test_the_cookie_that_keeps_a_file_out_of_a_cache_is_named() -> None:
    facts = visit({**MISS, "cache-control": YEAR, "set-cookie": "sid=secret; Path=/, lang=de"}, STAMPED)
    examination = Examination(1_000_000.0, (facts,), ())
    (finding,) = [each for each in rules.findings(examination) if each.check.name == "not_kept"]

    assert finding.message == "the CDN fetches it anew each time, for it sets a cookie"
    assert finding.said.startswith("set-cookie: sid=…, lang=…; ")
    assert "Set-Cookie" in finding.mend["CloudFront"]


def test_every_check_says_all_that_a_reader_needs() -> None:
    names = [check.name for check in rules.CHECKS]

    assert len(names) == len(set(names))
    for check in rules.CHECKS:
        assert check.severity in SEVERITIES
        assert all((check.what, check.why, check.cloudfront, check.cloudflare, check.nginx)), check.name


def test_rules_touch_nothing() -> None:
    touching = {
        "os",
        "time",
        "socket",
        "ssl",
        "pathlib",
        "subprocess",
        "random",
        "secrets",
        "threading",
        "datetime",
    }
    for file in Path(rules.__file__).parent.glob("*.py"):
        tree = ast.parse(file.read_text("utf-8"))
        modules = {
            name
            for node in ast.walk(tree)
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert not modules & touching, file.name
        assert not {name for name in modules if name.endswith((".prober", ".visitor", ".examination"))}, (
            file.name
        )


def test_numbers_of_any_length_are_read() -> None:
    headers = {"age": "9" * 5000, "cache-control": f"max-age={'9' * 5000}"}

    assert checks(visit(headers, STAMPED)) == [(ERROR, "fingerprint_cache")]
    assert visit(headers).is_kept
