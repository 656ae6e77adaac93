"""Whole builds."""

from __future__ import annotations

import gzip
import json
import os
import stat
from pathlib import Path

import brotli
import pytest
import zstandard

from cdn_pipeline.digest import sha256, stamp
from cdn_pipeline.errors import ConfigError, SiteError
from tests.conftest import PLAIN, Site

CDN = """
minify = false
[targets.cdn]
url = "https://cdn.example.com/"
store = "s3://bucket"
keep_on_origin = true
"""


def broken(site: Site, config: str = PLAIN) -> list[str]:
    with pytest.raises(SiteError) as caught:
        site.build(config)
    return [str(problem) for problem in caught.value.problems]


def test_references_lead_to_fingerprinted_files(site: Site) -> None:
    site.write({"static/css/a.css": "a { background: url(../img/a.png?v=1#x) }", "static/img/a.png": b"PNG"})
    site.build()

    image = stamp("img/a.png", sha256(b"PNG"))
    text = f"a {{ background: url(/static/{image}?v=1#x) }}"
    assert site.served("css/a.css") == text
    assert site.url("css/a.css") == "/static/" + stamp("css/a.css", sha256(text.encode()))
    assert (site.out / "origin" / image).read_bytes() == b"PNG"


def test_text_stays_on_the_origin_and_images_go_to_the_cdn(site: Site) -> None:
    site.write({"static/a.css": "a { background: url(a.png) }", "static/a.png": b"PNG"})
    site.build(CDN)

    image = stamp("a.png", sha256(b"PNG"))
    assert site.served("a.css") == f"a {{ background: url(https://cdn.example.com/{image}) }}"
    assert (site.out / "cdn" / image).read_bytes() == b"PNG"
    assert (site.out / "origin" / image).read_bytes() == b"PNG"
    assert site.manifest()["files"]["a.png"]["fallback"] == f"/static/{image}"


def test_an_svg_used_by_a_filter_stays_on_the_origin(site: Site) -> None:
    site.write({"static/a.css": "a { filter: url(f.svg#blur) }", "static/f.svg": "<svg/>"})
    site.build(CDN + '[[routes]]\nmatch = ["*.svg"]\ntarget = "cdn"\n')

    assert site.url("f.svg").startswith("/static/f.")


def test_a_changed_image_changes_the_sheet_that_shows_it_and_nothing_else(site: Site) -> None:
    site.write(
        {
            "static/a.css": "a { background: url(a.png) }",
            "static/b.css": "b { background: url(b.png) }",
            "static/a.png": b"1",
            "static/b.png": b"1",
        }
    )
    site.build()
    before = site.manifest()["files"]
    site.write({"static/a.png": b"2"})
    site.build()
    after = site.manifest()["files"]

    assert {path for path in before if before[path] != after[path]} == {"a.png", "a.css"}


def test_modules_that_import_each_other(site: Site) -> None:
    site.write({"static/a.js": 'import "./b.js";\n', "static/b.js": 'import "./a.js";\n'})
    site.build()

    assert site.served("a.js") == f'import "{site.url("b.js")}";\n'
    assert site.served("b.js") == f'import "{site.url("a.js")}";\n'
    assert site.manifest()["files"]["a.js"]["imports"] == ["b.js"]


def test_all_missing_references_at_once_with_their_places(site: Site) -> None:
    site.write(
        {
            "static/css/a.css": "a { background: url(../img/Logo.png) }\n\nb { background: url(gone.png) }",
            "static/js/a.js": "import './missing.js';\nimport './b';\n",
            "static/img/logo.png": b"",
            "static/js/b.js": "",
        }
    )

    assert broken(site) == [
        "static/css/a.css:1:21: no asset 'img/Logo.png'; did you mean "
        "'img/logo.png'? names must match exactly, also in case",
        "static/css/a.css:3:21: no asset 'css/gone.png' (written 'gone.png'); "
        "add the file, mend the reference, or list it in `ignore`",
        "static/js/a.js:1:9: no asset 'js/missing.js' (written './missing.js'); "
        "add the file, mend the reference, or list it in `ignore`",
        "static/js/a.js:2:9: no asset 'js/b' (written './b'); did you mean 'js/b.js'?",
    ]


