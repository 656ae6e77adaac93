"""The wire to S3 over real connections, with servers that do not behave."""

from __future__ import annotations

import socket
import threading
import tracemalloc
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import pytest

from cdn_pipeline.stores import CREATE, Conflict, StoreError, s3
from cdn_pipeline.stores.probe import probe
from cdn_pipeline.stores.s3 import Bucket, multipart, wire
from cdn_pipeline.stores.s3.address import parse
from cdn_pipeline.stores.s3.exchange import Exchange
from cdn_pipeline.stores.s3.wire import Connections
from tests import rados
from tests.buckets import ANYBODY, new_bucket

GOOD = b'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: "e"\r\n\r\nhello'
PUT = b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nETag: "e"\r\n\r\n'
TRUNCATED = GOOD[:-2]
REASON = b"<Error><Code>AccessDenied</Code></Error>"
DENIED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n%s" % (len(REASON), REASON)
CLOSE = b""


@pytest.fixture(autouse=True)
def anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ANYBODY.items():
        monkeypatch.setenv(name, value)


class Server:
    """Gives one answer to each request, on however many connections; b"" closes the connection."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.connections = 0
        self.heads: list[bytes] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            while head := _head(stream.readline):
                self.heads.append(head)
                answer = self.answers.pop(0)
                if answer is not DENIED:
                    _drain(stream, _length(head))
                if not answer:
                    return
                connection.sendall(answer)
                if answer in (TRUNCATED, DENIED):
                    return


def _head(readline: Callable[[], bytes]) -> bytes:
    first = readline()
    return first and first + b"".join(iter(readline, b"\r\n"))


def _length(head: bytes) -> int:
    lines = [line for line in head.lower().splitlines() if line.startswith(b"content-length:")]
    return int(lines[0].split(b":")[1]) if lines else 0


def _drain(stream: BinaryIO, size: int) -> None:
    while size and (piece := stream.read(min(size, 1 << 16))):
        size -= len(piece)


def bucket(server: Server) -> Bucket:
    wanted = parse(f"s3://assets/site?endpoint={server.endpoint}")
    return Bucket(Exchange(wanted, Connections(), sleep=lambda seconds: None))


def test_a_connection_is_kept() -> None:
    server = Server(GOOD, GOOD, PUT)
    store = bucket(server)
    store.get("a")
    store.get("b")
    store.put("c", b"c", {}, sha256(b"c").hexdigest())

    assert (server.connections, len(server.heads)) == (1, 3)


def test_a_connection_that_the_server_ended_is_made_anew() -> None:
    server = Server(GOOD, CLOSE, GOOD)
    store = bucket(server)
    store.get("a")

    assert store.get("b").body == b"hello"  # type: ignore[union-attr]
    assert server.connections == 2


def test_a_truncated_body_is_fetched_again() -> None:
    server = Server(TRUNCATED, GOOD)

    assert bucket(server).get("a").body == b"hello"  # type: ignore[union-attr]


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "TIME_LIMIT_S", 0.01)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(StoreError, match=r"no answer .* timed out"),
    ):
        wanted = parse(f"s3://assets/site?endpoint=http://127.0.0.1:{silent.getsockname()[1]}")
        Bucket(Exchange(wanted, Connections(), sleep=lambda seconds: None)).get("a")


def test_a_refusal_before_the_end_of_an_upload_is_read(tmp_path: Path) -> None:
    big = b"x" * 30_000_000
    (tmp_path / "big").write_bytes(big)
    server = Server(DENIED)
    with pytest.raises(StoreError, match="s3:PutObject is denied"):
        bucket(server).put("big", tmp_path / "big", {}, sha256(big).hexdigest())

    assert len(server.heads) == 1


def test_a_proxy_is_used_for_what_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Server(b"HTTP/1.1 200 Connection established\r\n\r\n", GOOD)
    monkeypatch.setenv("http_proxy", proxy.endpoint.replace("//", "//me:hidden@"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    direct = Server(GOOD)
    bucket(direct).get("a")
    store = Bucket(Exchange(parse("s3://assets/site?endpoint=http://s3.example.com:9000"), Connections()))

    assert store.get("a").body == b"hello"  # type: ignore[union-attr]
    assert proxy.heads[0].splitlines()[0] == b"CONNECT s3.example.com:9000 HTTP/1.0"
    assert b"Proxy-Authorization: Basic bWU6aGlkZGVu" in proxy.heads[0]
    assert b"hidden" not in proxy.heads[1]
    assert len(direct.heads) == 1


def test_large_files_are_not_held_in_memory(tmp_path: Path) -> None:
    zeros = bytes(64 << 20)
    (tmp_path / "big").write_bytes(zeros)
    digest = sha256(zeros).hexdigest()
    del zeros
    server = Server(PUT)
    tracemalloc.start()
    try:
        bucket(server).put("big", tmp_path / "big", {}, digest)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert b"content-length: 67108864" in server.heads[0]
    assert peak < 4 << 20


HAS_CEPH = pytest.mark.skipif(
    not rados.is_installed(), reason="radosgw, ceph-mon and ceph-osd are not installed"
)


def ceph(monkeypatch: pytest.MonkeyPatch, **keys: str) -> str:
    """The URL of a store on Ceph, which is then asked with those *keys*."""
    for name, value in {**rados.KEYS, **keys}.items():
        monkeypatch.setenv(name, value)
    return new_bucket(rados.server(), rados.KEYS, versioned=False)


@HAS_CEPH
@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "the secret key does not belong to the access key"),
        ({"AWS_ACCESS_KEY_ID": "AKNOBODY"}, "the server does not know this access key"),
    ],
)
def test_a_server_that_checks_signatures_refuses_wrong_ones(
    keys: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = s3.open_bucket(ceph(monkeypatch, **keys))
    for ask in (lambda: store.get("a"), lambda: store.head("a"), lambda: list(store.list())):
        with pytest.raises(StoreError, match=says) as raised:
            ask()

        assert raised.value.is_denied


@HAS_CEPH
def test_a_bucket_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    ceph(monkeypatch)
    store = s3.open_bucket(f"s3://nowhere/site?endpoint={rados.server()}")
    for ask in (lambda: store.get("a"), lambda: list(store.list())):
        with pytest.raises(StoreError, match=r"s3://nowhere/site/.*: there is no such bucket; create it"):
            ask()


@HAS_CEPH
def test_the_probe_tells_the_truth_about_buckets_with_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    ceph(monkeypatch)
    store = s3.open_bucket(new_bucket(rados.server(), rados.KEYS))
    store.put("a", b"1", {}, sha256(b"1").hexdigest(), CREATE)
    try:
        store.put("a", b"2", {}, sha256(b"2").hexdigest(), CREATE)
    except Conflict:
        probe(store)
    else:  # Ceph 16
        with pytest.raises(StoreError, match="ignores create-only writes, so two deploys at once"):
            probe(store)


@HAS_CEPH
def test_a_large_file_arrives_in_parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(s3, "LARGE", 5 << 20)
    monkeypatch.setattr(multipart, "PART_SIZE", 5 << 20)
    big = bytes(range(256)) * 50_000
    (tmp_path / "big").write_bytes(big)
    store = s3.open_bucket(ceph(monkeypatch))
    store.put("big", tmp_path / "big", {"Content-Type": "video/mp4"}, sha256(big).hexdigest(), CREATE)
    got = store.get("big")

    assert got is not None
    assert (got.body, got.sha256) == (big, sha256(big).hexdigest())
    assert got.headers == {"Content-Type": "video/mp4"}
