"""The doctor names what is wrong with a CDN that was made by hand, and nothing on one that is right."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from cdn_pipeline import document, expectation
from cdn_pipeline.config import Target
from cdn_pipeline.doctor import rules
from cdn_pipeline.doctor.examination import Scope, examine
from cdn_pipeline.doctor.finding import INFO, Finding
from cdn_pipeline.doctor.prober import Reach
from cdn_pipeline.errors import ERROR, WARNING
from tests import clinic
from tests.clinic import CSS, HTML, JS, PNG, WOFF2, Answer, Clinic, File, Headers, healthy, page, response
from tests.conftest import Site
from tests.edge_server import EdgeServer, of_build


def no_pause(seconds: float) -> None:
    """Tests have no time."""


def examined(
    scope: Scope, reach: Reach | None = None, pause: Callable[[float], None] = no_pause
) -> tuple[Finding, ...]:
    """All findings but those that are only information."""
    findings = rules.findings(examine(scope, reach, pause=pause))
    return tuple(each for each in findings if each.severity != INFO)


def named(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    """(severity, check) of each."""
    return [(each.severity, each.check.name) for each in findings]


def diagnosed(answers: Mapping[str, Answer], otherwise: Answer = clinic.missing) -> tuple[Finding, ...]:
    """What is found on a site that is healthy but for *answers*."""
    with Clinic({**healthy(), **answers}, otherwise) as server:
        return examined(Scope([server.url]))


def test_nothing_is_found_on_a_healthy_site() -> None:
    with Clinic(healthy()) as server:
        examination = examine(Scope([server.url]), pause=no_pause)

    assert rules.findings(examination) == ()
    assert [visit.resource.kind for visit in examination.visits] == [
        "page",
        "style",
        "script",
        "image",
        "font",
    ]


def anew(body: bytes, type_: str, **headers: str | None) -> File:
    """Of a cache policy that keeps nothing."""
    return File(body, type_, **{"X-Cache": "Miss from cloudfront", **headers})


def cors_by_origin(asked: Headers) -> bytes:
    """S3's own CORS behind a cache that does not look at Origin, and was asked without one first."""
    allowed = asked.get("origin") if "?" in asked[":path"] else None
    return File(WOFF2, "font/woff2", Access_Control_Allow_Origin=allowed, X_Cache="Hit from cloudfront")(
        asked
    )


class Plain(File):
    """Compressed for nobody."""

    def __call__(self, asked: Headers) -> bytes:
        return super().__call__({**asked, "accept-encoding": ""})


def gzip_as_a_file(asked: Headers) -> bytes:
    """A .gz that was uploaded as the file itself, and compressed once more on its way."""
    if "if-none-match" in asked:
        return response(b"", {"Content-Length": None}, 304)
    body = gzip.compress(gzip.compress(CSS))
    return response(body, {**File(b"", "text/css").headers, "Content-Encoding": "gzip"})


def forbidden(asked: Headers) -> bytes:
    """S3 for a distribution that may not list the bucket."""
    return response(b"<Error><Code>AccessDenied</Code></Error>", {"X-Cache": "Error from cloudfront"}, 403)


def remembered(asked: Headers) -> bytes:
    """CloudFront with a minimum TTL for errors."""
    return response(b"no", {"X-Cache": "Hit from cloudfront", "Age": "240"}, 404)


def index(asked: Headers) -> bytes:
    """The custom error response of a single-page application."""
    return page(HTML)(asked)


