"""Deploys, rollbacks and prunes at once, their calls in every order, on the real code; see `interleavings`.

The grace time is zero and one release is kept, so that a prune takes whatever it may.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cdn_pipeline import current as state
from cdn_pipeline import difference, digest, prune
from cdn_pipeline.current import Current
from cdn_pipeline.errors import PublishError, Superseded
from cdn_pipeline.home import Home, Seen
from cdn_pipeline.stores import Store, StoreError
from cdn_pipeline.stores.memory import Memory
from tests.interleavings import LOST, Call, Ended, Explorer
from tests.publishing import assert_settled, assert_sound, built, deployed, pruned, rolled_back

SITES = {
    "old": {"a.txt": "one"},
    "live": {"a.txt": "two"},
    "again": {"a.txt": "one", "b.txt": "b"},  # needs what a prune of "old" deletes
    "other": {"a.txt": "three"},
    "plain old": {"robots.txt": "one"},
    "plain live": {"robots.txt": "two"},
    "plain other": {"robots.txt": "three"},
}
Act = Callable[[Store], Any]


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    roots = {name: tmp_path_factory.mktemp("site") for name in SITES}
    for name, files in SITES.items():
        built(roots[name], files)
    return roots


def named(name: str, act: Act) -> Act:
    """*act*, always as the same run of the program."""

    def run(store: Store) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(uuid, "uuid4", lambda: uuid.UUID(bytes=name.encode().ljust(16)[:16]))
            return act(store)

    return run


def published(sites: dict[str, Path], *names: str) -> Memory:
    """A store in which these were deployed, one after the other."""
    memory = Memory("memory:site")
    for name in names:
        named(name, lambda store, name=name: deployed(sites[name], store))(memory)
    return memory


def explored(
    memory: Memory, actors: dict[str, Act], refusals: tuple[str, ...] = (), *, loses: bool = True
) -> Explorer:
    """Every interleaving, each state of which is sound; where all end well, nothing is left to be done."""
    known: dict[str, str] = {}

    def at_end(end: Memory, ended: dict[str, Ended]) -> None:
        errors = [each.value for each in ended.values() if isinstance(each.value, Exception)]
        for error in errors:
            assert is_expected(error, refusals), f"{error!r}"
        if not any(isinstance(error, StoreError) for error in errors):
            assert_settled(end)

    def is_state(call: Call) -> bool:
        return loses and call.operation == "put" and call.arguments[0] == state.KEY

    explorer = Explorer(
        memory,
        {name: named(name, act) for name, act in actors.items()},
        lambda reached: assert_sound(reached, known),
        at_end,
        is_state,
    )
    count = explorer.explore()
    print(f"\n{' | '.join(actors)}: {count:,} interleavings, {len(explorer.paths):,} states")
    return explorer


def is_expected(error: Exception, refusals: tuple[str, ...]) -> bool:
    if isinstance(error, StoreError):
        return str(error) == LOST
    if isinstance(error, Superseded):
        return True
    return isinstance(error, PublishError) and any(refusal in str(error) for refusal in refusals)


def test_two_deploys_and_a_prune(sites: dict[str, Path]) -> None:
    explored(
        published(sites, "old", "live"),
        {
            "deploy old": lambda store: deployed(sites["old"], store),
            "deploy other": lambda store: deployed(sites["other"], store),
            "prune": lambda store: pruned(sites["live"], store),
        },
    )


def test_two_prunes(sites: dict[str, Path]) -> None:
    explored(
        published(sites, "old", "live"),
        {
            "prune": lambda store: pruned(sites["live"], store),
            "another prune": lambda store: pruned(sites["live"], store),
        },
        loses=False,
    )


def test_two_first_deploys(sites: dict[str, Path]) -> None:
    explored(
        Memory("memory:site"),
        {
            "deploy live": lambda store: deployed(sites["live"], store),
            "deploy other": lambda store: deployed(sites["other"], store),
        },
    )


def test_the_same_deploy_twice(sites: dict[str, Path]) -> None:
    explorer = explored(
        published(sites, "live"),
        {
            "deploy": lambda store: deployed(sites["other"], store),
            "the same": lambda store: deployed(sites["other"], store),
        },
        loses=False,
    )

    for ended in explorer.ends.values():
        assert not any(isinstance(each.value, Exception) for each in ended.values())


def test_a_rollback_and_a_prune(sites: dict[str, Path]) -> None:
    explored(
        published(sites, "old", "live"),
        {
            "rollback": lambda store: rolled_back(sites["live"], store),
            "prune": lambda store: pruned(sites["live"], store),
        },
        refusals=("is being pruned", "is not whole", "was pruned", "no release", "no other release"),
    )


def test_a_rollback_and_a_deploy(sites: dict[str, Path]) -> None:
    explored(
        published(sites, "old", "live"),
        {
            "rollback": lambda store: rolled_back(sites["live"], store),
            "deploy other": lambda store: deployed(sites["other"], store),
        },
    )


def test_names_without_fingerprint_get_the_bytes_of_the_last_release(sites: dict[str, Path]) -> None:
    explored(
        published(sites, "plain old", "plain live"),
        {
            "deploy": lambda store: deployed(sites["plain other"], store),
            "rollback": lambda store: rolled_back(sites["plain live"], store),
        },
        loses=False,
    )


def test_whatever_a_crash_leaves_the_next_run_finishes(sites: dict[str, Path]) -> None:
    explorer = explored(
        published(sites, "old", "live"),
        {
            "deploy again": lambda store: deployed(sites["again"], store),
            "prune": lambda store: pruned(sites["live"], store),
        },
    )

    crashes = 0
    for left in explorer.contents():
        missing = unreliable(left)
        written = keys_written(left, lambda store: deployed(sites["again"], store))
        assert {key for key in written if not key.startswith(".cdn_pipeline/")} <= missing
        assert_sound(left, {})
        pruned(sites["again"], left)
        assert_settled(left)
        crashes += 1
    print(f"{crashes} contents of the store that crashes may leave")
    assert crashes > 50


def unreliable(store: Memory) -> set[str]:
    """The keys of "again" that are not there, or about to be deleted."""
    doomed = Home("cdn", {"cdn": store}).seen().current.doomed.get("cdn", {})
    wanted = {digest.stamp("a.txt", digest.sha256(b"one")), digest.stamp("b.txt", digest.sha256(b"b"))}
    return {key for key in wanted if key not in store._objects or key in doomed}


def keys_written(store: Memory, act: Act) -> set[str]:
    written: set[str] = set()

    def watch(moment: str, operation: str, key: str) -> None:
        if (moment, operation) == ("after", "put"):
            written.add(key)

    end = store.on_call(watch)
    act(store)
    end()
    return written


# Whether the explorer finds faults: each of these is one that a design without the rule in question has.


def unannounced(self: Any, seen: Seen, found: Any, resumed: int) -> Any:
    self.delete(found.all)
    return prune.Pruned(found.releases, found.all, resumed)


def test_a_prune_that_announces_nothing_is_found_out(
    sites: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prune._Prune, "go", unannounced)

    assert_broken(sites)


def test_deletes_by_key_are_found_out(sites: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def delete(self: Memory, key: str, version: str) -> None:
        self._objects.pop(key, None)

    monkeypatch.setattr(Memory, "delete", delete)

    assert_broken(sites)


def test_a_deploy_that_relies_on_what_is_doomed_is_found_out(
    sites: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Current, "is_doomed", lambda self, place, key: False)
    monkeypatch.setattr(
        difference.Difference, "doomed", property(lambda self: {}, lambda self, doomed: None), raising=False
    )

    assert_broken(sites)


def test_a_switch_that_compares_nothing_is_found_out(
    sites: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def swap(self: Home, seen: Seen, new: Current) -> Seen:
        return real(self, seen._replace(etag=self.seen().etag), new)

    real = Home.swap
    monkeypatch.setattr(Home, "swap", swap)

    assert_broken(sites)


def assert_broken(sites: dict[str, Path]) -> None:
    with pytest.raises(AssertionError):
        explored(
            published(sites, "old", "live"),
            {
                "deploy again": lambda store: deployed(sites["again"], store),
                "prune": lambda store: pruned(sites["live"], store),
            },
            loses=False,
        )
