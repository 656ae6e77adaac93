"""A manifest of a few files, as a build writes it."""

from __future__ import annotations

from typing import Any

from cdn_pipeline import manifest_text

TARGETS = {
    "cdn": {"url": "https://x.example/", "kind": "push", "directory": "cdn"},
    "origin": {"url": "/static/", "kind": "origin", "directory": "origin"},
}


def entry(path: str, stamp: str = ".0123456789ab", target: str = "origin", **more: Any) -> dict[str, Any]:
    stem, dot, extension = path.rpartition(".")
    name = f"{stem}{stamp}{dot}{extension}"
    kinds = {"css": "text/css", "js": "text/javascript", "woff2": "font/woff2"}
    return {
        "url": TARGETS[target]["url"] + name,
        "path": f"{target}/{name}",
        "target": target,
        "type": kinds.get(extension, "application/octet-stream"),
        "integrity": f"sha256-{path}",
        **more,
    }


FILES = {
    "a.css": entry("a.css", fonts=["f.woff2"]),
    "a.js": entry("a.js"),
    "b.js": entry("b.js"),
    "f.woff2": entry("f.woff2", target="cdn", fallback="/static/f.0123456789ab.woff2"),
    "i.png": entry("i.png", target="cdn", fallback="/static/i.0123456789ab.png"),
    "m.js": entry("m.js", module=True, imports=["n.js"]),
    "n.js": entry("n.js", target="cdn", module=True, fallback="/static/n.0123456789ab.js"),
    "robots.txt": entry("robots.txt", stamp=""),
}
BUNDLES = {
    "both": {
        "url": "/x",
        "parts": ["a.js", "b.js"],
        "sources": ["1.js", "2.js"],
        "extra": {"media": "print"},
    },
    "a.js": {"url": "/x", "parts": ["b.js"], "sources": [], "extra": {}},
}


def text(files: dict[str, Any], bundles: dict[str, Any] = BUNDLES, release: str = "r1") -> bytes:
    """As a build writes it."""
    body = manifest_text._text({"files": dict(sorted(files.items())), "bundles": bundles, "targets": TARGETS})
    body[:2] = f'{{\n "version": 1,\n "release": "{release}",\n'.encode()
    return bytes(body)
