"""Decoding: the content of a response body, piece by piece, with its Content-Encoding undone."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

NAMES = ("gzip", "deflate", "br", "zstd")  # that can be undone, as Accept-Encoding has them


class Undecodable(Exception):
    """The body is not what its headers say. Says why."""


class _Decoder(NamedTuple):
    piece: Callable[[bytes], bytes]
    is_finished: Callable[[], bool]


def decoded(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The content of a body that comes in *pieces*; *encoding* is its Content-Encoding, "" where it has none.
    Raises `Undecodable`, also where an encoded body ends too early."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        yield from pieces
        return
    decoder, is_empty = _decoder(name), True
    for piece in pieces:
        is_empty = False
        try:
            yield decoder.piece(piece)
        except Exception as error:  # each library has one of its own
            raise Undecodable(f"its body is no {name}: {error}") from error
    if not is_empty and not decoder.is_finished():
        raise Undecodable(f"its {name} body is cut off")


def _decoder(name: str) -> _Decoder:
    if name in ("gzip", "x-gzip"):
        gzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
        return _Decoder(gzip.decompress, lambda: gzip.eof)
    if name == "deflate":
        deflate = zlib.decompressobj()
        return _Decoder(deflate.decompress, lambda: deflate.eof)
    if name == "br":
        import brotli

        br = brotli.Decompressor()
        return _Decoder(br.process, br.is_finished)
    if name == "zstd":
        import zstandard

        zstd = zstandard.ZstdDecompressor().decompressobj()
        return _Decoder(zstd.decompress, lambda: zstd.eof)
    raise Undecodable(f"it is encoded as {name!r}, which nobody asked for")
