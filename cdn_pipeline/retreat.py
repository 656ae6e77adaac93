"""Retreats: writes which files pages get from the origin, beside every manifest that running sites read.

They notice within the interval in which they look for a new manifest, without a restart.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from cdn_pipeline import document, fallback, hold, spelling
from cdn_pipeline.config import ORIGIN
from cdn_pipeline.document import Document
from cdn_pipeline.errors import ERROR, ConfigError, Problem, PublishError
from cdn_pipeline.fallback import Fallback

SHOWN = 5  # files that one message names

Change = Callable[[Fallback], Fallback]


def read(directory: Path, now: float | None = None) -> Fallback:
    """What holds in *directory*, where a manifest lies."""
    file = directory / hold.NAME
    try:
        return fallback.read(file.read_bytes(), time.time() if now is None else now)
    except FileNotFoundError:
        return fallback.NOTHING
    except OSError as error:
        raise PublishError([Problem(ERROR, str(file), f"cannot be read: {_said(error)}")]) from error
    except fallback.Newer as error:
        hint = "use the cdn_pipeline that wrote it, or remove it"
        raise PublishError([Problem(ERROR, str(file), f"is of a newer program: {error}", hint)]) from error


def update(directories: Iterable[Path], change: Change, now: float | None = None) -> dict[Path, Fallback]:
    """What holds after *change*, in each of *directories*. Two processes that change the same one do so one
    after the other. Raises `PublishError` after it has tried all."""
    found, problems = {}, []
    for directory in dict.fromkeys(directories):
        try:
            with _locked(directory):
                found[directory] = change(read(directory, now))
                _write(directory / hold.NAME, fallback.text(found[directory]))
        except OSError as error:
            problems.append(Problem(ERROR, str(directory / hold.NAME), f"cannot be written: {_said(error)}"))
        except PublishError as error:
            problems += error.problems
    if problems:
        raise PublishError(problems)
    return found


def retreat(
    directories: Collection[Path], targets: Collection[str] = (), *, partly: bool = False
) -> dict[Path, Fallback]:
    """Has all pages ask the origin for what is on *targets*; on all of them, if none is named.

    Raises `ConfigError` for a target that there is not, `PublishError` where the origin lacks a copy of any
    file, unless it may be done *partly*: pages go on to ask the target for those.
    """
    manifests = {directory: manifest(directory) for directory in directories}
    chosen = {directory: _chosen(found, targets) for directory, found in manifests.items()}
    problems = [] if partly else _missing(manifests, chosen)
    if problems:
        raise PublishError(problems)
    found: dict[Path, Fallback] = {}
    for directory in directories:
        found |= update([directory], partial(fallback.retreated, targets=chosen[directory]))
    return found


def return_to(directories: Collection[Path], targets: Collection[str] = ()) -> dict[Path, Fallback]:
    """Has pages ask *targets* again; all of them, if none is named."""

    def change(there: Fallback) -> Fallback:
        return fallback.returned(there, targets or there.retreated)

    return update(directories, change)


def release_held(
    directories: Iterable[Path], verified: Mapping[str, Collection[str]]
) -> dict[Path, Fallback]:
    """Lets pages ask for what the edge was seen to serve: ``{target: logical paths}``. Only for a directory
    whose manifest is the one that was verified."""
    return update(directories, lambda there: fallback.released(there, verified))


def manifest(directory: Path) -> Document:
    """That of *directory*. Raises `PublishError`."""
    file = directory / document.NAME
    try:
        return document.read(file.read_bytes())
    except OSError as error:
        hint = "build or deploy first"
        raise PublishError([Problem(ERROR, str(file), f"cannot be read: {_said(error)}", hint)]) from error
    except document.Damaged as error:
        raise PublishError([Problem(ERROR, str(file), str(error))]) from error


def _chosen(found: Document, targets: Collection[str]) -> frozenset[str]:
    away = sorted(set(found.targets) - {ORIGIN})
    unknown = [name for name in targets if name not in away]
    if unknown or not away:
        name = unknown[0] if unknown else ""
        message = f"no target {name!r} to retreat from" if name else "everything is on the origin already"
        hint = spelling.hint(name, away) or (f"there is {', '.join(away)}" if away else "")
        raise ConfigError([Problem(ERROR, "", message, hint)])
    return frozenset(targets or away)


def _missing(manifests: Mapping[Path, Document], chosen: Mapping[Path, frozenset[str]]) -> list[Problem]:
    problems = {}
    for directory, found in manifests.items():
        for target, files in fallback.without_copy(found.files, chosen[directory]).items():
            more = f" and {len(files) - SHOWN:,} more" if len(files) > SHOWN else ""
            message = f"the origin has no copy of {', '.join(files[:SHOWN])}{more}"
            hint = f"set targets.{target}.keep_on_origin = true, build and deploy"
            if len(files) < sum(entry["target"] == target for _, entry in document.each(found.files)):
                hint += "; or retreat with the rest alone (--partly)"
            problems[target] = Problem(ERROR, "", f"targets.{target}: {message}", hint)
    return list(problems.values())


def _write(file: Path, content: bytes) -> None:
    """By a replacement, so that nobody reads half of it; not at all where it says so already."""
    with contextlib.suppress(OSError):
        if file.read_bytes() == content:
            return
    staged = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        staged.write_bytes(content)
        os.replace(staged, file)
    finally:
        staged.unlink(missing_ok=True)


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """By a lock on the directory itself, which leaves nothing behind."""
    try:
        import fcntl
    except ImportError:  # Windows: the last of two that write at once wins there
        yield
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _said(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
