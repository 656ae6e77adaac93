"""Who asks S3, where, and how it is signed: as boto3 would do it."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given, settings
from hypothesis import strategies as st

from cdn_pipeline.errors import ConfigError
from cdn_pipeline.stores import StoreError
from cdn_pipeline.stores.s3 import account as accounts
from cdn_pipeline.stores.s3.account import account
from cdn_pipeline.stores.s3.address import Address, parse
from cdn_pipeline.stores.s3.signature import Credentials, encoded, query, signed

AT = "20260131T235959Z"
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), min_size=1, max_size=12)
NAMES = st.from_regex(r"x-amz-meta-[a-z0-9-]{1,8}", fullmatch=True)
VALUES = st.from_regex(r"[!-~]([ -~]{0,12}[!-~])?", fullmatch=True)


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of whoever runs the tests counts."""
    for name in (
        "AWS_PROFILE",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def by_botocore(method: str, path: str, headers: dict[str, str], digest: str, who: Credentials) -> str:
    request = AWSRequest(method, f"https://{headers['host']}{path}", headers, b"")
    request.context["timestamp"] = AT
    request.headers["X-Amz-Date"] = AT
    request.headers["X-Amz-Content-SHA256"] = digest
    if who.token:
        request.headers["X-Amz-Security-Token"] = who.token
    auth = S3SigV4Auth(
        BotocoreCredentials(who.access_key, who.secret_key, who.token or None), "s3", "eu-west-1"
    )
    canonical = auth.canonical_request(request)
    signature = auth.signature(auth.string_to_sign(request, canonical), request)
    names = auth.signed_headers(auth.headers_to_sign(request))
    scope = auth.scope(request)
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signature}"


@settings(max_examples=300, deadline=None)
@given(
    method=st.sampled_from(["GET", "PUT", "HEAD", "POST", "DELETE"]),
    key=TEXT,
    parameters=st.lists(st.tuples(TEXT, TEXT), max_size=4),
    headers=st.dictionaries(NAMES, VALUES, max_size=4),
    token=st.sampled_from(["", "a/session+token=="]),
)
def test_requests_are_signed_as_botocore_does(
    method: str, key: str, parameters: list[tuple[str, str]], headers: dict[str, str], token: str
) -> None:
    path = f"/bucket/{encoded(key, safe='/')}" + (f"?{query(parameters)}" if parameters else "")
    who = Credentials("AKID", "secret/+=", token)
    told = {"host": "s3.example.com:9000", **headers}
    ours = signed(method, path, told, "0" * 64, who, "eu-west-1", AT)

    assert ours["authorization"] == by_botocore(method, path, told, "0" * 64, who)


class Stopped(Exception):
    """With the URL that would have been asked."""


def stop(request: AWSRequest, **_: object) -> None:
    raise Stopped(request.url)


STORES = [
    "s3://assets/site",
    "s3://assets.example.com/site",
    "s3://assets/site?region=eu-central-1",
    "s3://assets/site?region=eu-central-1&addressing=path",
    "s3://assets/site?endpoint=http://127.0.0.1:9000&addressing=path",
    "s3://assets/site?endpoint=https://store.example.com&addressing=virtual",
    "s3://assets/site?endpoint=https://example.com/s3&region=auto&addressing=path",
]
ENVIRONMENTS = [
    {},
    {"AWS_DEFAULT_REGION": "ap-southeast-2"},
    {"AWS_DEFAULT_REGION": "cn-north-1"},
    {"AWS_DEFAULT_REGION": "us-gov-west-1"},
    {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
    {"AWS_DEFAULT_REGION": "us-west-2", "AWS_USE_FIPS_ENDPOINT": "true"},
]


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda environment: " ".join(environment.values()))
@pytest.mark.parametrize("url", STORES)
def test_a_bucket_is_where_boto3_finds_it(
    url: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, keys: None
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    wanted = parse(url)
    client = boto3.client(
        "s3",
        region_name=wanted.region or environment.get("AWS_DEFAULT_REGION", "us-east-1"),
        endpoint_url=wanted.endpoint or None,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": wanted.addressing or "auto", "us_east_1_regional_endpoint": "regional"},
        ),
    )
    with pytest.raises(Stopped) as stopped:
        client.meta.events.register("before-send.s3", stop)
        client.head_object(Bucket=wanted.bucket, Key="k")
    address = account(wanted).address

    assert f"{address.scheme}://{address.host}{address.path}/k" == str(stopped.value)
    assert address.region == client.meta.region_name


def test_the_environment_alone_needs_no_botocore(monkeypatch: pytest.MonkeyPatch, keys: None) -> None:
    monkeypatch.setattr(accounts, "_asked", None)
    found = account(parse("s3://assets/site?endpoint=http://127.0.0.1:9000"))

    assert found.address == Address("http", "127.0.0.1:9000", "/assets", "us-east-1")
    assert tuple(found.credentials()) == ("AKID", "secret", "")


def test_an_endpoint_of_the_environment_counts(monkeypatch: pytest.MonkeyPatch, keys: None) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://other.example.com")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.example.com")

    assert account(parse("s3://assets/site")).address.host == "s3.example.com"


def test_profiles_are_read_by_botocore(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile deploy]\nregion = eu-north-1\n")
    (tmp_path / "credentials").write_text(
        "[deploy]\naws_access_key_id = AKIDEPLOY\naws_secret_access_key = hidden\naws_session_token = t\n"
    )
    found = account(parse("s3://assets/site?profile=deploy"))

    assert found.address == Address("https", "assets.s3.eu-north-1.amazonaws.com", "", "eu-north-1")
    assert tuple(found.credentials()) == ("AKIDEPLOY", "hidden", "t")


def test_a_process_that_gives_credentials_is_run_by_botocore(tmp_path: Path) -> None:
    answer = '{"Version": 1, "AccessKeyId": "AKIPROCESS", "SecretAccessKey": "hidden"}'
    (tmp_path / "answer").write_text(answer)
    (tmp_path / "config").write_text(f"[default]\ncredential_process = cat {tmp_path / 'answer'}\n")

    assert account(parse("s3://assets/site")).credentials().access_key == "AKIPROCESS"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("s3://assets/site", "found no AWS credentials; set AWS_PROFILE, or AWS_ACCESS_KEY_ID"),
        ("s3://assets/site?profile=nobody", r"The config profile \(nobody\) could not be found"),
    ],
)
def test_without_credentials_the_way_out_is_told(url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as raised:
        account(parse(url))

    assert raised.value.is_denied


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("s3:///site", "'' is no name of a bucket"),
        ("s3://a b/site", "'a b' is no name of a bucket"),
        ("s3://assets/site?zone=1", "no option 'zone'; there are endpoint, region, addressing, profile"),
        ("s3://assets/site?endpoint=example.com", "an endpoint is https://host"),
        ("s3://assets/site?addressing=dns", "addressing is 'path' or 'virtual'"),
        ("s3://assets?endpoint=https://me:hidden@example.com", "the endpoint has a password in it"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(url: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as raised:
        parse(url)

    assert "hidden" not in str(raised.value)


def test_credentials_do_not_show() -> None:
    assert repr(Credentials("AKID", "hidden")) == "Credentials(…)"
