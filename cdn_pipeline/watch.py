"""Watch: a build whenever something that the last one read is another.

Asks the file system what `freshness` asks, twice a second: the events that some systems offer get lost on
network drives and in containers. Each build is a process of its own, so that the code of the site is loaded
anew, and whatever happens to a build, the next one comes.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cdn_pipeline import PRIVATE, freshness, note, quantity, report
from cdn_pipeline.config import Config
from cdn_pipeline.config_file import load
from cdn_pipeline.errors import ERROR, CdnPipelineError, Problem

POLL_S = 0.5
SETTLE_S = 0.1  # an editor or a checkout writes several files; a build of half of them helps nobody
SHARE = 10  # of the time, at most one part in ten is spent on looking

Seen = Mapping[str, str]  # signatures by file or directory


class Watched:
    """What a build with the config *file* reads. *out* is its build directory, if not the config's."""

    def __init__(self, file: str, out: str | None) -> None:
        self._file = file
        self._out = out
        self._config = Config(Path(file).parent)
        self._noted: Sequence[str] = ()

    def look(self) -> Seen:
        """What is there now. While the config is broken, what the last good one named counts."""
        with contextlib.suppress(CdnPipelineError, OSError):
            self._config = load(Path(self._file))
        root = str(self._config.root)
        out = self._out or os.path.join(root, self._config.build)
        ours = [out, os.path.join(root, self._config.cache)]
        tops = [self._file, *(os.path.join(root, name) for name in _named(self._config))]
        self._noted = _noted(out) or self._noted
        inside = tuple(os.path.join(top, "") for top in (out, *tops))
        others = (file for file in self._noted if not file.startswith(inside))
        # Kept apart by file: what a build is first seen to read is no reason for the next one.
        return {top: _signature(top, ours) for top in dict.fromkeys([*tops, *others])}


def _named(config: Config) -> Iterator[str]:
    yield from config.source
    yield from config.bundles.templates
    for name in config.bundles.definitions:
        file = name.partition(":")[0]
        yield file
        yield file.replace(".", "/") + ".py"


def _noted(out: str) -> list[str]:
    """Whatever the last good build noted; imported code and YAML files that others name are among it."""
    noted: list[str] = note.read(os.path.join(out, PRIVATE, freshness.NAME)).get("outputs", [])
    return noted


def _signature(top: str, ours: Sequence[str]) -> str:
    try:
        return freshness.signature([top], ours)
    except OSError:  # it was replaced while we looked; the next look differs
        return ""


def is_changed(before: Seen, now: Seen) -> bool:
    """Whether anything that was seen *before* is another *now*."""
    return any(top in now and now[top] != signature for top, signature in before.items())


def changes(look: Callable[[], Seen], wait: Callable[[float], None]) -> Iterator[None]:
    """Yields at once, then each time that something changed and has settled. *wait* takes seconds. What
    changes while the receiver builds is seen afterwards."""
    seen, built_ns = look(), time.time_ns()
    yield
    while True:
        started = time.monotonic()
        now = look()
        took_s = time.monotonic() - started
        # What only the build told us of was not seen before it, but may have been written since.
        is_settled = freshness.is_settled(now.keys() - seen.keys(), built_ns)
        if is_settled and not is_changed(seen, now):
            seen = now
            wait(max(POLL_S, took_s * SHARE))
        else:
            seen, built_ns = _settled(now, look, wait), time.time_ns()
            yield


def _settled(now: Seen, look: Callable[[], Seen], wait: Callable[[float], None]) -> Seen:
    while True:
        wait(SETTLE_S)
        before, now = now, look()
        if not is_changed(before, now):
            return now


def builds(file: str, out: str | None, arguments: Sequence[str]) -> Iterator[dict[str, Any]]:
    """What each build says, as ``build --json`` has it; never ends. *arguments* go to ``build``."""
    command = [sys.executable, "-P", "-m", "cdn_pipeline", "build", "--json", "--config", file, *arguments]
    command += ["--out", out] if out is not None else []
    for _ in changes(Watched(file, out).look, time.sleep):
        yield _summary(command)


def _summary(command: Sequence[str]) -> dict[str, Any]:
    # In a process group of its own, so that Ctrl-C asks only us, who then end it.
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, process_group=0) as build:
        try:
            told = build.communicate()[0]
        except KeyboardInterrupt:
            build.terminate()
            build.wait()  # until it has cleaned up
            raise
    try:
        summary: dict[str, Any] = json.loads(told)
    except ValueError:  # a fault of ours, which has shown its traceback
        problem = Problem(ERROR, "", f"the build ended with exit code {build.returncode}")
        return {"ok": False, "problems": [problem._asdict()]}
    return summary


def lines(summary: Mapping[str, Any], last: Mapping[str, Any]) -> tuple[str, list[str]]:
    """One line about a build, and its problems, if they are not those of the *last* one."""
    problems = report.problem_lines(summary["problems"])
    if problems == report.problem_lines(last.get("problems", ())):
        problems = []
    severe = sum(problem["severity"] == ERROR for problem in summary["problems"])
    if not summary["ok"]:
        return f"{quantity.count(severe, 'error')}; nothing was changed", problems
    did = f"{quantity.count(summary['written'], 'file')} written" if summary["changed"] else "nothing changed"
    return f"release {summary['release']} in {summary['build']}: {did} ({summary['seconds']:.2f} s)", problems
