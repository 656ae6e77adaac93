"""The prober: asks hosts, within limits. It never raises: what goes wrong is part of the exchange."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Collection, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from cdn_pipeline import connection
from cdn_pipeline.connection import NETWORK, Network, Unreachable
from cdn_pipeline.doctor.exchange import Exchange
from cdn_pipeline.doctor.visit import SILENT, Trouble
from cdn_pipeline.edge import CutOff, Edge, Garbled, Interrupted, Request

PATIENCE = 3  # answers of a host that may fail one after the other
TIMEOUT_S = 10.0
OVER_TIME = "the time limit was over"

Place = tuple[str, str]  # scheme, host with port


class Reach(NamedTuple):
    """How hosts are reached. *trusted* ones may lie in a private network, as pages must not choose."""

    connect_to: Mapping[str, tuple[str, int]] = {}
    context: ssl.SSLContext | None = None
    timeout_s: float = TIMEOUT_S
    trusted: Collection[str] = ()
    time_limit_s: float = 300.0  # after which nothing more is asked


class Prober:
    """May be used from many threads. A host that is lost costs one time limit, not one for each file."""

    def __init__(self, reach: Reach) -> None:
        self.reach = reach
        self.troubles: dict[Place, Trouble] = {}
        self.count = 0  # requests
        self._context = reach.context or ssl.create_default_context()
        self._strict = self._edge(self._context)
        self._lenient = self._edge(_lenient_context())
        self._failures: Counter[Place] = Counter()
        self._refusals: dict[str, str] = {}
        self._lock = threading.Lock()
        self._end = time.monotonic() + reach.time_limit_s

    def _edge(self, context: ssl.SSLContext) -> Edge:
        return Edge(connect_to=self.reach.connect_to, context=context, timeout_s=self.reach.timeout_s)

    def stop(self) -> None:
        """Nothing more is asked."""
        self._end = 0.0

    def ask(self, request: Request) -> Exchange:
        """What comes back, or why nothing does."""
        if time.monotonic() > self._end:
            return Exchange(request, None, OVER_TIME)
        url = urlsplit(request.url)
        place = (url.scheme, url.netloc)
        trouble = self.troubles.get(place) or self._refused(place, url.hostname or "")
        if trouble is not None and not trouble.is_distrusted:
            return Exchange(request, None, trouble.reason)
        try:
            exchange = self._asked(request, self._lenient if trouble else self._strict)
        except Unreachable as error:
            found = Trouble(error.reason, error.kind)
            self._note(place, found)
            if found.is_distrusted and trouble is None:
                return self.ask(request)
            return Exchange(request, None, error.reason)
        self._judge(place, exchange)
        return exchange

    def _asked(self, request: Request, edge: Edge) -> Exchange:
        with self._lock:
            self.count += 1
        try:
            return Exchange(request, edge.get(request))
        except Garbled as error:
            return Exchange(request, None, str(error), is_garbled=True)
        except CutOff as error:
            return Exchange(request, None, str(error), is_cut_off=True)
        except Interrupted as error:
            return Exchange(request, None, str(error))

    def _judge(self, place: Place, exchange: Exchange) -> None:
        with self._lock:
            if exchange.response or exchange.is_garbled or exchange.is_cut_off:
                self._failures[place] = 0
                return
            self._failures[place] += 1
            is_over = self._failures[place] >= PATIENCE
        if is_over:
            reason = f"no whole answer, {PATIENCE} times in a row: {exchange.fault}"
            self._note(place, Trouble(reason, SILENT))

    def _note(self, place: Place, trouble: Trouble) -> None:
        with self._lock:
            known = self.troubles.get(place)
            if known is None or known.is_distrusted:
                self.troubles[place] = trouble

    def _refused(self, place: Place, host: str) -> Trouble | None:
        """Of a host in a private network, unless the user has named one himself: a page must not send us to
        whatever this machine can reach. (A name that changes between this look and the next is not seen.)"""
        if host in self.reach.trusted or host in self.reach.connect_to:
            return None
        with self._lock:
            known = self._refusals.get(host)
        if known is None:
            known = "" if any(map(is_private, self.reach.trusted)) or not is_private(host) else PRIVATE
            with self._lock:
                self._refusals[host] = known
        if known:
            self._note(place, Trouble(known, NETWORK))
        return self.troubles.get(place)

    def protocol(self, url: str) -> str:
        """By ALPN: ``h2``, ``http/1.1``; "" without TLS or an answer."""
        try:
            return self._strict.protocol(url)
        except Unreachable:
            return ""

    def expires(self, url: str) -> float | None:
        """When the certificate of the host ends, in seconds since the epoch; ``None`` where it is not
        believed, or there is none."""
        split = urlsplit(url)
        if split.scheme != "https":
            return None
        network = Network(self._context, self.reach.connect_to, self.reach.timeout_s)
        with contextlib.suppress(Unreachable, ValueError):
            opened = connection.connect(network, split.scheme, split.netloc)
            assert isinstance(opened.sock, ssl.SSLSocket)
            certificate = opened.sock.getpeercert() or {}
            opened.close()
            return float(ssl.cert_time_to_seconds(str(certificate["notAfter"])))
        return None

    def close(self) -> None:
        """Ends all connections."""
        self._strict.close()
        self._lenient.close()


PRIVATE = "it lies in a private network, and a page named it; --host asks it all the same"


def is_private(host: str) -> bool:
    """Whether any address of *host* is one that the public cannot reach. A host that is unknown is not."""
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(host, None)}
        return any(not ipaddress.ip_address(each.partition("%")[0]).is_global for each in found)
    except (OSError, ValueError):
        return False


def _lenient_context() -> ssl.SSLContext:
    """For looking at a host whose certificate is refused, which has been said by then. Nothing is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
