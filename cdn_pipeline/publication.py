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

from cdn_pipeline import cdns, digest, document, media_types
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
    file: Path
    size: int  # bytes
    sha256: str
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
    for path in sorted(entries):
        for found in _objects(path, entries[path], target, build, problems):
            if not _is_alike(found, objects.setdefault(found.key, found)):
                message, hint = "has the key of another file", "give one of them another name"
                problems.append(Problem(ERROR, str(found.file), message, hint))
    if problems:
        raise PublishError(problems)
    return Place(target.name, target.store or "", target.url, dict(sorted(objects.items())))


def _objects(
    path: str, entry: document.Entry, target: Target, build: Path, problems: list[Problem]
) -> Iterator[Object]:
    """Those of one file in the place *target*: itself and its neighbours, or none."""
    directory, _, name = entry["path"].partition("/")
    if directory != target.directory and not (target.name == ORIGIN and "fallback" in entry):
        return
    file = build / target.directory / name
    headers = {"Content-Type": media_types.content_type(entry["type"]), **entry["headers"]}
    if target.cache_tags:
        headers[TAGS] = ",".join(target.cache_tags)
    plain = Object(name, file, entry["size"], entry["sha256"], headers, name != path)
    problems += _unlike(plain)
    yield plain
    for encoding, size in entry.get("encodings", {}).items():
        found = _neighbour(plain, encoding, size)
        wrong = _unlike(found)
        problems += wrong
        if not wrong:
            yield found._replace(sha256=digest_of(found))


def _neighbour(plain: Object, encoding: str, size: int) -> Object:
    """*plain* in another encoding, its bytes not yet looked at."""
    suffix = SUFFIXES[encoding]
    file = plain.file.with_name(plain.file.name + suffix)
    headers = {**plain.headers, "Content-Encoding": CODINGS[encoding]}
    return Object(plain.key + suffix, file, size, "", headers, plain.is_immutable, encoding, plain.sha256)


def _unlike(found: Object) -> list[Problem]:
    """What is wrong with an object's file, before its bytes are looked at."""
    try:
        size = os.stat(found.file).st_size
    except OSError as error:
        message = (error.strerror or "is missing").lower()
        return [Problem(ERROR, str(found.file), message, "build again")]
    if size == found.size:
        return []
    message = f"has {size} bytes, and {found.size} in the manifest"
    return [Problem(ERROR, str(found.file), message, "build again")]


def _is_alike(one: Object, other: Object) -> bool:
    return (one.sha256, one.headers) == (other.sha256, other.headers)


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
        raise PublishError([Problem(ERROR, str(object_.file), message, "build again")]) from error
    if object_.sha256 not in ("", found):
        message = "was changed after the build"
        raise PublishError([Problem(ERROR, str(object_.file), message, "build again")])
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
