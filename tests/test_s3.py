"""What a bucket does when something goes wrong, and what it leaves to others."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cdn_pipeline.provision.description import CACHE_TAG_HEADER
from cdn_pipeline.stores import CREATE, Condition, Conflict, Match, StoreError
from cdn_pipeline.stores.s3 import Bucket, multipart
from cdn_pipeline.stores.s3.address import parse
from cdn_pipeline.stores.s3.exchange import ATTEMPTS, Exchange
from cdn_pipeline.stores.s3.wire import Request, Response
from tests import moto_wire

CSS = {"Content-Type": "text/css; charset=utf-8", "Cache-Control": "public, max-age=31536000, immutable"}
BIG = bytes(range(256)) * 2_000


@pytest.fixture(autouse=True)
def moto() -> Iterator[None]:
    with mock_aws():
        yield


def put(bucket: Bucket, key: str = "a.css", body: bytes = b"a{}", condition: Condition = None) -> str:
    return bucket.put(key, body, CSS, sha256(body).hexdigest(), condition)


def client() -> Any:
    return boto3.client("s3", region_name="us-east-1")


def keys() -> list[str]:
    """Everything in the bucket, whatever the store says."""
    return [one["Key"] for one in client().list_objects_v2(Bucket="assets").get("Contents", ())]


class Answering:
    """A wire that answers as it was told to, and then, or for every ``None``, as moto does."""

    def __init__(self, *answers: Response | Exception | None) -> None:
        self.answers = iter(answers)
        self.moto = moto_wire.InProcess()
        self.requests: list[Request] = []

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        answer = next(self.answers, None)
        if isinstance(answer, Exception):
            raise answer
        return answer or self.moto.send(request)

    def close(self) -> None:
        pass


def answering(
    *answers: Response | Exception | None, url: str = "s3://assets/site"
) -> tuple[Bucket, Answering]:
    """A bucket of moto's that answers so, and its wire."""
    moto_wire.bucket()
    wire = Answering(*answers)
    return Bucket(Exchange(parse(url), wire, sleep=lambda seconds: None)), wire


def refusing(status: int, code: str = "", message: str = "", **elements: str) -> Response:
    more = "".join(f"<{name}>{value}</{name}>" for name, value in elements.items())
    body = f"<Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>" if code else ""
    return Response(status, {"date": "Fri, 30 Jan 2026 12:00:00 GMT"}, body.encode())


def test_nothing_outside_of_the_prefix_is_touched() -> None:
    bucket = moto_wire.bucket()
    for key in ("other", "site", "site.css", "site/", "site2/a.css"):  # "site/" is a folder, in the console
        client().put_object(Bucket="assets", Key=key, Body=b"theirs")
    put(bucket, "a.css")

    assert [one.key for one in bucket.list()] == [one.key for one in bucket.versions()] == ["a.css"]
    assert keys() == ["other", "site", "site.css", "site/", "site/a.css", "site2/a.css"]


def test_others_see_headers_digest_and_no_acl() -> None:
    bucket = moto_wire.bucket()
    bucket.put(
        "a.css.br", b"br", {**CSS, "Content-Encoding": "br", "X-Other": "1"}, sha256(b"br").hexdigest()
    )
    seen = client().head_object(Bucket="assets", Key="site/a.css.br", ChecksumMode="ENABLED")

    assert seen["ContentType"] == "text/css; charset=utf-8"
    assert seen["CacheControl"] == "public, max-age=31536000, immutable"
    assert seen["ContentEncoding"] == "br"
    assert seen["Metadata"] == {"sha256": sha256(b"br").hexdigest()}
    assert bucket.held({"X-Other": "1", "cache-control": "no-cache"}) == {"Cache-Control": "no-cache"}


def test_cache_tags_are_kept_where_cloudfront_reads_them() -> None:
    bucket = moto_wire.bucket()
    headers = {**CSS, "Cache-Tag": "site,images"}
    bucket.put("a.css", b"css", headers, sha256(b"css").hexdigest())
    seen = client().head_object(Bucket="assets", Key="site/a.css")
    got = bucket.get("a.css")

    assert seen["Metadata"] == {"sha256": sha256(b"css").hexdigest(), "cache-tag": "site,images"}
    assert got is not None
    assert dict(got.headers) == bucket.held(headers) == {**CSS, CACHE_TAG_HEADER: "site,images"}


