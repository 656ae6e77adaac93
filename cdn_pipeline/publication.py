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

TAGS = "Cache-Tag"  # what Cloudflare reads; CloudFront reads whatever its CacheTagConfig names
STATED = b'{\n "version": 1,\n "release": "%b",\n'  # how `manifest_text` begins a manifest
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
    fixed: Mapping[str, Mapping[str, str]]  # {target: {path of the URL: what tells a change}}, see `_fixed`

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
    text, release = _checked_text(build / document.NAME)
    try:
        manifest = document.read(text)
        entries = dict(manifest.files)
    except document.Damaged as error:
        raise PublishError([Problem(ERROR, str(build / document.NAME), str(error))]) from error
    if not entries:
        raise PublishError([Problem(ERROR, str(build), "the build has no files", "build again")])
    places = {
        target.name: _place(target, manifest, entries, build)
        for target in config.targets.values()
        if target.store
    }
    _refuse_shared_stores(places, config)
    return Publication(release, text, build, home.name, places, _fixed(entries, config))


def _checked_text(file: Path) -> tuple[bytes, str]:
    """The manifest's text and its release, which is a digest of all the rest (see `manifest_text`)."""
    try:
        text = file.read_bytes()
    except OSError as error:
        hint = "run `cdn-pipeline build`"
        problem = Problem(ERROR, str(file), f"cannot be read: {(error.strerror or '').lower()}", hint)
        raise PublishError([problem]) from error
    try:
        release = document.read(text).release
    except document.Damaged as error:
        raise PublishError([Problem(ERROR, str(file), str(error))]) from error
    stated = STATED % release.encode()
    body = OPENING + text.removeprefix(stated)
    if not text.startswith(stated) or hashlib.sha256(body).hexdigest()[:16] != release:
        message = "was changed after the build"
        hint = "build again; to change a file, change its source"
        raise PublishError([Problem(ERROR, str(file), message, hint)])
    return text, release


def _place(
    target: Target, manifest: document.Document, entries: Mapping[str, document.Entry], build: Path
) -> Place:
    stated = {"url": target.url, "kind": target.kind, "directory": target.directory}
    if manifest.targets.get(target.name) != stated:
        message = f"the build was made for another targets.{target.name}"
        raise PublishError([Problem(ERROR, str(build), message, "build again")])
    objects: dict[str, Object] = {}
    problems: list[Problem] = []
    for found in _objects(target, entries, build):
        wrong = _wrong(found, objects.get(found.key))
        problems += wrong
        if not wrong:
            objects[found.key] = found._replace(sha256=found.sha256 or digest_of(found))
    if problems:
        raise PublishError(problems)
    return Place(target.name, target.store or "", target.url, dict(sorted(objects.items())))


def _objects(target: Target, entries: Mapping[str, document.Entry], build: Path) -> Iterator[Object]:
    """Those of a place: each file followed by its neighbours, whose digests are not known yet."""
    top = str(build / target.directory / "x")[:-1]
    known: dict[str, Mapping[str, str]] = {}  # the same few headers for thousands of files
    for path, entry in entries.items():
        directory, _, name = entry["path"].partition("/")
        if directory != target.directory and not (target.name == ORIGIN and "fallback" in entry):
            continue
        headers = _headers(entry, target)
        headers = known.setdefault(repr(headers), headers)
        plain = Object(name, top + name, entry["size"], entry["sha256"], headers, name != path)
        yield plain
        for encoding, size in entry.get("encodings", {}).items():
            yield _neighbour(plain, encoding, size)


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
            message, hint = f"has {size} bytes, and {found.size} in the manifest", "build again"
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


def _fixed(entries: Mapping[str, document.Entry], config: Config) -> dict[str, dict[str, str]]:
    """The files whose names bear no fingerprint and that a CDN is to be told of: ``{target: {path of the URL:
    digest of bytes and headers}}``."""
    found: dict[str, dict[str, str]] = {}
    for path, entry in sorted(entries.items()):
        name = entry["path"].partition("/")[2]
        target = config.targets.get(entry["target"])
        if name == path and target is not None and target.cdn:
            told = f"{entry['sha256']} {sorted(entry['headers'].items())}"
            key = cdns.path_of(target.url, name)
            found.setdefault(target.name, {})[key] = digest.sha256(told.encode())
    return found


def digest_of(object_: Object) -> str:
    """The sha256 of an object's file. Raises `PublishError` if it is known to be another."""
    try:
        with open(object_.file, "rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        message = f"cannot be read: {(error.strerror or '').lower()}"
        raise PublishError([Problem(ERROR, object_.file, message, "build again")]) from error
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
