"""What goes, what stays, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdn_pipeline import current as state
from cdn_pipeline import digest, home, status
from cdn_pipeline.errors import PublishError
from cdn_pipeline.stores.memory import Memory
from tests.publishing import CONFIG, assert_settled, built, config_of, deployed, pruned, rolled_back

DAY_S = 86400.0
WEEK = CONFIG.replace('"0s"', '"7d"')


@pytest.fixture
def store() -> Memory:
    return Memory("memory:site")


def released(root: Path, store: Memory, *contents: str, config: str = WEEK, days: float = 1) -> list[str]:
    """Ids of releases with one file, deployed one after the other, so many days apart."""
    found = []
    for content in contents:
        built(root, {"a.txt": content}, config)
        found.append(deployed(root, store).release)
        store.advance(days * DAY_S)
    return found


def states(root: Path, store: Memory) -> dict[str, str]:
    site = home.Home("cdn", {"cdn": store})
    return {each.id: each.state for each in status.all_releases(site, config_of(root))}


def there(store: Memory) -> set[str]:
    return {each.key for each in store.list() if not each.key.startswith(".cdn_pipeline/")}


def stamped(content: str) -> str:
    return digest.stamp("a.txt", digest.sha256(content.encode()))


def test_a_release_goes_when_it_was_not_published_for_the_grace_time(tmp_path: Path, store: Memory) -> None:
    one, two, three = released(tmp_path, store, "one", "two", "three", days=5)

    # "one" was what visitors got until ten days ago, "two" until five.
    assert states(tmp_path, store) == {three: "current", two: "young", one: "prunable"}
    assert pruned(tmp_path, store).releases == (one,)
    assert there(store) == {stamped("two"), stamped("three")}


def test_the_newest_few_and_pinned_ones_stay_however_old(tmp_path: Path, store: Memory) -> None:
    config = WEEK.replace("keep_releases = 1", "keep_releases = 2")
    one, two, three, four = released(tmp_path, store, "one", "two", "three", "four", config=config, days=30)
    status.pin(home.Home("cdn", {"cdn": store}), one[:6])

    assert states(tmp_path, store) == {four: "current", three: "kept", two: "prunable", one: "pinned"}
    pruned(tmp_path, store)
    assert there(store) == {stamped("one"), stamped("three"), stamped("four")}


def test_after_a_rollback_the_older_release_is_the_newest(tmp_path: Path, store: Memory) -> None:
    one, two = released(tmp_path, store, "one", "two", days=30)
    assert rolled_back(tmp_path, store).release == one
    store.advance(30 * DAY_S)

    assert states(tmp_path, store) == {one: "current", two: "prunable"}


def test_what_was_uploaded_and_never_recorded_goes_when_it_is_old(tmp_path: Path, store: Memory) -> None:
    released(tmp_path, store, "one")
    key = stamped("never recorded")
    store.put(key, b"x", {}, digest.sha256(b"x"))
    young = pruned(tmp_path, store).objects
    store.advance(8 * DAY_S)

    assert key not in {each.key for each in young}
    assert key in {each.key for each in pruned(tmp_path, store).objects}


@pytest.mark.parametrize("key", ["index.html", "js/app.js", "a.min.css"])
def test_what_others_wrote_stays(tmp_path: Path, store: Memory, key: str) -> None:
    store.put(key, b"x", {}, digest.sha256(b"x"))
    built(tmp_path, {"a.txt": "one"}, WEEK)
    with pytest.raises(PublishError, match="holds 1 object of somebody else's"):
        deployed(tmp_path, store)
    store.put(".cdn_pipeline/probe", b"", {}, digest.sha256(b""))
    deployed(tmp_path, store)
    store.advance(30 * DAY_S)
    pruned(tmp_path, store)

    assert key in there(store)


def test_a_name_without_fingerprint_goes_with_the_last_release_that_has_it(
    tmp_path: Path, store: Memory
) -> None:
    built(tmp_path, {"robots.txt": "r", "a.txt": "a"}, WEEK)
    deployed(tmp_path, store)
    store.advance(30 * DAY_S)
    (tmp_path / "static/robots.txt").unlink()
    built(tmp_path, {"b.txt": "b"}, WEEK)
    deployed(tmp_path, store)
    found = []
    for _ in range(2):
        pruned(tmp_path, store)
        found.append("robots.txt" in there(store))
        store.advance(8 * DAY_S)

    assert found == [True, False]
    assert not list(store.list(".cdn_pipeline/blobs/"))


def test_a_dry_run_shows_the_same_and_deletes_nothing(tmp_path: Path, store: Memory) -> None:
    released(tmp_path, store, "one", "two", days=30)
    before = [*store.versions()]
    would = pruned(tmp_path, store, is_dry=True)

    assert [*store.versions()] == before
    assert pruned(tmp_path, store) == would


def test_too_much_is_an_error_before_anything_is_deleted(tmp_path: Path, store: Memory) -> None:
    released(tmp_path, store, "one", "two", days=30)
    before = [*store.versions()]
    with pytest.raises(PublishError) as error:
        pruned(tmp_path, store, max_deletes=1)

    assert str(error.value) == (
        "3 objects would be deleted, and at most 1 may be; look at them with `cdn-pipeline prune --dry-run`, "
        "then allow it with --max-deletes"
    )
    assert [*store.versions()] == before
    assert len(pruned(tmp_path, store, is_dry=True).objects) == 3


def test_a_store_without_versions_is_not_pruned(tmp_path: Path, store: Memory) -> None:
    released(tmp_path, store, "one", "two", days=30)
    store.has_versions = False
    with pytest.raises(PublishError, match="put-bucket-versioning --bucket BUCKET"):
        pruned(tmp_path, store)


def test_older_versions_of_what_stays_go_unannounced(tmp_path: Path, store: Memory) -> None:
    released(tmp_path, store, "one", days=30)
    deployed(tmp_path, store, thorough=True)
    key = stamped("one")
    store.put(key, b"one", {}, digest.sha256(b"one"))
    went = pruned(tmp_path, store)

    assert (key, "1") in {(each.key, each.version) for each in went.objects}
    assert store.get(key) is not None
    assert_settled(store)


def test_without_the_record_of_what_is_published_nothing_goes(tmp_path: Path, store: Memory) -> None:
    _, two = released(tmp_path, store, "one", "two", days=30)
    store._objects.pop(f".cdn_pipeline/releases/{two}.json")
    with pytest.raises(PublishError, match=f"release {two} is published and has no record"):
        pruned(tmp_path, store)

    assert there(store) == {stamped("one"), stamped("two")}


def test_what_a_crash_has_announced_is_deleted_first(tmp_path: Path, store: Memory) -> None:
    released(tmp_path, store, "one", "two", days=30)

    def crash(moment: str, operation: str, key: str) -> None:
        if (moment, operation) == ("before", "delete"):
            raise KeyboardInterrupt

    end = store.on_call(crash)
    with pytest.raises(KeyboardInterrupt):
        pruned(tmp_path, store)
    end()
    announced = home.Home("cdn", {"cdn": store}).seen().current.doomed["cdn"]

    assert stamped("one") in announced
    assert pruned(tmp_path, store).resumed == len(announced)
    assert_settled(store)


def test_a_store_that_was_never_used_has_nothing_to_prune(tmp_path: Path, store: Memory) -> None:
    built(tmp_path, {"a.txt": "one"})

    assert pruned(tmp_path, store).objects == ()
    assert store.get(state.KEY) is None
