"""Serving: the files of a build as a server answers for them, whichever framework asks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property
from typing import BinaryIO, NamedTuple
from urllib.parse import unquote, urlsplit

from cdn_pipeline import ORIGIN, RELOAD_S, caching, project, variants
from cdn_pipeline.errors import ConfigError
from cdn_pipeline.manifest import NAME, Manifest
from cdn_pipeline.negotiation import CODINGS, IDENTITY, Facts, RequestHeaders, part, wanted
from cdn_pipeline.variants import Variants

METHODS = ("GET", "HEAD")
NOT_OURS = (404, 405)  # for which somebody else may have an answer
CHUNK = 1 << 18  # bytes read at once

Path = str | os.PathLike[str]
Named = Manifest | Path | None
"""A manifest, its file, its build directory, or whatever the project has."""


class Answer(NamedTuple):
    """A response: `body`, or else `length` bytes of `file` from where it stands. Whoever takes it reads
    `chunks` to their end, or calls `close`."""

    status: int
    headers: dict[str, str]
    file: BinaryIO | None = None  # all of it where the status is 200; its ``name`` is its path
    length: int = 0
    body: bytes = b""

    def chunks(self) -> Iterator[bytes]:
        """What is to be sent; closes the file."""
        if self.file is None:
            yield self.body
            return
        left = self.length
        with self.file:
            while left and (chunk := self.file.read(min(CHUNK, left))):
                left -= len(chunk)
                yield chunk

    def close(self) -> None:
        """Closes the file, if there is one."""
        if self.file is not None:
            self.file.close()


def answer(
    manifest: Manifest, method: str, path: str, headers: RequestHeaders, target: str = ORIGIN
) -> Answer:
    """What *target* answers for *path*, which is decoded and below the target's URL, such as
    ``css/site.0123456789ab.css``.

    Where there is no such file the status is 404. Neither that nor 405 may be kept by any cache.
    """
    if method not in METHODS:
        return refusal(405, Allow=", ".join(METHODS))
    found = variants.find(manifest, target, path)
    best = refusal(404) if found is None else _best(method, headers, found)
    if method == "HEAD":
        best.close()
        return best._replace(file=None, body=b"")
    return best


class Site:
    """The files of the origin, below one prefix of an application's URLs."""

    def __init__(
        self,
        manifest: Named = None,
        prefix: str | None = None,
        start: Path = ".",
        *,
        fall_through: bool = False,
    ) -> None:
        self.manifest = opened(manifest, start)
        self._prefix = prefix
        self._falls_through = fall_through
        self._start = start

    @property
    def prefix(self) -> str:
        """Begins and ends with a slash."""
        if self._prefix is not None:
            return f"/{self._prefix.strip('/')}/".replace("//", "/")
        origin = self.manifest.targets.get(ORIGIN)
        return unquote(urlsplit(origin["url"] if origin else self._planned).path) or "/"

    @cached_property
    def _planned(self) -> str:
        """The origin's URL where no build tells it."""
        try:
            return project.find(self._start).origin
        except ConfigError:
            return "/static/"

    def name(self, *paths: str) -> str | None:
        """What follows the prefix in the first of *paths* that has it."""
        prefix = self.prefix
        return next((path[len(prefix) :] for path in paths if path.startswith(prefix)), None)

    @property
    def is_everything(self) -> bool:
        """Whether there is nothing that does not have the prefix, as with a host of the files' own."""
        return self.prefix == "/"

    def leaves(self, answer: Answer) -> bool:
        """Whether somebody else is to answer, because there is no such file and that may be a page."""
        return (self._falls_through or self.is_everything) and answer.status in NOT_OURS

    @property
    def directory(self) -> str:
        """Where the files lie."""
        return os.path.join(self.manifest.directory, variants.directory_of(self.manifest, ORIGIN))

    def answer(self, method: str, name: str, headers: RequestHeaders) -> Answer:
        """For the file *name*; see `answer`."""
        return answer(self.manifest, method, name, headers)

    def built_url(self, path: str) -> str | None:
        """That of the asset *path*; ``None`` where the build has none."""
        return self.manifest.url(path) if path in self.manifest else None


def opened(manifest: Named, start: Path = ".") -> Manifest:
    """*manifest* itself; that of the build directory, or the file, of that name; or else that of the project
    at or above *start*. A site must not fail for want of one, so unknown names get plain URLs."""
    if isinstance(manifest, Manifest):
        return manifest
    if manifest is None:
        return Manifest.of_project(start, missing="plain", reload=RELOAD_S)
    is_file = os.fspath(manifest).endswith(".json")
    file = manifest if is_file else os.path.join(manifest, NAME)
    return Manifest.load(file, missing="plain", reload=RELOAD_S)


def _best(method: str, asked: RequestHeaders, found: Variants) -> Answer:
    for name in wanted(asked.get("accept-encoding"), found.sizes):
        file = found.open(name)
        if file is not None:
            return _answer(method, asked, found, name, file)
    return refusal(404)


def _answer(method: str, asked: RequestHeaders, found: Variants, name: str, file: BinaryIO) -> Answer:
    """*name*: of the variant that *file* has."""
    status = os.fstat(file.fileno())
    facts = Facts(_etag(found, name, status), int(status.st_mtime), status.st_size)
    headers = _headers(found, name, facts)
    send = part(method, asked, facts)
    if send.status not in (200, 206):
        file.close()
    if send.status == 304:
        return Answer(304, {key: value for key, value in headers.items() if key not in OF_THE_BODY})
    if send.status == 412:
        return refusal(412)
    if send.status == 416:
        return refusal(416, **{"Content-Range": f"bytes */{facts.size}"})
    headers["Content-Length"] = str(send.length)
    if send.status == 206:
        last = send.start + send.length - 1
        headers["Content-Range"] = f"bytes {send.start}-{last}/{facts.size}"
    file.seek(send.start)
    return Answer(send.status, headers, file, send.length)


OF_THE_BODY = frozenset({"Content-Type", "Content-Encoding", "Content-Length", "Accept-Ranges"})


def _headers(found: Variants, name: str, facts: Facts) -> dict[str, str]:
    headers = {
        "X-Content-Type-Options": "nosniff",
        **found.headers,
        "ETag": facts.etag,
        "Last-Modified": facts.last_modified,
        "Accept-Ranges": "bytes",
    }
    if len(found.sizes) > 1:
        vary = headers.get("Vary")
        headers["Vary"] = f"{vary}, Accept-Encoding" if vary else "Accept-Encoding"
    if name != IDENTITY:
        headers["Content-Encoding"] = CODINGS[name]
    return headers


def _etag(found: Variants, name: str, status: os.stat_result) -> str:
    """Of the content where that is known to be this. An encoding is told by its size too: another version of
    a compressor makes other bytes of the same content."""
    if name != IDENTITY and found.digits:
        return f'"{found.digits}-{name}-{status.st_size:x}"'
    if found.digits and found.sizes[IDENTITY] == status.st_size:
        return f'"{found.digits}"'
    return f'"{status.st_mtime_ns:x}-{status.st_size:x}"'


REASONS = {404: "Not Found", 405: "Method Not Allowed", 412: "Precondition Failed"}
REASONS[416] = "Range Not Satisfiable"


def refusal(status: int, **headers: str) -> Answer:
    """An answer with a line of text, for nobody to keep."""
    body = f"{REASONS[status]}\n".encode()
    plain = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
    plain |= {"Cache-Control": caching.NEVER, "Content-Length": str(len(body))}
    return Answer(status, plain | headers, body=body)
