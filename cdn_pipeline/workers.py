"""Workers: runs plain functions on all cores, in processes, since most of the work holds Python's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from cdn_pipeline.worker import Worker

Job = TypeVar("Job")
LOOK_S = 1.0  # a process that a filter left behind may hold the line of a worker that is gone


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Task(NamedTuple):
    """One call for a worker: ``function(jobs)`` returns one result for each job. All of it must pickle."""

    function: Callable[[Sequence[Any]], Sequence[Any]]
    jobs: Sequence[Any]
    lost: Callable[[Any, str], Any]  # what stands for the result of a job that ended two processes


class Workers:
    """Processes that are started when there is work for them. What is lost with one is done once more."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self._idle: list[Worker] = []
        self._dismissed: list[Worker] = []
        self._busy: dict[Any, tuple[Worker, _Shared, Task]] = {}  # by line

    def run(self, tasks: Iterable[Task] = (), *, alone: bool, apart: bool = False) -> Run:
        """Begins *tasks*. *alone*: does them in this process when their results are asked for, because there
        is too little work to be worth a worker. *apart*: never does, because they may end their process."""
        run = Alone() if not apart and (alone or self.jobs == 1) else _Shared(self)
        run.add(tasks)
        return run

    def begun(self) -> int:
        """How many tasks are begun and not done."""
        return len(self._busy)

    def begin(self, run: _Shared, task: Task) -> None:
        """Gives *task* to a worker."""
        from cdn_pipeline.worker import Gone, Worker

        worker = self._idle.pop() if self._idle else Worker()
        self._busy[worker.line] = worker, run, task
        try:
            worker.begin(task.function, task.jobs)
        except Gone:
            self._lose(worker)

    def receive(self) -> None:
        """Waits until workers are done, or gone, and tells the runs whose tasks these were."""
        from multiprocessing.connection import wait

        for line in wait(self._busy, LOOK_S):
            self._take(*self._busy[line])
        for worker, *_ in list(self._busy.values()):
            if worker.is_gone():
                self._lose(worker)

    def _take(self, worker: Worker, run: _Shared, task: Task) -> None:
        from cdn_pipeline.worker import Gone

        try:
            succeeded, results = worker.answer()
        except Gone:
            self._lose(worker)
            return
        del self._busy[worker.line]
        self._idle.append(worker)
        if not succeeded:
            raise results
        run.done.append((task, results))

    def _lose(self, worker: Worker) -> None:
        _, run, task = self._busy.pop(worker.line)
        run.lost.append((task, worker.end()))

    def dismiss(self) -> None:
        """There is no more work: workers that have none begin to end, which takes them a while."""
        for worker in self._idle:
            worker.kill()
        self._dismissed += self._idle
        self._idle = []

    def stop(self) -> None:
        """Ends all workers now; whatever they were doing is lost."""
        workers = [*self._dismissed, *self._idle, *(worker for worker, *_ in self._busy.values())]
        self._dismissed, self._idle, self._busy = [], [], {}
        for worker in workers:
            worker.kill()
        for worker in workers:
            worker.end()


class Run:
    """Work under way. Gives pairs of a job and its result, as they come, when iterated over."""

    def add(self, tasks: Iterable[Task]) -> None:
        """Further *tasks*, which are asked for no sooner than they can be begun."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        raise NotImplementedError


class Alone(Run):
    """In this process."""

    def __init__(self) -> None:
        self._tasks: Iterable[Task] = ()

    def add(self, tasks: Iterable[Task]) -> None:
        self._tasks = chain(self._tasks, tasks)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        for task in self._tasks:
            yield from zip(task.jobs, task.function(task.jobs), strict=True)


class _Shared(Run):
    """By several workers."""

    def __init__(self, workers: Workers) -> None:
        self.done: list[tuple[Task, Sequence[Any]]] = []
        self.lost: list[tuple[Task, int]] = []  # with the exit code of its worker
        self._workers = workers
        self._tasks: Iterator[Task] = iter(())
        self._next: Task | None = None  # at hand for the first worker that has nothing to do

    def add(self, tasks: Iterable[Task]) -> None:
        self._tasks = chain(self._tasks, tasks)
        self._begin(self._workers.jobs)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        yield from self._results(self._workers.jobs)
        # One job after the other: it has the memory to itself, and it is known which one ends its process.
        lost, self.lost = self.lost, []
        self._tasks = (task._replace(jobs=[job]) for task, _ in lost for job in task.jobs)
        yield from self._results(at_once=1)
        for task, code in self.lost:
            yield from ((job, task.lost(job, _ended_twice(code))) for job in task.jobs)

    def _begin(self, at_once: int) -> None:
        """Begins what there is room for, and has the next task at hand."""
        while self._pulled() and (task := self._next) is not None and self._workers.begun() < at_once:
            self._next = None
            self._workers.begin(self, task)

    def _pulled(self) -> bool:
        if self._next is None:
            self._next = next(self._tasks, None)
        return self._next is not None

    def _results(self, at_once: int) -> Iterator[tuple[Any, Any]]:
        self._begin(at_once)
        while self.done or self._workers.begun():
            if not self.done:
                self._workers.receive()
            self._begin(at_once)  # before anybody looks at the results, which takes time
            done, self.done = self.done, []
            for task, results in done:
                yield from zip(task.jobs, results, strict=True)


def _ended_twice(code: int) -> str:
    if code >= 0:
        return f"the process at work on it ended twice with exit code {code}"
    if -code == 9:
        return "the process at work on it was killed twice, perhaps for want of memory"
    return f"the process at work on it was ended twice by signal {-code}"


def batched(
    jobs: Iterable[Job], size: Callable[[Job], int], limit: int, most: int = 64
) -> Iterator[list[Job]]:
    """*jobs*, largest first so that no long one is left for last, in batches of about *limit* bytes."""
    batch: list[Job] = []
    total = 0
    for job in sorted(jobs, key=size, reverse=True):
        if batch and (total + size(job) > limit or len(batch) >= most):
            yield batch
            batch, total = [], 0
        batch.append(job)
        total += size(job)
    if batch:
        yield batch
