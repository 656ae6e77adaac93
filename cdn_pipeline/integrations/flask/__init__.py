"""Flask: `url_for` gives the URLs of the build, and pages say how long shared caches may keep them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response

from cdn_pipeline.integrations.flask import commands, edge
from cdn_pipeline.integrations.flask.answers import Answers
from cdn_pipeline.integrations.flask.edge import edge_cache, no_edge_cache
from cdn_pipeline.integrations.flask.server import Server
from cdn_pipeline.integrations.flask.site import Site
from cdn_pipeline.integrations.flask.urls import Urls

if TYPE_CHECKING:
    from flask.templating import Environment

    from cdn_pipeline.manifest import Manifest

__all__ = ["CDNPipeline", "edge_cache", "manifest", "no_edge_cache"]

EXTENSION = "cdn_pipeline"


class CDNPipeline:
    """``CDNPipeline(app)``, or ``CDNPipeline()`` and `init_app` for each of any number of apps."""

    def __init__(self, app: Flask | None = None) -> None:
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Raises `ValueError` or `TypeError` for a wrong setting. A second time for the same app does
        nothing."""
        if EXTENSION in app.extensions:
            return
        site = Site(app)
        site.check()
        app.extensions[EXTENSION] = site
        edge.default_policy(site)
        app_any: Any = app  # whose methods are replaced, since Flask has no other place for what they do
        flasks_url_for = app.url_for
        app_any.url_for = Urls(app, site, flasks_url_for).url_for
        app_any.dispatch_request = edge.noting(app)
        app_any.process_response = _completing(app, site)
        app_any.wsgi_app = Server(app.wsgi_app, site, app.static_folder)
        app_any.create_jinja_environment = _installing(app, site)
        if "jinja_env" in vars(app):
            _install(app.jinja_env, site)
            if app.jinja_env.globals["url_for"] == flasks_url_for:
                app.jinja_env.globals["url_for"] = app.url_for
        commands.register(app, site)


def _installing(app: Flask, site: Site) -> Callable[[], Environment]:
    create = app.create_jinja_environment  # at the first template: until then its options may be changed

    def create_jinja_environment() -> Environment:
        environment = create()
        _install(environment, site)
        return environment

    return create_jinja_environment


def _install(environment: Environment, site: Site) -> None:
    from cdn_pipeline.integrations import jinja2

    answers: Any = Answers(site)  # in a manifest's stead
    jinja2.install(environment, answers)


def _completing(app: Flask, site: Site) -> Callable[[Response], Response]:
    process = app.process_response  # calls every `after_request` function, then saves the session

    def process_response(response: Response) -> Response:
        return edge.complete(app, site, process(response))

    return process_response


def manifest(app: Flask) -> Manifest:
    """The manifest of an app that was given to `CDNPipeline`."""
    site: Site = app.extensions[EXTENSION]
    return site.manifest
