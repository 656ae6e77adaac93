"""Neighbours: every output in the encodings that its route wants; of the last build, the cache, or new."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from cdn_pipeline import prepare
from cdn_pipeline.cache import Cache
from cdn_pipeline.compress import SUFFIXES, makers, version
from cdn_pipeline.errors import ERROR, Problem
from cdn_pipeline.link import Linked
from cdn_pipeline.outputs import Outputs
from cdn_pipeline.prepare import CompressJob, Lost
from cdn_pipeline.workers import Run, Task, Workers, batched

FAST = ("gzip",)
BATCH = 256_000  # bytes that a worker takes at once
BATCH_SLOW = 64_000
ALONE = 1_500_000  # bytes for which starting workers does not pay
ALONE_SLOW = 50_000


class Neighbours:
    """The neighbours of *outputs*, staged with them. Each content is compressed once."""

    def __init__(self, outputs: Outputs, cache: Cache, workers: Workers) -> None:
        self._outputs = outputs
        self._cache = cache
        self._workers = workers
        self._run: Run | None = None
        self._jobs = 0
        self._begun: set[str] = set()  # paths
        self._waiting: dict[str, dict[str, list[Linked]]] = {}  # by digest and encoding

    def begin(self, linked: Iterable[Linked]) -> None:
        """Begins with those of *linked* whose text is new, if that is much. The rest is linked meanwhile."""
        new = [each for each in linked if each.routed.encodings and self._outputs.text(each.path)]
        if not _is_little(new):
            self._add(new, alone=False)

    def finish(
        self, linked: Mapping[str, Linked], intact: set[str], progress: Callable[[int, int], None]
    ) -> None:
        """Stages all neighbours of *linked* that are not in *intact*."""
        rest = [
            each
            for path, each in linked.items()
            if each.routed.encodings and path not in self._begun and not self._was_there(each, intact)
        ]
        self._add(rest, alone=_is_little(rest))
        for done, (job, results) in enumerate(self._run or (), 1):
            self._take(job, results)
            progress(done, self._jobs)

    def _add(self, linked: Iterable[Linked], *, alone: bool) -> None:
        jobs = [job for each in linked if (job := self._job(each))]
        if jobs and self._run is None:
            self._run = self._workers.run(alone=alone)
        if jobs and self._run is not None:
            self._jobs += len(jobs)
            self._run.add(_tasks(jobs))

    def _was_there(self, linked: Linked, intact: set[str]) -> bool:
        """Whether the last build made them all, of the same bytes by the same means, and nobody touched
        them."""
        wanted = linked.routed.encodings
        noted = self._outputs.noted.get(linked.path)
        if noted is None or noted.sha256 != linked.sha256 or noted.makers != makers(wanted):
            return False
        sizes = {name: noted.encodings.get(name, 0) for name in wanted}
        files = [file + SUFFIXES[name] for file in linked.files for name in wanted if sizes[name]]
        if not intact.issuperset(files):
            return False
        self._outputs.encodings[linked.path] = sizes
        self._outputs.files.update(dict.fromkeys(files, linked.path))
        return True

    def _job(self, linked: Linked) -> CompressJob | None:
        """What is to be done for *linked* that the cache does not have and that is not begun already."""
        self._begun.add(linked.path)
        missing = []
        for encoding in linked.routed.encodings:
            neighbour = self._cache.get(_key(linked.sha256, encoding))
            if neighbour is None:
                missing.append(encoding)
            else:
                self._stage(linked, encoding, neighbour)
        if not missing:
            return None
        waiting = self._waiting.setdefault(linked.sha256, {})
        new = tuple(encoding for encoding in missing if encoding not in waiting)
        for encoding in missing:
            waiting.setdefault(encoding, []).append(linked)
        return self._compress_job(linked, new) if new else None

    def _compress_job(self, linked: Linked, encodings: tuple[str, ...]) -> CompressJob:
        outputs, file = self._outputs, linked.files[0]
        content = outputs.text(linked.path) or outputs.staged.get(file) or str(outputs.directory.path / file)
        staged = tuple(outputs.directory.staged_name() for _ in encodings)
        return CompressJob(linked.path, content, linked.sha256, linked.size, encodings, staged)

    def _take(self, job: CompressJob, results: list[bytes] | Lost) -> None:
        if isinstance(results, Lost):
            self._outputs.problems.append(Problem(ERROR, job.path, results.message, "build again"))
            return
        for encoding, neighbour, staged in zip(job.encodings, results, job.staged, strict=True):
            self._cache.put(_key(job.sha256, encoding), neighbour)
            for linked in self._waiting[job.sha256][encoding]:
                staged = self._stage(linked, encoding, neighbour, staged)

    def _stage(self, linked: Linked, encoding: str, neighbour: bytes, staged: str = "") -> str:
        """Stages a neighbour, which is in the file *staged* already if that is given. Returns "" if that
        file is used now: each output needs one of its own."""
        outputs = self._outputs
        outputs.encodings.setdefault(linked.path, {})[encoding] = len(neighbour)
        for file in linked.files if neighbour else ():
            name = file + SUFFIXES[encoding]
            outputs.files[name] = linked.path
            outputs.staged[name] = staged or outputs.directory.stage(neighbour)
            staged = ""
        return staged


def _key(sha256: str, encoding: str) -> str:
    return f"{version(encoding)} {sha256}"


def _is_little(linked: Sequence[Linked]) -> bool:
    """Whether it does not pay to start workers."""
    slow = any(encoding not in FAST for each in linked for encoding in each.routed.encodings)
    return sum(each.size for each in linked) < (ALONE_SLOW if slow else ALONE)


def _tasks(jobs: Sequence[CompressJob]) -> Iterator[Task]:
    slow = any(encoding not in FAST for job in jobs for encoding in job.encodings)
    for batch in batched(jobs, lambda job: job.size, BATCH_SLOW if slow else BATCH):
        yield Task(prepare.compress, batch, prepare.lost)
