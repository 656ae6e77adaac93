"""Whether pages of another origin may use files: CORS, CORP, integrity."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator

from cdn_pipeline.doctor import address
from cdn_pipeline.doctor.exchange import words
from cdn_pipeline.doctor.finding import Check, Finding
from cdn_pipeline.doctor.resource import FONT, Resource
from cdn_pipeline.doctor.visit import Visit
from cdn_pipeline.errors import ERROR, WARNING
from cdn_pipeline.expectation import ALLOWED

CREDENTIALS = "access-control-allow-credentials"

CORS = Check(
    "cors",
    ERROR,
    "a font, a module or a file with crossorigin has no Access-Control-Allow-Origin for its page",
    "browsers load it and refuse to use it: text in a substitute font, scripts that never run",
    "add a response headers policy with Access-Control-Allow-Origin: * and OriginOverride: true (the managed "
    "SimpleCORS, 60669652-455b-4ae9-85a4-c4c02393f86c)",
    "add a response header transform rule that sets Access-Control-Allow-Origin: *",
    "include build/includes/headers/nginx.conf, or add_header Access-Control-Allow-Origin *;",
)
CORS_CACHED = Check(
    "cors_cached",
    ERROR,
    "the kept copy of a file has no Access-Control-Allow-Origin, since who asked first sent no Origin",
    "it works or fails by who came first, until it is invalidated",
    "Origin is not in the cache key and S3 answers by it: send CORS by a response headers policy, not by "
    "the bucket",
    "send Access-Control-Allow-Origin: * on every answer, whether asked with Origin or not; purge",
    "send Access-Control-Allow-Origin: * on every answer, whether asked with Origin or not",
)
CORS_VARY = Check(
    "cors_vary",
    WARNING,
    "Access-Control-Allow-Origin repeats the page's origin, without Vary: Origin",
    "the next page of another origin gets this one's answer, and is refused",
    "send * by a response headers policy with override",
    "send *; Cloudflare does not vary by Origin",
    "send *, or add_header Vary Origin",
)
CORP = Check(
    "corp",
    ERROR,
    "Cross-Origin-Resource-Policy keeps the page that names a file from using it",
    "browsers refuse it",
    "send Cross-Origin-Resource-Policy: cross-origin by the response headers policy",
    "send Cross-Origin-Resource-Policy: cross-origin by a transform rule",
    "add_header Cross-Origin-Resource-Policy cross-origin; where files are served",
)
INTEGRITY = Check(
    "integrity",
    ERROR,
    "the integrity attribute names other bytes than come",
    "browsers refuse the file",
    "find out who changes it on the way; after a deploy, invalidate what bears no fingerprint",
    "turn off what rewrites files (Rocket Loader, Polish, email obfuscation), or send no-transform; purge",
    "remove sub_filter and the like from this location; name files by their fingerprint",
)
INTEGRITY_CORS = Check(
    "integrity_crossorigin",
    ERROR,
    "a tag has integrity, no crossorigin, and names another origin",
    "browsers refuse the file: without CORS they must not compare it",
    'write crossorigin="anonymous" beside it; {% asset_tags %} does',
    'write crossorigin="anonymous" beside it; {% asset_tags %} does',
    'write crossorigin="anonymous" beside it; {% asset_tags %} does',
)
PRELOAD = Check(
    "preload_crossorigin",
    WARNING,
    "a font is preloaded without crossorigin",
    "fonts are always fetched with CORS, so the preload is thrown away and the font is loaded twice",
    "write crossorigin in the link tag, also for fonts of the page's own host",
    "write crossorigin in the link tag, also for fonts of the page's own host",
    "write crossorigin in the link tag, also for fonts of the page's own host",
)

CHECKS = (CORS, CORS_CACHED, CORS_VARY, CORP, INTEGRITY, INTEGRITY_CORS, PRELOAD)

ANYBODY = "*"


def findings(visit: Visit) -> Iterator[Finding]:
    """All of one visit."""
    resource = visit.resource
    if resource.is_preload and resource.kind == FONT and resource.crossorigin is None:
        yield PRELOAD.found("its preload has no crossorigin", visit.first, f"in {resource.page}")
    if visit.first.status != 200:
        return
    yield from _integrity(visit)
    if resource.is_cross_origin:
        yield from _cors(visit)
        yield from _corp(visit)


def _cors(visit: Visit) -> Iterator[Finding]:
    at = visit.shared
    if at is None or at.status != 200:
        return
    allowed, asked = at.header(ALLOWED), at.request.origin
    if not is_allowed(visit.resource, allowed, asked, at.header(CREDENTIALS)):
        if visit.unseen is not None and visit.unseen.header(ALLOWED) in (ANYBODY, asked):
            yield CORS_CACHED.found("its kept copy has no Access-Control-Allow-Origin", at, visit.cache.said)
        else:
            yield _refused(visit.resource, allowed, visit)
    elif allowed != ANYBODY and "origin" not in words(at.header("vary")):
        yield CORS_VARY.found("it allows the page that asks, without Vary: Origin", at, at.said(ALLOWED))


def is_allowed(resource: Resource, allowed: str, asked: str | None, credentials: str) -> bool:
    """Fetch standard, 4.10, "CORS check"."""
    if resource.crossorigin == "use-credentials":
        return allowed == asked and credentials == "true"
    return allowed in (ANYBODY, asked)


def _refused(resource: Resource, allowed: str, visit: Visit) -> Finding:
    at = visit.shared or visit.first
    if not allowed:
        return CORS.found(
            "it has no Access-Control-Allow-Origin", at, f"asked with origin: {at.request.origin}"
        )
    if resource.crossorigin == "use-credentials" and allowed == ANYBODY:
        message = 'its tag says crossorigin="use-credentials", for which * is not enough'
        return CORS.found(message, at, at.said(ALLOWED))
    message = f"its Access-Control-Allow-Origin does not allow {at.request.origin}"
    return CORS.found(message, at, at.said(ALLOWED))


def _corp(visit: Visit) -> Iterator[Finding]:
    policy, page = visit.first.header("cross-origin-resource-policy").lower(), visit.resource.page
    is_other_site = not page or address.site(page) != address.site(visit.resource.url)
    if visit.shared is not None and not visit.shared.fault and visit.resource.needs_cors:
        return  # of what is fetched with CORS, nobody asks for this policy
    if policy == "same-origin" or (policy == "same-site" and is_other_site):
        said = visit.first.said("cross-origin-resource-policy")
        yield CORP.found(f"pages of another origin may not use it: {policy}", visit.first, said)


STRENGTHS = ("sha512", "sha384", "sha256")  # Subresource Integrity, 3.3.4: only the strongest of them count
DIGEST = re.compile(r"(sha256|sha384|sha512)-([A-Za-z0-9+/_=-]+)")


def _integrity(visit: Visit) -> Iterator[Finding]:
    resource = visit.resource
    wanted = dict.fromkeys(DIGEST.findall(resource.integrity))
    if not wanted:
        return
    strongest = next(name for name in STRENGTHS if any(name == each for each, _ in wanted))
    given = _digest(visit, strongest)
    allowed = {value.replace("-", "+").replace("_", "/") for name, value in wanted if name == strongest}
    if given is not None and given not in allowed:
        said = f"integrity={resource.integrity[:80]}, and it is {strongest}-{given}"
        yield INTEGRITY.found(
            "its bytes are others than the page's integrity attribute says", visit.first, said
        )
    if resource.crossorigin is None and resource.page and resource.is_cross_origin:
        yield INTEGRITY_CORS.found(
            "its tag has integrity and no crossorigin", visit.first, f"in {resource.page}"
        )


def _digest(visit: Visit, name: str) -> str | None:
    """In base 64; ``None`` where not all bytes were kept."""
    response, content = visit.first.response, visit.first.content
    if content is not None:
        return base64.b64encode(hashlib.new(name, content).digest()).decode()
    if response is None or name != "sha256" or not visit.first.is_whole:
        return None
    return base64.b64encode(bytes.fromhex(response.sha256)).decode()
