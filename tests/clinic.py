"""A CDN made by hand, which answers each path exactly as a test has it, right or wrong."""

from __future__ import annotations

import datetime
import gzip
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Headers = Mapping[str, str]
Raw = bytes | Iterable[bytes]
"""A whole response: status line, headers and body; it may go on for ever."""
Answer = Callable[[Headers], Raw]
"""Takes the request's headers, with names in lower case, and ":path" with the query."""

CSS = b"@font-face { font-family: a; src: url(a.0123456789ab.woff2) }\n" + b"a { color: red }\n" * 500
JS = b'console.log("a");\n' * 500
WOFF2 = b"wOF2" + bytes(range(256)) * 4
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
FOREVER = "public, max-age=31536000, immutable"


def response(body: bytes = b"", headers: Mapping[str, str | None] | None = None, status: int = 200) -> bytes:
    """A response with its length. A header that is ``None`` is left out; a newline in one makes it two."""
    all_headers = {"Content-Length": str(len(body)), **(headers or {})}
    lines = [
        f"{name}: {line}\r\n"
        for name, value in all_headers.items()
        if value is not None
        for line in value.split("\n")
    ]
    return f"HTTP/1.1 {status} Whatever\r\n{''.join(lines)}\r\n".encode("latin-1") + body


class File:
    """What a good CDN does with one file: keeps it, compresses it, knows conditions, ranges and CORS.

    *headers* are added or, where they are ``None``, left out.
    """

    def __init__(self, body: bytes, type_: str, cache: str = FOREVER, **headers: str | None) -> None:
        self.body = body
        self.is_text = type_.startswith(("text/", "application/json", "image/svg"))
        self.headers: dict[str, str | None] = {
            "Content-Type": type_,
            "Cache-Control": cache,
            "ETag": f'"{len(body):x}"',
            "X-Content-Type-Options": "nosniff",
            "Access-Control-Allow-Origin": "*",
            **({"Vary": "Accept-Encoding"} if self.is_text else {}),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        self._asked: set[str] = set()

    def __call__(self, asked: Headers) -> bytes:
        headers = {**self.said(asked), **self.headers}
        etag = headers.get("ETag")
        if etag and asked.get("if-none-match") == etag:
            return response(b"", {**headers, "Content-Length": None}, 304)
        if asked.get("range") == "bytes=0-0":
            return response(self.body[:1], {**headers, "Content-Range": f"bytes 0-0/{len(self.body)}"}, 206)
        body = self.body
        if self.is_text and "gzip" in asked.get("accept-encoding", ""):
            body, headers["Content-Encoding"] = gzip.compress(body, mtime=0), "gzip"
        elif self.is_text and asked.get("accept-encoding") == "br":
            import brotli

            body, headers["Content-Encoding"] = brotli.compress(body), "br"
        return response(body, headers)

    def said(self, asked: Headers) -> dict[str, str | None]:
        """Whether it was there."""
        encoding = asked.get("accept-encoding", "")
        state = "Hit" if encoding in self._asked else "Miss"
        self._asked.add(encoding)
        return {"X-Cache": f"{state} from cloudfront"}


def page(body: str, **headers: str | None) -> File:
    """Of the site itself, for this visitor."""
    return File(
        body.encode(), "text/html; charset=utf-8", "private, no-cache", **{"X-Cache": None, **headers}
    )


def missing(_: Headers) -> bytes:
    """For what does not exist."""
    return response(b"nothing", {"Cache-Control": "no-store", "X-Cache": "Error from cloudfront"}, 404)


HTML = """<!doctype html><meta charset=utf-8>
<link rel=stylesheet href="/app.0123456789ab.css"><script src="/app.0123456789ab.js"></script>
<img src="/logo.png">"""


def healthy() -> dict[str, Answer]:
    """A site of which nothing is wrong."""
    return {
        "/": page(HTML),
        "/app.0123456789ab.css": File(CSS, "text/css; charset=utf-8"),
        "/app.0123456789ab.js": File(JS, "text/javascript; charset=utf-8"),
        "/a.0123456789ab.woff2": File(WOFF2, "font/woff2"),
        "/logo.png": File(PNG, "image/png", "public, max-age=300"),
    }


class Clinic:
    """Begins when it is entered, and ends when it is left. *otherwise* answers for all other paths."""

    def __init__(
        self,
        answers: Mapping[str, Answer],
        otherwise: Answer = missing,
        *,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.answers, self.otherwise = dict(answers), otherwise
        self.asked: list[tuple[str, Headers]] = []
        self._server = _server(self)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        if context is not None:
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
            self.url = f"https://localhost:{self.port}/"

    def __enter__(self) -> Clinic:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def paths(self) -> list[str]:
        """That were asked for, once each, sorted."""
        return sorted({path for path, _ in self.asked})


def _server(clinic: Clinic) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            asked = {name.lower(): value for name, value in self.headers.items()} | {":path": self.path}
            clinic.asked.append((self.path, asked))
            answer = clinic.answers.get(self.path) or clinic.answers.get(urlsplit(self.path).path)
            raw = (answer or clinic.otherwise)(asked)
            if isinstance(raw, bytes):
                self.wfile.write(raw)
                self.close_connection = b"\r\nContent-Length: " not in raw and b" 304 " not in raw[:20]
            else:
                self.close_connection = True
                for piece in raw:
                    self.wfile.write(piece)
            self.wfile.flush()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Those who ask go away whenever they like."""

    return Server(("127.0.0.1", 0), Handler)


def unused_port() -> int:
    """On which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def endless(start: bytes, piece: bytes) -> Answer:
    """A response that never ends."""

    def pieces() -> Iterator[bytes]:
        yield start
        while True:
            yield piece

    return lambda _: pieces()


def certificate(directory: Path, days: float = 300, name: str = "localhost") -> Path:
    """A file with a key and a certificate for *name*, its own authority, which ends after so many *days*."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(end - datetime.timedelta(days=1000))
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = directory / "certificate.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


def tls(file: Path, *protocols: str) -> ssl.SSLContext:
    """Of a server with that `certificate`, which agrees on one of *protocols* by ALPN."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context
