"""A stand-in for a proxy: tunnels to one port of this machine, whatever it is asked for."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def tunnel(port: int) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """Its own port, and (request line, Proxy-Authorization) of all that it is asked."""
    asked: list[tuple[str, str]] = []
    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_accept, args=(listening, port, asked), daemon=True).start()
    try:
        yield listening.getsockname()[1], asked
    finally:
        listening.close()


def _accept(listening: socket.socket, port: int, asked: list[tuple[str, str]]) -> None:
    with contextlib.suppress(OSError):  # until it is closed
        while True:
            threading.Thread(target=_join, args=(listening.accept()[0], port, asked), daemon=True).start()


def _join(client: socket.socket, port: int, asked: list[tuple[str, str]]) -> None:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += client.recv(1)
    line, *headers = head.decode().split("\r\n")
    found = dict(header.split(": ", 1) for header in headers if header)
    asked.append((line, found.get("Proxy-Authorization", "")))
    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    server = socket.create_connection(("127.0.0.1", port))
    threading.Thread(target=_pass_on, args=(server, client), daemon=True).start()
    _pass_on(client, server)


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while content := source.recv(1 << 16):
            sink.sendall(content)
        sink.shutdown(socket.SHUT_WR)
