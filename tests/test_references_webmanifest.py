"""References in web app manifests."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdn_pipeline.references.webmanifest import references
from cdn_pipeline.tokens import LexError
from cdn_pipeline.tokens.decoded import Decoded
from cdn_pipeline.tokens.json import Array, Object, Value, parse

MANIFEST = """{
  "name": "x.png", "id": "/a.png", "start_url": "/b.png", "scope": "/",
  "icons": [{"src": "icons\\/192.png?v=1", "sizes": "192x192"}, {"src": "\\u00fc.png"}, {"sizes": "any"}],
  "screenshots": [{"src": " wide.png#x "}, {"src": "https://example.com/a.png"}, {"src": ""}],
  "shortcuts": [{"name": "s", "url": "/s.png", "icons": [{"src": "s.png"}]}, {"name": "no icons"}],
  "file_handlers": [{"action": "/open.png", "icons": [{"src": "f.png"}]}],
  "protocol_handlers": [{"protocol": "web+x", "url": "/p.png"}],
  "share_target": {"action": "/share.png"},
  "related_applications": [{"url": "r.png"}]
}"""


def test_images_are_found_and_pages_are_not() -> None:
    result = references(MANIFEST)

    assert [(each.path, each.suffix) for each in result] == [
        ("icons/192.png", "?v=1"),
        ("ü.png", ""),
        ("wide.png", "#x"),
        ("s.png", ""),
        ("f.png", ""),
    ]
    assert {each.kind for each in result} == {"image"}
    assert [MANIFEST[each.start : each.end] for each in result] == [
        "icons\\/192.png",
        "\\u00fc.png",
        "wide.png",
        "s.png",
        "f.png",
    ]


@pytest.mark.parametrize(
    "text", ["[]", "null", '"a"', "{}", '{"icons": 1}', '{"icons": [null, "a", {"src": 1}]}']
)
def test_other_shapes_name_nothing(text: str) -> None:
    assert references(text) == []


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert [each.start for each in references('\ufeff{"icons": [{"src": "a.png"}]}')] == [21]


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("", 0),
        ("{", 1),
        ('{"a": 1,}', 8),
        ("{'a': 1}", 1),
        ('{"a" 1}', 5),
        ("[1 2]", 3),
        ("[1,]", 3),
        ("[01]", 1),
        ("[1.]", 1),
        ('["\\x"]', 1),
        ('["a\nb"]', 1),
        ("[tru]", 1),
        ("[truest]", 1),
        ("[] []", 3),
        ("// no comments", 0),
        ("[" * 300, 201),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(text: str, offset: int) -> None:
    with pytest.raises(LexError) as caught:
        references(text)

    assert caught.value.offset == offset


def plain(value: Value) -> object:
    """Without places, and without numbers and constants, which the reader does not tell apart."""
    if isinstance(value, Decoded):
        return value.text
    if isinstance(value, Array):
        return [plain(item) for item in value.items]
    return {name.text: plain(member) for name, member in value.members} if isinstance(value, Object) else None


def without_numbers(value: object) -> object:
    if isinstance(value, list):
        return [without_numbers(item) for item in value]
    if isinstance(value, dict):
        return {name: without_numbers(member) for name, member in value.items()}
    return value if isinstance(value, str) else None


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
)


@given(VALUES, st.booleans(), st.sampled_from([None, 2]))
def test_any_json_is_read(value: object, ascii_only: bool, indent: int | None) -> None:
    assert plain(parse(json.dumps(value, ensure_ascii=ascii_only, indent=indent))) == without_numbers(value)


@given(st.text(alphabet='{}[]",:\\u0a1 e-.tf', max_size=30))
def test_what_the_standard_library_refuses_is_refused(text: str) -> None:
    try:
        parse(text)
    except LexError:
        with pytest.raises(ValueError):
            json.loads(text)
    else:
        json.loads(text)
