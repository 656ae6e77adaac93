"""Processes that come to an end at one of their calls of the operating system."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any


def died() -> None:
    os._exit(9)


def in_a_child(
    act: Callable[[], object], calls: Iterable[str], number: int, failure: Callable[[], None] = died
) -> bool:
    """Whether a process of its own came to the end of *act*. In place of the *number*th of its *calls*,
    which are functions of `os`, *failure* happens."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    code = 1
    try:
        _fail(calls, number, failure)
        act()
        code = 0
    finally:
        os._exit(code)


def _fail(calls: Iterable[str], number: int, failure: Callable[[], None]) -> None:
    count = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal count
            count += 1
            if count == number:
                failure()
            return real(*arguments, **options)

        return call

    for name in calls:
        setattr(os, name, counted(getattr(os, name)))
