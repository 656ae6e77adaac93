"""Chains of engines, as the config names them: whether they can be had, and what their results depend on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cdn_pipeline import config_file, prepare, spelling
from cdn_pipeline.config import Config
from cdn_pipeline.digest import sha256
from cdn_pipeline.errors import ERROR, ConfigError, Problem
from cdn_pipeline.filters import COMPILER, CSS, JAVASCRIPT, MINIFIERS, FilterError, Site

if TYPE_CHECKING:
    from cdn_pipeline.definitions.bundle import Bundle

# Whatever is more than a few lines is imported where it is needed: most sites have our engines only.
DEFAULT = "default"  # see `minify.engines`
RESTRUCTURES = "!"

# Packages behind filters of webassets that bear another name.
BEHIND = {"closure_js": "closure", "pyscss": "pyScss", "yui_css": "yuicompressor", "yui_js": "yuicompressor"}

# What minifiers of webassets start; a definition may name another, which is seen when it runs.
STARTED = {
    "cleancss": "cleancss",
    "closure_js": "java",
    "closure_stylesheets_minifier": "java",
    "uglifyjs": "uglifyjs",
    "yui_css": "java",
    "yui_js": "java",
}


class Chains(NamedTuple):
    """What the engines of a config are."""

    versions: tuple[str, ...]  # one for each engine, those of CSS first; "" for ours
    code: tuple[Path, ...]  # files of the site's own, and of programs


def read(config: Config) -> Chains:
    """Loads engines of the site's own. Raises `ConfigError` with every engine that can never run."""
    versions: list[str] = []
    files: list[Path] = []
    problems: list[Problem] = []
    chains = {("css", CSS): config.minify.css, ("js", JAVASCRIPT): config.minify.js}
    for (key, language), chain in chains.items():
        for name in (engine.removesuffix(RESTRUCTURES) for engine in chain):
            try:
                own = _code(name, language, config)
            except FilterError as error:
                line = config_file.line_of(config, f"minify.{key}")
                message = f"minify.{key}: engine {name!r}: {error.message}"
                problems.append(Problem(ERROR, config.file, message, "", line))
                continue
            started, stamps = _started(name)
            files += [*own, *started]
            digests = code_digests(own, config.root)
            versions.append("" if name == DEFAULT else repr((packages([name]), digests, *stamps)))
    if problems:
        raise ConfigError(problems)
    return Chains(tuple(versions), tuple(files))


def _started(name: str) -> tuple[list[Path], list[str]]:
    """The files of the program that the engine starts, and what they look like.

    A limit: what an engine of the site's own starts is not known.
    """
    if name not in STARTED:
        return [], []
    from cdn_pipeline import programs

    program = STARTED[name]
    return [Path(file) for file in programs.files([program])], [programs.stamp(program)]


def _code(name: str, language: str, config: Config) -> list[Path]:
    """The files of the site's own that the engine is loaded from. Raises `FilterError`.

    A limit: what it imports only when it runs is not among them.
    """
    if name == DEFAULT:
        return []
    if name in MINIFIERS:
        _check_minifier(name, language)
        return []
    from cdn_pipeline.definitions.bundle import Filter
    from cdn_pipeline.filters import lookup, step

    if ":" not in name and not lookup.is_known(name):
        fitting = (DEFAULT, *(one for one, reads in MINIFIERS.items() if reads == language))
        hint = spelling.hint(name, fitting)
        raise FilterError(f"there is none; {hint}" if hint else "there is none", name)
    site = Site(config.root.absolute(), time_limit_s=config.filter_timeout_s)
    return sorted(step.Step(Filter(name), site, {}, COMPILER).code)


def _check_minifier(name: str, language: str) -> None:
    if MINIFIERS[name] != language:
        raise FilterError(f"minifies {MINIFIERS[name]}, not {language}", name)
    from importlib.util import find_spec

    from cdn_pipeline.minify.engines import PACKAGES

    if name in PACKAGES and find_spec(name) is None:
        raise FilterError(f"needs the Python package {name!r}, which is not installed", name)


def packages(names: Iterable[str]) -> list[str]:
    """The versions of webassets and of the packages behind the filters *names*, as far as they are known."""
    from importlib.metadata import PackageNotFoundError, version

    found = []
    for name in sorted({"webassets", *(BEHIND.get(name, name.partition(":")[0]) for name in names)}):
        package = name.partition(".")[0]
        with contextlib.suppress(PackageNotFoundError, ValueError):
            found.append(f"{package} {version(package)}")
    return found


def filter_names(bundle: Bundle) -> Iterator[str]:
    """The filters of *bundle* and of all bundles in it, and the classes that they may be."""
    for item in bundle.filters:
        yield item.name
        yield from item.classes
    for member in bundle.contents:
        if not isinstance(member, str):
            yield from filter_names(member)


def code_digests(files: Iterable[Path], root: Path) -> dict[str, str]:
    """The digests of *files* by their names relative to *root*; "" of what cannot be read."""
    digests = {}
    for file in sorted(files):
        found = prepare.read(str(file))
        name = str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
        digests[name] = "" if isinstance(found, prepare.Lost) else sha256(found[0])
    return digests
