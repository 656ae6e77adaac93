"""Obstacles: names and places that cannot be built, found before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from cdn_pipeline.asset import Asset
from cdn_pipeline.compress import SUFFIXES
from cdn_pipeline.config import Config
from cdn_pipeline.errors import ERROR, WARNING, ConfigError, Problem
from cdn_pipeline.link import Linked

LONGEST = 255  # bytes; what file systems allow for a name without its directory


def keep_apart(config: Config, out: Path, shown: str) -> None:
    """Raises `ConfigError` if a source directory lies in the build directory."""
    for name in config.source:
        if (config.root / name).resolve().is_relative_to(out.resolve()):
            message = f"the source directory {name!r} lies in the build directory {shown!r}"
            raise ConfigError([Problem(ERROR, config.file, message, "build elsewhere")])


def encodings_among(assets: Mapping[str, Asset]) -> list[Problem]:
    """A warning for each source that looks like the encoding of another: we make our own."""
    return [
        Problem(
            WARNING,
            asset.shown,
            f"looks like an encoding of {path[: -len(suffix)]!r}, but is served as a file of its own",
            "exclude it: the build makes encodings itself",
        )
        for path, asset in assets.items()
        for suffix in SUFFIXES.values()
        if path.endswith(suffix) and path[: -len(suffix)] in assets
    ]


def too_long(outputs: Mapping[str, Linked], shown: Mapping[str, str]) -> list[Problem]:
    """An error for each output whose own name, or a neighbour's, no file system takes. *shown* names source
    files in messages by their logical paths."""
    problems = []
    for path, linked in outputs.items():
        if len(linked.name) < LONGEST // 5:  # characters, of at most 4 bytes each
            continue
        suffixes = (SUFFIXES[encoding] for encoding in linked.routed.encodings)
        size = len(linked.name.rpartition("/")[2].encode()) + max(map(len, suffixes), default=0)
        if size > LONGEST:
            message = f"the name of its output would be {size} bytes long; file systems take {LONGEST}"
            problems.append(Problem(ERROR, shown.get(path, path), message, "shorten its name"))
    return problems


def collisions(outputs: Mapping[str, Linked], shown: Mapping[str, str]) -> list[Problem]:
    """An error for each output, or neighbour that its route wants, which another output's name is too."""
    owners: dict[str, str] = {}
    problems = []
    for path, linked in outputs.items():
        for file in linked.files:
            for name in (file, *(file + SUFFIXES[encoding] for encoding in linked.routed.encodings)):
                owner = owners.setdefault(name, path)
                if owner != path:
                    message = f"would be written to {name!r}, which is already an output of {owner!r}"
                    hint = "rename one, or give it a fingerprint"
                    problems.append(Problem(ERROR, shown.get(path, path), message, hint))
    return problems + _directories_among(owners, shown)


def _directories_among(files: Mapping[str, str], shown: Mapping[str, str]) -> list[Problem]:
    """An error for each of ``{output: logical path}`` that is the directory of another one."""
    return [
        Problem(
            ERROR,
            shown.get(files[directory], files[directory]),
            f"would be written to {directory!r}, which other outputs need as a directory",
            "rename one, or give it a fingerprint",
        )
        for directory in sorted(set(_directories(files)))
        if directory in files
    ]


def _directories(files: Iterable[str]) -> Iterator[str]:
    """Every directory that *files* lie in, some more than once."""
    seen: set[str] = set()
    for file in files:
        directory = file.rpartition("/")[0]
        while directory and directory not in seen:
            seen.add(directory)
            yield directory
            directory = directory.rpartition("/")[0]
