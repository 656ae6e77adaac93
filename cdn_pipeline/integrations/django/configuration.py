"""The configuration of a Django project: `cdn_pipeline.toml`, or the OPTIONS of its storage."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from cdn_pipeline import CONFIG, project
from cdn_pipeline.errors import ConfigError

if TYPE_CHECKING:
    from cdn_pipeline.config import Config

PLACE = 'STORAGES["staticfiles"]["OPTIONS"]'


def root() -> str:
    """The project's directory: BASE_DIR, or what STATIC_ROOT lies in, or where Django was started."""
    base = getattr(settings, "BASE_DIR", None)
    if base is None and settings.STATIC_ROOT:
        base = os.path.dirname(os.path.abspath(settings.STATIC_ROOT))
    return os.path.abspath(base or ".")


def build_directory(options: Mapping[str, Any]) -> str:
    """Where the build is: all that a running site needs to know. *options* are those of the storage that make
    a config."""
    if not options:
        found = _project()
        if found is not None:
            return found.build
    build = options.get("build", "build")
    return os.path.normpath(os.path.join(root(), build if isinstance(build, str | os.PathLike) else "build"))


def manifest_file(options: Mapping[str, Any]) -> str:
    """The manifest that a running site reads, by *options* as in `build_directory`."""
    found = None if options else _project()
    if found is not None:
        return found.manifest
    build = build_directory(options)
    return project.manifest_file(project.live_directory(root(), build, _plain(options)), build)


def load(options: Mapping[str, Any]) -> Config:
    """The config. Where it says no URL for the origin, that is STATIC_URL; where it names no templates, they
    are the project's. Raises `ConfigError`."""
    from cdn_pipeline.integrations.django import template_directories

    config = _read(options)
    templates = config.bundles.templates or template_directories.template_directories(str(config.root))
    is_builtin = config.bundles.django_static or template_directories.has_builtin("django_static")
    bundles = config.bundles._replace(templates=templates, django_static=is_builtin)
    return config._replace(bundles=bundles)


def _read(options: Mapping[str, Any]) -> Config:
    from cdn_pipeline import config_file

    file = _file()
    if file is None:
        table = _with_origin(_plain(options))
        return config_file.read(table, Path(root()), PLACE)
    if options:
        raise ConfigError(
            f"{PLACE}: {', '.join(sorted(options))}: {file} says this already; "
            f"write it there, or remove that file"
        )
    config = config_file.load(file)
    origin = config.origin if names_origin(file) else config.origin._replace(url=static_url())
    return config._replace(targets={**config.targets, origin.name: origin})


def static_url() -> str:
    """STATIC_URL, as a browser asks."""
    url = str(settings.STATIC_URL or "/static/")
    return url if url.endswith("/") else url + "/"


def names_origin(file: Path) -> bool:
    """Whether the config in *file* says under which URL the origin is served."""
    import tomllib

    table: Any = tomllib.loads(file.read_text("utf-8"))
    for key in ("tool", "cdn_pipeline") if file.name == project.PYPROJECT else ():
        table = table.get(key, {})
    return "url" in table.get("targets", {}).get("origin", {})


def _file() -> Path | None:
    found = _project()
    return Path(found.file) if found else None


def _project() -> project.Project | None:
    try:
        return project.find(root())
    except ConfigError as error:
        if os.path.isfile(os.path.join(root(), CONFIG)):
            raise ConfigError(error.problems) from error
        return None


def _plain(value: Any) -> Any:
    """Settings are Python: tuples and paths where a file has lists and strings."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _with_origin(table: dict[str, Any]) -> dict[str, Any]:
    targets = table.get("targets", {})
    if not isinstance(targets, dict) or not isinstance(targets.get("origin", {}), dict):
        return table
    origin = {"url": static_url()} | targets.get("origin", {})
    return table | {"targets": targets | {"origin": origin}}
