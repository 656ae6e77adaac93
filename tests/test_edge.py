"""Edge: what a visitor gets for a URL, over real connections."""

from __future__ import annotations

import datetime
import gzip
import hashlib
import ipaddress
import ssl
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import brotli
import pytest
import zstandard
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cdn_pipeline.connection import DNS, NETWORK, UNKNOWN_ISSUER, Unreachable
from cdn_pipeline.decoding import Undecodable, decoded
from cdn_pipeline.edge import Edge, Interrupted, Request
from tests.edge_server import Content, EdgeServer, Fault
from tests.tunnel import tunnel

BODY = b"a { color: red }\n" * 1000


def source(path: str) -> Content | None:
    return None if path == "none.css" else Content(200, {"Content-Type": "text/css"}, BODY)


@pytest.fixture
def server() -> Iterator[EdgeServer]:
    """A CDN that has the same for every path but one."""
    with EdgeServer(source) as server:
        yield server


@pytest.fixture
def edge() -> Iterator[Edge]:
    """With little patience."""
    edge = Edge(timeout_s=0.5)
    yield edge
    edge.close()


def test_a_response_is_told_and_digested(server: EdgeServer, edge: Edge) -> None:
    response = edge.get(Request(server.url + "a.css"))

    assert (response.status, response.version, response.size) == (200, "1.1", 17_000)
    assert response.sha256 == hashlib.sha256(BODY).hexdigest()
    assert response.start == BODY[:400]
    assert response.headers["content-type"] == "text/css"
    assert response.headers["x-cache"] == "Miss from cloudfront"


def test_what_is_sent_is_what_a_browser_sends(server: EdgeServer, edge: Edge) -> None:
    edge.get(Request(server.url + "a%20b.css?v=1#x", "identity", "https://www.example.com"))

    path, headers = server.asked[0]
    assert path == "/a%20b.css?v=1"
    assert headers["host"] == f"127.0.0.1:{server.port}"
    assert headers["accept-encoding"] == "identity"
    assert headers["origin"] == "https://www.example.com"


def test_without_cors_no_origin_is_sent(server: EdgeServer, edge: Edge) -> None:
    edge.get(Request(server.url + "a.css"))

    assert "origin" not in server.asked[0][1]
    assert server.asked[0][1]["accept-encoding"] == "gzip, deflate, br, zstd"


def test_errors_and_redirects_are_answers(server: EdgeServer, edge: Edge) -> None:
    server.faults["/old.css"] = Fault(status=302, headers={"Location": "/a.css"})

    assert edge.get(Request(server.url + "none.css")).status == 404
    assert edge.get(Request(server.url + "old.css")).headers["location"] == "/a.css"
    assert [path for path, _ in server.asked] == ["/none.css", "/old.css"]


def test_connections_are_kept(server: EdgeServer, edge: Edge) -> None:
    for _ in range(5):
        edge.get(Request(server.url + "a.css"))

    assert len(server.clients) == 1


def test_a_connection_that_has_ended_meanwhile_is_made_again(edge: Edge) -> None:
    with EdgeServer(source) as server:
        server.faults["/last.css"] = Fault(sent=17_000)  # all of it, and then the end
        edge.get(Request(server.url + "last.css"))
        assert edge.get(Request(server.url + "a.css")).status == 200


