"""The programs that are compared, one per module.

Each has ``NAMES``, the ways it is set up, and ``tool(place, name) -> Tool | None``, which installs what the
program needs below ``place.work``; ``None`` where it cannot be had.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """Where a comparison takes place; every path is absolute."""

    site: Path  # the sources
    work: Path  # environments, configs, outputs and caches of every program
    command: tuple[str, ...]  # ours
    hugo: str  # its binary; "" where there is none
    files: int


@dataclass(frozen=True)
class Tool:
    """One program, set up in one way."""

    name: str
    argv: tuple[str, ...]
    folder: Path  # where it runs
    output: Path
    caches: tuple[Path, ...] = ()  # removed with the output before a cold run
    environment: dict[str, str] = field(default_factory=dict)
