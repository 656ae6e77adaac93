"""Cache status: whether a CDN had a response or fetched it first, as its headers tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

HIT = "HIT"  # it was there; also where it was asked for again, or is shown although it is old
MISS = "MISS"  # it was fetched for this request, and may be there now
BYPASS = "BYPASS"  # the CDN does not keep it
ERROR = "ERROR"  # the CDN has nothing to answer with
UNKNOWN = "UNKNOWN"  # nothing tells


class CacheStatus(NamedTuple):
    """`kind` is one of the above, `said` the header that tells it, as it was sent."""

    kind: str
    said: str = ""


# Amazon CloudFront Developer Guide, "Standard log file fields", x-edge-result-type; Cloudflare Cache docs,
# "Cloudflare cache responses"; Fastly, Varnish and nginx say HIT, MISS and PASS; Akamai says TCP_MEM_HIT.
# Of words that one value has in it the first here counts.
KINDS = {
    "LIMITEXCEEDED": ERROR,
    "CAPACITYEXCEEDED": ERROR,
    "ERROR": ERROR,
    "LAMBDAGENERATEDRESPONSE": BYPASS,
    "FUNCTIONGENERATEDRESPONSE": BYPASS,
    "REDIRECT": BYPASS,
    "BYPASS": BYPASS,
    "DYNAMIC": BYPASS,
    "NONE": BYPASS,
    "NOCACHE": BYPASS,
    "PASS": BYPASS,
    "REFRESHMISS": MISS,
    "MISS": MISS,
    "EXPIRED": MISS,
    "REFRESHHIT": HIT,
    "HIT": HIT,
    "REVALIDATED": HIT,
    "STALE": HIT,
    "UPDATING": HIT,
}
# In order: one that passes on another's headers adds its own, so what a CDN alone says counts before.
TELLING = ("cf-cache-status", "cdn-cache", "x-vercel-cache", "x-cache", "x-cache-status", "x-proxy-cache")


def status_of(headers: Mapping[str, str]) -> CacheStatus:
    """Of a response with these *headers*, whose names are in lower case."""
    return next(_told(headers), CacheStatus(UNKNOWN))


def _told(headers: Mapping[str, str]) -> Iterator[CacheStatus]:
    for name in TELLING:
        if kind := _kind(headers.get(name, "")):
            yield CacheStatus(kind, f"{name}: {headers[name]}")
    if listed := headers.get("cache-status"):
        yield CacheStatus(_listed(listed), f"cache-status: {listed}")
    age = headers.get("age", "").strip()
    if age.isdecimal() and age.strip("0"):  # which may have more digits than Python reads
        yield CacheStatus(HIT, f"age: {age}")


def _kind(value: str) -> str | None:
    """Of several caches on the way the last is the one that the visitor asks."""
    nearest = re.sub(r"[^A-Z]+from.*|[_-]", "", value.rpartition(",")[2].upper(), flags=re.IGNORECASE)
    return next((kind for word, kind in KINDS.items() if word in nearest), None)


def _listed(value: str) -> str:
    """RFC 9211, 2: the cache nearest to the visitor is last, and has `hit` or the reason of going on."""
    nearest = re.split(r",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", value)[-1]
    parameters = [part.strip() for part in nearest.split(";")[1:]]
    if "hit" in parameters:
        return HIT
    if "fwd=bypass" in parameters:
        return BYPASS
    return MISS if any(part.startswith("fwd=") for part in parameters) else UNKNOWN
