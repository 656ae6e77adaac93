"""Verdicts: what is wrong with a response, compared with what visitors must get."""

from __future__ import annotations

import http
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from cdn_pipeline.cdns import status_of
from cdn_pipeline.cdns.cache_status import BYPASS
from cdn_pipeline.edge import IDENTITY, Request, Response
from cdn_pipeline.errors import ERROR, WARNING, Problem
from cdn_pipeline.expectation import ALLOWED, Expected
from cdn_pipeline.quantity import count

SHOWN = 10  # URLs of one finding that are listed

# What is checked; stable, for whoever reads the JSON.
REACHED, STATUS, BYTES, TYPE, CACHE = "reached", "status", "bytes", "type", "cache"
CORS, ENCODING, HEADERS, COOKIES, KEPT, PROTOCOL = (
    "cors",
    "encoding",
    "headers",
    "cookies",
    "kept",
    "protocol",
)


class Finding(NamedTuple):
    """Something that is wrong in the same way with one URL or more of a target."""

    severity: str  # ERROR or WARNING
    target: str
    check: str
    message: str
    hint: str
    urls: tuple[str, ...] = ()
    told: str = ""  # what the first of them says, word for word

    @property
    def problem(self) -> Problem:
        """As other problems are told."""
        more = f" (and {len(self.urls) - 1:,} more)" if len(self.urls) > 1 else ""
        told = f": {self.told}" if self.told else ""
        place = self.urls[0] if self.urls else f"targets.{self.target}"
        return Problem(self.severity, place, f"{self.message}{told}{more}", self.hint)

    @property
    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        urls = {"urls": list(self.urls[:SHOWN]), "count": len(self.urls)}
        return {**self._asdict(), **urls}


