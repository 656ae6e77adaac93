"""What one Flask app knows of its build, by the settings that its config has when they are first needed."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flask import Flask, has_request_context, request

from cdn_pipeline import CONFIG, RELOAD_S
from cdn_pipeline.errors import ConfigError
from cdn_pipeline.integrations.flask.folders import Folders
from cdn_pipeline.manifest_options import check_missing, check_reload

# The manifest is loaded by the first page that needs it, so that an app starts without.
if TYPE_CHECKING:
    from cdn_pipeline.manifest import Manifest
    from cdn_pipeline.project import Project

SETTINGS: dict[str, Any] = {
    "CDN_PIPELINE_MANIFEST": None,  # by default that of the config found at or above the app's root
    "CDN_PIPELINE_SOURCES": None,  # the static folders that the build has; by default the config's
    "CDN_PIPELINE_MISSING": "plain",  # or "error"
    "CDN_PIPELINE_RELOAD": RELOAD_S,  # seconds between looks for a new manifest; None for never
    "CDN_PIPELINE_DEBUG": None,  # unbuilt sources; by default as the app's `debug`
    "CDN_PIPELINE_SERVE": True,  # answer for the files of the origin
    "CDN_PIPELINE_EDGE_CACHE": None,  # seconds, or a table of them: for every page that says nothing itself
    "CDN_PIPELINE_EDGE_HEADER": None,  # such as "CDN-Cache-Control"
    "CDN_PIPELINE_PRIVATE_COOKIES": ("remember_token",),  # besides the session's
}


class Site:
    """Nothing is read before a page needs it. Paths in settings are relative to the app's root."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._developments: dict[str, Manifest] = {}
        for name, value in SETTINGS.items():
            app.config.setdefault(name, value)

    def check(self) -> None:
        """Raises `ValueError` for settings that can only fail, which the first page would else be told."""
        check_missing(self.setting("MISSING"), "CDN_PIPELINE_MISSING")
        check_reload(self.setting("RELOAD"), "CDN_PIPELINE_RELOAD")
        named = self.setting("MANIFEST")
        is_path = named is None or (isinstance(named, str | os.PathLike) and os.fspath(named) != "")
        if not is_path or (named and os.path.isdir(os.path.join(self._app.root_path, named))):
            raise ValueError(
                f"CDN_PIPELINE_MANIFEST is {named!r}; it must be the file manifest.json of a build"
            )

    def setting(self, name: str) -> Any:
        """``CDN_PIPELINE_`` is left out of *name*."""
        return self._app.config[f"CDN_PIPELINE_{name}"]

    @property
    def is_debug(self) -> bool:
        """Whether pages show the sources, unbuilt. May change at any time."""
        debug = self.setting("DEBUG")
        return self._app.debug if debug is None else bool(debug)

    @cached_property
    def project(self) -> Project | None:
        """``None`` where no config is deployed with the app, or a broken one."""
        from cdn_pipeline.project import find

        try:
            return find(self._app.root_path)
        except ConfigError:
            return None

    @cached_property
    def manifest(self) -> Manifest:
        """The one that is named, or of the project, or else ``build/manifest.json`` below the app's root."""
        from cdn_pipeline.manifest import NAME, Manifest

        named = self.setting("MANIFEST")
        if named is None:
            named = self.project.manifest if self.project else os.path.join("build", NAME)
        file = os.path.join(self._app.root_path, named)
        origin = self.project.origin if self.project else self.static_url
        return Manifest.load(file, self.setting("MISSING"), self.setting("RELOAD"), origin)

    @property
    def answers(self) -> Manifest:
        """What templates get."""
        if not self.is_debug:
            return self.manifest
        return self._sources(request.script_root if has_request_context() else "")

    @property
    def static_url(self) -> str:
        """Below which the app's static files are served, and in development those of all source roots."""
        if self._app.static_url_path:
            return self._app.static_url_path.rstrip("/") + "/"
        return self.project.origin if self.project else "/static/"

    def _sources(self, script_root: str) -> Manifest:
        """By their URLs where the app is mounted at *script_root*, as `url_for` has them."""
        from cdn_pipeline.integrations.development import Development

        if script_root not in self._developments:
            file = self.project.file if self.project else os.path.join(self._app.root_path, CONFIG)
            origin = script_root + self.static_url
            self._developments[script_root] = Development(file, self.setting("MISSING"), origin=origin)
        return self._developments[script_root]

    @cached_property
    def folders(self) -> Folders:
        """By the source roots; where nothing tells them, the app's own static folder is the only one."""
        named = self.setting("SOURCES")
        if named is not None:
            return Folders([os.path.join(self._app.root_path, name) for name in named])
        if self.project is not None:
            return Folders(self.project.sources)
        return Folders([self._app.static_folder] if self._app.static_folder else [])
