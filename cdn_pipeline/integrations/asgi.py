"""ASGI: an application whose static files come from the build, without a framework."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from cdn_pipeline import serving

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
RawHeaders = list[tuple[bytes, bytes]]
InThread = Callable[..., Awaitable[Any]]
"""Calls a function in a thread: ``asyncio.to_thread``, ``trio.to_thread.run_sync`` and their like."""


class Assets:
    """Answers for what lies below *prefix*, and leaves the rest to *app*.

    *manifest*: one, its file or build directory; by default the project's own. *prefix*: by default the path
    of the origin's URL. *fall_through*: *app* answers also for what is below it, but no file, as it does
    anyway where that is everything.
    """

    def __init__(
        self,
        app: App,
        manifest: serving.Named = None,
        prefix: str | None = None,
        *,
        fall_through: bool = False,
        in_thread: InThread = asyncio.to_thread,
    ) -> None:
        self.app = app
        self.site = serving.Site(manifest, prefix, fall_through=fall_through)
        self.in_thread = in_thread

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = self.site.name(*_paths(scope)) if scope["type"] == "http" else None
        if name is None:
            return await self.app(scope, receive, send)
        headers = request_headers(scope)
        answer = await self.in_thread(self.site.answer, scope["method"], name, headers)
        if self.site.leaves(answer):
            return await self.app(scope, receive, send)
        await respond(answer, raw_headers(answer), scope, send, self.in_thread)


def _paths(scope: Scope) -> tuple[str, str]:
    """As the application sees it, and as the visitor does. Servers differ in which of them they tell."""
    path, root = scope["path"], scope.get("root_path", "").rstrip("/")
    if root and path.startswith(f"{root}/"):
        return path[len(root) :], path
    return path, root + path


def request_headers(scope: Scope) -> dict[str, str]:
    """Those of *scope*, by their names in lower case."""
    headers: dict[str, str] = {}
    for raw, value in scope.get("headers", ()):
        name, text = raw.decode("latin-1").lower(), value.decode("latin-1")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    return headers


def raw_headers(answer: serving.Answer) -> RawHeaders:
    """Those of *answer* as ASGI has them."""
    return [(name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in answer.headers.items()]


async def respond(
    answer: serving.Answer, headers: RawHeaders, scope: Scope, send: Send, in_thread: InThread
) -> None:
    """Sends *answer* with *headers*; a whole file by the server's own means, if it has any."""
    try:
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        if answer.file is None:
            await send({"type": "http.response.body", "body": answer.body})
        elif answer.status == 200 and "http.response.pathsend" in (scope.get("extensions") or {}):
            await send({"type": "http.response.pathsend", "path": answer.file.name})
        else:
            await _stream(answer, send, in_thread)
    finally:
        answer.close()


async def _stream(answer: serving.Answer, send: Send, in_thread: InThread) -> None:
    chunks = answer.chunks()
    while chunk := await in_thread(next, chunks, b""):
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
