"""Proxied URLs: what a function of the site's own puts in place of ours when a release is deployed.

It is called as django-static calls one, for each file of the release, before anything is published. It may
put the file somewhere itself, and return the URL of that.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cdn_pipeline import document, hooks
from cdn_pipeline.config import Config
from cdn_pipeline.config_file import line_of
from cdn_pipeline.document import Document
from cdn_pipeline.errors import ERROR, ConfigError, Problem, PublishError


def manifest(file: Path) -> Document:
    """That in *file*; an empty one where there is none that can be read."""
    try:
        return document.read(file.read_bytes())
    except (OSError, document.Damaged):
        return document.EMPTY


def function(config: Config) -> Callable[..., Any] | None:
    """The one that ``publish.file_proxy`` names; ``None`` if it names none. Raises `ConfigError`."""
    name = config.publish.file_proxy
    if name is None:
        return None
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return hooks.function(name, config.root)
    except ConfigError as error:
        at = "publish.file_proxy"
        hint = 'write "module:function"; nothing was published'
        place = line_of(config, at)
        raise ConfigError([Problem(ERROR, config.file, f"{at}: {error}", hint, place)]) from error


def urls(function: Callable[..., Any], release: Document, before: Document, build: Path) -> Mapping[str, str]:
    """Those that *function* replaces, by logical path. *before* is what running sites read by now. Raises
    `PublishError` where it fails, or returns no text."""
    found = {}
    with contextlib.redirect_stdout(sys.stderr):
        for path in release.files:
            entry = release.files[path]
            url = _called(function, entry, before.files.get(path), build)
            if url != entry["url"]:
                found[path] = url
    return found


def _called(
    function: Callable[..., Any], entry: document.Entry, before: document.Entry | None, build: Path
) -> str:
    uri = entry["url"]
    is_changed = before is not None and before["sha256"] != entry["sha256"]
    told = {"filepath": str(build / entry["path"]), "checked": True, "notfound": False}
    try:
        url = function(uri, new=before is None, changed=is_changed, **told)
    except Exception as error:
        message = f"publish.file_proxy failed for {uri}: {type(error).__name__}: {error}"
        raise PublishError(f"{message}; nothing was published") from error
    if not isinstance(url, str) or not url:
        raise PublishError(
            f"publish.file_proxy returned {url!r} for {uri}; it must return a URL, such as the one it got; "
            "nothing was published"
        )
    return url
