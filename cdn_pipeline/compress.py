"""Precompression: gzip, brotli and zstd, each at its best level, reproducible to the byte.

gzip is libdeflate's: smaller than zlib's best at twice the speed, and the same on every machine, where
Python's own depends on the zlib that it was built with.
"""

from __future__ import annotations

import functools

SUFFIXES = {"gzip": ".gz", "br": ".br", "zst": ".zst"}
WORTH = 0.95  # a neighbour must be 5 % smaller, or it is not worth a server's look-up
GZIP_LEVEL = 8  # level 9 takes a quarter longer for 0.1 %, level 10 four times as long for 3 %
BROTLI_QUALITY = 11
ZSTD_LEVEL = 19  # the highest whose window browsers must accept (RFC 9659)
SMALLEST = 150  # bytes; below that everything fits one packet anyway


@functools.cache
def version(encoding: str) -> str:
    """Which library makes *encoding*, how, and the version of the notes on it; part of a cache key, since
    another version gives other bytes."""
    if encoding == "gzip":
        import deflate

        return f"2 deflate {deflate.__version__} {GZIP_LEVEL}"
    if encoding == "br":
        import brotli

        return f"2 brotli {brotli.__version__} {BROTLI_QUALITY}"
    import zstandard

    return f"2 zstandard {zstandard.__version__} {ZSTD_LEVEL}"


def makers(encodings: tuple[str, ...]) -> str:
    """The `version` of each of *encodings*, set off by tabs."""
    return "\t".join(map(version, encodings))


def compressed(content: bytes, encoding: str) -> bytes:
    """*content* in *encoding* (``gzip``, ``br`` or ``zst``); empty where that is not worth while."""
    if len(content) < SMALLEST:
        return b""
    result = _compress(content, encoding)
    return result if len(result) <= len(content) * WORTH else b""


def _compress(content: bytes, encoding: str) -> bytes:
    if encoding == "gzip":
        import deflate

        return bytes(deflate.gzip_compress(content, GZIP_LEVEL))
    if encoding == "br":
        import brotli

        return bytes(brotli.compress(content, quality=BROTLI_QUALITY))
    import zstandard

    return zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(content)
