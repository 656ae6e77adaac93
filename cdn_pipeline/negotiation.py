"""Negotiation: which variant of a file a request wants, whether at all, and which part of it (RFC 9110)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import formatdate, mktime_tz, parsedate_tz
from typing import NamedTuple, Protocol

IDENTITY = "identity"
CODINGS = {"gzip": "gzip", "br": "br", "zst": "zstd"}  # ours: HTTP's
ALIASES = {"x-gzip": "gzip"}  # RFC 9110, 8.4.1.3


class RequestHeaders(Protocol):
    """Anything from which headers can be got by their names in lower case; several lines of one name joined
    by commas."""

    def get(self, name: str, /) -> str | None: ...


class Facts(NamedTuple):
    """What conditions are compared with, of one variant."""

    etag: str  # with its quotes
    modified: int  # seconds since the epoch
    size: int  # bytes

    @property
    def last_modified(self) -> str:
        """As a header."""
        return formatdate(self.modified, usegmt=True)


class Part(NamedTuple):
    """What to send: a status, and for 200 and 206 which bytes."""

    status: int
    start: int = 0
    length: int = 0


def wanted(accept: str | None, sizes: Mapping[str, int]) -> list[str]:
    """The names in *sizes* (ours, and `IDENTITY`) that *accept* allows, best first: by weight, then by size.

    What is served as it is closes the list even if it is refused: without a variant, RFC 9110, 12.5.3, lets
    a server disregard the header, and that is more use than a 406.
    """
    if accept is None:
        return [IDENTITY]
    weights = _weights(accept)
    rest = weights.get("*")

    def weight(name: str) -> float:
        if name == IDENTITY:  # acceptable unless refused, and less than whatever is named
            return weights.get(IDENTITY, 0.0 if rest is None else rest)
        return weights.get(CODINGS[name], rest or 0.0)

    allowed = [name for name in sizes if weight(name) > 0 or name == IDENTITY]
    return sorted(allowed, key=lambda name: (-weight(name), sizes[name], name))


ELEMENT = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:;\s*[qQ]\s*=\s*([01](?:\.[0-9]*)?))?\s*")


def _weights(accept: str) -> dict[str, float]:
    """``{"br": 1.0, "*": 0.0}`` for ``br, *;q=0``. What cannot be read says nothing."""
    found: dict[str, float] = {}
    for element in accept.split(","):
        match = ELEMENT.fullmatch(element.strip())
        if match:
            name = match[1].lower()
            found[ALIASES.get(name, name)] = min(float(match[2] or 1), 1.0)
    return found


def part(method: str, headers: RequestHeaders, facts: Facts) -> Part:
    """Conditions in the order of RFC 9110, 13.2.2, then the range."""
    whole = Part(200, 0, facts.size)
    if not _is_as_expected(headers, facts):
        return Part(412)
    if _is_known(headers, facts):
        return Part(304)
    asked = headers.get("range")
    if asked is None or method != "GET" or not _may_continue(headers.get("if-range"), facts):
        return whole
    return _range(asked, facts.size) or whole


def _is_as_expected(headers: RequestHeaders, facts: Facts) -> bool:
    tags = headers.get("if-match")
    if tags is not None:
        return tags.strip() == "*" or facts.etag in _tags(tags)
    since = _seconds(headers.get("if-unmodified-since"))
    return since is None or facts.modified <= since


def _is_known(headers: RequestHeaders, facts: Facts) -> bool:
    """Whether the client has it. Proxies that compress make our tags weak, so these are compared weakly."""
    tags = headers.get("if-none-match")
    if tags is not None:
        return tags.strip() == "*" or facts.etag in {tag.removeprefix("W/") for tag in _tags(tags)}
    since = _seconds(headers.get("if-modified-since"))
    return since is not None and facts.modified <= since


def _tags(header: str) -> list[str]:
    return re.findall(r'(?:W/)?"[^"]*"', header)


def _may_continue(if_range: str | None, facts: Facts) -> bool:
    if if_range is None:
        return True
    return if_range.strip() in (facts.etag, facts.last_modified)


def _seconds(date: str | None) -> int | None:
    """Seconds since the epoch of an HTTP date; ``None`` for what is none."""
    try:
        parsed = parsedate_tz(date or "")
        return None if parsed is None else int(mktime_tz(parsed))
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


FIRST_LAST = re.compile(r"([0-9]*)\s*-\s*([0-9]*)")
HUGE = 18  # digits: more than any file has bytes, and less than Python refuses to read


def _range(header: str, size: int) -> Part | None:
    """``None``: the whole, for what cannot be read, and for several ranges, which may be answered so."""
    unit, equals, text = header.partition("=")
    ranges = [each.strip() for each in text.split(",") if each.strip()]
    if unit.strip().lower() != "bytes" or not equals or len(ranges) != 1:
        return None
    match = FIRST_LAST.fullmatch(ranges[0])
    if match is None or match[0].strip() == "-":
        return None
    first, last = (None if not digits else int(digits[:HUGE]) for digits in match.groups())
    if first is None:
        length = min(last or 0, size)
        return Part(206, size - length, length) if length else Part(416)
    if last is not None and last < first:
        return None
    if first >= size:
        return Part(416)
    return Part(206, first, min(size - 1 if last is None else last, size - 1) - first + 1)
