"""The file proxy: a function of the site's own that every URL of a file goes through, as in django-static.

``file_proxy(uri, new, filepath, changed, checked, notfound)``: what it returns takes the place of *uri*. It
is called each time a page asks, so that it may change its mind, as one that waits for a CDN does. But
``new``, ``changed`` and ``checked`` are true only in the first call for a file in each process and release: a
function that uploads does so once.
"""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Callable
from typing import Any, NamedTuple

from cdn_pipeline.changes import CHANGED, NEW, change, previous
from cdn_pipeline.errors import CdnPipelineError, ConfigError
from cdn_pipeline.manifest import Manifest

Function = Callable[..., Any]


class Facts(NamedTuple):
    """The keyword arguments; all of them, always."""

    new: bool = False  # it was not in the build before
    filepath: str | None = None  # the built file; None where there is none
    changed: bool = False  # its content is not what it was in the build before
    checked: bool = False  # it was compared with the build before
    notfound: bool = False  # the build does not know it


NOT_FOUND = Facts(notfound=True)


def named(name: str | Function) -> Function:
    """The function that ``package.module.function`` or ``module:function`` names. Raises `ConfigError`."""
    if callable(name):
        return name
    module, _, attribute = name.replace(":", ".").rpartition(".")
    try:
        function = getattr(importlib.import_module(module), attribute)
    except Exception as error:  # of the module's own, too
        raise ConfigError(f"file proxy {name!r}: {error}") from error
    if not callable(function):
        raise ConfigError(f"file proxy {name!r} is no function")
    return function  # type: ignore[no-any-return]


def facts(manifest: Manifest, before: Manifest, path: str) -> Facts:
    """Of the file with the logical *path*, as the first call gets them. *before* is the manifest of the build
    before."""
    try:
        how = change(manifest, before, path)
        file = os.path.join(manifest.directory, manifest.entry(path)["path"])
    except CdnPipelineError:
        return NOT_FOUND
    return Facts(new=how == NEW, filepath=file, changed=how == CHANGED, checked=True)


class _Known(NamedTuple):
    """What was told of one release."""

    release: str
    later: dict[str, Facts]  # what further calls get, by logical path
    before: Manifest


class FileProxy:
    """One function, and what it was told. Threads may share it."""

    def __init__(self, function: str | Function) -> None:
        """Raises `ConfigError` where there is no such function."""
        self._function = named(function)
        self._known: _Known | None = None
        self._told: set[str] = set()

    def __call__(self, uri: str, path: str, manifest: Manifest) -> str:
        """What pages get in place of *uri*, the URL of the file with the logical *path*. That is *uri* itself
        where the function fails or returns no text, which is logged once for each."""
        try:
            found = self._function(uri, **self._facts(path, manifest)._asdict())
        except Exception:
            self._tell(uri, "failed", exc_info=True)
            return uri
        if isinstance(found, str) and found:
            return found
        self._tell(uri, f"returned {found!r}, which is no URL")
        return uri

    def _facts(self, path: str, manifest: Manifest) -> Facts:
        known, release = self._known, manifest.release
        if known is None or known.release != release:
            known = self._known = _Known(release, {}, previous(manifest))
        if path in known.later:
            return known.later[path]
        first = facts(manifest, known.before, path)
        rest = first._replace(new=False, changed=False, checked=False)
        # Of two threads that come at once, one is first.
        return first if known.later.setdefault(path, rest) is rest else rest

    def _tell(self, uri: str, what: str, **options: Any) -> None:
        if uri not in self._told:
            self._told.add(uri)
            logger = logging.getLogger("cdn_pipeline")
            logger.warning("the file proxy %s for %s, which is used as it is", what, uri, **options)
