"""A store in a bucket of S3, or of any server that speaks its language.

boto3 knows who we are and where the bucket is; the bytes we move ourselves, since boto3 takes six times as
long for it, and a quarter of a second to load.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias
from xml.etree.ElementTree import Element

from cdn_pipeline.digest import sha256 as digest_of
from cdn_pipeline.stores import CREATE, Body, Condition, Conflict, Got, Listed, Match
from cdn_pipeline.stores.s3 import listing, multipart
from cdn_pipeline.stores.s3.address import parse
from cdn_pipeline.stores.s3.exchange import Answer, Call, Exchange
from cdn_pipeline.stores.s3.part import CHANGED, Part, Unreadable
from cdn_pipeline.stores.s3.wire import Connections, Response, Wire

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
HELD = (
    "Cache-Control",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Type",
    "Expires",
)
TITLES = {name.lower(): name for name in HELD}
META = "x-amz-meta-"
DIGEST = f"{META}sha256"
ALIASES = {"cache-tag": f"{META}cache-tag"}  # which CloudFront is told to read: S3 gives back no other
SMALL = 1 << 16  # bytes of a file that are read at once, by each of many threads
LARGE = 100 << 20  # bytes from which on a file is sent in parts
PAGE = ("max-keys", "1000")
CEPHS = "tx"  # how the ids of its requests begin; to be wrong about that costs two requests
GONE = {"NoSuchKey", "NoSuchVersion"}

Following: TypeAlias = Callable[[Element], Mapping[str, str] | None]

open_wire: Callable[[], Wire] = Connections


def open_bucket(url: str) -> Bucket:
    """The store at ``s3://…``. Raises `ConfigError` if that is no address; nothing is asked yet."""
    return Bucket(Exchange(parse(url), open_wire()))


