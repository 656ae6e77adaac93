"""What is to become of one thing in the account, and what is different about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from cdn_pipeline.errors import Problem

CREATE, CHANGE, ADOPT, WAIT = "create", "change", "adopt", "wait for"
KEYS = ("Id", "PathPattern", "ErrorCode", "Sid", "ID", "Key")  # by which items of a list are told apart


class Difference(NamedTuple):
    """One value that is not as described; ``None`` where there is none."""

    path: str  # "DefaultCacheBehavior.Compress", "Origins[bucket].DomainName"
    was: Any
    wanted: Any


class Change(NamedTuple):
    """One step. Until `apply` is called, nothing has happened."""

    act: str  # CREATE, CHANGE, ADOPT or WAIT
    resource: str  # "bucket example-assets"
    differences: tuple[Difference, ...]
    apply: Callable[[], object]


class Seen(NamedTuple):
    """What was found of one part of the account."""

    changes: tuple[Change, ...] = ()
    known: Mapping[str, str] = {}  # values for the description's places
    problems: tuple[Problem, ...] = ()  # where one is an error, nothing may be changed


def differences(was: Any, wanted: Any, path: str = "") -> Iterator[Difference]:
    """Where *wanted* is not as *was*. What only *was* has is left out: others may add to what is ours."""
    if isinstance(was, Mapping) and isinstance(wanted, Mapping):
        for key, value in wanted.items():
            yield from differences(was.get(key), value, f"{path}.{key}" if path else str(key))
    elif _is_keyed(wanted) and (_is_keyed(was) or not was):
        before = {_key(item): item for item in was or ()}
        for item in wanted:
            yield from differences(before.get(_key(item)), item, f"{path}[{_key(item)}]")
        after = {_key(item) for item in wanted}
        yield from (Difference(f"{path}[{name}]", before[name], None) for name in before if name not in after)
    elif _is_alike(was, wanted):
        for at, (one, other) in enumerate(zip(was, wanted, strict=True)):
            yield from differences(one, other, f"{path}[{at}]")
    elif was != wanted:
        yield Difference(path, was, wanted)


def merged(was: Any, wanted: Any) -> Any:
    """*was* with all that *wanted* says, and the rest as it was. A list is taken whole."""
    if not (isinstance(was, Mapping) and isinstance(wanted, Mapping)):
        return wanted
    return {**was, **{key: merged(was.get(key), value) for key, value in wanted.items()}}


def _is_keyed(value: Any) -> bool:
    return (
        bool(value)
        and isinstance(value, list)
        and all(isinstance(item, Mapping) and _key(item) for item in value)
    )


def _is_alike(was: Any, wanted: Any) -> bool:
    """Whether both are lists of as many tables, which AWS may have completed."""
    lists = isinstance(was, list) and isinstance(wanted, list) and len(was) == len(wanted)
    return lists and all(isinstance(item, Mapping) for item in (*was, *wanted))


def _key(item: Mapping[str, Any]) -> Any:
    return next((item[name] for name in KEYS if item.get(name) is not None), None)
