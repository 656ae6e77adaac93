"""Answers for the files of the build where no web server stands before the app."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from cdn_pipeline.errors import BrokenManifest
from cdn_pipeline.integrations.flask.site import Site

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class Server:
    """Leaves to *app*, the WSGI application, all that is no file of the build; everything in development."""

    def __init__(self, app: WSGIApplication, site: Site) -> None:
        self._app = app
        self._site = site

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._site.is_debug or not self._site.setting("SERVE") or not self._is_built():
            return self._app(environ, start_response)
        return self._assets(environ, start_response)

    def _is_built(self) -> bool:
        try:
            return bool(self._site.manifest.targets)
        except BrokenManifest:  # which is for pages to say that need one
            return False

    @cached_property
    def _assets(self) -> WSGIApplication:
        from cdn_pipeline.integrations.wsgi import Assets

        return Assets(self._app, self._site.manifest, fall_through=True)