def test_a_missing_reference_may_be_a_warning_and_then_keeps_its_bytes(site: Site) -> None:
    text = "a { background: URL( 'gone%20.png?x#y' ) }"
    site.write({"static/a.css": text})
    built = site.build('on_missing = "warn"\n' + PLAIN)

    assert [problem.severity for problem in built.problems] == ["warning"]
    assert site.served("a.css") == text


def test_ignored_references_are_not_missed(site: Site) -> None:
    text = "a { background: url(gone.png) }\n/*# sourceMappingURL=a.css.map */"
    site.write({"static/vendor/a.css": text})
    built = site.build('ignore = ["vendor/**: *.png", "vendor/**: *.map"]\n' + PLAIN)

    assert built.problems == []
    assert site.served("vendor/a.css") == text


def test_a_dangling_source_map_is_dropped_with_a_warning(site: Site) -> None:
    site.write(
        {
            "static/a.js": "a()\n//# sourceMappingURL=a.js.map\n",
            "static/b.css": "b{}\n/*# sourceMappingURL=b.css.map */",
        }
    )
    built = site.build()

    assert [str(problem) for problem in built.problems] == [
        "static/a.js:2:22: no source map 'a.js.map'; the comment is dropped",
        "static/b.css:2:22: no source map 'b.css.map'; the comment is dropped",
    ]
    assert site.served("a.js") == "a()\n"
    assert site.served("b.css") == "b{}\n"


def test_a_source_map_keeps_its_comment(site: Site) -> None:
    site.write({"static/a.js": "a()\n//# sourceMappingURL=a.js.map\n", "static/a.js.map": "{}"})
    site.build()

    assert site.served("a.js") == f"a()\n//# sourceMappingURL={site.url('a.js.map')}\n"


def test_text_that_is_not_utf8_is_copied_with_a_warning(site: Site) -> None:
    site.write({"static/a.css": b"\n/* caf\xe9 */ a { background: url(gone.png) }"})
    built = site.build()

    assert [str(problem) for problem in built.problems] == [
        "static/a.css:2: not UTF-8; copied as it is, references and all; save it as UTF-8"
    ]
    entry = site.manifest()["files"]["a.css"]
    assert (site.out / entry["path"]).read_bytes() == (site.root / "static/a.css").read_bytes()
    assert entry["headers"]["Content-Type"] == "text/css"


def test_climbing_out_of_the_site_is_left_alone_with_a_warning(site: Site) -> None:
    text = "a { background: url(../media/a.png) } b { background: url(../b.png) }"
    site.write({"static/a.css": text, "static/b.png": b""})
    built = site.build()

    assert [str(problem) for problem in built.problems] == [
        "static/a.css:1:21: '../media/a.png' leads out of the static files; left as it is"
    ]
    assert "url(../media/a.png)" in site.served("a.css")
    assert f"url({site.url('b.png')})" in site.served("a.css")


@pytest.mark.parametrize(
    "name", ["a b.png", "a#b.png", "a?b.png", "100%.png", 'it\'s "q".png', "ü.png", "o\u0308.png"]
)
def test_odd_names_have_correct_urls(site: Site, name: str) -> None:
    from urllib.parse import quote, unquote

    site.write({f"static/img/{name}": b"x", "static/a.css": f'a {{ background: url("img/{quote(name)}") }}'})
    site.build()
    url = site.served("a.css").split('"')[1]

    assert (site.out / "origin" / unquote(url.removeprefix("/static/"))).read_bytes() == b"x"
    assert url == site.url(f"img/{name}")


