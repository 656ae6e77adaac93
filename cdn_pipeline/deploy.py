"""Deploy: from a build to what visitors get. Each step leaves the old or the new release, whole.

look ► upload ► verify ► record ► switch (one compare-and-swap) ► activate ► settle; settled first where
pages may name what was not there. Whatever fails or is killed may be run again: what is there is not sent
twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cdn_pipeline import __version__, difference, home, plan, publication, record, upload
from cdn_pipeline.config import Config
from cdn_pipeline.current import Pending
from cdn_pipeline.errors import PublishError
from cdn_pipeline.home import Home, Open, Seen
from cdn_pipeline.objections import Overrides
from cdn_pipeline.plan import Plan
from cdn_pipeline.publication import Publication
from cdn_pipeline.record import Record
from cdn_pipeline.settle import Put, Settled, Settler
from cdn_pipeline.steps import Plain, Published, Steps
from cdn_pipeline.stores import Conflict, open_store
from cdn_pipeline.switch import Run, superseded
from cdn_pipeline.upload import Done, Progress, Task

ABSENT = (difference.NEW, difference.MISSING)
ROUNDS = 10  # in each of which somebody has changed the state, and published nothing
OCTETS = {"Content-Type": "application/octet-stream", "Cache-Control": "no-store"}
FREE = "directory:"  # stores that are listed without a request

Tell = Callable[[str, Progress], None]
"""Called with the name of a step, and how far it is."""


def quiet(step: str, progress: Progress) -> None:
    """Says nothing."""


class Request(NamedTuple):
    """What to deploy, and how."""

    config: Config
    build: Path
    allowed: Overrides = Overrides()
    thorough: bool = False  # look at what lies in every place, instead of trusting the last record
    expected: Mapping[str, Any] | None = None  # a plan as JSON: do this, or nothing
    steps: Steps | None = None  # default: `Plain`
    open: Open = open_store


class Deployed(NamedTuple):
    """What came of it."""

    release: str  # as it is recorded
    before: str | None  # what was published when the deploy began
    plan: Plan  # that of the last round
    sent: int  # objects that were put before the switch
    sent_bytes: int
    copies: int  # of these, copies of what has no fingerprint
    copied_bytes: int
    found: int  # objects that were there, though nobody had recorded them
    is_switched: bool  # visitors get another release
    fixed: tuple[Put, ...]  # objects without fingerprint that got other bytes
    pending: tuple[Pending, ...]  # left for a later run
    warnings: tuple[str, ...]


def planned(request: Request) -> Plan:
    """What `deploy` would do now; refusals are in it. Raises `PublishError` for a build that is none."""
    wanted = publication.of(request.build, request.config)
    with home.opened(request.config, request.open) as opened:
        return look(opened, wanted, request)[1]


def deploy(request: Request, tell: Tell = quiet) -> Deployed:
    """Raises `PublishError` and publishes nothing if anything is wrong, `Superseded` if somebody else has
    published another release in the meantime."""
    wanted = publication.of(request.build, request.config)
    with home.opened(request.config, request.open) as opened:
        return _Deploy(request, wanted, opened, tell).run()


def look(opened: Home, wanted: Publication, request: Request) -> tuple[Seen, Plan]:
    """What is there, and what is to be done about it."""
    seen = opened.seen()
    before = opened.published(seen)
    free = {name for name, store in opened.stores.items() if store.url.startswith(FREE)}
    listed = plan.to_list(wanted, seen.current, before, free, request.thorough)
    listings = {name: opened.listed(name) for name in listed}
    return seen, plan.plan(wanted, seen.current, before, listings, request.allowed)


class _Deploy:
    def __init__(self, request: Request, wanted: Publication, opened: Home, tell: Tell) -> None:
        self.request = request
        self.steps: Steps = request.steps or Plain(request.config)
        self.wanted = wanted
        self.home = opened
        self.tell = tell
        self.writes = Run(opened)
        self.done: list[tuple[Task, Done]] = []

    def run(self) -> Deployed:
        seen, found = look(self.home, self.wanted, self.request)
        first = seen.current.release
        self.check(found)
        for _ in range(ROUNDS):
            try:
                return self.publish(seen, found, first)
            except Conflict:
                seen, found = look(self.home, self.wanted, self.request)
            if found.is_switch and seen.current.release != first:
                raise superseded(seen.current, self.wanted.release)
        raise PublishError("others publish and prune all the time; nothing was published; deploy again")

    def check(self, found: Plan) -> None:
        """Raises `PublishError` where the plan must not, or was not meant to be, carried out."""
        plan.refuse(found)
        if self.request.expected is not None:
            plan.check(found, self.request.expected)
        self.steps.before(plan.as_json(found))

    def publish(self, seen: Seen, found: Plan, first: str | None) -> Deployed:
        """Does what the plan says. Raises `Conflict` if the state is not as it was *seen* any more."""
        plan.refuse(found)
        self.writes.probe(seen, {name: place.store for name, place in self.wanted.places.items()})
        wanted = self.upload(found)
        fresh = {(each.place, each.key) for each in found.uploads} | set(found.unproved)
        fresh |= set(self.moved(seen)) if found.is_switch else set()
        if fresh or found.is_switch:
            self.steps.verify(wanted, [pair for pair in wanted.objects if (pair[0], pair[1].key) in fresh])
        seen, kept = self.switch(seen, found, wanted)
        settled = None
        if any(each.reason in ABSENT for each in found.fixed):  # pages must not name what is not there
            settled = self.settle(seen)
            seen = settled.seen
        self.steps.activate(Published(kept, self.home.store.url, seen.current.serial))
        return self.result(first, found, kept, settled or self.settle(seen))

    def moved(self, seen: Seen) -> Iterator[tuple[str, str]]:
        """All of a place that has another URL than before, at which nobody has seen anything yet."""
        before = self.home.published(seen)
        for name, place in self.wanted.places.items():
            shelf = before.shelves.get(name) if before is not None else None
            if shelf is not None and shelf.url != place.url:
                yield from ((name, each.key) for each in place.objects.values() if each.is_immutable)

    def upload(self, found: Plan) -> Publication:
        """Puts what is missing, and looks at what nobody has recorded; returns what is there then."""
        tasks = self.tasks(found)
        concurrency = self.request.config.publish.concurrency
        done = upload.upload([task for _, task in tasks], concurrency, lambda far: self.tell("upload", far))
        self.done += zip((task for _, task in tasks), done, strict=True)
        adopted = dict(found.adopted)
        for (pair, task), each in zip(tasks, done, strict=True):
            if each.kept.sha256 != task.object.sha256:
                adopted[pair] = each.kept
        return difference.adopting(self.wanted, adopted)

    def tasks(self, found: Plan) -> list[tuple[tuple[str, str], Task]]:
        stores, places = self.home.stores, self.wanted.places
        blobs = {plan.BLOBS + each.sha256: each for _, each in self.wanted.objects if not each.is_immutable}
        tasks = []
        for each in found.uploads:
            object_ = places[each.place].objects.get(each.key)
            if object_ is None:
                object_ = blobs[each.key]._replace(key=each.key, headers=OCTETS, is_immutable=True)
            task = Task(stores[each.place], object_, each.is_overwritten, is_absent=each.is_absent)
            tasks.append(((each.place, each.key), task))
        for place, key in found.unproved:
            task = Task(stores[place], places[place].objects[key], is_unproved=True)
            tasks.append(((place, key), task))
        return tasks

    def switch(self, seen: Seen, found: Plan, wanted: Publication) -> tuple[Seen, Record]:
        """Makes the state name the release; returns both as they are then."""
        before = self.home.published(seen)
        if found.is_switch or before is None:
            urls = self.steps.urls(wanted)
            made = record.of(wanted, self.writes.at(), f"cdn_pipeline {__version__}", urls)
            kept = self.home.keep(made, seen.current)
            revived = [(each.place, each.key) for each in found.uploads]
            revived.append((self.home.name, record.key_of(kept.release)))
            return self.writes.switch(seen, kept.release, found.pending, revived), kept
        if found.pending:
            seen = self.writes.note(seen, found.pending)
        return seen, before

    def settle(self, seen: Seen) -> Settled:
        if not seen.current.pending:
            return Settled(seen, (), ())
        files = {each.sha256: Path(each.file) for _, each in self.wanted.objects if not each.is_immutable}
        concurrency = self.request.config.publish.concurrency
        return Settler(self.home, self.steps.invalidate, concurrency, files).settle(seen)

    def result(self, first: str | None, found: Plan, kept: Record, settled: Settled) -> Deployed:
        sent = [(task.object.key, done.kept.size) for task, done in self.done if done.is_put]
        copied = [size for key, size in sent if key.startswith(plan.BLOBS)]
        return Deployed(
            release=kept.release,
            before=first,
            plan=found,
            sent=len(sent),
            sent_bytes=sum(size for _, size in sent),
            copies=len(copied),
            copied_bytes=sum(copied),
            found=len(self.done) - len(sent),
            is_switched=found.is_switch,
            fixed=settled.put,
            pending=settled.seen.current.pending,
            warnings=settled.warnings,
        )
