"""The text of a manifest: the same whether read line by line or parsed whole."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdn_pipeline import document
from cdn_pipeline.document import Damaged, Files
from tests.conftest import Site
from tests.manifests import FILES, entry, text


def same(raw: bytes) -> None:
    """Line by line, and parsed whole, *raw* says the same."""
    content = json.loads(raw)
    for shuffled in (list(content["files"]), [*content["files"]][::-1]):
        read = document.read(raw)
        for name in shuffled:
            assert read.files[name] == content["files"][name]
            assert name in read.files
        assert list(document.each(document.read(raw).files)) == list(content["files"].items())
        assert dict(read.files) == content["files"]
        assert len(read.files) == len(content["files"])
        for name in shuffled:
            for near in (name + "x", name[:-1], f'{name}": {{"url": "'):
                assert (near in read.files) is (near in content["files"])
    read = document.read(raw)
    assert (read.bundles, read.targets, read.release) == (
        content["bundles"],
        content["targets"],
        content["release"],
    )


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
TRICKY = st.sampled_from(
    ['a": {"url": "', '"', "\\", "},", "\n", '},\n  "', "ü", "\U0001f600", "a", "aa", ""]
)


@given(st.lists(NAMES | TRICKY | st.tuples(TRICKY, NAMES, TRICKY).map("".join), unique=True, max_size=20))
def test_a_manifest_is_the_same_read_by_lines_and_whole(names: list[str]) -> None:
    files = {name: entry("x.css", headers={"X": name + "},\n"}) for name in names}
    bundles = {name: {"url": "/x", "parts": [name], "sources": [], "extra": {name: name}} for name in names}
    raw = text(files, bundles)

    assert not names or isinstance(document.read(raw).files, Files)
    same(raw)


def test_that_of_a_real_build_is_too(site: Site) -> None:
    site.write({f"static/{name}.css": "a { b: c }" for name in ["a", "a b", "ü", "z/y", "a.b", "A", "_"]})
    site.build()
    raw = (site.out / "manifest.json").read_bytes()

    assert isinstance(document.read(raw).files, Files)
    same(raw)


RESHAPED: list[Callable[[bytes], bytes]] = [
    lambda raw: json.dumps(json.loads(raw)).encode(),
    lambda raw: json.dumps(json.loads(raw), indent=1).encode(),
    lambda raw: json.dumps(json.loads(raw), indent=2, sort_keys=True).encode(),
    lambda raw: json.dumps(json.loads(raw), indent=2).encode("utf-16"),
    lambda raw: b"\xef\xbb\xbf" + raw,
    lambda raw: raw.replace(b"\n", b"\r\n"),
    lambda raw: raw.replace(b", ", b",\n"),
    lambda raw: raw.replace(b'  "b.js": {', b'  "b.js":\n {'),
    lambda raw: raw.replace(b'"type": ', b'"type" : ').replace(b'"url": ', b'"url" : '),
    lambda raw: raw + b"\n",
    lambda raw: b"\n".join([*(lines := raw.split(b"\n"))[:4], *lines[10:3:-1], *lines[11:]]),
    lambda raw: raw.replace(b'  "a.css"', b'  "zz.css"'),  # not in order
    lambda raw: text({}),
]


@pytest.mark.parametrize("reshape", RESHAPED)
def test_a_text_of_another_shape_says_the_same(reshape: Callable[[bytes], bytes]) -> None:
    raw = reshape(text(FILES))
    content = json.loads(raw)
    for name in ("b.js", "zz.css", "robots.txt", "gone", "a.css"):
        read = document.read(raw)
        assert read.files.get(name) == content["files"].get(name)
        assert dict(read.files) == content["files"]
        assert dict(document.each(document.read(raw).files)) == content["files"]


def test_files_that_are_read_one_after_the_other_are_not_kept() -> None:
    files = document.read(text({f"{number}.css": entry("x.css") for number in range(2_000)})).files
    tracemalloc.start()
    try:
        assert sum(1 for _ in document.each(files)) == 2_000
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_files_are_found_by_what_their_lines_mention() -> None:
    names = ['"m"', "a.js", "m", "z"]
    files = {name: entry("x.js", **({"module": True} if "m" in name else {"x": "m"})) for name in names}
    read = document.read(text(files))

    assert isinstance(read.files, Files)
    assert sorted(read.files.mentioning(b'"module": true')) == ['"m"', "m"]
    assert sorted(read.files.mentioning(b'"module": true', b'"x": "m"')) == sorted(names)
    assert read.files.mentioning(b"nothing") == []
    reshaped = document.read(text(files).replace(b' "x": "m"', b'\n "x": "m"'))
    assert set(reshaped.files.mentioning(b'"x": "m"')) == set(names)  # type: ignore[attr-defined]


@given(st.integers(0, len(text(FILES)) - 2))
def test_a_text_that_was_cut_off_is_noticed(length: int) -> None:
    with pytest.raises(Damaged):
        document.read(text(FILES)[:length])
