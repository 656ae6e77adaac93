"""Uploads: puts objects, some at a time, and finds out what is there already.

What is put is acknowledged by the store, which was told its digest. What was there is asked for its digest,
and read where the store does not know it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

from cdn_pipeline import decoding, digest, publication
from cdn_pipeline.difference import other_bytes
from cdn_pipeline.errors import PublishError
from cdn_pipeline.negotiation import CODINGS
from cdn_pipeline.publication import Object
from cdn_pipeline.record import Kept
from cdn_pipeline.stores import CREATE, Conflict, Got, Store

T = TypeVar("T")
R = TypeVar("R")
AHEAD = 4  # tasks for each worker that wait, so that none has nothing to do
LARGE = 1 << 20  # bytes; whether so much is there is asked before it is sent in vain
TRIES = 3  # of a create that fails although there is nothing


class Task(NamedTuple):
    """An object to put into a store."""

    store: Store
    object: Object
    is_overwritten: bool = False
    is_unproved: bool = False  # it is said to be there
    is_absent: bool = False  # it is said not to be there

    @property
    def place(self) -> str:
        """As messages name it."""
        return f"{self.store.url.rstrip('/')}/{self.object.key}"


class Done(NamedTuple):
    """What became of a task."""

    is_put: bool  # it was sent; otherwise it was there
    kept: Kept  # what is there now


class Progress(NamedTuple):
    """How far the uploads are."""

    files: int
    of_files: int
    bytes: int
    of_bytes: int


Tell = Callable[[Progress], None]


def upload(tasks: Sequence[Task], concurrency: int, tell: Tell = lambda _: None) -> list[Done]:
    """What became of each of *tasks*. Raises the first error; nothing is begun after it, and everything that
    was begun has ended."""
    of_bytes = sum(task.object.size for task in tasks)
    found: list[Done] = []
    sent = 0
    for task, done in zip(tasks, each(put, tasks, concurrency), strict=True):
        found.append(done)
        sent += task.object.size
        tell(Progress(len(found), len(tasks), sent, of_bytes))
    return found


def each(work: Callable[[T], R], tasks: Iterable[T], concurrency: int) -> Iterator[R]:
    """What *work* returns for each of *tasks*, in their order, made by *concurrency* threads. Raises the
    first error, once everything that was begun has ended."""
    if concurrency == 1:
        yield from map(work, tasks)
        return
    failed: list[BaseException] = []

    def unless_failed(task: T) -> R:
        if failed:
            raise failed[0]
        try:
            return work(task)
        except BaseException as error:
            failed.append(error)
            raise

    rest = iter(tasks)
    with ThreadPoolExecutor(concurrency, "cdn_pipeline") as pool:
        queue = deque(pool.submit(unless_failed, task) for task in islice(rest, concurrency * AHEAD))
        try:
            while queue:
                yield queue.popleft().result()
                queue.extend(pool.submit(unless_failed, task) for task in islice(rest, 1))
        finally:
            for future in queue:
                future.cancel()


def put(task: Task) -> Done:
    """Sees to it that the object is there. Raises `PublishError` if other bytes are, or if its file is not
    what the build has made."""
    if task.is_overwritten:
        return _sent(task)
    if task.is_unproved or (task.object.size >= LARGE and not task.is_absent):
        there = task.store.head(task.object.key)
        if there is not None:
            return _proved(task, there)
    for _ in range(TRIES):
        try:
            return _sent(task, is_created=True)
        except Conflict:
            there = task.store.head(task.object.key)
        if there is not None:
            return _proved(task, there)
    raise PublishError(f"{task.place}: cannot be created, although there is no such object; deploy again")


def _sent(task: Task, *, is_created: bool = False) -> Done:
    object_ = task.object
    sha256 = publication.digest_of(object_)
    task.store.put(object_.key, Path(object_.file), object_.headers, sha256, CREATE if is_created else None)
    return Done(True, Kept(sha256, object_.size, object_.headers, object_.is_immutable))


def _proved(task: Task, there: Got) -> Done:
    """That what is there will do; its headers are made right."""
    object_ = task.object
    body = None
    if there.sha256 is None or there.sha256 != object_.sha256:
        got = task.store.get(object_.key)
        body = got.body if got is not None else b""
    sha256 = there.sha256 if body is None else digest.sha256(body)
    if sha256 != object_.sha256 and not (body is not None and _means_the_same(object_, body)):
        raise PublishError(other_bytes(task.store.url, object_.key))
    if sha256 == object_.sha256 and not has(task.store, there.headers, object_.headers):
        return _sent(task)
    size = object_.size if body is None else len(body)
    assert sha256 is not None
    return Done(False, Kept(sha256, size, object_.headers, object_.is_immutable))


def _means_the_same(object_: Object, body: bytes) -> bool:
    """Whether *body* is a neighbour of the same content, which another version of a compressor has made."""
    if not object_.encoding:
        return False
    try:
        content = b"".join(decoding.decoded([body], CODINGS[object_.encoding]))
    except decoding.Undecodable:
        return False
    return digest.sha256(content) == object_.content


def has(store: Store, there: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether an object has the headers *wanted*, as far as the store keeps any."""
    found = {name.lower(): value for name, value in there.items()}
    return all(found.get(name.lower()) == value for name, value in store.held(wanted).items())
