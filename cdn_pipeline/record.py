"""Records: what a release consists of, as ``.cdn_pipeline/releases/ID.json`` in its home store has it.

Three lines: what differs from one deploy of a release to the next, the objects, the manifest. So two are
compared without being parsed, and the manifest's own bytes come back as they were.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

from cdn_pipeline import digest
from cdn_pipeline.errors import PublishError
from cdn_pipeline.publication import Publication

VERSION = 1
DIRECTORY = ".cdn_pipeline/releases/"
SUFFIX = ".json"
OBJECTS = b',\n"targets":'
MANIFEST = b',\n"manifest":'
END = b"}\n"


class Kept(NamedTuple):
    """An object as a record has it."""

    sha256: str
    size: int  # bytes
    headers: Mapping[str, str]
    is_immutable: bool


class Shelf(NamedTuple):
    """One place of a release."""

    store: str
    url: str
    objects: Mapping[str, Kept]


class Record:
    """A release. Nothing of its *text* is parsed before it is asked for. Raises `PublishError` if it is
    damaged or of another version."""

    def __init__(self, text: bytes, name: str) -> None:
        self.text = text
        self._name = name
        head, _, rest = text.partition(OBJECTS)
        self._objects, found, manifest = rest.partition(MANIFEST)
        if not found or not text.endswith(END):
            raise self._damaged("it is cut off")
        self.manifest = manifest.removesuffix(END)  # the text of manifest.json
        self._head = self._parsed(head + b"}")
        if self._head.get("version") != VERSION:
            raise PublishError(
                f"{name}: is of version {self._head.get('version')!r}, and this cdn_pipeline reads version "
                f"{VERSION}; install the one that wrote it"
            )

    @property
    def release(self) -> str:
        """By which it was recorded: that of its manifest, mostly; see `identity`."""
        return str(self._head["release"])

    @property
    def created(self) -> str:
        """When it was recorded first, by the clock of whoever did; ISO 8601, in UTC."""
        return str(self._head["created"])

    @property
    def content(self) -> bytes:
        """What two records of the same release share, wherever and whenever they were written."""
        return self._objects + MANIFEST + self.manifest

    @cached_property
    def shelves(self) -> Mapping[str, Shelf]:
        """Its places by target."""
        table = self._parsed(self._objects)
        try:
            return {name: _shelf(shelf) for name, shelf in table.items()}
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise self._damaged(repr(error)) from error

    @property
    def fixed(self) -> Mapping[str, Mapping[str, str]]:
        """See `Publication.fixed`."""
        return dict(self._head.get("fixed", {}))

    @property
    def urls(self) -> Mapping[str, str]:
        """Those that pages name in place of the manifest's, by logical path."""
        return dict(self._head.get("urls", {}))

    def _parsed(self, text: bytes) -> dict[str, Any]:
        try:
            parsed = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise self._damaged(str(error)) from error
        if not isinstance(parsed, dict):
            raise self._damaged("it is no table")
        return parsed

    def _damaged(self, reason: str) -> PublishError:
        return PublishError(f"{self._name}: is damaged: {reason}; deploy the build again")


def _shelf(shelf: Mapping[str, Any]) -> Shelf:
    headers = shelf["headers"]
    objects = {
        key: Kept(sha256, size, headers[at], bool(is_immutable))
        for key, (sha256, size, at, is_immutable) in shelf["objects"].items()
    }
    return Shelf(shelf["store"], shelf["url"], objects)


def of(publication: Publication, created: str, program: str, urls: Mapping[str, str] = {}) -> Record:
    """The record of *publication*, made at the time *created* by *program*. *urls*: see `Steps.urls`."""
    head = {
        "version": VERSION,
        "release": publication.release,
        "created": created,
        "program": program,
        "fixed": publication.fixed,
        "urls": dict(urls),
    }
    objects = _json({name: _table(publication, name) for name in sorted(publication.places)})
    return _assembled(head, objects, publication.manifest)


def renamed(record: Record) -> Record:
    """The same under an id that says what is in it: another record has the release's own."""
    told = digest.sha256(record.content)[:8]
    head = {**record._head, "release": f"{record.release}-{told}"}
    return _assembled(head, record._objects, record.manifest)


def _assembled(head: Mapping[str, Any], objects: bytes, manifest: bytes) -> Record:
    text = _json(head).removesuffix(b"}") + OBJECTS + objects + MANIFEST + manifest + END
    return Record(text, key_of(head["release"]))


def _table(publication: Publication, name: str) -> dict[str, Any]:
    """A place; its objects are ``{key: [sha256, size, which of its headers, whether immutable]}``."""
    place = publication.places[name]
    known: dict[tuple[tuple[str, str], ...], int] = {}
    objects = {}
    for key, each in place.objects.items():
        headers = tuple(sorted(each.headers.items()))
        at = known.setdefault(headers, len(known))
        objects[key] = [each.sha256, each.size, at, int(each.is_immutable)]
    return {"store": place.store, "url": place.url, "headers": [*map(dict, known)], "objects": objects}


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def key_of(release: str) -> str:
    """Below the home store's prefix."""
    return f"{DIRECTORY}{release}{SUFFIX}"


def release_of(key: str) -> str:
    """That of a record's *key*."""
    return key.removeprefix(DIRECTORY).removesuffix(SUFFIX)
