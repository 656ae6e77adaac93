"""`url_for` of a Flask app, in which the files of a build have their URLs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from flask import Flask, has_request_context, request

if TYPE_CHECKING:
    from cdn_pipeline.integrations.flask.site import Site

log = logging.getLogger("cdn_pipeline")

STATIC = "static"
REMEMBERED = 10_000  # names; a site may ask for whatever its visitors say


class Urls:
    """Stands in for the app's `url_for`. *plain* is what that was."""

    def __init__(self, app: Flask, site: Site, plain: Callable[..., str]) -> None:
        self._app = app
        self._site = site
        self._plain = plain
        self._names: dict[tuple[str, str], str | None] = {}

    def url_for(self, endpoint: str, /, **values: Any) -> str:
        """As Flask's, with the same arguments. A file that the build does not know, or whose folder is no
        part of it, has Flask's own URL; where strictness was asked for, it raises `UnknownAsset`."""
        if endpoint != STATIC and not endpoint.endswith(".static"):
            return self._plain(endpoint, **values)
        url = self.built(absolute_endpoint(endpoint), values.get("filename"))
        return self.plain(endpoint, values) if url is None else self.completed(url, endpoint, values)

    def built(self, endpoint: str, filename: object) -> str | None:
        """The URL that the build gave to a file of the static *endpoint*, such as ``admin.static``; ``None``
        if it gave none, and in development. Raises `UnknownAsset` and `BrokenManifest` where strictness was
        asked for."""
        if filename is None or self._site.is_debug:
            return None
        name = self._name(endpoint, str(filename))
        if name is None:
            return None
        manifest = self._site.manifest
        if name in manifest:
            url: str = manifest.url(name)
            return url
        manifest.url(name)  # says, or raises, that it is unknown
        return None

    def _name(self, endpoint: str, filename: str) -> str | None:
        key = (endpoint, filename)
        if key in self._names:
            return self._names[key]
        name = self._logical(endpoint, filename)
        if len(self._names) < REMEMBERED:
            self._names[key] = name
        return name

    def _logical(self, endpoint: str, filename: str) -> str | None:
        folder = static_folder(self._app, endpoint)
        place = self._site.folders.place(folder, filename) if folder is not None else None
        if place is None:
            return None
        if place.hidden_by is not None:
            log.warning(
                "%r of %r is not in the build, which has %s in its stead; its plain URL is used",
                filename,
                endpoint,
                place.hidden_by,
            )
            return None
        return place.path

    def completed(self, url: str, endpoint: str, values: dict[str, Any]) -> str:
        """*url* with the host, the query and the anchor that Flask's own would have."""
        # What is None is not given, in Flask's own arguments and in those for the query.
        if self._is_bare and all(value is None for name, value in values.items() if name != "filename"):
            return url
        own, flasks = urlsplit(url), urlsplit(self.plain(endpoint, values))
        host = own.netloc or flasks.netloc
        asked = values.get("_scheme")
        scheme: str = asked if asked is not None else own.scheme or flasks.scheme
        return urlunsplit((scheme if host else "", host, own.path, flasks.query, flasks.fragment))

    @property
    def _is_bare(self) -> bool:
        """Whether Flask would answer with no more than a path."""
        app = self._app
        return has_request_context() and not app.url_default_functions and not app.url_map.host_matching

    def plain(self, endpoint: str, values: dict[str, Any]) -> str:
        """Flask's own URL. Outside of a request that begins with a host; where none is configured, a path
        is better than the error that it would be for pages."""
        is_hostless = not has_request_context() and not self._app.config["SERVER_NAME"]
        pathless = is_hostless and not values.get("_external") and values.get("_scheme") is None
        with self._app.test_request_context() if pathless else nullcontext():
            return self._plain(endpoint, **values)


def absolute_endpoint(endpoint: str) -> str:
    """``.static`` is that of the blueprint that answers the request, or the app's where there is none."""
    if not endpoint.startswith("."):
        return endpoint
    blueprint = request.blueprint if has_request_context() else None
    return f"{blueprint or ''}{endpoint}".removeprefix(".")


def static_folder(app: Flask, endpoint: str) -> str | None:
    """That of the app's or a blueprint's static *endpoint*, absolute."""
    if endpoint == STATIC:
        return app.static_folder
    blueprint = app.blueprints.get(endpoint.removesuffix(".static"))
    return blueprint.static_folder if blueprint is not None else None
