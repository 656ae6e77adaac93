"""Building again and again, as a user sees it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cdn_pipeline.watch import changes, is_changed, lines
from tests.conftest import PLAIN, Site
from tests.test_release import ENDLESS

LIMIT_S = 60  # for a test that would wait for good


class Watching:
    """A running ``cdn-pipeline watch --json``."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def next(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        summary: dict[str, Any] = json.loads(self.process.stdout.readline())
        return summary

    def problem(self) -> str:
        summary = self.next()
        assert summary["ok"] is False
        message: str = summary["problems"][0]["message"]
        return message


@contextmanager
def watching(root: Path, *arguments: str) -> Iterator[Watching]:
    command = [sys.executable, "-m", "cdn_pipeline", "watch", *arguments]
    process = subprocess.Popen(
        command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    limit = threading.Timer(LIMIT_S, process.kill)
    limit.start()
    try:
        yield Watching(process)
    finally:
        limit.cancel()
        process.kill()
        process.communicate()


@pytest.fixture
def small(site: Site) -> Site:
    site.write({"static/a.js": "a()\n", "cdn_pipeline.toml": PLAIN})
    return site


def test_each_change_is_built(small: Site) -> None:
    with watching(small.root, "--json") as watched:
        assert watched.next()["written"] == 1

        small.write({"static/a.js": "b()\n"})
        assert watched.next()["written"] == 1
        assert small.served("a.js") == "b()\n"

        small.write({"static/new/c.js": "c()\n"})
        assert watched.next()["files"] == 2

        (small.root / "static/new/c.js").unlink()
        assert watched.next()["files"] == 1

        small.write({"cdn_pipeline.toml": PLAIN + "[targets.origin]\nurl = '/s/'\n"})
        assert watched.next()["targets"]["origin"]["url"] == "/s/"


def test_what_the_config_names_is_watched(small: Site) -> None:
    names = "[bundles]\ndefinitions = ['assets.yaml']\ntemplates = ['templates']\n"
    with watching(small.root, "--json") as watched:
        assert watched.next()["bundles"] == {}

        small.write({"assets.yaml": "bundles:\n  x:\n    output: x.js\n    contents: a.js\n"})
        small.write({"cdn_pipeline.toml": PLAIN + names, "templates/a.html": ""})
        assert list(watched.next()["bundles"]) == ["x"]

        small.write({"assets.yaml": "bundles:\n  y:\n    output: y.js\n    contents: a.js\n"})
        assert list(watched.next()["bundles"]) == ["y"]

        small.write({"templates/a.html": "{% assets 'a.js', output='z.js' %}{% endassets %}"})
        assert "z.js" in watched.next()["bundles"]


def test_code_that_definitions_import_is_watched(small: Site) -> None:
    definitions = (
        "from webassets import Bundle\nfrom names import OUTPUT\nx = Bundle('a.js', output=OUTPUT)\n"
    )
    small.write({"cdn_pipeline.toml": PLAIN + "[bundles]\ndefinitions = ['assets.py']\n"})
    small.write({"assets.py": definitions, "names.py": "OUTPUT = 'x.js'\n"})
    with watching(small.root, "--json") as watched:
        assert list(watched.next()["bundles"]) == ["x"]

        small.write({"names.py": "OUTPUT = oops\n"})
        assert "oops" in watched.problem()

        small.write({"names.py": "OUTPUT = 'longer.js'\n"})
        assert watched.next()["ok"] is True
        assert "longer.js" in small.manifest()["files"]


def test_broken_states_are_said_and_outlived(small: Site) -> None:
    with watching(small.root, "--json") as watched:
        assert watched.next()["ok"] is True

        small.write({"static/b.css": "b { background: url(gone.png) }"})
        assert watched.problem() == "no asset 'gone.png'"

        small.write({"static/b.css": "b { background: none }", "cdn_pipeline.toml": "source = ["})
        assert watched.next()["ok"] is False

        (small.root / "cdn_pipeline.toml").unlink()
        assert watched.problem() == "no such file"

        small.write({"cdn_pipeline.toml": PLAIN})
        assert watched.next()["files"] == 2


def test_a_person_gets_one_line_a_build(small: Site) -> None:
    with watching(small.root, "--out", "other") as watched:
        assert watched.process.stdout is not None
        first = watched.process.stdout.readline()
        small.write({"static/a.js": "b(\n"})
        small.write({"static/b.css": "b { background: url(gone.png) }"})
        second = watched.process.stdout.readline()
        watched.process.send_signal(signal.SIGINT)
        said, problems = watched.process.communicate()

    release = json.loads((small.root / "other/manifest.json").read_bytes())["release"]
    assert first.startswith(f"release {release} in other: 1 file written (")
    assert second == "1 error; nothing was changed\n"
    assert said == ""
    assert "static/b.css:1:21: error: no asset 'gone.png'; add the file" in problems
    assert not small.out.exists()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_ends_it(small: Site, number: signal.Signals, code: int) -> None:
    with watching(small.root) as watched:
        assert watched.process.stdout is not None
        watched.process.stdout.readline()
        watched.process.send_signal(number)
        said = watched.process.communicate()[1]

        assert watched.process.returncode == code
        assert said.splitlines()[-1] == "interrupted; the files of the last build are still there"


def test_it_ends_with_the_build_that_is_under_way(site: Site) -> None:
    site.write(ENDLESS)
    with watching(site.root) as watched:
        assert watched.process.stderr is not None
        watched.process.stderr.readline()  # a worker has begun, and will never end
        watched.process.send_signal(signal.SIGTERM)
        said = watched.process.stderr.read()  # until none of its processes is left to hold it open

    assert said.endswith("interrupted; the files of the last build are still there\n")
    assert not (site.out / ".cdn_pipeline/staging").exists()


def test_no_config_is_wrong_usage(tmp_path: Path) -> None:
    with watching(tmp_path) as watched:
        assert "write one with `cdn-pipeline init`" in watched.process.communicate()[1]
        assert watched.process.returncode == 2


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ({}, {}, False),
        ({"a": "1"}, {"a": "1"}, False),
        ({"a": "1"}, {"a": "2"}, True),
        ({"a": "1"}, {"a": "1", "b": "1"}, False),
        ({"a": "1", "b": "1"}, {"a": "1"}, False),
    ],
)
def test_only_what_was_seen_before_can_change(
    before: Mapping[str, str], now: Mapping[str, str], expected: bool
) -> None:
    assert is_changed(before, now) is expected


