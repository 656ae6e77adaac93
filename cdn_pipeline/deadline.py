"""A time limit for code that nobody of us wrote, and for the processes that it starts."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import TypeVar

T = TypeVar("T")
AGAIN_S = 0.5  # code that swallows the exception gets it again


class TimeLimitError(Exception):
    """The time is up. The processes that the code had started are killed."""


class _Expired(BaseException):
    """Not an Exception, which filters like to catch."""


def limited(time_limit_s: float, action: Callable[[], T]) -> T:
    """What *action* returns. Raises `TimeLimitError` after *time_limit_s* seconds; 0 means no limit.

    Only the main thread can be interrupted, and only where there is ``setitimer``. In any other thread the
    limit holds for processes alone: they are killed, and whoever waits for them sees them fail.
    """
    before = _children()
    try:
        with _timer(time_limit_s, before):
            return action()
    except _Expired:
        raise TimeLimitError(f"took longer than {time_limit_s:g} s") from None
    finally:
        _kill(_children() - before)


def _timer(time_limit_s: float, before: set[int]) -> contextlib.AbstractContextManager[None]:
    if time_limit_s <= 0:
        return contextlib.nullcontext()
    if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        return _alarm(time_limit_s)
    return _executioner(time_limit_s, before)


@contextlib.contextmanager
def _alarm(time_limit_s: float) -> Iterator[None]:
    def expire(signum: int, frame: FrameType | None) -> None:
        raise _Expired

    handler = signal.signal(signal.SIGALRM, expire)
    earlier = signal.setitimer(signal.ITIMER_REAL, time_limit_s, AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *earlier)
        signal.signal(signal.SIGALRM, handler)


@contextlib.contextmanager
def _executioner(time_limit_s: float, before: set[int]) -> Iterator[None]:
    thread = threading.get_native_id()
    timer = threading.Timer(time_limit_s, lambda: _kill(_children(thread) - before))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _children(thread: int | None = None) -> set[int]:
    """The processes that this thread started, and theirs. Linux only; elsewhere none is known or killed."""
    task = Path("/proc/self/task", str(thread or threading.get_native_id()), "children")
    found: set[int] = set()
    for child in _listed(task):
        found |= _descendants(child)
    return found


def _descendants(process: int) -> set[int]:
    found = {process}
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in _listed(task):
            found |= _descendants(child)
    return found


def _listed(children: Path) -> list[int]:
    try:
        return [int(child) for child in children.read_text().split()]
    except OSError:
        return []


def _kill(processes: set[int]) -> None:
    for process in sorted(processes):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process, signal.SIGKILL)
