"""Whatever fails at whatever moment: what visitors get stays whole, and the next run finishes the work.

Every call of a deploy, a rollback and a prune fails once: before it is made, after it was made, and with its
answer lost. On a directory the process ends at every call of the file system.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from moto import mock_aws

from cdn_pipeline import activate, deploy, digest, home
from cdn_pipeline.errors import CdnPipelineError
from cdn_pipeline.manifest import Manifest
from cdn_pipeline.site_steps import SiteSteps
from cdn_pipeline.stores import Store, StoreError
from cdn_pipeline.stores.memory import Memory
from tests import moto_wire
from tests.crashes import in_a_child
from tests.interleavings import copied
from tests.publishing import assert_settled, assert_sound, built, config_of, deployed, pruned, rolled_back

OLD = {"a.txt": "one", "b.txt": "b", "robots.txt": "old"}
LIVE = {"a.txt": "two", "b.txt": "b", "robots.txt": "live"}
NEW = {"a.txt": "three", "b.txt": "b", "c.txt": "c", "robots.txt": "new"}
STATE = ".cdn_pipeline/"


class Crash(BaseException):
    """The end of the process, as far as it can be had without one."""


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    roots = {}
    for name, files in {"old": OLD, "live": LIVE, "new": NEW}.items():
        roots[name] = tmp_path_factory.mktemp("site")
        built(roots[name], files)
    return roots


class Work(NamedTuple):
    """Something that may fail."""

    before: tuple[str, ...]  # what was deployed
    act: Callable[[dict[str, Path], Store], Any]
    again: Callable[[dict[str, Path], Store], Any] | None = None  # what finishes it, if not the same


WORKS = {
    "first deploy": Work(
        (),
        lambda sites, store: deployed(sites["new"], store),
    ),
    "deploy": Work(
        ("old", "live"),
        lambda sites, store: deployed(sites["new"], store),
    ),
    "rollback": Work(
        ("old", "live"),
        lambda sites, store: rolled_back(sites["live"], store, release(sites["old"])),
    ),
    "prune": Work(
        ("old", "live"),
        lambda sites, store: pruned(sites["live"], store),
    ),
    "deploy after a prune": Work(
        ("old", "live"),
        lambda sites, store: pruned(sites["live"], store),
        lambda sites, store: deployed(sites["old"], store),
    ),
}


def release(root: Path) -> str:
    return Manifest.load(root / "build/manifest.json").release


class Fault:
    """Raises *error* at the *number*th call, at the *moment* of it."""

    def __init__(self, number: int, moment: str, error: BaseException) -> None:
        self.number, self.moment, self.error = number, moment, error
        self.calls = 0
        self.has_struck = False

    def __call__(self, moment: str, *_: Any) -> None:
        self.calls += moment == "before"
        if self.calls == self.number and moment == self.moment and not self.has_struck:
            self.has_struck = True
            raise self.error


FAULTS = {
    "crash before": ("before", lambda: Crash()),
    "crash after": ("after", lambda: Crash()),
    "lost answer": ("after", lambda: StoreError("the answer was lost", action="memory")),
    "refused": ("before", lambda: StoreError("not now", action="memory", is_denied=True)),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("work", WORKS)
def test_any_call_may_fail(sites: dict[str, Path], work: str, fault: str) -> None:
    start = Memory("memory:site")
    for name in WORKS[work].before:
        deployed(sites[name], start)
    points = 0
    for number in range(1, 1000):
        store, known = restored(start), {}
        assert_sound(store, known)
        moment, error = FAULTS[fault]
        strikes = Fault(number, moment, error())
        end = store.on_call(strikes)
        try:
            WORKS[work].act(sites, store)
        except (Crash, CdnPipelineError):
            assert strikes.has_struck
        end()
        if strikes.calls < number:
            break
        points += strikes.has_struck  # a call that meets a conflict ends before its "after"
        assert_sound(store, known)
        assert_finished(sites, store, WORKS[work])
    print(f"{work}, {fault}: {points} points")
    assert points > 5


def assert_finished(sites: dict[str, Path], store: Memory, work: Work) -> None:
    """That the next run writes what is missing, and nothing else."""
    there = {key for key, versions in store._objects.items() if versions} - doomed(store)
    written: set[str] = set()
    end = store.on_call(
        lambda moment, call, key: written.add(key) if (moment, call) == ("after", "put") else None
    )
    (work.again or work.act)(sites, store)
    end()
    assert {key for key in written if not key.startswith(STATE) and key != "robots.txt"} & there == set()
    assert_sound(store, {})
    pruned(sites["live"], store)
    assert_settled(store)


def doomed(store: Memory) -> set[str]:
    return set(home.Home("cdn", {"cdn": store}).seen().current.doomed.get("cdn", {}))


def restored(start: Memory) -> Memory:
    store = Memory(start.url)
    store._objects, store._written = copied(start._objects), dict(start._written)
    return store


@pytest.fixture
def moto() -> Iterator[None]:
    with mock_aws():
        yield


def everything(sites: dict[str, Path], store: Store) -> None:
    deployed(sites["old"], store)
    deployed(sites["new"], store)
    rolled_back(sites["new"], store)
    pruned(sites["new"], store)


def first_deploy(sites: dict[str, Path], store: Store) -> None:
    deployed(sites["old"], store)


@pytest.mark.parametrize(("moment", "act"), [("before", first_deploy), ("after", everything)])
def test_s3_hides_any_one_connection_that_breaks(
    sites: dict[str, Path], moto: None, moment: str, act: Callable[[dict[str, Path], Store], None]
) -> None:
    for number in range(1, 1000):
        fault = Fault(number, moment, ConnectionResetError("cut"))
        store = moto_wire.bucket(f"assets-{number}", fault)
        act(sites, store)
        assert served(store) == {**contents(OLD), "robots.txt": b"old"}
        if not fault.has_struck:
            break
    print(f"{number - 1} requests, cut {moment} they were answered")
    assert number > 10


def test_s3_is_left_whole_by_any_crash(sites: dict[str, Path], moto: None) -> None:
    for number in range(1, 1000):
        fault = Fault(0, "after", Crash())
        store = moto_wire.bucket(f"assets-{number}", fault)
        deployed(sites["old"], store)
        fault.number = fault.calls + number
        try:
            deployed(sites["new"], store)
        except Crash:
            found = served(store).items()
            assert found >= contents(OLD).items() or found >= contents(NEW).items()
        fault.number = 0
        deployed(sites["new"], store)
        assert served(store) == {**contents(NEW), "robots.txt": b"new"}
        if not fault.has_struck:
            break
    print(f"{number - 1} requests, after each of which the process ended")
    assert number > 10


def served(store: Store) -> dict[str, bytes]:
    """What visitors get of the published release; what it has no fingerprint for, from the live object."""
    site = home.Home("cdn", {"cdn": store})
    record = site.published(site.seen())
    assert record is not None
    found = {}
    for key, kept in record.shelves["cdn"].objects.items():
        got = store.get(key)
        if kept.is_immutable:
            assert got is not None and digest.sha256(got.body) == kept.sha256
        found[digest.unstamped(key)] = got.body if got is not None else b""
    return found


def contents(files: dict[str, str]) -> dict[str, bytes]:
    return {name: content.encode() for name, content in files.items() if name != "robots.txt"}


# Calls that change what a file system has.
CHANGES = (
    "open",
    "replace",
    "rename",
    "link",
    "symlink",
    "unlink",
    "remove",
    "mkdir",
    "rmdir",
    "utime",
    "write",
)
LIVE_SITE = """
minify = false