def test_a_put_is_one_request_without_a_pause() -> None:
    bucket, wire = answering()
    put(bucket, condition=CREATE)
    (request,) = wire.requests

    assert request.headers["if-none-match"] == "*"
    assert request.headers["content-length"] == "3"
    assert not {"expect", "x-amz-acl"} & request.headers.keys()


@pytest.mark.parametrize("condition", [CREATE, Match('"5d41402abc4b2a76b9719d911017c592"'), None])
def test_a_put_whose_answer_was_lost_is_known_again(condition: Condition) -> None:
    lost = itertools.chain([True], itertools.repeat(False))

    def lose(moment: str, request: Request) -> None:
        if moment == "after" and request.method == "PUT" and next(lost):
            raise ConnectionResetError("lost")

    bucket = moto_wire.bucket("assets", lose)
    client().put_object(Bucket="assets", Key="site/a.css", Body=b"hello") if condition != CREATE else None

    assert put(bucket, condition=condition) == bucket.head("a.css").etag  # type: ignore[union-attr]
    assert bucket.get("a.css").body == b"a{}"  # type: ignore[union-attr]


class Ceph(Answering):
    """Knows ETags without quotes only."""

    def __init__(self, request_id: str) -> None:
        super().__init__()
        self.request_id = request_id

    def send(self, request: Request) -> Response:
        etag = request.headers.get("if-match", "")
        if etag.startswith('"'):
            self.requests.append(request)
            return refusing(412, "PreconditionFailed")
        if etag:
            request = request._replace(headers={**request.headers, "if-match": f'"{etag}"'})
        response = super().send(request)
        return response._replace(headers={**response.headers, "x-amz-request-id": self.request_id})


@pytest.mark.parametrize(
    ("request_id", "methods"),
    [
        ("tx0000004b47d09b82847b8-006b006ca9-100f-default", ["PUT", "GET", "PUT", "PUT", "HEAD"]),
        ("79104EXAMPLEB723", ["PUT", "GET", "PUT", "HEAD", "PUT", "PUT"]),
    ],
)
def test_etags_are_spelled_as_the_server_knows_them(request_id: str, methods: list[str]) -> None:
    moto_wire.bucket()
    wire = Ceph(request_id)
    bucket = Bucket(Exchange(parse("s3://assets/site"), wire, sleep=lambda seconds: None))
    put(bucket)
    got = bucket.get("a.css")
    assert got is not None
    put(bucket, body=b"b{}", condition=Match(got.etag))
    with pytest.raises(Conflict):
        put(bucket, body=b"c{}", condition=Match(got.etag))

    assert [request.method for request in wire.requests][: len(methods)] == methods
    assert bucket.get("a.css").body == b"b{}"  # type: ignore[union-attr]


def test_a_lost_answer_does_not_hide_that_others_were_first() -> None:
    bucket, wire = answering(ConnectionResetError("never arrived"))
    client().put_object(Bucket="assets", Key="site/a.css", Body=b"theirs")
    with pytest.raises(Conflict):
        put(bucket, condition=CREATE)

    assert bucket.get("a.css").body == b"theirs"  # type: ignore[union-attr]
    assert [request.method for request in wire.requests] == ["PUT", "PUT", "HEAD", "GET"]


@pytest.mark.parametrize(
    "fault",
    [
        refusing(503, "SlowDown"),
        refusing(500, "InternalError"),
        refusing(409, "ConditionalRequestConflict"),
        refusing(400, "RequestTimeout"),
        refusing(502),
        refusing(429),
        ConnectionResetError("reset"),
        TimeoutError("timed out"),
    ],
    ids=str,
)
def test_what_passes_is_tried_again(fault: Response | Exception) -> None:
    bucket, wire = answering(*[fault] * (ATTEMPTS - 1))
    put(bucket, condition=CREATE)

    assert len(wire.requests) == ATTEMPTS
    assert keys() == ["site/a.css"]


