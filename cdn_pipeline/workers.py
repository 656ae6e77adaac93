"""Workers: runs plain functions on all cores, in processes, since most of the work holds Python's lock."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from cdn_pipeline.errors import SiteError

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

Job = TypeVar("Job")
MOST_HELD = 8_000_000  # bytes that waiting tasks may hold, unless a worker had nothing to do


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Task(NamedTuple):
    """One call for a worker: ``function(jobs)`` returns one result for each job. All of it must pickle."""

    function: Callable[[Sequence[Any]], Sequence[Any]]
    jobs: Sequence[Any]
    size: int = 0  # bytes that the jobs hold


class Workers:
    """A pool that is started when the first work for it comes, and survives the loss of a worker once."""

    left_work = False  # of the class: whether any pool of this process was stopped while it had work

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self.is_busy = False  # has work whose results were not taken yet
        self._executor: Executor | None = None

    def run(self, tasks: Iterable[Task] = (), *, alone: bool) -> Run:
        """Begins *tasks*. *alone*: does them in this process when their results are asked for, because there
        is too little work to be worth a pool."""
        run = Alone() if alone or self.jobs == 1 else _Shared(self, ahead=2 * self.jobs + 2)
        run.add(tasks)
        return run

    def pool(self) -> Executor:
        """The processes, which are started if they are not there yet."""
        if self._executor is None:
            import multiprocessing
            from concurrent.futures import ProcessPoolExecutor

            # Forked workers have all modules loaded already. Elsewhere than on Linux, libraries of the
            # system do not survive a fork.
            method = "fork" if sys.platform == "linux" else "spawn"
            self._executor = ProcessPoolExecutor(
                self.jobs, multiprocessing.get_context(method), initializer=_begin_worker
            )
            with _ctrl_c_later():
                self._executor.submit(os.getpid)  # starts them all
        return self._executor

    def stop(self) -> None:
        """Ends all workers now; whatever they were doing is lost."""
        executor, self._executor = self._executor, None
        if executor is None:
            return
        import multiprocessing

        Workers.left_work |= self.is_busy
        children = multiprocessing.active_children()
        for child in children:
            child.kill()
        for child in children:
            child.join()
        with contextlib.suppress(Exception):
            # Waiting could be for ever: the executor's thread may be writing to those that are gone.
            executor.shutdown(wait=False, cancel_futures=True)


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

    def __init__(self, workers: Workers, ahead: int) -> None:
        """*ahead* tasks are begun at once: enough that no worker waits, and no more, so that results do not
        pile up."""
        self._workers = workers
        self._ahead = ahead
        self._tasks: Iterator[Task] = iter(())
        self._next: Task | None = None
        self._running: dict[Future[Sequence[Any]], Task] = {}
        self._held = 0  # bytes
        self._lost: list[Task] = []  # what was in work when a worker was killed; then what could not be begun

    def add(self, tasks: Iterable[Task]) -> None:
        self._tasks = chain(self._tasks, tasks)
        self._begin()

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        yield from self._results()
        if self._lost:
            self._workers.stop()
            again = _Shared(self._workers, ahead=self._workers.jobs)  # so only what was in work is suspect
            again.add(Task(task.function, [job]) for task in self._lost for job in task.jobs)
            yield from again._results()
            again._give_up()

    def _begin(self) -> None:
        """Begins what there is room for."""
        from concurrent.futures import BrokenExecutor

        while self._pulled() and (task := self._next) is not None and self._has_room(task):
            self._next = None
            self._workers.is_busy = True
            try:
                self._running[self._workers.pool().submit(task.function, task.jobs)] = task
                self._held += task.size
            except BrokenExecutor:
                self._lost.append(task)

    def _pulled(self) -> bool:
        if self._next is None:
            self._next = next(self._tasks, None)
        return self._next is not None

    def _has_room(self, task: Task) -> bool:
        running = len(self._running)
        return running < self._workers.jobs or (running < self._ahead and self._held + task.size <= MOST_HELD)

    def _results(self) -> Iterator[tuple[Any, Any]]:
        from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, wait

        while self._running or self._pulled():
            self._begin()
            for future in wait(self._running, return_when=FIRST_COMPLETED).done:
                task = self._running.pop(future)
                self._held -= task.size
                try:
                    results = future.result()
                except BrokenExecutor:
                    self._lost.insert(0, task)
                else:
                    yield from zip(task.jobs, results, strict=True)
        self._workers.is_busy = False

    def _give_up(self) -> None:
        """Raises `SiteError` if anything was lost."""
        if self._lost:
            suspects = self._lost[: self._workers.jobs]
            names = " or ".join(sorted(_name(job) for task in suspects for job in task.jobs))
            message = f"a worker process was killed twice, perhaps for want of memory, at work on {names}"
            raise SiteError(f"{message}; exclude the file, or build with --jobs 1")


@contextlib.contextmanager
def _ctrl_c_later() -> Iterator[None]:
    """Workers that start now know no Ctrl-C before they can ignore it; their parent sees it afterwards."""
    import signal

    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin_worker() -> None:
    """A worker leaves Ctrl-C to its parent, and does not outlive it."""
    import signal
    import threading

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    import multiprocessing

    parent: Any = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _name(job: Any) -> str:
    return str(getattr(job, "path", job))


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
