"""What template tags ask: the manifest of the storage, and the inline content beside it."""

from __future__ import annotations

import functools
import logging
import os
from typing import Any

from django.conf import STATICFILES_STORAGE_ALIAS, settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.storage import storages
from django.template import TemplateSyntaxError

from cdn_pipeline import RELOAD_S, inline
from cdn_pipeline.integrations.django import configuration
from cdn_pipeline.manifest import Manifest

log = logging.getLogger("cdn_pipeline")


def answering(debug: Any = None) -> Manifest:
    """What the tags of our own ask: the manifest of our storage, as strict as ``{% static %}`` is. Under
    *debug*, by default ``ASSETS_DEBUG`` or else ``DEBUG``, that is the sources."""
    if is_debugging(getattr(settings, "ASSETS_DEBUG", settings.DEBUG) if debug is None else debug):
        from cdn_pipeline.integrations.django.development import of_storage

        return of_storage(storages[STATICFILES_STORAGE_ALIAS])
    own = getattr(staticfiles_storage, "manifest", None)
    return own if isinstance(own, Manifest) else manifest()


def is_debugging(value: Any) -> bool:
    """As webassets reads it; "merge" asks for joined files, and those are only there minified."""
    if isinstance(value, bool):
        return value
    known = {"true": True, "false": False, "merge": False}
    if str(value).lower() not in known:
        raise TemplateSyntaxError(f"debug is one of the strings true, false or merge, not {value!r}")
    return known[str(value).lower()]


def manifest() -> Manifest:
    """That of our storage, else that of the project, for a site with another storage; it never raises."""
    own = getattr(staticfiles_storage, "manifest", None)
    if isinstance(own, Manifest):
        return own if own.missing == "plain" else _lenient(own.file, own.reload, configuration.static_url())
    file = configuration.manifest_file({})
    return _lenient(file, RELOAD_S, configuration.static_url())


@functools.lru_cache(maxsize=8)
def _lenient(file: str, reload: float | None, origin: str) -> Manifest:
    return Manifest.load(file, "plain", reload, origin)


def slimmed(text: str) -> str:
    """What the build made of the inline content *text*; *text* itself, if that was not known to it."""
    file = os.path.join(manifest().directory, inline.NAME)
    try:
        status = os.stat(file)
    except OSError:
        return text
    return _contents(file, status.st_mtime_ns, status.st_ino).get(inline.key(text), text)


@functools.lru_cache(maxsize=2)
def _contents(file: str, mtime_ns: int, inode: int) -> dict[str, str]:
    """Of one state of *file*."""
    try:
        with open(file, "rb") as opened:
            return inline.read(opened.read())
    except (OSError, ValueError) as error:
        log.warning("%s: is damaged and ignored: %s", file, error)
        return {}
