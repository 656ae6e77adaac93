"""What a user gets for bad input: a message with its place, the last build as it was, never a traceback."""

from __future__ import annotations

import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cdn_pipeline import freshness, note, prepare
from cdn_pipeline.cache import NAME, Cache
from cdn_pipeline.config_file import load
from cdn_pipeline.drafts import Drafts, Noted
from cdn_pipeline.errors import CdnPipelineError, ConfigError, SiteError
from cdn_pipeline.sources import DEEPEST, Sources
from cdn_pipeline.workers import Task, Workers
from tests.conftest import PLAIN, Site

PLAIN_FILE = "cdn_pipeline.toml"
BUNDLED = PLAIN + '[bundles]\ndefinitions = ["b.yaml"]\n'
DEFINITIONS = "bundles: {b: {contents: [a.css, b.css], output: gen/b.css}}\n"


@pytest.fixture
def bundled(site: Site) -> Site:
    """A site with a bundle, built."""
    site.write({"static/a.css": "a{background:url(i.png)}", "static/b.css": "b{}", "static/i.png": "png"})
    site.write({"b.yaml": DEFINITIONS})
    site.build(BUNDLED)
    return site


def messages(site: Site, config: str = PLAIN) -> list[str]:
    """The errors of a build that must fail."""
    with pytest.raises(CdnPipelineError) as raised:
        site.build(config)
    return [str(problem) for problem in raised.value.problems if problem.severity == "error"]


