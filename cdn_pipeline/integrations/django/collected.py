"""What Django's finders find: the sources of a build."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from django.apps import apps
from django.contrib.staticfiles.finders import get_finders

Found = Mapping[str, tuple[Any, str]]
"""By the name below STATIC_ROOT: the storage that holds the file, and its name there."""


def found() -> Found:
    """Everything that collectstatic would collect; where two finders have one name, the first wins."""
    ignored = list(apps.get_app_config("staticfiles").ignore_patterns)
    files: dict[str, tuple[Any, str]] = {}
    for finder in get_finders():
        for path, storage in finder.list(ignored):
            files.setdefault(os.path.join(getattr(storage, "prefix", None) or "", path), (storage, path))
    return files


def files(found: Found, copies: str) -> dict[str, str]:
    """Each file by its logical path. Those that lie in no directory of this machine are copied into
    *copies*."""
    return {
        name.replace("\\", "/"): _file(storage, path, os.path.join(copies, name))
        for name, (storage, path) in found.items()
    }


def roots() -> tuple[str, ...]:
    """The directories that bundle definitions may search: those of the finders that have no prefix."""
    return tuple(dict.fromkeys(_roots()))


def _roots() -> Iterator[str]:
    for finder in get_finders():
        storages = getattr(finder, "storages", None)
        for storage in storages.values() if isinstance(storages, dict) else ():
            location = getattr(storage, "location", None)
            if location and not getattr(storage, "prefix", None) and os.path.isdir(location):
                yield os.path.abspath(location)


def _file(storage: Any, path: str, copy: str) -> str:
    try:
        file = str(storage.path(path))
    except NotImplementedError:
        return _copied(storage, path, copy)
    is_elsewhere = not os.path.exists(file) and storage.exists(path)
    return _copied(storage, path, copy) if is_elsewhere else file


def _copied(storage: Any, path: str, copy: str) -> str:
    with storage.open(path) as opened:
        content = opened.read()
    try:
        with open(copy, "rb") as there:
            if there.read() == content:
                return copy
    except OSError:
        os.makedirs(os.path.dirname(copy), exist_ok=True)
    with open(copy, "wb") as new:
        new.write(content)
    return copy
