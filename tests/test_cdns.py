"""CDNs: who is told that files have changed, and what their headers tell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cdn_pipeline.cdns import CdnError, Invalidation, open_cdn, path_of, status_of, wait
from cdn_pipeline.cdns.cloudflare import Cloudflare
from cdn_pipeline.cdns.cloudfront import CloudFront
from cdn_pipeline.errors import ConfigError
from tests.api_server import Answer, ApiServer

SECRET = "s3cr3t-token"


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """But those of a test."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)


# What headers tell


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"x-cache": "Hit from cloudfront"}, "HIT"),
        ({"x-cache": "RefreshHit from cloudfront"}, "HIT"),
        ({"x-cache": "Miss from cloudfront"}, "MISS"),
        ({"x-cache": "Error from cloudfront"}, "ERROR"),
        ({"x-cache": "LimitExceeded from cloudfront"}, "ERROR"),
        ({"x-cache": "Redirect from cloudfront"}, "BYPASS"),
        ({"x-cache": "FunctionGeneratedResponse from cloudfront"}, "BYPASS"),
        ({"cf-cache-status": "HIT"}, "HIT"),
        ({"cf-cache-status": "STALE"}, "HIT"),
        ({"cf-cache-status": "REVALIDATED"}, "HIT"),
        ({"cf-cache-status": "UPDATING"}, "HIT"),
        ({"cf-cache-status": "MISS"}, "MISS"),
        ({"cf-cache-status": "EXPIRED"}, "MISS"),
        ({"cf-cache-status": "BYPASS"}, "BYPASS"),
        ({"cf-cache-status": "DYNAMIC"}, "BYPASS"),
        ({"cf-cache-status": "NONE/UNKNOWN"}, "BYPASS"),
        ({"cf-cache-status": "MISS", "x-cache": "Hit from cloudfront"}, "MISS"),
        ({"x-cache": "MISS, HIT", "x-served-by": "cache-a, cache-b"}, "HIT"),
        ({"x-cache": "HIT, MISS"}, "MISS"),
        ({"x-cache": "TCP_MEM_HIT from a1.deploy.example (AkamaiGHost/1) (-)"}, "HIT"),
        ({"x-cache": "TCP_REFRESH_MISS from error.example"}, "MISS"),
        ({"cdn-cache": "HIT"}, "HIT"),
        ({"cache-status": "Origin; fwd=uri-miss, Edge; hit; ttl=30"}, "HIT"),
        ({"cache-status": '"a, b; hit"; fwd=uri-miss; stored'}, "MISS"),
        ({"cache-status": "Edge; fwd=bypass"}, "BYPASS"),
        ({"age": "12"}, "HIT"),
        ({"age": "0"}, "UNKNOWN"),
        ({"age": "-"}, "UNKNOWN"),
        ({"x-cache": "none of these"}, "BYPASS"),
        ({"x-cache": ""}, "UNKNOWN"),
        ({}, "UNKNOWN"),
    ],
)
def test_a_hit_is_told_from_a_miss(headers: dict[str, str], kind: str) -> None:
    assert status_of(headers).kind == kind


def test_what_was_said_is_quoted() -> None:
    assert status_of({"x-cache": "Miss from cloudfront"}).said == "x-cache: Miss from cloudfront"


# Names and paths


@pytest.mark.parametrize(
    ("url", "key", "path"),
    [
        ("https://cdn.example.com/site/", "robots.txt", "/site/robots.txt"),
        ("//cdn.example.com/", "a b#c?d%e+é*.txt", "/a%20b%23c%3Fd%25e%2B%C3%A9%2A.txt"),
        ("/static/", "sw.js", "/static/sw.js"),
        ("https://cdn.example.com/ü/%20/", "sw.js", "/%C3%BC/%20/sw.js"),
    ],
)
def test_paths_are_encoded_as_visitors_ask(url: str, key: str, path: str) -> None:
    assert path_of(url, key) == path


@pytest.mark.parametrize("spec", ["", "cloudfront", "cloudfront:", "akamai:1", "pull:x", "PULL"])
def test_other_cdns_are_refused(spec: str) -> None:
    with pytest.raises(ConfigError, match='write "cloudfront:DISTRIBUTION", "cloudflare:ZONE" or "pull"'):
        open_cdn(spec, "https://cdn.example.com/")


