"""Findings: what is wrong, where, why that matters, and how it is mended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from cdn_pipeline.doctor.exchange import Exchange
from cdn_pipeline.doctor.provider import CDNS, CLOUDFLARE, CLOUDFRONT, NAMES, NGINX, provider
from cdn_pipeline.errors import ERROR, WARNING

INFO = "info"
SEVERITIES = (ERROR, WARNING, INFO)
SHOWN = 10  # URLs of one finding in JSON


class Check(NamedTuple):
    """Something that can be wrong."""

    name: str  # stable, for whoever reads the JSON
    severity: str
    what: str  # as docs/doctor.md says it
    why: str
    cloudfront: str  # how to mend it there
    cloudflare: str
    nginx: str

    def found(self, message: str, at: Exchange, said: str = "", severity: str = "") -> Finding:
        """By what *at* is an answer. *message* is the same for all files with the same cause; *said* is what
        the server says, word for word."""
        url, who = at.request.url, provider(at.headers)
        return Finding(self, severity or self.severity, message, (url,), said, who)


class Finding(NamedTuple):
    """Something that is wrong in the same way with one URL or more."""

    check: Check
    severity: str
    message: str
    urls: tuple[str, ...]
    said: str = ""  # of the first of them
    provider: str = ""

    @property
    def mend(self) -> dict[str, str]:
        """What to do, by the name of who it is for: one where it is known who serves, else all."""
        ways = {
            CLOUDFRONT: self.check.cloudfront,
            CLOUDFLARE: self.check.cloudflare,
            NGINX: self.check.nginx,
        }
        if self.provider in ways:
            return {NAMES[self.provider]: ways[self.provider]}
        chosen = [name for name in ways if self.provider not in CDNS or name != NGINX]
        return {NAMES[name]: ways[name] for name in chosen}

    @property
    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "check": self.check.name,
            "severity": self.severity,
            "message": self.message,
            "said": self.said,
            "why": self.check.why,
            "mend": self.mend,
            "provider": self.provider,
            "urls": list(self.urls[:SHOWN]),
            "count": len(self.urls),
        }


def grouped(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One for each cause, with all its URLs; the worst first, then what concerns the most."""
    found: dict[tuple[str, ...], Finding] = {}
    urls: dict[tuple[str, ...], dict[str, None]] = {}
    for one in findings:
        key = (one.check.name, one.severity, one.message, one.provider)
        found.setdefault(key, one)
        urls.setdefault(key, {}).update(dict.fromkeys(one.urls))
    whole = [one._replace(urls=tuple(urls[key])) for key, one in found.items()]
    order = sorted(whole, key=lambda one: (one.check.name, one.message, one.urls))
    return tuple(sorted(order, key=lambda one: (SEVERITIES.index(one.severity), -len(one.urls))))
