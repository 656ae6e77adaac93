"""Starlette and FastAPI: static files from the build, and their URLs in templates and in Python."""

from __future__ import annotations

import os
import posixpath
import stat
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from starlette.datastructures import URL, URLPath
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Mount
from starlette.staticfiles import StaticFiles as Plain
from starlette.types import Receive, Scope, Send

from cdn_pipeline import caching, serving, variants
from cdn_pipeline.errors import ConfigError
from cdn_pipeline.integrations import asgi

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.templating import Jinja2Templates

    from cdn_pipeline.manifest import Manifest


class CDNPipeline:
    """``CDNPipeline(app, templates)``: mounts `StaticFiles`, after which ``url_for(name, path=…)`` gives the
    build's URLs, and gives *templates* ``asset_url``, ``asset_tags`` and the rest of
    `cdn_pipeline.integrations.jinja2`.

    *path*: by default that of the origin's URL; raises `ConfigError` if it has none. *debug*, by default the
    application's: everything is as in the sources, and needs no build. *options* are those of `StaticFiles`.
    """

    def __init__(
        self,
        app: Starlette,
        *templates: Jinja2Templates,
        path: str | None = None,
        name: str = "static",
        debug: bool | None = None,
        **options: Any,
    ) -> None:
        self.files = StaticFiles(**options)
        self.manifest = self.files.site.manifest
        if path is None and self.files.site.is_everything:
            raise ConfigError("the origin's URL has no path to mount files at; name one as `path`")
        path = self.files.site.prefix if path is None else path
        mount: type[RootedMount] = StaticMount
        if app.debug if debug is None else debug:
            self.manifest, mount = self._development(path), RootedMount
        app.router.routes.append(mount(path, self.files, name=name))
        for each in templates:
            self.init_templates(each)

    def _development(self, path: str) -> Manifest:
        from cdn_pipeline import project
        from cdn_pipeline.integrations.development import Development

        found = project.find(self.files.start)
        self.files.all_directories += found.sources
        self.files.sources_first = True
        return Development(found.file, missing="plain", origin=f"/{path.strip('/')}/".replace("//", "/"))

    def init_templates(self, templates: Jinja2Templates) -> None:
        """For templates that are made later than the application."""
        from cdn_pipeline.integrations.jinja2 import install

        install(templates.env, self.manifest)


PAGES = ("index.html", "404.html")  # that ``html=True`` looks for by itself


class StaticFiles(Plain):
    """Instead of Starlette's class of that name: the build's files first, with the headers that the build
    gives them; then those in *directory* and *packages*, which must be asked for again each time.

    *manifest*: one, its file or build directory; by default the project's own.
    """

    def __init__(self, *, manifest: serving.Named = None, **options: Any) -> None:
        super().__init__(**options)
        self.start = self.directory or "."  # from where the project is looked for
        self.site = serving.Site(manifest, start=self.start)
        self.sources_first = False  # as one wants it in development

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Starlette's method, for subclasses to extend. Raises `HTTPException`."""
        name = path.replace(os.sep, "/")
        if self.html and scope["path"].endswith("/"):
            name = posixpath.normpath(f"{name}/{PAGES[0]}")
        if self.sources_first and self._is_source(name):
            return await self._source(path, scope)
        answer = await anyio.to_thread.run_sync(
            self.site.answer, scope["method"], name, asgi.request_headers(scope)
        )
        if answer.status == 405:
            kept = {key: answer.headers[key] for key in ("Allow", "Cache-Control")}
            raise HTTPException(405, headers=kept)
        if answer.status != 404:
            return AnswerResponse(answer)
        return await self._source(path, scope)

    def _is_source(self, name: str) -> bool:
        status = super().lookup_path(name)[1]
        return status is not None and stat.S_ISREG(status.st_mode)

    async def _source(self, path: str, scope: Scope) -> Response:
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            error.headers = {"Cache-Control": caching.NEVER, **(error.headers or {})}
            raise
        response.headers.setdefault("Cache-Control", caching.REVALIDATE)
        return response

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Starlette's method; the pages that it looks for by itself may be in the build."""
        if self.html and not self.sources_first and os.path.basename(path) in PAGES:
            file = variants.below(self.site.directory, path.replace(os.sep, "/"))
            if file is not None and os.path.isfile(file):
                return file, os.stat(file)
        return super().lookup_path(path)


class AnswerResponse(Response):
    """An answer of `serving` as a response."""

    def __init__(self, answer: serving.Answer) -> None:
        self.answer = answer
        self.status_code = answer.status
        self.background = None
        self.body = answer.body
        self.init_headers(answer.headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asgi.respond(self.answer, self.raw_headers, scope, send, anyio.to_thread.run_sync)
        if self.background is not None:
            await self.background()


class RootedMount(Mount):
    """A mount whose path may begin with that of its application, as browsers ask for it: where a server sets
    a root path, or another application mounts this one."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """By the path as the application sees it, or else by the whole."""
        match, child = super().matches(scope)
        root = scope.get("root_path", "")
        if match == Match.NONE and root and scope["type"] in ("http", "websocket"):
            match, child = super().matches({**scope, "root_path": ""})
            if child:
                child["app_root_path"] = scope.get("app_root_path", root)
        return match, child

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Raises `NoMatchFound`."""
        return MountedPath(super().url_path_for(name, **path_params))


class StaticMount(RootedMount):
    """A mount of `StaticFiles` for which ``url_for(name, path=…)`` is the URL that the build gave the file,
    on whichever host, and the mount's own for what is not in it."""

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Raises `NoMatchFound`."""
        plain = super().url_path_for(name, **path_params)
        files = self._base_app
        if isinstance(files, StaticFiles) and name == self.name and set(path_params) == {"path"}:
            url = files.site.built_url(path_params["path"].lstrip("/"))
            if url is not None:
                return BuiltPath(url, plain)
        return plain


class MountedPath(URLPath):
    """A path that gets that of an application before it unless it has it."""

    def __str__(self) -> str:
        return MountedText(str.__str__(self), str.__str__(self))


class BuiltPath(URLPath):
    """A URL that a build made, which is as a browser asks for it: no root path of the application's belongs
    before it, and perhaps not its host. *plain* is the mount's own, for the same file."""

    def __new__(cls, url: str, plain: str) -> BuiltPath:
        return str.__new__(cls, url)

    def __init__(self, url: str, plain: str) -> None:
        super().__init__(url)
        self._plain = str.__str__(plain)

    def __str__(self) -> str:
        text = str.__str__(self)
        return MountedText(text, self._plain if URL(text).netloc else text)

    def make_absolute_url(self, base_url: str | URL) -> URL:
        """On the host of *base_url*, unless it has one."""
        base = base_url if isinstance(base_url, URL) else URL(base_url)
        url = URL(str.__str__(self))
        return url.replace(scheme=url.scheme or base.scheme, netloc=url.netloc or base.netloc)


class MountedText(str):
    """A URL as text. When a mount around ours puts its own path before it, it becomes *path* below that, or
    *path* alone where that begins so."""

    path: str

    def __new__(cls, url: str, path: str) -> MountedText:
        text = str.__new__(cls, url)
        text.path = path
        return text

    def __radd__(self, prefix: str) -> str:
        return self.path if prefix and self.path.startswith(f"{prefix}/") else f"{prefix}{self.path}"
