"""Package: what the wheel of an application carries of a build, and what its sdist needs to make one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from cdn_pipeline import CONFIG, config_file
from cdn_pipeline.config import ORIGIN, Config
from cdn_pipeline.definitions.template import EXTENSIONS
from cdn_pipeline.errors import ERROR, ConfigError, Problem, SiteError
from cdn_pipeline.sources import Sources

OPTIONS = ("into", "config", "targets")


class Package(NamedTuple):
    """An application that asks for a build in its wheel."""

    root: Path  # of the project, where its pyproject.toml is
    file: Path  # the config of the build
    config: Config
    into: str  # the place in the wheel, such as "myapp/assets"
    directories: tuple[str, ...]  # of the build, whose files go there


def read(options: Mapping[str, Any], root: Path, place: str) -> Package:
    """The package that *options* describe; *place* names them in messages. Raises `ConfigError` with every
    fault."""
    options = {"config": _config_name(root), "targets": [ORIGIN], "into": None} | dict(options)
    faults = dict(_faults(options, root))
    if faults:
        raise ConfigError(Problem(ERROR, place, name, hint) for name, hint in faults.items())
    config = config_file.load(root / options["config"])
    unknown = [name for name in options["targets"] if name not in config.targets]
    if unknown:
        raise ConfigError(
            Problem(ERROR, place, f"targets: no target {name!r}", _near(name, config.targets))
            for name in unknown
        )
    directories = dict.fromkeys(config.targets[name].directory for name in options["targets"])
    return Package(root, root / options["config"], config, options["into"].rstrip("/"), tuple(directories))


def _config_name(root: Path) -> str:
    return CONFIG if (root / CONFIG).is_file() else "pyproject.toml"


def _faults(options: Mapping[str, Any], root: Path) -> Iterator[tuple[str, str]]:
    """What is wrong with *options*, and the way out."""
    for name in sorted(options.keys() - set(OPTIONS)):
        yield f"unknown option {name!r}", _near(name, OPTIONS)
    into, targets, config = options["into"], options["targets"], options["config"]
    if into is None:
        yield "into: is missing", 'say where in the wheel, such as "myapp/assets"'
    elif not isinstance(into, str) or not _is_below(into):
        yield f"into: is {into!r}", 'must be a place in the wheel, such as "myapp/assets"'
    if not isinstance(targets, list) or not all(isinstance(name, str) for name in targets):
        yield f"targets: is {targets!r}", 'must be a list of names, such as ["origin"]'
    if not isinstance(config, str):
        yield f"config: is {config!r}", f'must be the name of a file, such as "{CONFIG}"'
    elif not (root / config).is_file():
        yield f"config: no file {config!r}", "write one with `cdn-pipeline init`, or name yours"


def _is_below(path: str) -> bool:
    """Whether *path* is a place in the wheel, and not the wheel itself or outside of it."""
    return "\\" not in path and not {"", ".", ".."} & set(path.rstrip("/").split("/"))


def _near(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, known, 1)
    return f"did you mean {near[0]!r}?" if near else "known: " + ", ".join(known)


def build(package: Package, directory: str) -> dict[str, str]:
    """Builds into the empty *directory*: ``{path in the wheel: built file}``, in order of path.

    The command runs in a process of its own, since a build backend has modules and threads that nobody
    knows. It says on stderr what is wrong; the `SiteError` raised then only says that it did.
    """
    command = [sys.executable, "-P", "-m", "cdn_pipeline", "--config", str(package.file)]
    command += ["build", "--out", directory]
    stderr = 2  # frontends read what a backend writes to stdout
    done = subprocess.run(command, cwd=package.root, stdout=stderr, check=False)
    if done.returncode:
        raise SiteError("the assets cannot be built, for the reasons above; no package was made")
    outputs = sorted(_outputs(package, Path(directory)))
    return {f"{package.into}/{path}": os.path.join(directory, path) for path in outputs}


def _outputs(package: Package, directory: Path) -> Iterator[str]:
    """The documents of a build in *directory*, and the files of what the package carries, relative to it."""
    yield from (entry.name for entry in directory.iterdir() if entry.is_file())
    for name in ("includes", *package.directories):
        yield from (file.relative_to(directory).as_posix() for file in _files(directory / name))


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
    for directory, _, files in os.walk(place):
        yield from (Path(directory, file) for file in files)


def sources(package: Package) -> list[str]:
    """Every file of the project that a build reads, relative to its root and ``/``-separated, sorted.

    What lies outside of the project is not among them: nobody can build that from an sdist.
    """
    config = package.config
    assets = Sources(config.root, config.source, config.exclude, _private(config)).assets
    files = {package.file, *(Path(asset.file) for asset in assets.values())}
    for name in config.bundles.definitions:  # those that are modules have their own places in an sdist
        files |= {config.root / name} if (config.root / name).is_file() else set()
    for name in config.bundles.templates:
        files |= {file for file in _files(config.root / name) if file.suffix.lower() in EXTENSIONS}
    return _relative(files, package.root)


def private(package: Package) -> list[str]:
    """Where builds leave things in the project that nobody ships, as `sources` has them."""
    return _relative(_private(package.config), package.root)


def _private(config: Config) -> tuple[Path, Path]:
    return config.root / config.build, config.root / config.cache


def _relative(files: Iterable[Path], root: Path) -> list[str]:
    names = (Path(os.path.relpath(file, root)).as_posix() for file in files)
    return sorted(name for name in names if not name.startswith("../"))