def test_neighbours_decode_to_their_base(site: Site) -> None:
    text = b"a { color: red }\n" * 100
    site.write({"static/a.css": text, "static/tiny.css": "a{}", "static/noise.json": os.urandom(3000)})
    site.build('minify = false\n[[routes]]\nmatch = ["*"]\nencodings = ["gzip", "br", "zst"]\n')
    entry = site.manifest()["files"]["a.css"]
    file = site.out / entry["path"]

    assert gzip.decompress(Path(f"{file}.gz").read_bytes()) == text
    assert brotli.decompress(Path(f"{file}.br").read_bytes()) == text
    assert zstandard.decompress(Path(f"{file}.zst").read_bytes()) == text
    assert entry["encodings"] == {
        name: Path(f"{file}.{suffix}").stat().st_size
        for name, suffix in (("gzip", "gz"), ("br", "br"), ("zst", "zst"))
    }
    assert sorted(name for name in site.files() if name.endswith((".gz", ".br", ".zst"))) == [
        f"{entry['path']}.{suffix}" for suffix in ("br", "gz", "zst")
    ]


def test_gzip_bears_no_time_and_no_name(site: Site) -> None:
    site.write({"static/a.css": "a { color: red }\n" * 100})
    site.build("minify = false")

    assert (
        next(content for name, content in site.files().items() if name.endswith(".gz"))[3:8] == b"\0\0\0\0\0"
    )


@pytest.mark.parametrize("options", [{"jobs": 1}, {"jobs": 4}, {"use_cache": False}])
def test_every_way_to_build_gives_the_same_bytes(site: Site, options: dict[str, object]) -> None:
    for number in range(30):
        site.write(
            {
                f"static/{number}.css": f"/* {number} */ a {{ background: url({number}.png) }}\n" * 300,
                f"static/{number}.js": f"import './{(number + 1) % 30}.js'; // {number}\n" * 400,
                f"static/{number}.png": os.urandom(1000),
            }
        )
    site.build("")
    before = site.files()
    site.build("", **options)
    again = site.files()
    site.out = site.root / "other"
    site.build("", **options)

    assert before == again == site.files()


def test_a_build_that_fails_leaves_the_last_one_whole(site: Site) -> None:
    site.write({"static/a.css": "a { background: url(a.png) }", "static/a.png": b"1"})
    site.build()
    before = site.files()
    site.write({"static/a.png": b"2", "static/b.css": "b { background: url(gone.png) }"})

    assert broken(site)
    assert site.files() == before


def test_checking_writes_nothing(site: Site) -> None:
    site.write({"static/a.css": "a { background: url(a.png) }", "static/a.png": b"1"})
    site.build(write=False)

    assert not site.out.exists()


def test_old_releases_stay_for_their_time_and_foreign_files_for_ever(site: Site) -> None:
    config = "keep_releases = 2\n" + PLAIN
    site.write({"static/a.png": b"1"})
    site.build(config)
    site.write({"build/origin/mine.txt": "mine"})
    for content in (b"2", b"3"):
        site.write({"static/a.png": content})
        site.build(config)

    names = {name for name in site.files() if name.startswith("origin/")}
    assert names == {"origin/mine.txt", *("origin/" + stamp("a.png", sha256(one)) for one in (b"2", b"3"))}


def test_a_file_that_we_did_not_write_is_never_overwritten(site: Site) -> None:
    site.write({"static/robots.txt": "ours", "build/origin/robots.txt": "theirs"})
    problems = broken(site, "minify = false")

    assert problems == ["build/origin/robots.txt: is in the way and was not written by us; move it away"]
    assert (site.out / "origin/robots.txt").read_text() == "theirs"


def test_our_own_file_whose_ledger_is_lost_is_not_in_the_way(site: Site) -> None:
    site.write({"static/robots.txt": "ours"})
    site.build("")
    (site.out / ".cdn_pipeline/ledger.json").unlink()
    site.build("")

    assert site.served("robots.txt") == "ours"


