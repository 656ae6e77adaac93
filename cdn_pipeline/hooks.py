"""Hooks: what a site has done before and after a build, a deploy and a rollback.

A command gets the facts as JSON on its standard input, a function as a dict. Whatever either says goes to
stderr.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from cdn_pipeline.config import FUNCTION, Config, Hook
from cdn_pipeline.config_file import line_of
from cdn_pipeline.errors import ERROR, CdnPipelineError, ConfigError, Problem

BEFORE_BUILD = "before_build"
AFTER_BUILD = "after_build"
BEFORE_DEPLOY = "before_deploy"
AFTER_DEPLOY = "after_deploy"
AFTER_ROLLBACK = "after_rollback"
CONSEQUENCES = {
    BEFORE_BUILD: "nothing was built",
    AFTER_BUILD: "the build is there, and what should follow has not happened",
    BEFORE_DEPLOY: "nothing was uploaded",
    AFTER_DEPLOY: "the release is live",
    AFTER_ROLLBACK: "the rollback is done",
}
LAST = 3  # lines of what a command said, which the message repeats
DRAINED_S = 1.0  # for the last words of a command that has ended; what it left running may hold the pipe


class HookError(CdnPipelineError):
    """A hook failed, or took too long."""


def run(config: Config, event: str, facts: Mapping[str, Any]) -> bool:
    """Runs the hook for *event*, if there is one, and returns whether there was. It gets *facts*, which JSON
    can say, and the event. Raises `HookError`."""
    hook: Hook | None = getattr(config.hooks, event)
    if hook is None:
        return False
    told = {"event": event, "project": str(config.root), **facts}
    failure = _call(hook, config, told) if _is_function(hook) else _execute(hook, config, told)
    if failure:
        name = hook if isinstance(hook, str) else " ".join(hook)
        message = f"hooks.{event}: `{name}` {failure}"
        place = line_of(config, f"hooks.{event}")
        raise HookError([Problem(ERROR, config.file, message, CONSEQUENCES[event], place)])
    return True


def function(name: str, root: Path) -> Callable[..., Any]:
    """The function of the site's own that ``module:function`` names; *root* is where its modules are. Raises
    `ConfigError`."""
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    module, _, attributes = name.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for attribute in attributes.split("."):
            found = getattr(found, attribute)
    except Exception as error:  # of the module's own, too
        raise ConfigError(f"{name}: cannot be imported: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise ConfigError(f"{name}: is no function")
    return found  # type: ignore[no-any-return]


def _is_function(hook: Hook) -> bool:
    return isinstance(hook, str) and re.fullmatch(FUNCTION, hook) is not None


def _call(hook: Hook, config: Config, facts: Mapping[str, Any]) -> str:
    """What went wrong; "" if nothing did."""
    from cdn_pipeline import deadline

    called = function(str(hook), config.root)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            deadline.limited(config.hooks.timeout_s, lambda: called(dict(facts)))
    except deadline.TimeLimitError as error:
        return str(error)
    except SystemExit as error:
        return f"ended with exit code {error.code}" if error.code else ""
    except Exception as error:
        return f"raised {type(error).__name__}: {error}"
    return ""


def _execute(hook: Hook, config: Config, facts: Mapping[str, Any]) -> str:
    """What went wrong; "" if nothing did."""
    import subprocess
    import tempfile

    with tempfile.TemporaryFile() as told:  # a pipe would wait for a command that reads nothing
        told.write(json.dumps(facts, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        told.seek(0)
        try:
            process = subprocess.Popen(
                hook,
                shell=isinstance(hook, str),
                cwd=config.root,
                stdin=told,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that the time limit reaches all that it starts
            )
        except OSError as error:
            return f"cannot be run: {(error.strerror or str(error)).lower()}"
    return _outcome(process, config.hooks.timeout_s)


def _outcome(process: Any, timeout_s: float) -> str:
    import subprocess
    import threading

    said: deque[str] = deque(maxlen=LAST)
    reader = threading.Thread(target=_repeat, args=(process.stdout, said), daemon=True)
    try:
        reader.start()
        code = process.wait(timeout_s or None)
    except subprocess.TimeoutExpired:
        return f"took longer than {timeout_s:g} s{_last(said)}"
    finally:
        if process.returncode is None:
            _kill(process)
        reader.join(DRAINED_S)
    if code < 0:
        return f"was killed by signal {-code}{_last(said)}"
    return f"ended with exit code {code}{_last(said)}" if code else ""


def _repeat(stream: BinaryIO, said: deque[str]) -> None:
    for line in stream:
        text = line.decode("utf-8", "replace").rstrip()
        said.append(text)
        with contextlib.suppress(OSError, ValueError):
            print(text, file=sys.stderr)


def _last(said: Iterable[str]) -> str:
    lines = [line for line in said if line]
    return f", having said: {' / '.join(lines)}" if lines else ""


def _kill(process: Any) -> None:
    import signal

    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