def run(
    site: Site, *arguments: str, limit: Callable[[], object] | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """The command, in the site's directory; *limit* is called in its process before it starts."""
    return subprocess.run(
        [sys.executable, "-m", "cdn_pipeline", *arguments],
        cwd=site.root,
        env=os.environ | environment,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        errors="surrogateescape",
    )


# Places


def test_a_loop_of_links_is_looked_at_once(site: Site) -> None:
    site.write({"static/a.css": "a{}", PLAIN_FILE: PLAIN})
    (site.root / "static/self").symlink_to(".")
    (site.root / "static/up").symlink_to("..")

    first = freshness.signature([str(site.root / "static")])
    site.write({"static/b.css": "b{}"})

    assert freshness.signature([str(site.root / "static")]) != first
    assert run(site, "build").returncode == 0


def test_what_we_write_is_never_a_source(site: Site) -> None:
    site.write({"a.css": "a{}", "img/b.png": "png", PLAIN_FILE: 'source = "."\n' + PLAIN})

    for _ in range(3):
        assert run(site, "build", "--no-cache").returncode == 0

    assert sorted(site.manifest()["files"]) == ["a.css", "img/b.png"]


def test_a_build_within_the_sources_is_fresh_when_nothing_changed(site: Site) -> None:
    config = 'build = "static/out"\ncache = "static/cache"\n' + PLAIN
    site.write({"static/a.css": "a{}", PLAIN_FILE: config})
    os.utime(site.root / "static/a.css", (1, 1))
    sources, ours = (
        [str(site.root / "static")],
        [str(site.root / "static/out"), str(site.root / "static/cache")],
    )

    before = freshness.signature(sources, ours)
    assert run(site, "build").returncode == 0

    assert freshness.signature(sources, ours) == before


@pytest.mark.parametrize("build", ["static", ".", "static/../static"])
def test_sources_never_lie_in_the_build(site: Site, build: str) -> None:
    site.write({"static/a.css": "a{}"})
    site.out = site.root / build

    with pytest.raises(ConfigError, match="the source directory 'static' lies in the build directory"):
        site.build()

    assert sorted(site.files()) in (["a.css"], ["cdn_pipeline.toml", "static/a.css"])


def test_a_tree_without_end(site: Site) -> None:
    deep = "d/" * (DEEPEST + 1)
    (site.root / "static" / deep).mkdir(parents=True)

    (problem,) = Sources(site.root, ["static"], []).problems

    assert str(problem) == f"static/{deep}: more than {DEEPEST} directories deep; move or exclude it"


def test_a_tree_without_end_may_be_excluded(site: Site) -> None:
    (site.root / "static" / ("d/" * (DEEPEST + 9))).mkdir(parents=True)

    assert Sources(site.root, ["static"], ["d/**", "d"]).problems == []


# Names


def test_a_name_that_its_fingerprint_makes_too_long(site: Site) -> None:
    name = "x" * 240 + ".png"
    site.write({f"static/{name}": "png"})

    assert messages(site) == [
        f"static/{name}: the name of its output would be 257 bytes long; file systems take 255; "
        "shorten its name"
    ]
    assert site.files() == {}


def test_the_longest_name_that_its_neighbours_allow(site: Site) -> None:
    name = "é" * 117 + ".css"  # 238 bytes, 251 with the fingerprint, 255 with ".zst"
    site.write({f"static/{name}": "a{b:c}" * 1000})

    site.build('[[routes]]\nmatch = "*"\nencodings = ["zstd"]\n')
    assert len(site.files()) == len(site.manifest()["files"]) + 1 + len(documents(site))
    site.write({f"static/x{name}": "a{}"})
    assert "would be 256 bytes long" in messages(site, '[[routes]]\nmatch = "*"\nencodings = ["zstd"]\n')[0]


def documents(site: Site) -> list[str]:
    """What a build writes besides its outputs."""
    return [name for name in site.files() if not name.startswith("origin/")]


def test_an_output_that_another_needs_as_a_directory(site: Site) -> None:
    site.write({"one/a": "file", "two/a/b": "file"})
    config = 'source = ["one", "two"]\n[[routes]]\nmatch = "*"\nfingerprint = false\nencodings = []\n'

    assert messages(site, config) == [
        "one/a: would be written to 'origin/a', which other outputs need as a directory; "
        "rename one, or give it a fingerprint"
    ]
    assert site.files() == {}


def test_a_foreign_file_where_a_directory_is_needed(site: Site) -> None:
    site.write({"static/img/a.png": "png", "build/origin/img": "mine"})

    assert messages(site) == ["build/origin/img: is a file where a directory is needed; move it away"]
    assert site.files() == {"origin/img": b"mine"}


@pytest.mark.parametrize("key", ["source", "build", "cache", "exclude"])
def test_no_path_holds_nul(site: Site, key: str) -> None:
    (message,) = messages(site, f'{key} = "a\\u0000b"\n')

    assert f"cdn_pipeline.toml:1: {key}: must be a " in message


@pytest.mark.parametrize("text", ["tool = 1 # [tool.cdn_pipeline", "# [tool.cdn_pipeline]\n"])
def test_a_pyproject_that_only_mentions_us(site: Site, text: str) -> None:
    site.write({"pyproject.toml": text, "static/a.css": "a{}"})

    assert run(site, "build").returncode == 0


# Texts

MALFORMED = {
    "open-comment.css": b"a{b:c} /* no end",
    "open-block.css": b"a{b:c",
    "bad-url.css": b'a{b:url(x"y)}',
    "nul.css": b"\0\1\2",
    "deep.css": b"{" * 50_000,
    "latin-1.css": b'a{b:"\xe9"}',
    "utf-16.css": "a{}".encode("utf-16"),
    "bom-only.js": b"\xef\xbb\xbf",
    "open-template.js": b"let a = `${",
    "open-expression.js": b"let a = /",
    "deep.js": b"(" * 50_000,
    "deep-template.js": b"`${" * 50_000,
    "open.svg": b'<svg><a href="x.png"',
    "deep.svg": b"<g>" * 50_000,
    "entities.svg": b'<!DOCTYPE svg [<!ENTITY a "&a;&a;">]><svg>&a;</svg>',
    "comma.webmanifest": b'{"icons":[{"src":"a.png"},]}',
    "deep.webmanifest": b"[" * 50_000,
    "open.json": b'{"a":',
    "open.html": b'<a href="',
    "empty.css": b"",
    "empty.js": b"",
    "empty.svg": b"",
    "empty.webmanifest": b"",
    "empty.html": b"",
    "empty.png": b"",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_text_keeps_its_bytes(site: Site, name: str) -> None:
    site.write({f"static/{name}": MALFORMED[name]})

    site.build(PLAIN + "[bundles]\n", jobs=1)

    assert (site.out / site.manifest()["files"][name]["path"]).read_bytes() == MALFORMED[name]


def test_line_ends_and_marks_stay(site: Site) -> None:
    site.write({"static/a.css": b"\xef\xbb\xbfa {\r\n background: url(i.png)\r}\r\n", "static/i.png": "png"})

    site.build()

    url = site.url("i.png").encode()
    served = site.out / site.manifest()["files"]["a.css"]["path"]
    assert served.read_bytes() == b"\xef\xbb\xbfa {\r\n background: url(" + url + b")\r}\r\n"


def test_a_file_that_cannot_be_read_is_not_missed_as_well(site: Site) -> None:
    site.write({"static/a.css": "a{background:url(i.png)}"})
    (site.root / "static/i.png").symlink_to("i.png")

    (message,) = [line for line in messages(site) if line.startswith("static/i.png")]

    assert message.startswith("static/i.png: cannot be read: ")


# Caches and notes


def test_a_cache_never_gives_one_key_the_value_of_another(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("a", b"1")
    cache.put("b", b"2")
    cache.close()
    with sqlite3.connect(tmp_path / NAME) as connection:
        connection.execute("UPDATE result SET value = (SELECT value FROM result WHERE key = 'b')")
    connection.close()

    cache = Cache(tmp_path)
    assert (cache.get("a"), cache.get("b")) == (None, b"2")
    cache.close()


def test_a_cache_of_other_types_misses(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("a", b"1")
    cache.close()
    with sqlite3.connect(tmp_path / NAME) as connection:
        connection.execute("UPDATE result SET value = 'text'")
    connection.close()

    cache = Cache(tmp_path)
    assert cache.get("a") is None
    cache.close()


def test_bundles_need_no_cache_that_can_be_written(bundled: Site) -> None:
    good = bundled.files()
    for file in (bundled.root / ".cdn_pipeline").iterdir():
        file.unlink()
    (bundled.root / ".cdn_pipeline").rmdir()
    bundled.write({".cdn_pipeline": "a file in the way"})

    bundled.build(BUNDLED)

    assert bundled.files() == good


@pytest.mark.parametrize("part", range(12))
def test_damage_anywhere_in_the_cache_changes_no_output(bundled: Site, part: int) -> None:
    good = bundled.files()
    file = bundled.root / ".cdn_pipeline" / NAME
    content = bytearray(file.read_bytes())
    at = len(content) * part // 12
    content[at : at + 700] = b"\xa5" * len(content[at : at + 700])
    file.write_bytes(content)
    (bundled.out / ".cdn_pipeline/ledger.json").unlink()

    bundled.build(BUNDLED)

    assert bundled.files() == good


class Forgetful(Cache):
    """A cache that loses every text."""

    def get(self, key: str) -> bytes | None:
        return None if key.startswith("text ") else super().get(key)


def test_a_lost_text_is_made_again_or_refused(site: Site) -> None:
    site.write({"static/a.css": "a{}", PLAIN_FILE: PLAIN})
    drafts = Drafts(load(site.root / PLAIN_FILE), Forgetful(None), Workers(1), None)
    drafts.add(Sources(site.root, ["static"], []).assets, Noted(), lambda done, total: None)

    assert drafts.text("a.css") == b"a{}"
    site.write({"static/a.css": "a{background:url(x.png)}"})
    with pytest.raises(SiteError, match=r"static/a.css: changed while the build ran; build again"):
        drafts.text("a.css")


@pytest.mark.parametrize("at", range(0, 60, 3))
def test_a_damaged_note_is_none(tmp_path: Path, at: int) -> None:
    file = tmp_path / "note.json"
    content = bytearray(b"".join(note.sealed({"a": [1, 2, 3], "files": {"b": "c"}})))
    file.write_bytes(content)
    assert note.read(str(file))["a"] == [1, 2, 3]

    content[at % len(content)] ^= 4
    file.write_bytes(content)

    assert note.read(str(file)) == {}


def test_a_note_is_json(tmp_path: Path) -> None:
    assert json.loads(b"".join(note.sealed({"a": 1})))["a"] == 1


# Processes


@pytest.mark.parametrize("limit", [0, 1_000, 30_000])
def test_a_full_disk_leaves_the_last_build(site: Site, limit: int) -> None:
    site.write({"static/a.png": b"1" * 50_000, "static/b.css": "b{}", PLAIN_FILE: PLAIN})
    site.build()
    good = site.files()
    site.write({"static/a.png": b"2" * 50_000, "static/b.css": "c{}"})

    ran = run(site, "build", limit=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))

    assert ran.returncode == 1
    assert "build: error: cannot be written: file too large; the last build is untouched" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert site.files() == good


def test_workers_do_not_hear_ctrl_c() -> None:
    workers = Workers(2)
    tasks = [Task(_interrupted, [number], prepare.lost) for number in range(4)]

    assert sorted(workers.run(tasks, alone=False)) == [(0, 0), (1, 1), (2, 4), (3, 9)]
    workers.stop()


def _interrupted(numbers: list[int]) -> list[int]:
    os.kill(os.getpid(), signal.SIGINT)
    return [number * number for number in numbers]


def test_what_the_sites_code_prints_is_no_part_of_the_report(site: Site) -> None:
    site.write({"static/a.css": "a{}", "assets.py": 'print("hello")'})
    site.write({PLAIN_FILE: PLAIN + '[bundles]\ndefinitions = ["assets"]\n'})

    ran = run(site, "build", "--json")

    assert json.loads(ran.stdout)["ok"]
    assert "hello" in ran.stderr


def test_a_terminal_that_knows_only_ascii(site: Site) -> None:
    site.write({"static/é.css": "a{b:url(ü.png)}", PLAIN_FILE: PLAIN})

    ran = run(site, "build", PYTHONIOENCODING="ascii")

    assert ran.returncode == 1
    assert r"static/\xe9.css:1:9: error: no asset '\xfc.png'" in ran.stderr


def test_a_note_that_cannot_be_written_costs_only_time(site: Site) -> None:
    site.write({"static/a.css": "a{}", PLAIN_FILE: PLAIN})
    os.utime(site.root / "static/a.css", (1, 1))
    (site.out / ".cdn_pipeline/fresh.json.new").mkdir(parents=True)

    assert run(site, "build").returncode == 0
