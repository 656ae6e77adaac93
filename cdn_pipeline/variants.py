"""Variants: a file of a build in all its encodings, found by the name that it is served under."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from typing import Any, BinaryIO, NamedTuple

from cdn_pipeline import ORIGIN, caching, digest, media_types
from cdn_pipeline.compress import SUFFIXES
from cdn_pipeline.manifest import Manifest, UnknownAsset
from cdn_pipeline.negotiation import IDENTITY

DIGITS = 24  # of a sha256 in an ETag

Entry = Mapping[str, Any]


class Variants(NamedTuple):
    """A served file."""

    file: str  # as it is, without encoding
    headers: Mapping[str, str]
    sizes: Mapping[str, int]  # bytes, by encoding and `IDENTITY`
    digits: str  # what tells its content from that of any other file of this name; "" where unknown

    def open(self, name: str) -> BinaryIO | None:
        """The variant *name*; ``None`` for what is no plain file or cannot be read."""
        try:
            opened = open(self.file + SUFFIXES.get(name, ""), "rb", opener=_open)  # noqa: SIM115
        except (OSError, ValueError):
            return None
        if stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            return opened
        opened.close()
        return None


def _open(file: str, flags: int) -> int:
    """Links have been followed before, and a pipe would wait for its other end."""
    return os.open(file, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def find(manifest: Manifest, target: str, path: str) -> Variants | None:
    """What *target* serves as *path*: a file of the release, or one of an older release that is still
    there."""
    directory = directory_of(manifest, target)
    file = below(os.path.join(manifest.directory, directory), path)
    size = None if file is None else _size(file)
    if file is None or size is None:
        return None
    for logical in dict.fromkeys((digest.unstamped(path), path)):
        entry = _entry(manifest, logical)
        if entry and entry["path"].partition("/")[2] == path and _lies_in(directory, entry):
            return _current(file, path, logical, entry)
    return _old(file, path, size)


def directory_of(manifest: Manifest, target: str) -> str:
    """Where the files of *target* lie, below the build directory."""
    return str(manifest.targets.get(target, {}).get("directory", target))


def _entry(manifest: Manifest, logical: str) -> Entry | None:
    try:
        # Asked first, since the error would take long to look for a similar name.
        return manifest.entry(logical) if logical in manifest else None
    except UnknownAsset:  # a bundle, or gone this moment
        return None


def _lies_in(directory: str, entry: Entry) -> bool:
    """Whether the file, or the copy that is kept of it on the origin, does."""
    return entry["path"].startswith(f"{directory}/") or (directory == ORIGIN and "fallback" in entry)


def _current(file: str, path: str, logical: str, entry: Entry) -> Variants:
    headers = {"Content-Type": media_types.content_type(entry["type"])}
    if _is_shared(entry):
        headers["Access-Control-Allow-Origin"] = "*"
    headers |= {name.title(): value for name, value in entry["headers"].items()}
    digits = digest.stamp_of(path) if path != logical else entry["sha256"][:DIGITS]
    return Variants(file, headers, {IDENTITY: entry["size"], **entry.get("encodings", {})}, digits)


def _is_shared(entry: Entry) -> bool:
    """Fonts and modules are always fetched with CORS, and what a CDN serves may be; see `header_rules`."""
    is_local = entry["url"].startswith("/") and not entry["url"].startswith("//")
    return not is_local or "module" in entry or "imports" in entry or entry["type"].startswith("font/")


def _old(file: str, path: str, size: int) -> Variants | None:
    """By its name alone. What the config said of it is forgotten: a fixed name that looks like a fingerprint
    is taken for one, and every text for UTF-8."""
    stem, dot, suffix = file.rpartition(".")
    if f"{dot}{suffix}" in SUFFIXES.values() and _size(stem) is not None:
        return None  # an encoded neighbour, of which only its content is ever an answer
    neighbours = {name: _size(file + suffix) for name, suffix in SUFFIXES.items()}
    digits = digest.stamp_of(path)
    headers = {
        "Content-Type": media_types.content_type(media_types.media_type(path)),
        "Cache-Control": caching.IMMUTABLE if digits else caching.REVALIDATE,
    }
    if media_types.extension(path) in media_types.FONTS:
        headers["Access-Control-Allow-Origin"] = "*"
    there = {name: bytes_ for name, bytes_ in neighbours.items() if bytes_ is not None}
    return Variants(file, headers, {IDENTITY: size, **there}, digits)


def below(directory: str, path: str) -> str | None:
    """The file that *path* names, if it lies in *directory* when all links are followed."""
    if "\\" in path or any(segment in ("", ".", "..") for segment in path.split("/")):
        return None
    try:
        top = os.path.realpath(directory)
        file = os.path.realpath(os.path.join(top, path))
    except (OSError, ValueError):  # ValueError: NUL, or what no file name can be encoded from
        return None
    return file if file.startswith(os.path.join(top, "")) else None


def _size(file: str) -> int | None:
    """``None`` where there is none."""
    try:
        return os.stat(file).st_size
    except (OSError, ValueError):
        return None
