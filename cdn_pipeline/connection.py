"""Connections: how a host is reached, directly or by the proxy of the environment, and why it is not."""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import urllib.request
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

PORTS = {"http": 80, "https": 443}
PROTOCOLS = ["h2", "http/1.1"]  # as ALPN names them

DNS = "dns"
NETWORK = "network"
TLS = "tls"  # no agreement on it
EXPIRED = "expired"  # the certificate,
OTHER_NAME = "other_name"  # it is for other hosts,
UNKNOWN_ISSUER = "unknown_issuer"  # signed by nobody who is known,
REFUSED = "refused"  # or wrong in another way
CERTIFICATE = {EXPIRED, OTHER_NAME, UNKNOWN_ISSUER, REFUSED}
HINTS = {
    DNS: "make its DNS record, or wait until it is seen here",
    NETWORK: "see that it is up, and that this machine may reach it; verify_edge = false where it may not",
    TLS: "have it speak TLS 1.2 or newer on this port",
    EXPIRED: "renew the CDN's certificate for this host",
    OTHER_NAME: "give the CDN a certificate for this host",
    UNKNOWN_ISSUER: "give the CDN a certificate of an authority that browsers know, with its chain",
    REFUSED: "give the CDN another certificate for this host",
}
# Of OpenSSL, "X509_STORE_CTX_get_error", as `ssl.SSLCertVerificationError.verify_code` has them.
VERIFY_CODES = {
    10: EXPIRED,
    62: OTHER_NAME,  # of a host
    64: OTHER_NAME,  # of an address
    **dict.fromkeys((2, 18, 19, 20, 21), UNKNOWN_ISSUER),  # no issuer, self-signed, no chain
}
REASONS = {
    "WRONG_VERSION_NUMBER": "it speaks something else than TLS there",
    "HTTP_REQUEST": "it speaks something else than TLS there",
    "UNSUPPORTED_PROTOCOL": "it speaks no version of TLS that is still in use",
    "TLSV1_ALERT_PROTOCOL_VERSION": "it speaks no version of TLS that this machine does",
}


class Unreachable(Exception):
    """A host that gives no answer at all."""

    def __init__(self, host: str, kind: str, reason: str) -> None:
        super().__init__(f"{host}: {reason}")
        self.host, self.kind, self.reason = host, kind, reason
        self.hint = HINTS[kind]


class Network(NamedTuple):
    """How this machine reaches hosts. *connect_to* has other addresses for some of them."""

    context: ssl.SSLContext
    connect_to: Mapping[str, tuple[str, int]] = {}
    timeout_s: float = 10.0


def connect(network: Network, scheme: str, netloc: str) -> http.client.HTTPConnection:
    """An open connection, which does not open itself again. Raises `Unreachable`."""
    host, port = _address(scheme, netloc)
    proxy = _proxy(scheme, host, network)
    if proxy is None:
        connection = _opened(network, host, port)
    else:
        connection = _by_proxy(network, proxy, scheme, host, port)
    if scheme == "https":
        connection.sock = _secured(network.context, connection.sock, host)
    connection.auto_open = 0
    return connection


def protocol(network: Network, scheme: str, netloc: str) -> str:
    """What the host chooses of HTTP/2 and HTTP/1.1 when asked by ALPN (RFC 7301): ``h2``; "" without TLS.
    Raises `Unreachable`."""
    if scheme != "https":
        return ""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # nothing is asked or believed here
    context.set_alpn_protocols(PROTOCOLS)
    connection = connect(network._replace(context=context), scheme, netloc)
    assert isinstance(connection.sock, ssl.SSLSocket)
    chosen = connection.sock.selected_alpn_protocol()
    connection.close()
    return chosen or "http/1.1"


def ascii_host(netloc: str) -> str:
    """*netloc* as a Host header has it: without a user, ``bücher.example:8443`` in the form of DNS."""
    host, colon, port = netloc.rpartition("@")[2].partition(":")
    return netloc.rpartition("@")[2] if host.isascii() else host.encode("idna").decode() + colon + port


def _address(scheme: str, netloc: str) -> tuple[str, int]:
    url = urlsplit(f"//{netloc}")
    try:
        return url.hostname or "", url.port or PORTS.get(scheme, 80)
    except ValueError as error:
        raise Unreachable(netloc, DNS, "there is no such port") from error


def _opened(network: Network, host: str, port: int) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(host, port, timeout=network.timeout_s)
    address = network.connect_to.get(host, (host, port))
    try:
        connection.sock = socket.create_connection(address, network.timeout_s)
    except (socket.gaierror, UnicodeError) as error:
        raise Unreachable(host, DNS, "there is no such host") from error
    except OSError as error:
        raise Unreachable(host, NETWORK, _why(error, network.timeout_s)) from error
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _proxy(scheme: str, host: str, network: Network) -> SplitResult | None:
    """Of the environment, as everybody names it: ``https_proxy``, ``no_proxy``."""
    if host in network.connect_to or urllib.request.proxy_bypass(host):
        return None
    url = urllib.request.getproxies().get(scheme)
    return urlsplit(url if "//" in url else f"http://{url}") if url else None


def _by_proxy(
    network: Network, proxy: SplitResult, scheme: str, host: str, port: int
) -> http.client.HTTPConnection:
    """Through a tunnel, for either scheme."""
    connection = http.client.HTTPConnection(
        proxy.hostname or "", proxy.port or PORTS["http"], timeout=network.timeout_s
    )
    connection.set_tunnel(host, port, _authorization(proxy))
    try:
        connection.connect()
    except (OSError, http.client.HTTPException) as error:
        reason = f"the proxy {proxy.hostname} does not lead there: {_why(error, network.timeout_s)}"
        raise Unreachable(host, NETWORK, reason) from error
    return connection


def _authorization(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _secured(context: ssl.SSLContext, plain: socket.socket, host: str) -> ssl.SSLSocket:
    try:
        return context.wrap_socket(plain, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        plain.close()
        reason = f"its certificate is refused: {error.verify_message}"
        raise Unreachable(host, VERIFY_CODES.get(error.verify_code, REFUSED), reason) from error
    except OSError as error:
        plain.close()
        reason = str(getattr(error, "reason", "") or error.strerror or error)
        why = f"{REASONS[reason]} ({reason})" if reason in REASONS else f"it does not agree on TLS: {reason}"
        raise Unreachable(host, TLS, why) from error


def _why(error: Exception, timeout_s: float) -> str:
    if isinstance(error, TimeoutError):
        return f"it does not answer within {timeout_s:g} s"
    if isinstance(error, ConnectionRefusedError):
        return "it refuses connections"
    strerror = getattr(error, "strerror", None)
    return f"it cannot be reached: {str(strerror or error).lower()}"
