"""Large files, in parts that are sent again one by one. Nothing is there until the last request, which bears
the condition.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from html import escape

from cdn_pipeline.digest import sha256 as digest_of
from cdn_pipeline.stores import StoreError
from cdn_pipeline.stores.s3 import listing
from cdn_pipeline.stores.s3.exchange import Answer, Call, Exchange
from cdn_pipeline.stores.s3.part import CHANGED, Part, Unreadable

MOST_PARTS = 10_000  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
PART_SIZE = 32 << 20  # bytes; more where a file would have too many parts
ACTION = "s3:PutObject"


def put(exchange: Exchange, call: Call, whole: Part, condition: Mapping[str, str]) -> Answer:
    """Carries out *call*, a put of the file *whole*. The last answer may be that *condition*, a header, does
    not hold. Whatever fails, the parts are removed."""
    key = call.key or ""
    begun = exchange.asked(Call(ACTION, "POST", key, (("uploads", ""),), call.headers))
    upload = ("uploadId", listing.page(begun.body).findtext("UploadId", ""))
    with _removed_on_failure(exchange, key, upload):
        etags = list(_sent(exchange, call, whole, upload))
        answer = exchange.ask(_last(key, upload, etags, condition))
    if not answer.said.is_none:
        exchange.ask(_abort(key, upload))
    return answer


def _sent(exchange: Exchange, call: Call, whole: Part, upload: tuple[str, str]) -> Iterator[str]:
    """The ETags of the parts, once they are there."""
    digest = hashlib.sha256()
    size = max(PART_SIZE, -(-whole.size // MOST_PARTS))
    for number, begin in enumerate(range(0, whole.size, size), 1):
        part = Part(whole.file, begin, min(size, whole.size - begin))
        sha256 = _digest(part, digest)
        parameters = (("partNumber", str(number)), upload)
        yield exchange.asked(Call(ACTION, "PUT", call.key, parameters, {}, part, sha256)).headers["etag"]
    if digest.hexdigest() != call.sha256:
        raise Unreadable(CHANGED)


def _digest(part: Part, whole: hashlib._Hash) -> str:
    """Of one part, which is added to that of the whole file, too."""
    digest = hashlib.sha256()
    for piece in part.pieces():
        digest.update(piece)
        whole.update(piece)
    return digest.hexdigest()


def _last(key: str, upload: tuple[str, str], etags: list[str], condition: Mapping[str, str]) -> Call:
    parts = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(etag)}</ETag></Part>"
        for number, etag in enumerate(etags, 1)
    )
    body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
    return Call(ACTION, "POST", key, (upload,), condition, body, digest_of(body))


def _abort(key: str, upload: tuple[str, str]) -> Call:
    return Call("s3:AbortMultipartUpload", "DELETE", key, (upload,))


@contextlib.contextmanager
def _removed_on_failure(exchange: Exchange, key: str, upload: tuple[str, str]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with contextlib.suppress(StoreError):  # the first failure is the one to tell
            exchange.ask(_abort(key, upload))
        raise