def test_many_threads_ask_at_once(server: EdgeServer, edge: Edge) -> None:
    with ThreadPoolExecutor(8) as pool:
        urls = [f"{server.url}{number}.css" for number in range(200)]
        found = list(pool.map(lambda url: edge.get(Request(url)).size, urls))

    assert found == [17_000] * 200


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault(sent=100), "closed after 100 of 17,000 bytes that Content-Length announces"),
        (Fault(headers={"Content-Length": "20000"}, sent=17_000), "closed after 17,000 of 20,000 bytes that"),
        (Fault(sent=100, stalls=True), "nothing more of it came"),
        (Fault(headers={"Content-Encoding": "br"}), "its body is no br"),
        (Fault(headers={"Content-Encoding": "gzip"}), "its body is no gzip"),
        (Fault(headers={"Content-Encoding": "compress"}), "encoded as 'compress', which nobody asked for"),
        (
            Fault(headers={"Content-Encoding": "gzip"}, body=gzip.compress(BODY)[:-9]),
            "its gzip body is cut off",
        ),
        (Fault(headers={"Transfer-Encoding": "chunked", "Content-Length": None}), "before the last chunk"),
    ],
)
def test_a_broken_answer_is_no_answer(server: EdgeServer, edge: Edge, fault: Fault, says: str) -> None:
    server.faults["/bad.css"] = fault
    with pytest.raises(Interrupted, match=says):
        edge.get(Request(server.url + "bad.css"))

    assert edge.get(Request(server.url + "a.css")).size == 17_000


def test_too_small_a_length_makes_another_content(server: EdgeServer, edge: Edge) -> None:
    server.faults["/bad.css"] = Fault(headers={"Content-Length": "50"})

    assert edge.get(Request(server.url + "bad.css")).size == 50
    assert edge.get(Request(server.url + "a.css")).size == 17_000


def test_a_body_that_only_drips_is_ended(server: EdgeServer) -> None:
    """Each byte comes in time, all of them do not."""
    server.faults["/drip.css"] = Fault(drips=True)
    with pytest.raises(Interrupted, match="it is not complete after 1 s"):
        Edge(timeout_s=0.6).get(Request(server.url + "drip.css", at_most=17_000))


def test_no_more_is_read_than_was_expected(server: EdgeServer, edge: Edge) -> None:
    response = edge.get(Request(server.url + "a.css", at_most=100))

    assert 100 < response.size <= 17_000
    assert edge.get(Request(server.url + "a.css")).size == 17_000


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", ""])
def test_encodings_are_undone(encoding: str) -> None:
    encoded = {
        "gzip": gzip.compress(BODY),
        "deflate": zlib.compress(BODY),
        "br": brotli.compress(BODY),
        "zstd": zstandard.compress(BODY),
        "": BODY,
    }[encoding]
    pieces = [encoded[at : at + 7] for at in range(0, len(encoded), 7)]

    assert b"".join(decoded(pieces, encoding.upper())) == BODY
    assert list(decoded([], encoding)) == []
    if encoding:
        with pytest.raises(Undecodable, match=f"its {encoding} body is cut off"):
            list(decoded(pieces[:-2], encoding))


def test_a_host_without_address_is_told(edge: Edge) -> None:
    with pytest.raises(Unreachable, match=r"cdn.invalid: there is no such host") as error:
        edge.get(Request("https://cdn.invalid/a.css"))

    assert (error.value.kind, error.value.hint[:8]) == (DNS, "make its")


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "ü..example"])
def test_a_host_that_cannot_be_one_is_told(edge: Edge, host: str) -> None:
    with pytest.raises(Unreachable, match="there is no such host"):
        edge.get(Request(f"https://{host}/a.css"))


def test_a_port_where_nobody_listens_is_told(edge: Edge) -> None:
    with pytest.raises(Unreachable, match="it refuses connections") as error:
        edge.get(Request("http://127.0.0.1:1/a.css"))

    assert error.value.kind == NETWORK


def test_another_address_can_be_asked_in_place_of_dns(server: EdgeServer) -> None:
    edge = Edge(connect_to={"cdn.invalid": ("127.0.0.1", server.port)})

    assert edge.get(Request("http://cdn.invalid/a.css")).status == 200
    assert server.asked[0][1]["host"] == "cdn.invalid"


def test_other_letters_are_encoded_as_browsers_do(server: EdgeServer) -> None:
    edge = Edge(connect_to={"bücher.example": ("127.0.0.1", server.port)})
    edge.get(Request("http://bücher.example:8443/ü/a%20b.css?q=é"))

    path, headers = server.asked[0]
    assert (path, headers["host"]) == ("/%C3%BC/a%20b.css?q=%C3%A9", "xn--bcher-kva.example:8443")


