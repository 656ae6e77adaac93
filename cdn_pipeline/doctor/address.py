"""Addresses: URLs as pages, redirects and people write them, made into what can be asked."""

from __future__ import annotations

import re
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

AROUND = "".join(map(chr, range(0x21)))  # URL standard, 4.4
INSIDE = re.compile(r"[\t\n\r]")
LONGEST = 8000  # characters; servers refuse longer ones
KEPT = "!#$%&'()*+,-./:;=?@[]_~"
SCHEMES = ("http", "https")


class NoAddress(ValueError):
    """It leads nowhere that can be asked. Says why."""


def absolute(written: str, base: str = "") -> str:
    """The URL that *written* means in a document at *base*, percent-encoded, without fragment. Raises
    `NoAddress`."""
    text = INSIDE.sub("", written.strip(AROUND)).replace("\\", "/")
    if len(text) > LONGEST:
        raise NoAddress(f"is {len(text):,} characters long")
    try:
        split = urlsplit(urljoin(base, text))
        host, port = (split.hostname or "").encode("idna" if split.hostname else "ascii").decode(), split.port
    except ValueError as error:  # UnicodeError is one
        raise NoAddress("is no URL") from error
    if split.scheme not in SCHEMES:
        raise NoAddress(f"leads to {split.scheme or 'no'}:, which no browser follows")
    if not host or re.search(r"[^a-z0-9.:_-]", host):
        raise NoAddress("names no host")
    if split.username is not None:
        raise NoAddress("has credentials in it")
    netloc = f"[{host}]" if ":" in host else host
    netloc += f":{port}" if port and port != {"http": 80, "https": 443}[split.scheme] else ""
    path = quote(split.path or "/", safe=KEPT, errors="replace")
    return urlunsplit((split.scheme, netloc, path, quote(split.query, safe=KEPT, errors="replace"), ""))


def origin(url: str) -> str:
    """``https://example.com`` of a URL that `absolute` made."""
    split = urlsplit(url)
    return f"{split.scheme}://{split.netloc}"


def site(url: str) -> str:
    """The host's last two labels: nearly what browsers call a site, but for ``co.uk`` and its like."""
    return ".".join((urlsplit(url).hostname or "").split(".")[-2:])


def with_query(url: str, query: str) -> str:
    """*url* with one parameter more."""
    return f"{url}{'&' if '?' in url else '?'}{query}"


def without_query(url: str) -> str:
    """*url* up to its question mark."""
    return url.partition("?")[0]
