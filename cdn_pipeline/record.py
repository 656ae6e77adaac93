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

    def __init__(self, head: bytes, objects: bytes, manifest: bytes, name: str) -> None:
        """The parts of its text, see `text`; *name* is for messages."""
        self._name = name
        self._objects = objects
        self.manifest = manifest  # the text of manifest.json
        self._head = self._parsed(head + END.strip())
        self._opening = head
        if self._head.get("version") != VERSION:
            raise PublishError(
                f"{name}: is of version {self._head.get('version')!r}, and this cdn_pipeline reads version "
                f"{VERSION}; install the one that wrote it"
            )

    @property
    def text(self) -> bytes:
        """As it is stored. Made anew each time: that of a large site has megabytes."""
        return b"".join((self._opening, OBJECTS, self._objects, MANIFEST, self.manifest, END))

    @property
    def release(self) -> str:
        """By which it was recorded: that of its manifest, mostly; see `identity`."""
        return str(self._head["release"])

    @property
    def created(self) -> str:
        """When it was recorded first, by the clock of whoever did; ISO 8601, in UTC."""
        return str(self._head["created"])

    @property
    def content(self) -> tuple[bytes, bytes]:
        """What two records of the same release share, wherever and whenever they were written."""
        return self._objects, self.manifest

    @cached_property
    def shelves(self) -> Mapping[str, Shelf]:
        """Its places by target."""
        table = self._parsed(self._objects)
        try:
            return {name: _shelf(shelf) for name, shelf in table.items()}
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise _damaged(self._name, repr(error)) from error

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
            raise _damaged(self._name, str(error)) from error
        if not isinstance(parsed, dict):
            raise _damaged(self._name, "it is no table")
        return parsed


def read(text: bytes, name: str) -> Record:
    """The record with that *text*; *name* is for messages. Raises `PublishError` if it is cut off, or of
    another version."""
    objects, manifest = text.find(OBJECTS), text.find(MANIFEST)
    if not 0 < objects < manifest or not text.endswith(END):
        raise _damaged(name, "it is cut off")
    return Record(
        text[:objects],
        text[objects + len(OBJECTS) : manifest],
        text[manifest + len(MANIFEST) : -len(END)],
        name,
    )


def _damaged(name: str, reason: str) -> PublishError:
    return PublishError(f"{name}: is damaged: {reason}; deploy the build again")


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
    tables = (f"{_json(name)}:{_table(publication, name)}" for name in sorted(publication.places))
    objects = f"{{{','.join(tables)}}}".encode()
    return _headed(head, objects, publication.manifest)


def renamed(record: Record) -> Record:
    """The same under an id that says what is in it: another record has the release's own."""
    told = digest.sha256(MANIFEST.join(record.content))[:8]
    head = {**record._head, "release": f"{record.release}-{told}"}
    return _headed(head, *record.content)


def _headed(head: Mapping[str, Any], objects: bytes, manifest: bytes) -> Record:
    opening = _json(head).removesuffix("}").encode()
    return Record(opening, objects, manifest, key_of(head["release"]))


def _table(publication: Publication, name: str) -> str:
    """A place; its objects are ``{key: [sha256, size, which of its headers, whether immutable]}``. Written
    row by row, since the pieces that `json` makes of a large one take several times its size."""
    place = publication.places[name]
    known: dict[tuple[tuple[str, str], ...], int] = {}
    rows = []
    for key, each in place.objects.items():
        headers = tuple(sorted(each.headers.items()))
        at = known.setdefault(headers, len(known))
        rows.append(f'{_json(key)}:["{each.sha256}",{each.size},{at},{each.is_immutable:d}]')
    opening = _json({"store": place.store, "url": place.url, "headers": [*map(dict, known)]})
    return f'{opening.removesuffix("}")},"objects":{{{",".join(rows)}}}}}'


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def key_of(release: str) -> str:
    """Below the home store's prefix."""
    return f"{DIRECTORY}{release}{SUFFIX}"


def release_of(key: str) -> str:
    """That of a record's *key*."""
    return key.removeprefix(DIRECTORY).removesuffix(SUFFIX)
