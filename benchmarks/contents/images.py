"""Images that decode, and fonts and films that only look like it, without any compressor.

zlib's output differs between its builds, so PNG holds stored blocks; GIF and JPEG get code tables in which a
code and its value fill one byte, so that plain noise is a valid picture.
"""

from __future__ import annotations

import math
import struct
import zlib

from .dice import noise


def png(seed: str, size: int) -> bytes:
    """A square of 24-bit noise of about *size* bytes."""
    side = max(4, math.isqrt(size // 3))
    pixels = noise(seed, side * side * 3)
    rows = b"".join(b"\0" + pixels[at : at + side * 3] for at in range(0, len(pixels), side * 3))
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", _stored(rows)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in chunks)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _stored(raw: bytes) -> bytes:
    """A zlib stream of blocks that are not compressed (RFC 1951, 3.2.4)."""
    parts = [b"\x78\x01"]
    for at in range(0, len(raw), 0xFFFF):
        block = raw[at : at + 0xFFFF]
        last = at + 0xFFFF >= len(raw)
        parts += [struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF), block]
    return b"".join(parts) + struct.pack(">I", zlib.adler32(raw))


# Seven codes of three bits and five bits of value make one byte; 111 must stay free (T.81, annex C).
_CODES = bytes((0, 0, 7, *[0] * 13))
_DC = _CODES + b"\x05" * 7  # every block begins with a difference of five bits
_AC = _CODES + b"\x65" * 7  # then nine times "six zeros, a value of five bits", which ends the block
_BLOCK = 10
_BELOW_111 = bytes(
    byte if byte < 224 else byte - 224 for byte in range(256)
)  # never 0xFF either: no stuffing


def jpeg(seed: str, size: int) -> bytes:
    """A square baseline picture in three colours of about *size* bytes."""
    side = max(2, math.isqrt(size // (3 * _BLOCK)))
    row = side * 3 * _BLOCK
    body = noise(seed, side * row).translate(_BELOW_111)
    # A restart marker after every row keeps the brightness from wandering off.
    parts = [
        body[at * row : at * row + row] + (bytes((0xFF, 0xD0 + at % 8)) if at < side - 1 else b"")
        for at in range(side)
    ]
    return _jpeg_head(side) + b"".join(parts) + b"\xff\xd9"


def _jpeg_head(side: int) -> bytes:
    pixels = side * 8
    segments = (
        (0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
        (0xDB, b"\0" + bytes((6, *[2] * 63))),
        (0xC0, struct.pack(">BHHB", 8, pixels, pixels, 3) + b"\x01\x11\0\x02\x11\0\x03\x11\0"),
        (0xC4, b"\x00" + _DC + b"\x10" + _AC),
        (0xDD, struct.pack(">H", side)),
        (0xDA, b"\x03\x01\0\x02\0\x03\0\0\x3f\0"),
    )
    return b"\xff\xd8" + b"".join(
        bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body for marker, body in segments
    )


def gif(seed: str, size: int) -> bytes:
    """A square of 128 colours of about *size* bytes."""
    side = max(4, math.isqrt(size))
    pixels = bytes(byte & 0x7F for byte in noise(seed, side * side))
    # Cleared before the table reaches 256 entries, the codes keep to eight bits each.
    codes = b"".join(b"\x80" + pixels[at : at + 120] for at in range(0, len(pixels), 120)) + b"\x81"
    blocks = b"".join(
        bytes((len(codes[at : at + 255]),)) + codes[at : at + 255] for at in range(0, len(codes), 255)
    )
    palette = noise(seed + " palette", 128 * 3)
    screen = b"GIF89a" + struct.pack("<HHBBB", side, side, 0xF6, 0, 0) + palette
    return screen + b"," + struct.pack("<HHHHB", 0, 0, side, side, 0) + b"\x07" + blocks + b"\0;"


def ico(seed: str) -> bytes:
    """One PNG of 32 by 32 pixels in an icon's frame."""
    picture = png(seed, 32 * 32 * 3)
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 32, 32, 0, 0, 1, 24, len(picture), 22) + picture


def woff2(seed: str, size: int) -> bytes:
    """The head of a WOFF2 file, then noise: no font, but as big and as dense as one."""
    body = max(0, size - 48)
    return struct.pack(
        ">4s4sIHHIIHHIIIII", b"wOF2", b"\0\1\0\0", size, 12, 0, body * 2, body, 1, *[0] * 6
    ) + noise(seed, body)


def mp4(seed: str, size: int) -> bytes:
    """The first boxes of an MP4 film, then noise: no film."""
    brand = b"isom\0\0\2\0isomiso2mp41"
    body = noise(seed, max(0, size - len(brand) - 16))
    return (
        struct.pack(">I4s", len(brand) + 8, b"ftyp")
        + brand
        + struct.pack(">I4s", len(body) + 8, b"mdat")
        + body
    )
