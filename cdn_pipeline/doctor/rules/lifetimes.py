"""How long browsers keep files: for good what has a fingerprint, not for long what has none."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_pipeline.doctor.exchange import YEAR_S, Exchange, directives, lifetime_s
from cdn_pipeline.doctor.finding import INFO, Check, Finding
from cdn_pipeline.doctor.resource import PAGE
from cdn_pipeline.doctor.visit import Visit
from cdn_pipeline.errors import ERROR, WARNING
from cdn_pipeline.quantity import count

DAY_S = 86_400
SHORT_S = 30 * DAY_S  # for what never changes
LONG_S = 7 * DAY_S  # for what may change

FINGERPRINT_CACHE = Check(
    "fingerprint_cache",
    WARNING,
    "a fingerprinted file may be kept for less than 30 days (an error where it may not be kept for a day)",
    "its bytes never change, and yet browsers ask or load again",
    "send Cache-Control: public, max-age=31536000, immutable: on the S3 object, or by a response headers "
    "policy "
    "for this path",
    "send Cache-Control: public, max-age=31536000, immutable from the origin; Browser Cache TTL: Respect "
    "Existing",
    "include build/includes/headers/nginx.conf, or add_header Cache-Control for names with a fingerprint",
)
IMMUTABLE = Check(
    "immutable",
    INFO,
    "a fingerprinted file is kept long, but not immutable",
    "Firefox and Safari ask again when a page is reloaded",
    "add immutable to Cache-Control, as above",
    "add immutable to Cache-Control, as above",
    "add immutable to Cache-Control; expires 1y; cannot say it",
)
FIXED_CACHE = Check(
    "fixed_cache",
    WARNING,
    "a file without a fingerprint may be kept for more than a week (an error where it is immutable)",
    "visitors go on seeing the old one after a change, and no invalidation reaches their browsers",
    "give it a fingerprint, or send Cache-Control: no-cache, or some minutes, with the object",
    "give it a fingerprint, or send Cache-Control: no-cache, or some minutes, and lower Browser Cache TTL",
    "give it a fingerprint, or narrow the location whose expires it gets",
)
NO_CACHE_CONTROL = Check(
    "no_cache_control",
    WARNING,
    "neither Cache-Control nor Expires says for how long a file may be kept",
    "each browser guesses, often a tenth of the file's age, and CloudFront keeps it for a day",
    "set CacheControl when uploading; cdn-pipeline deploy does",
    "send Cache-Control from the origin; without it Cloudflare adds its Browser Cache TTL, four hours",
    "include build/includes/headers/nginx.conf, or add_header Cache-Control",
)

CHECKS = (FINGERPRINT_CACHE, IMMUTABLE, FIXED_CACHE, NO_CACHE_CONTROL)


def findings(visit: Visit) -> Iterator[Finding]:
    """All of one visit."""
    if visit.first.status != 200 or visit.resource.kind == PAGE:
        return
    age = lifetime_s(visit.first)
    if age is None:
        said = visit.first.said("cache-control")
        message = "its Cache-Control does not say for how long" if said else "it has no Cache-Control"
        yield NO_CACHE_CONTROL.found(message, visit.first, said)
    elif visit.resource.is_fingerprinted:
        yield from _fingerprinted(visit.first, age)
    elif not visit.resource.is_versioned:
        yield from _fixed(visit.first, age)


def _fingerprinted(at: Exchange, age: int) -> Iterator[Finding]:
    said = at.said("cache-control") or at.said("expires")
    if age < SHORT_S:
        severity = ERROR if age < DAY_S else WARNING
        message = f"its name has a fingerprint, and browsers may keep it for {_duration(age)} only"
        yield FINGERPRINT_CACHE.found(message, at, said, severity)
    elif "immutable" not in directives(at.header("cache-control")):
        yield IMMUTABLE.found("its name has a fingerprint, and it is not immutable", at, said)


def _fixed(at: Exchange, age: int) -> Iterator[Finding]:
    said = at.said("cache-control") or at.said("expires")
    if "immutable" in directives(at.header("cache-control")):
        yield FIXED_CACHE.found("it is immutable, and its name has no fingerprint", at, said, ERROR)
    elif age > LONG_S:
        message = f"its name has no fingerprint, and browsers may keep it for {_duration(age)}"
        yield FIXED_CACHE.found(message, at, said)


def _duration(seconds: int) -> str:
    """``3 days``; whatever is less than a minute is 0."""
    for size, unit in ((YEAR_S, "year"), (DAY_S, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return count(seconds // size, unit)
    return count(seconds, "second")
