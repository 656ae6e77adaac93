"""The wire: HTTP/1.1 over connections that stay open."""

from __future__ import annotations

import base64
import contextlib
import http.client
import os
import ssl
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from queue import Empty, LifoQueue
from typing import NamedTuple, Protocol, TypeAlias
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

CONNECT_LIMIT_S = 10.0
TIME_LIMIT_S = 60.0  # without a byte in either direction
PORTS = {"http": 80, "https": 443}

Payload: TypeAlias = bytes | Iterable[bytes]


class Request(NamedTuple):
    """A request, signed."""

    method: str
    scheme: str
    host: str  # with its port, where that is not the usual one
    path: str  # percent-encoded, with the query
    headers: Mapping[str, str]  # with Content-Length
    body: Payload = b""


class Response(NamedTuple):
    """An answer, whole."""

    status: int
    headers: Mapping[str, str]  # with lower-case names
    body: bytes


class Wire(Protocol):
    """Carries requests, from any thread."""

    def send(self, request: Request) -> Response:
        """Raises ``OSError`` or ``http.client.HTTPException`` where there was no whole answer. The server may
        have done what was asked all the same."""

    def close(self) -> None:
        """Ends what is open."""


class Connections:
    """One connection for each thread that sends at the same time, kept for the next request."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, str], LifoQueue[http.client.HTTPConnection]] = {}
        self._context: ssl.SSLContext | None = None
        self._proxies = getproxies()

    def send(self, request: Request) -> Response:
        """See `Wire.send`."""
        idle = self._idle.setdefault((request.scheme, request.host), LifoQueue())
        try:
            connection = idle.get_nowait()
        except Empty:
            connection = self._connection(request.scheme, request.host)
        try:
            answer = _exchange(connection, request)
        except BaseException:
            connection.close()
            _drop(idle)  # a server that ends one idle connection has ended the others, too
            raise
        if connection.sock is not None:
            idle.put(connection)
        return answer

    def close(self) -> None:
        """See `Wire.close`."""
        for idle in self._idle.values():
            _drop(idle)

    def _connection(self, scheme: str, host: str) -> http.client.HTTPConnection:
        proxy = self._proxies.get(scheme)
        if not proxy or proxy_bypass(host):
            return _connected(self._direct(scheme, host))
        parts = urlsplit(proxy if "//" in proxy else f"//{proxy}")
        connection = self._direct(scheme, parts.netloc.rpartition("@")[2])
        connection.set_tunnel(host, PORTS[scheme] if ":" not in host else None, _proxy_headers(parts.netloc))
        return _connected(connection)

    def _direct(self, scheme: str, host: str) -> http.client.HTTPConnection:
        if scheme == "http":
            return http.client.HTTPConnection(host, timeout=CONNECT_LIMIT_S)
        return http.client.HTTPSConnection(host, timeout=CONNECT_LIMIT_S, context=self._trust())

    def _trust(self) -> ssl.SSLContext:
        """The certificates that boto3 trusts."""
        if self._context is None:
            bundle = os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE") or _botocores()
            self._context = ssl.create_default_context(cafile=bundle)
        return self._context


def _connected(connection: http.client.HTTPConnection) -> http.client.HTTPConnection:
    connection.connect()
    connection.sock.settimeout(TIME_LIMIT_S)
    return connection


def _drop(idle: LifoQueue[http.client.HTTPConnection]) -> None:
    with contextlib.suppress(Empty):
        while True:
            idle.get_nowait().close()


def _botocores() -> str | None:
    botocore = find_spec("botocore")  # without loading it
    bundle = os.path.join(os.path.dirname(botocore.origin or ""), "cacert.pem") if botocore else ""
    return bundle if os.path.exists(bundle) else None


def _proxy_headers(netloc: str) -> dict[str, str]:
    user, _, _ = netloc.rpartition("@")
    return (
        {"Proxy-Authorization": "Basic " + base64.b64encode(unquote(user).encode()).decode()} if user else {}
    )


def _exchange(connection: http.client.HTTPConnection, request: Request) -> Response:
    connection.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
    for name, value in request.headers.items():
        connection.putheader(name, value.encode())
    # Who refuses an upload may do so before it has read it all; then the reason is still to be read.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.endheaders()
        for piece in (request.body,) if isinstance(request.body, bytes) else request.body:
            connection.send(piece)
    answer = connection.getresponse()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    response = Response(answer.status, headers, answer.read())
    if answer.will_close:
        connection.close()
    return response
