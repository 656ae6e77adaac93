"""What pages do that browsers refuse: mixed content."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_pipeline.doctor.finding import Check, Finding
from cdn_pipeline.doctor.resource import ACTIVE, PAGE
from cdn_pipeline.doctor.visit import Visit
from cdn_pipeline.errors import ERROR, WARNING

MIXED = Check(
    "mixed_content",
    ERROR,
    "a page that came by https loads something by http (a warning for images, audio and video)",
    "browsers refuse scripts, style sheets, fonts and frames; images they ask for by https, or warn",
    "write https:// in the target's url, and in what the application makes links from (X-Forwarded-Proto)",
    "write https:// in the target's url; turn on Automatic HTTPS Rewrites meanwhile",
    "pass X-Forwarded-Proto to the application; a header Content-Security-Policy: "
    "upgrade-insecure-requests helps "
    "meanwhile",
)

CHECKS = (MIXED,)


def findings(visit: Visit) -> Iterator[Finding]:
    """All of one visit."""
    if not visit.first.request.url.startswith("https:") or _is_upgraded(visit):
        return
    for kind in sorted({each.kind for each in visit.named if each.url.startswith("http:")}):
        urls = [each.url for each in visit.named if each.kind == kind and each.url.startswith("http:")]
        severity = ERROR if kind in ACTIVE else WARNING
        yield MIXED.found(f"it loads by http: {kind}", visit.first, f"{urls[0]} ({len(urls)})", severity)


def _is_upgraded(visit: Visit) -> bool:
    policy = visit.first.header("content-security-policy").lower()
    return visit.resource.kind == PAGE and "upgrade-insecure-requests" in policy
