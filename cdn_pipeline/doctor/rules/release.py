"""Whether the files of a manifest are there with its bytes and headers."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_pipeline.doctor.exchange import directives
from cdn_pipeline.doctor.finding import Check, Finding
from cdn_pipeline.doctor.visit import Visit
from cdn_pipeline.errors import ERROR, WARNING
from cdn_pipeline.expectation import ALLOWED
from cdn_pipeline.quantity import count

BYTES = Check(
    "other_bytes",
    ERROR,
    "a file of the manifest has other bytes (a warning where its name has no fingerprint)",
    "visitors get something that was never built, or an old file",
    "deploy again; invalidate names without a fingerprint; see that no function rewrites bodies",
    "deploy again and purge; turn off what changes files (Polish, Rocket Loader, email obfuscation)",
    "deploy again, and switch all servers to the same build; remove sub_filter from this location",
)
HEADERS = Check(
    "other_headers",
    WARNING,
    "a file of the manifest has other headers than its route says",
    "caching, and whatever else the route was for, is not as configured",
    "deploy again, which sets what S3 can keep; the rest belongs in a response headers policy",
    "see Browser Cache TTL (Respect Existing Headers) and transform rules",
    "include build/includes/headers/nginx.conf, made by the same build",
)

CHECKS = (BYTES, HEADERS)
ELSEWHERE = {"content-type", "vary", ALLOWED}  # other rules judge these


def findings(visit: Visit) -> Iterator[Finding]:
    """All of one visit."""
    expected, response = visit.resource.expected, visit.first.response
    if expected is None or response is None or response.status != 200:
        return
    if (response.sha256, response.size) != (expected.sha256, expected.size):
        said = f"{response.size:,} of {count(expected.size, 'byte')}, sha256 {response.sha256[:12]}…"
        if response.size > visit.first.request.at_most:
            said = f"more than {count(expected.size, 'byte')}"
        severity = WARNING if expected.is_fixed else ERROR
        yield BYTES.found("it has other bytes than the manifest says", visit.first, said, severity)
    for name in sorted(expected.headers.keys() - ELSEWHERE):
        if not _is_same(name, visit.first.header(name), expected.headers[name]):
            message = f"its {name} is not {expected.headers[name]!r}"
            yield HEADERS.found(message, visit.first, visit.first.said(name) or f"no {name}")


def _is_same(name: str, given: str, wanted: str) -> bool:
    return given == wanted or (name == "cache-control" and directives(given) == directives(wanted))