def test_a_change_is_told_when_it_has_settled() -> None:
    looks = iter("aabcdddee")
    waits: list[float] = []
    told = changes(lambda: {"top": next(looks)}, waits.append)

    next(told)
    next(told)
    assert (waits, next(looks)) == ([0.5, 0.1, 0.1, 0.1], "d")
    next(told)
    assert waits[4:] == [0.1]


@pytest.mark.parametrize("last", [{}, {"problems": []}])
def test_problems_are_told_once(last: dict[str, Any]) -> None:
    problem = {"severity": "error", "file": "a", "line": 0, "column": 0, "message": "wrong", "hint": ""}
    failed = {"ok": False, "problems": [problem]}

    assert lines(failed, last) == ("1 error; nothing was changed", ["a: error: wrong"])
    assert lines(failed, failed) == ("1 error; nothing was changed", [])


def test_a_build_that_dies_is_a_problem(small: Site) -> None:
    dies = "import os\nos._exit(7)\n"
    small.write({"cdn_pipeline.toml": PLAIN + "[bundles]\ndefinitions = ['assets.py']\n", "assets.py": dies})
    with watching(small.root, "--json") as watched:
        assert watched.problem() == "the build ended with exit code 7"

        small.write({"assets.py": ""})
        assert watched.next()["ok"] is True


def test_replacing_files_as_editors_do_is_seen(small: Site) -> None:
    with watching(small.root, "--json") as watched:
        watched.next()
        small.write({"elsewhere/a.js": "replaced()\n"})
        os.replace(small.root / "elsewhere/a.js", small.root / "static/a.js")

        assert watched.next()["written"] == 1
        assert small.served("a.js") == "replaced()\n"