def test_a_port_that_cannot_be_one_is_told(edge: Edge) -> None:
    with pytest.raises(Unreachable, match=r"cdn.example.com:99999: there is no such port"):
        edge.get(Request("https://cdn.example.com:99999/a.css"))


def test_ipv6_is_spoken() -> None:
    with EdgeServer(source, address="::1") as server:
        assert server.url.startswith("http://[::1]:")
        assert Edge().get(Request(server.url + "a.css")).status == 200


# TLS


class Certificate:
    """For ``localhost``, by itself."""

    def __init__(self, directory: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        now = datetime.datetime.now(datetime.UTC)
        made = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.file = directory / "certificate.pem"
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        self.file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)

    def served(self, *protocols: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file)
        context.set_alpn_protocols(list(protocols))
        return context

    def trusted(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.file))


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    """A new one."""
    return Certificate(tmp_path)


def test_https_is_spoken(certificate: Certificate) -> None:
    with EdgeServer(source, context=certificate.served("http/1.1")) as server:
        edge = Edge(context=certificate.trusted())
        assert server.url.startswith("https://localhost:")
        for _ in range(2):
            assert edge.get(Request(server.url + "a.css")).size == 17_000
        edge.close()


def test_a_stranger_s_certificate_is_refused(certificate: Certificate) -> None:
    with EdgeServer(source, context=certificate.served()) as server:
        with pytest.raises(Unreachable, match="its certificate is refused: self-signed certificate") as error:
            Edge().get(Request(server.url + "a.css"))
        assert error.value.kind == UNKNOWN_ISSUER
        assert server.asked == []


def test_a_certificate_of_another_host_is_refused(certificate: Certificate) -> None:
    with EdgeServer(source, context=certificate.served()) as server:
        edge = Edge(context=certificate.trusted(), connect_to={"cdn.invalid": ("127.0.0.1", server.port)})
        with pytest.raises(Unreachable, match="its certificate is refused: Hostname mismatch"):
            edge.get(Request("https://cdn.invalid/a.css"))


def test_a_port_without_tls_is_told(server: EdgeServer, edge: Edge) -> None:
    with pytest.raises(
        Unreachable, match=r"it speaks something else than TLS there \(WRONG_VERSION_NUMBER\)"
    ):
        edge.get(Request(server.url.replace("http:", "https:") + "a.css"))


@pytest.mark.parametrize(
    ("offered", "best"), [(("h2", "http/1.1"), "h2"), (("http/1.1",), "http/1.1"), ((), "http/1.1")]
)
def test_the_best_version_of_http_is_told(
    certificate: Certificate, offered: tuple[str, ...], best: str
) -> None:
    with EdgeServer(source, context=certificate.served(*offered)) as server:
        assert Edge().protocol(server.url) == best


def test_without_tls_no_version_is_agreed_on(server: EdgeServer, edge: Edge) -> None:
    assert edge.protocol(server.url) == ""


# Proxies


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch, server: EdgeServer) -> None:
    with tunnel(server.port) as (port, asked):
        monkeypatch.setenv("http_proxy", f"http://me:p%40ss@127.0.0.1:{port}")
        monkeypatch.delenv("no_proxy", raising=False)
        assert Edge().get(Request("http://cdn.invalid/a.css")).status == 200
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert Edge().get(Request(server.url + "a.css")).status == 200

    assert asked == [("CONNECT cdn.invalid:80 HTTP/1.0", "Basic bWU6cEBzcw==")]
    assert server.asked[0][1]["host"] == "cdn.invalid"


def test_a_proxy_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "127.0.0.1:1")
    with pytest.raises(
        Unreachable, match=r"cdn.invalid: the proxy 127.0.0.1 does not lead there: it refuses"
    ):
        Edge().get(Request("https://cdn.invalid/a.css"))
