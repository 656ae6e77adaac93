"""The edge: what a visitor gets for a URL, asked over HTTP/1.1 as a browser would.

Redirects are answers like others. Bodies are decoded and digested as they come, never held.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import select
import socket
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from cdn_pipeline import __version__, connection
from cdn_pipeline.connection import Network
from cdn_pipeline.decoding import NAMES, Undecodable, decoded
from cdn_pipeline.quantity import count

BROWSER = ", ".join(NAMES)  # as Chromium and Firefox ask over HTTPS
IDENTITY = "identity"
AGENT = f"cdn_pipeline/{__version__}"

PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))  # what a URL may have as it is, or has by its author's will
CHUNK = 1 << 16  # bytes
SLOWEST = 20_000  # bytes a second that a body must come with, on average
LONGEST_S = 3600.0  # that one body may take
START = 400  # bytes of a content that are kept, for messages

Place = tuple[str, str]  # scheme, host with port


class Request(NamedTuple):
    """A GET."""

    url: str
    encoding: str = BROWSER  # Accept-Encoding
    origin: str | None = None  # of the page that asks with CORS
    at_most: int = 1 << 40  # bytes of content; reading ends soon after
    headers: Mapping[str, str] = {}  # further ones
    kept: int = START  # bytes of content that the response has as `start`


class Response(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]  # names in lower case; several of one name are joined by ", "
    version: str  # "1.1"
    size: int  # bytes of the content, decoded
    sha256: str  # of the content, decoded
    start: bytes  # of the content, decoded
    sent: int = 0  # bytes of the body as it came
    waited_s: float = 0.0  # for the headers, once the connection stood


class Interrupted(Exception):
    """A response that cannot be used. Says why."""


class Garbled(Interrupted):
    """Its body is not encoded as its headers say."""


class CutOff(Interrupted):
    """The connection was closed before the whole body had come."""


class Edge:
    """Asks any number of hosts, from any number of threads, over connections that are kept.

    *connect_to* is where to connect in place of a host: ``{"cdn.example.com": ("127.0.0.1", 8443)}``, so that
    a CDN can be asked before DNS leads to it. *context* verifies certificates; the system's by default.
    *timeout_s* is to connect, and for each answer to begin.
    """

    def __init__(
        self,
        *,
        connect_to: Mapping[str, tuple[str, int]] | None = None,
        context: ssl.SSLContext | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        self._network = Network(context or ssl.create_default_context(), connect_to or {}, timeout_s)
        self._idle: dict[Place, list[http.client.HTTPConnection]] = defaultdict(list)
        self._lock = threading.Lock()

    def get(self, request: Request) -> Response:
        """Raises `Unreachable` where the host is to blame, `Interrupted` where this answer is."""
        url = urlsplit(request.url)
        place = (url.scheme, url.netloc)
        kept = self._take(place)
        if kept is not None:
            with contextlib.suppress(_Ended):  # the other side may end what is idle at any time
                return self._ask(kept, place, request)
        try:
            return self._ask(connection.connect(self._network, *place), place, request)
        except _Ended as error:
            raise Interrupted(f"the connection ended before there was an answer ({error})") from error

    def protocol(self, url: str) -> str:
        """The best version of HTTP that the host of *url* agrees on: ``h2``, ``http/1.1``; "" without TLS.
        Raises `Unreachable`."""
        split = urlsplit(url)
        return connection.protocol(self._network, split.scheme, split.netloc)

    def close(self) -> None:
        """Ends all connections that are not in use."""
        with self._lock:
            for idle in self._idle.values():
                for each in idle:
                    each.close()
            self._idle.clear()

    def _take(self, place: Place) -> http.client.HTTPConnection | None:
        """A connection that is still open, and on which nothing comes unasked."""
        with self._lock:
            idle = self._idle[place]
            while idle:
                kept = idle.pop()
                if not select.select([kept.sock], [], [], 0)[0]:
                    return kept
                kept.close()
        return None

    def _ask(self, opened: http.client.HTTPConnection, place: Place, request: Request) -> Response:
        is_reusable, sock = False, opened.sock
        try:
            began = time.monotonic()
            with _limit(sock, self._network.timeout_s):
                answer = _begun(opened, place, request)
            waited_s = time.monotonic() - began
            with _limit(sock, self._network.timeout_s + _longest_s(answer, request.at_most)):
                response = _read(answer, request)._replace(waited_s=waited_s)
            is_reusable = answer.isclosed() and not answer.will_close
        finally:
            if is_reusable:
                with self._lock:
                    self._idle[place].append(opened)
            else:
                opened.close()
        return response


def _begun(opened: http.client.HTTPConnection, place: Place, request: Request) -> http.client.HTTPResponse:
    """The answer, of which the body is still to be read. Raises `_Ended`."""
    headers = {
        "Host": connection.ascii_host(place[1]),
        "User-Agent": AGENT,
        "Accept": "*/*",
        "Accept-Encoding": request.encoding,
    }
    if request.origin is not None:
        headers["Origin"] = request.origin
    headers |= request.headers
    url = urlsplit(request.url)
    path = quote(url.path or "/", PRINTABLE) + (f"?{quote(url.query, PRINTABLE)}" if url.query else "")
    opened.response_class = _Answer
    try:
        opened.request("GET", path, headers=headers)
        return opened.getresponse()
    except (ConnectionError, http.client.BadStatusLine, ssl.SSLEOFError) as error:
        raise _Ended(str(error) or type(error).__name__) from error


def _longest_s(answer: http.client.HTTPResponse, at_most: int) -> float:
    """How many seconds the body may take."""
    length = at_most if answer.length is None else min(answer.length, at_most)
    return min(length / SLOWEST, LONGEST_S)


def _read(answer: http.client.HTTPResponse, request: Request) -> Response:
    digest, size, start, sent = hashlib.sha256(), 0, b"", 0

    def counted() -> Iterator[bytes]:
        nonlocal sent
        for piece in _pieces(answer):
            sent += len(piece)
            yield piece

    for piece in decoded(counted(), answer.headers.get("Content-Encoding", "")):
        digest.update(piece)
        size += len(piece)
        start += piece[: request.kept - len(start)]
        if size > request.at_most:
            break
    version = f"{answer.version // 10}.{answer.version % 10}"
    return Response(answer.status, _headers(answer), version, size, digest.hexdigest(), start, sent)


class _Answer(http.client.HTTPResponse):
    """Takes no chunk of a negative size, which Python would read to the end of the connection."""

    def _read_next_chunk_size(self) -> int:
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        if size < 0:
            raise http.client.IncompleteRead(b"")
        return size


class _Ended(Exception):
    """The other side has ended the connection before it has answered."""


def _pieces(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    taken = 0
    while piece := answer.read(CHUNK):
        taken += len(piece)
        yield piece
    if answer.length:  # `read` says nothing of an early end where it is told how much to read
        announced = count(taken + answer.length, "byte")
        raise CutOff(
            f"the connection was closed after {taken:,} of {announced} that Content-Length announces"
        )


def _headers(answer: http.client.HTTPResponse) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in answer.getheaders():
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


@contextlib.contextmanager
def _limit(sock: socket.socket, seconds: float) -> Iterator[None]:
    """Ends the connection after so many *seconds*, however slowly it goes on. Raises `Interrupted`, also for
    every other fault of a connection."""
    is_over, late = threading.Event(), f"it is not complete after {seconds:.0f} s"

    def end() -> None:
        is_over.set()
        with contextlib.suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)  # of a TLS socket too: the plain one below

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, http.client.HTTPException, Undecodable, Interrupted, _Ended) as error:
        if is_over.is_set():
            raise Interrupted(late) from error
        if isinstance(error, Interrupted | _Ended):
            raise
        raise _fault(error) from error
    finally:
        timer.cancel()
    if is_over.is_set():
        raise Interrupted(late)


def _fault(error: Exception) -> Interrupted:
    if isinstance(error, http.client.IncompleteRead):
        return CutOff("the connection was closed before the last chunk of its body")
    if isinstance(error, TimeoutError):
        return Interrupted("nothing more of it came")
    if isinstance(error, Undecodable):
        return Garbled(str(error))
    return Interrupted(f"the connection ended in the middle ({str(error) or type(error).__name__})")
