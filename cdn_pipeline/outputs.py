"""Outputs: fills drafts, finds what is not yet in the build directory, and makes it with its neighbours."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cdn_pipeline import draft as drafting
from cdn_pipeline import prepare
from cdn_pipeline.asset import Asset
from cdn_pipeline.cache import Cache
from cdn_pipeline.compress import SUFFIXES, version
from cdn_pipeline.digest import sha256
from cdn_pipeline.drafts import BATCH, Drafts
from cdn_pipeline.errors import ERROR, Problem
from cdn_pipeline.link import Linked, Linker, Values
from cdn_pipeline.prepare import CompressJob, CopyJob, Lost
from cdn_pipeline.release import BuildDirectory
from cdn_pipeline.workers import Task, Workers, batched

ALONE = 1_500_000  # bytes of text to gzip for which starting workers does not pay; brotli is slower by far
ALONE_SLOW = 50_000


class Noted(NamedTuple):
    """What the ledger says of an output of the last build."""

    fill: str  # digest of the draft and of all that was filled in
    sha256: str
    size: int
    encodings: dict[str, int]  # sizes of the neighbours; 0 where one was not worth while
    makers: str  # what made them, see `compress.version`; set off by tabs


class Outputs:
    """Everything that a release serves, as files of the build directory."""

    def __init__(
        self,
        drafts: Drafts,
        dropped: Mapping[str, list[bytes]],
        directory: BuildDirectory,
        noted: Iterable[Sequence[Any]],
        *,
        write: bool,
    ) -> None:
        """*noted* are the rows of `notes` of the last build."""
        self.staged: dict[str, str] = {}  # {file below the build directory: staged file}
        self.files: dict[str, str] = {}  # {file below the build directory: logical path it comes from}
        self.encodings: dict[str, dict[str, int]] = {}
        self.problems: list[Problem] = []
        self._drafts = drafts
        self._dropped = dropped
        self._directory = directory
        self._write = write
        self._fills: dict[str, str] = {}
        self._filled: dict[str, str] = {}  # {path: staged file}
        self._noted = {row[0]: Noted(*row[1:]) for row in noted}

    def finish(self, path: str, values: Values, final: bool) -> tuple[str, int]:
        """See `link.Finish`."""
        draft = self._drafts.drafts.get(path)
        if draft is None:
            copied = self._drafts.copied[path]
            return copied.sha256, copied.stamp.size
        key = sha256(repr((self._drafts.keys[path], sorted(values.items()))).encode())
        noted = self._noted.get(path)
        if final:
            self._fills[path] = key
            if noted is not None and noted.fill == key:
                return noted.sha256, noted.size
        content = self._content(path, values)
        if final and self._write:
            self._filled[path] = self._directory.stage(content)
        return sha256(content), len(content)

    def _content(self, path: str, values: Values) -> bytes:
        text = self._drafts.text(path)
        for token in self._dropped.get(path, ()):
            text = drafting.without_source_map(text, token)
        return drafting.fill(text, values)

    def gather(self, linker: Linker, assets: Mapping[str, Asset], intact: set[str]) -> None:
        """Stages each file of each output that is not in *intact*, or was written with other bytes."""
        for path, linked in linker.linked.items():
            is_same = self._was_same(linked)
            for file in linked.files:
                self.files[file] = path
                if file not in intact or not is_same:
                    self._stage(file, path, linker, assets)

    def _was_same(self, linked: Linked) -> bool:
        """Whether what the last build wrote under the same name has the same bytes. A fingerprint says so
        itself, to whoever has no notes."""
        noted = self._noted.get(linked.path)
        return linked.routed.fingerprint if noted is None else noted.sha256 == linked.sha256

    def _stage(self, file: str, path: str, linker: Linker, assets: Mapping[str, Asset]) -> None:
        ready = self._filled.pop(path, "") or self._drafts.staged.pop(path, "")
        if not ready and path in self._drafts.drafts:
            values = linker.values(linker.nodes[path])
            ready = self._directory.stage(self._content(path, values))
        elif not ready:
            ready = self._copy_again(assets[path], linker.linked[path].sha256)
        if ready:
            self.staged[file] = ready

    def _copy_again(self, asset: Asset, digest: str) -> str:
        """A staged copy of a file whose digest is known from before, or that is wanted in two places."""
        staged = self._directory.staged_name()
        result = prepare.copy([CopyJob(asset.path, asset.file, asset.stamp.size, staged)])[0]
        if not isinstance(result, Lost) and result.sha256 == digest:
            return staged
        message = result.message if isinstance(result, Lost) else "changed while the build ran"
        self.problems.append(Problem(ERROR, asset.shown, message, "build again"))
        return ""

    def compress(
        self,
        outputs: Mapping[str, Linked],
        intact: set[str],
        cache: Cache,
        workers: Workers,
        progress: Callable[[int, int], None],
    ) -> None:
        """Stages the neighbours of every output whose route wants some; each content is compressed once."""
        jobs: dict[str, CompressJob] = {}
        waiting: dict[str, list[str]] = {}  # {digest: paths}
        makers = functools.cache(version)
        for path, linked in outputs.items():
            if linked.routed.encodings and not self._recall(path, linked, intact, cache, makers):
                waiting.setdefault(linked.sha256, []).append(path)
                earlier = jobs.get(linked.sha256)
                jobs[linked.sha256] = self._job(path, linked, earlier.encodings if earlier else ())
        slow = any(encoding != "gzip" for job in jobs.values() for encoding in job.encodings)
        alone = sum(job.size for job in jobs.values()) < (ALONE_SLOW if slow else ALONE)
        for done, (job, results) in enumerate(workers.run(_tasks(jobs.values()), alone=alone), 1):
            digest = outputs[job.path].sha256
            if isinstance(results, Lost):
                self.problems.append(Problem(ERROR, job.path, results.message, "build again"))
                continue
            for encoding, neighbour, staged in zip(job.encodings, results, job.staged, strict=True):
                cache.put(f"{makers(encoding)} {digest}", neighbour)
                for path in waiting[digest]:
                    if encoding in outputs[path].routed.encodings:
                        staged = self._stage_neighbour(outputs[path], encoding, neighbour, staged)
            progress(done, len(jobs))

    def _recall(
        self, path: str, linked: Linked, intact: set[str], cache: Cache, makers: Callable[[str], str]
    ) -> bool:
        """Whether all neighbours are there, or could be taken from the cache."""
        wanted = linked.routed.encodings
        noted = self._noted.get(path)
        if noted and noted.sha256 == linked.sha256 and noted.makers == "\t".join(map(makers, wanted)):
            files = [
                f"{file}{SUFFIXES[name]}"
                for file in linked.files
                for name in wanted
                if noted.encodings.get(name)
            ]
            if intact.issuperset(files):
                self.encodings[path] = {name: noted.encodings.get(name, 0) for name in wanted}
                self.files.update(dict.fromkeys(files, path))
                return True
        found = {name: cache.get(f"{makers(name)} {linked.sha256}") for name in wanted}
        for name, neighbour in found.items():
            if neighbour is not None:
                self._stage_neighbour(linked, name, neighbour)
        return None not in found.values()

    def _job(self, path: str, linked: Linked, also: tuple[str, ...]) -> CompressJob:
        file = linked.routed.file(linked.name)
        wanted = (*also, *(name for name in linked.routed.encodings if name not in also))
        return CompressJob(
            path,
            self.staged.get(file) or str(self._directory.path / file),
            linked.sha256,
            linked.size,
            wanted,
            tuple(self._directory.staged_name() for _ in wanted),
        )

    def _stage_neighbour(self, linked: Linked, encoding: str, neighbour: bytes, staged: str = "") -> str:
        """Stages a neighbour, which is in the file *staged* already if that is given. Returns "" if that
        file is used now: each output needs one of its own."""
        self.encodings.setdefault(linked.path, {})[encoding] = len(neighbour)
        for file in linked.files if neighbour else ():
            name = file + SUFFIXES[encoding]
            self.files[name] = linked.path
            self.staged[name] = staged or self._directory.stage(neighbour)
            staged = ""
        return staged

    def notes(self, outputs: Mapping[str, Linked]) -> Iterator[tuple[Any, ...]]:
        """What the ledger should say of each output: its path, and the fields of `Noted`."""
        makers = functools.cache(version)
        for path, linked in outputs.items():
            made = "\t".join(makers(name) for name in linked.routed.encodings)
            sizes = self.encodings.get(path, {})
            yield path, self._fills.get(path, ""), linked.sha256, linked.size, sizes, made


def _tasks(jobs: Iterable[CompressJob]) -> Iterator[Task]:
    for batch in batched(jobs, lambda job: job.size, BATCH):
        yield Task(prepare.compress, batch)
