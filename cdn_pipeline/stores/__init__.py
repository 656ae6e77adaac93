"""Stores: where the objects of a target lie. One protocol, a module for each scheme.

A key is what follows the store's prefix; no store touches anything outside of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

from cdn_pipeline.errors import CdnPipelineError, ConfigError

Body: TypeAlias = bytes | Path  # a file is read piece by piece


class Match(NamedTuple):
    """Condition of a put: only if the object is still the one with this ETag."""

    etag: str


CREATE: Final = "create"  # condition of a put: only if there is no object yet
Condition: TypeAlias = Literal["create"] | Match | None


class Listed(NamedTuple):
    """An object, or one of its versions, as a listing tells it."""

    key: str
    size: int
    etag: str
    modified_s: float  # by the store's clock, in seconds since 1970
    version: str | None  # None in `Store.list` of a store whose listings do not tell it


class Got(NamedTuple):
    """An object as it was read."""

    body: bytes  # b"" after `Store.head`
    etag: str
    headers: Mapping[str, str]  # those that `Store.held` keeps
    version: str | None
    sha256: str | None  # as it was given to `Store.put`; None where somebody else wrote the object


class Conflict(Exception):
    """The condition of a put did not hold. Nothing was written."""


class StoreError(CdnPipelineError):
    """A store did not do what was asked, and asking again would not help."""

    def __init__(self, message: str, *, action: str, is_denied: bool = False) -> None:
        super().__init__(message)
        self.action = action  # as its permission is named: "s3:PutObject", "directory:put"
        self.is_denied = is_denied


class Store(Protocol):
    """A place for objects. Every method may be called from many threads, and raises `StoreError`."""

    @property
    def url(self) -> str:
        """As configured, without credentials."""

    @property
    def has_versions(self) -> bool:
        """Whether a delete can be held to one version of an object. May cost a request, once."""

    def list(self, prefix: str = "") -> Iterator[Listed]:
        """Every object whose key begins with *prefix*, sorted by key; one request for 1,000 of them."""

    def get(self, key: str) -> Got | None:
        """The object, or ``None``."""

    def head(self, key: str) -> Got | None:
        """The same without its body."""

    def put(
        self, key: str, body: Body, headers: Mapping[str, str], sha256: str, condition: Condition = None
    ) -> str:
        """Writes an object, whole or not at all, and returns its ETag. *sha256*, 64 hexadecimal digits, is
        that of *body*: a body with another one is refused. Raises `Conflict` if *condition* does not hold.
        """

    def versions(self, prefix: str = "") -> Iterator[Listed]:
        """Every version of every object, sorted by key, the newest of a key first. Markers that stand for
        deleted objects are left out."""

    def delete(self, key: str, version: str) -> None:
        """Removes that version only. One that is gone already is no error. Where it was the newest, the one
        before it is served again."""

    def held(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Those of *headers* that the store keeps and that `head` tells. The others are whoever serves the
        objects' to set."""

    def now_s(self) -> float:
        """The store's clock, in seconds since 1970, for comparison with `Listed.modified_s`. S3's is up to a
        second behind."""

    def close(self) -> None:
        """Ends connections. The store cannot be used any more."""


def open_store(url: str, root: Path) -> Store:
    """The store at *url*: ``s3://bucket/prefix``, ``directory:PATH`` below *root*, or ``memory:NAME``.

    Nothing is asked of it yet, so a wrong address is found out by the first call.
    """
    scheme, separator, rest = url.partition(":")
    if scheme == "s3" and rest.startswith("//"):
        from cdn_pipeline.stores import s3

        return s3.open_bucket(url)
    if scheme == "directory" and rest:
        from cdn_pipeline.stores import directory

        return directory.Directory(root / rest, url)
    if scheme == "memory" and separator:
        from cdn_pipeline.stores import memory

        return memory.named(rest)
    raise ConfigError(f"no store {url!r}; write s3://bucket/prefix, or directory:PATH")
