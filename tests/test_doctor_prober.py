"""No server can hurt the doctor, or keep it."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator

import brotli
import pytest
import zstandard

from cdn_pipeline.doctor.prober import Prober, Reach, is_private
from cdn_pipeline.edge import Request
from tests import clinic
from tests.clinic import Answer, Clinic, Headers, endless, response

SHORT_S = 0.3
TRUSTED = {"127.0.0.1"}
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def prober() -> Iterator[Prober]:
    """With little patience."""
    prober = Prober(Reach(timeout_s=SHORT_S, trusted=TRUSTED))
    yield prober
    prober.close()


def bomb(encoding: str) -> Answer:
    """A few kilobytes that mean very many."""
    body = io.BytesIO()
    piece = bytes(1 << 20)
    if encoding == "gzip":
        with gzip.GzipFile(fileobj=body, mode="wb", mtime=0) as file:
            for _ in range(32):
                file.write(piece)
    elif encoding == "zstd":
        with zstandard.ZstdCompressor().stream_writer(body, closefd=False) as writer:
            for _ in range(256):
                writer.write(piece)
    else:
        compressor = brotli.Compressor(quality=1)
        body.write(b"".join(compressor.process(piece) for _ in range(256)) + compressor.finish())
    return lambda _: response(body.getvalue(), {"Content-Encoding": encoding})


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
def test_of_a_body_that_means_much_little_is_decoded(prober: Prober, encoding: str) -> None:
    with Clinic({"/": bomb(encoding)}) as server:
        exchange = prober.ask(Request(server.url, at_most=1 << 20))

    assert exchange.response is not None
    assert (1 << 20) < exchange.response.size <= 5 << 20
    assert not exchange.is_whole


HOSTILE: dict[str, tuple[Answer, str]] = {
    "a header that never ends": (
        endless(OK + b"X-A: ", b"a" * 65_536),
        "the connection ended in the middle (got more than 65536 bytes when reading header line)",
    ),
    "more headers than anybody reads": (
        lambda _: OK + b"".join(b"X-%d: a\r\n" % number for number in range(1000)) + b"\r\n",
        "the connection ended in the middle (got more than 100 headers)",
    ),
    "no HTTP at all": (
        lambda _: b"\x16\x03\x01\x00 nonsense\r\n\r\n",
        "the connection ended before there was an answer (\x16\x03\x01\x00 nonsense\r\n)",
    ),
    "a chunk of a negative size": (
        endless(OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", b"a" * 65_536),
        "the connection was closed before the last chunk of its body",
    ),
    "an interim answer again and again": (
        endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
        "it is not complete after 0 s",
    ),
    "less than it said": (
        lambda _: [OK + b"Content-Length: 100\r\n\r\nshort"],
        "the connection was closed after 5 of 100 bytes that Content-Length announces",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_answer_is_a_fault(prober: Prober, name: str) -> None:
    answer, fault = HOSTILE[name]
    with Clinic({"/": answer}) as server:
        exchange = prober.ask(Request(server.url, at_most=1 << 16))

    assert (exchange.response, exchange.fault) == (None, fault)


def test_of_a_body_that_never_ends_the_beginning_is_read(prober: Prober) -> None:
    with Clinic({"/": endless(OK + b"\r\n", b"a" * 65_536)}) as server:
        exchange = prober.ask(Request(server.url, at_most=1 << 20))

    assert exchange.status == 200
    assert not exchange.is_whole


def test_a_host_that_never_answers_is_left_alone_after_three_times(prober: Prober) -> None:
    def silent(_: Headers) -> bytes:
        return b""

    with Clinic({}, silent) as server:
        faults = [prober.ask(Request(f"{server.url}{number}")).fault for number in range(5)]
        asked = len(server.asked)

    assert asked == 3
    assert faults[3] == faults[4]
    assert faults[4].startswith("no whole answer, 3 times in a row: ")


def test_a_page_leads_to_no_private_network() -> None:
    prober = Prober(Reach(timeout_s=SHORT_S, trusted={"203.0.113.7.example"}))
    with Clinic({"/": lambda _: response(b"secret")}) as server:
        exchange = prober.ask(Request(server.url))

        assert (
            exchange.fault == "it lies in a private network, and a page named it; --host asks it all the same"
        )
        assert server.asked == []


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("10.1.2.3", True),
        ("169.254.169.254", True),
        ("::1", True),
        ("8.8.8.8", False),
        ("no-such-host.invalid", False),
    ],
)
def test_private_hosts_are_known_by_their_addresses(host: str, expected: bool) -> None:
    assert is_private(host) is expected


def test_a_body_that_is_not_encoded_as_it_says_is_garbled(prober: Prober) -> None:
    with Clinic({"/": lambda _: response(b"plain", {"Content-Encoding": "gzip"})}) as server:
        exchange = prober.ask(Request(server.url))

    assert exchange.is_garbled
    assert exchange.fault.startswith("its body is no gzip")


def test_a_lost_host_is_asked_once(prober: Prober) -> None:
    url = f"http://127.0.0.1:{clinic.unused_port()}/"

    assert {prober.ask(Request(url + str(number))).fault for number in range(3)} == {"it refuses connections"}
    assert prober.count == 1
