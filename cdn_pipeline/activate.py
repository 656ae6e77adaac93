"""Activate: has running sites name the files of a release, by what they read in the live directory.

That is the build directory, or one of its own with the same shape: ``manifest.json``, ``staticfiles.json``,
``includes/``, and ``origin``, a link to where the origin's files are.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from cdn_pipeline import PRIVATE, activation, digest, hold, inline, ledger, note, project
from cdn_pipeline.activation import Activation
from cdn_pipeline.config import ORIGIN, Config
from cdn_pipeline.document import NAME, PREVIOUS
from cdn_pipeline.errors import ERROR, Problem, PublishError, SiteError
from cdn_pipeline.release import BuildDirectory

NOTE = "live.json"  # in the private directory: which state of which home store this is
NAMED = 3  # missing files that a message names


class Live(NamedTuple):
    """Where running sites read."""

    directory: Path
    origin: Path  # the files of the origin
    build: Path

    @property
    def is_build(self) -> bool:
        """Whether sites read what a build has written, which then already names the files of its release."""
        return self.directory == self.build


class State(NamedTuple):
    """Which state of the stores an activation stands for."""

    home: str  # URL of the store that has the state
    serial: int  # counts the changes of it


def live(config: Config, build: Path) -> Live:
    """That of a site whose build directory is *build*; as `project.live_directory`."""
    store = config.origin.store or ""
    stored = None
    if store.startswith(project.DIRECTORY):
        stored = _absolute(config, store.removeprefix(project.DIRECTORY))
    table = {"publish": {"live": config.publish.live}, "targets": {ORIGIN: {"store": store}}}
    directory = project.live_directory(str(config.root), str(build), table)
    return Live(Path(directory), stored or build / ORIGIN, build)


def _absolute(config: Config, path: str) -> Path:
    return Path(os.path.abspath(config.root / path))


class Lacking(PublishError):
    """The origin lacks files of a release, whose pages would miss them."""


def activate(where: Live, activated: Activation, config: Config, state: State) -> bool:
    """Makes the release live; *state* is the one that names it. Returns whether it is: where a newer state
    of the same store was activated in the meantime, that one stays. Raises `Lacking`, `PublishError`."""
    with _opened(where) as directory:
        noted = note.read(str(directory.private / NOTE))
        if noted.get("home") == state.home and noted.get("serial", 0) > state.serial:
            return False
        wanted = {**state._asdict(), "identity": activated.identity, "hold": digest.sha256(_hold_text(where))}
        if noted == wanted | {"manifest": _manifest_digest(where)}:
            return True
        _refuse_foreign(where, bool(noted))
        check(where, activated)
        if not where.is_build:
            _link(where)
        _note(directory, wanted)  # first: whoever stands for an earlier state must not come between
        _write(directory, where, activated, config)
        _note(directory, wanted | {"manifest": _manifest_digest(where)})
        return True


def refresh(where: Live, config: Config) -> None:
    """Writes the includes of the live release again, since other files are held. Raises `PublishError`."""
    with _opened(where) as directory:
        text = (where.directory / NAME).read_bytes()
        _write(directory, where, Activation(text), config)


@contextmanager
def _opened(where: Live) -> Iterator[BuildDirectory]:
    """The live directory, for one process at a time."""
    directory = BuildDirectory(where.directory, str(where.directory))
    try:
        directory.open()
        yield directory
    except SiteError as error:
        hint = "then deploy again: the release is published, but running sites do not know it yet"
        raise PublishError(problem._replace(hint=hint) for problem in error.problems) from error
    except OSError as error:
        raise PublishError([Problem(ERROR, str(where.directory), f"{error.strerror or error}")]) from error
    finally:
        directory.close()


def _manifest_digest(where: Live) -> str:
    """Tells whether somebody has replaced it, as a build does; "" where there is none."""
    try:
        return digest.sha256((where.directory / NAME).read_bytes())
    except OSError:
        return ""


def _write(directory: BuildDirectory, where: Live, activated: Activation, config: Config) -> None:
    held = _held(where)
    documents = {**dict(_inline(where)), **activation.documents(activated, config, held)}
    directory.keep(NAME, documents[NAME], PREVIOUS)
    directory.switch({}, documents)


def check(where: Live, activated: Activation) -> None:
    """Raises `Lacking` if the origin lacks files of the release."""
    files = activation.origin_files(activated.manifest)
    missing = sorted(name for name, size in files if _size(where.origin / name) != size)
    if missing:
        more = f" and {len(missing) - NAMED:,} more" if len(missing) > NAMED else ""
        message = f"lacks files of release {activated.release}: {', '.join(missing[:NAMED])}{more}"
        hint = f"what reads {where.directory} goes on with the release that it has; build that one again"
        raise Lacking([Problem(ERROR, str(where.origin), message, hint)])


def _size(file: Path) -> int | None:
    try:
        return os.stat(file).st_size
    except OSError:
        return None


def _refuse_foreign(where: Live, is_known: bool) -> None:
    if not is_known and (where.directory / NAME).exists() and not ledger.has_our_manifest(where.directory):
        message = "is in the way and was not written by us"
        hint = "move it away, or set publish.live to another directory"
        raise PublishError([Problem(ERROR, str(where.directory / NAME), message, hint)])


def _link(where: Live) -> None:
    """Leads to the files of the origin, as in a build directory."""
    link = where.directory / ORIGIN
    leads = os.path.relpath(where.origin, os.path.realpath(where.directory))
    if link.is_symlink() and os.readlink(link) == leads:
        return
    if link.exists() and not link.is_symlink():
        message = f"is in the way of a link to {where.origin}"
        raise PublishError([Problem(ERROR, str(link), message, "move it away")])
    staged = where.directory / PRIVATE / "link"
    staged.unlink(missing_ok=True)
    staged.symlink_to(leads)
    os.replace(staged, link)


def _hold_text(where: Live) -> bytes:
    try:
        return (where.directory / hold.NAME).read_bytes()
    except OSError:
        return b""


def _held(where: Live) -> hold.Hold:
    try:
        return hold.read(_hold_text(where), time.time())
    except ValueError:  # there is none; or a damaged one, which sites ignore, too
        return hold.NOTHING


def _inline(where: Live) -> Iterable[tuple[str, bytes]]:
    """What is found by its own digest holds for any release."""
    if not where.is_build:
        try:
            yield inline.NAME, (where.build / inline.NAME).read_bytes()
        except OSError:
            return


def _note(directory: BuildDirectory, content: Mapping[str, Any]) -> None:
    staged = directory.stage(b"".join(note.sealed(content)))
    os.replace(staged, directory.private / NOTE)
