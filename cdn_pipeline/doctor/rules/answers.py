"""Whether there is an answer, and whether it is one: reached, whole, status, redirects."""

from __future__ import annotations

import http
from collections.abc import Iterator

from cdn_pipeline.doctor.address import NoAddress, absolute
from cdn_pipeline.doctor.exchange import Exchange
from cdn_pipeline.doctor.finding import INFO, Check, Finding
from cdn_pipeline.doctor.resource import PAGE
from cdn_pipeline.doctor.visit import Visit
from cdn_pipeline.errors import ERROR, WARNING

SLOW_S = 1.0
CHAIN = 1  # redirects that are common: to https, or to the name with or without www

INTERRUPTED = Check(
    "interrupted",
    ERROR,
    "the answer breaks off, never ends, or never begins",
    "visitors get half a file or wait until they give up",
    "see that the origin answers within the origin timeout, and with the right Content-Length",
    "see that the origin answers in time, and with the right Content-Length",
    "see its error log: a worker that dies, a proxy_read_timeout, a full disk for proxy_temp_path",
)
CUT_OFF = Check(
    "cut_off",
    ERROR,
    "the connection is closed before the whole answer has come, often since Content-Length is too large",
    "visitors get half a file or an error, and some caches keep that",
    "have the origin send the length of what it sends, compressed or not; a file in S3 has it right, so look "
    "at a function or proxy that changes bodies; invalidate",
    "have the origin send the length of what it sends, compressed or not, or none at all; purge",
    "nothing may change a body once its Content-Length is set, such as a middleware that compresses; its "
    "error log has upstreams that close too early, and a full disk for proxy_temp_path",
)
STATUS = Check(
    "status",
    ERROR,
    "a page, or a file that a page or the manifest names, is answered with an error",
    "browsers go without it",
    "a 403 from S3 means that the bucket policy does not let this distribution read, or that the key is "
    "missing; "
    "compare origin path and prefix with the URL, deploy again, invalidate",
    "see that the origin has it under this path, then purge the URL",
    "see root, alias and try_files, and that the file exists and may be read",
)
LOOP = Check(
    "redirect_loop",
    ERROR,
    "redirects go round in a circle, or on and on",
    "browsers give up with an error",
    "have CloudFront talk https to the origin (OriginProtocolPolicy: https-only), or the origin redirect "
    "no more",
    "set SSL/TLS to Full (strict): with Flexible the origin is asked over http and redirects to https "
    "forever",
    "redirect by $http_x_forwarded_proto behind a CDN, not by $scheme",
)
ASTRAY = Check(
    "redirect_astray",
    ERROR,
    "a redirect leads from https to http, or to what is no URL of the web",
    "browsers refuse it, or send what was private in the clear",
    "have the origin redirect to https, or with a path alone",
    "have the origin redirect to https, or turn on Always Use HTTPS",
    "write return 301 https://$host$request_uri; and absolute_redirect off; behind a CDN",
)
CHAINED = Check(
    "redirect_chain",
    WARNING,
    "it takes several redirects to get there",
    "each costs every visitor a round trip, often a new connection",
    "redirect to the last address at once, in a viewer-request function",
    "merge the redirect rules into one that names the last address",
    "write one return 301 that names the last address",
)
FILE_REDIRECTED = Check(
    "file_redirect",
    WARNING,
    "a file of a page is redirected",
    "each load costs a round trip more, and CORS fails where the redirect has no headers for it",
    "name the last address in pages; in the config it is the target's url",
    "name the last address in pages; in the config it is the target's url",
    "name the last address in pages; in the config it is the target's url",
)
SLOW = Check(
    "slow",
    INFO,
    "an answer takes more than a second to begin, seen from here",
    "everything that waits for it is late",
    "see x-cache: a Miss is the origin's time; a Hit from far away is the price class",
    "see cf-cache-status: what is not HIT is the origin's time; tiered cache spares it most of them",
    "see $upstream_response_time in its log",
)

CHECKS = (INTERRUPTED, CUT_OFF, STATUS, LOOP, ASTRAY, CHAINED, FILE_REDIRECTED, SLOW)


def findings(visit: Visit) -> Iterator[Finding]:
    """All of one visit."""
    yield from _redirects(visit)
    if visit.first.is_cut_off:
        yield CUT_OFF.found("its body is cut off", visit.first, visit.first.fault)
    elif visit.first.fault and not visit.first.is_garbled:
        yield INTERRUPTED.found(f"there is no whole answer: {visit.first.fault}", visit.first)
    elif visit.first.response and visit.first.status >= 400:
        yield STATUS.found(f"it answers {phrase(visit.first.status)}", visit.first)
    else:
        yield from _refused(visit)
        yield from _slow(visit)


def _refused(visit: Visit) -> Iterator[Finding]:
    """Errors for those who accept another encoding than browsers do."""
    wrong = {name: each for name, each in visit.encodings.items() if each.status >= 400}
    for status in sorted({each.status for each in wrong.values()}):
        asked = [name for name, each in wrong.items() if each.status == status]
        message = f"it answers {phrase(status)} in some encodings"
        yield STATUS.found(message, wrong[asked[0]], f"accept-encoding: {' or '.join(asked)}")


def _redirects(visit: Visit) -> Iterator[Finding]:
    if not visit.redirects:
        return
    last, chain = visit.redirects[-1], _chain(visit)
    if visit.obstacle:
        check = LOOP if visit.obstacle.startswith("it is redirected") else ASTRAY
        yield check.found(visit.obstacle, visit.redirects[0], chain)
    elif downgraded := next((each for each in visit.redirects if _is_downgrade(each)), None):
        yield ASTRAY.found("it is redirected from https to http", downgraded, downgraded.said("location"))
    elif len(visit.redirects) > CHAIN:
        yield CHAINED.found(f"it takes {len(visit.redirects)} redirects", visit.redirects[0], chain)
    elif visit.resource.kind != PAGE:
        yield FILE_REDIRECTED.found(f"it is redirected ({phrase(last.status)})", last, last.said("location"))


def _chain(visit: Visit) -> str:
    urls = [each.request.url for each in visit.redirects]
    return " → ".join(
        [*urls, visit.redirects[-1].header("location") if visit.obstacle else visit.first.request.url]
    )


def _is_downgrade(redirect: Exchange) -> bool:
    try:
        target = absolute(redirect.header("location"), redirect.request.url)
    except NoAddress:
        return False
    return redirect.request.url.startswith("https:") and target.startswith("http:")


def _slow(visit: Visit) -> Iterator[Finding]:
    times = [each.response.waited_s for each in (visit.first, *visit.again) if each.response]
    if times and min(times) > SLOW_S:
        yield SLOW.found("it takes more than a second to begin", visit.first, f"{min(times):.1f} s at best")


def phrase(status: int) -> str:
    """``404 Not Found``"""
    try:
        return f"{status} {http.HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
