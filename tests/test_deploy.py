"""From a build to what visitors get, on the memory store."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cdn_pipeline import current as state
from cdn_pipeline import deploy, digest, home, upload
from cdn_pipeline import plan as planning
from cdn_pipeline.cdns import CdnError
from cdn_pipeline.current import Pending
from cdn_pipeline.errors import PublishError, Superseded
from cdn_pipeline.manifest import Manifest
from cdn_pipeline.objections import Overrides
from cdn_pipeline.publication import Publication
from cdn_pipeline.steps import Plain, Published
from cdn_pipeline.stores import StoreError
from cdn_pipeline.stores.memory import Memory
from tests.publishing import CONFIG, assert_settled, built, config_of, deployed, pruned

CACHED = CONFIG.replace('store = "memory:site"', 'store = "memory:site"\ncdn = "pull"')


@pytest.fixture
def store() -> Memory:
    return Memory("memory:site")


def requests(store: Memory, root: Path, **options: Any) -> Counter[str]:
    counted: Counter[str] = Counter()
    end = store.on_call(lambda moment, operation, key: counted.update([operation] * (moment == "before")))
    deployed(root, store, **options)
    end()
    return counted


def stamped(name: str, content: str) -> str:
    return digest.stamp(name, digest.sha256(content.encode()))


class Taking(Plain):
    """Notes which steps were taken, and may fail at one."""

    def __init__(self, failing: str = "") -> None:
        self.taken: list[str] = []
        self.fresh: list[str] = []
        self.failing = failing

    def _take(self, step: str) -> None:
        self.taken.append(step)
        if step == self.failing:
            raise PublishError(f"{step} failed") if step != "invalidate" else CdnError("not now")

    def before(self, facts: Any) -> None:
        self._take("before")

    def verify(self, publication: Publication, fresh: Any) -> None:
        self.fresh = [each.key for _, each in fresh]
        self._take("verify")

    def urls(self, publication: Publication) -> dict[str, str]:
        self._take("urls")
        return {}

    def activate(self, published: Published) -> None:
        self._take("activate")

    def invalidate(self, pending: Pending) -> None:
        self._take("invalidate")


def test_objects_have_bytes_headers_and_digest(tmp_path: Path, store: Memory) -> None:
    built(tmp_path, {"a.txt": "one"})
    done = deployed(tmp_path, store)
    got = store.get(stamped("a.txt", "one"))

    assert got is not None
    assert (got.body, got.sha256) == (b"one", digest.sha256(b"one"))
    assert got.headers == {
        "Content-Type": "text/plain; charset=utf-8",
        "Cache-Control": "public, max-age=31536000, immutable",
    }
    assert (done.sent, done.sent_bytes, done.is_switched, done.before) == (1, 3, True, None)


def test_requests_are_few(tmp_path: Path, store: Memory) -> None:
    files = {f"{number}.txt": f"file {number}" for number in range(2_000)}
    built(tmp_path, files)
    cold = requests(store, tmp_path)
    unchanged = requests(store, tmp_path)
    built(tmp_path, files | {"7.txt": "changed"})
    one = requests(store, tmp_path)
    built(tmp_path, files | {"7.txt": "changed again"})
    next_one = requests(store, tmp_path)

    # Once in its life a store is probed, with two puts before it creates, and one before it swaps.
    assert cold == {"get": 1, "list": 1, "put": 2 + 2_000 + 2}
    assert unchanged == {"get": 2}
    assert one == {"get": 2, "put": 3 + 1}
    assert next_one == {"get": 2, "put": 3}


def test_a_large_file_is_asked_for_only_where_no_listing_lacks_it(tmp_path: Path, store: Memory) -> None:
    large = "x" * upload.LARGE
    built(tmp_path, {"a.txt": large})
    assert requests(store, tmp_path) == {"get": 1, "list": 1, "put": 2 + 1 + 2}
    built(tmp_path, {"a.txt": large + "y"})
    assert requests(store, tmp_path) == {"get": 2, "head": 1, "put": 1 + 1 + 2}


def test_ten_thousand_files_are_deployed_and_pruned(tmp_path: Path, store: Memory) -> None:
    built(tmp_path, {f"{number}.txt": f"file {number}" for number in range(10_000)})
    deployed(tmp_path, store)
    built(tmp_path, {f"{number}.txt": f"file {number}, changed" for number in range(10_000)})
    deployed(tmp_path, store)
    with pytest.raises(PublishError, match=r"10,002 objects would be deleted, and at most 1,000 may be"):
        pruned(tmp_path, store)
    went = pruned(tmp_path, store, max_deletes=20_000)

    assert sum(not version.key.startswith(".cdn_pipeline/") for version in went.objects) == 10_000
    assert sum(not each.key.startswith(".cdn_pipeline/") for each in store.list()) == 10_000


ODD = [
    "a b.txt",
    "a#b.txt",
    "a?b.txt",
    "a%20b.txt",
    "a+b.txt",
    "ü.txt",
    "日本/語.txt",
    "a&b=c;d.txt",
    "(a)'b.txt",
]


def test_odd_names_are_keys_as_they_are_and_urls_as_browsers_ask(tmp_path: Path, store: Memory) -> None:
    built(tmp_path, {name: name for name in ODD})
    deployed(tmp_path, store)
    manifest = Manifest.load(tmp_path / "build/manifest.json")

    for name in ODD:
        got = store.get(stamped(name, name))
        assert got is not None and got.body.decode() == name
        assert manifest.url(name).isascii()


def test_pages_of_the_last_release_find_their_files(tmp_path: Path, store: Memory) -> None:
    config = CONFIG.replace('"0s"', '"7d"')
    built(tmp_path, {"a.txt": "one"}, config)
    deployed(tmp_path, store)
    store.advance(30 * 86400)
    built(tmp_path, {"a.txt": "two"}, config)
    deployed(tmp_path, store)
    found = []
    for _ in range(3):
        pruned(tmp_path, store)
        found.append(store.get(stamped("a.txt", "one")) is not None)
        store.advance(4 * 86400)

    assert found == [True, True, False]


def test_a_changed_header_is_a_change(tmp_path: Path, store: Memory) -> None:
    built(tmp_path, {"a.txt": "one"})
    deployed(tmp_path, store)
    tags = 'store = "memory:site"\ncache_tags = ["all"]'
    built(tmp_path, {"a.txt": "one"}, CONFIG.replace('store = "memory:site"', tags))
    done = deployed(tmp_path, store)
    got = store.get(stamped("a.txt", "one"))

    assert [(each.key, each.reason) for each in done.plan.uploads] == [(stamped("a.txt", "one"), "headers")]
    assert got is not None and got.headers["Cache-Tag"] == "all"
    assert done.release.startswith(f"{done.plan.release}-"), (
        "the manifest is the same, and the release is not"
    )
    assert requests(store, tmp_path) == {"get": 2}


def test_a_plain_name_is_put_after_the_switch_and_told_to_the_cdn(tmp_path: Path, store: Memory) -> None:
    built(tmp_path, {"robots.txt": "one"}, CACHED)
    deployed(tmp_path, store, steps=Taking())
    built(tmp_path, {"robots.txt": "two"}, CACHED)
    order: list[str] = []
    store.on_call(lambda moment, call, key: order.append(key) if (moment, call) == ("after", "put") else None)
    steps = Taking()
    deployed(tmp_path, store, steps=steps)

    names = [key for key in order if key in (state.KEY, "robots.txt")]
    assert names == [state.KEY, "robots.txt", state.KEY]
    assert steps.taken == ["before", "verify", "urls", "activate", "invalidate"]
    assert_settled(store)


def test_a_new_plain_name_is_there_before_pages_may_name_it(tmp_path: Path, store: Memory) -> None:
    built(tmp_path, {"a.txt": "one"}, CACHED)
    deployed(tmp_path, store, steps=Taking())
    built(tmp_path, {"a.txt": "one", "robots.txt": "new"}, CACHED)
    there: list[bool] = []

    class Looking(Taking):
        def activate(self, published: Published) -> None:
            there.append(store.head("robots.txt") is not None)

    deployed(tmp_path, store, steps=Looking())

    assert there == [True]


def test_a_cdn_that_does_not_answer_is_told_by_the_next_deploy(tmp_path: Path, store: Memory) -> None:
    for content in ("one", "two"):
        built(tmp_path, {"robots.txt": content}, CACHED)
        done = deployed(tmp_path, store, steps=Taking("invalidate"))
    steps = Taking()
    again = deployed(tmp_path, store, steps=steps)

    assert [(each.target, each.paths, each.keys) for each in done.pending] == [
        ("cdn", ("/site/robots.txt",), ())
    ]
    assert done.warnings == ("targets.cdn: not now; the next deploy will tell it again",)
    assert (again.pending, steps.taken) == ((), ["before", "activate", "invalidate"])


def test_the_edge_is_asked_for_everything_where_the_site_moves_to_another_url(
    tmp_path: Path, store: Memory
) -> None:
    built(tmp_path, {"a.txt": "one", "b.txt": "b"})
    deployed(tmp_path, store)
    built(tmp_path, {}, CONFIG.replace("cdn.example.com", "new.example.com"))
    steps = Taking()
    deployed(tmp_path, store, steps=steps, allowed=Overrides(adopt=True))

    assert sorted(steps.fresh) == [stamped("a.txt", "one"), stamped("b.txt", "b")]


def test_the_edge_is_asked_for_what_is_new_once_it_is_there(tmp_path: Path, store: Memory) -> None:
    built(tmp_path, {"a.txt": "one", "b.txt": "b"})
    deployed(tmp_path, store)
    built(tmp_path, {"a.txt": "two", "b.txt": "b"})
    steps = Taking("verify")
    with pytest.raises(PublishError, match="verify failed"):
        deployed(tmp_path, store, steps=steps)

    assert steps.fresh == [stamped("a.txt", "two")]
    assert store.get(stamped("a.txt", "two")) is not None
    assert release_of(store) != deploy.planned(request(tmp_path, store)).release


def release_of(store: Memory) -> str | None:
    return home.Home("cdn", {"cdn": store}).seen().current.release


def request(root: Path, store: Memory) -> deploy.Request:
    return deploy.Request(config_of(root), root / "build", open=lambda url, root: store)


@pytest.mark.parametrize("step", ["before", "verify", "urls"])
def test_a_step_that_fails_publishes_nothing(tmp_path: Path, store: Memory, step: str) -> None:
    built(tmp_path, {"a.txt": "one"})
    with pytest.raises(PublishError, match=f"{step} failed"):
        deployed(tmp_path, store, steps=Taking(step))

    assert release_of(store) is None


def test_who_is_overtaken_is_superseded(tmp_path: Path, store: Memory) -> None:
    for name in ("mine", "theirs"):
        built(tmp_path / name, {"a.txt": name})

    class Slow(Taking):
        def verify(self, publication: Publication, fresh: Any) -> None:
            deployed(tmp_path / "theirs", store)

    with pytest.raises(Superseded) as error:
        deployed(tmp_path / "mine", store, steps=Slow())
    assert "was published at 2023-11-14T22:13:20+00:00, after this deploy had begun; release" in str(
        error.value
    )
    assert release_of(store) == Manifest.load(tmp_path / "theirs/build/manifest.json").release


def test_the_same_build_deployed_meanwhile_is_a_success(tmp_path: Path, store: Memory) -> None:
    built(tmp_path, {"a.txt": "one"})

    class Slow(Taking):
        def verify(self, publication: Publication, fresh: Any) -> None:
            deployed(tmp_path, store)

    assert deployed(tmp_path, store, steps=Slow()).release == release_of(store)


def test_a_deploy_by_plan_does_that_and_nothing_else(tmp_path: Path, store: Memory) -> None:
    built(tmp_path, {"a.txt": "one"})
    agreed = json.loads(json.dumps(planning.as_json(deploy.planned(request(tmp_path, store)))))
    deployed(tmp_path, store, expected=agreed)

    with pytest.raises(
        PublishError, match=r"the world has moved on since the plan was made: before, serial, "
    ):
        deployed(tmp_path, store, expected=agreed)


def test_other_bytes_under_a_name_are_never_overwritten(tmp_path: Path, store: Memory) -> None:
    built(tmp_path, {"a.txt": "one", "b.txt": "b"})
    deployed(tmp_path, store)
    key = stamped("a.txt", "two")
    store.put(key, b"oops", {}, digest.sha256(b"oops"))
    built(tmp_path, {"a.txt": "two", "b.txt": "b"})
    with pytest.raises(PublishError, match=f"memory:site/{key}: other bytes are there"):
        deployed(tmp_path, store)

    assert store.get(key).body == b"oops"  # type: ignore[union-attr]


def test_another_compressors_neighbour_stays(tmp_path: Path, store: Memory) -> None:
    config = CONFIG.replace(
        'match = ["*"]\ntarget = "cdn"\nencodings = []', 'match = ["*"]\ntarget = "cdn"\nencodings = ["gzip"]'
    )
    text = "one " * 500
    built(tmp_path, {"a.txt": text}, config)
    key = stamped("a.txt", text) + ".gz"
    theirs = gzip.compress(text.encode(), 1, mtime=0)
    store.put(key, theirs, {}, digest.sha256(theirs))
    store.put(".cdn_pipeline/probe", b"", {}, digest.sha256(b""))
    first, again = deployed(tmp_path, store), deployed(tmp_path, store)

    assert store.get(key).body == theirs  # type: ignore[union-attr]
    assert (first.sent, first.found, again.is_switched) == (1, 1, False)
    record = home.Home("cdn", {"cdn": store}).record(first.release)
    assert record is not None and record.shelves["cdn"].objects[key].sha256 == digest.sha256(theirs)


def test_what_somebody_removed_is_put_again_by_a_thorough_deploy(tmp_path: Path, store: Memory) -> None:
    built(tmp_path, {"a.txt": "one"})
    deployed(tmp_path, store)
    key = stamped("a.txt", "one")
    store.delete(key, store.get(key).version or "")  # type: ignore[union-attr]
    done = deployed(tmp_path, store, thorough=True)

    assert [(each.key, each.reason) for each in done.plan.uploads] == [(key, "missing")]
    assert store.get(key) is not None


def test_a_record_that_somebody_removed_is_written_again(tmp_path: Path, store: Memory) -> None:
    built(tmp_path, {"a.txt": "one"})
    key = f".cdn_pipeline/releases/{deployed(tmp_path, store).release}.json"
    store._objects.pop(key)
    deployed(tmp_path, store)

    assert store.get(key) is not None
    assert_settled(store)


def test_a_denied_call_stops_and_says_which(tmp_path: Path, store: Memory) -> None:
    built(
        tmp_path,
        {f"{number}.txt": str(number) for number in range(200)},
        CONFIG.replace("concurrency = 1", "concurrency = 8"),
    )

    def deny(moment: str, operation: str, key: str) -> None:
        if operation == "put" and key.endswith(".txt"):
            raise StoreError("memory:site: access denied", action="memory:put", is_denied=True)

    store.on_call(deny)
    with pytest.raises(StoreError, match="access denied"):
        deployed(tmp_path, store)
    assert release_of(store) is None


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b"nonsense", b'{"version": 1}'])
def test_a_damaged_state_is_not_overwritten(tmp_path: Path, store: Memory, text: bytes) -> None:
    built(tmp_path, {"a.txt": "one"})
    store.put(state.KEY, text, {}, digest.sha256(text))
    with pytest.raises(PublishError, match=r"memory:site/.cdn_pipeline/current.json: is damaged: "):
        deployed(tmp_path, store)


def test_a_state_of_a_newer_program_is_left_alone(tmp_path: Path, store: Memory) -> None:
    built(tmp_path, {"a.txt": "one"})
    store.put(state.KEY, b'{"version": 2}', {}, digest.sha256(b'{"version": 2}'))
    with pytest.raises(
        PublishError, match=r"is of version 2, and this cdn_pipeline reads version 1; install"
    ):
        deployed(tmp_path, store)
