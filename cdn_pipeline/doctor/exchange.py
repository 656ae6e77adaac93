"""Exchanges: what was asked and what came back, and what the headers of that mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import mktime_tz, parsedate_tz
from typing import NamedTuple

from cdn_pipeline.edge import Request, Response

NUMBER = re.compile(r"\s*\"?([0-9]{1,15})\"?\s*")
YEAR_S = 31_536_000
# Set by a CDN or a load balancer behind its cache, for itself; they keep nothing from being kept.
OWN_COOKIES = ("__cf_bm", "_cfuvid", "__cflb", "cf_clearance", "__cfruid")


class Exchange(NamedTuple):
    """`response` is ``None`` where `fault` says why."""

    request: Request
    response: Response | None = None
    fault: str = ""
    is_garbled: bool = False  # its body is not encoded as its headers say
    is_cut_off: bool = False  # the connection was closed before all of its body had come

    @property
    def status(self) -> int:
        """0 without a response."""
        return self.response.status if self.response else 0

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in lower case."""
        return self.response.headers if self.response else {}

    def header(self, name: str) -> str:
        """The value, "" where there is none; *name* in lower case."""
        return self.headers.get(name, "").strip()

    def said(self, name: str) -> str:
        """The header as a line, "" where there is none."""
        return f"{name}: {self.header(name)}" if name in self.headers else ""

    @property
    def is_whole(self) -> bool:
        """Whether the body was read to its end."""
        return self.response is not None and self.response.size <= self.request.at_most

    @property
    def content(self) -> bytes | None:
        """All of it, where it was kept."""
        kept = self.response.start if self.response and self.is_whole else b""
        return kept if self.response and len(kept) == self.response.size else None


def words(value: str) -> set[str]:
    """The parts of a list such as Vary, in lower case."""
    return {word.strip().lower() for word in value.split(",") if word.strip()}


def directives(value: str) -> dict[str, str]:
    """Of Cache-Control: ``{"public": "", "max-age": "60"}``; of two of one name the first counts."""
    found: dict[str, str] = {}
    for part in value.split(","):
        name, _, argument = part.partition("=")
        found.setdefault(name.strip().lower(), argument.strip())
    found.pop("", None)
    return found


def seconds(value: str) -> int | None:
    """An age in a header; ``None`` for what is no number."""
    match = NUMBER.fullmatch(value)
    return int(match[1]) if match else None


def lifetime_s(exchange: Exchange) -> int | None:
    """How long a browser may show it without asking (RFC 9111, 4.2.1); ``None`` where nothing says."""
    found = directives(exchange.header("cache-control"))
    if {"no-store", "no-cache"} & found.keys():
        return 0
    if "max-age" in found:
        return seconds(found["max-age"]) or 0
    if "expires" in exchange.headers:
        expires, date = _time(exchange.header("expires")), _time(exchange.header("date"))
        return 0 if expires is None or date is None else max(0, expires - date)
    return None


def is_public(exchange: Exchange) -> bool:
    """Whether shared caches may keep it for any time without asking."""
    for name in ("cloudflare-cdn-cache-control", "cdn-cache-control", "surrogate-control", "cache-control"):
        found = directives(exchange.header(name))
        if found:
            if {"no-store", "no-cache", "private"} & found.keys():
                return False
            age = found.get("s-maxage", found.get("max-age"))
            return bool(seconds(age)) if age is not None else "public" in found
    return bool(lifetime_s(exchange))


def cookies(exchange: Exchange) -> list[str]:
    """The names of those that it sets, but for a CDN's own. Their values may be secrets."""
    # Several are joined by ", ", which the date in `Expires` has too, but no name and "=" after it.
    names = re.findall(r"(?:^|, )([^\s=;,]+)=", exchange.header("set-cookie"))
    return [name for name in dict.fromkeys(names) if not name.startswith(OWN_COOKIES)]


def media_type(exchange: Exchange) -> tuple[str, str]:
    """(type, charset) of Content-Type in lower case, each "" where there is none."""
    value = exchange.header("content-type")
    charset = re.search(r";\s*charset\s*=\s*\"?([^\s;\"]+)", value, re.IGNORECASE)
    return value.partition(";")[0].strip().lower(), charset[1].lower() if charset else ""


def encoding(exchange: Exchange) -> str:
    """The Content-Encoding in lower case, "" for none."""
    found = exchange.header("content-encoding").lower()
    return "" if found == "identity" else found


def _time(date: str) -> int | None:
    try:
        parsed = parsedate_tz(date)
        return None if parsed is None else int(mktime_tz(parsed))
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
