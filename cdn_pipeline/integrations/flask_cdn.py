"""Flask-CDN's settings, class and `url_for`, for sites that change one import and no template.

A file of the build has its built URL. Any other one has the URL that Flask-CDN 1.5.3 makes, and none fails.
"""

from __future__ import annotations

import logging
import os.path
import sys
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import flask
from flask import Flask, current_app, has_request_context, request
from werkzeug.routing import BuildError
from werkzeug.security import safe_join

from cdn_pipeline.integrations.flask import EXTENSION
from cdn_pipeline.integrations.flask.site import Site
from cdn_pipeline.integrations.flask.urls import Urls, absolute_endpoint, static_folder

log = logging.getLogger("cdn_pipeline")

OWN = "cdn_pipeline_flask_cdn"  # in `app.extensions`
NOT_GIVEN = object()
TOLD = 1000  # files whose absence is said; a site may ask for whatever its visitors say


class CDN:
    """``CDN(app)``, or ``CDN()`` and `init_app` for each of any number of apps."""

    def __init__(self, app: Flask | None = None) -> None:
        self.app = app
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Sets what is not set, and gives templates our `url_for` if there is a ``CDN_DOMAIN``. Raises
        `ValueError` for a wrong setting of ours."""
        defaults = {
            "CDN_DEBUG": app.debug,
            "CDN_DOMAIN": None,
            "CDN_HTTPS": None,
            "CDN_TIMESTAMP": True,
            "CDN_VERSION": None,
            "CDN_ENDPOINTS": ["static"],
        }
        for name, value in defaults.items():
            app.config.setdefault(name, value)
        if app.config["CDN_DOMAIN"]:
            Site(app).check()
            app.jinja_env.globals["url_for"] = url_for
        if app.config.get("FLASK_ASSETS_USE_CDN"):
            _serve_flask_assets(app)


def _serve_flask_assets(app: Flask) -> None:
    """Flask-Assets imports `flask_cdn` by name, and adds ``?version`` to a URL that may have a query."""
    sys.modules.setdefault("flask_cdn", sys.modules[__name__])
    if not app.config["CDN_DEBUG"] and (app.config["CDN_TIMESTAMP"] or app.config["CDN_VERSION"]):
        app.config["ASSETS_URL_EXPIRE"] = False


def url_for(endpoint: str, **values: Any) -> str:
    """Of a static file: its built URL, or else one of the CDN. Needs an app context, but no request."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    config = app.config
    full = absolute_endpoint(endpoint)
    if config["CDN_DEBUG"] or not config["CDN_DOMAIN"] or not _is_static(full, config["CDN_ENDPOINTS"]):
        return flask.url_for(endpoint, **values)
    urls, filename = _urls(app), values.get("filename")
    built = urls.built(full, filename)
    if built is not None:
        return urls.completed(built, endpoint, values)
    return _cdn_url(app, full, values | _freshness(app, full, filename))


def _is_static(endpoint: str, endpoints: list[str]) -> bool:
    return endpoint in endpoints or any(endpoint.endswith(f".{name}") for name in endpoints)


def _urls(app: Flask) -> Urls:
    """With the app's own manifest, if `CDNPipeline` has it."""
    if OWN not in app.extensions:
        site = app.extensions[EXTENSION] if EXTENSION in app.extensions else Site(app)
        app.extensions[OWN] = Urls(app, site, type(app).url_for.__get__(app))
    urls: Urls = app.extensions[OWN]
    return urls


class Domain(NamedTuple):
    """What ``CDN_DOMAIN`` says."""

    scheme: str  # "" where it says none
    host: str
    prefix: str

    @classmethod
    def of(cls, text: str) -> Domain:
        """Of ``cdn.example.com``, ``https://cdn.example.com:8080`` or ``cdn.example.com/prefix``."""
        parts = urlsplit(text if "//" in text else f"//{text}")
        return cls(parts.scheme, parts.netloc, parts.path.rstrip("/") + "/")


def _cdn_url(app: Flask, endpoint: str, values: dict[str, Any]) -> str:
    domain = Domain.of(app.config["CDN_DOMAIN"])
    scheme = values.pop("_scheme", NOT_GIVEN)
    if scheme is NOT_GIVEN:
        scheme = _scheme(app, domain)
    anchor, method = values.pop("_anchor", None), values.pop("_method", None)
    values.pop("_external", None)  # it is, in any case
    adapter = app.url_map.bind(domain.host, script_name=domain.prefix, url_scheme=scheme or "")
    try:
        url = adapter.build(endpoint, values, method=method, force_external=True)
    except BuildError as error:
        return app.handle_url_build_error(error, endpoint, values)
    return url if anchor is None else f"{url}#{quote(anchor, safe='%!#$&()*+,/:;=?@')}"


def _scheme(app: Flask, domain: Domain) -> str:
    wanted = app.config["CDN_HTTPS"]
    if wanted is not None:
        return "https" if wanted is True else "http"
    if domain.scheme:
        return domain.scheme
    if has_request_context():
        return "https" if request.is_secure else "http"
    preferred: str = app.config["PREFERRED_URL_SCHEME"]
    return preferred


def _freshness(app: Flask, endpoint: str, filename: object) -> dict[str, Any]:
    """The query that makes browsers fetch what has changed."""
    query: dict[str, Any] = {}
    if app.config["CDN_TIMESTAMP"] and filename is not None:
        changed = _mtime(_folders(app, endpoint), str(filename))
        query |= {"t": changed} if changed is not None else {}
    if app.config["CDN_VERSION"]:
        query["v"] = app.config["CDN_VERSION"]
    return query


def _folders(app: Flask, endpoint: str) -> tuple[str | None, ...]:
    """That of the endpoint, or else that of the blueprint that answers, where Flask-CDN always looks."""
    own = static_folder(app, endpoint) or app.static_folder
    blueprint = request.blueprint if has_request_context() else None
    return (own,) if blueprint is None else (own, static_folder(app, f"{blueprint}.static"))


_told: set[tuple[str | None, str]] = set()


def _mtime(folders: tuple[str | None, ...], filename: str) -> int | None:
    """In whole seconds, in the first of *folders* that has the file; ``None`` if none has, said once."""
    for folder in folders:
        path = safe_join(folder, filename) if folder is not None else None
        try:
            if path is not None:
                return int(os.path.getmtime(path))
        except (OSError, ValueError):  # the latter for names that no file can have
            pass
    if (folders[0], filename) not in _told and len(_told) < TOLD:
        _told.add((folders[0], filename))
        log.warning("no file %r in %s; its URL has no time stamp", filename, folders[0])
    return None
