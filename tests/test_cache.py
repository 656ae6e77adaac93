"""The cache."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from cdn_pipeline.cache import NAME, Cache


def test_what_was_put_is_got_after_closing(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("a", b"1")
    assert cache.get("a") == b"1"
    cache.close()

    assert Cache(tmp_path).get("a") == b"1"
    assert Cache(tmp_path).get("b") is None


def test_an_empty_value_is_a_value(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("a", b"")
    cache.flush()

    assert cache.get("a") == b""


def test_without_a_directory_it_lasts_as_long_as_it_is_open() -> None:
    cache = Cache(None)
    cache.put("a", b"x" * 9_000_000)

    assert cache.get("a") == b"x" * 9_000_000


@pytest.mark.parametrize("damage", [b"", b"not a database at all" * 100])
def test_a_file_that_is_no_cache_is_replaced(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / NAME).write_bytes(damage)
    cache = Cache(tmp_path)
    cache.put("a", b"1")
    cache.close()

    assert Cache(tmp_path).get("a") == b"1"


def test_a_damaged_value_is_a_miss(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("a", b"good")
    cache.close()
    with sqlite3.connect(tmp_path / NAME) as connection:
        connection.execute("UPDATE result SET value = x'0000000067303064'")

    assert Cache(tmp_path).get("a") is None


def test_damage_in_the_middle_of_the_file_costs_no_more_than_misses(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for number in range(200):
        cache.put(str(number), bytes([number]) * 4000)
    cache.close()
    content = bytearray((tmp_path / NAME).read_bytes())
    content[8192 : len(content) // 2] = b"\xaa" * (len(content) // 2 - 8192)
    (tmp_path / NAME).write_bytes(content)
    cache = Cache(tmp_path)

    assert all(cache.get(str(number)) in (None, bytes([number]) * 4000) for number in range(200))
    cache.put("new", b"1")
    assert cache.get("new") == b"1"
    cache.close()


def test_two_at_once_see_each_others_values(tmp_path: Path) -> None:
    one, two = Cache(tmp_path), Cache(tmp_path)
    one.put("a", b"1")
    one.flush()
    two.put("b", b"2")
    two.flush()

    assert (one.get("b"), two.get("a")) == (b"2", b"1")


def test_where_nothing_can_be_written_it_lasts_as_long_as_it_is_open(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = Cache(tmp_path / "file" / "cache")
    cache.put("a", b"1")

    assert cache.get("a") == b"1"
    cache.close()
