"""CDNs: who is told that files have changed. One protocol, a module for each kind.

A path is what follows the host in the URL, percent-encoded exactly as visitors ask for it. What begins with
``#`` is a cache tag, what ends with ``*`` means all that begins so.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol
from urllib.parse import quote, urlsplit

from cdn_pipeline import paths as logical
from cdn_pipeline.cdns.cache_status import CacheStatus as CacheStatus
from cdn_pipeline.cdns.cache_status import status_of as status_of
from cdn_pipeline.errors import CdnPipelineError, ConfigError

KINDS = ("cloudfront", "cloudflare", "pull")
PATIENCE_S = 600.0  # CloudFront mostly needs one or two minutes; a deploy goes on without
PAUSE_S = 5.0  # between two looks

Pause = Callable[[float], None]
"""Waits that many seconds."""


class Invalidation(NamedTuple):
    """What a CDN was asked to forget. Plain values, so that it can be kept as JSON."""

    reference: str  # ours: asking again with it, for the same paths, changes nothing
    ids: tuple[str, ...] = ()  # the CDN's own; none where it forgets at once


class CdnError(CdnPipelineError):
    """A CDN did not do what was asked. `is_retryable`: a later run may well succeed."""

    def __init__(self, message: str, *, is_retryable: bool = False) -> None:
        super().__init__(message)
        self.is_retryable = is_retryable


class Cdn(Protocol):
    """Whoever serves a target. Every method raises `CdnError`."""

    @property
    def name(self) -> str:
        """As configured."""

    def invalidate(self, paths: Sequence[str], reference: str) -> Invalidation:
        """Has all of *paths* forgotten, in as many requests as it takes, and does not wait for the end.
        Asking again with the same *reference* and paths is free."""

    def is_done(self, invalidation: Invalidation) -> bool:
        """Whether every edge has forgotten."""


def open_cdn(spec: str, url: str) -> Cdn:
    """``cloudfront:DISTRIBUTION``, ``cloudflare:ZONE`` or ``pull``, in front of the target with the public
    *url*. Nothing is asked of it yet. Raises `ConfigError`."""
    kind, _, name = spec.partition(":")
    if kind == "cloudfront" and name:
        from cdn_pipeline.cdns.cloudfront import CloudFront

        return CloudFront(name)
    if kind == "cloudflare" and name:
        from cdn_pipeline.cdns.cloudflare import Cloudflare

        return Cloudflare(name, url)
    if spec == "pull":
        from cdn_pipeline.cdns.pull import Pull

        return Pull()
    raise ConfigError(f'no CDN {spec!r}; write "cloudfront:DISTRIBUTION", "cloudflare:ZONE" or "pull"')


def path_of(url: str, key: str) -> str:
    """The path of the object *key* of a target with the public *url*: ``/site/a%20b.txt``."""
    return quote(urlsplit(url).path or "/", logical.SAFE + "%" + logical.AS_WRITTEN) + logical.url_path(key)


def wait(
    cdn: Cdn, invalidation: Invalidation, patience_s: float = PATIENCE_S, pause: Pause = time.sleep
) -> bool:
    """Whether *cdn* has forgotten before patience ended, which is no failure: it goes on by itself."""
    waited_s = 0.0
    while not cdn.is_done(invalidation):
        if waited_s >= patience_s:
            return False
        pause(PAUSE_S)
        waited_s += PAUSE_S
    return True


def batches(paths: Iterable[str], size: int) -> list[list[str]]:
    """*paths* sorted and each once, in lists of *size* at most: the same for the same paths."""
    known = sorted(set(paths))
    return [known[at : at + size] for at in range(0, len(known), size)]


def batch_reference(reference: str, batch: Iterable[str]) -> str:
    """*reference* for one batch. The digest of the paths is in it, since a reference that comes back with
    other paths is refused by CloudFront."""
    return f"{reference}-{hashlib.sha256(chr(10).join(batch).encode()).hexdigest()[:16]}"
