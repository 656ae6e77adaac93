"""The visitor: everything that is asked of one resource, or of one host."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from cdn_pipeline import media_types
from cdn_pipeline.cdns import status_of
from cdn_pipeline.cdns.cache_status import HIT, UNKNOWN
from cdn_pipeline.doctor import address, module, page, sheet
from cdn_pipeline.doctor.exchange import Exchange, encoding, media_type
from cdn_pipeline.doctor.prober import Prober
from cdn_pipeline.doctor.resource import (
    FONT,
    IMAGE,
    MEDIA,
    MODULE,
    OTHER,
    PAGE,
    SCRIPT,
    STYLE,
    TEXTS,
    Resource,
)
from cdn_pipeline.doctor.rules.compression import is_text
from cdn_pipeline.doctor.rules.sharing import CREDENTIALS, is_allowed
from cdn_pipeline.doctor.visit import Host, Visit
from cdn_pipeline.edge import START, Request
from cdn_pipeline.expectation import ALLOWED
from cdn_pipeline.expectation import PAGE as OTHER_PAGE

REDIRECTS = (301, 302, 303, 307, 308)
FARTHEST = 10  # redirects; browsers follow 20
AGAIN = 3  # times, until it is a hit: a CDN is many servers
KEPT = 1 << 20  # bytes of text
LARGEST = 4 << 20  # bytes of content that are read, where no manifest says how many there are
LATER_S = 3.0
ENCODINGS = ("identity", "gzip", "br", "zstd")


def visit(prober: Prober, resource: Resource, is_full: bool = True) -> Visit:
    """Asked once, or with *is_full* in every way that a rule needs."""
    found = _arrived(prober, resource, is_full)
    found = found._replace(resource=_known(found.resource, found.first))
    found = found._replace(named=tuple(_named(found)))
    if not is_full or found.first.status != 200:
        return found
    found = found._replace(again=tuple(_again(prober, found.first.request)))
    if found.is_kept is False and urlsplit(resource.url).query:
        found = found._replace(bare=_bare(prober, found.first.request))
    if is_text(found.first) or encoding(found.first):
        found = found._replace(
            encodings={
                name: prober.ask(_brief(found.first.request)._replace(encoding=name)) for name in ENCODINGS
            }
        )
    return _with_parts(prober, _with_origin(prober, found))


def _arrived(prober: Prober, resource: Resource, is_full: bool) -> Visit:
    at_most = resource.expected.size if resource.expected else LARGEST
    url, redirects, obstacle = resource.url, [], ""
    kept = KEPT if is_full and (resource.kind in TEXTS or resource.integrity) else START
    while True:
        exchange = prober.ask(Request(url, at_most=at_most, kept=kept))
        if exchange.status not in REDIRECTS or not exchange.header("location"):
            break
        redirects.append(exchange)
        try:
            url = address.absolute(exchange.header("location"), url)
        except address.NoAddress as error:
            obstacle = f"its redirect {error}"
            break
        if url in {each.request.url for each in redirects} or len(redirects) >= FARTHEST:
            obstacle = "it is redirected in a circle, or without end"
            break
    return Visit(resource, exchange, tuple(redirects), obstacle)


def _known(resource: Resource, first: Exchange) -> Resource:
    """What a URL that was given by hand turns out to be."""
    if resource.page or resource.expected or resource.kind not in (PAGE, OTHER) or first.status != 200:
        return resource
    type_ = media_type(first)[0]
    kind = next((kind for pattern, kind in BY_TYPE if re.match(pattern, type_)), resource.kind)
    return resource._replace(kind=kind)


BY_TYPE = (
    (r"text/html|application/xhtml", PAGE),
    (r"text/css", STYLE),
    (r".*/(?:x-)?(?:ecma|java)script", SCRIPT),
    (r"image/", IMAGE),
    (r"font/", FONT),
    (r"audio/|video/", MEDIA),
)


def _named(found: Visit) -> Iterator[Resource]:
    """What a page, a sheet or a module loads, of as much of it as was kept; a manifest has named all."""
    resource, response = found.resource, found.first.response
    if response is None or response.status != 200 or resource.expected is not None:
        return
    text, url = response.start.decode("utf-8", "replace"), found.first.request.url
    if resource.kind == PAGE:
        yield from page.named(text, url)
    elif resource.kind == STYLE:
        yield from page.merged(sheet.named(text, url, resource.page))
    elif resource.kind == MODULE:
        yield from page.merged(module.named(text, url, resource.page))


def _brief(request: Request) -> Request:
    return request._replace(kept=START)


def _again(prober: Prober, request: Request) -> Iterator[Exchange]:
    """The same, once where no cache tells of itself, else until it is a hit."""
    for _ in range(AGAIN):
        exchange = prober.ask(_brief(request))
        yield exchange
        if status_of(exchange.headers).kind in (HIT, UNKNOWN):
            return


def _bare(prober: Prober, request: Request) -> Exchange | None:
    """The second answer without the query, if that was a hit."""
    bare = _brief(request)._replace(url=address.without_query(request.url))
    prober.ask(bare)
    exchange = prober.ask(bare)
    is_hit = exchange.status == 200 and status_of(exchange.headers).kind == HIT
    return exchange if is_hit else None


def _with_origin(prober: Prober, found: Visit) -> Visit:
    """After others have asked without an Origin, as on any site where images come first."""
    resource = found.resource
    if not (resource.is_cross_origin and resource.needs_cors) or resource.kind == PAGE:
        return found
    origin = address.origin(resource.page) if resource.page else OTHER_PAGE
    request = _brief(found.first.request)._replace(origin=origin)
    shared = prober.ask(request)
    if is_allowed(resource, shared.header(ALLOWED), origin, shared.header(CREDENTIALS)):
        return found._replace(shared=shared)
    unseen = address.with_query(request.url, f"cdn_pipeline_doctor={secrets.token_hex(6)}")
    return found._replace(shared=shared, unseen=prober.ask(request._replace(url=unseen)))


def _with_parts(prober: Prober, found: Visit) -> Visit:
    request = _brief(found.first.request)
    if found.resource.kind != PAGE and (headers := _validators(found.first)):
        found = found._replace(known=prober.ask(request._replace(headers=headers)))
    if found.resource.kind == MEDIA:
        part = request._replace(headers={"Range": "bytes=0-0"}, encoding="identity")
        found = found._replace(part=prober.ask(part))
    return found


def _validators(first: Exchange) -> dict[str, str]:
    if etag := first.header("etag"):
        return {"If-None-Match": etag} if is_sendable(etag) else {}
    modified = first.header("last-modified")
    return {"If-Modified-Since": modified} if modified and is_sendable(modified) else {}


def is_sendable(value: str) -> bool:
    """Whether a header that came may be sent back."""
    return value.isascii() and value.isprintable()


def host(prober: Prober, visits: list[Visit], pause: Callable[[float], None] = time.sleep) -> Host:
    """Of the host that *visits* are all of."""
    url = visits[0].first.request.url
    split = urlsplit(url)
    trouble = prober.troubles.get((split.scheme, split.netloc))
    found = Host(split.scheme, split.netloc, len(visits))
    if trouble is not None:
        found = found._replace(trouble=trouble)
        if not trouble.is_distrusted:
            return found
    if split.scheme == "https":
        found = found._replace(protocol=prober.protocol(url), expires=prober.expires(url))
        if split.port is None:
            found = found._replace(plain=prober.ask(Request(f"http{url[5:]}", at_most=START)))
    return _with_missing(prober, found, visits, pause)


def _with_missing(prober: Prober, found: Host, visits: list[Visit], pause: Callable[[float], None]) -> Host:
    request = Request(missing_url(visits), at_most=LARGEST)
    missing = [prober.ask(request), prober.ask(request)]
    is_later = status_of(missing[-1].headers).kind == HIT and missing[-1].status >= 400
    if is_later:
        pause(LATER_S)
        missing.append(prober.ask(request))
    return found._replace(missing=tuple(missing), is_later=is_later)


def missing_url(visits: list[Visit]) -> str:
    """A name that cannot exist, with a fingerprint, beside a file that does, if there is one."""
    files = [each for each in visits if each.resource.kind != PAGE and each.first.status == 200]
    url = (files or visits)[0].first.request.url
    path = urlsplit(url).path if files else "/x.css"
    folder, extension = path[: path.rfind("/") + 1], media_types.extension(path) or "css"
    name = f"cdn-pipeline-doctor.{secrets.token_hex(6)}.{extension}"
    return f"{address.origin(url)}{folder}{name}"
