"""Workers."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from cdn_pipeline.deadline import limited
from cdn_pipeline.prepare import CopyJob, Lost, lost
from cdn_pipeline.workers import Task, Workers, batched

LARGE = 50_000_000  # bytes; more than any line holds


@pytest.fixture
def workers() -> Iterator[Workers]:
    """Two, which are ended with the test."""
    workers = Workers(2)
    try:
        yield workers
    finally:
        workers.stop()


def doubled(jobs: Sequence[int]) -> list[int]:
    return [job * 2 for job in jobs]


def killed_once(jobs: Sequence[str]) -> list[str]:
    """Kills its own process the first time it sees the name of a file that is not there."""
    for job in jobs:
        if not Path(job).exists():
            Path(job).write_text("")
            os.kill(os.getpid(), signal.SIGKILL)
    return list(jobs)


def killed_by_large(jobs: Sequence[CopyJob]) -> list[str]:
    if any(job.size for job in jobs):
        os.kill(os.getpid(), signal.SIGKILL)
    return [job.path for job in jobs]


def killed_while_sending(jobs: Sequence[str]) -> list[bytes]:
    """The first time, kills its own process when part of its result has been sent."""
    for job in jobs:
        if not Path(job).exists():
            Path(job).write_text("")
            threading.Thread(target=kill_in_send, args=(threading.get_ident(),), daemon=True).start()
    return [bytes(LARGE) for _ in jobs]


def kill_in_send(thread: int) -> None:
    while True:
        frame = sys._current_frames()[thread]
        if frame.f_code.co_name == "_send" and len(frame.f_locals["buf"]) >= LARGE:
            os.kill(os.getpid(), signal.SIGKILL)


def leaving_a_process(jobs: Sequence[str]) -> list[str]:
    """Ends, while a process that it has made goes on, with all files that were open."""
    for job in jobs:
        pid = os.fork()
        if not pid:
            time.sleep(600)
            os._exit(0)
        with Path(job).open("a") as file:
            file.write(f"{pid}\n")
    os._exit(3)


class Odd(Exception):
    """Takes other arguments than it keeps, so that it cannot be sent."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(one + other)


def odd(jobs: Sequence[str]) -> list[str]:
    raise Odd("so ", "odd")


def divided(jobs: Sequence[int]) -> list[float]:
    return [1 / job for job in jobs]


def pids(jobs: Sequence[int]) -> list[int]:
    return [os.getpid() for _ in jobs]


@pytest.mark.parametrize("alone", [True, False])
def test_every_job_has_its_result(alone: bool) -> None:
    workers = Workers(2)
    try:
        results = dict(
            workers.run([Task(doubled, range(n, n + 10), lost) for n in range(0, 100, 10)], alone=alone)
        )
    finally:
        workers.stop()

    assert results == {number: number * 2 for number in range(100)}


def test_a_killed_worker_is_replaced_and_its_work_done_again(tmp_path: Path, workers: Workers) -> None:
    jobs = [str(tmp_path / str(number)) for number in range(3)]
    (tmp_path / "0").write_text("")
    (tmp_path / "2").write_text("")

    results = dict(workers.run([Task(killed_once, [job], lost) for job in jobs], alone=False))

    assert results == {job: job for job in jobs}


def test_a_worker_that_is_killed_while_it_sends_holds_up_nobody(tmp_path: Path, workers: Workers) -> None:
    jobs = [str(tmp_path / str(number)) for number in range(4)]
    run = workers.run([Task(killed_while_sending, [job], lost) for job in jobs], alone=False)

    results = limited(60, lambda: dict(run))

    assert {job: len(result) for job, result in results.items()} == dict.fromkeys(jobs, LARGE)


def test_the_end_of_a_worker_is_seen_though_its_line_is_held(tmp_path: Path, workers: Workers) -> None:
    job = str(tmp_path / "left")
    run = workers.run([Task(leaving_a_process, [job], lost)], alone=False)
    try:
        assert limited(60, lambda: dict(run)) == {
            job: Lost("the process at work on it ended twice with exit code 3")
        }
    finally:
        for pid in Path(job).read_text().split():
            os.kill(int(pid), signal.SIGKILL)


def test_what_ends_workers_twice_is_known_and_all_else_is_done(workers: Workers) -> None:
    jobs = [CopyJob(f"{number}.png", "", int(number in (0, 7)), "", False) for number in range(40)]
    tasks = [Task(killed_by_large, some, lost) for some in (jobs[:5], jobs[5:])]
    killed = Lost("the process at work on it was killed twice, perhaps for want of memory")

    assert dict(workers.run(tasks, alone=False)) == {job: killed if job.size else job.path for job in jobs}


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_to_be_apart_runs_in_another_process(jobs: int) -> None:
    workers = Workers(jobs)
    try:
        ((_, pid),) = workers.run([Task(pids, [1], lost)], alone=True, apart=True)
    finally:
        workers.stop()

    assert pid != os.getpid()


def test_what_a_task_raises_is_raised_here(workers: Workers) -> None:
    with pytest.raises(ZeroDivisionError):
        list(workers.run([Task(divided, [0], lost)], alone=False))
    with pytest.raises(RuntimeError, match="Odd: so odd"):
        list(workers.run([Task(odd, [""], lost)], alone=False))
    assert limited(60, lambda: list(workers.run([Task(doubled, [1], lost)], alone=False))) == [(1, 2)]


def test_two_runs_may_be_under_way_at_once(workers: Workers) -> None:
    first = workers.run([Task(doubled, [number], lost) for number in range(20)], alone=False)
    second = workers.run([Task(divided, [number], lost) for number in range(1, 20)], alone=False)

    assert dict(second) == {number: 1 / number for number in range(1, 20)}
    assert dict(first) == {number: number * 2 for number in range(20)}


def test_stopping_leaves_no_process() -> None:
    workers = Workers(2)
    found = {pid for _, pid in workers.run([Task(pids, [1, 2], lost), Task(pids, [3], lost)], alone=False)}
    workers.stop()

    for pid in found:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_batches_are_bounded_and_begin_with_the_largest() -> None:
    assert list(batched([1, 9, 5, 3, 3], lambda size: size, 6)) == [[9], [5], [3, 3], [1]]
    assert [len(batch) for batch in batched([1] * 100, lambda size: 0, 6)] == [64, 36]
