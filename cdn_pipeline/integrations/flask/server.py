"""Answers for the files of the build, or the sources, where no web server stands before the app."""

from __future__ import annotations

import os.path
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from werkzeug.security import safe_join
from werkzeug.utils import send_from_directory
from werkzeug.wsgi import get_path_info

from cdn_pipeline.errors import BrokenManifest
from cdn_pipeline.integrations.flask.site import Site

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class Server:
    """Leaves to *app*, the WSGI application, all that is no file of the build; in development, what is in the
    app's own static *folder*, and all that is neither a source nor in the last build."""

    def __init__(self, app: WSGIApplication, site: Site, folder: str | None) -> None:
        self._app = app
        self._site = site
        self._folder = folder

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._site.setting("SERVE"):
            source = self._source(environ) if self._site.is_debug else None
            if source is not None:
                return source(environ, start_response)
            if self._is_built():
                return self._assets(environ, start_response)
        return self._app(environ, start_response)

    def _source(self, environ: WSGIEnvironment) -> WSGIApplication | None:
        """What answers: of the roots besides the app's own folder, Flask knows nothing. ``None`` for what
        may be in the last build alone, such as a bundle that had to be compiled."""
        path, prefix = get_path_info(environ), self._site.static_url
        name = path.removeprefix(prefix)
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or self._is_there(self._folder, name):
            return self._app
        for root in self._site.folders.roots if name != path else ():
            if self._is_there(root, name):
                return send_from_directory(root, name, environ)
        return None if os.path.isfile(self._site.manifest.file) else self._app

    @staticmethod
    def _is_there(folder: str | None, name: str) -> bool:
        file = safe_join(folder, name) if folder is not None else None
        return file is not None and os.path.isfile(file)

    def _is_built(self) -> bool:
        try:
            return bool(self._site.manifest.targets)
        except BrokenManifest:  # which is for pages to say that need one
            return False

    @cached_property
    def _assets(self) -> WSGIApplication:
        from cdn_pipeline.integrations.wsgi import Assets

        return Assets(self._app, self._site.manifest, fall_through=True)
