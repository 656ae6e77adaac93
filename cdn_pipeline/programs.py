"""The programs that filters start, such as ``sass``: what they write depends on these, too."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
from collections.abc import Iterable, Iterator
from typing import Any

PACKAGE = "package.json"  # tells the version of a program of Node's, whose own file may stay as it is

_started: dict[str, str] | None = None
_is_hooked = False


@contextlib.contextmanager
def noted() -> Iterator[dict[str, str]]:
    """The `stamp` of each program that this process starts meanwhile, taken before it begins, by the name by
    which it is started; a path is absolute.

    A limit: what those programs load or start in their turn is not among them.
    """
    global _started, _is_hooked
    if not _is_hooked:
        sys.addaudithook(_hook)  # for good: it cannot be taken away
        _is_hooked = True
    before, _started = _started, {}
    try:
        yield _started
    finally:
        _started = before


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "subprocess.Popen" and _started is not None:
        executable, words, directory, _ = arguments
        if executable is None:  # Windows, with a whole command line: not taken apart
            return
        for name in _names(os.fsdecode(executable), words):
            if os.path.dirname(name):
                name = os.path.abspath(os.path.join(os.fsdecode(directory or ""), name))
            _started.setdefault(name, stamp(name))


def _names(executable: str, words: Any) -> Iterator[str]:
    """The program, and what a shell is to start."""
    yield executable
    if isinstance(words, list) and len(words) > 2 and words[1] == "-c":
        with contextlib.suppress(ValueError, TypeError):
            yield from shlex.split(words[2])[:1]


def stamp(name: str) -> str:
    """Changes when the program is another one, by what the file system says of it; "" if there is none."""
    return "\t".join(f"{file} {_seen(file)}" for file in files([name]))


def stamps(names: Iterable[str]) -> dict[str, str]:
    """The `stamp` of each program."""
    return {name: stamp(name) for name in names}


def files(names: Iterable[str]) -> list[str]:
    """The files that tell whether any of the programs is another one."""
    found = []
    for name in names:
        there = shutil.which(name)
        if there is not None:
            file = os.path.realpath(there)
            found += [file, *_package(os.path.dirname(file))]
    return found


def _package(directory: str) -> list[str]:
    """The nearest `PACKAGE`, if there is one in *directory* or above it."""
    while not os.path.isfile(os.path.join(directory, PACKAGE)):
        above = os.path.dirname(directory)
        if above == directory:
            return []
        directory = above
    return [os.path.join(directory, PACKAGE)]


def _seen(file: str) -> str:
    status = os.stat(file)
    return f"{status.st_size} {status.st_mtime_ns}"
