"""Build: from a config to a finished release in the build directory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from cdn_pipeline import (
    custom_properties,
    freshness,
    headers,
    hooks,
    includes,
    inline,
    manifest_text,
    note,
    obstacle,
)
from cdn_pipeline.asset import Asset, Stamp
from cdn_pipeline.built import Built, Progress, Request, quiet
from cdn_pipeline.bundles import Bundles
from cdn_pipeline.cache import Cache
from cdn_pipeline.document import NAME, PREVIOUS
from cdn_pipeline.drafts import Drafts, Noted
from cdn_pipeline.errors import ERROR, ConfigError, Problem, SiteError, in_order
from cdn_pipeline.graph import Graph, graph
from cdn_pipeline.link import Linked, Linker
from cdn_pipeline.neighbours import Neighbours
from cdn_pipeline.outputs import Outputs
from cdn_pipeline.release import BuildDirectory
from cdn_pipeline.sources import Sources
from cdn_pipeline.workers import Workers, cores


def build(request: Request, progress: Progress = quiet) -> Built:
    """Raises `SiteError` with every problem, and leaves the last build as it was, if anything is wrong; also
    `HookError`."""
    if not request.write:
        return _build(request, progress)
    place = {"build": str(request.out)}
    if not request.is_prepared:
        hooks.run(request.config, hooks.BEFORE_BUILD, place)
    built = _build(request, progress)
    hooks.run(request.config, hooks.AFTER_BUILD, {**place, **_facts(built)})
    return built


def _facts(built: Built) -> dict[str, Any]:
    """What the hook `after_build` is told; the manifest in the build directory says the rest."""
    return {
        "release": built.manifest["release"],
        "targets": built.manifest["targets"],
        "files": len(built.outputs),
        "written": built.written,
        "removed": built.removed,
    }


def _build(request: Request, progress: Progress) -> Built:
    shown = str(request.out)
    if request.out.is_relative_to(request.config.root):
        shown = str(request.out.relative_to(request.config.root))
    obstacle.keep_apart(request.config, request.out, shown)
    directory = BuildDirectory(request.out, shown)
    cache = Cache(request.config.root / request.config.cache if request.use_cache else None)
    workers = Workers(request.jobs or cores())
    try:
        if request.write:
            directory.open(lambda: _wait(request, progress))
            if directory.ledger.get("collected"):
                obstacle.keep_collected(request.config, shown)
            freshness.forget(str(directory.private))
        else:
            directory.look()
        return _Build(request, directory, cache, workers, progress).run()
    except OSError as error:  # of reading, each file's own problem is made; this is about writing
        raise directory.failure(error) from error
    finally:
        workers.stop()
        cache.close()
        directory.close()


def _wait(request: Request, progress: Progress) -> None:
    progress("waiting for another build", 0, -1)
    if request.listings is not None:
        request.listings.clear()  # they grow old meanwhile


class _Build:
    def __init__(
        self,
        request: Request,
        directory: BuildDirectory,
        cache: Cache,
        workers: Workers,
        progress: Progress,
    ) -> None:
        self.request = request
        self.config = request.config
        self.directory = directory
        self.cache = cache
        self.workers = workers
        self.progress = progress
        self.problems: list[Problem] = []
        self.steps: list[tuple[str, float]] = []
        self.sources: Mapping[str, Asset] = {}
        stage = directory.staged_name if request.write else None
        self.drafts = Drafts(self.config, cache, workers, stage)
        self.bundles = Bundles(self.config, cache, workers, self.drafts, directory.started_ns)

    def run(self) -> Built:
        with self.step("scan"):
            self.scan()
        with self.step("read and minify"):
            notes = self.directory.notes(freshness.code_stamp()) if self.request.use_cache else {}
            noted = Noted(notes.get("identity", ""), note.rows(notes.get("assets", [])))
            self.drafts.add(self.sources, noted, self.told("read and minify"))
        with self.step("bundle"):
            self.bundles.add(self.sources, self.told("bundle"))
        with self.step("link"):
            found = self.graph()
            rows = note.rows(notes.get("outputs", []))
            outputs = Outputs(self.drafts, found.dropped, self.directory, rows, write=self.request.write)
            neighbours = Neighbours(outputs, self.cache, self.workers)
            linker = Linker(found.nodes, outputs.finish, self.config.origin)
            linker.link_leaves()
            neighbours.begin(linker.linked.values())
            linker.link()
        shown = self.shown()
        self.problems += obstacle.too_long(linker.linked, shown)
        self.problems += obstacle.collisions(linker.linked, shown)
        self.stop_if_broken()
        if self.request.write:
            self.stage(outputs, neighbours, linker)
        return self.finish(found, outputs, linker.linked)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self.progress(name, 0, 0)
        started = time.perf_counter()
        yield
        self.steps.append((name, time.perf_counter() - started))

    def told(self, step: str) -> Callable[[int, int], None]:
        return lambda done, total: self.progress(step, done, total)

    def scan(self) -> None:
        ours = (self.request.out, self.config.root / self.config.cache, Path(self.config.file))
        config, known = self.config, self.request.listings or {}
        sources = Sources(config.root, config.source, config.exclude, ours, config.files, known)
        known.clear()
        self.problems += sources.problems
        self.problems += obstacle.encodings_among(sources.assets)
        self.sources = sources.assets

    def graph(self) -> Graph:
        """Everything that can be wrong with the site is known here; raises `SiteError` if anything is."""
        self.problems += self.drafts.problems + self.bundles.problems
        for path in sorted(self.drafts.drafts):
            self.problems += self.drafts.drafts[path].problems
        others = [path for path in self.sources if path not in self.drafts.drafts]
        found = graph(self.config, self.drafts.drafts, others, self.shown())
        self.problems += found.problems
        self.problems += custom_properties.ambiguous(
            self.drafts.drafts, self.drafts.text, found.nodes, self.shown()
        )
        self.stop_if_broken()
        if not self.is_broken():
            self.check_groups(found)
        return found

    def check_groups(self, found: Graph) -> None:
        """Raises `ConfigError` with every member of a page group that does not exist."""
        problems = [
            Problem(ERROR, self.config.file, f"groups.{group}: no bundle or file {name!r}", hint)
            for group, name, hint in includes.unknown(self.config.groups, self.bundles.names, found.nodes)
        ]
        if problems:
            raise ConfigError(problems)

    def shown(self) -> dict[str, str]:
        """Source files as messages name them, by their logical paths."""
        return {path: asset.shown for path, asset in self.sources.items()}

    def stop_if_broken(self) -> None:
        """A file that could not even be read leaves nothing to go on with."""
        if self.is_broken() and (self.drafts.problems or not self.request.is_lenient):
            raise SiteError(in_order(self.problems))

    def is_broken(self) -> bool:
        return any(problem.severity == ERROR for problem in self.problems)

    def stage(self, outputs: Outputs, neighbours: Neighbours, linker: Linker) -> None:
        intact = self.directory.intact()
        with self.step("copy"):
            outputs.gather(linker, self.sources, intact)
            self.problems += outputs.problems
            self.stop_if_broken()
        with self.step("compress"):
            neighbours.finish(linker.linked, intact, self.told("compress"))
        self.workers.dismiss()
        self.problems += outputs.problems
        self.stop_if_broken()

    def finish(self, found: Graph, outputs: Outputs, linked: Mapping[str, Linked]) -> Built:
        bundles = {
            name: {"url": linked[bundle["parts"][0]].url} | bundle
            for name, bundle in self.bundles.names.items()
            if bundle["parts"]
        }
        document, text = manifest_text.document(
            self.config, linked, self.drafts, outputs.encodings, bundles, found.cors
        )
        removed: list[str] = []
        with self.step("write"):
            documents = self.documents(document, text, linked)
            del text  # what is written is forgotten: that of a large site has megabytes
            digests = {file: one.sha256 for one in linked.values() for file in one.files}
            self.problems += obstacle.foreign(self.directory, digests, outputs.staged, documents)
            self.stop_if_broken()
            if self.request.write:
                removed = self.commit(document, documents, outputs, linked)
        return Built(
            manifest=document,
            problems=in_order(self.problems),
            drafts=self.drafts.drafts,
            sources=self.sources,
            outputs=linked,
            nodes=found.nodes,
            written=len(outputs.staged),
            removed=removed,
            steps=self.steps,
            inputs=self.inputs(),
            listings=self.directory.listings,
            is_steady=self.is_steady(),
        )

    def documents(
        self, document: dict[str, Any], text: bytearray, linked: Mapping[str, Linked]
    ) -> dict[str, bytes | bytearray]:
        """Everything besides the outputs, in the order of writing: the manifest is last."""
        included = {**includes.includes(document, self.config.groups), **headers.headers(document)}
        documents: dict[str, bytes | bytearray] = {
            f"includes/{name}": snippet.encode() for name, snippet in sorted(included.items())
        }
        if self.bundles.slimmed:
            documents[inline.NAME] = inline.document(self.bundles.slimmed)
        documents[manifest_text.DJANGO_NAME] = manifest_text.django_text(linked)
        documents[NAME] = text
        return documents

    def commit(
        self,
        document: dict[str, Any],
        documents: dict[str, bytes | bytearray],
        outputs: Outputs,
        linked: Mapping[str, Linked],
    ) -> list[str]:
        release = (document["release"], list(outputs.files))
        publish = self.request.publish
        self.directory.keep(NAME, documents[NAME], PREVIOUS)
        self.directory.switch(outputs.staged, documents, publish and partial(publish, self.request.out))
        notes = {
            "program": freshness.code_stamp(),
            "collected": self.config.files is not None,
            "identity": self.drafts.identity,
            "assets": note.columns(self.drafts.notes(self.is_racy)),
            "outputs": note.columns(outputs.notes(linked)),
        }
        written = (*outputs.staged, *documents)
        return self.directory.settle(written, release, self.config.keep_releases, notes)

    def is_racy(self, stamp: Stamp) -> bool:
        return max(stamp.mtime_ns, stamp.ctime_ns) > self.directory.started_ns - freshness.RACY_NS

    def inputs(self) -> list[str]:
        """Everything that was read and is no source."""
        return list(dict.fromkeys([*self.bundles.inputs, *map(str, self.drafts.code)]))

    def is_steady(self) -> bool:
        if any(self.is_racy(copied.stamp) for copied in self.drafts.copied.values()):
            return False
        return freshness.is_settled(self.inputs(), self.directory.started_ns)
