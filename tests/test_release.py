"""The build directory, in crashes and races."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cdn_pipeline.digest import sha256
from tests.conftest import Site
from tests.crashes import died, in_a_child

CONFIG = """
keep_releases = 1
[targets.cdn]
url = "https://cdn.example.com/"
store = "s3://x"
keep_on_origin = true
"""
FIRST: dict[str, str | bytes] = {
    "static/a.css": "a { background: url(a.png); color: red }\n" * 20,
    "static/a.png": b"1" * 300,
    "static/robots.txt": "one\n" * 100,
    "static/gone.txt": "only in the first\n" * 20,
}
SECOND: dict[str, str | bytes] = {
    "static/a.png": b"2" * 300,
    "static/robots.txt": "two\n" * 100,
    "static/new/b.css": "b { color: blue }\n" * 50,
}
ENDLESS: dict[str, str | bytes] = {
    "cdn_pipeline.toml": '[minify]\ncss = ["endless:engine"]\n',
    "endless.py": "import sys\ndef engine(text):\n    print('begun', file=sys.stderr, flush=True)\n"
    "    while True:\n        pass\n",
    **{f"static/{name}.css": f"/* {name} */ a {{ color: red }}\n" * 2000 for name in range(8)},
}
CALLS = ("open", "replace", "unlink", "rmdir", "mkdir", "write")


def assert_whole(site: Site) -> None:
    """Whatever the manifest names is there, with the bytes it says."""
    for path, entry in site.manifest()["files"].items():
        file = site.out / entry["path"]
        if path != "robots.txt":  # bears no fingerprint, so it may be newer than the manifest
            assert sha256(file.read_bytes()) == entry["sha256"], path
        assert all(Path(f"{file}.{suffix}").exists() for suffix in _suffixes(entry))


def _suffixes(entry: dict[str, Any]) -> list[str]:
    return [{"gzip": "gz", "br": "br"}[name] for name in entry.get("encodings", {})]


def begin(site: Site) -> None:
    site.write(FIRST)
    site.build(CONFIG)
    site.write(SECOND)
    (site.root / "static/gone.txt").unlink()


def full() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("failure", [died, full])
def test_a_failure_at_any_call_leaves_a_whole_release_and_the_next_build_finishes(
    tmp_path: Path, failure: Callable[[], None]
) -> None:
    wanted = Site(tmp_path / "wanted")
    begin(wanted)
    wanted.build(CONFIG)
    points = 0
    while True:
        site = Site(tmp_path / str(points))
        begin(site)
        done = in_a_child(partial(site.build, CONFIG, jobs=1), CALLS, points + 1, failure)
        assert_whole(site)
        site.build(CONFIG)
        assert site.files() == wanted.files(), points
        assert not list((site.out / ".cdn_pipeline/staging").glob("*"))
        points += 1
        if done and points > 60:
            break

    assert points > 60


def test_two_builds_at_once_both_succeed(site: Site) -> None:
    site.write(FIRST)
    site.build(CONFIG)
    context = multiprocessing.get_context("fork")
    builds = [context.Process(target=site.build, args=(CONFIG,)) for _ in range(4)]
    for process in builds:
        process.start()
    for process in builds:
        process.join()

    assert [process.exitcode for process in builds] == [0] * 4
    assert_whole(site)


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        (signal.SIGKILL, -signal.SIGKILL, ""),
        (signal.SIGINT, 130, "interrupted; the files of the last build are still there\n"),
        (signal.SIGTERM, 143, "interrupted; the files of the last build are still there\n"),
    ],
)
def test_an_ended_build_leaves_no_process_and_no_half_written_file(
    tmp_path: Path, number: signal.Signals, code: int, said: str
) -> None:
    """Ctrl-C reaches the whole group, the others only the build itself."""
    site = Site(tmp_path)
    site.write(ENDLESS)
    command = [sys.executable, "-m", "cdn_pipeline", "build", "--jobs", "2"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, start_new_session=True) as process:
        assert process.stderr is not None
        process.stderr.read(1)  # a worker has begun, and will never end
        (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
        rest = process.stderr.read().decode()  # until none of its processes is left to hold it open

    assert process.returncode == code
    assert rest.endswith(said)
    assert list(site.files()) == []
    assert number == signal.SIGKILL or not (site.out / ".cdn_pipeline/staging").exists()
    site.build("")
    assert_whole(site)


def test_the_ledger_lists_what_we_wrote(site: Site) -> None:
    site.write(FIRST)
    site.build(CONFIG)
    ledger = json.loads((site.out / ".cdn_pipeline/ledger.json").read_text())

    assert sorted(ledger["files"][0].split("\n")) == sorted(site.files())
