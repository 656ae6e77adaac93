"""Rollback: an earlier release again, from nothing but what the stores have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cdn_pipeline import home, plan, releases
from cdn_pipeline.config import Config
from cdn_pipeline.current import Pending
from cdn_pipeline.errors import PublishError
from cdn_pipeline.home import Home, Open, Seen
from cdn_pipeline.record import Record
from cdn_pipeline.settle import Put, Settled, Settler
from cdn_pipeline.steps import Plain, Published, Steps
from cdn_pipeline.stores import Conflict, open_store
from cdn_pipeline.switch import Run, superseded

ROUNDS = 10  # in each of which somebody has changed the state, and published nothing


class Request(NamedTuple):
    """What to go back to, and how."""

    config: Config
    release: str | None = None  # an id or its beginning; None: the one before the current one
    steps: Steps | None = None  # default: `Plain`
    open: Open = open_store


class RolledBack(NamedTuple):
    """What came of it."""

    release: str
    before: str | None  # what was published when the rollback began
    is_switched: bool  # False: it was the current one
    fixed: tuple[Put, ...]  # what got other bytes or headers
    pending: tuple[Pending, ...]  # left for a later run
    warnings: tuple[str, ...]


def rollback(request: Request) -> RolledBack:
    """Raises `PublishError` and changes nothing if the release is not whole, `Superseded` if somebody else
    has published another one in the meantime."""
    with home.opened(request.config, request.open) as opened:
        return _Rollback(request, opened).run()


class _Rollback:
    def __init__(self, request: Request, opened: Home) -> None:
        self.request = request
        self.steps: Steps = request.steps or Plain(request.config)
        self.home = opened
        self.writes = Run(opened)

    def run(self) -> RolledBack:
        seen = self.home.seen()
        first = seen.current.release
        if first is None:
            raise PublishError(
                f"{self.home.store.url}: nothing was ever published here; run `cdn-pipeline deploy`"
            )
        wanted = self.wanted(seen)
        self.steps.before(self.facts(seen, wanted))
        for _ in range(ROUNDS):
            try:
                return self.publish(seen, wanted, first)
            except Conflict:
                seen = self.home.seen()
            if seen.current.release not in (first, wanted.release):
                raise superseded(seen.current, wanted.release)
        raise PublishError("others publish and prune all the time; nothing was changed; try again")

    def wanted(self, seen: Seen) -> Record:
        """The record of the release to go back to."""
        release = releases.named(self.home, seen.current, self.request.release)
        found = self.home.record(release)
        if found is None:
            raise PublishError(f"release {release} was pruned; see `cdn-pipeline releases`")
        for name, shelf in found.shelves.items():
            self.home.place(name, shelf.store)
        return found

    def facts(self, seen: Seen, wanted: Record) -> Mapping[str, Any]:
        pending = self.pending(seen, wanted)
        return {
            "release": wanted.release,
            "before": seen.current.release,
            "fixed": [[each.target, key] for each in pending for key in each.keys],
            "invalidations": {each.target: list(each.paths) for each in pending if each.paths},
        }

    def publish(self, seen: Seen, wanted: Record, first: str) -> RolledBack:
        """Raises `Conflict` if the state is not as it was *seen* any more."""
        is_switch = seen.current.release != wanted.release
        if is_switch:
            self.check(seen, wanted)
            seen = self.writes.switch(seen, wanted.release, self.pending(seen, wanted))
        self.steps.activate(Published(wanted, self.home.store.url, seen.current.serial))
        settled = self.settle(seen)
        return RolledBack(
            wanted.release, first, is_switch, settled.put, settled.seen.current.pending, settled.warnings
        )

    def check(self, seen: Seen, wanted: Record) -> None:
        """Raises `PublishError` unless everything is there, and is there to stay."""
        if releases.doomed(wanted, self.home, seen.current):
            raise PublishError(
                f"release {wanted.release} is being pruned; deploy its build again, or choose another one"
            )
        places = {*wanted.shelves, self.home.name}
        lost = releases.lacks(wanted, self.home, {name: self.home.listed(name) for name in sorted(places)})
        if lost:
            raise PublishError(
                f"release {wanted.release} is not whole: {releases.told(lost)}; deploy its build again, or "
                "choose another one"
            )

    def pending(self, seen: Seen, wanted: Record) -> tuple[Pending, ...]:
        """What has other bytes or headers now."""
        before = self.home.published(seen)
        keys: dict[str, list[str]] = {}
        for name, shelf in wanted.shelves.items():
            there = before.shelves.get(name) if before is not None else None
            for key, kept in shelf.objects.items():
                was = there.objects.get(key) if there is not None else None
                if was != kept and not (was is None and kept.is_immutable):
                    keys.setdefault(name, []).append(key)
        paths = plan.changed_paths(before.fixed if before is not None else {}, wanted.fixed)
        return plan.pending_of(f"{wanted.release}-{seen.current.serial}", paths, keys)

    def settle(self, seen: Seen) -> Settled:
        if not seen.current.pending:
            return Settled(seen, (), ())
        concurrency = self.request.config.publish.concurrency
        return Settler(self.home, self.steps.invalidate, concurrency).settle(seen)