WRONG: dict[str, tuple[dict[str, Answer], Answer, list[tuple[str, str]]]] = {
    "the cache policy CachingDisabled": (
        {
            "/app.0123456789ab.css": anew(CSS, "text/css; charset=utf-8"),
            "/app.0123456789ab.js": anew(JS, "text/javascript; charset=utf-8"),
        },
        clinic.missing,
        [(ERROR, "not_kept")],
    ),
    "no CORS policy": (
        {"/a.0123456789ab.woff2": File(WOFF2, "font/woff2", Access_Control_Allow_Origin=None)},
        clinic.missing,
        [],  # its page has the same origin; see below
    ),
    "compression switched off": (
        {"/app.0123456789ab.js": Plain(JS, "text/javascript")},
        clinic.missing,
        [(WARNING, "uncompressed")],
    ),
    "a .gz uploaded as a file": (
        {"/app.0123456789ab.css": gzip_as_a_file},
        clinic.missing,
        [(ERROR, "double_compressed"), (ERROR, "unasked_encoding")],
    ),
    "no content types": (
        {"/app.0123456789ab.css": File(CSS, "binary/octet-stream")},
        clinic.missing,
        [(ERROR, "type")],
    ),
    "no permission to list the bucket": ({}, forbidden, [(WARNING, "missing_forbidden")]),
    "errors kept for minutes": ({}, remembered, [(WARNING, "error_kept")]),
    "index.html for everything": (
        {"/app.0123456789ab.js": index},
        index,
        [(ERROR, "page_instead"), (WARNING, "missing_found")],
    ),
    "no Cache-Control on objects": (
        {"/logo.png": File(PNG, "image/png", Cache_Control=None)},
        clinic.missing,
        [(WARNING, "no_cache_control")],
    ),
    "immutable on everything": (
        {"/logo.png": File(PNG, "image/png")},
        clinic.missing,
        [(ERROR, "fixed_cache")],
    ),
    "a day for fingerprinted files": (
        {"/app.0123456789ab.js": File(JS, "text/javascript", "max-age=86400")},
        clinic.missing,
        [(WARNING, "fingerprint_cache")],
    ),
    "sessions for files": (
        {
            "/logo.png": File(
                PNG, "image/png", "no-cache", Set_Cookie="sid=1; Path=/", X_Cache="Miss from cloudfront"
            )
        },
        clinic.missing,
        [(WARNING, "cookie")],
    ),
    "a public page with a session": (
        {"/": page(HTML, Set_Cookie="sid=secret; HttpOnly", Cache_Control="public, max-age=60")},
        clinic.missing,
        [(ERROR, "cookie_shared")],
    ),
    "a minimum TTL that outvotes private": (
        {"/": page(HTML, X_Cache="Hit from cloudfront")},
        clinic.missing,
        [(ERROR, "kept_against")],
    ),
    "a version in the query, which is part of the key": (
        {
            "/": page('<script src="/app.js?v=1"></script>'),
            "/app.js?v=1": anew(JS, "text/javascript", Cache_Control="max-age=60"),
            "/app.js": File(JS, "text/javascript", "max-age=60"),
        },
        clinic.missing,
        [(WARNING, "query")],
    ),
    "a copy for each browser": (
        {"/app.0123456789ab.js": File(JS, "text/javascript", Vary="Accept-Encoding, User-Agent")},
        clinic.missing,
        [(WARNING, "vary")],
    ),
    "a file that the bucket lacks": (
        {"/logo.png": forbidden},
        clinic.missing,
        [(ERROR, "status")],
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_distribution_made_by_hand_is_diagnosed(name: str) -> None:
    answers, otherwise, expected = WRONG[name]

    assert named(diagnosed(answers, otherwise)) == expected


def test_one_cause_is_told_once_with_all_its_files() -> None:
    answers, otherwise, _ = WRONG["the cache policy CachingDisabled"]
    (finding,) = diagnosed(answers, otherwise)

    assert [url.rpartition("/")[2] for url in finding.urls] == ["app.0123456789ab.css", "app.0123456789ab.js"]
    assert finding.message == "the CDN fetches it anew each time, although it may keep it"
    assert finding.said == "x-cache: Miss from cloudfront"
    assert list(finding.mend) == ["CloudFront"]


def test_a_font_of_another_origin_needs_cors() -> None:
    font = File(WOFF2, "font/woff2", Access_Control_Allow_Origin=None)
    with Clinic({"/a.0123456789ab.woff2": font}) as server:
        assert named(examined(Scope([f"{server.url}a.0123456789ab.woff2"]))) == [(ERROR, "cors")]


def test_a_copy_that_was_kept_without_cors_is_told_from_none_at_all() -> None:
    with Clinic({"/a.0123456789ab.woff2": cors_by_origin}) as server:
        assert named(examined(Scope([f"{server.url}a.0123456789ab.woff2"]))) == [(ERROR, "cors_cached")]


def redirect(to: str) -> Answer:
    return lambda _: response(b"", {"Location": to}, 301)


REDIRECTS: dict[str, tuple[dict[str, Answer], list[tuple[str, str]]]] = {
    "one": ({"/": redirect("/b"), "/b": page("b")}, []),
    "two": ({"/": redirect("/b"), "/b": redirect("/c"), "/c": page("c")}, [(WARNING, "redirect_chain")]),
    "a circle": ({"/": redirect("/b"), "/b": redirect("/")}, [(ERROR, "redirect_loop")]),
    "to itself": ({"/": redirect("/")}, [(ERROR, "redirect_loop")]),
    "a file of this machine": ({"/": redirect("file:///etc/passwd")}, [(ERROR, "redirect_astray")]),
    "nonsense": ({"/": redirect("http://[")}, [(ERROR, "redirect_astray")]),
    "of a file": (
        {"/": page('<img src="/x.png">'), "/x.png": redirect("/logo.png")},
        [(WARNING, "file_redirect")],
    ),
}


@pytest.mark.parametrize("name", REDIRECTS)
def test_redirects_are_followed_with_care(name: str) -> None:
    answers, expected = REDIRECTS[name]

    assert named(diagnosed(answers)) == expected


def test_a_circle_is_shown_from_end_to_end() -> None:
    (finding,) = diagnosed({"/": redirect("/b"), "/b": redirect("/c"), "/c": redirect("/b")})
    port = finding.urls[0].split(":")[2].rstrip("/")

    assert (
        finding.said
        == f"http://127.0.0.1:{port}/ → http://127.0.0.1:{port}/b → http://127.0.0.1:{port}/c → /b"
    )


@contextmanager
def secure(
    directory: Path, *protocols: str, days: float = 300, name: str = "localhost", body: str = HTML
) -> Iterator[tuple[Clinic, Reach]]:
    """A healthy site over TLS, and what trusts its certificate."""
    file = clinic.certificate(directory, days, name)
    answers = {**healthy(), "/": page(body)}
    with Clinic(answers, context=clinic.tls(file, *protocols)) as server:
        yield server, Reach(context=ssl.create_default_context(cafile=str(file)))


TRANSPORTS: list[tuple[tuple[str, ...], float, str, list[tuple[str, str]], str]] = [
    (("h2", "http/1.1"), 300, "localhost", [], ""),
    (("http/1.1",), 300, "localhost", [(WARNING, "http_version")], "it speaks HTTP/1.1 only"),
    (("h2",), 20.5, "localhost", [(WARNING, "certificate_expires")], "its certificate ends in 20 days"),
    (("h2",), 6.5, "localhost", [(ERROR, "certificate_expires")], "its certificate ends in 6 days"),
    (
        ("h2",),
        -1,
        "localhost",
        [(ERROR, "certificate_expired")],
        "its certificate is refused: certificate has expired",
    ),
    (
        ("h2",),
        300,
        "cdn.example.com",
        [(ERROR, "certificate_name")],
        "its certificate is refused: Hostname mismatch, certificate is not valid for 'localhost'.",
    ),
]


@pytest.mark.parametrize(("protocols", "days", "name", "expected", "message"), TRANSPORTS)
def test_certificates_and_versions_of_http_are_looked_at(
    tmp_path: Path,
    protocols: tuple[str, ...],
    days: float,
    name: str,
    expected: list[tuple[str, str]],
    message: str,
) -> None:
    with secure(tmp_path, *protocols, days=days, name=name) as (server, reach):
        findings = examined(Scope([server.url]), reach)

    assert named(findings) == expected
    assert [each.message for each in findings] == [message] * bool(message)


def test_behind_a_certificate_that_is_refused_everything_else_is_looked_at(tmp_path: Path) -> None:
    with secure(tmp_path, "h2") as (server, _):
        server.answers["/logo.png"] = forbidden
        findings = examined(Scope([server.url]))  # which trusts the system's authorities alone

    assert named(findings) == [(ERROR, "certificate_issuer"), (ERROR, "status")]


def test_a_host_that_does_not_agree_on_tls_says_so(tmp_path: Path) -> None:
    """One speaks plain HTTP on that port, the other a version that is too new for us."""
    file = clinic.certificate(tmp_path)
    newest, older = clinic.tls(file), ssl.create_default_context(cafile=str(file))
    newest.minimum_version, older.maximum_version = ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2
    with Clinic(healthy()) as plain, Clinic(healthy(), context=newest) as server:
        found = [
            *examined(Scope([plain.url.replace("http:", "https:")])),
            *examined(Scope([server.url]), Reach(context=older)),
        ]

    assert [(each.check.name, each.message) for each in found] == [
        ("tls", "it speaks something else than TLS there (WRONG_VERSION_NUMBER)"),
        ("tls", "it speaks no version of TLS that this machine does (TLSV1_ALERT_PROTOCOL_VERSION)"),
    ]
    assert not any("DNS" in way for each in found for way in each.mend.values())


def cut_off(_: Headers) -> list[bytes]:
    return [b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 100\r\n\r\nshort"]


def test_answers_that_are_cut_off_are_no_lost_host() -> None:
    names = [f"/{number}.png" for number in range(4)]
    tags = "".join(f'<img src="{name}">' for name in names)
    found = diagnosed({"/": page(tags), **dict.fromkeys(names, cut_off)})

    assert [(each.check.name, each.message, each.said, len(each.urls)) for each in found] == [
        (
            "cut_off",
            "its body is cut off",
            "the connection was closed after 5 of 100 bytes that Content-Length announces",
            4,
        )
    ]
    assert not any("DNS" in way for way in found[0].mend.values())


def test_what_a_page_of_https_loads_by_http_is_mixed_content(tmp_path: Path) -> None:
    with Clinic(healthy()) as plain:
        body = f'<script src="{plain.url}app.0123456789ab.js"></script><img src="{plain.url}logo.png">'
        with secure(tmp_path, "h2", body=body) as (server, reach):
            findings = examined(Scope([server.url]), reach)

    mixed = [(each.severity, each.message) for each in findings if each.check.name == "mixed_content"]
    assert mixed == [(ERROR, "it loads by http: script"), (WARNING, "it loads by http: image")]


def test_a_host_that_is_not_there_is_one_line() -> None:
    port = clinic.unused_port()
    tags = "".join(f'<img src="http://127.0.0.1:{port}/{number}.png">' for number in range(20))
    findings = diagnosed({"/": page(tags)})

    assert [(each.check.name, each.message, len(each.urls)) for each in findings] == [
        ("unreachable", "it refuses connections", 1)
    ]


def test_a_cookie_is_never_repeated_in_a_report() -> None:
    answers, otherwise, _ = WRONG["a public page with a session"]
    (finding,) = diagnosed(answers, otherwise)

    assert finding.said == "set-cookie: sid=…; cache-control: public, max-age=60"


def test_a_cookie_that_keeps_a_file_out_of_the_cache_is_named() -> None:
    script = File(JS, "text/javascript; charset=utf-8", Set_Cookie="sid=1", X_Cache="Miss from cloudfront")
    found = {each.check.name: each for each in diagnosed({"/app.0123456789ab.js": script})}

    assert found.keys() == {"cookie_shared", "not_kept"}
    assert found["not_kept"].said == "set-cookie: sid=…; x-cache: Miss from cloudfront"


def test_the_limit_holds_and_takes_some_of_each_kind() -> None:
    images = "".join(f'<img src="/{number}.png">' for number in range(100))
    answers: dict[str, Answer] = {
        f"/{number}.png": File(PNG, "image/png", "no-cache") for number in range(100)
    }
    with Clinic({**healthy(), **answers, "/": page(images + HTML)}) as server:
        examination = examine(Scope([server.url], limit=5), pause=no_pause)

    kinds = [visit.resource.kind for visit in examination.visits]
    assert kinds == ["page", "image", "image", "image", "style", "script"]
    assert examination.skipped == {"beyond --limit": 99}


def test_only_the_hosts_that_are_named_are_asked() -> None:
    body = '<img src="http://127.0.0.2:9/a.png"><script src="https://www.googletagmanager.com/x.js"></script>'
    with Clinic({**healthy(), "/": page(body)}) as server:
        every = examine(Scope([server.url]), pause=no_pause)
        one = examine(Scope([server.url], hosts={"127.0.0.1"}), pause=no_pause)

    assert [visit.resource.netloc for visit in every.visits][1:] == ["127.0.0.2:9"]
    assert every.skipped == {"of others who serve many sites": 1}
    assert one.skipped == {"of hosts that --host leaves out": 2}


PLAIN = """
[targets.cdn]
url = "http://127.0.0.1:%d/"
store = "directory:there"
"""


@pytest.fixture
def built(site: Site) -> Site:
    """A site with files on its origin and on a CDN."""
    site.write(
        {
            "static/img/logo.png": PNG,
            "static/font/a.woff2": WOFF2,
            "static/css/a.css": "@font-face { font-family: a; src: url(../font/a.woff2) }\n"
            + "a { color: red }\n" * 500,
            "static/js/a.js": "import './b.js';\n" + "console.log('a');\n" * 500,
            "static/js/b.js": "export let b = 1;\n",
            "static/robots.txt": "User-agent: *\n",
        }
    )
    return site


def test_nothing_is_found_on_a_build_behind_an_edge_that_keeps_and_compresses(built: Site) -> None:
    built.build(PLAIN % clinic.unused_port())
    manifest = built.manifest()
    with EdgeServer(of_build(built.out, manifest), compresses=True, error_s=1.0) as edge:
        built.build(PLAIN % edge.port)
        edge.source = of_build(built.out, built.manifest())
        scope = Scope(expected=_expected(built))

        def pause(seconds: float) -> None:
            edge.now += seconds

        assert len(scope.expected) == 2
        assert examined(scope, pause=pause) == ()


def _expected(site: Site, page: str = "") -> list[expectation.Expected]:
    manifest = document.read((site.out / "manifest.json").read_bytes())
    targets = {name: Target(name, str(row["url"])) for name, row in manifest.targets.items()}
    files = {
        path: {**entry, "url": page + entry["url"].removeprefix("/")}
        for path, entry in manifest.files.items()
    }
    return expectation.of(manifest._replace(files=files) if page else manifest, targets)


def test_files_of_a_manifest_that_differ_or_are_not_there_are_named(built: Site) -> None:
    built.build(PLAIN % clinic.unused_port())
    with EdgeServer(of_build(built.out, built.manifest()), compresses=True, error_s=1.0) as edge:
        built.build(PLAIN % edge.port)
        manifest = built.manifest()
        edge.source = of_build(built.out, manifest)
        (built.out / manifest["files"]["img/logo.png"]["path"]).write_bytes(PNG[:-1] + b"x")
        (built.out / manifest["files"]["font/a.woff2"]["path"]).unlink()
        findings = examined(Scope(expected=_expected(built)), pause=lambda _: setattr(edge, "now", 99.0))

    assert sorted((each.check.name, each.message) for each in findings) == [
        ("other_bytes", "it has other bytes than the manifest says"),
        ("status", "it answers 404 Not Found"),
    ]


NGINX = """
%(user)s daemon off; pid %(here)s/nginx.pid; error_log %(here)s/error.log; worker_processes 1;
events {}
http {
    access_log off;
    client_body_temp_path %(here)s/1; proxy_temp_path %(here)s/2; fastcgi_temp_path %(here)s/3;
    uwsgi_temp_path %(here)s/4; scgi_temp_path %(here)s/5;
    server {
        listen 127.0.0.1:%(port)d;
        set $cdn_pipeline_build %(build)s;
        include %(build)s/includes/headers/nginx.conf;
    }
}
"""


@contextmanager
def nginx(directory: Path, build: Path) -> Iterator[str]:
    """Debian's, with the headers that the build has made; gives its URL."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    user = "user root;" if os.getuid() == 0 else ""  # whose temporary directories nobody else may read
    file = directory / "nginx.conf"
    with socket.create_server(("127.0.0.1", 0)) as listening:  # so that nobody waits until it listens
        port, handle = listening.getsockname()[1], listening.fileno()
        file.write_text(NGINX % {"here": directory, "build": build, "port": port, "user": user})
        command = [program, "-e", str(directory / "error.log"), "-c", str(file)]
        environment = {**os.environ, "NGINX": f"{handle};"}
        with subprocess.Popen(command, env=environment, pass_fds=[handle]) as process:
            try:
                yield f"http://127.0.0.1:{port}/"
            finally:
                process.terminate()


def test_nothing_is_found_on_nginx_with_the_headers_that_a_build_makes(built: Site, tmp_path: Path) -> None:
    built.build("")
    with nginx(tmp_path, built.out) as url:
        expected = _expected(built, url)

        assert sorted(each.path for each in expected) == sorted(built.manifest()["files"])
        assert examined(Scope(expected=expected)) == ()


def test_a_compressed_file_that_is_older_than_its_source_is_found_on_nginx(
    built: Site, tmp_path: Path
) -> None:
    built.build("")
    entry = built.manifest()["files"]["css/a.css"]
    (built.out / f"{entry['path']}.gz").write_bytes(gzip.compress(b"a { color: blue }"))
    with nginx(tmp_path, built.out) as url:
        findings = examined(Scope(expected=_expected(built, url)))

    assert (ERROR, "encoding_differs") in named(findings)
    assert json.dumps([each.as_json for each in findings])


def test_a_file_of_which_only_the_compressed_ones_are_right_is_found_on_nginx(
    built: Site, tmp_path: Path
) -> None:
    built.build("")
    files = built.manifest()["files"]
    with (built.out / files["css/a.css"]["path"]).open("ab") as file:
        file.write(b"x")
    (built.out / files["js/a.js"]["path"]).unlink()
    with nginx(tmp_path, built.out) as url:
        findings = examined(Scope(expected=_expected(built, url)))

    assert sorted((each.check.name, each.message, each.said) for each in findings) == [
        (
            "encoding_differs",
            "its encodings differ in content",
            "gzip: 6,068 bytes; as it is: more than 6,068 bytes",
        ),
        ("status", "it answers 404 Not Found in some encodings", "accept-encoding: identity or br or zstd"),
    ]
