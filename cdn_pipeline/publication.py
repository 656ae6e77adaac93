"""Publications: what one build puts into stores, object by object.

A *place* is a target with a store. The origin's, if it has one, gets whatever lies in ``build/origin/``: its
own files, those of CDNs that pull from it, the copies kept of others, and the neighbours of all of these.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cdn_pipeline import PRIVATE, cdns, digest, document, media_types
from cdn_pipeline.compress import SUFFIXES
from cdn_pipeline.config import ORIGIN, Config, Target
from cdn_pipeline.errors import ERROR, ConfigError, Problem, PublishError
from cdn_pipeline.negotiation import CODINGS
from cdn_pipeline.quantity import count

TAGS = "Cache-Tag"  # what Cloudflare reads; CloudFront reads whatever its CacheTagConfig names
STATED = b'{\n "version": 1,\n "release": "%b",\n'  # how `manifest_text` begins a manifest
PIECE = 1 << 16  # bytes in memory at a time, in each of many threads
OPENING = b"{\n"  # how it begins what the release's id is the digest of


class Object(NamedTuple):
    """One object of a place."""

    key: str  # below the store's prefix, and below the target's URL
    file: str
    size: int  # bytes
    sha256: str  # of its bytes
    headers: Mapping[str, str]
    is_immutable: bool  # its name bears a fingerprint
    encoding: str = ""  # "gzip", "br" or "zst"
    content: str = ""  # sha256 of what a neighbour decodes to


class Place(NamedTuple):
    """A target with a store, and what belongs there."""

    name: str
    store: str  # its URL, as configured
    url: str  # ends with "/"
    objects: Mapping[str, Object]  # by key, sorted


class Publication(NamedTuple):
    """What a build puts where."""

    release: str
    manifest: bytes  # the text of manifest.json
    directory: Path  # of the build
    home: str  # the place that holds the state
    places: Mapping[str, Place]
    fixed: Mapping[
        str, Mapping[str, str]
    ]  # {target: {path of a URL: what tells a change}}, see `_note_fixed`

    @property
    def objects(self) -> Iterator[tuple[str, Object]]:
        """All objects, each with the name of its place."""
        for place in self.places.values():
            for object_ in place.objects.values():
                yield place.name, object_


def of(build: Path, config: Config) -> Publication:
    """What the build in the directory *build* puts into the stores of *config*.

    Raises `PublishError` for a build that is empty, changed by hand, of another version or config, or lacks
    files; `ConfigError` where no target has a store.
    """
    home = config.home
    if home is None:
        raise ConfigError([Problem(ERROR, config.file, "no target has a store", "set targets.NAME.store")])
    text, manifest = _checked(build / document.NAME)
    shelves = [_Shelf(target, build) for target in config.targets.values() if target.store]
    for shelf in shelves:
        shelf.check(manifest)
    fixed: dict[str, dict[str, str]] = {}
    try:
        if next(document.each(manifest.files), None) is None:
            raise PublishError([Problem(ERROR, str(build), "the build has no files", "build again")])
        for path, entry in document.each(manifest.files):
            for shelf in shelves:
                shelf.add(path, entry)
            _note_fixed(fixed, path, entry, config)
    except document.Damaged as error:
        raise PublishError([Problem(ERROR, str(build / document.NAME), str(error))]) from error
    places = {shelf.target.name: shelf.place() for shelf in shelves}
    _refuse_shared_stores(places, config)
    return Publication(manifest.release, text, build, home.name, places, fixed)


def _checked(file: Path) -> tuple[bytes, document.Document]:
    """The manifest, whose release is a digest of all the rest of its text (see `manifest_text`)."""
    try:
        text = file.read_bytes()
    except OSError as error:
        hint = "run `cdn-pipeline build`"
        problem = Problem(ERROR, str(file), f"cannot be read: {(error.strerror or '').lower()}", hint)
        raise PublishError([problem]) from error
    try:
        manifest = document.read(text)
    except document.Damaged as error:
        raise PublishError([Problem(ERROR, str(file), str(error))]) from error
    stated = STATED % manifest.release.encode()
    body = hashlib.sha256(OPENING)
    body.update(memoryview(text)[len(stated) :])
    if not text.startswith(stated) or body.hexdigest()[:16] != manifest.release:
        message = "was changed after the build"
        hint = "build again; to change a file, change its source"
        raise PublishError([Problem(ERROR, str(file), message, hint)])
    return text, manifest


class _Shelf:
    """What one place gets, file by file."""

    def __init__(self, target: Target, build: Path) -> None:
        self.target = target
        self.build = build
        self.top = str(build / target.directory / "x")[:-1]
        self.objects: dict[str, Object] = {}
        self.problems: list[Problem] = []
        self.known: dict[str, Mapping[str, str]] = {}  # the same few headers for thousands of files

    def check(self, manifest: document.Document) -> None:
        """Raises `PublishError` where the manifest says something else of the target."""
        stated = {"url": self.target.url, "kind": self.target.kind, "directory": self.target.directory}
        if manifest.targets.get(self.target.name) != stated:
            message = f"the build was made for another targets.{self.target.name}"
            raise PublishError([Problem(ERROR, str(self.build), message, "build again")])

    def add(self, path: str, entry: document.Entry) -> None:
        """The file *path* with its neighbours, if it belongs here."""
        for found in self._objects(path, entry):
            wrong = _wrong(found, self.objects.get(found.key))
            self.problems += wrong
            if not wrong:
                self.objects[found.key] = found._replace(sha256=found.sha256 or digest_of(found))

    def place(self) -> Place:
        """All that was added. Raises `PublishError` with all that is wrong."""
        if self.problems:
            raise PublishError(self.problems)
        target = self.target
        return Place(target.name, target.store or "", target.url, dict(sorted(self.objects.items())))

    def _objects(self, path: str, entry: document.Entry) -> Iterator[Object]:
        """A file followed by its neighbours, whose digests are not known yet."""
        directory, _, name = entry["path"].partition("/")
        if directory != self.target.directory and not (self.target.name == ORIGIN and "fallback" in entry):
            return
        headers = self._shared(_headers(entry, self.target))
        plain = Object(name, self.top + name, entry["size"], entry["sha256"], headers, name != path)
        yield plain
        for encoding, size in entry.get("encodings", {}).items():
            neighbour = _neighbour(plain, encoding, size)
            yield neighbour._replace(headers=self._shared(neighbour.headers))

    def _shared(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        return self.known.setdefault(repr(headers), headers)


def _headers(entry: document.Entry, target: Target) -> Mapping[str, str]:
    headers = {"Content-Type": media_types.content_type(entry["type"]), **entry["headers"]}
    return {**headers, TAGS: ",".join(target.cache_tags)} if target.cache_tags else headers


def _neighbour(plain: Object, encoding: str, size: int) -> Object:
    suffix = SUFFIXES[encoding]
    headers = {**plain.headers, "Content-Encoding": CODINGS[encoding]}
    return Object(
        plain.key + suffix,
        plain.file + suffix,
        size,
        "",
        headers,
        plain.is_immutable,
        encoding,
        plain.sha256,
    )


def _wrong(found: Object, other: Object | None) -> list[Problem]:
    """What is wrong with an object, as far as that is seen without its bytes. *other* has its key."""
    try:
        size = os.stat(found.file).st_size
    except OSError as error:
        message, hint = (error.strerror or "is missing").lower(), "build again"
    else:
        if size != found.size:
            message, hint = f"has {count(size, 'byte')}, and {found.size} in the manifest", "build again"
        elif found.key.startswith(f"{PRIVATE}/"):
            message, hint = "lies where stores keep what is not the site's", "give it another name"
        elif other is not None and (other.sha256, other.headers) != (found.sha256, found.headers):
            message, hint = "has the key of another file", "give one of them another name"
        else:
            return []
    return [Problem(ERROR, found.file, message, hint)]


def _refuse_shared_stores(places: Mapping[str, Place], config: Config) -> None:
    known: dict[str, str] = {}
    for place in places.values():
        other = known.setdefault(place.store, place.name)
        if other != place.name:
            message = f"targets.{place.name} has the same store as targets.{other}"
            hint = "give each a prefix of its own"
            raise ConfigError([Problem(ERROR, config.file, message, hint)])


def _note_fixed(fixed: dict[str, dict[str, str]], path: str, entry: document.Entry, config: Config) -> None:
    """Adds the file *path*, with the digest of its bytes and headers, if its name bears no fingerprint and a
    CDN is to be told of it."""
    name = entry["path"].partition("/")[2]
    target = config.targets.get(entry["target"])
    if name == path and target is not None and target.cdn:
        told = f"{entry['sha256']} {sorted(entry['headers'].items())}"
        key = cdns.path_of(target.url, name)
        fixed.setdefault(target.name, {})[key] = digest.sha256(told.encode())


def digest_of(object_: Object) -> str:
    """The sha256 of an object's file. Raises `PublishError` if it is known to be another."""
    try:
        with open(object_.file, "rb") as opened:
            digested = hashlib.sha256()  # `hashlib.file_digest` takes 256 KB for the smallest file
            while piece := opened.read(PIECE):
                digested.update(piece)
    except OSError as error:
        message = f"cannot be read: {(error.strerror or '').lower()}"
        raise PublishError([Problem(ERROR, object_.file, message, "build again")]) from error
    found = digested.hexdigest()
    if object_.sha256 not in ("", found):
        message = "was changed after the build"
        raise PublishError([Problem(ERROR, object_.file, message, "build again")])
    return found


def facts(publication: Publication) -> dict[str, Any]:
    """How many objects and bytes there are, by place."""
    return {
        place.name: {
            "store": place.store,
            "url": place.url,
            "objects": len(place.objects),
            "bytes": sum(each.size for each in place.objects.values()),
        }
        for place in publication.places.values()
    }
