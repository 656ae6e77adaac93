"""Workers: runs plain functions on all cores, in processes, since most of the work holds Python's lock."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
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
        self._is_busy = False
        self._executor: Executor | None = None

    def run(self, tasks: Iterable[Task], *, alone: bool) -> Iterator[tuple[Any, Any]]:
        """Pairs of a job and its result, as they come. *alone*: stay in this process, because there is too
        little work to be worth a pool."""
        if alone or self.jobs == 1:
            for task in tasks:
                yield from zip(task.jobs, task.function(task.jobs), strict=True)
            return
        lost: list[Task] = []
        yield from self._run(tasks, lost, ahead=2 * self.jobs + 2)  # enough that no worker waits
        if lost:
            self.stop()
            again, lost = [Task(task.function, [job]) for task in lost for job in task.jobs], []
            yield from self._run(again, lost, ahead=self.jobs)  # so only what was in work is suspect
        if lost:
            names = " or ".join(sorted(_name(job) for task in lost[: self.jobs] for job in task.jobs))
            message = f"a worker process was killed twice, perhaps for want of memory, at work on {names}"
            raise SiteError(f"{message}; exclude the file, or build with --jobs 1")

    def _run(self, tasks: Iterable[Task], lost: list[Task], ahead: int) -> Iterator[tuple[Any, Any]]:
        """As `run`; *ahead* tasks at once, so that results do not pile up. Adds to *lost*, what was in work
        when a worker was killed before what could not be begun after that."""
        from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, wait

        held = 0
        running: dict[Future[Sequence[Any]], Task] = {}
        self._is_busy = True
        executor = self._pool()
        queue = iter(tasks)
        task = next(queue, None)
        while running or task is not None:
            while task is not None and (
                len(running) < self.jobs or (len(running) < ahead and held + task.size <= MOST_HELD)
            ):
                held += task.size
                try:
                    running[executor.submit(task.function, task.jobs)] = task
                except BrokenExecutor:
                    lost.append(task)
                    held -= task.size
                task = next(queue, None)
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                done = running.pop(future)
                held -= done.size
                try:
                    results = future.result()
                except BrokenExecutor:
                    lost.insert(0, done)
                else:
                    yield from zip(done.jobs, results, strict=True)
        self._is_busy = False

    def _pool(self) -> Executor:
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

        Workers.left_work |= self._is_busy
        children = multiprocessing.active_children()
        for child in children:
            child.kill()
        for child in children:
            child.join()
        with contextlib.suppress(Exception):
            # Waiting could be for ever: the executor's thread may be writing to those that are gone.
            executor.shutdown(wait=False, cancel_futures=True)


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