class Bucket:
    """The objects under the prefix of a bucket."""

    def __init__(self, exchange: Exchange) -> None:
        self.url = exchange.wanted.url
        self._exchange = exchange
        self._prefix = exchange.wanted.prefix
        self._has_versions: bool | None = None
        self._etags: set[str] = set()  # of all that was read or written here
        self._is_ceph = False  # as far as can be told by now

    @property
    def has_versions(self) -> bool:
        """See `Store.has_versions`."""
        if self._has_versions is None:
            call = Call("s3:GetBucketVersioning", "GET", None, (("versioning", ""),))
            answer = self._exchange.ask(call)
            if not answer.said.is_none and answer.said.code != "NotImplemented":
                raise self._exchange.refused(call, answer.said)
            self._has_versions = listing.page(answer.response.body).findtext("Status") == "Enabled"
        return self._has_versions

    def list(self, prefix: str = "") -> Iterator[Listed]:
        """See `Store.list`."""
        return self._listed("s3:ListBucket", ("list-type", "2"), prefix, listing.next_objects)

    def versions(self, prefix: str = "") -> Iterator[Listed]:
        """See `Store.versions`."""
        return self._listed("s3:ListBucketVersions", ("versions", ""), prefix, listing.next_versions)

    def get(self, key: str) -> Got | None:
        """See `Store.get`."""
        return self._read(Call("s3:GetObject", "GET", self._prefix + key))

    def head(self, key: str) -> Got | None:
        """See `Store.head`."""
        call = Call("s3:GetObject", "HEAD", self._prefix + key)
        answer = self._exchange.ask(call)
        if answer.said.is_none:
            return self._got(answer.response)
        if answer.said.status == 404:
            return None
        # Only the answer to a GET has a body, which says what is wrong.
        return self._read(call._replace(method="GET", headers={"range": "bytes=0-0"}))

    def put(
        self, key: str, body: Body, headers: Mapping[str, str], sha256: str, condition: Condition = None
    ) -> str:
        """See `Store.put`."""
        told = {name.lower(): value for name, value in self.held(headers).items()} | {DIGEST: sha256}
        call = Call("s3:PutObject", "PUT", self._prefix + key, (), told, b"", sha256)
        try:
            call = call._replace(body=_taken(body))
            for spelling in self._spellings(condition):
                answer = self._put(call, spelling)
                if not self._is_denied_in_error(key, answer, condition):
                    break
            else:
                raise self._exchange.error(call, "the server refuses every If-Match; use another one")
        except Unreadable as error:
            raise self._exchange.error(call, str(error)) from error
        return self._written(call, answer, key, condition)

    def delete(self, key: str, version: str) -> None:
        """See `Store.delete`."""
        call = Call("s3:DeleteObjectVersion", "DELETE", self._prefix + key, (("versionId", version),))
        said = self._exchange.ask(call).said
        if not said.is_none and said.code not in GONE:
            raise self._exchange.refused(call, said)

    def held(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Those of S3's own, and ``x-amz-meta-…``, as which it keeps Cache-Tag."""
        named = {ALIASES.get(name.lower(), name.lower()): value for name, value in headers.items()}
        return {
            TITLES.get(name, name): value
            for name, value in named.items()
            if name in TITLES or name.startswith(META)
        }

    def now_s(self) -> float:
        """See `Store.now_s`. What the server's answers are dated with."""
        if not self._exchange.has_date:
            next(self.list(), None)
        return self._exchange.server_s()

    def close(self) -> None:
        """See `Store.close`."""
        self._exchange.close()

    def _read(self, call: Call) -> Got | None:
        answer = self._exchange.ask(call)
        if answer.said.code == "NoSuchKey":
            return None
        if not answer.said.is_none:
            raise self._exchange.refused(call, answer.said)
        return self._got(answer.response)

    def _got(self, response: Response) -> Got:
        got = _got(response)
        self._is_ceph = response.headers.get("x-amz-request-id", "").startswith(CEPHS)
        self._etags.add(got.etag)
        return got

    def _put(self, call: Call, condition: Condition) -> Answer:
        header = _header(condition)
        if isinstance(call.body, Part) and call.body.size > LARGE:
            return multipart.put(self._exchange, call, call.body, header)
        if isinstance(call.body, bytes) and digest_of(call.body) != call.sha256:
            raise Unreadable(CHANGED)
        checksum = base64.b64encode(bytes.fromhex(call.sha256)).decode()
        headers = {**call.headers, **header, "x-amz-checksum-sha256": checksum}
        return self._exchange.ask(call._replace(headers=headers))

    def _spellings(self, condition: Condition) -> tuple[Condition, ...]:
        """The ways to tell the server, the likeliest first. Ceph 16 knows ETags without quotes only."""
        if not isinstance(condition, Match):
            return (condition,)
        bare = Match(condition.etag.strip('"'))
        return (bare, condition) if self._is_ceph else (condition, bare)

    def _is_denied_in_error(self, key: str, answer: Answer, condition: Condition) -> bool:
        """Whether the condition does hold. In buckets with versions Ceph 16 knows no ETags at all."""
        if not isinstance(condition, Match) or answer.said.status != 412 or condition.etag not in self._etags:
            return False
        there = self.head(key)
        return there is not None and there.etag == condition.etag

    def _written(self, call: Call, answer: Answer, key: str, condition: Condition) -> str:
        """The ETag. A condition that does not hold any more may have been met by ourselves, in an earlier
        attempt whose answer was lost."""
        if answer.said.is_none:
            etag = answer.response.headers.get("etag") or listing.etag(answer.response.body)
            self._etags.add(etag)
            return etag
        if answer.was_lost and (there := self.head(key)) and there.sha256 == call.sha256:
            return there.etag
        if condition and (answer.said.status == 412 or answer.said.code == "NoSuchKey"):
            raise Conflict(key)
        raise self._exchange.refused(call, answer.said)

    def _listed(
        self, action: str, kind: tuple[str, str], prefix: str, following: Following
    ) -> Iterator[Listed]:
        wanted = (kind, PAGE, ("prefix", self._prefix + prefix), ("encoding-type", "url"))
        more: Mapping[str, str] | None = {}
        while more is not None:
            call = Call(action, "GET", None, (*wanted, *more.items()))
            page = listing.page(self._exchange.asked(call).body)
            for one in listing.objects(page):
                if one.key != self._prefix:  # what a console makes of a prefix, a folder of no name
                    yield one._replace(key=one.key.removeprefix(self._prefix))
            more = following(page)


def _taken(body: Body) -> bytes | Part:
    """*body*, in memory where it is small."""
    if isinstance(body, bytes):
        return body
    try:
        size = body.stat().st_size
        return body.read_bytes() if size <= SMALL else Part(body, 0, size)
    except OSError as error:
        raise Unreadable(f"{body} cannot be read: {error.strerror}; build again") from error


def _header(condition: Condition) -> dict[str, str]:
    if isinstance(condition, Match):
        return {"if-match": condition.etag}
    return {"if-none-match": "*"} if condition == CREATE else {}


def _got(response: Response) -> Got:
    told = response.headers
    headers = {TITLES.get(name, name): value for name, value in told.items() if name in TITLES}
    meta = {name: value for name, value in told.items() if name.startswith(META) and name != DIGEST}
    return Got(
        response.body,
        told.get("etag", ""),
        headers | meta,
        told.get("x-amz-version-id"),
        told.get(DIGEST),
    )
