"""Decoding: the content of a response body, piece by piece, with its Content-Encoding undone."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

NAMES = ("gzip", "deflate", "br", "zstd")  # that can be undone, as Accept-Encoding has them

# A few bytes can mean gigabytes, so content is made so many bytes at once, however much of the body is there.
LARGEST = 1 << 18
SLICE = 64  # bytes of zstd, which can limit neither; they are at most 16 blocks of 128 kB each
WINDOW = 8 << 20  # bytes; RFC 9659, 3


class Undecodable(Exception):
    """The body is not what its headers say. Says why."""


class _Decoder(NamedTuple):
    pieces: Callable[[bytes], Iterator[bytes]]
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
            yield from decoder.pieces(piece)
        except Exception as error:  # each library has one of its own
            raise Undecodable(f"its body is no {name}: {error}") from error
    if not is_empty and not decoder.is_finished():
        raise Undecodable(f"its {name} body is cut off")


def _decoder(name: str) -> _Decoder:
    if name in ("gzip", "x-gzip"):
        gzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
        return _Decoder(lambda piece: _inflated(gzip, piece), lambda: gzip.eof)
    if name == "deflate":
        deflate = zlib.decompressobj()
        return _Decoder(lambda piece: _inflated(deflate, piece), lambda: deflate.eof)
    if name == "br":
        import brotli

        br = brotli.Decompressor()
        return _Decoder(lambda piece: _expanded(br, piece), br.is_finished)
    if name == "zstd":
        import zstandard

        zstd = zstandard.ZstdDecompressor(max_window_size=WINDOW).decompressobj()
        return _Decoder(lambda piece: _sliced(zstd, piece), lambda: zstd.eof)
    raise Undecodable(f"it is encoded as {name!r}, which nobody asked for")


def _inflated(decoder: Any, piece: bytes) -> Iterator[bytes]:
    while content := decoder.decompress(piece, LARGEST):
        yield content
        piece = decoder.unconsumed_tail


def _expanded(decoder: Any, piece: bytes) -> Iterator[bytes]:
    while content := decoder.process(piece, output_buffer_limit=LARGEST):
        yield content
        piece = b""


def _sliced(decoder: Any, piece: bytes) -> Iterator[bytes]:
    for at in range(0, len(piece), SLICE):
        if decoder.eof:
            return
        yield decoder.decompress(piece[at : at + SLICE])
