"""Reports: what a person or a machine is told about a build."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TextIO

from cdn_pipeline.quantity import count, human_size

# Imports no more of ours: a build with nothing to do reports from its notes alone.

PLACES = 10  # that one line names


def place(problem: Mapping[str, Any]) -> str:
    """``file:line:column``, as far as known."""
    return ":".join(str(problem[key]) for key in ("file", "line", "column") if problem[key])


def problem_lines(problems: Iterable[Mapping[str, Any]]) -> list[str]:
    """One line for each problem: place, severity, what is wrong; what to do."""
    lines = []
    for problem in problems:
        where = place(problem)
        text = f"{where}: " if where else ""
        text += f"{problem['severity']}: {problem['message']}"
        lines.append(f"{text}; {problem['hint']}" if problem["hint"] else text)
    return lines


def text(summary: Mapping[str, Any]) -> str:
    """The summary of a finished build, for a person."""
    lines = [f"release {summary['release']} in {summary['build']}  ({summary['seconds']:.2f} s)", ""]
    targets = summary["targets"]
    width = max(map(len, targets), default=0)
    for name, target in targets.items():
        lines.append(f"  {name:<{width}}  {_target_line(target)}")
        lines.append(f"  {'':<{width}}  {target['url']}")
    lines += _minify_lines(summary["minify"])
    slow = sorted(summary["steps"].items(), key=lambda step: -step[1])[:3]
    lines += ["", "  slowest   " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in slow)]
    written = f"  written   {count(summary['written'], 'file')}"
    if summary["removed"]:
        written += f"; {count(len(summary['removed']), 'file')} of older releases removed"
    lines.append(written)
    lines.append(f"  bundles   {len(summary['bundles'])}, includes in {summary['build']}/includes/")
    return "\n".join(lines)


def _target_line(target: Mapping[str, Any]) -> str:
    before, after = target["source_bytes"], target["bytes"]
    size = human_size(after) if before == after else f"{human_size(before)} → {human_size(after)}"
    line = f"{count(target['files'], 'file'):>12}  {size}"
    for name, encoded in sorted(target["encoded_bytes"].items()):
        line += f", {human_size(encoded)} with {name}"
    return line


def _minify_lines(minify: Mapping[str, Any]) -> list[str]:
    lines = [""]
    for language, engines in minify["engines"].items():
        did = ", ".join(f"{engine or 'left as they were'} {number:,}" for engine, number in engines.items())
        lines.append(f"  minified  {language}: {did}")
    lines += _fallen_lines(minify["fallen"])
    return lines if len(lines) > 1 else []


def _fallen_lines(fallen: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The places where an engine was not used, by engine and reason; only the first of many."""
    places: dict[str, list[str]] = {}
    for one in fallen:
        places.setdefault(f"{one['engine']} not used: {one['message']}", []).append(place(one))
    for reason, found in places.items():
        more = f" (+{len(found) - PLACES:,} more)" if len(found) > PLACES else ""
        yield f"            {reason}: {', '.join(found[:PLACES])}{more}"


def as_json(document: Mapping[str, Any]) -> str:
    """One line, for machines."""
    return json.dumps(document, ensure_ascii=False)


class Progress:
    """Says how far a build is: one line that changes on a terminal, plain lines elsewhere."""

    EVERY_S = 0.1

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
        self.live = self.stream.isatty()
        self._last = 0.0
        self._step = ""
        self._width = 0

    def __call__(self, step: str, done: int, total: int, note: str = "", noun: str = "file") -> None:
        """*note* follows the numbers, *noun* says of what they are."""
        with contextlib.suppress(OSError):  # whoever read it has gone; the work goes on
            self._tell(step, done, total, note, noun)
        self._step = step if total or self.live else self._step

    def _tell(self, step: str, done: int, total: int, note: str, noun: str) -> None:
        if self.live:
            now = time.monotonic()
            if now - self._last >= self.EVERY_S or step != self._step:
                self._last = now
                self._show(f"{step} {done:,} of {total:,}{note}" if total > 0 else step)
        elif total and step != self._step:
            print(f"{step}: {count(total, noun)}" if total > 0 else step, file=self.stream)

    def _show(self, line: str) -> None:
        self.stream.write("\r" + line.ljust(self._width))
        self.stream.flush()
        self._width = len(line)

    def end(self) -> None:
        """Wipes the line."""
        if self.live and self._width:
            with contextlib.suppress(OSError):
                self.stream.write("\r" + " " * self._width + "\r")
                self.stream.flush()
            self._width = 0
