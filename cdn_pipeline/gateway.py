"""Gateway: answers of `serving` as a WSGI application gives them (PEP 3333)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from cdn_pipeline import serving

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class Assets:
    """Answers for what lies below *prefix*, and leaves the rest to *app*.

    *manifest*: one, its file or build directory; by default the project's own. *prefix*: by default the path
    of the origin's URL. *fall_through*: *app* answers also for what is below it, but no file, as it does
    anyway where that is everything.
    """

    def __init__(
        self,
        app: WSGIApplication,
        manifest: serving.Named = None,
        prefix: str | None = None,
        *,
        fall_through: bool = False,
    ) -> None:
        self.app = app
        self.site = serving.Site(manifest, prefix, fall_through=fall_through)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        below, above = path(environ), path(environ, "SCRIPT_NAME")
        name = self.site.name(below, above + below)
        if name is None:
            return self.app(environ, start_response)
        answer = self.site.answer(environ["REQUEST_METHOD"], name, RequestHeaders(environ))
        if self.site.leaves(answer):
            return self.app(environ, start_response)
        return respond(answer, environ, start_response)


def path(environ: WSGIEnvironment, variable: str = "PATH_INFO") -> str:
    """That of a request: UTF-8, which PEP 3333 has in the guise of Latin-1."""
    text: str = environ.get(variable, "")
    return text.encode("latin-1", "replace").decode("utf-8", "replace")


class RequestHeaders:
    """Those in a WSGI environment, by their names in lower case."""

    def __init__(self, environ: WSGIEnvironment) -> None:
        self._environ = environ

    def get(self, name: str, /) -> str | None:
        """The header *name*, if the request has it."""
        value: str | None = self._environ.get("HTTP_" + name.upper().replace("-", "_"))
        return value


def respond(
    answer: serving.Answer, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """*answer* as a WSGI response; a whole file by the server's own means, if it has any."""
    status = HTTPStatus(answer.status)
    start_response(f"{status.value} {status.phrase}", list(answer.headers.items()))
    wrapper: Any = environ.get("wsgi.file_wrapper")
    if wrapper is not None and answer.file is not None and answer.status == HTTPStatus.OK:
        wrapped: Iterable[bytes] = wrapper(answer.file, serving.CHUNK)
        return wrapped
    return Body(answer)


class Body:
    """What a server sends, and closes even if it has sent nothing of it."""

    def __init__(self, answer: serving.Answer) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.chunks()

    def close(self) -> None:
        """Closes the file, if there is one."""
        self._answer.close()
