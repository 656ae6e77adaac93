"""Serve: a site on this machine, with a port for each target, so that one sees what comes from where.

Built files name each other by URL, so the site is built once more, for these ports; the real build is left as
it is.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from socketserver import TCPServer, ThreadingMixIn
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from cdn_pipeline import ORIGIN, gateway, paths, serving
from cdn_pipeline.config import Config, Target
from cdn_pipeline.errors import ConfigError
from cdn_pipeline.manifest import Manifest
from cdn_pipeline.overview import overview

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

HOST = "127.0.0.1"
DIRECTORY = "serve"  # in the cache, which may be deleted at any time; below it one for each port


class Servers:
    """One for each target of a config, with a port but nothing to say yet."""

    def __init__(self, config: Config, port: int) -> None:
        """Takes *port* for the origin and the next ones for the others, in order of their names; any free
        ones for 0. Raises `ConfigError` if one is taken."""
        names = [ORIGIN, *sorted(set(config.targets) - {ORIGIN})]
        self.servers = {name: _bound(name, port and port + offset) for offset, name in enumerate(names)}
        self.config = config._replace(targets={name: self._local(config.targets[name]) for name in names})
        self._scratch = None if port else TemporaryDirectory(prefix="cdn_pipeline-")
        self.out = Path(
            self._scratch.name if self._scratch else config.root / config.cache / DIRECTORY / str(port)
        )

    def _local(self, target: Target) -> Target:
        path = paths.prefix_of(target.url)
        # The origin is wherever the page is, by whichever name the browser knows this machine.
        url = path if target.name == ORIGIN else self.servers[target.name].url + path[1:]
        return target._replace(url=url)

    @property
    def urls(self) -> dict[str, str]:
        """Of the site, by ``origin``, and of the other targets' files."""
        home = {ORIGIN: self.servers[ORIGIN].url}
        return {name: target.url for name, target in self.config.targets.items()} | home

    def run(self, app: WSGIApplication | None) -> None:
        """Answers until it is interrupted. *app* makes the pages; without one there is an overview."""
        manifest = serving.opened(self.out)
        for name, server in self.servers.items():
            files = gateway.Assets(app or Overview(manifest), manifest, fall_through=True)
            server.set_app(files if name == ORIGIN else TargetFiles(manifest, self.config.targets[name]))
        threads = [
            threading.Thread(target=server.serve_forever, daemon=True) for server in self.servers.values()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def _bound(target: str, port: int) -> Server:
    try:
        server = Server((HOST, port), Handler)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no such port"
        raise ConfigError(
            f"port {port} for {target}: {str(reason).lower()}; choose others with --port"
        ) from error
    server.target = target
    return server


class Server(ThreadingMixIn, WSGIServer):
    """Answers for one target."""

    daemon_threads = True
    request_queue_size = 128  # a browser asks for much at once
    target = ""

    @property
    def url(self) -> str:
        """Ends with a slash."""
        return f"http://{HOST}:{self.server_port}/"

    def server_bind(self) -> None:
        """Without asking for this machine's name, as the base class does, which may wait for a network."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Of a browser that left there is nothing to say."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(WSGIRequestHandler):
    """Says of each request which target it went to."""

    server: Server

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """One line on stderr."""
        print(f"{self.server.target:<9} {code}  {self.command} {self.path}", file=sys.stderr, flush=True)


class TargetFiles:
    """A WSGI application that is one target, below the path of its URL."""

    def __init__(self, manifest: Manifest, target: Target) -> None:
        self._manifest = manifest
        self._target = target.name
        self._site = serving.Site(manifest, paths.prefix_of(target.url))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        name = self._site.name(gateway.path(environ)) or ""
        headers = gateway.RequestHeaders(environ)
        answer = serving.answer(self._manifest, environ["REQUEST_METHOD"], name, headers, self._target)
        return gateway.respond(answer, environ, start_response)


class Overview:
    """A WSGI application for a site that has none: what was built, and where it is."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if gateway.path(environ) != "/":
            return gateway.respond(serving.refusal(404), environ, start_response)
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [overview(self._manifest).encode()]


def application(name: str, build: Path) -> WSGIApplication:
    """What the function *name*, such as ``site.app:create``, makes of the build directory. Raises
    `ConfigError` if it cannot be found."""
    module, _, attribute = name.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        make: Callable[[str], WSGIApplication] = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"--app {name}: {error}; name a function as MODULE:FUNCTION") from error
    return make(str(build))
