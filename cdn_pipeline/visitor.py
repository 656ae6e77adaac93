"""Visitors: ask for URLs twice, judge what they get, and give up hosts that do not answer."""

from __future__ import annotations

import threading
from collections import Counter
from typing import NamedTuple
from urllib.parse import urlsplit

from cdn_pipeline import verdict
from cdn_pipeline.cdns import status_of
from cdn_pipeline.cdns.cache_status import HIT
from cdn_pipeline.connection import NETWORK, Unreachable
from cdn_pipeline.edge import IDENTITY, Edge, Interrupted, Request, Response
from cdn_pipeline.errors import ERROR
from cdn_pipeline.expectation import Expected
from cdn_pipeline.verdict import Finding

DEAD = 2  # failures to connect, one after the other, after which a host is not asked any more
MAY_PASS = (403, 404, 429)  # kept from before it was there; or the CDN asks to be asked later


class Outcome(NamedTuple):
    """What came of one URL."""

    findings: tuple[Finding, ...] = ()
    first: str = ""  # HIT, MISS …
    then: str = ""
    may_pass: bool = False  # asking again may help
    is_reached: bool = True

    @property
    def is_verified(self) -> bool:
        """Whether visitors get what they must."""
        return self.is_reached and all(finding.severity != ERROR for finding in self.findings)


class Visitor:
    """Asks from many threads. *page* is the origin of the pages that ask with CORS."""

    def __init__(self, edge: Edge, page: str) -> None:
        self.edge, self.page = edge, page
        self.requests = 0
        self.alternatives: dict[str, str] = {}  # {host: Alt-Svc}
        self.errors: dict[str, Unreachable] = {}  # {host: the last time that it gave no answer}
        self._dead: set[str] = set()
        self._failures: Counter[str] = Counter()
        self._lock = threading.Lock()

    def outcome(self, expected: Expected) -> Outcome:
        """Of one URL; without a request where its host was given up."""
        if not self.is_alive(expected.host):
            return Outcome(is_reached=False)
        try:
            return self._asked(expected)
        except Unreachable as error:
            self._fail(expected.host, error)
            return Outcome(is_reached=False, may_pass=error.kind == NETWORK)
        except Interrupted as error:
            hint = "see the CDN's own status, and verify again"
            finding = Finding(ERROR, expected.target, verdict.STATUS, str(error), hint, urls=(expected.url,))
            return Outcome((finding,), may_pass=True)

    def is_alive(self, host: str) -> bool:
        """Whether it is still asked."""
        return host not in self._dead

    def _asked(self, expected: Expected) -> Outcome:
        request = Request(
            expected.url, origin=self.page if expected.is_shared else None, at_most=expected.size
        )
        response = self._get(request)
        found = list(verdict.judge(expected, request, response))
        if response.status != 200:
            return Outcome(tuple(found), may_pass=response.status in MAY_PASS or response.status >= 500)
        first, then = status_of(response.headers).kind, ""
        if first != HIT:
            second = self._get(request)
            then = status_of(second.headers).kind
            found += verdict.judge_again(expected, second)
            found += () if found else verdict.judge(expected, request, second)
        if expected.is_text and "content-encoding" in response.headers:
            plain = request._replace(encoding=IDENTITY)
            found += () if found else verdict.judge(expected, plain, self._get(plain))
        return Outcome(tuple(found), first, then)

    def _get(self, request: Request) -> Response:
        response = self.edge.get(request)
        host = urlsplit(request.url).netloc
        with self._lock:
            self.requests += 1
            self._failures[host] = 0
            self.alternatives.setdefault(host, response.headers.get("alt-svc", ""))
        return response

    def _fail(self, host: str, error: Unreachable) -> None:
        with self._lock:
            self._failures[host] += 1
            self.errors[host] = error
            if error.kind != NETWORK or self._failures[host] >= DEAD:
                self._dead.add(host)
