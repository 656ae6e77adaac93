"""Obstacles: names and places that cannot be built, found before anything is written."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from cdn_pipeline import ledger
from cdn_pipeline.asset import Asset
from cdn_pipeline.compress import SUFFIXES
from cdn_pipeline.config import Config
from cdn_pipeline.digest import sha256
from cdn_pipeline.errors import ERROR, WARNING, ConfigError, Problem
from cdn_pipeline.link import Linked
from cdn_pipeline.release import BuildDirectory

LONGEST = 255  # bytes; what file systems allow for a name without its directory


def keep_apart(config: Config, out: Path, shown: str) -> None:
    """Raises `ConfigError` if a source directory lies in the build directory."""
    for name in config.source:
        if (config.root / name).resolve().is_relative_to(out.resolve()):
            message = f"the source directory {name!r} lies in the build directory {shown!r}"
            raise ConfigError([Problem(ERROR, config.file, message, "build elsewhere")])


def keep_collected(config: Config, shown: str) -> None:
    """Of a build directory with all that a framework has found: raises `ConfigError` where fewer files would
    be built now, so that pages would miss the others."""
    if config.files is None:
        message = f"{shown} is built from what your framework finds, which is more than `source`"
        hint = "run `manage.py collectstatic`, or build elsewhere with --out"
        raise ConfigError([Problem(ERROR, config.file, message, hint)])


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


def foreign(
    directory: BuildDirectory,
    outputs: Mapping[str, str],
    staged: Mapping[str, str],
    documents: Mapping[str, bytes | bytearray],
) -> list[Problem]:
    """An error for each file in *directory* that is not ours and would be overwritten: by *outputs*, ``{file:
    its sha256}``, by what is *staged*, ``{file: staged file}``, or by *documents*, ``{file: content}``.

    The same bytes under the same name may stay: that is our own file whose ledger was lost.
    """
    # With the ledger went the names of our documents; they are known by their manifest.
    ours = "manifest.json" not in directory.files and ledger.has_our_manifest(directory.path)
    top = f"{directory.path}{os.sep}"
    is_directory = functools.cache(os.path.isdir)
    problems = []
    for name in dict.fromkeys((*outputs, *staged, *documents)):
        if name in directory.files or not is_directory(top + name[: name.rfind("/") + 1]):
            continue
        if not os.path.lexists(top + name):
            continue
        if ours and name in documents:
            continue
        if _same(directory.path / name, outputs.get(name), staged.get(name), documents.get(name)):
            continue
        message = "is in the way and was not written by us"
        problems.append(Problem(ERROR, f"{directory.shown}/{name}", message, "move it away"))
    return problems + _files_for_directories(directory, (*outputs, *documents))


def _same(file: Path, digest: str | None, staged: str | None, content: bytes | bytearray | None) -> bool:
    """Whether *file* has the bytes that we would write."""
    if not file.is_file():
        return False
    there = file.read_bytes()
    if digest is not None:
        return sha256(there) == digest
    return there == (Path(staged).read_bytes() if staged else content)


def _files_for_directories(directory: BuildDirectory, outputs: Iterable[str]) -> list[Problem]:
    """An error for each file that lies where one of *outputs* needs a directory."""
    top = f"{directory.path}{os.sep}"
    wanted = {name for name in _directories(outputs) if not directory.listings.has(top + name)}
    return [
        Problem(ERROR, f"{directory.shown}/{name}", "is a file where a directory is needed", "move it away")
        for name in sorted(wanted)
        if os.path.lexists(top + name) and not os.path.isdir(top + name)
    ]
