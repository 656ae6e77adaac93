"""Visits: the facts that an examination finds, on which the rules decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cdn_pipeline.cdns import CacheStatus, status_of
from cdn_pipeline.cdns.cache_status import BYPASS, HIT, UNKNOWN
from cdn_pipeline.connection import CERTIFICATE
from cdn_pipeline.doctor.exchange import Exchange
from cdn_pipeline.doctor.resource import Resource

SILENT = "silent"  # a host that can be reached, and gives no answers


class Visit(NamedTuple):
    """All that was asked of one resource, in the order of the fields."""

    resource: Resource
    first: Exchange  # as a browser asks, after all redirects
    redirects: tuple[Exchange, ...] = ()  # that led there
    obstacle: str = ""  # why the last redirect was not followed
    again: tuple[Exchange, ...] = ()  # the same request, until it was a hit
    bare: Exchange | None = None  # without the query, twice, where with it nothing is kept
    encodings: Mapping[str, Exchange] = {}  # by the one name that Accept-Encoding had
    shared: Exchange | None = None  # with the Origin of a page, after others have asked without
    unseen: Exchange | None = None  # the same under a name that no cache has, where `shared` was not allowed
    known: Exchange | None = None  # with the validators of `first`
    part: Exchange | None = None  # its first byte
    named: tuple[Resource, ...] = ()  # what it loads, if it is a page, a style sheet or a module

    @property
    def last(self) -> Exchange:
        """The last of the equal requests."""
        return self.again[-1] if self.again else self.first

    @property
    def cache(self) -> CacheStatus:
        """The best that was said of the equal requests: a hit if there was one."""
        told = [status_of(each.headers) for each in (self.first, *self.again)]
        return next((each for each in told if each.kind == HIT), told[-1])

    @property
    def is_kept(self) -> bool | None:
        """Whether a cache on the way keeps it; ``None`` where none tells, or it was not asked twice."""
        kind = self.cache.kind
        if kind == HIT:
            return True
        if kind == UNKNOWN or not (self.again or kind == BYPASS):
            return None
        return False


class Trouble(NamedTuple):
    """Why a host is not asked any more, or not believed."""

    reason: str
    kind: str  # of `connection`, or SILENT

    @property
    def is_distrusted(self) -> bool:
        """Whether only its certificate is refused."""
        return self.kind in CERTIFICATE


class Host(NamedTuple):
    """What was asked of a scheme and host."""

    scheme: str
    netloc: str
    files: int  # of its files that were looked at
    trouble: Trouble | None = None  # why it cannot be reached, or is not trusted
    expires: float | None = None  # of its certificate, in seconds since the epoch
    protocol: str = ""  # by ALPN: "h2" or "http/1.1"
    plain: Exchange | None = None  # over http, of one that has https
    missing: tuple[Exchange, ...] = ()  # a name that cannot exist, asked again and again
    is_later: bool = False  # the last of `missing` was asked some seconds after the others


class Examination(NamedTuple):
    """All facts."""

    now: float  # seconds since the epoch
    visits: tuple[Visit, ...]
    hosts: tuple[Host, ...]
    skipped: Mapping[str, int] = {}  # {why: how many files were not looked at}
    requests: int = 0
