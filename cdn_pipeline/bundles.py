"""Bundles of a whole site: reads their definitions, puts together those whose members changed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from cdn_pipeline import chain, freshness, media_types, paths
from cdn_pipeline import draft as drafting
from cdn_pipeline.asset import Asset
from cdn_pipeline.cache import Cache
from cdn_pipeline.config import Config
from cdn_pipeline.digest import sha256
from cdn_pipeline.drafts import ALREADY_SMALL, Drafts, code_digest
from cdn_pipeline.errors import ERROR, Problem
from cdn_pipeline.workers import Task, Workers

if TYPE_CHECKING:
    from cdn_pipeline.bundle import Assembled
    from cdn_pipeline.definitions import Bundle, Definitions
    from cdn_pipeline.inline import Content


class Bundles:
    """What the definitions of a site put out. Without definitions nothing is loaded."""

    def __init__(
        self, config: Config, cache: Cache, workers: Workers, drafts: Drafts, started_ns: int
    ) -> None:
        self.names: dict[str, dict[str, Any]] = {}  # what a page asks for: parts, sources, extra
        self.inputs: list[str] = []  # every file and directory that was read for definitions
        self.slimmed: dict[str, str] = {}  # inline content of templates, see `inline`
        self.problems: list[Problem] = []
        self._config = config
        self._cache = cache
        self._workers = workers
        self._drafts = drafts
        self._started_ns = started_ns
        self._is_small = paths.Patterns((*ALREADY_SMALL, *config.minify.skip))
        self._roots = tuple(os.path.join(config.root, name) for name in config.source)
        self._prefixes = tuple(sorted(target.url for target in config.targets.values()))

    def add(self, assets: Mapping[str, Asset], progress: Callable[[int, int], None]) -> None:
        """Adds the drafts of all bundles to the site's."""
        if not self._config.bundles.definitions and not self._config.bundles.templates:
            return
        from cdn_pipeline.definitions import resolve

        definitions = self._definitions()
        self.inputs = [str(path) for path in definitions.inputs]
        resolved = resolve(definitions, assets.keys())
        self.problems += (*definitions.problems, *resolved.problems)
        if any(problem.severity == ERROR for problem in self.problems):
            return
        parts = self._assembled(resolved.outputs, assets, progress)
        for name, outputs in resolved.names.items():
            self._name(name, [(resolved.outputs[output], parts.get(output, [])) for output in outputs])
        if definitions.contents:
            self._slim(definitions.contents)

    def _slim(self, contents: Iterable[Content]) -> None:
        from cdn_pipeline.minify.inline import slimmed

        options = self._drafts.options
        self.slimmed = slimmed(contents, options.engines, options.time_limit_s, self._config.root)

    def _definitions(self) -> Definitions:
        """From the cache, where nothing that was read for them has changed."""
        from pathlib import Path

        from cdn_pipeline import definitions

        named = self._config.bundles
        identity = (code_digest(), str(self._config.root), self._config.source, named, self._prefixes)
        key = "definitions " + sha256(repr(identity).encode("utf-8", "surrogatepass"))
        noted = self._cache.get(key)
        if noted is not None:
            signature, _, text = noted.decode().partition("\n")
            found = definitions.load(text)
            if signature == freshness.signature(map(str, found.inputs)):
                return found
        roots, limit_s = [Path(root) for root in self._roots], self._config.filter_timeout_s
        where = (self._config.root, roots, limit_s, self._prefixes)
        found = definitions.read(
            named.definitions, named.templates, *where, has_django_static=named.django_static
        )
        inputs = [str(path) for path in found.inputs]
        if not found.problems and freshness.is_settled(inputs, self._started_ns):
            signature = freshness.signature(inputs)
            self._cache.put(key, f"{signature}\n{definitions.dump(found)}".encode())
        return found

    def _assembled(
        self, outputs: Mapping[str, Bundle], assets: Mapping[str, Asset], progress: Callable[[int, int], None]
    ) -> dict[str, list[str]]:
        """The parts of each of *outputs*, as logical paths."""
        parts: dict[str, list[str]] = {}
        tasks = []
        keys = {}
        for output, bundle in outputs.items():
            keys[output] = self._key(bundle)
            known = self._recalled(output, keys[output])
            if known is None:
                tasks.append(self._task(bundle, assets))
            else:
                parts[output] = known
        size = sum(assets[path].stamp.size for task in tasks for path in _members(task) if path in assets)
        is_little = size < 100_000 or len(tasks) == 1
        results = self._workers.run(tasks, alone=is_little, apart=any(map(self._is_foreign, tasks)))
        for done, (job, assembled) in enumerate(results, 1):
            self.problems += assembled.problems
            output = job.bundle.output
            parts[output] = self._keep(output, keys[output], assembled)
            progress(done, len(tasks))
        return parts

    def _is_foreign(self, task: Task) -> bool:
        """Whether code that nobody of us wrote will run, which may end the process that it is in."""
        return any(self._drafts.options.versions) or any(
            True for job in task.jobs for _ in chain.filter_names(job.bundle)
        )

    def _key(self, bundle: Bundle) -> str:
        """What the bundle is made from, as far as it is known before it is made."""
        from cdn_pipeline.bundle import members
        from cdn_pipeline.definitions.bundle import definition

        digests = {
            path: self._drafts.copied[path].sha256
            for path in (*members(bundle), *bundle.depends)
            if path in self._drafts.copied
        }
        options = self._drafts.options._replace(root="")
        filters = list(chain.filter_names(bundle))
        versions = chain.packages(filters) if filters else []
        small = [path for path in (bundle.output, *members(bundle)) if self._is_small(path)]
        identity = (code_digest(), definition(bundle), digests, options, small, versions)
        return "bundle " + sha256(repr(identity).encode("utf-8", "surrogatepass"))

    def _recalled(self, output: str, key: str) -> list[str] | None:
        """The parts that the cache has, unless something else that was read for them has changed."""
        noted = self._cache.get(key)
        if noted is None:
            return None
        try:
            record = json.loads(noted)
            there = {path: copied.sha256 for path, copied in self._drafts.copied.items()}
            if any(there.get(path, "") != digest for path, digest in record["read"].items()):
                return None
            if record["code"] and record["code"] != self._code_now(record["code"]):
                return None
            if record["programs"] and record["programs"] != _programs().stamps(record["programs"]):
                return None
            encoded = [self._cache.get("draft " + part) for part in record["parts"].values()]
            texts = [self._cache.get("text " + part) for part in record["parts"].values()]
            if None in encoded or None in texts:
                return None
            for (path, part), draft in zip(record["parts"].items(), encoded, strict=True):
                self._drafts.drafts[path] = drafting.from_json(draft or b"")
                self._drafts.keys[path] = part
            self._note_read(record)
        except (ValueError, TypeError, KeyError):
            return None
        return list(record["parts"])

    def _note_read(self, record: Mapping[str, Any]) -> None:
        """The site's own code that ran, and programs, are read for the bundles as much as their definitions
        are."""
        self.inputs += (str(self._config.root / name) for name in record["code"])
        if record["programs"]:
            self.inputs += _programs().files(record["programs"])

    def _code_now(self, names: Iterable[str]) -> dict[str, str]:
        """The digests of the site's own code, as it is now."""
        root = self._config.root
        return chain.code_digests((root / name for name in names), root)

    def _task(self, bundle: Bundle, assets: Mapping[str, Asset]) -> Task:
        from cdn_pipeline.bundle import BundleJob, assemble_all, lost, members

        wanted = set(members(bundle))
        files = {
            path: (asset.file, asset.shown)
            for path, asset in assets.items()
            if path in wanted or media_types.language(path) == drafting.CSS
        }
        skip = self._is_small(bundle.output)
        small = frozenset(filter(self._is_small, wanted))
        root = str(self._config.root)
        job = BundleJob(bundle, files, self._drafts.options, root, self._roots, skip, small)
        return Task(assemble_all, [job], lost)

    def _keep(self, output: str, key: str, assembled: Assembled) -> list[str]:
        from cdn_pipeline.bundle import outputs

        names = outputs(output, len(assembled.drafts))
        record: dict[str, Any] = {
            "read": assembled.read,
            "code": assembled.code,
            "programs": assembled.programs,
            "parts": {},
        }
        self._note_read(record)
        for path, draft in zip(names, assembled.drafts, strict=True):
            part = sha256(f"{key}\0{path}\0{sha256(draft.text)}".encode())
            record["parts"][path] = part
            self._drafts.keep(path, part, draft)
        if not assembled.problems:
            self._cache.put(key, json.dumps(record).encode())
        return names

    def _name(self, name: str, made: list[tuple[Bundle, list[str]]]) -> None:
        from cdn_pipeline.bundle import members

        self.names[name] = {
            "parts": [part for _, parts in made for part in parts],
            "sources": list(dict.fromkeys(path for bundle, _ in made for path in members(bundle))),
            "extra": dict(made[0][0].extra) if made else {},
        }


def _members(task: Task) -> list[str]:
    from cdn_pipeline.bundle import members

    return [path for job in task.jobs for path in members(job.bundle)]


def _programs() -> Any:
    from cdn_pipeline import programs

    return programs
