"""The project's own templates: a build looks there for tags, unless the config says where."""

from __future__ import annotations

import os
from collections.abc import Iterator

from django.conf import settings
from django.template.utils import get_app_template_dirs


def template_directories(root: str) -> tuple[str, ...]:
    """Those of `TEMPLATES` and of apps, as far as they exist and lie in the project's directory *root*,
    relative to it; an environment in it is not the project's own."""
    found = (os.path.relpath(directory, root) for directory in _all() if os.path.isdir(directory))
    own = (path for path in found if not _is_foreign(path.split(os.sep)))
    return tuple(dict.fromkeys(path.replace(os.sep, "/") for path in own))


def has_builtin(library: str) -> bool:
    """Whether templates of any engine have the tags of *library* without loading it."""
    return any(
        str(module).rpartition(".")[2] == library
        for engine in settings.TEMPLATES
        for module in engine.get("OPTIONS", {}).get("builtins", ())
    )


def _all() -> Iterator[str]:
    for engine in settings.TEMPLATES:
        yield from map(os.fspath, engine.get("DIRS", ()))
        if engine.get("APP_DIRS"):
            folder = "jinja2" if engine["BACKEND"].endswith(".Jinja2") else "templates"
            yield from map(os.fspath, get_app_template_dirs(folder))


def _is_foreign(parts: list[str]) -> bool:
    return parts[0] == os.pardir or os.path.isabs(parts[0]) or "site-packages" in parts
