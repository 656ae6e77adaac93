"""An earlier release again, from the stores alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cdn_pipeline import digest, home, record, status
from cdn_pipeline.errors import PublishError
from cdn_pipeline.manifest import Manifest
from cdn_pipeline.rollback import Request, rollback
from cdn_pipeline.settle import Put
from cdn_pipeline.status import Change
from cdn_pipeline.steps import Plain, Published
from cdn_pipeline.stores.memory import Memory
from tests.publishing import CONFIG, assert_settled, built, config_of, deployed, rolled_back


@pytest.fixture
def store() -> Memory:
    return Memory("memory:site")


@pytest.fixture
def ids(tmp_path: Path, store: Memory) -> list[str]:
    found = []
    for a, robots in (("one", "r1"), ("two", "r2"), ("three", "r3")):
        built(tmp_path, {"a.txt": a, "b.txt": "b", "robots.txt": robots})
        found.append(deployed(tmp_path, store).release)
    return found


def stamped(content: str) -> str:
    return digest.stamp("a.txt", digest.sha256(content.encode()))


def test_it_needs_nothing_but_the_stores(tmp_path: Path, store: Memory, ids: list[str]) -> None:
    shutil.rmtree(tmp_path / "build")
    shutil.rmtree(tmp_path / "static")
    done = rolled_back(tmp_path, store)

    assert (done.release, done.before, done.fixed) == (
        ids[1],
        ids[2],
        (Put("cdn", "robots.txt", 2, is_new=False),),
    )
    assert store.get("robots.txt").body == b"r2"  # type: ignore[union-attr]
    assert_settled(store)


def test_running_sites_get_the_manifest_as_it_was_built(
    tmp_path: Path, store: Memory, ids: list[str]
) -> None:
    built(tmp_path, {"a.txt": "one", "b.txt": "b", "robots.txt": "r1"})
    as_built = (tmp_path / "build/manifest.json").read_bytes()
    activated: list[Published] = []

    class Noting(Plain):
        def activate(self, published: Published) -> None:
            activated.append(published)

    config = config_of(tmp_path)
    rollback(Request(config, ids[0], Noting(config), lambda url, root: store))

    assert [(each.record.release, each.record.manifest) for each in activated] == [(ids[0], as_built)]
    assert (
        activated[0].serial
        == max(each.serial for each in [home.Home("cdn", {"cdn": store}).seen().current]) - 1
    )


@pytest.mark.parametrize("digits", [4, 8, 16])
def test_the_beginning_of_an_id_will_do(tmp_path: Path, store: Memory, ids: list[str], digits: int) -> None:
    assert rolled_back(tmp_path, store, ids[0][:digits]).release == ids[0]


def test_twice_goes_back_and_forth(tmp_path: Path, store: Memory, ids: list[str]) -> None:
    assert [rolled_back(tmp_path, store).release for _ in range(3)] == [ids[1], ids[2], ids[1]]


def test_the_current_release_stays(tmp_path: Path, store: Memory, ids: list[str]) -> None:
    done = rolled_back(tmp_path, store, ids[2])

    assert (done.is_switched, done.release, done.fixed) == (False, ids[2], ())


def test_an_unknown_release_gets_a_hint(tmp_path: Path, store: Memory, ids: list[str]) -> None:
    wrong = ids[0][:-1] + "x"
    with pytest.raises(PublishError, match=f"no release '{wrong}' is recorded; did you mean '{ids[0]}'"):
        rolled_back(tmp_path, store, wrong)


def test_an_ambiguous_id_is_refused(tmp_path: Path, store: Memory, ids: list[str]) -> None:
    with pytest.raises(PublishError, match=r"'' is the beginning of .* write more of the one you mean"):
        rolled_back(tmp_path, store, "")


def test_nothing_to_go_back_to(tmp_path: Path, store: Memory) -> None:
    built(tmp_path, {"a.txt": "one"})
    with pytest.raises(
        PublishError, match="memory:site: nothing was ever published here; run `cdn-pipeline deploy`"
    ):
        rolled_back(tmp_path, store)
    deployed(tmp_path, store)
    with pytest.raises(PublishError, match="no other release was ever published here; name one"):
        rolled_back(tmp_path, store)


@pytest.mark.parametrize("lost", [stamped("two"), f".cdn_pipeline/blobs/{digest.sha256(b'r2')}"])
def test_a_release_that_is_not_whole_is_refused(
    tmp_path: Path, store: Memory, ids: list[str], lost: str
) -> None:
    store._objects.pop(lost)
    with pytest.raises(PublishError) as error:
        rolled_back(tmp_path, store)

    assert str(error.value) == (
        f"release {ids[1]} is not whole: memory:site/{lost} (missing); deploy its build again, or choose "
        "another one"
    )
    assert home.Home("cdn", {"cdn": store}).seen().current.release == ids[2]
    assert states(tmp_path, store)[ids[1]] == "incomplete"


def states(root: Path, store: Memory) -> dict[str, str]:
    return {
        each.id: each.state for each in status.all_releases(home.Home("cdn", {"cdn": store}), config_of(root))
    }


def test_headers_go_back_too(tmp_path: Path, store: Memory) -> None:
    for tag in ("old", "new"):
        tags = f'store = "memory:site"\ncache_tags = ["{tag}"]'
        built(tmp_path, {"a.txt": "one"}, CONFIG.replace('store = "memory:site"', tags))
        deployed(tmp_path, store)
    rolled_back(tmp_path, store)

    assert store.get(stamped("one")).headers["Cache-Tag"] == "old"  # type: ignore[union-attr]


def test_a_difference_says_what_and_why(tmp_path: Path, store: Memory, ids: list[str]) -> None:
    site = home.Home("cdn", {"cdn": store})

    assert status.difference(site, ids[0][:8], ids[2]) == [
        Change("cdn", stamped("one"), "gone", 3, None),
        Change("cdn", stamped("three"), "new", None, 5),
        Change("cdn", "robots.txt", "content", 2, 2),
    ]


def test_the_status_is_two_requests(tmp_path: Path, store: Memory, ids: list[str]) -> None:
    calls: list[str] = []
    store.on_call(lambda moment, operation, key: calls.append(operation) if moment == "before" else None)
    found = status.status(home.Home("cdn", {"cdn": store}))

    assert calls == ["get", "get"]
    assert (found.release, found.places, found.pending, found.doomed) == (ids[2], {"cdn": (3, 8)}, (), 0)
    assert [entry.release for entry in found.history] == ids[::-1]


def test_a_damaged_record_is_named(tmp_path: Path, store: Memory, ids: list[str]) -> None:
    key = f".cdn_pipeline/releases/{ids[1]}.json"
    for text in (b"", store.get(key).body[:-30]):  # type: ignore[union-attr]
        with pytest.raises(PublishError, match="is damaged: it is cut off; deploy the build again"):
            record.read(text, key)


def test_a_record_tells_the_manifest_as_it_was(tmp_path: Path, store: Memory, ids: list[str]) -> None:
    record = home.Home("cdn", {"cdn": store}).record(ids[2])

    assert record is not None
    assert record.manifest == (tmp_path / "build/manifest.json").read_bytes()
    assert record.release == Manifest.load(tmp_path / "build/manifest.json").release
