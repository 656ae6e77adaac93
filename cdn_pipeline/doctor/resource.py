"""Resources: what is looked at, and what a page, a style sheet or a manifest says of it."""

from __future__ import annotations

import os.path
import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from cdn_pipeline import digest, media_types
from cdn_pipeline.doctor import address
from cdn_pipeline.expectation import Expected

PAGE = "page"
STYLE = "style"
SCRIPT = "script"
MODULE = "module"
FONT = "font"
IMAGE = "image"
MEDIA = "media"  # audio and video
FRAME = "frame"
OTHER = "other"

TEXTS = frozenset({PAGE, STYLE, SCRIPT, MODULE})
ACTIVE = frozenset({STYLE, SCRIPT, MODULE, FONT, FRAME, OTHER})  # refused as mixed content, never upgraded

# As bundlers stamp: 8 or more hexadecimal digits that are no date, number or word, or 8 of base 64 as Vite
# and Rollup write them. What has no digit, or no letter, is taken for a word.
HEXADECIMAL = re.compile(r"(?:^|[.\-_~])(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{8,128}(?=[.\-_~]|$)")
BASE_64 = re.compile(r"[.\-](?=[^.]*[0-9])(?=[^.]*[a-z])(?=[^.]*[A-Z])[0-9A-Za-z_-]{8}$")
VERSION = re.compile(r"(?:^|&)(?:v|ver|version|hash|h|t|ts|rev|_)?=?[0-9a-zA-Z._-]{1,64}$")


class Resource(NamedTuple):
    """One URL to look at."""

    url: str  # absolute
    kind: str
    page: str = ""  # the URL of the page that names it, "" where none is known
    crossorigin: str | None = None  # as the attribute says: "", "anonymous", "use-credentials"
    integrity: str = ""
    is_preload: bool = False
    expected: Expected | None = None  # what a manifest says of it

    @property
    def netloc(self) -> str:
        """The host, with its port if it is an unusual one."""
        return urlsplit(self.url).netloc

    @property
    def is_cross_origin(self) -> bool:
        """Whether its page has another origin; also if no page is known."""
        return not self.page or address.origin(self.page) != address.origin(self.url)

    @property
    def needs_cors(self) -> bool:
        """Whether a browser refuses it to a page of another origin, unless it is allowed by CORS."""
        if self.expected is not None and self.expected.is_shared:
            return True
        return self.kind in (FONT, MODULE) or self.crossorigin is not None

    @property
    def is_fingerprinted(self) -> bool:
        """Whether its name says what is in it."""
        if self.expected is not None:
            return not self.expected.is_fixed
        return is_fingerprinted(self.url)

    @property
    def is_versioned(self) -> bool:
        """Whether its query does, such as ``?v=12``."""
        query = urlsplit(self.url).query
        return bool(query) and VERSION.search(query) is not None


def is_fingerprinted(url: str) -> bool:
    """By its name, or that of its folder (``/_next/static/0123abcd…/x.js``)."""
    *folders, name = unquote(urlsplit(url).path).split("/")
    stem = os.path.splitext(name)[0].removesuffix(".min")
    if digest.stamp_of(name) or HEXADECIMAL.search(stem) or BASE_64.search(stem):
        return True
    return any(re.fullmatch(r"(?=\D*\d)(?=.*[a-f])[0-9a-f]{12,64}", folder) for folder in folders)


def kind_of(url: str) -> str:
    """By the extension of its path; what has none, or that of a page, is a page."""
    extension = media_types.extension(urlsplit(url).path)
    if extension in KINDS:
        return KINDS[extension]
    return PAGE if not extension or extension in media_types.PAGES else OTHER


KINDS = {
    "css": STYLE,
    "js": SCRIPT,
    "cjs": SCRIPT,
    "mjs": MODULE,
    "svg": IMAGE,
    **dict.fromkeys(media_types.FONTS, FONT),
    **dict.fromkeys(media_types.IMAGES, IMAGE),
    **dict.fromkeys(media_types.AUDIO | media_types.VIDEO, MEDIA),
}