def test_a_damaged_output_is_mended(site: Site) -> None:
    site.write({"static/a.css": "a { background: url(a.png) }\n" * 50, "static/a.png": b"PNG"})
    site.build("")
    before = site.files()
    for name in before:
        if name.startswith("origin/"):
            (site.out / name).unlink()
    site.build("")

    assert site.files() == before


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 1}', b'{"format": 99}'])
def test_a_damaged_ledger_costs_only_time(site: Site, content: bytes) -> None:
    site.write({"static/a.css": "a{}"})
    site.build("")
    before = site.files()
    (site.out / ".cdn_pipeline/ledger.json").write_bytes(content)
    site.build("")

    assert site.files() == before


def test_two_sources_for_one_output(site: Site) -> None:
    site.write({"static/a.txt": "a" * 500, "static/a.txt.gz": "b"})
    config = 'minify = false\n[[routes]]\nmatch = ["*"]\nfingerprint = false\nencodings = ["gzip"]\n'
    problems = broken(site, config)

    assert any("which is already an output of" in problem for problem in problems)
    assert any(
        problem.startswith("static/a.txt.gz: looks like an encoding of 'a.txt'") for problem in problems
    )


def test_a_directory_that_cannot_be_written(site: Site) -> None:
    site.write({"static/a.css": "a{}", "build": "a file"})

    assert broken(site) == [
        "build: cannot be written: not a directory; "
        "something there is a file; remove it, or build elsewhere with --out"
    ]


def test_a_file_that_cannot_be_read(site: Site) -> None:
    site.write({"static/a.css": "a{}"})
    (site.root / "static/b.css").symlink_to("b.css")

    assert broken(site)[0].startswith("static/b.css: cannot be read")


def test_outputs_can_be_read_by_a_web_server(site: Site) -> None:
    site.write({"static/a.css": "a{}", "static/a.png": b"1"})
    (site.root / "static/a.png").chmod(0o600)
    previous = os.umask(0o022)
    try:
        site.build()
    finally:
        os.umask(previous)

    assert {stat.S_IMODE((site.out / name).stat().st_mode) for name in site.files()} == {0o644}


def test_outputs_share_nothing_with_their_source(site: Site) -> None:
    site.write({"static/a.bin": b"1" * 5_000_000, "static/b.png": b"1"})
    site.build()
    with open(site.root / "static/a.bin", "r+b") as file:
        file.write(b"2")

    entry = site.manifest()["files"]["a.bin"]
    assert sha256((site.out / entry["path"]).read_bytes()) == entry["sha256"] == sha256(b"1" * 5_000_000)


def test_downloads_in_pages_lead_to_files_and_links_to_anything_else_stay(site: Site) -> None:
    page = (
        '<a href="../doc.pdf?a#page=2">d</a> <a href="/static/doc.pdf" download>d</a> '
        '<a href="two.html">p</a> <a href="gone.pdf">g</a> '
        '<a href="../../up.pdf">u</a> <a href="/about">s</a> <a href="./">h</a>'
    )
    site.write({"static/doc.pdf": b"%PDF", "static/pages/one.html": page, "static/pages/two.html": ""})
    built = site.build('html = ["*.html"]\n' + PLAIN)
    url = site.url("doc.pdf")

    assert built.problems == []
    assert url != "/static/doc.pdf"
    assert site.served("pages/one.html") == page.replace("../doc.pdf", url).replace("/static/doc.pdf", url)


def test_the_manifest_for_django(site: Site) -> None:
    site.write({"static/b.txt": "b", "static/a/c.png": "c"})
    site.build(CDN)
    document = json.loads((site.out / "staticfiles.json").read_text())

    assert document["paths"] == {
        "a/c.png": stamp("a/c.png", sha256(b"c")),
        "b.txt": stamp("b.txt", sha256(b"b")),
    }
    assert document["version"] == "1.1"
    assert len(document["hash"]) == 12


