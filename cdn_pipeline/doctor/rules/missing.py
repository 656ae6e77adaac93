"""What a host answers for a name that does not exist, and for how long that is kept."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_pipeline.cdns import status_of
from cdn_pipeline.cdns.cache_status import HIT
from cdn_pipeline.doctor.exchange import directives, lifetime_s, seconds
from cdn_pipeline.doctor.finding import Check, Finding
from cdn_pipeline.doctor.rules.answers import phrase
from cdn_pipeline.doctor.visit import Host
from cdn_pipeline.errors import ERROR, WARNING

TOLERABLE_S = 60  # in browsers
ABSENT = (404, 410)

FORBIDDEN = Check(
    "missing_forbidden",
    WARNING,
    "a name that does not exist is answered with 403 in place of 404",
    "nobody can tell a missing file from a missing permission",
    "let the distribution list the bucket: s3:ListBucket for cloudfront.amazonaws.com in the bucket "
    "policy, and a "
    "DefaultRootObject",
    "let it list the bucket, or see which WAF rule blocks it",
    "see autoindex off; on a directory, file permissions, and deny rules",
)
FOUND = Check(
    "missing_found",
    WARNING,
    "a name that does not exist is answered with 200, or a redirect",
    "a missing script becomes a page, is kept under the script's name, and fails in browsers",
    "remove the custom error response that makes 404 or 403 a 200; route pages in a function",
    "answer missing files with 404; single-page applications need the fallback for their own paths alone",
    "use try_files $uri =404; for files",
)
FAILS = Check(
    "missing_fails",
    WARNING,
    "a name that does not exist is answered with a server error",
    "errors look like outages, and CDNs answer with what is stale, or retry",
    "see what the origin does with unknown paths",
    "see what the origin does with unknown paths",
    "see its error log: the upstream, or an internal redirect to itself",
)
ERROR_LIVES = Check(
    "error_lifetime",
    ERROR,
    "the answer to a name that does not exist may be kept for more than a minute",
    "whoever asks a moment before a deploy goes without the file for that long, whatever is deployed",
    "send Cache-Control: no-store with errors, and set ErrorCachingMinTTL 1 for 403 and 404",
    "send Cache-Control: no-store with errors; set the edge TTL by status code",
    "no `always` in add_header Cache-Control; and set headers only where the file exists",
)
ERROR_KEPT = Check(
    "error_kept",
    WARNING,
    "a CDN goes on answering that a name does not exist without asking the origin",
    "a file that was asked for too early stays missing after it is there",
    "set ErrorCachingMinTTL 1 for 403 and 404: it is 10 seconds by default",
    "set the edge TTL of 404 by status code: it is 3 minutes by default",
    "proxy_cache_valid for 200 alone, without any",
)

CHECKS = (FORBIDDEN, FOUND, FAILS, ERROR_LIVES, ERROR_KEPT)


def findings(host: Host) -> Iterator[Finding]:
    """All of one host."""
    if not host.missing or host.missing[0].response is None:
        return
    at = host.missing[0]
    if at.status in (401, 403):
        yield FORBIDDEN.found(f"a name that does not exist is answered {phrase(at.status)}", at)
    elif at.status < 400:
        yield FOUND.found(
            f"a name that does not exist is answered {phrase(at.status)}", at, at.said("location")
        )
    elif at.status >= 500:
        yield FAILS.found(f"a name that does not exist is answered {phrase(at.status)}", at)
    if at.status >= 400:
        yield from _kept(host)


def _kept(host: Host) -> Iterator[Finding]:
    at, last = host.missing[0], host.missing[-1]
    age = lifetime_s(at) or 0
    if age > TOLERABLE_S or "immutable" in directives(at.header("cache-control")):
        yield ERROR_LIVES.found("an error may be kept", at, at.said("cache-control") or at.said("expires"))
    elif (seconds(last.header("age")) or 0) > TOLERABLE_S:
        yield ERROR_KEPT.found("an error is kept for more than a minute", last, last.said("age"))
    elif host.is_later and status_of(last.headers).kind == HIT:
        said = status_of(last.headers).said
        yield ERROR_KEPT.found("an error is still kept some seconds later", last, said)
