"""Verify: reads the published release from its stores, and through the CDN."""

from __future__ import annotations

from collections.abc import Collection

from cdn_pipeline import (
    activate,
    document,
    home,
    proxied,
    publish_facts,
    publish_report,
    releases,
    retreat,
    verify,
)
from cdn_pipeline.edge import Edge
from cdn_pipeline.edge_report import EdgeReport
from cdn_pipeline.errors import PublishError
from cdn_pipeline.home import Home
from cdn_pipeline.record import Record
from cdn_pipeline.verbs import Outcome, Site


def run(site: Site) -> Outcome:
    """Also lets pages name what was held back and is served now. Raises `PublishError`."""
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
