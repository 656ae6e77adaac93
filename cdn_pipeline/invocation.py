"""Invocation: which site a command line means: its config, and its build directory; and what a verb is."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from cdn_pipeline import CONFIG

if TYPE_CHECKING:
    from cdn_pipeline.built import Publish
    from cdn_pipeline.config import Config


Run = Callable[[argparse.Namespace], int]
Verb = Callable[[str, Run, str], argparse.ArgumentParser]
"""Adds a verb by name, with what runs it, and a line of help."""


class Terminated(KeyboardInterrupt):
    """SIGTERM came. Whatever cleans up after Ctrl-C does so now."""


def interrupted(interrupt: KeyboardInterrupt) -> int:
    """The exit code, as a shell gives it where the signal itself ended a program."""
    return 143 if isinstance(interrupt, Terminated) else 130


class Project(NamedTuple):
    """What a framework says of a site in place of a config file."""

    config: Config
    publish: Publish | None = None


def config_file(options: argparse.Namespace) -> str:
    from cdn_pipeline.errors import ERROR, ConfigError, Problem

    named: str | None = options.config
    if named is not None:
        if not os.path.isfile(named):
            hint = "write one with `cdn-pipeline init`"
            raise ConfigError([Problem(ERROR, named, "no such file", hint)])
        return os.path.abspath(named)
    directory = os.getcwd()
    while True:
        for name in (CONFIG, "pyproject.toml"):
            file = os.path.join(directory, name)
            if os.path.isfile(file) and (name == CONFIG or _has_table(file)):
                return file
        if os.path.dirname(directory) == directory:
            raise ConfigError(f"no {CONFIG} here or above; write one with `cdn-pipeline init`")
        directory = os.path.dirname(directory)


def _has_table(file: str) -> bool:
    with open(file, encoding="utf-8", errors="replace") as text:
        return "[tool.cdn_pipeline" in text.read()


def out(file: str, options: argparse.Namespace) -> str:
    """The build directory. Read from the raw table: a build with nothing to do needs no more of it."""
    named: str | None = options.out
    if named is not None:
        return os.path.abspath(named)
    import tomllib

    table: Any = {}
    with open(file, "rb") as config, contextlib.suppress(tomllib.TOMLDecodeError, UnicodeDecodeError):
        table = tomllib.load(config)
    for key in ("tool", "cdn_pipeline") if file.endswith("pyproject.toml") else ():
        table = table.get(key) if isinstance(table, dict) else None
    build = table.get("build") if isinstance(table, dict) else None
    named = build if isinstance(build, str) and build else "build"
    return os.path.normpath(os.path.join(os.path.dirname(file), named))


def config(options: argparse.Namespace) -> Config:
    if options.project is not None:
        config: Config = options.project.config
        return config
    from pathlib import Path

    from cdn_pipeline.config_file import load

    return load(Path(config_file(options)))


def relative(path: str) -> str:
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
