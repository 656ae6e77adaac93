"""Bodies are decoded piece by piece, however they were made."""

from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
import zstandard

from cdn_pipeline.decoding import Undecodable, decoded

ENCODE = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstandard.compress}
LARGEST_PIECE = 4 << 20


@pytest.mark.parametrize("name", ENCODE)
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_content_comes_back_from_pieces_of_any_size(name: str, step: int) -> None:
    content = b"".join(b"%d " % number for number in range(1000))
    body = ENCODE[name](content)
    pieces = [body[at : at + step] for at in range(0, len(body), step)]

    assert b"".join(decoded(pieces, name)) == content


@pytest.mark.parametrize("name", ENCODE)
def test_a_small_body_that_means_much_is_decoded_a_little_at_a_time(name: str) -> None:
    body = ENCODE[name](bytes(64 << 20))
    sizes = [len(piece) for piece in decoded([body], name)]

    assert sum(sizes) == 64 << 20
    assert max(sizes) <= LARGEST_PIECE


@pytest.mark.parametrize("name", ENCODE)
def test_a_body_that_is_cut_off_or_something_else_is_refused(name: str) -> None:
    for body in (ENCODE[name](b"some content")[:-1], b"no such thing"):
        with pytest.raises(Undecodable):
            list(decoded([body], name))
