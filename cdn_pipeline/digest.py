"""Fingerprints: names that say what is in a file."""

from __future__ import annotations

import base64
import hashlib
import os.path

LENGTH = 12  # 48 bits: a clash is likely only after some 16 million versions of one path


def sha256(content: bytes) -> str:
    """64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def stamp(path: str, sha256: str) -> str:
    """``css/app.min.css`` with ``0123…`` becomes ``css/app.min.0123456789ab.css``, as Django names it."""
    stem, extension = os.path.splitext(path)
    return f"{stem}.{sha256[:LENGTH]}{extension}"


def integrity(sha256: str) -> str:
    """The value of an ``integrity`` attribute (Subresource Integrity, 3.1) for content with that digest."""
    return "sha256-" + base64.b64encode(bytes.fromhex(sha256)).decode("ascii")
