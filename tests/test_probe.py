"""Stores that ignore the conditions of a put are found out."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from cdn_pipeline.stores import Body, Condition, Match, StoreError
from cdn_pipeline.stores.memory import Memory
from cdn_pipeline.stores.probe import KEY, probe


class Forgetful(Memory):
    """Ignores a kind of condition, as some servers do."""

    def __init__(self, ignored: tuple[type, ...]) -> None:
        super().__init__("memory:forgetful")
        self.ignored = ignored

    def put(
        self, key: str, body: Body, headers: Mapping[str, str], sha256: str, condition: Condition = None
    ) -> str:
        return super().put(
            key, body, headers, sha256, None if isinstance(condition, self.ignored) else condition
        )


@pytest.mark.parametrize(
    ("ignored", "named"),
    [
        ((str,), "ignores create-only writes"),
        ((Match,), "ignores compare-and-swap writes"),
        ((str, Match), "ignores create-only and compare-and-swap writes"),
    ],
)
def test_what_a_store_ignores_is_named(ignored: tuple[type, ...], named: str) -> None:
    with pytest.raises(StoreError, match=f"^memory:forgetful: {named}, so two deploys at once"):
        probe(Forgetful(ignored))


def test_a_good_store_passes_any_number_of_times() -> None:
    store = Memory()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(probe, [store] * 8)) == [None] * 8

    assert [one.key for one in store.versions()] == [KEY]


def test_a_probe_takes_three_requests_and_later_two() -> None:
    store, calls = Memory(), []
    store.on_call(lambda moment, operation, key: calls.append(operation) if moment == "before" else None)
    probe(store)
    first = len(calls)
    probe(store)

    assert (first, len(calls) - first) == (3, 2)