def test_waits_grow_by_chance_and_heed_the_server() -> None:
    moto_wire.bucket()
    waits: list[float] = []
    busy = Response(503, {"retry-after": "3"}, b"")
    wire = Answering(refusing(503), refusing(503), busy)
    put(Bucket(Exchange(parse("s3://assets/site"), wire, sleep=waits.append)))

    assert 0 <= waits[0] <= 0.1
    assert 0 <= waits[1] <= 0.2
    assert waits[2:] == [3.0]


@pytest.mark.parametrize(
    ("answer", "says", "is_denied"),
    [
        (refusing(403, "AccessDenied"), "s3:PutObject is denied; allow it to whoever deploys", True),
        (refusing(404, "NoSuchBucket"), "there is no such bucket; create it, or correct the store", False),
        (refusing(403, "InvalidAccessKeyId"), "the server does not know this access key; check", True),
        (refusing(403, "SignatureDoesNotMatch"), "the secret key does not belong to the access key", True),
        (refusing(400, "ExpiredToken"), "the credentials have expired; get new ones, and run", True),
        (refusing(403, "RequestTimeTooSkewed"), "this machine's clock is wrong; set it", False),
        (refusing(503, "SlowDown"), "was too busy, however often we asked; wait a while, and run", False),
        (refusing(400, "EntityTooLarge"), "the server takes no file as large as this", False),
        (refusing(403, "QuotaExceeded"), "has no room left; make room, or raise the quota", False),
        (refusing(507), "has no room left", False),
        (refusing(400, "BadDigest"), "other bytes arrived than were sent", False),
        (refusing(400, "KeyTooLongError"), "the name is too long: 1,024 bytes at most", False),
        (refusing(418, "Teapot", "short and stout"), "418 Teapot: short and stout", False),
        (refusing(301, "PermanentRedirect"), "301 PermanentRedirect", False),
        (Response(400, {}, b"<html>a proxy's page"), "400 BadRequest", False),
        (
            ConnectionRefusedError("Connection refused"),
            "no answer from https://assets.s3.us-east-1.amaz",
            False,
        ),
    ],
)
def test_a_refusal_names_the_place_and_the_way_out(answer: Any, says: str, is_denied: bool) -> None:
    bucket, _ = answering(*[answer] * ATTEMPTS)
    with pytest.raises(StoreError) as raised:
        put(bucket)

    assert str(raised.value).startswith("s3://assets/site/a.css: ")
    assert says in str(raised.value)
    assert (raised.value.action, raised.value.is_denied) == ("s3:PutObject", is_denied)
    assert keys() == []


def test_a_denied_read_tells_what_else_may_be_missing() -> None:
    bucket, _ = answering(refusing(403), refusing(403, "AccessDenied"))
    with pytest.raises(StoreError, match="to whoever deploys, and s3:ListBucket, without which S3 denies"):
        bucket.head("a.css")


def test_no_secret_is_ever_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the-hidden-key")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "the-hidden-token")
    repeated = "AWS4-HMAC-SHA256 the-hidden-key with the-hidden-token"
    for answer in (refusing(418, "Teapot", repeated), OSError(repeated)):
        bucket, _ = answering(*[answer] * ATTEMPTS)
        with pytest.raises(StoreError) as raised:
            put(bucket)

        assert "hidden" not in f"{raised.value} {raised.value!r} {vars(raised.value)}"
        assert "AWS4-HMAC-SHA256 … with …" in str(raised.value)


def test_credentials_that_expired_are_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket, wire = answering(None, refusing(400, "ExpiredToken"))
    put(bucket, "a.css")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIRENEWED")
    put(bucket, "b.css")

    assert [("AKIRENEWED" in request.headers["authorization"]) for request in wire.requests] == [
        False,
        False,
        True,
    ]
    assert keys() == ["site/a.css", "site/b.css"]


def test_a_clock_that_is_wrong_is_corrected() -> None:
    bucket, wire = answering(refusing(403, "RequestTimeTooSkewed"))
    put(bucket)

    assert wire.requests[1].headers["x-amz-date"].startswith("20260130T1200")


