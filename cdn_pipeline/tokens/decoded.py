"""A stretch of text with its language's escapes undone, which knows where each of its characters stood."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple


class Run(NamedTuple):
    """Raw characters that mean themselves, or one escape and what it means."""

    start: int  # in the raw text
    end: int
    value: str | None = None  # of an escape; None for characters that mean themselves


class Decoded:
    """``text`` is what the author meant; `span` leads back to the raw text."""

    __slots__ = ("_at", "_raw", "_runs", "text")

    _raw: str
    _runs: list[Run]
    _at: list[int]  # where each run begins in `text`
    text: str

    def __init__(self, raw: str, runs: Iterable[Run]) -> None:
        self._raw = raw
        self._runs = [run for run in runs if run.start < run.end]
        self._at = []
        parts: list[str] = []
        length = 0
        for start, end, value in self._runs:
            self._at.append(length)
            parts.append(raw[start:end] if value is None else value)
            length += len(parts[-1])
        self.text = "".join(parts)

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """The raw span of ``text[start:end]``, which is not empty. ``None`` where it cannot be replaced: it
        divides an escape, something else (a comment) lies in between, or the escape before it has no
        semicolon and would swallow what replaces it."""
        first, last = self._run_at(start), self._run_at(end - 1)
        begins, ends = self.place(start), self._end(last, end)
        if begins is None or ends is None or self._is_open(first, begins):
            return None
        runs = self._runs[first : last + 1]
        if any(one.end != two.start for one, two in pairwise(runs)):
            return None
        return begins, ends

    def place(self, at: int) -> int | None:
        """The raw offset of ``text[at]``; ``None`` inside an escape; where the text ends for its length."""
        if not self._runs:
            return None
        index = self._run_at(at)
        run, inside = self._runs[index], at - self._at[index]
        if run.value is None:
            return run.start + inside
        return {0: run.start, len(run.value): run.end}.get(inside)

    def _run_at(self, at: int) -> int:
        return bisect_right(self._at, at) - 1

    def _end(self, index: int, end: int) -> int | None:
        run, inside = self._runs[index], end - self._at[index]
        if run.value is None:
            return run.start + inside
        return run.end if inside == len(run.value) else None

    def _is_open(self, index: int, begins: int) -> bool:
        if index == 0 or begins != self._runs[index].start:
            return False
        before = self._runs[index - 1]
        return (
            before.value is not None and self._raw[before.start] == "&" and self._raw[before.end - 1] != ";"
        )


def plain(raw: str, start: int, end: int) -> Decoded:
    """A stretch without escapes, as most are."""
    found = Decoded.__new__(Decoded)
    found._raw = raw
    found._runs, found._at = ([Run(start, end)], [0]) if start < end else ([], [])
    found.text = raw[start:end]
    return found


def runs(
    raw: str, start: int, end: int, escape: re.Pattern[str], meaning: Callable[[re.Match[str]], Run | None]
) -> Iterator[Run]:
    """``raw[start:end]`` divided at every match of *escape* for which *meaning* is not ``None``."""
    done = start
    for hit in escape.finditer(raw, start, end):
        if run := meaning(hit):
            yield Run(done, run.start)
            yield run
            done = run.end
    yield Run(done, end)
