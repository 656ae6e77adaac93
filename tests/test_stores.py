"""What every store promises, held to each of them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
from moto import mock_aws

from cdn_pipeline.errors import ConfigError
from cdn_pipeline.stores import CREATE, Condition, Conflict, Listed, Match, Store, StoreError, open_store, s3
from cdn_pipeline.stores.directory import Directory
from cdn_pipeline.stores.memory import Memory
from tests import moto_wire, rados
from tests.buckets import ANYBODY, moto_server, new_bucket

CSS = {"Content-Type": "text/css; charset=utf-8", "Cache-Control": "public, max-age=31536000, immutable"}
ODD = [
    "a b.css",
    "a#b.css",
    "a?b=c.css",
    "100%.css",
    "a%20b.css",
    "a+b.css",
    "käse/日本 🎉.css",
    "a&b'(c)*!~.css",
]


def in_memory(tmp_path: Path) -> Store:
    return Memory()


def in_a_directory(tmp_path: Path) -> Store:
    return Directory(tmp_path / "store", "directory:store")


def in_moto(tmp_path: Path) -> Store:
    return moto_wire.bucket()


def on_a_moto_server(tmp_path: Path) -> Store:
    return s3.open_bucket(new_bucket(moto_server()))


def on_ceph(tmp_path: Path) -> Store:
    return s3.open_bucket(new_bucket(rados.server(), rados.KEYS, versioned=False))


KEYS = {on_a_moto_server: ANYBODY, on_ceph: rados.KEYS}
HAS_CEPH = pytest.mark.skipif(
    not rados.is_installed(), reason="radosgw, ceph-mon and ceph-osd are not installed"
)
VERSIONED = [in_memory, in_a_directory, in_moto, on_a_moto_server]  # Ceph 16 knows no conditions where it is
MAKERS = [*VERSIONED, pytest.param(on_ceph, marks=HAS_CEPH)]


@pytest.fixture(params=MAKERS, ids=lambda make: make.__name__)
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    make: Callable[[Path], Store] = request.param
    for name, value in KEYS.get(make, {}).items():
        monkeypatch.setenv(name, value)
    with mock_aws() if make is in_moto else contextlib.nullcontext():
        made = make(tmp_path)
        yield made
        made.close()


with_versions = pytest.mark.parametrize("store", VERSIONED, ids=lambda make: make.__name__, indirect=True)


def put(store: Store, key: str, body: bytes = b"a{}", **options: object) -> str:
    return store.put(key, body, CSS, sha256(body).hexdigest(), **options)  # type: ignore[arg-type]


def keys(listed: object) -> list[str]:
    return [one.key for one in listed]  # type: ignore[attr-defined]


def test_what_was_put_is_got(store: Store) -> None:
    etag = put(store, "css/a.css")
    got = store.get("css/a.css")

    assert got is not None
    assert (got.body, got.etag, got.sha256) == (b"a{}", etag, sha256(b"a{}").hexdigest())
    assert got.headers == CSS


def test_a_head_tells_all_but_the_body(store: Store) -> None:
    put(store, "css/a.css")
    got = store.get("css/a.css")

    assert got is not None
    assert store.head("css/a.css") == got._replace(body=b"")


def test_what_is_not_there_is_none(store: Store) -> None:
    put(store, "css/a.css")

    assert store.get("css/b.css") is None
    assert store.head("css") is None
    assert list(store.list("b")) == []


def test_a_file_is_put_like_bytes(store: Store, tmp_path: Path) -> None:
    big = bytes(range(256)) * 10_000
    (tmp_path / "big").write_bytes(big)
    store.put("big", tmp_path / "big", CSS, sha256(big).hexdigest())
    got = store.get("big")

    assert got is not None
    assert got.body == big


def test_bytes_that_are_not_those_announced_are_refused(store: Store) -> None:
    with pytest.raises(StoreError, match=r"a\.css: the bytes are not those announced"):
        store.put("a.css", b"a{}", CSS, sha256(b"b{}").hexdigest())

    assert store.get("a.css") is None


def test_create_writes_once(store: Store) -> None:
    put(store, "a.css", b"first", condition=CREATE)
    with pytest.raises(Conflict):
        put(store, "a.css", b"second", condition=CREATE)
    got = store.get("a.css")

    assert got is not None
    assert got.body == b"first"


def test_compare_and_swap_knows_what_it_replaces(store: Store) -> None:
    first = put(store, "current.json", b"1", condition=CREATE)
    second = put(store, "current.json", b"2", condition=Match(first))
    with pytest.raises(Conflict):
        put(store, "current.json", b"3", condition=Match(first))
    got = store.get("current.json")

    assert got is not None
    assert (got.body, got.etag) == (b"2", second)


def test_compare_and_swap_never_creates(store: Store) -> None:
    with pytest.raises(Conflict):
        put(store, "current.json", b"3", condition=Match('"0123456789abcdef0123456789abcdef"'))

    assert store.get("current.json") is None


def assert_one_of_sixteen_wins(store: Store, key: str, condition: Condition) -> None:
    """Who puts the number that is there is the only one who was not refused."""
    gate = threading.Barrier(16)

    def race(number: int) -> int | None:
        gate.wait()
        try:
            put(store, key, b"%d" % number, condition=condition)
        except Conflict:
            return None
        return number

    with ThreadPoolExecutor(16) as pool:
        winners = [number for number in pool.map(race, range(16)) if number is not None]
    got = store.get(key)

    assert got is not None
    assert [b"%d" % number for number in winners] == [got.body]


def test_of_sixteen_who_create_one_does(store: Store) -> None:
    assert_one_of_sixteen_wins(store, "a.css", CREATE)


def test_of_sixteen_who_swap_one_does(store: Store) -> None:
    assert_one_of_sixteen_wins(store, "current.json", Match(put(store, "current.json", b"first")))


def test_a_list_is_sorted_and_has_the_prefix(store: Store) -> None:
    for key in ("b/2", "b/1", "a", "b.css", "bb/1", ".cdn_pipeline/current.json"):
        put(store, key, key.encode())

    assert keys(store.list()) == [".cdn_pipeline/current.json", "a", "b.css", "b/1", "b/2", "bb/1"]
    assert keys(store.list("b/")) == ["b/1", "b/2"]
    assert keys(store.list("b")) == ["b.css", "b/1", "b/2", "bb/1"]


def test_a_list_tells_size_and_etag(store: Store) -> None:
    etag = put(store, "a.css", b"12345")
    (listed,) = store.list()

    assert (listed.key, listed.size, listed.etag) == ("a.css", 5, etag)


def test_more_objects_than_one_page_are_listed(store: Store) -> None:
    names = [f"{number:04}" for number in range(1_005)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda name: put(store, name), names))

    assert keys(store.list()) == names


@pytest.mark.parametrize("key", ODD)
def test_odd_names_are_kept(store: Store, key: str) -> None:
    put(store, key)

    assert keys(store.list()) == [key]
    assert keys(store.list(key[:3])) == [key]
    assert store.head(key) is not None


def test_a_clock_is_at_most_a_second_behind_what_was_written(store: Store) -> None:
    put(store, "a.css")
    (listed,) = store.list()

    assert -1 <= store.now_s() - listed.modified_s < 60


@with_versions
def test_versions_are_listed_page_by_page(store: Store) -> None:
    names = ["käse 1+1", *(f"{number:04}" for number in range(1_005)), "ü%20"]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda name: put(store, name), names))

    assert keys(store.versions()) == sorted(names)
    assert store.has_versions


@with_versions
def test_a_deleted_version_is_gone(store: Store) -> None:
    put(store, "css/a.css")
    (version,) = store.versions()
    store.delete("css/a.css", str(version.version))

    assert store.get("css/a.css") is None
    assert list(store.list()) == list(store.versions()) == []
    put(store, "css", condition=CREATE)


@with_versions
def test_what_is_deleted_twice_was_deleted_once(store: Store) -> None:
    put(store, "a.css")
    (version,) = store.versions()
    store.delete("a.css", str(version.version))
    store.delete("a.css", str(version.version))

    assert list(store.list()) == []


@with_versions
def test_a_delete_spares_what_was_put_again(store: Store) -> None:
    put(store, "a.css")
    (doomed,) = store.versions()
    put(store, "a.css")
    store.delete("a.css", str(doomed.version))

    got = store.get("a.css")
    assert got is not None
    assert got.body == b"a{}"
    assert str(doomed.version) not in {one.version for one in store.versions()}


@with_versions
def test_versions_have_the_newest_of_a_key_first(store: Store) -> None:
    put(store, "a", b"1")
    put(store, "a", b"22")
    put(store, "b", b"333")

    newest: dict[str, Listed] = {}
    for one in store.versions():
        newest.setdefault(one.key, one)
    assert {key: one.size for key, one in newest.items()} == {"a": 2, "b": 3}


@pytest.mark.parametrize(
    "headers", [CSS, CSS | {"x-amz-meta-cache-tag": "site"}, CSS | {"Content-Encoding": "br"}]
)
def test_headers_are_kept(store: Store, headers: dict[str, str]) -> None:
    store.put("a.css", b"a{}", headers, sha256(b"a{}").hexdigest())
    got = store.head("a.css")

    assert got is not None
    assert dict(got.headers) == headers == store.held(headers)


@pytest.mark.parametrize("url", ["ftp://example.com/site", "s3:bucket", "directory:", "/srv/www"])
def test_an_address_that_is_no_store_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no store"):
        open_store(url, tmp_path)


def test_a_directory_is_relative_to_the_project(tmp_path: Path) -> None:
    put(open_store("directory:www/static", tmp_path), "a.css")

    assert (tmp_path / "www/static/a.css").read_bytes() == b"a{}"


def test_memory_has_stores_by_name(tmp_path: Path) -> None:
    put(open_store("memory:test_memory_has_stores_by_name", tmp_path), "a.css")

    assert keys(open_store("memory:test_memory_has_stores_by_name", tmp_path).list()) == ["a.css"]