def test_html_pages_only_where_asked_for(site: Site) -> None:
    page = '<img src="a.png">'
    site.write({"static/pages/a.html": page, "static/other/a.html": page, "static/pages/a.png": b"1"})
    site.build('html = ["pages/**/*.html"]\n' + PLAIN)

    assert site.served("pages/a.html") == f'<img src="{site.url("pages/a.png")}">'
    assert site.served("other/a.html") == page
    assert site.url("pages/a.html") == "/static/pages/a.html"


def test_a_text_that_looks_like_our_draft_is_left_alone(site: Site) -> None:
    text = "a { background: url(gone.png) } /* cdnp_0123456789abcdef0123 */"
    site.write({"static/a.css": text})
    built = site.build()

    assert site.served("a.css") == text
    assert "looks like a draft of ours" in built.problems[0].message


def test_a_warning_names_the_file_as_it_is_called_now(site: Site) -> None:
    site.write({"static/a.css": "a {}\n@import 'b.css';\n"})
    site.build()
    (site.root / "static").rename(site.root / "assets")
    built = site.build('source = ["assets"]\n' + PLAIN)

    assert [problem.file for problem in built.problems] == ["assets/a.css"]


def test_a_late_import_stays_dead_with_one_warning(site: Site) -> None:
    text = "a { color: red }\n@import 'gone.css';\n@import 'gone.css';\n"
    site.write({"static/a.css": text})
    built = site.build()

    assert [str(problem) for problem in built.problems] == [
        "static/a.css:2:1: an @import after other rules has no effect; it is left as it is; "
        "move it to the top of the sheet"
    ]
    assert site.served("a.css") == text


def test_an_import_that_is_no_style_sheet(site: Site) -> None:
    site.write({"static/a.css": "@import 'a.txt';", "static/a.txt": ""})

    assert broken(site) == ["static/a.css:1:10: @import of 'a.txt', which is no style sheet"]


def test_a_changed_file_without_fingerprint_is_served_anew(site: Site) -> None:
    site.write(
        {"static/robots.txt": "one\n" * 100, "static/p.html": '<img src="a.png">', "static/a.png": b"1"}
    )
    site.build('html = ["*.html"]\n')
    site.write({"static/robots.txt": "two\n" * 100, "static/a.png": b"2"})
    site.build('html = ["*.html"]\n')

    assert site.served("robots.txt") == "two\n" * 100
    assert gzip.decompress((site.out / "origin/robots.txt.gz").read_bytes()) == b"two\n" * 100
    assert site.served("p.html") == f'<img src="{site.url("a.png")}">'


def test_a_neighbour_that_is_not_wanted_any_more_goes_at_once(site: Site) -> None:
    site.write({"static/robots.txt": "one\n" * 100})
    site.build("")
    site.write({"static/robots.txt": "short"})
    site.build("")

    assert [name for name in site.files() if name.startswith("origin/")] == ["origin/robots.txt"]


def test_neighbours_are_made_from_the_bytes_they_stand_for(site: Site) -> None:
    """A file that somebody swaps in the build directory spoils no cache."""
    first, second = "one\n" * 100, "two\n" * 100
    site.write({"static/robots.txt": first})
    site.build("")
    site.write({"static/robots.txt": second, "static/x.txt": second})
    site.build("")
    entry = site.manifest()["files"]["x.txt"]

    assert gzip.decompress(Path(f"{site.out / entry['path']}.gz").read_bytes()) == second.encode()


@pytest.mark.parametrize("name", ["staticfiles.json", "manifest.json", "includes/importmap.html"])
def test_a_document_that_we_did_not_write_is_never_overwritten(site: Site, name: str) -> None:
    site.write({"static/a.css": "a{}", f"build/{name}": "theirs"})

    assert broken(site) == [f"build/{name}: is in the way and was not written by us; move it away"]
    assert (site.out / name).read_text() == "theirs"


