"""The project around a running site: where its config is, and so its build."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from cdn_pipeline import CONFIG, ORIGIN, PRIVATE
from cdn_pipeline.document import NAME
from cdn_pipeline.errors import ConfigError

PYPROJECT = "pyproject.toml"
DIRECTORY = "directory:"


class Project(NamedTuple):
    """What a site must know of its config to find its build; the rest is the build's business."""

    file: str  # absolute, the config
    root: str  # its directory
    build: str  # absolute
    origin: str  # under which URL the origin's files are served
    sources: tuple[str, ...]  # absolute, the source roots
    live: str  # absolute, where deploys put the manifest; the build, where they need not

    @property
    def manifest(self) -> str:
        """The file that a running site reads: that of the last deploy; before there was one, of the build."""
        return manifest_file(self.live, self.build)


def manifest_file(live: str, build: str) -> str:
    """See `Project.manifest`."""
    file = os.path.join(live, NAME)
    return file if os.path.isfile(file) else os.path.join(build, NAME)


def live_directory(root: str, build: str, table: Mapping[str, Any]) -> str:
    """Where running sites read: as ``publish.live`` in the config *table* says, else in the store of the
    origin, if that is a directory, else in *build*. All absolute but what is in the table."""
    live = _within(table, "publish").get("live")
    if isinstance(live, str):
        return os.path.normpath(os.path.join(root, live))
    store = _within(_within(table, "targets"), ORIGIN).get("store")
    if isinstance(store, str) and store.startswith(DIRECTORY):
        return os.path.normpath(os.path.join(root, store.removeprefix(DIRECTORY), PRIVATE, "live"))
    return build


def _within(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = table.get(key)
    return value if isinstance(value, Mapping) else {}


def find(start: str | os.PathLike[str] = ".") -> Project:
    """The project at or above *start*, a directory or a file in it. Raises `ConfigError` where there is
    none."""
    at = first = os.path.abspath(start)
    while True:
        for name in (CONFIG, PYPROJECT):
            table = _table(os.path.join(at, name))
            if table is not None:
                return _project(at, name, table)
        above = os.path.dirname(at)
        if above == at:
            raise ConfigError(
                f"{first}: neither {CONFIG} nor [tool.cdn_pipeline] in {PYPROJECT} here or above; "
                "run `cdn-pipeline init`, or name the manifest"
            )
        at = above


def _table(file: str) -> dict[str, Any] | None:
    """Our part of *file*; ``None`` if there is none."""
    if not os.path.isfile(file):
        return None
    import tomllib  # only where a site does not name its manifest

    try:
        with open(file, "rb") as opened:
            content = tomllib.load(opened)
    except (OSError, ValueError) as error:
        if os.path.basename(file) == PYPROJECT:
            return None  # whoever needs it will tell
        raise ConfigError(f"{file}: {error}; correct it, or name the manifest") from error
    if os.path.basename(file) != PYPROJECT:
        return content
    tool = content.get("tool")
    table = tool.get("cdn_pipeline") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _project(root: str, name: str, table: dict[str, Any]) -> Project:
    build = table.get("build", "build")
    if not isinstance(build, str):
        raise ConfigError(f"{os.path.join(root, name)}: build: a directory, not {build!r}")
    url = _within(_within(table, "targets"), ORIGIN).get("url")
    shown = url if isinstance(url, str) else "/static/"
    sources = table.get("source", ["static"])
    named = [each for each in sources if isinstance(each, str)] if isinstance(sources, list) else []
    roots = tuple(os.path.normpath(os.path.join(root, each)) for each in named)
    file, out = os.path.join(root, name), os.path.normpath(os.path.join(root, build))
    return Project(file, root, out, shown.rstrip("/") + "/", roots, live_directory(root, out, table))