[targets.origin]
store = "directory:../live"

[targets.cdn]
url = "https://cdn.example.com/site/"
store = "directory:../cdn"
keep_on_origin = true

[publish]
concurrency = 1
keep_releases = 1
grace = "0s"

[[routes]]
match = ["*.txt"]
target = "cdn"
encodings = []

[[routes]]
match = ["robots.txt"]
target = "origin"
fingerprint = false
encodings = []
"""


def test_a_directory_and_its_running_site_are_left_whole_by_any_kill(tmp_path: Path) -> None:
    for name, files in {"old": OLD, "new": NEW}.items():
        built(
            tmp_path / name,
            files,
            LIVE_SITE.replace('match = ["*.txt"]', 'match = ["a.txt", "b.txt", "c.txt"]'),
        )
    go_live(tmp_path / "old")
    shutil.copytree(tmp_path / "live", tmp_path / "live before", symlinks=True)
    shutil.copytree(tmp_path / "cdn", tmp_path / "cdn before", symlinks=True)
    for number in range(1, 10_000):
        for name in ("live", "cdn"):
            shutil.rmtree(tmp_path / name)
            shutil.copytree(tmp_path / f"{name} before", tmp_path / name, symlinks=True)
        ended = in_a_child(lambda: go_live(tmp_path / "new"), CHANGES, number)
        assert_running(tmp_path)
        go_live(tmp_path / "new")
        assert assert_running(tmp_path)["robots.txt"] == b"new"
        if ended:
            break
    print(f"{number - 1} calls of the file system, before each of which the process was ended")
    assert number > 30


def go_live(root: Path) -> None:
    config = config_of(root)
    steps = SiteSteps(config, activate.live(config, root / "build"), lambda step, done, of: None)
    deploy.deploy(deploy.Request(config, root / "build", steps=steps))


def assert_running(tmp_path: Path) -> dict[str, bytes]:
    """What a page of the running site loads, each file with the bytes that it is named by."""
    live = tmp_path / "live/.cdn_pipeline/live"
    manifest = Manifest.load(live / "manifest.json")
    found = {}
    for name in manifest.names():
        entry = manifest.entry(name)
        base, place = (
            ("https://cdn.example.com/site/", "cdn") if entry["target"] == "cdn" else ("/static/", "live")
        )
        content = (tmp_path / place / entry["url"].removeprefix(base)).read_bytes()
        if name != "robots.txt":
            assert digest.sha256(content) == entry["sha256"]
        if "fallback" in entry:
            assert (live / "origin" / entry["fallback"].removeprefix("/static/")).read_bytes() == content
        found[name] = content
    return found