def test_integrity_within_a_cycle(site: Site) -> None:
    page = '<script type="module" src="a.js" integrity="sha256-old"></script>'
    site.write({"static/p.html": page, "static/a.js": 'new URL("p.html", import.meta.url);\n'})
    site.build('html = ["*.html"]\nminify = false\n[[routes]]\nmatch = ["*"]\nfingerprint = true\n')
    entry = site.manifest()["files"]["a.js"]

    assert f'integrity="{entry["integrity"]}"' in site.served("p.html")
    assert sha256((site.out / entry["path"]).read_bytes()) == entry["sha256"]


def test_another_address_renames_what_holds_it_also_in_a_cycle(site: Site) -> None:
    site.write({"static/a.js": 'import "./b.js";\n', "static/b.js": 'import "./a.js";\n'})
    site.build('[targets.origin]\nurl = "/one/"\n')
    first = site.manifest()["files"]["a.js"]
    site.build('[targets.origin]\nurl = "/two/"\n')

    assert first["path"] != site.manifest()["files"]["a.js"]["path"]


def test_checking_finds_what_stands_in_the_way(site: Site) -> None:
    site.write({"static/robots.txt": "ours", "build/origin/robots.txt": "theirs"})
    with pytest.raises(SiteError, match="was not written by us"):
        site.build(write=False)


def test_an_address_of_another_host_cannot_serve_svg_filters(site: Site) -> None:
    site.write({"static/a.css": "a { filter: url(f.svg#blur) }", "static/f.svg": "<svg/>"})
    built = site.build(PLAIN + '[targets.origin]\nurl = "https://static.example.com/"\n')

    assert [str(problem) for problem in built.problems] == [
        "static/a.css:1:17: browsers use 'f.svg' only in pages of static.example.com itself; "
        "serve the static files from the pages' own host, or put the SVG into the page"
    ]


def test_unknown_members_of_groups_are_found_before_anything_is_written(site: Site) -> None:
    site.write({"static/a.css": "a{}"})
    with pytest.raises(ConfigError) as caught:
        site.build(PLAIN + '[groups]\nhome = ["b.css", "c.css"]\n')

    assert [problem.message for problem in caught.value.problems] == [
        "groups.home: no bundle or file 'b.css'",
        "groups.home: no bundle or file 'c.css'",
    ]
    assert caught.value.problems[0].hint == "did you mean 'a.css'?"


def test_a_build_inside_a_source_is_no_asset(site: Site) -> None:
    site.write({"static/a.css": "a{}"})
    ours, site.out = site.out, site.root / "static/out"
    site.build()
    site.out = ours
    site.build()

    assert list(site.manifest()["files"]) == ["a.css"]


def test_without_its_ledger_a_build_still_knows_its_files_and_keeps_them(site: Site) -> None:
    site.write({"static/robots.txt": "one\n" * 100, "static/a.png": b"1"})
    site.build("")
    first = site.manifest()["files"]["a.png"]["path"]
    (site.out / ".cdn_pipeline/ledger.json").unlink()
    site.write({"static/robots.txt": "two\n" * 100, "static/a.png": b"2"})
    site.build("")

    assert site.served("robots.txt") == "two\n" * 100
    assert (site.out / first).read_bytes() == b"1"


def test_an_edited_manifest_makes_nothing_elsewhere_ours(site: Site) -> None:
    site.write({"static/a.png": b"1", "mine.txt": "mine"})
    config = "keep_releases = 1\n" + PLAIN
    site.build(config)
    (site.out / ".cdn_pipeline/ledger.json").unlink()
    edited = site.manifest()
    edited["files"]["a.png"]["path"] = "../mine.txt"
    site.write({"build/manifest.json": json.dumps(edited), "static/a.png": b"2"})
    site.build(config)

    assert (site.root / "mine.txt").read_text() == "mine"
