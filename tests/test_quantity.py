"""Numbers as people read them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cdn_pipeline.quantity import count, human_size

PACKAGE = Path(__file__).parent.parent / "cdn_pipeline"
WRITTEN_OUT = re.compile(
    r"(?:len\([^{}]*\)|size(?:'\])?)(?::,)?\} (?:bytes|files|objects|assets|URLs|paths)\b"
)


@pytest.mark.parametrize(
    ("number", "told"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (20_000, "20,000 files")]
)
def test_a_noun_has_the_number_of_its_count(number: int, told: str) -> None:
    assert count(number, "file") == told


def test_sizes_have_two_digits_or_three() -> None:
    assert [human_size(size) for size in (1, 999, 1_000, 12_345, 999_600, 1_234_567)] == [
        "1 B",
        "999 B",
        "1.0 kB",
        "12 kB",
        "1.0 MB",
        "1.2 MB",
    ]


def test_no_message_writes_a_plural_out() -> None:
    """But where more than one is meant: the longest name that file systems take."""
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if WRITTEN_OUT.search(path.read_text("utf-8"))
    }
    assert found == {"obstacle.py"}