@pytest.mark.parametrize(
    "spec", ["cloudfront:E2EXAMPLE", "cloudflare:023e105f4ecef8ad9ca31a8372d0c353", "pull"]
)
def test_a_cdn_is_named_as_configured(spec: str) -> None:
    assert open_cdn(spec, "https://cdn.example.com/").name == spec


def test_a_cdn_that_pulls_is_told_nothing() -> None:
    cdn = open_cdn("pull", "https://cdn.example.com/")

    assert cdn.invalidate(["/a.txt"], "r1") == Invalidation("r1")
    assert wait(cdn, Invalidation("r1"), pause=pytest.fail)


# CloudFront, by moto


@pytest.fixture
def distribution() -> Iterator[str]:
    """The ID of one."""
    with mock_aws():
        origin = {
            "Id": "o",
            "DomainName": "o.s3.amazonaws.com",
            "S3OriginConfig": {"OriginAccessIdentity": ""},
        }
        behavior = {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all", "MinTTL": 0}
        behavior |= {"ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}}}
        config = {
            "CallerReference": "x",
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": behavior,
            "Comment": "",
            "Enabled": True,
        }
        client = boto3.client("cloudfront", region_name="us-east-1")
        yield client.create_distribution(DistributionConfig=config)["Distribution"]["Id"]


def in_progress(distribution: str) -> list[Any]:
    client = boto3.client("cloudfront", region_name="us-east-1")
    rows = client.list_invalidations(DistributionId=distribution)["InvalidationList"].get("Items", [])
    return [
        client.get_invalidation(DistributionId=distribution, Id=row["Id"])["Invalidation"][
            "InvalidationBatch"
        ]
        for row in rows
    ]


def test_cloudfront_forgets_paths_and_tags_at_once_and_wildcards_by_fifteen(distribution: str) -> None:
    wild = [f"/{number:02}/*" for number in range(17)]
    told = CloudFront(distribution).invalidate(["/b.txt", "#site", "/a%20b.txt", "/b.txt", *wild], "r1")

    found = [batch["Paths"] for batch in in_progress(distribution)]
    assert sorted(found, key=lambda paths: paths["Quantity"]) == [
        {"Quantity": 2, "Items": wild[15:]},
        {"Quantity": 3, "Items": ["#site", "/a%20b.txt", "/b.txt"]},
        {"Quantity": 15, "Items": wild[:15]},
    ]
    assert len(told.ids) == 3
    assert CloudFront(distribution).is_done(told)
    assert wait(CloudFront(distribution), told, pause=pytest.fail)


def test_cloudfront_gets_three_thousand_paths_a_time(distribution: str) -> None:
    paths = [f"/{number}.txt" for number in range(3001)]
    CloudFront(distribution).invalidate(paths, "r1")

    assert sorted(batch["Paths"]["Quantity"] for batch in in_progress(distribution)) == [1, 3000]


def test_the_reference_is_the_same_for_the_same_paths_alone(distribution: str) -> None:
    for paths in (["/a", "/b"], ["/b", "/a", "/a"], ["/a"]):
        CloudFront(distribution).invalidate(paths, "r1")

    references = [batch["CallerReference"] for batch in in_progress(distribution)]
    assert all(reference.startswith("r1-") for reference in references)
    assert len(set(references)) == 2


def test_nothing_is_asked_for_no_paths() -> None:
    assert CloudFront("E2EXAMPLE").invalidate([], "r1") == Invalidation("r1")


# CloudFront, over HTTP


def refusal(code: str, status: int = 403, message: str = "No") -> Answer:
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return status, {"Content-Type": "text/xml"}, f"<ErrorResponse>{error}</ErrorResponse>"


def accepted(status: str) -> Answer:
    created = "<CreateTime>2027-01-15T08:00:00Z</CreateTime>"
    paths = "<Paths><Quantity>1</Quantity><Items><Path>/a</Path></Items></Paths>"
    batch = f"<InvalidationBatch><CallerReference>r</CallerReference>{paths}</InvalidationBatch>"
    return 201, {}, f"<Invalidation><Id>I1</Id><Status>{status}</Status>{created}{batch}</Invalidation>"


class Waiting:
    """Counts seconds instead of waiting for them."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def test_cloudfront_is_asked_again_while_too_many_are_in_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    busy, pause = refusal("TooManyInvalidationsInProgress", 400), Waiting()
    with ApiServer([busy, busy, accepted("InProgress")]) as api:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", api.url)
        told = CloudFront("E2EXAMPLE", pause).invalidate(["/a"], "r1")

    assert told.ids == ("I1",)
    assert pause.seconds == [5, 5]
    assert {request.path for request in api.asked} == {"/2020-05-31/distribution/E2EXAMPLE/invalidation"}


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    pause = Waiting()
    with ApiServer([refusal("TooManyInvalidationsInProgress", 400)]) as api:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", api.url)
        with pytest.raises(
            CdnError, match="too many invalidations are still in progress; run it again"
        ) as told:
            CloudFront("E2EXAMPLE", pause, patience_s=20).invalidate(["/a"], "r1")

    assert told.value.is_retryable
    assert pause.seconds == [5, 5, 5, 5]


@pytest.mark.parametrize("last", ["Completed", "COMPLETED"])
def test_the_end_is_waited_for_whatever_its_case(monkeypatch: pytest.MonkeyPatch, last: str) -> None:
    pause = Waiting()
    with ApiServer([accepted("InProgress"), accepted("InProgress"), accepted(last)]) as api:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", api.url)
        assert wait(CloudFront("E2EXAMPLE"), Invalidation("r1", ("I1",)), pause=pause)
    assert pause.seconds == [5, 5]


def test_a_slow_end_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    with ApiServer([accepted("InProgress")]) as api:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", api.url)
        assert not wait(CloudFront("E2EXAMPLE"), Invalidation("r1", ("I1",)), 10, Waiting())


@pytest.mark.parametrize(
    ("code", "status", "says"),
    [
        ("AccessDenied", 403, "allow cloudfront:CreateInvalidation on this distribution"),
        ("NoSuchDistribution", 404, "see the distribution's ID in `cdn`"),
        ("ExpiredToken", 403, "get new credentials"),
        ("InvalidClientTokenId", 403, "aws sts get-caller-identity"),
        ("SomethingNew", 400, "run it again"),
    ],
)
def test_what_cloudfront_refuses_is_told_with_a_way_out(
    monkeypatch: pytest.MonkeyPatch, code: str, status: int, says: str
) -> None:
    with ApiServer([refusal(code, status, "Because.")]) as api:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", api.url)
        with pytest.raises(CdnError) as told:
            CloudFront("E2EXAMPLE").invalidate(["/a"], "r1")

    text = str(told.value)
    assert text.startswith(f"cloudfront:E2EXAMPLE: CreateInvalidation was refused: {code} Because; ")
    assert says in text
    assert SECRET not in text
    assert not told.value.is_retryable


def test_cloudfront_that_cannot_be_reached_may_be_asked_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(CdnError, match="see that this machine reaches AWS") as told:
        CloudFront("E2EXAMPLE").invalidate(["/a"], "r1")

    assert told.value.is_retryable


def test_missing_credentials_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    with pytest.raises(CdnError, match="no credentials for AWS; set AWS_PROFILE"):
        CloudFront("E2EXAMPLE").invalidate(["/a"], "r1")


def test_a_profile_that_does_not_exist_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(CdnError, match=r"cloudfront:E2EXAMPLE: .*nobody.*; see AWS_PROFILE"):
        CloudFront("E2EXAMPLE").invalidate(["/a"], "r1")


# Cloudflare

DONE: Answer = (200, {}, '{"success": true, "errors": [], "result": {"id": "1"}}')


def cloudflare(
    api: ApiServer, pause: Any = pytest.fail, url: str = "https://cdn.example.com/site/"
) -> Cloudflare:
    return Cloudflare("zone1", url, api=api.url + "/v4/", token=SECRET, pause=pause)


def test_cloudflare_purges_files_prefixes_and_tags() -> None:
    with ApiServer([DONE]) as api:
        cdn = cloudflare(api)
        told = cdn.invalidate(["/site/b.txt", "/site/a%20b.txt", "/site/old/*", "#site", "/site/b.txt"], "r1")

    assert [json.loads(request.body) for request in api.asked] == [
        {"files": ["https://cdn.example.com/site/a%20b.txt", "https://cdn.example.com/site/b.txt"]},
        {"prefixes": ["cdn.example.com/site/old/"]},
        {"tags": ["site"]},
    ]
    assert {(request.method, request.path) for request in api.asked} == {
        ("POST", "/v4/zones/zone1/purge_cache")
    }
    assert api.asked[0].headers["authorization"] == f"Bearer {SECRET}"
    assert cdn.is_done(told)


def test_cloudflare_gets_thirty_files_a_time() -> None:
    with ApiServer([DONE]) as api:
        cloudflare(api).invalidate([f"/{number}" for number in range(61)], "r1")

    assert [len(json.loads(request.body)["files"]) for request in api.asked] == [30, 30, 1]


def test_a_url_without_scheme_is_purged_as_https() -> None:
    with ApiServer([DONE]) as api:
        cloudflare(api, url="//cdn.example.com/").invalidate(["/a"], "r1")

    assert json.loads(api.asked[0].body) == {"files": ["https://cdn.example.com/a"]}


def test_cloudflare_is_asked_again_when_it_says_so() -> None:
    pause = Waiting()
    limited: Answer = (
        429,
        {"Retry-After": "7"},
        '{"success": false, "errors": [{"code": 971, "message": "Slow"}]}',
    )
    with ApiServer([limited, (502, {}, "<html>"), DONE]) as api:
        cloudflare(api, pause).invalidate(["/a"], "r1")

    assert pause.seconds == [7, 2]


def test_cloudflare_that_goes_on_refusing_may_be_asked_later() -> None:
    pause = Waiting()
    with (
        ApiServer([(503, {}, "")]) as api,
        pytest.raises(CdnError, match="status 503; run it again later") as told,
    ):
        cloudflare(api, pause).invalidate(["/a"], "r1")

    assert told.value.is_retryable
    assert len(api.asked) == 6


def told(*errors: tuple[int, str]) -> str:
    rows = [{"code": code, "message": message} for code, message in errors]
    return json.dumps({"success": False, "errors": rows, "result": None})


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (
            401,
            told((10000, "Bad")),
            "10000 Bad; see that CLOUDFLARE_API_TOKEN is a token that was not revoked",
        ),
        (403, told((9109, "No")), "9109 No; give the token in CLOUDFLARE_API_TOKEN the permission"),
        (404, told(), "status 404; see the zone's ID"),
        (400, told((1012, "A"), (2, "B")), "1012 A; 2 B; see `cdn` and `url`"),
        (200, '{"success": false, "errors": null}', "status 200"),
        (200, "[]", "status 200"),
        (200, "no json", "status 200"),
        (302, "", "status 302"),
    ],
)
def test_what_cloudflare_refuses_is_told_with_a_way_out(status: int, body: str, says: str) -> None:
    with ApiServer([(status, {"Location": "/elsewhere"}, body)]) as api, pytest.raises(CdnError) as error:
        cloudflare(api).invalidate(["/a"], "r1")

    assert str(error.value).startswith("cloudflare:zone1: no purge: ")
    assert says in str(error.value)
    assert SECRET not in str(error.value)
    assert len(api.asked) == 1


def test_cloudflare_takes_its_token_from_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with ApiServer([DONE]) as api:
        monkeypatch.setenv("CLOUDFLARE_BASE_URL", api.url)
        cdn = open_cdn("cloudflare:zone1", "https://cdn.example.com/")
        with pytest.raises(CdnError, match="no token; set CLOUDFLARE_API_TOKEN"):
            cdn.invalidate(["/a"], "r1")
        monkeypatch.setenv("CLOUDFLARE_API_TOKEN", f" {SECRET}\n")
        cdn.invalidate(["/a"], "r1")

    assert [request.headers["authorization"] for request in api.asked] == [f"Bearer {SECRET}"]


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "http://nobody.invalid"])
def test_cloudflare_that_cannot_be_reached_may_be_asked_later(address: str) -> None:
    pause = Waiting()
    cdn = Cloudflare("zone1", "https://cdn.example.com/", api=address, token=SECRET, pause=pause)
    with pytest.raises(CdnError, match=r"(127.0.0.1:1|nobody.invalid) cannot be reached: .+; run") as error:
        cdn.invalidate(["/a"], "r1")

    assert error.value.is_retryable
    assert SECRET not in str(error.value)
    assert pause.seconds == [1, 2, 4, 8, 16]


def test_a_token_that_cannot_be_one_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", f"{SECRET}\nX: y")
    with pytest.raises(CdnError, match="CLOUDFLARE_API_TOKEN has characters that no token has") as error:
        Cloudflare("zone1", "https://cdn.example.com/", api="http://127.0.0.1:1").invalidate(["/a"], "r1")

    assert SECRET not in str(error.value)


def test_a_zone_stays_one_segment_of_the_path() -> None:
    with ApiServer([DONE]) as api:
        Cloudflare("zone 1/../2", "https://x.example/", api=api.url, token=SECRET).invalidate(["/a"], "r1")

    assert api.asked[0].path == "/zones/zone%201%2F..%2F2/purge_cache"
