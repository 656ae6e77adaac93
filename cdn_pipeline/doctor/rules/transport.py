"""How a host is reached: certificate, version of HTTP, and whether plain http leads to https."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_pipeline import connection
from cdn_pipeline.doctor.exchange import Exchange
from cdn_pipeline.doctor.finding import INFO, Check, Finding
from cdn_pipeline.doctor.provider import CDNS, provider
from cdn_pipeline.doctor.rules.answers import INTERRUPTED
from cdn_pipeline.doctor.visit import SILENT, Examination, Host
from cdn_pipeline.edge import Request
from cdn_pipeline.errors import ERROR, WARNING
from cdn_pipeline.quantity import count

DAY_S = 86_400
SOON_S = 21 * DAY_S  # certificates are renewed 30 days before their end, or earlier
NOW_S = 7 * DAY_S

UNREACHABLE = Check(
    "unreachable",
    ERROR,
    "a host cannot be reached",
    "nothing of what it has is loaded",
    "see its DNS record: an alias of the distribution's domain name; and that the distribution is deployed",
    "see its DNS record, and that it is proxied",
    "see listen, the firewall, and its DNS record",
)
NO_TLS = Check(
    "tls",
    ERROR,
    "a host can be reached, and does not agree on TLS",
    "browsers show an error in place of the page, and load no file at all",
    "have the name in Aliases, with a certificate of ACM in us-east-1, and TLSv1.2_2021 as security policy",
    "see SSL/TLS, Edge Certificates: there is no TLS before one is active for the name, and Universal SSL "
    "covers one level of subdomains; see Minimum TLS Version",
    "listen 443 ssl; and not without ssl, ssl_certificate, ssl_protocols TLSv1.2 TLSv1.3;",
)
EXPIRED = Check(
    "certificate_expired",
    ERROR,
    "a certificate has expired",
    "browsers show a warning in place of the page, and load no file at all",
    "see the certificate in ACM (us-east-1): it is renewed while the CNAME records of its validation are in "
    "the zone; one that was imported must be imported anew",
    "see SSL/TLS, Edge Certificates: one that was uploaded must be uploaded anew; CAA records must allow "
    "Cloudflare's authorities",
    "see the log of certbot or whatever renews it; nginx must be reloaded after that",
)
OTHER_NAME = Check(
    "certificate_name",
    ERROR,
    "a certificate is for other names than that of the host",
    "browsers show a warning in place of the page, and load no file at all",
    "have the name in Aliases, with a certificate of ACM in us-east-1 that has it",
    "see SSL/TLS, Edge Certificates: Universal SSL covers one level of subdomains",
    "have the name in server_name, and a certificate that has it in the same block: where no block has the "
    "name, another one answers",
)
UNKNOWN_ISSUER = Check(
    "certificate_issuer",
    ERROR,
    "a certificate is signed by nobody whom browsers know, or comes without its chain",
    "browsers show a warning in place of the page, and load no file at all",
    "use a certificate that ACM has issued, or import it anew, with its chain",
    "see that the record is proxied: a certificate of the Origin CA is for Cloudflare alone",
    "ssl_certificate must be the chain (fullchain.pem), of an authority that browsers know",
)
CERTIFICATE = Check(
    "certificate",
    ERROR,
    "a certificate is refused for another reason, such as one that is not valid yet",
    "browsers show a warning in place of the page, and load no file at all",
    "have ACM (us-east-1) issue another one, and use that",
    "see SSL/TLS, Edge Certificates, and order another one",
    "have another one issued, and reload nginx; see that the clocks are right, there and here",
)
EXPIRES = Check(
    "certificate_expires",
    WARNING,
    "a certificate ends within three weeks (an error within one)",
    "it should have been renewed by now; without that everything fails at once",
    "see the certificate in ACM (us-east-1): the CNAME records of its validation must stay in the zone",
    "see SSL/TLS, Edge Certificates; CAA records must allow Cloudflare's authorities",
    "see the timer of certbot or whatever renews it, and its log",
)
OLD_HTTP = Check(
    "http_version",
    WARNING,
    "a host has https, and no HTTP/2",
    "six files at a time, the others wait",
    "set HttpVersion: http2and3",
    "turn on HTTP/2 under Speed, Protocol",
    "http2 on; in the server block (before 1.25.1: listen 443 ssl http2;)",
)
NO_HTTP_3 = Check(
    "http3",
    INFO,
    "a CDN has HTTP/3 and does not offer it",
    "on bad networks pages load later than they could",
    "set HttpVersion: http2and3",
    "turn on HTTP/3 under Speed, Protocol",
    "listen 443 quic; and add_header Alt-Svc",
)
PLAIN = Check(
    "http_open",
    WARNING,
    "http:// answers itself, and does not lead to https://",
    "what is loaded so can be read and changed on the way",
    "set ViewerProtocolPolicy: redirect-to-https",
    "turn on Always Use HTTPS",
    "return 301 https://$host$request_uri; in the server block for port 80",
)

CHECKS = (
    UNREACHABLE,
    NO_TLS,
    EXPIRED,
    OTHER_NAME,
    UNKNOWN_ISSUER,
    CERTIFICATE,
    EXPIRES,
    OLD_HTTP,
    NO_HTTP_3,
    PLAIN,
)
TROUBLES = {
    connection.TLS: NO_TLS,
    connection.EXPIRED: EXPIRED,
    connection.OTHER_NAME: OTHER_NAME,
    connection.UNKNOWN_ISSUER: UNKNOWN_ISSUER,
    connection.REFUSED: CERTIFICATE,
    SILENT: INTERRUPTED,
}


def findings(host: Host, examination: Examination) -> Iterator[Finding]:
    """All of one host. The files that it has served tell who it is."""
    at = _answer(host, examination)
    if host.trouble is not None:
        yield TROUBLES.get(host.trouble.kind, UNREACHABLE).found(host.trouble.reason, at, host.netloc)
    if host.expires is not None:
        yield from _expiry(host.expires - examination.now, at)
    if host.protocol == "http/1.1":
        yield OLD_HTTP.found("it speaks HTTP/1.1 only", at, f"ALPN: {host.protocol}")
    elif host.protocol == "h2" and provider(at.headers) in CDNS and "h3" not in at.header("alt-svc"):
        yield NO_HTTP_3.found("it does not offer HTTP/3", at, at.said("alt-svc") or "no alt-svc")
    if host.plain is not None and 0 < host.plain.status < 300:
        yield PLAIN.found(f"http:// is answered {host.plain.status}", host.plain)


def _answer(host: Host, examination: Examination) -> Exchange:
    for visit in examination.visits:
        if visit.first.response and visit.first.request.url.startswith(f"{host.scheme}://{host.netloc}/"):
            return visit.first._replace(request=Request(f"{host.scheme}://{host.netloc}/"))
    return Exchange(Request(f"{host.scheme}://{host.netloc}/"))


def _expiry(left_s: float, at: Exchange) -> Iterator[Finding]:
    if 0 <= left_s < SOON_S:
        severity = ERROR if left_s < NOW_S else WARNING
        message = f"its certificate ends in {count(int(left_s // DAY_S), 'day')}"
        yield EXPIRES.found(message, at, "", severity)
