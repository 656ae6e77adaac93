"""A worker: a process that calls functions for us, one at a time.

Each has a line of its own. So the end of a process is the end of just one line, at whatever instant it comes,
and tells whose work was lost.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any

ENDS_S = 1.0  # how long a process may take to end after its line has
HANDLED = (signal.SIGINT, signal.SIGTERM)


class Gone(Exception):
    """The process has ended."""


class Worker:
    """A process, and our end of the line to it."""

    def __init__(self) -> None:
        # Forked workers have all modules loaded already. Elsewhere than on Linux, libraries of the system do
        # not survive a fork.
        context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        self.line, theirs = multiprocessing.Pipe()
        self._process = context.Process(target=_work, args=(theirs,))
        with theirs, _signals_later():
            self._process.start()

    def begin(self, function: Callable[[Sequence[Any]], Any], jobs: Sequence[Any]) -> None:
        """Has it call *function* with *jobs*; it must have nothing else to do. Raises `Gone`."""
        try:
            self.line.send_bytes(pickle.dumps((function, jobs), pickle.HIGHEST_PROTOCOL))
        except OSError as error:
            raise Gone from error

    def answer(self) -> tuple[bool, Any]:
        """Whether the function succeeded, and what it returned or raised. Waits for it. Raises `Gone`."""
        try:
            message = self.line.recv_bytes()
        except (EOFError, OSError) as error:
            raise Gone from error
        answer: tuple[bool, Any] = pickle.loads(message)
        return answer

    def is_gone(self) -> bool:
        """Whether the process has ended, and sent nothing that is not read yet."""
        return not self._process.is_alive() and not self.line.poll()

    def kill(self) -> None:
        """Ends the process, without waiting for its end."""
        self._process.kill()

    def end(self) -> int:
        """The exit code of the process, which has ended or is about to, else it is killed; the number of the
        signal, below 0, where one ended it."""
        self._process.join(ENDS_S)
        self._process.kill()
        self._process.join()
        self.line.close()
        code: int = self._process.exitcode
        return code


@contextlib.contextmanager
def _signals_later() -> Iterator[None]:
    """A worker that starts now knows no signal before it can handle it; its parent sees it afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(line: Connection) -> None:
    """What a worker does until its parent has gone."""
    _begin_worker()
    with contextlib.suppress(EOFError, OSError):
        while True:
            line.send_bytes(_answer(line.recv_bytes()))


def _answer(request: bytes) -> bytes:
    """Whether a task succeeded, and its results, or the exception that it raised."""
    try:
        function, jobs = pickle.loads(request)
        return pickle.dumps((True, function(jobs)), pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        told = traceback.format_exc()
        error.add_note(told)
        try:
            answer = pickle.dumps((False, error), pickle.HIGHEST_PROTOCOL)
            pickle.loads(answer)
        except Exception:  # many an exception takes other arguments than it keeps
            answer = pickle.dumps((False, RuntimeError(told)))
        return answer


def _begin_worker() -> None:
    """A worker leaves Ctrl-C to its parent, does not outlive it, and has none of its handlers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent: Any = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
