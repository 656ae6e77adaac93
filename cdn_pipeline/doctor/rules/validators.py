"""Whether what a browser has need not be sent again, nor in whole: ETag, Last-Modified, ranges."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_pipeline.doctor.exchange import encoding
from cdn_pipeline.doctor.finding import INFO, Check, Finding
from cdn_pipeline.doctor.resource import MEDIA, PAGE
from cdn_pipeline.doctor.visit import Visit
from cdn_pipeline.errors import WARNING

ETAG_DIFFERS = Check(
    "etag_differs",
    WARNING,
    "two equal requests get equal bytes with two ETags",
    "browsers load again what they have whenever they meet the other server",
    "let all origins make the ETag from the content; S3 does",
    "let all origins make the ETag from the content",
    "deploy files with the same time to all servers (nginx makes ETags from time and size), or etag off;",
)
NOT_MODIFIED = Check(
    "not_modified",
    WARNING,
    "who has the file, and says so, gets it again",
    "each check costs as much as a download",
    "see that the origin answers If-None-Match and If-Modified-Since with 304",
    "see that the origin answers 304, and that nothing at the edge changes the body (which drops ETags)",
    "look for if_modified_since off;, a filter that changes bodies, or an application that ignores the "
    "headers",
)
NO_VALIDATOR = Check(
    "no_validator",
    INFO,
    "a file without a fingerprint has neither ETag nor Last-Modified",
    "each check costs as much as a download",
    "have the origin send an ETag",
    "have the origin send an ETag",
    "etag on; or have the application send one",
)
RANGES = Check(
    "ranges",
    WARNING,
    "audio or video cannot be asked for in parts",
    "visitors cannot seek, and Safari plays nothing",
    "have the origin answer Range with 206; S3 does",
    "have the origin answer Range with 206 and a Content-Length",
    "see that max_ranges is not 0, and that nothing compresses or proxies it without ranges",
)

CHECKS = (ETAG_DIFFERS, NOT_MODIFIED, NO_VALIDATOR, RANGES)


def findings(visit: Visit) -> Iterator[Finding]:
    """All of one visit."""
    if visit.first.status != 200 or visit.resource.kind == PAGE:
        return
    yield from _tags(visit)
    if visit.known is not None and visit.known.status == 200:
        said = "; ".join(f"{name}: {value}" for name, value in visit.known.request.headers.items())
        yield NOT_MODIFIED.found("it is sent again to who has it", visit.known, said)
    has_validator = visit.first.header("etag") or visit.first.header("last-modified")
    if not has_validator and not visit.resource.is_fingerprinted:
        yield NO_VALIDATOR.found("it has neither ETag nor Last-Modified", visit.first)
    if visit.resource.kind == MEDIA and visit.part is not None and visit.part.status == 200:
        yield RANGES.found("a range of it is answered with all of it", visit.part, "range: bytes=0-0")


def _tags(visit: Visit) -> Iterator[Finding]:
    """Weak and strong ones of one name are the same here, since CDNs weaken them on the way."""
    one = visit.first
    for two in visit.again:
        tags = [each.header("etag").removeprefix("W/") for each in (one, two)]
        if one.response is None or two.response is None or not all(tags) or encoding(one) != encoding(two):
            continue
        if one.response.sha256 == two.response.sha256 and tags[0] != tags[1] and one.is_whole:
            yield ETAG_DIFFERS.found(
                "its ETag differs from one answer to the next", one, f"{tags[0]}, {tags[1]}"
            )
            return
