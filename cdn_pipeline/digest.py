"""Fingerprints: names that say what is in a file."""

from __future__ import annotations

import binascii
import hashlib
import os.path
import re

LENGTH = 12  # 48 bits: a clash is likely only after some 16 million versions of one path


def sha256(content: bytes) -> str:
    """64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def stamp(path: str, sha256: str) -> str:
    """``css/app.min.css`` with ``0123…`` becomes ``css/app.min.0123456789ab.css``, as Django names it."""
    stem, extension = os.path.splitext(path)
    return f"{stem}.{sha256[:LENGTH]}{extension}"


STAMPED = re.compile(rf"\.([0-9a-f]{{{LENGTH}}})((?:\.[^./]*)?)$")


def stamp_of(path: str) -> str:
    """The fingerprint that *path* bears, as `stamp` writes it; "" where it has none."""
    match = STAMPED.search(path)
    return match[1] if match else ""


def unstamped(path: str) -> str:
    """*path* without the fingerprint that `stamp` may have given it."""
    return STAMPED.sub(r"\2", path)


def integrity(sha256: str) -> str:
    """The value of an ``integrity`` attribute (Subresource Integrity, 3.1) for content with that digest."""
    return "sha256-" + binascii.b2a_base64(bytes.fromhex(sha256), newline=False).decode("ascii")
