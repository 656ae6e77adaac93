"""Publish verbs: plan, deploy, status, releases, rollback, prune, verify, diff and retreat."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from cdn_pipeline import (
    activate,
    deploy,
    document,
    fallback,
    home,
    hooks,
    proxied,
    prune,
    publish_facts,
    publish_report,
    releases,
    report,
    retreat,
    rollback,
    status,
    verify,
)
from cdn_pipeline.activate import Live
from cdn_pipeline.config import Config
from cdn_pipeline.edge import Edge
from cdn_pipeline.edge_report import EdgeReport
from cdn_pipeline.errors import ERROR, WARNING, ConfigError, Problem, PublishError
from cdn_pipeline.home import Home
from cdn_pipeline.hooks import HookError
from cdn_pipeline.objections import Overrides
from cdn_pipeline.record import Record
from cdn_pipeline.site_steps import SiteSteps
from cdn_pipeline.stores import Conflict
from cdn_pipeline.summary import problems as as_rows
from cdn_pipeline.upload import Progress

Facts = dict[str, Any]


class Outcome(NamedTuple):
    """What a verb has to tell."""

    facts: Facts
    text: str
    problems: tuple[Problem, ...] = ()


class Site:
    """What the verbs work on."""

    def __init__(self, config: Config, build: Path, options: argparse.Namespace) -> None:
        self.config = config
        self.build = build
        self.options = options
        self.progress = report.Progress()

    @cached_property
    def where(self) -> Live:
        """Where running sites read."""
        return activate.live(self.config, self.build)

    def tell(self, step: str, done: int, of: int) -> None:
        """Progress in pieces."""
        self.progress(step, done, of)

    def tell_upload(self, step: str, far: Progress) -> None:
        """Progress in files and bytes."""
        note = f", {report.human_size(far.bytes)} of {report.human_size(far.of_bytes)}"
        self.progress(step, far.files, far.of_files, note)

    @contextlib.contextmanager
    def edge(self, is_wanted: bool = True) -> Iterator[Edge | None]:
        """What asks CDNs; ``None`` where none is to be asked."""
        targets = self.config.targets.values()
        if not is_wanted or not any("//" in target.url and target.verify_edge for target in targets):
            yield None
            return
        edge = Edge()
        try:
            yield edge
        finally:
            edge.close()


def run(config: Config, build: Path, options: argparse.Namespace) -> int:
    """Runs ``options.verb`` for the site whose build directory is *build*; returns the exit code."""
    site = Site(config, build, options)
    try:
        outcome = VERBS[options.verb](site)
    finally:
        site.progress.end()
    return _told(outcome, options)


def _told(outcome: Outcome, options: argparse.Namespace) -> int:
    rows = as_rows(outcome.problems)
    errors = sum(problem.severity == ERROR for problem in outcome.problems)
    if options.json:
        print(report.as_json({"ok": not errors, **outcome.facts, "problems": rows}))
        return 1 if errors else 0
    print(outcome.text, flush=True)
    if rows:
        print("\n" + "\n".join(report.problem_lines(rows)), file=sys.stderr)
        print(report.count(errors or len(rows), "error" if errors else "warning"), file=sys.stderr)
    return 1 if errors else 0


def _request(site: Site, steps: SiteSteps | None = None) -> deploy.Request:
    options = site.options
    return deploy.Request(
        site.config,
        site.build,
        Overrides(shrink=options.allow_shrink, adopt=options.adopt),
        thorough=options.thorough,
        expected=_expected(options.plan) if options.plan else None,
        steps=steps,
    )


def _expected(file: str) -> Mapping[str, Any]:
    try:
        content = json.loads(Path(file).read_bytes())
    except OSError as error:
        raise ConfigError(
            [Problem(ERROR, file, (error.strerror or str(error)).lower(), WRITE_PLAN)]
        ) from error
    except ValueError as error:
        raise ConfigError([Problem(ERROR, file, "is no plan", WRITE_PLAN)]) from error
    if not isinstance(content, dict):
        raise ConfigError([Problem(ERROR, file, "is no plan", WRITE_PLAN)])
    return content


WRITE_PLAN = "write one with `cdn-pipeline plan --out FILE`"


def _plan(site: Site) -> Outcome:
    found = deploy.planned(_request(site))
    facts = publish_facts.planned(found, site.config)
    if site.options.out is not None:
        Path(site.options.out).write_text(report.as_json(facts) + "\n", "utf-8")
    refused = tuple(Problem(ERROR, "", refusal) for refusal in found.refusals)
    return Outcome(facts, publish_report.planned(facts), refused)


def _deploy(site: Site) -> Outcome:
    started = time.perf_counter()
    with site.edge(not site.options.no_edge) as edge:
        steps = DeploySteps(site.config, site.where, site.tell, edge)
        done = deploy.deploy(_request(site, steps), site.tell_upload)
    facts = publish_facts.deployed(done, steps)
    found = [*steps.problems, *(Problem(WARNING, "", warning) for warning in done.warnings)]
    found += _after(site, hooks.AFTER_DEPLOY, facts)
    return Outcome(facts, publish_report.deployed(facts, time.perf_counter() - started), tuple(found))


class DeploySteps(SiteSteps):
    """With the hook that comes first."""

    def before(self, facts: Mapping[str, Any]) -> None:
        """See `Steps`."""
        hooks.run(self.config, hooks.BEFORE_DEPLOY, {"build": str(self.where.build), **facts})


def _after(site: Site, event: str, facts: Facts) -> tuple[Problem, ...]:
    """Runs the hook for *event*; what it has done wrong undoes nothing."""
    try:
        hooks.run(site.config, event, {"build": str(site.build), **facts})
    except HookError as error:
        return error.problems
    return ()


def _rollback(site: Site) -> Outcome:
    steps = SiteSteps(site.config, site.where, site.tell)
    done = rollback.rollback(rollback.Request(site.config, site.options.release, steps))
    facts = publish_facts.rolled_back(done, steps)
    found = [*steps.problems, *(Problem(WARNING, "", warning) for warning in done.warnings)]
    found += _after(site, hooks.AFTER_ROLLBACK, facts)
    return Outcome(facts, publish_report.rolled_back(facts), tuple(found))


def _status(site: Site) -> Outcome:
    with home.opened(site.config) as opened:
        found = status.status(opened)
    read = proxied.manifest(site.where.directory / document.NAME)
    facts = publish_facts.status(found, read.release, retreat.read(site.where.directory))
    return Outcome(facts, publish_report.status(facts))


def _releases(site: Site) -> Outcome:
    wanted = site.options.pin or site.options.unpin
    with home.opened(site.config) as opened:
        if wanted:
            _pin(opened, wanted, is_pinned=site.options.unpin is None)
        facts = publish_facts.releases(status.all_releases(opened, site.config))
    return Outcome(facts, publish_report.releases(facts))


def _pin(opened: Home, wanted: str, *, is_pinned: bool) -> None:
    try:
        status.pin(opened, wanted, is_pinned=is_pinned)
    except Conflict as error:
        raise PublishError("somebody else has published at the same time; try again") from error


def _diff(site: Site) -> Outcome:
    before, after = site.options.before, site.options.after
    with home.opened(site.config) as opened:
        facts = publish_facts.changes(status.difference(opened, before, after), before, after)
    return Outcome(facts, publish_report.changes(facts))


def _prune(site: Site) -> Outcome:
    options = site.options
    request = prune.Request(site.config, options.dry_run, options.max_deletes)
    if not options.dry_run and not options.yes and not options.json and _is_terminal():
        would = publish_facts.pruned(prune.prune(request._replace(is_dry=True)), is_dry=True)
        print(publish_report.pruned(would), flush=True)
        if not would["deleted"]:
            return Outcome(would, "")
        if input("delete them? [y/N] ").strip().lower() not in ("y", "yes"):
            return Outcome(would, "nothing was deleted")
    facts = publish_facts.pruned(prune.prune(request), is_dry=options.dry_run)
    return Outcome(facts, publish_report.pruned(facts))


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _verify(site: Site) -> Outcome:
    options = site.options
    with home.opened(site.config) as opened:
        published = _published(opened)
        if options.edge:
            origin, sound = None, _whole(opened, published)
        else:
            origin = _origin(site, opened, published)
            sound = origin.sound
    edges, freed = None, {}
    with site.edge(not options.origin) as edge:
        if edge is not None:
            edges = _edges(site, published, sound, edge)
            freed = _freed(site, published, edges)
    findings = [*(origin.findings if origin else ()), *(edges.findings if edges else ())]
    facts = publish_facts.verified(origin, edges, freed) | {"release": published.release}
    found = tuple(finding.problem for finding in findings)
    return Outcome(facts, publish_report.verified(facts), found)


def _published(opened: Home) -> Record:
    published = opened.published(opened.seen())
    if published is None:
        raise PublishError(f"{opened.store.url}: nothing is published; run `cdn-pipeline deploy`")
    return published


def _origin(site: Site, opened: Home, published: Record) -> verify.OriginReport:
    wanted = {name: shelf.objects for name, shelf in published.shelves.items()}
    stores = {name: opened.place(name, shelf.store) for name, shelf in published.shelves.items()}
    concurrency = site.config.publish.concurrency
    return verify.verify_origin(
        published.release, wanted, stores, concurrency, lambda done, of: site.tell("read", done, of)
    )


def _whole(opened: Home, published: Record) -> frozenset[str]:
    """The places that have every file of the release, as far as listings tell. Raises `PublishError` if one
    has not: a CDN that is asked for it remembers that it was not there."""
    places = {*published.shelves, opened.name}
    lost = releases.lacks(published, opened, {name: opened.listed(name) for name in places})
    if lost:
        raise PublishError(
            f"release {published.release} is not whole: {releases.told(lost)}; deploy it again"
        )
    return frozenset(published.shelves)


def _edges(site: Site, published: Record, sound: Collection[str], edge: Edge) -> EdgeReport:
    manifest = document.read(published.manifest)
    proof = verify.proof(published.release, sound, site.config.targets)
    held = retreat.read(site.where.directory).held
    question = verify.Question(site.config, manifest, proof, manifest.files, held, sample=site.options.sample)
    return verify.visit(question, edge, lambda done, of: site.tell("ask the CDN", done, of))


def _freed(site: Site, published: Record, edges: EdgeReport) -> dict[str, int]:
    """How many files are not held back any more, by target."""
    directory = site.where.directory
    manifest = document.read(published.manifest)
    there = retreat.read(directory)
    if not there.held or proxied.manifest(directory / document.NAME).release != manifest.release:
        return {}
    after = retreat.release_held([directory], edges.verified)[directory]
    if after != there:
        activate.refresh(site.where, site.config)
    gone = set(there.held) - set(after.held)
    return {name: sum(target == name for target, _ in gone) for name in sorted({name for name, _ in gone})}


def _retreat(site: Site) -> Outcome:
    options, directory = site.options, site.where.directory
    if options.back:
        after = retreat.return_to([directory], options.targets)
    else:
        after = retreat.retreat([directory], options.targets, partly=options.partly)
    activate.refresh(site.where, site.config)
    there = after.get(directory, fallback.NOTHING)
    facts: Facts = {"live": {"directory": str(directory), **publish_facts.held(there)}}
    return Outcome(facts, publish_report.retreated(facts))


VERBS: Mapping[str, Callable[[Site], Outcome]] = {
    "plan": _plan,
    "deploy": _deploy,
    "status": _status,
    "releases": _releases,
    "rollback": _rollback,
    "prune": _prune,
    "verify": _verify,
    "diff": _diff,
    "retreat": _retreat,
}
