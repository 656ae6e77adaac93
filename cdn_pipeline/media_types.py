"""Media types: what a file is, by its extension.

Our own table, because the system's (`mimetypes`) differs from machine to machine. Sources: the IANA registry,
RFC 9239 (text/javascript), RFC 8081 (fonts), the Web App Manifest recommendation.
"""

from __future__ import annotations

import functools
import re

UNKNOWN = "application/octet-stream"

TYPES = {
    # text, sensitive to compression
    "css": "text/css",
    "js": "text/javascript",
    "mjs": "text/javascript",
    "cjs": "text/javascript",
    "json": "application/json",
    "map": "application/json",
    "geojson": "application/geo+json",
    "topojson": "application/json",
    "jsonld": "application/ld+json",
    "webmanifest": "application/manifest+json",
    "html": "text/html",
    "htm": "text/html",
    "xhtml": "application/xhtml+xml",
    "xml": "application/xml",
    "xsl": "application/xml",
    "xslt": "application/xslt+xml",
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "svg": "image/svg+xml",
    "txt": "text/plain",
    "text": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "vtt": "text/vtt",
    "srt": "application/x-subrip",
    "ics": "text/calendar",
    "vcf": "text/vcard",
    "yaml": "application/yaml",
    "yml": "application/yaml",
    "toml": "application/toml",
    "scss": "text/x-scss",
    "sass": "text/x-sass",
    "less": "text/x-less",
    "ts": "text/x-typescript",
    "tsx": "text/x-typescript",
    "jsx": "text/jsx",
    "htc": "text/x-component",
    "glsl": "text/plain",
    "gltf": "model/gltf+json",
    "obj": "model/obj",
    # images
    "png": "image/png",
    "apng": "image/apng",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "jfif": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "jxl": "image/jxl",
    "heic": "image/heic",
    "ico": "image/x-icon",
    "cur": "image/x-icon",
    "bmp": "image/bmp",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    # fonts
    "woff2": "font/woff2",
    "woff": "font/woff",
    "ttf": "font/ttf",
    "otf": "font/otf",
    "ttc": "font/collection",
    "eot": "application/vnd.ms-fontobject",
    # audio and video
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "aac": "audio/aac",
    "ogg": "audio/ogg",
    "oga": "audio/ogg",
    "opus": "audio/ogg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "weba": "audio/webm",
    "mid": "audio/midi",
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "webm": "video/webm",
    "ogv": "video/ogg",
    "mov": "video/quicktime",
    "avi": "video/x-msvideo",
    "mkv": "video/matroska",
    # documents and programs
    "pdf": "application/pdf",
    "wasm": "application/wasm",
    "glb": "model/gltf-binary",
    "zip": "application/zip",
    "gz": "application/gzip",
    "br": "application/octet-stream",
    "zst": "application/zstd",
    "tar": "application/x-tar",
    "7z": "application/x-7z-compressed",
    "epub": "application/epub+zip",
    "swf": "application/x-shockwave-flash",
}

FONTS = frozenset({"woff2", "woff", "ttf", "otf", "ttc", "eot"})
IMAGES = frozenset({"png", "apng", "jpg", "jpeg", "jfif", "gif", "webp", "avif", "jxl", "heic"})
IMAGES |= {"ico", "cur", "bmp", "tif", "tiff"}
AUDIO = frozenset({"mp3", "m4a", "aac", "ogg", "oga", "opus", "wav", "flac", "weba", "mid"})
VIDEO = frozenset({"mp4", "m4v", "webm", "ogv", "mov", "avi", "mkv"})
ARCHIVES = frozenset({"zip", "gz", "br", "zst", "tar", "7z", "epub", "swf"})
BINARY = FONTS | IMAGES | AUDIO | VIDEO | ARCHIVES | {"pdf", "wasm", "glb"}

# Binary formats that are not compressed in themselves; worth a gzip neighbour where they stay on the origin.
COMPRESSIBLE = frozenset({"ttf", "otf", "ttc", "eot", "bmp", "wasm", "glb", "ico", "cur"})

LANGUAGES = {
    "css": "css",
    "js": "javascript",
    "mjs": "javascript",
    "cjs": "javascript",
    "svg": "svg",
    "webmanifest": "webmanifest",
    "html": "html",
    "htm": "html",
    "xhtml": "svg",  # by the rules of XML: in HTML, <script/> would swallow the rest of the page
}


# Pages are not assets: what they refer to is looked at only where the config asks for it.
PAGES = frozenset({"html", "htm", "xhtml"})


@functools.lru_cache(4096)
def extension(path: str) -> str:
    """``img/Logo.PNG`` is a ``png``."""
    name = path[path.rfind("/") + 1 :]
    dot = name.rfind(".")
    return name[dot + 1 :].lower() if dot > 0 else ""


def media_type(path: str) -> str:
    """The type without parameters; `UNKNOWN` where the table has none."""
    return TYPES.get(extension(path), UNKNOWN)


TEXT = re.compile(r"text/|(?:application|image)/(?:.*\+)?(?:json|xml)$")


def content_type(type_: str) -> str:
    """*type_* as a header: text is UTF-8."""
    return f"{type_}; charset=utf-8" if TEXT.match(type_) else type_


def is_text(path: str) -> bool:
    """Whether the file is text of a known kind, which compresses well."""
    ending = extension(path)
    return ending in TYPES and ending not in BINARY


def language(path: str) -> str | None:
    """Which reader of references understands the file."""
    return LANGUAGES.get(extension(path))
