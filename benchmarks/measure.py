"""One run of one program: how long, and how much memory at most."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1_000_000
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes; getrusage(2) of each
SAMPLE_S = 0.02


@dataclass(frozen=True)
class Run:
    """What one run took."""

    seconds: float  # on the wall
    cpu: float  # seconds, user and system, of the program and all that it waited for
    largest: int  # bytes resident at most in any one of its processes
    together: int = 0  # bytes of all its processes at once, shared pages counted once; 0 where not asked


def run(argv: tuple[str, ...], folder: Path, environment: dict[str, str], *, sample: bool = False) -> Run:
    """Runs *argv* in *folder* to its end. Raises SystemExit with what it printed, if it fails."""
    start = time.perf_counter()
    process = subprocess.Popen(
        argv,
        cwd=folder,
        env=_inherited() | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    peak = _Peak(process.pid) if sample else None
    assert process.stdout
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode:
        raise SystemExit(f"{' '.join(argv)[:300]} failed ({process.returncode}):\n{output.decode()[-3000:]}")
    cpu = usage.ru_utime + usage.ru_stime
    return Run(seconds, cpu, usage.ru_maxrss * MAXRSS_UNIT, peak.stop() if peak else 0)


def _inherited() -> dict[str, str]:
    """pip compiles what it installs. A program that runs from a checkout may do so too, at its first run."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class _Peak:
    """Watches the memory of a session's processes from a thread. Linux only; 0 elsewhere."""

    def __init__(self, session: int) -> None:
        self.session, self.bytes, self.over = session, 0, threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self) -> None:
        while not self.over.wait(SAMPLE_S):
            self.bytes = max(self.bytes, sum(map(_proportional, _processes(self.session))))

    def stop(self) -> int:
        self.over.set()
        self.thread.join()
        return self.bytes


def _processes(session: int) -> Iterator[Path]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            # The name, in parentheses, may hold spaces. After it: state, parent, group, session (proc(5)).
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # ended meanwhile
        if int(fields[3]) == session:
            yield process


def _proportional(process: Path) -> int:
    """Bytes of *process*, each shared page divided among those who share it."""
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
