"""Workers."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from cdn_pipeline.errors import SiteError
from cdn_pipeline.prepare import CopyJob
from cdn_pipeline.workers import Task, Workers, batched


def doubled(jobs: Sequence[int]) -> list[int]:
    return [job * 2 for job in jobs]


def killed_once(jobs: Sequence[str]) -> list[str]:
    """Kills its own process the first time it sees the name of a file that is not there."""
    for job in jobs:
        if not Path(job).exists():
            Path(job).write_text("")
            os.kill(os.getpid(), signal.SIGKILL)
    return list(jobs)


def killed(jobs: Sequence[str]) -> list[str]:
    os.kill(os.getpid(), signal.SIGKILL)
    return list(jobs)


def killed_by_large(jobs: Sequence[CopyJob]) -> list[str]:
    if jobs[0].size:
        os.kill(os.getpid(), signal.SIGKILL)
    return [job.path for job in jobs]


def pids(jobs: Sequence[int]) -> list[int]:
    return [os.getpid() for _ in jobs]


@pytest.mark.parametrize("alone", [True, False])
def test_every_job_has_its_result(alone: bool) -> None:
    workers = Workers(2)
    try:
        results = dict(workers.run([Task(doubled, range(n, n + 10)) for n in range(0, 100, 10)], alone=alone))
    finally:
        workers.stop()

    assert results == {number: number * 2 for number in range(100)}


def test_a_killed_worker_is_replaced_and_its_work_done_again(tmp_path: Path) -> None:
    workers = Workers(2)
    jobs = [str(tmp_path / str(number)) for number in range(3)]
    (tmp_path / "0").write_text("")
    (tmp_path / "2").write_text("")
    try:
        results = dict(workers.run([Task(killed_once, [job]) for job in jobs], alone=False))
    finally:
        workers.stop()

    assert results == {job: job for job in jobs}


def test_a_worker_that_always_dies_is_an_error() -> None:
    workers = Workers(2)
    try:
        with pytest.raises(SiteError, match="killed twice"):
            list(workers.run([Task(killed, ["a"])], alone=False))
    finally:
        workers.stop()


def test_the_error_names_the_work_that_was_lost_twice_and_what_was_beside_it() -> None:
    workers = Workers(2)
    jobs = [CopyJob(f"{number}.png", "", int(number == 0), "", False) for number in range(40)]
    try:
        with pytest.raises(SiteError) as caught:
            list(workers.run([Task(killed_by_large, [job]) for job in jobs], alone=False))
    finally:
        workers.stop()
    named = re.findall(r"\d+\.png", str(caught.value))

    assert "0.png" in named
    assert len(named) <= workers.jobs


def test_stopping_leaves_no_process() -> None:
    workers = Workers(2)
    found = {pid for _, pid in workers.run([Task(pids, [1, 2]), Task(pids, [3])], alone=False)}
    workers.stop()

    for pid in found:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_batches_are_bounded_and_begin_with_the_largest() -> None:
    assert list(batched([1, 9, 5, 3, 3], lambda size: size, 6)) == [[9], [5], [3, 3], [1]]
    assert [len(batch) for batch in batched([1] * 100, lambda size: 0, 6)] == [64, 36]
