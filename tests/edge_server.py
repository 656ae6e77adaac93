"""A stand-in for a CDN: a small caching proxy on this machine, which can be told to misbehave."""

from __future__ import annotations

import fnmatch
import gzip
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from cdn_pipeline import media_types
from cdn_pipeline.stores import Store


class Content(NamedTuple):
    """What the origin has for a path, or what an edge made of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


class Fault(NamedTuple):
    """How an answer differs from what it should be."""

    status: int | None = None
    headers: Mapping[str, str | None] = {}  # ``None`` leaves one out
    body: bytes | None = None
    sent: int | None = None  # bytes of the body, after which the connection ends
    stalls: bool = False  # there and forever, instead of ending
    drips: bool = False  # a byte at a time, 20 a second


Source = Callable[[str], Content | None]
"""The origin: takes what follows the host in a URL, decoded and without the first slash."""

# What each kind of CDN says of a hit, a miss and an error.
STYLES = {
    "cloudfront": ("X-Cache", "Hit from cloudfront", "Miss from cloudfront", "Error from cloudfront"),
    "cloudflare": ("CF-Cache-Status", "HIT", "MISS", "MISS"),
    "fastly": ("X-Cache", "HIT", "MISS", "MISS"),
    "bypass": ("CF-Cache-Status", "DYNAMIC", "DYNAMIC", "DYNAMIC"),
    "silent": ("X-Nothing", "-", "-", "-"),
}


class EdgeServer:
    """Begins when it is entered, on a port of its own, and ends when it is left.

    What the origin has is kept for good; that it has nothing, for *error_s* of the time that `now` tells.
    """

    def __init__(
        self,
        source: Source,
        style: str = "cloudfront",
        *,
        cors: bool = True,
        compresses: bool = False,
        missing: int = 404,
        error_s: float = 10.0,
        address: str = "127.0.0.1",
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.source, self.style, self.missing, self.error_s = source, style, missing, error_s
        self.cors, self.compresses = cors, compresses
        self.now = 0.0
        self.faults: dict[str, Fault] = {}  # by pattern of paths such as "*/fonts/*"; the first that matches
        self.clients: set[Any] = set()  # addresses, one a connection
        self.asked: list[tuple[str, Mapping[str, str]]] = []  # (path, headers with names in lower case)
        self.fetched: list[str] = []  # paths that the origin was asked for
        self.ended = threading.Event()
        self._kept: dict[str, tuple[Content, float]] = {}
        self._lock = threading.Lock()
        self._server = _server(self, address)
        scheme, host = "http", f"[{address}]" if ":" in address else address
        if context is not None:
            scheme, host = "https", "localhost"
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._server.server_address[1]
        self.url = f"{scheme}://{host}:{self.port}/"

    def __enter__(self) -> EdgeServer:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()

    def invalidate(self, paths: Iterable[str]) -> None:
        """Forgets the *paths* of URLs, encoded as visitors ask; ``/a/*`` is all that begins with ``/a/``."""
        with self._lock:
            for path in paths:
                for kept in [
                    each for each in self._kept if fnmatch.fnmatchcase(each, path.replace("[", "[[]"))
                ]:
                    del self._kept[kept]

    def answer(self, path: str, headers: Mapping[str, str]) -> tuple[Content, Fault]:
        """For one request, before anything that is wrong with the way."""
        with self._lock:
            self.asked.append((path, headers))
        content, said = self._found(path)
        made = {**content.headers, STYLES[self.style][0]: said}
        if self.cors and "origin" in headers:
            made["Access-Control-Allow-Origin"] = "*"
        body = content.body
        is_text = media_types.is_text(urlsplit(path).path) and "Content-Encoding" not in made
        if self.compresses and is_text and "gzip" in headers.get("accept-encoding", ""):
            body, made = gzip.compress(body), {**made, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        faults = [fault for pattern, fault in self.faults.items() if fnmatch.fnmatchcase(path, pattern)]
        fault = faults[0] if faults else Fault()
        status = fault.status or content.status
        return Content(status, made, body if fault.body is None else fault.body), fault

    def _found(self, path: str) -> tuple[Content, str]:
        _, hit, miss, error = STYLES[self.style]
        with self._lock:
            kept, until = self._kept.get(path, (None, 0.0))
            if kept is not None and self.now < until:
                return kept, hit
            self.fetched.append(path)
        found = self.source(unquote(urlsplit(path).path).removeprefix("/"))
        if found is None:
            found = Content(
                self.missing, {"Content-Type": "application/xml"}, b"<Error><Code>None</Code></Error>"
            )
        is_kept = found.status == 200 and "no-store" not in found.headers.get("Cache-Control", "")
        with self._lock:
            if is_kept or found.status != 200:
                self._kept[path] = (found, float("inf") if is_kept else self.now + self.error_s)
        return found, miss if found.status == 200 else error


def of_store(store: Store, prefix: str = "") -> Source:
    """What *store* has, at URLs whose paths begin with *prefix*."""

    def source(path: str) -> Content | None:
        got = store.get(path.removeprefix(prefix)) if path.startswith(prefix) else None
        return None if got is None else Content(200, got.headers, got.body)

    return source


def of_build(directory: Path, manifest: Mapping[str, Any], prefix: str = "") -> Source:
    """What a build has for its CDNs, in *directory*, with the headers that its manifest tells."""
    entries = {entry["path"]: entry for entry in manifest["files"].values()}

    def source(path: str) -> Content | None:
        name = path.removeprefix(prefix)
        for folder in ("cdn", "origin"):
            file = directory / folder / name
            entry = entries.get(f"{folder}/{name}")
            if entry is not None and file.is_file():
                type_ = media_types.content_type(entry["type"])
                return Content(200, {"Content-Type": type_, **entry["headers"]}, file.read_bytes())
        return None

    return source


def _pieces(body: bytes, drips: bool) -> Iterable[bytes]:
    return [body[at : at + 1] for at in range(len(body))] if drips else [body]


def _server(edge: EdgeServer, address: str) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # or each answer after the first waits 40 ms for an acknowledgement
        wbufsize = -1

        def do_GET(self) -> None:
            edge.clients.add(self.client_address)
            asked = {name.lower(): value for name, value in self.headers.items()}
            content, fault = edge.answer(self.path, asked)
            headers = {"Content-Length": str(len(content.body)), **content.headers, **fault.headers}
            self.send_response(content.status)
            for name, value in headers.items():
                if value is not None:
                    self.send_header(name, value)
            self.end_headers()
            for piece in _pieces(content.body[: fault.sent], fault.drips):
                self.wfile.write(piece)
                self.wfile.flush()
                if fault.drips and edge.ended.wait(0.05):
                    return
            if fault.stalls:
                edge.ended.wait(30)
            if fault.sent is not None:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Those who ask go away whenever they like."""

    if ":" in address:
        Server.address_family = socket.AF_INET6
    return Server((address, 0), Handler)
