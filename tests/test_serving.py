"""How a server answers for the files of a real build."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import brotli
import pytest

from cdn_pipeline import digest
from cdn_pipeline.manifest import Manifest
from cdn_pipeline.serving import Answer, Site, answer
from tests.conftest import Site as Sources

CONFIG = """
minify = false
[targets.cdn]
url = "https://cdn.example.com/site/"
store = "directory:published"
[[routes]]
match = ["kept.png"]
keep_on_origin = true
[routes.headers]
x-robots-tag = "noindex"
"""
SHEET = "a { color: rebeccapurple }\n" * 40
STAMP = digest.sha256(SHEET.encode())[:12]
NAME = f"css/a.{STAMP}.css"
IMMUTABLE = "public, max-age=31536000, immutable"


@dataclass
class Served:
    """A built site, asked as a server asks."""

    site: Sources
    manifest: Manifest

    def get(self, path: str, method: str = "GET", target: str = "origin", **headers: str) -> Answer:
        asked = {name.replace("_", "-"): value for name, value in headers.items()}
        return answer(self.manifest, method, path, asked, target)

    def body(self, path: str, **headers: str) -> bytes:
        return b"".join(self.get(path, **headers).chunks())


@pytest.fixture
def served(site: Sources) -> Served:
    site.write(
        {
            "static/css/a.css": SHEET,
            "static/robots.txt": "User-agent: *\n" * 50,
            "static/kept.png": b"kept",
            "static/gone.png": b"gone",
            "static/f.woff2": b"font",
            "static/js/m.js": "export default 1\n",
            "static/latin.txt": "gr\xfc\xdfe".encode("latin-1"),
            "static/ü #1.txt": "umlaut",
        }
    )
    site.build(CONFIG)
    os.utime(site.out / "origin" / NAME, (1_700_000_000, 1_700_000_000))
    return Served(site, Manifest.load(site.out / "manifest.json", missing="plain", reload=0))


def test_a_fingerprinted_file_is_immutable_and_complete(served: Served) -> None:
    got = served.get(NAME)

    assert b"".join(got.chunks()) == SHEET.encode()
    assert got.status == 200
    assert got.headers == {
        "Accept-Ranges": "bytes",
        "Cache-Control": IMMUTABLE,
        "Content-Length": str(len(SHEET)),
        "Content-Type": "text/css; charset=utf-8",
        "ETag": f'"{STAMP}"',
        "Last-Modified": "Tue, 14 Nov 2023 22:13:20 GMT",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }


def test_a_fixed_name_is_to_be_asked_for_again(served: Served) -> None:
    got = served.get("robots.txt")
    text = (served.site.root / "static/robots.txt").read_bytes()

    assert got.headers["Cache-Control"] == "no-cache"
    assert got.headers["ETag"] == f'"{digest.sha256(text)[:24]}"'


@pytest.mark.parametrize(("coding", "decode"), [("gzip", gzip.decompress), ("br", brotli.decompress)])
def test_each_variant_has_a_tag_and_a_length_of_its_own(served: Served, coding: str, decode: object) -> None:
    assert callable(decode)
    plain, got = served.get(NAME), served.get(NAME, accept_encoding=coding)
    content = b"".join(got.chunks())

    assert decode(content) == SHEET.encode()
    assert got.headers["Content-Encoding"] == coding
    assert got.headers["Content-Length"] == str(len(content))
    assert got.headers["Content-Type"] == "text/css; charset=utf-8"
    assert got.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert got.headers["ETag"] == f'"{STAMP}-{coding}-{len(content):x}"' != plain.headers["ETag"]
    plain.close()


def test_only_the_tag_of_the_chosen_variant_is_not_modified(served: Served) -> None:
    plain = served.get(NAME, "HEAD").headers["ETag"]
    encoded = served.get(NAME, "HEAD", accept_encoding="br").headers["ETag"]

    assert served.get(NAME, "HEAD", accept_encoding="br", if_none_match=plain).status == 200
    assert served.get(NAME, "HEAD", accept_encoding="br", if_none_match=encoded).status == 304
    assert served.get(NAME, if_none_match=plain) == Answer(
        304,
        {
            "Cache-Control": IMMUTABLE,
            "ETag": plain,
            "Last-Modified": "Tue, 14 Nov 2023 22:13:20 GMT",
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        },
    )


def test_a_range_is_of_the_bytes_that_are_sent(served: Served) -> None:
    whole = served.body(NAME, accept_encoding="gzip")
    got = served.get(NAME, accept_encoding="gzip", range="bytes=2-5")

    assert b"".join(got.chunks()) == whole[2:6]
    assert (got.status, got.headers["Content-Length"]) == (206, "4")
    assert got.headers["Content-Range"] == f"bytes 2-5/{len(whole)}"
    assert got.headers["Content-Encoding"] == "gzip"


def test_a_range_outside_is_told_the_size(served: Served) -> None:
    got = served.get(NAME, range="bytes=99999-")

    assert (got.status, got.headers["Content-Range"]) == (416, f"bytes */{len(SHEET)}")
    assert got.headers["Cache-Control"] == "no-store"


def test_head_is_get_without_a_body(served: Served) -> None:
    got, asked = served.get(NAME, accept_encoding="br"), served.get(NAME, "HEAD", accept_encoding="br")
    got.close()

    assert asked == Answer(200, got.headers, None, got.length, b"")
    assert served.get("no.css", "HEAD").body == b""


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get", ""])
def test_other_methods_are_refused(served: Served, method: str) -> None:
    got = served.get(NAME, method)

    assert (got.status, got.headers["Allow"], got.headers["Cache-Control"]) == (405, "GET, HEAD", "no-store")


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "/",
        "css",
        "css/",
        "css/a.css",  # the source's own name
        "css/a.000000000000.css",
        f"/{NAME}",
        f"css//a.{STAMP}.css",
        f"./{NAME}",
        f"css/../{NAME}",
        f"x/../{NAME}",
        f"css\\a.{STAMP}.css",
        f"{NAME}/",
        f"{NAME}.br",
        f"{NAME}.gz",
        "../manifest.json",
        "..\\manifest.json",
        "../origin/robots.txt",
        "../.cdn_pipeline/ledger.json",
        "%2e%2e/manifest.json",
        "/etc/passwd",
        "C:/Windows/win.ini",
        "robots.txt\0",
        "\0",
        "\udcff",
        "a" * 5000,
        "a/" * 3000 + "a",
        "manifest.json",
        "gone.png",
    ],
)
def test_what_is_no_file_of_the_build_is_not_found_and_not_kept(served: Served, path: str) -> None:
    got = served.get(path, accept_encoding="br")

    assert (got.status, got.headers["Cache-Control"], got.file) == (404, "no-store", None)


def test_links_do_not_lead_out(served: Served) -> None:
    origin = served.site.out / "origin"
    secret = served.site.root / "secret.txt"
    secret.write_text("secret")
    (origin / "out.txt").symlink_to(secret)
    (origin / "up").symlink_to(served.site.root)
    (origin / "in.txt").symlink_to(origin / "robots.txt")
    (origin / "robots.txt.zst").symlink_to(secret)
    (origin / "loop.txt").symlink_to(origin / "loop.txt")

    assert [served.get(name).status for name in ("out.txt", "up/secret.txt", "loop.txt")] == [404] * 3
    assert served.body("in.txt", accept_encoding="zstd") == served.body("robots.txt", accept_encoding="zstd")
    assert b"secret" not in served.body("in.txt", accept_encoding="zstd")


def test_a_pipe_does_not_hang_the_server(served: Served) -> None:
    os.mkfifo(served.site.out / "origin/pipe.txt")

    assert served.get("pipe.txt").status == 404


def test_a_build_that_is_reached_through_a_link_is_served(served: Served) -> None:
    link = served.site.root / "current"
    link.symlink_to(served.site.out)
    manifest = Manifest.load(link / "manifest.json")

    assert answer(manifest, "HEAD", NAME, {}).status == 200


def test_an_encoded_file_of_the_authors_own_is_an_asset(site: Sources) -> None:
    site.write({"static/data.tar.gz": b"archive", "static/data.json.gz": b"json"})
    site.build('[[routes]]\nmatch = ["*"]\nfingerprint = false')
    manifest = Manifest.load(site.out / "manifest.json")
    got = answer(manifest, "HEAD", "data.tar.gz", {})

    assert got.headers["Content-Type"] == "application/gzip"
    assert "Content-Encoding" not in got.headers
    assert answer(manifest, "HEAD", "data.json.gz", {}).status == 200


def test_copies_kept_on_the_origin_are_served_there_with_their_headers(served: Served) -> None:
    name = f"kept.{digest.sha256(b'kept')[:12]}.png"
    got = served.get(name)

    assert b"".join(got.chunks()) == b"kept"
    assert got.headers["X-Robots-Tag"] == "noindex"
    assert got.headers["Access-Control-Allow-Origin"] == "*"
    assert "Vary" not in got.headers


def test_another_target_serves_its_own_files_alone(served: Served) -> None:
    name = f"gone.{digest.sha256(b'gone')[:12]}.png"

    assert served.get(name).status == 404
    assert served.get(name, "HEAD", "cdn").headers["Cache-Control"] == IMMUTABLE
    assert served.get(NAME, target="cdn").status == 404
    assert served.get(name, target="no such target").status == 404


def test_fonts_and_modules_may_be_read_by_other_origins_and_nothing_else(served: Served) -> None:
    shared = {
        name: "Access-Control-Allow-Origin"
        in served.get(entry["path"].partition("/")[2], "HEAD", target=entry["target"]).headers
        for name in served.manifest.names()
        if (entry := served.manifest.entry(name))
    }

    assert shared == {
        "css/a.css": False,
        "f.woff2": True,
        "gone.png": True,  # a CDN's
        "js/m.js": True,
        "kept.png": True,
        "latin.txt": False,
        "robots.txt": False,
        "ü #1.txt": False,
    }


def test_a_text_of_another_encoding_gets_no_charset(served: Served) -> None:
    path = served.manifest.entry("latin.txt")["path"].removeprefix("origin/")

    assert served.get(path, "HEAD").headers["Content-Type"] == "text/plain"


def test_names_are_decoded_ones(served: Served) -> None:
    path = served.manifest.entry("ü #1.txt")["path"].removeprefix("origin/")

    assert served.body(path) == b"umlaut"


def test_files_of_the_last_release_are_still_served_as_they_were(served: Served) -> None:
    before = served.get(NAME, "HEAD", accept_encoding="br")
    served.site.write({"static/css/a.css": "b { color: red }\n" * 40})
    (served.site.root / "static/robots.txt").unlink()
    served.site.build(CONFIG)
    after = served.get(NAME, "HEAD", accept_encoding="br")

    assert served.manifest.url("css/a.css") != f"/static/{NAME}"
    assert after == before
    assert served.get(f"{NAME}.br").status == 404
    assert served.get("robots.txt", "HEAD").headers["Cache-Control"] == "no-cache"


def test_a_file_that_was_overwritten_bears_another_tag(served: Served) -> None:
    before = served.get("robots.txt", "HEAD").headers["ETag"]
    (served.site.out / "origin/robots.txt").write_bytes(b"Disallow: /\n")
    got = served.get("robots.txt")

    assert (b"".join(got.chunks()), got.headers["Content-Length"]) == (b"Disallow: /\n", "12")
    assert got.headers["ETag"] != before


def test_a_lost_neighbour_is_replaced_by_the_next_best(served: Served) -> None:
    (served.site.out / "origin" / f"{NAME}.br").unlink()
    got = served.get(NAME, "HEAD", accept_encoding="br, gzip")
    assert got.headers["Content-Encoding"] == "gzip"

    (served.site.out / "origin" / f"{NAME}.gz").unlink()
    assert "Content-Encoding" not in served.get(NAME, "HEAD", accept_encoding="br, gzip").headers


@pytest.mark.parametrize("text", [None, "", "{", '{"version": 99}', "[]"])
def test_without_a_manifest_files_are_served_by_their_names(served: Served, text: str | None) -> None:
    file = served.site.out / "manifest.json"
    file.unlink() if text is None else file.write_text(text)
    manifest = Manifest.load(file, missing="plain")

    got = answer(manifest, "HEAD", NAME, {"accept-encoding": "br"})
    assert (got.status, got.headers["Cache-Control"]) == (200, IMMUTABLE)
    assert answer(manifest, "HEAD", "robots.txt", {}).headers["Cache-Control"] == "no-cache"


def test_a_client_that_leaves_early_leaves_no_file_open(served: Served) -> None:
    got = served.get(NAME)
    chunks = got.chunks()
    next(chunks)
    chunks.close()  # type: ignore[attr-defined]

    assert got.file is not None and got.file.closed


@pytest.mark.parametrize(
    ("prefix", "path", "name"),
    [
        (None, "/static/css/a.css", "css/a.css"),
        (None, "/other/css/a.css", None),
        (None, "/static", None),
        ("assets", "/assets/a.css", "a.css"),
        ("/", "/a.css", "a.css"),
        ("/s/", "/s//a.css", "/a.css"),
    ],
)
def test_a_site_has_what_is_below_its_prefix(
    served: Served, prefix: str | None, path: str, name: str | None
) -> None:
    assert Site(served.site.out, prefix).name(path) == name


def test_the_prefix_is_the_path_of_the_origins_url(site: Sources) -> None:
    site.write({"static/a.txt": "a"})
    site.build('[targets.origin]\nurl = "https://static.example.com/f%20s/"')

    assert Site(site.out).prefix == "/f s/"


def test_without_a_build_the_prefix_is_that_of_the_config(tmp_path: Path) -> None:
    (tmp_path / "cdn_pipeline.toml").write_text('[targets.origin]\nurl = "/assets/"')

    assert Site(start=tmp_path).prefix == "/assets/"
    assert Site(tmp_path / "nowhere").prefix == "/static/"


@pytest.mark.parametrize("name", ["wsgi", "asgi", "starlette"])
def test_an_integration_loads_nothing_that_only_a_build_needs(name: str) -> None:
    ours = [f"cdn_pipeline.{each}" for each in ("config", "build", "route", "integrations.jinja2")]
    heavy = [*ours, "boto3", "webassets", "yaml", "jinja2", "brotli", "deflate"]
    program = f"import sys, cdn_pipeline.integrations.{name}; print([x for x in {heavy} if x in sys.modules])"

    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "[]\n"
