"""A definitions file or template on disk: its text, how messages name it, and what it defines."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from cdn_pipeline.definitions.bundle import Bundle
from cdn_pipeline.definitions.layout import Layout
from cdn_pipeline.errors import ERROR, Problem


class Found(NamedTuple):
    """What one file defines. Names of other bundles still stand among the contents as plain strings."""

    bundles: dict[str, Bundle]
    problems: list[Problem]
    inputs: list[Path]
    layout: Layout | None = None  # where it sets a directory, also for the tags in templates


def shown(file: Path, root: Path) -> str:
    """*file* relative to the project where it lies inside, ``/``-separated."""
    try:
        return file.relative_to(root).as_posix()
    except ValueError:
        return str(file)


def read(file: Path, name: str) -> str | Problem:
    """The text, line ends as ``\\n``, without a byte-order mark."""
    try:
        raw = file.read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as error:
        return Problem(ERROR, name, f"cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return Problem(ERROR, name, "is not UTF-8", "save it as UTF-8", line)
    return text.replace("\r\n", "\n").replace("\r", "\n")
