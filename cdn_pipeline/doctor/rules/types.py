"""Whether files bear the type that they are, and their charset."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from cdn_pipeline import media_types
from cdn_pipeline.doctor.exchange import Exchange, media_type
from cdn_pipeline.doctor.finding import INFO, Check, Finding
from cdn_pipeline.doctor.resource import FONT, IMAGE, MEDIA, MODULE, PAGE, SCRIPT, STYLE
from cdn_pipeline.doctor.visit import Visit
from cdn_pipeline.errors import ERROR, WARNING

TYPE = Check(
    "type",
    ERROR,
    "a file is served as another type than it is (a warning where browsers look past it)",
    "browsers refuse a style sheet, a module, or with nosniff a script, of another type",
    "set ContentType on the S3 object (cdn-pipeline deploy does), then invalidate",
    "set it at the origin, then purge",
    "include mime.types, and set the type of .mjs, .webmanifest, .wasm and .avif, which old ones lack",
)
PAGE_INSTEAD = Check(
    "page_instead",
    ERROR,
    "an HTML page comes in place of a file, with status 200",
    "the file is missing, and nobody is told: browsers fail, and caches keep the page under the file's name",
    "answer missing files with 404: no custom error response of 200 with index.html for the whole "
    "distribution",
    "answer missing files with 404: single-page applications need the fallback for their own paths alone",
    "use try_files $uri =404; for files, and the fallback to index.html for pages alone",
)
CHARSET = Check(
    "charset",
    WARNING,
    "text that is not plain ASCII comes without its charset, or with a wrong one",
    "a page in another encoding, or none, shows the wrong characters",
    "set ContentType to text/css; charset=utf-8 and so on, on the object",
    "set it at the origin; Cloudflare adds none",
    "charset utf-8; and charset_types for css, javascript and json",
)
NOSNIFF = Check(
    "nosniff",
    INFO,
    "scripts and style sheets come without X-Content-Type-Options: nosniff",
    "an upload or error page that was stored under a script's name could be run as one",
    "add it in a response headers policy (the managed SecurityHeadersPolicy has it)",
    "add it with a response header transform rule",
    "include build/includes/headers/nginx.conf, or add_header X-Content-Type-Options nosniff",
)

CHECKS = (TYPE, PAGE_INSTEAD, CHARSET, NOSNIFF)

BY_KIND = {
    STYLE: re.compile(r"text/css"),
    # MIME Sniffing standard, 4.6
    SCRIPT: re.compile(
        r"(?:text|application)/(?:x-)?(?:ecma|java)script|text/(?:javascript1\.[0-5]|jscript|livescript)"
    ),
    IMAGE: re.compile(r"image/.+"),
    FONT: re.compile(r"font/.+|application/(?:x-)?font.*|application/vnd\.ms-(?:fontobject|opentype)"),
    MEDIA: re.compile(r"(?:audio|video)/.+|application/(?:ogg|vnd\.apple\.mpegurl|dash\+xml|x-mpegurl)"),
}
BY_KIND[MODULE] = re.compile(rf"{BY_KIND[SCRIPT].pattern}|text/css|application/(?:json|wasm)|.*\+json")
NAMES = {
    STYLE: "text/css",
    SCRIPT: "text/javascript",
    MODULE: "text/javascript",
    IMAGE: "an image",
    FONT: "a font",
    MEDIA: "audio or video",
}
STRICT = frozenset({STYLE, MODULE})
BY_EXTENSION = {
    "wasm": "application/wasm",  # or WebAssembly.instantiateStreaming fails
    "webmanifest": "application/manifest+json",
    "svg": "image/svg+xml",  # which is never guessed
}
ALSO = {"webmanifest": {"application/json", "text/json"}}
META = re.compile(rb"<meta[^>]+charset|@charset|\A\xef\xbb\xbf|\A<\?xml", re.IGNORECASE)
HTML = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)


def findings(visit: Visit) -> Iterator[Finding]:
    """All of one visit."""
    if visit.first.status != 200 or visit.first.response is None:
        return
    at, kind = visit.first, visit.resource.kind
    if is_page_instead(visit):
        yield PAGE_INSTEAD.found("it is an HTML page", at, at.said("content-type"))
        return
    yield from _type(at, kind)
    yield from _charset(at, kind)
    if kind in (STYLE, SCRIPT, MODULE) and "nosniff" not in at.header("x-content-type-options").lower():
        yield NOSNIFF.found("it comes without nosniff", at)


def is_page_instead(visit: Visit) -> bool:
    """Whether nothing else that could be said of the answer matters."""
    start = visit.first.response.start if visit.first.response else b""
    return (
        visit.first.status == 200 and visit.resource.kind in BY_KIND and HTML.search(start[:400]) is not None
    )


def _type(at: Exchange, kind: str) -> Iterator[Finding]:
    given, extension = media_type(at)[0], media_types.extension(urlsplit(at.request.url).path)
    is_strict = kind in STRICT or (kind == SCRIPT and _is_refused(at, given)) or extension in BY_EXTENSION
    if extension in BY_EXTENSION:
        is_right = given == BY_EXTENSION[extension] or given in ALSO.get(extension, ())
        wanted = BY_EXTENSION[extension]
    elif kind in BY_KIND:
        is_right, wanted = BY_KIND[kind].fullmatch(given) is not None, NAMES[kind]
    else:
        return
    if not is_right:
        message = f"it is served as {given or 'no type at all'}, not {wanted}"
        yield TYPE.found(message, at, at.said("content-type"), ERROR if is_strict else WARNING)


def _is_refused(at: Exchange, given: str) -> bool:
    """Whether a browser runs no classic script of this type (Fetch standard, 2.5 and 3.6)."""
    is_sniffed = "nosniff" not in at.header("x-content-type-options").lower()
    return not is_sniffed or given.startswith(("image/", "audio/", "video/")) or given == "text/csv"


def _charset(at: Exchange, kind: str) -> Iterator[Finding]:
    charset, start = media_type(at)[1], at.response.start if at.response else b""
    if kind not in (PAGE, STYLE, SCRIPT) or start.isascii() or META.search(start[:1024]):
        return
    if b"\0" in start:  # it is no text
        return
    if not charset:
        message = "it is not plain ASCII, and has no charset"
        yield CHARSET.found(message, at, at.said("content-type"), "" if kind == PAGE else INFO)
    elif charset not in ("utf-8", "utf8") and _is_utf_8(start, is_whole=at.content is not None):
        yield CHARSET.found(f"its charset is {charset}, and it is UTF-8", at, at.said("content-type"))


def _is_utf_8(start: bytes, *, is_whole: bool) -> bool:
    """But for a character that is cut in two at the end of what is not *is_whole*."""
    try:
        start.decode()
    except UnicodeDecodeError as error:
        return not is_whole and error.start >= len(start) - 3
    return True