@pytest.mark.parametrize(
    "answer",
    [
        refusing(400, "AuthorizationHeaderMalformed", Region="eu-west-1"),
        Response(301, {"x-amz-bucket-region": "eu-west-1"}, b""),
    ],
)
def test_a_bucket_elsewhere_is_followed(answer: Response) -> None:
    bucket, wire = answering(answer)
    put(bucket)

    assert [request.host for request in wire.requests] == [
        "assets.s3.us-east-1.amazonaws.com",
        "assets.s3.eu-west-1.amazonaws.com",
    ]
    assert "/eu-west-1/s3/" in wire.requests[1].headers["authorization"]


def test_a_bucket_without_versions_says_so() -> None:
    assert not moto_wire.bucket(versioned=False).has_versions
    assert moto_wire.bucket("versioned").has_versions


def test_a_server_that_knows_no_versions_has_none() -> None:
    bucket, _ = answering(refusing(501, "NotImplemented"))

    assert not bucket.has_versions


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file that is sent in four parts."""
    monkeypatch.setattr("cdn_pipeline.stores.s3.SMALL", 1_000)
    monkeypatch.setattr("cdn_pipeline.stores.s3.LARGE", 100_000)
    monkeypatch.setattr(multipart, "PART_SIZE", 140_000)
    monkeypatch.setattr("moto.settings.S3_UPLOAD_PART_MIN_SIZE", 1)
    monkeypatch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 1, raising=False)
    (tmp_path / "big").write_bytes(BIG)
    return tmp_path / "big"


def uploads() -> list[Any]:
    found: list[Any] = client().list_multipart_uploads(Bucket="assets").get("Uploads", [])
    return found


def test_a_large_file_is_sent_in_parts(small_parts: Path) -> None:
    bucket, wire = answering()
    etag = bucket.put("big", small_parts, CSS, sha256(BIG).hexdigest(), CREATE)
    got = bucket.get("big")

    assert got is not None
    assert (got.body, got.etag, got.sha256) == (BIG, etag, sha256(BIG).hexdigest())
    assert dict(got.headers) == CSS
    assert [request.method for request in wire.requests] == [
        "POST",
        "PUT",
        "PUT",
        "PUT",
        "PUT",
        "POST",
        "GET",
    ]


def test_a_large_file_is_created_once_and_leaves_no_parts(small_parts: Path) -> None:
    bucket, _ = answering()
    put(bucket, "big", b"first")
    with pytest.raises(Conflict):
        bucket.put("big", small_parts, CSS, sha256(BIG).hexdigest(), CREATE)

    assert bucket.get("big").body == b"first"  # type: ignore[union-attr]
    assert uploads() == []


@pytest.mark.parametrize("failing", range(1, 6))
def test_a_large_file_that_fails_leaves_no_parts(small_parts: Path, failing: int) -> None:
    bucket, _ = answering(*[None] * failing, refusing(403, "AccessDenied"))
    with pytest.raises(StoreError, match="s3:PutObject is denied"):
        bucket.put("big", small_parts, CSS, sha256(BIG).hexdigest(), CREATE)

    assert (keys(), uploads()) == ([], [])


@pytest.mark.parametrize("lost", range(6))
def test_a_large_file_survives_a_lost_answer(small_parts: Path, lost: int) -> None:
    numbers = itertools.count()

    def lose(moment: str, request: Request) -> None:
        if moment == "after" and next(numbers) == lost:
            raise ConnectionResetError("lost")

    bucket = moto_wire.bucket("assets", lose)
    bucket.put("big", small_parts, CSS, sha256(BIG).hexdigest(), CREATE)

    assert bucket.get("big").body == BIG  # type: ignore[union-attr]


@pytest.mark.parametrize("size", [1_000_000, 200_000])
def test_a_file_that_changes_while_it_is_read_is_not_put(small_parts: Path, size: int) -> None:
    bucket, _ = answering()
    small_parts.write_bytes(b"x" * size)
    with pytest.raises(StoreError, match="the bytes are not those announced; build again"):
        bucket.put("big", small_parts, CSS, sha256(BIG).hexdigest(), CREATE)

    assert (keys(), uploads()) == ([], [])


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    bucket, _ = answering()
    with pytest.raises(StoreError, match=r"gone\.css cannot be read: No such file or directory; build again"):
        bucket.put("a.css", tmp_path / "gone.css", CSS, sha256(b"").hexdigest())
