"""Which variant and which part of a file a request gets, by tables."""

from __future__ import annotations

import pytest

from cdn_pipeline.negotiation import Facts, Part, part, wanted

SIZES = {"identity": 1000, "gzip": 400, "br": 300, "zst": 350}


@pytest.mark.parametrize(
    ("accept", "order"),
    [
        (None, ["identity"]),
        ("", ["identity"]),
        ("gzip", ["gzip", "identity"]),
        ("gzip, deflate, br, zstd", ["br", "zst", "gzip", "identity"]),  # as browsers say it
        ("GZIP", ["gzip", "identity"]),
        ("x-gzip", ["gzip", "identity"]),
        ("gzip;q=0", ["identity"]),
        ("gzip;q=0.000", ["identity"]),
        ("gzip;q=1.0, br;q=0.5", ["gzip", "br", "identity"]),
        ("gzip ; q = 0.2 , br;Q=0.1", ["gzip", "br", "identity"]),
        ("identity", ["identity"]),
        ("identity;q=1, gzip;q=0.5", ["identity", "gzip"]),
        ("gzip;q=0.5, identity;q=0.5", ["gzip", "identity"]),
        ("*", ["br", "zst", "gzip", "identity"]),
        ("*;q=0", ["identity"]),  # there is nothing that this client takes
        ("identity;q=0", ["identity"]),
        ("identity;q=0, gzip", ["gzip", "identity"]),
        ("br;q=0, *", ["zst", "gzip", "identity"]),
        ("gzip;q=0.5, *;q=0.8", ["br", "zst", "identity", "gzip"]),
        ("*;q=0, br", ["br", "identity"]),
        ("compress", ["identity"]),
        ("gzip;q=x, br", ["br", "identity"]),
        ("gzip;q=2", ["identity"]),
        (",,;;=,\x00", ["identity"]),
    ],
)
def test_the_best_variant_is_the_heaviest_and_then_the_smallest(accept: str | None, order: list[str]) -> None:
    assert wanted(accept, SIZES) == order


def test_a_file_without_variants_is_sent_as_it_is() -> None:
    assert wanted("gzip, identity;q=0", {"identity": 5}) == ["identity"]


DATE = "Fri, 01 Mar 2024 12:00:00 GMT"
FACTS = Facts('"abc-br-12c"', 1709294400, 300)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"if-none-match": '"abc-br-12c"'}, 304),
        ({"if-none-match": 'W/"abc-br-12c"'}, 304),
        ({"if-none-match": '"x,y", W/"abc-br-12c"'}, 304),
        ({"if-none-match": "*"}, 304),
        ({"if-none-match": '"abc"'}, 200),
        ({"if-none-match": "abc-br-12c"}, 200),
        ({"if-none-match": '"other"', "if-modified-since": DATE}, 200),  # the tag decides alone
        ({"if-modified-since": DATE}, 304),
        ({"if-modified-since": "Fri, 01 Mar 2024 12:00:01 GMT"}, 304),
        ({"if-modified-since": "Fri, 01 Mar 2024 11:59:59 GMT"}, 200),
        ({"if-modified-since": "Friday, 01-Mar-24 12:00:00 GMT"}, 304),  # RFC 850
        ({"if-modified-since": "yesterday"}, 200),
        ({"if-modified-since": ""}, 200),
        ({"if-modified-since": "Fri, 99 Mar 99999 12:00:00 GMT"}, 200),
        ({"if-match": '"abc-br-12c"'}, 200),
        ({"if-match": "*"}, 200),
        ({"if-match": 'W/"abc-br-12c"'}, 412),
        ({"if-match": '"other"'}, 412),
        ({"if-unmodified-since": DATE}, 200),
        ({"if-unmodified-since": "Fri, 01 Mar 2024 11:59:59 GMT"}, 412),
        ({"if-match": '"other"', "if-none-match": "*"}, 412),
        ({"range": "bytes=0-1", "if-none-match": "*"}, 304),
    ],
)
def test_conditions(headers: dict[str, str], status: int) -> None:
    assert part("GET", headers, FACTS).status == status


WHOLE = Part(200, 0, 300)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", Part(206, 0, 1)),
        ("bytes=0-299", Part(206, 0, 300)),
        ("bytes=100-", Part(206, 100, 200)),
        ("bytes=290-9999", Part(206, 290, 10)),
        ("bytes=-5", Part(206, 295, 5)),
        ("bytes=-9999", Part(206, 0, 300)),
        ("BYTES = 1 - 2 ,", Part(206, 1, 2)),
        ("bytes=0-" + "9" * 5000, Part(206, 0, 300)),
        ("bytes=300-", Part(416)),
        ("bytes=" + "9" * 5000 + "-", Part(416)),
        ("bytes=-0", Part(416)),
        ("bytes=5-1", WHOLE),
        ("bytes=0-1,5-6", WHOLE),
        ("bytes=-", WHOLE),
        ("bytes=", WHOLE),
        ("bytes=a-b", WHOLE),
        ("bytes=٣-٤", WHOLE),
        ("bytes 0-1", WHOLE),
        ("lines=0-1", WHOLE),
        ("", WHOLE),
    ],
)
def test_ranges(header: str, expected: Part) -> None:
    assert part("GET", {"range": header}, FACTS) == expected


def test_an_empty_file_has_no_ranges() -> None:
    facts = FACTS._replace(size=0)

    assert part("GET", {"range": "bytes=0-"}, facts) == part("GET", {"range": "bytes=-1"}, facts) == Part(416)
    assert part("GET", {}, facts) == Part(200, 0, 0)


@pytest.mark.parametrize(
    ("if_range", "status"),
    [
        ('"abc-br-12c"', 206),
        ('W/"abc-br-12c"', 200),
        ('"other"', 200),
        (DATE, 206),
        ("Fri, 01 Mar 2024 12:00:01 GMT", 200),
        ("", 200),
    ],
)
def test_a_range_continues_only_what_is_still_the_same(if_range: str, status: int) -> None:
    assert part("GET", {"range": "bytes=5-", "if-range": if_range}, FACTS).status == status


def test_a_range_is_for_get_alone() -> None:
    assert part("HEAD", {"range": "bytes=5-"}, FACTS) == WHOLE
