"""Expectations: what visitors must get for the URLs of a release that CDNs serve, and which are asked."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from cdn_pipeline import media_types
from cdn_pipeline.config import ORIGIN, Target
from cdn_pipeline.document import Document
from cdn_pipeline.fallback import can_be_held

Entry = Mapping[str, Any]

ALLOWED = "access-control-allow-origin"
PAGE = "https://www.example.com"  # of which an answer to everybody knows nothing


class Expected(NamedTuple):
    """What one URL must give."""

    target: str
    path: str  # logical
    url: str  # with a scheme
    size: int  # bytes
    sha256: str
    headers: Mapping[str, str]  # names in lower case; Content-Type and Cache-Control are among them
    is_fixed: bool  # its name bears no fingerprint, so the bytes may be older ones for a while
    is_shared: bool  # browsers fetch it with CORS
    can_wait: bool  # pages get the origin's copy for a while, where the CDN cannot be asked

    @property
    def is_text(self) -> bool:
        """Whether it may come in several encodings."""
        return media_types.is_text(self.path)

    @property
    def host(self) -> str:
        """With the port, if there is one."""
        return urlsplit(self.url).netloc


def of(manifest: Document, targets: Mapping[str, Target]) -> list[Expected]:
    """Of every file whose URL has a host of its own, in order, but for targets that are not to be asked
    (`verify_edge`)."""
    shared = _imported(manifest.files.values())
    found = []
    for path, entry in manifest.files.items():
        target = targets.get(entry["target"])
        url = "https:" + entry["url"] if entry["url"].startswith("//") else entry["url"]
        if target is not None and target.verify_edge and "://" in url:
            found.append(_expected(path, entry, url, path in shared, can_be_held(entry, target)))
    return found


def _imported(entries: Iterable[Entry]) -> set[str]:
    return {path for entry in entries for path in entry.get("imports", ())}


def _expected(path: str, entry: Entry, url: str, is_imported: bool, can_wait: bool) -> Expected:
    headers = {"content-type": media_types.content_type(entry["type"])}
    headers |= {name.lower(): value for name, value in entry["headers"].items()}
    is_font = media_types.extension(path) in media_types.FONTS
    return Expected(
        target=entry["target"],
        path=path,
        url=url,
        size=entry["size"],
        sha256=entry["sha256"],
        headers=headers,
        is_fixed=entry["path"].partition("/")[2] == path,
        is_shared=is_imported or is_font or "module" in entry or ALLOWED in headers,
        can_wait=can_wait,
    )


def sample(
    expected: Iterable[Expected],
    part: float,
    before: Mapping[str, Entry],
    always: Collection[tuple[str, str]] = (),
) -> list[Expected]:
    """Those of *expected* whose URL is not that of the files *before*, all (target, path) of *always*, and
    about that *part* of the rest, where all fonts are in any part but none. The same ones for the same
    release; others for another."""
    chosen = list(expected)
    salt = hashlib.sha256("\n".join(each.sha256 for each in chosen).encode()).digest()
    return [
        each
        for each in chosen
        if (each.target, each.path) in always
        or _url(before.get(each.path, {})) != each.url
        or (part > 0 and media_types.extension(each.path) in media_types.FONTS)
        or _place(each, salt) < part
    ]


def _url(entry: Entry) -> str:
    url = str(entry.get("url", ""))
    return f"https:{url}" if url.startswith("//") else url


def _place(each: Expected, salt: bytes) -> float:
    """From 0 to 1, evenly."""
    digest = hashlib.sha256(salt + each.url.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8]) / 2**64


def page_origin(targets: Mapping[str, Target]) -> str:
    """The origin that the site's pages have when they ask a CDN with CORS, where the config tells it."""
    url = urlsplit(targets[ORIGIN].url) if ORIGIN in targets else None
    return f"{url.scheme or 'https'}://{url.netloc}" if url is not None and url.netloc else PAGE