def grouped(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One for all URLs with the same fault, errors first."""
    found: dict[tuple[str, ...], Finding] = {}
    for one in findings:
        key = (one.severity, one.target, one.check, one.message, one.hint)
        known = found.get(key)
        found[key] = one if known is None else known._replace(urls=known.urls + one.urls)
    return tuple(
        sorted(found.values(), key=lambda one: (one.severity != ERROR, one.target, one.check, one.urls))
    )


def judge(expected: Expected, request: Request, response: Response) -> Iterator[Finding]:
    """All that is wrong with *response*; nothing but its status, if that is not 200."""
    verdict = _Verdict(expected, request, response)
    if response.status != http.HTTPStatus.OK:
        yield verdict.status()
        return
    for check in (verdict.bytes, verdict.type, verdict.cache, verdict.cors, verdict.encoding, verdict.others):
        yield from check()


def judge_again(expected: Expected, response: Response) -> Iterator[Finding]:
    """What is wrong with the way the second of two equal requests was answered."""
    status = status_of(response.headers)
    if status.kind == BYPASS and not expected.is_fixed:
        hint = "see that its cache rules take these files in"
        yield Finding(
            WARNING, expected.target, KEPT, "the CDN does not keep it", hint, (expected.url,), status.said
        )


class _Verdict:
    def __init__(self, expected: Expected, request: Request, response: Response) -> None:
        self.expected, self.request, self.response = expected, request, response

    def finding(self, severity: str, check: str, message: str, hint: str, told: str = "") -> Finding:
        return Finding(severity, self.expected.target, check, message, hint, (self.expected.url,), told)

    def header(self, name: str) -> str:
        return self.response.headers.get(name, "")

    def status(self) -> Finding:
        status = self.response.status
        try:
            name = f"{status} {http.HTTPStatus(status).phrase}"
        except ValueError:
            name = str(status)
        if self.header("location"):
            message, told = f"it is redirected ({name})", self.header("location")
            return self.finding(
                ERROR, STATUS, message, "give the URL that answers itself in the config", told
            )
        code = re.search(rb"<Code>(\w+)</Code>", self.response.start)
        message = f"it answers {name}" + (f" ({code[1].decode()})" if code else "")
        return self.finding(
            ERROR, STATUS, message, HINTS.get(status // 100 * 100 if status >= 500 else status, "")
        )

    def bytes(self) -> Iterator[Finding]:
        expected, response = self.expected, self.response
        if (response.sha256, response.size) == (expected.sha256, expected.size):
            return
        if expected.is_fixed:
            message, hint = (
                "it is not of this release",
                "it is invalidated after a deploy; wait, and verify again",
            )
            yield self.finding(WARNING, BYTES, message, hint)
            return
        is_page = response.start.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html"))
        message = "it is an HTML page" if is_page else "it has other bytes than the release"
        hint = "switch off whatever changes files on the way (minifying, image optimisation, a bot check)"
        told = f"more than {count(expected.size, 'byte')}"
        if response.size <= expected.size:
            told = f"{response.size:,} of {count(expected.size, 'byte')}, sha256 {response.sha256[:12]}…"
        yield self.finding(ERROR, BYTES, message, hint, told)

    def type(self) -> Iterator[Finding]:
        wanted, given = _type(self.expected.headers["content-type"]), _type(self.header("content-type"))
        if ALIKE.get(given[0], given[0]) != ALIKE.get(wanted[0], wanted[0]):
            message = f"it is served as {given[0] or 'of no type'}, not {wanted[0]}"
            yield self.finding(ERROR, TYPE, message, "have the CDN pass on Content-Type")
        elif given[1] != wanted[1] and wanted[1]:
            message = f"its charset is {given[1] or 'not told'}, not {wanted[1]}"
            yield self.finding(WARNING, TYPE, message, "have the CDN pass on Content-Type")

    def cache(self) -> Iterator[Finding]:
        wanted, given = _directives(self.expected.headers), _directives(self.response.headers)
        if given == wanted:
            return
        told = f"Cache-Control: {self.header('cache-control')}" if given else ""
        is_worse = self.expected.is_fixed and _age(given) > _age(wanted)
        message = (
            "browsers may keep it for longer than they must"
            if is_worse
            else "its Cache-Control is another one"
        )
        if not given:
            message = "it has no Cache-Control"
        hint = f"have the CDN send {self.expected.headers.get('cache-control', '')!r}, as the store has it"
        yield self.finding(ERROR if is_worse else WARNING, CACHE, message, hint, told)

    def cors(self) -> Iterator[Finding]:
        if not self.expected.is_shared:
            return
        allowed = self.header(ALLOWED)
        hint = "add a response headers policy, or rule, with Access-Control-Allow-Origin: *"
        if not allowed:
            message = "browsers will refuse it, since it has no Access-Control-Allow-Origin"
            yield self.finding(ERROR, CORS, message, hint)
        elif allowed not in ("*", self.request.origin):
            message = f"it is allowed for {allowed} alone, and was asked for by {self.request.origin}"
            yield self.finding(ERROR if "," in allowed else WARNING, CORS, message, hint)
        elif allowed != "*" and "origin" not in _words(self.header("vary")):
            message = (
                "it allows the page that asks and does not vary by Origin, so another page gets this one's"
            )
            yield self.finding(WARNING, CORS, message, hint)

    def encoding(self) -> Iterator[Finding]:
        encoding = self.header("content-encoding").strip().lower()
        if encoding in ("", IDENTITY):
            return
        if self.request.encoding == IDENTITY:
            message = f"it comes in {encoding} to those who do not understand it"
            hint = "have the CDN vary by Accept-Encoding"
            yield self.finding(ERROR, ENCODING, message, hint)
        elif "accept-encoding" not in _words(self.header("vary")):
            message = f"it comes in {encoding} without Vary: Accept-Encoding"
            yield self.finding(WARNING, ENCODING, message, "have the CDN send Vary: Accept-Encoding")

    def others(self) -> Iterator[Finding]:
        policy = self.header("cross-origin-resource-policy")
        if policy == "same-origin":
            message = "pages of another host may not use it, by its Cross-Origin-Resource-Policy"
            yield self.finding(ERROR, CORS, message, "have the CDN send cross-origin there, or nothing")
        if self.header("set-cookie"):
            message = "it sets a cookie, which keeps caches from keeping it"
            yield self.finding(WARNING, COOKIES, message, "see who adds it; files need none")
        for name in sorted(set(self.expected.headers) - ELSEWHERE):
            if self.header(name) != self.expected.headers[name]:
                title = name.title()
                message = f"its {title} is {self.header(name)!r}, not {self.expected.headers[name]!r}"
                hint = f"S3 keeps no such header: add {title} to the CDN's response headers"
                yield self.finding(WARNING, HEADERS, message, hint)


HINTS = {
    403: "let the CDN read the bucket: its policy, and the path in front of the key",
    404: "see that the CDN leads to the store and its prefix; since a 404 is kept for a while, verify again",
    429: "the CDN is asked too fast; set publish.concurrency lower",
    500: "see the CDN's own status, and verify again",
}
ALIKE = {
    "application/javascript": "text/javascript",
    "application/x-javascript": "text/javascript",
    "image/vnd.microsoft.icon": "image/x-icon",
    "application/font-woff2": "font/woff2",
    "application/font-woff": "font/woff",
}
# What is looked at by itself, and what CDNs take out for themselves.
ELSEWHERE = {"content-type", "cache-control", "cross-origin-resource-policy", "vary", ALLOWED, "cache-tag"}


def _type(value: str) -> tuple[str, str]:
    """(type, charset) in lower case."""
    charset = re.search(r";\s*charset\s*=\s*\"?([^\s;\"]+)", value, re.IGNORECASE)
    return value.partition(";")[0].strip().lower(), charset[1].lower() if charset else ""


def _directives(headers: Mapping[str, str]) -> frozenset[str]:
    return frozenset(_words(headers.get("cache-control", "")))


def _words(value: str) -> set[str]:
    return {word.strip().lower() for word in value.split(",") if word.strip()}


def _age(directives: Iterable[str]) -> int:
    """How many seconds a browser may keep it without asking."""
    found = set(directives)
    if {"no-cache", "no-store"} & found:
        return 0
    return max((int(each[8:]) for each in found if re.fullmatch(r"max-age=\d+", each)), default=0)
