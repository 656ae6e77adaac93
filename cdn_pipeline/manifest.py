"""The manifest: all that a running site reads of a build."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import monotonic
from typing import Any, NamedTuple, TypeVar

from cdn_pipeline import document, hold, project
from cdn_pipeline.document import EMPTY, NAME, VERSION, Damaged, Document, Entry
from cdn_pipeline.errors import BrokenManifest, CdnPipelineError, UnknownAsset
from cdn_pipeline.manifest_options import check_missing, check_reload
from cdn_pipeline.snapshot import Bundle, Snapshot
from cdn_pipeline.snippets import Options, Preload
from cdn_pipeline.spelling import nearest

__all__ = ("NAME", "VERSION", "BrokenManifest", "Bundle", "Manifest", "Preload", "UnknownAsset")

REMEMBERED = 20_000  # names beyond those of the build; a site may ask for whatever its visitors say
TOLD = 1000  # how many of these get a line in the log
HINTED = 20  # how many of those lines name the nearest known name, which takes time to find
NEVER = float("inf")

T = TypeVar("T")
Stamp = tuple[int, int, int]  # mtime in nanoseconds, size in bytes, inode


class Manifest:
    """The URLs of a site, by logical path and by the names of bundles.

    Nothing is read before something is asked. Any number of threads may ask: each answer comes from one
    snapshot, which is replaced as a whole. There are no locks, so that a fork finds none held.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        missing: str = "error",
        reload: float | None = None,
        origin: str = "/static/",
    ) -> None:
        check_missing(missing)
        check_reload(reload)
        self.file = os.path.abspath(path)
        self.directory = os.path.dirname(self.file)
        self.missing = missing
        self.reload = reload
        self._origin = origin
        self._due = 0.0  # on the monotonic clock: when to look at the files again
        self._urls: _Urls | None = None
        self._told: set[str] = set()

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        missing: str = "error",
        reload: float | None = None,
        origin: str = "/static/",
    ) -> Manifest:
        """Of the file *path*. *missing*: an unknown name is an ``"error"``, or gets the ``"plain"`` URL and a
        line in the log. *reload*: seconds between looks whether there is a new one. *origin* is the URL of
        plain files where there is no manifest to tell it. Raises `ValueError` for a wrong option."""
        return cls(path, missing, reload, origin)

    @classmethod
    def of_project(
        cls, start: str | os.PathLike[str] = ".", missing: str = "error", reload: float | None = None
    ) -> Manifest:
        """Of the project whose config is at or above *start*. Raises `ConfigError` if there is none."""
        found = project.find(start)
        return cls(found.manifest, missing, reload, found.origin)

    def url(self, name: str) -> str:
        """The URL of a file or, if there is none of that name, of a bundle's first part. Absolute URLs come
        back unchanged, ``a.eot?#iefix`` keeps what follows the path. Raises `UnknownAsset`,
        `BrokenManifest`."""
        if monotonic() >= self._due:
            self._look()
        try:
            return self._urls[name]  # type: ignore[index]
        except TypeError:  # cannot be a key
            return self._urls[str(name)]  # type: ignore[index]

    def integrity(self, name: str) -> str | None:
        """Of what `url` gives; ``None`` where its bytes may change, because its name bears no fingerprint."""
        return self._ask(lambda snapshot: snapshot.integrity(_text(name)))

    def bundle(self, name: str, members: Sequence[str] = ()) -> Bundle:
        """Of that name; a file counts as a bundle of one. Raises as `url`. *members*, as the page names them,
        are loaded one by one instead of a bundle that was not built, where that is no error."""
        return self._ask(lambda snapshot: snapshot.bundle(_text(name), members))

    def preloads(self, name: str) -> tuple[Preload, ...]:
        """What to fetch ahead for a page that loads the bundle or file *name*. Raises as `url`."""
        return self._ask(lambda snapshot: snapshot.preloads(_text(name)))

    def tags(
        self, names: str | Iterable[str], nonce: str | None = None, preload: bool = True, **attributes: Any
    ) -> str:
        """The HTML that loads bundles and files: preloads, sheets, scripts, one a line, each once.
        *attributes* are of the elements for *names* themselves. Raises as `url`."""
        asked = [_text(name) for name in ((names,) if isinstance(names, str) else names)]
        options = Options(nonce, preload, attributes)
        return self._ask(lambda snapshot: snapshot.tags(asked, options))

    def import_map(self, nonce: str | None = None) -> str:
        """The script element that leads plain URLs of modules to those of the build; "" where there are
        none."""
        return self._ask(lambda snapshot: snapshot.import_map(nonce))

    def entry(self, path: str) -> Entry:
        """All that the manifest says of a file; not to be changed. Always raises `UnknownAsset` for
        others."""
        entry = self._ask(lambda snapshot: snapshot.document.files.get(_text(path)))
        if entry is None:
            raise self._no_asset(_text(path))
        return entry

    def __contains__(self, name: object) -> bool:
        """Whether a file or a bundle has this name."""
        return self._ask(lambda snapshot: _text(name) in snapshot)

    def names(self) -> tuple[str, ...]:
        """The logical paths of all files, in order."""
        return self._ask(lambda snapshot: tuple(snapshot.document.files))

    @property
    def bundles(self) -> tuple[str, ...]:
        """The names of all bundles, in order."""
        return self._ask(lambda snapshot: tuple(snapshot.document.bundles))

    @property
    def release(self) -> str:
        """Which build this is; "" where there is no manifest."""
        return self._ask(lambda snapshot: snapshot.document.release)

    @property
    def targets(self) -> Mapping[str, Mapping[str, Any]]:
        """``{name: {"url", "kind", "directory"}}``"""
        return self._ask(lambda snapshot: snapshot.document.targets)

    def _ask(self, question: Callable[[Snapshot], T]) -> T:
        """The answer of one snapshot."""
        if monotonic() >= self._due:
            self._look()
        assert self._urls is not None
        return self._answer(self._urls.snapshot, question)

    def _answer(self, snapshot: Snapshot, question: Callable[[Snapshot], T]) -> T:
        try:
            return question(snapshot)
        except CdnPipelineError:
            raise
        except Damaged as error:  # in a line that was not looked at before
            self._broken(str(error))
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            self._broken(f"is damaged: what it says does not fit together ({error!r}); build again")
        return question(self._snapshot(EMPTY))

    def _look(self) -> None:
        """Sees to it that `_urls` is what the files say, and `_due` when that may be so no longer."""
        there, interval = self._urls, NEVER if self.reload is None else self.reload
        if there is None:
            read = self._read(None)
        else:
            self._due = monotonic() + interval  # meanwhile other threads go on with what there is
            read = there.read if self.reload is None else self._read(there.read)
        now = time.time()
        if there is None or read is not there.read or there.snapshot.hold.expires <= now:
            there = self._urls = _Urls(self, self._held(read, now), read)
        self._due = monotonic() + min(interval, max(0.0, there.snapshot.hold.expires - now))

    def _read(self, last: _Read | None) -> _Read:
        """*last* itself, if the files look as they did."""
        beside = os.path.join(self.directory, hold.NAME)
        stamp, hold_stamp = _stamp(self.file), _stamp(beside)  # before reading: never newer than what is read
        if last and (stamp, hold_stamp) == (last.stamp, last.hold_stamp):
            return last
        found = last.document if last and last.stamp == stamp else self._document(last)
        try:
            with open(beside, "rb") as opened:
                held = opened.read()
        except OSError:
            held = b""
        return _Read(found, stamp, held, hold_stamp)

    def _document(self, last: _Read | None) -> Document:
        try:
            with open(self.file, "rb") as opened:
                return document.read(opened.read())
        except FileNotFoundError:
            reason = "there is no manifest; run `cdn-pipeline build`"
        except OSError as error:
            reason = f"cannot be read: {error.strerror}"
        except Damaged as error:
            reason = str(error)
        if last is None or last.document is EMPTY:
            self._broken(reason)
            return EMPTY
        _log(f"{self.file}: {reason}; release {last.document.release} is used on")
        return last.document

    def _broken(self, reason: str) -> None:
        """Raises `BrokenManifest`, or says it."""
        if self.missing == "error":
            raise BrokenManifest(f"{self.file}: {reason}")
        if reason not in self._told:
            self._told.add(reason)
            _log(f"{self.file}: {reason}; plain URLs are used")

    def _held(self, read: _Read, now: float) -> Snapshot:
        held = hold.NOTHING
        if read.hold_text:
            try:
                held = hold.read(read.hold_text, now)
            except (ValueError, RecursionError) as error:
                _log(f"{os.path.join(self.directory, hold.NAME)}: is damaged and ignored: {error}")
        return self._snapshot(read.document, held)

    def _snapshot(self, content: Document, held: hold.Hold = hold.NOTHING) -> Snapshot:
        unknown = self._unknown if content is not EMPTY else _is_plain
        return Snapshot(content, held, self._origin, unknown)

    def _unknown(self, name: str, members: Sequence[str]) -> None:
        if self.missing == "error":
            raise self._no_asset(name, members)
        if name not in self._told and len(self._told) < TOLD:
            self._told.add(name)
            hinted = len(self._told) <= HINTED
            _log(f"{self._no_asset(name, members, hinted)} (plain URLs are used)")

    def _no_asset(self, name: str, members: Sequence[str] = (), hinted: bool = True) -> UnknownAsset:
        if members:
            of = ", ".join(map(repr, members))
            return UnknownAsset(
                f"{self.file}: no bundle {name!r} of {of}; build again, and see that the template is "
                "below one of the directories that `templates` in the config names"
            )
        known = self._ask(lambda snapshot: [*snapshot.document.files, *snapshot.document.bundles])
        near = nearest(name, known) if hinted else ""
        message = f"{self.file}: no asset and no bundle {name!r}"
        return UnknownAsset(f"{message}; did you mean {near!r}?" if near else message)


class _Read(NamedTuple):
    """What was read, and how the files looked before; a stamp is ``None`` where there was none."""

    document: Document
    stamp: object  # as long as it is the same, nothing has changed
    hold_text: bytes
    hold_stamp: object


class _Urls(dict[Any, str]):
    """What `Manifest.url` answered from one snapshot."""

    def __init__(self, manifest: Manifest, snapshot: Snapshot, read: _Read) -> None:
        self.manifest, self.snapshot, self.read = manifest, snapshot, read

    def __missing__(self, name: object) -> str:
        url = self.manifest._answer(self.snapshot, lambda snapshot: snapshot.url(_text(name)))
        if len(self) < REMEMBERED:
            self[name] = url
        return url


def _text(name: object) -> str:
    if isinstance(name, str):
        return name
    return "" if name is None else str(name)


def _is_plain(name: str, members: Sequence[str]) -> None:
    """Where nothing is known, that has been said once for all."""


def _stamp(file: str) -> Stamp | None:
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _log(message: str) -> None:
    import logging  # which a site may do without

    logging.getLogger("cdn_pipeline").warning(message)
