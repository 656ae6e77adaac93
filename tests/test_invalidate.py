"""Telling CDNs by hand what to forget."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from cdn_pipeline import cli
from tests.api_server import ApiServer

CLOUDFLARE = """
[targets.cdn]
url = "https://cdn.example.com/site/"
cdn = "cloudflare:0123"
cache_tags = ["site"]
"""
DONE = (200, {"Content-Type": "application/json"}, '{"success": true}')


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    """Cloudflare's."""
    with ApiServer([DONE]) as server:
        monkeypatch.setenv("CLOUDFLARE_BASE_URL", server.url)
        monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "s3cr3t")
        yield server


def invalidate(directory: Path, config: str, *arguments: str) -> int:
    (directory / "cdn_pipeline.toml").write_text(config)
    return cli.main(["--config", str(directory / "cdn_pipeline.toml"), "invalidate", *arguments])


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (["https://cdn.example.com/site/a%20b.txt"], {"files": ["https://cdn.example.com/site/a%20b.txt"]}),
        (["/site/a.txt?v=1"], {"files": ["https://cdn.example.com/site/a.txt?v=1"]}),
        (["//cdn.example.com/site/img/*"], {"prefixes": ["cdn.example.com/site/img/"]}),
        (["--tag", "site", "--tag", "b"], {"tags": ["b", "site"]}),
    ],
)
def test_cloudflare_is_told_by_url_prefix_or_tag(
    tmp_path: Path, api: ApiServer, arguments: list[str], asked: dict[str, list[str]]
) -> None:
    assert invalidate(tmp_path, CLOUDFLARE, *arguments) == 0
    assert [json.loads(each.body) for each in api.asked] == [asked]
    assert api.asked[0].path == "/zones/0123/purge_cache"


def test_it_says_who_was_told(tmp_path: Path, api: ApiServer, capsys: pytest.CaptureFixture[str]) -> None:
    invalidate(tmp_path, CLOUDFLARE, "/site/a.txt", "--tag", "site")
    invalidate(tmp_path, CLOUDFLARE, "/site/a.txt", "--json")

    assert capsys.readouterr().out.splitlines() == [
        "cloudflare:0123 was told to forget /site/a.txt",
        "cloudflare:0123 was told to forget #site",
        '{"ok": true, "invalidated": [{"target": "cdn", "cdn": "cloudflare:0123", '
        '"paths": ["/site/a.txt"]}], "problems": []}',
    ]


def test_cloudfront_is_told_each_time_anew(tmp_path: Path) -> None:
    with mock_aws():
        client = boto3.client("cloudfront")
        origin = {
            "Id": "o",
            "DomainName": "o.s3.amazonaws.com",
            "S3OriginConfig": {"OriginAccessIdentity": ""},
        }
        config = {
            "CallerReference": "r",
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all"},
        }
        made = client.create_distribution(DistributionConfig=config)["Distribution"]["Id"]
        text = CLOUDFLARE.replace("cloudflare:0123", f"cloudfront:{made}")
        for _ in range(2):
            assert invalidate(tmp_path, text, "/site/*", "/site/a.txt", "--tag", "site") == 0
        listed = client.list_invalidations(DistributionId=made)["InvalidationList"]["Items"]
        batches = [
            client.get_invalidation(DistributionId=made, Id=each["Id"])["Invalidation"]["InvalidationBatch"]
            for each in listed
        ]

    assert sorted(each["Paths"]["Items"] for each in batches) == sorted(
        [["#site", "/site/a.txt"], ["/site/*"]] * 2
    )
    assert len({each["CallerReference"] for each in batches}) == 4


ELSEWHERE = "its URL begins with https://cdn.example.com/site/"


@pytest.mark.parametrize(
    ("config", "arguments", "message"),
    [
        (CLOUDFLARE, [], "name what to forget"),
        (CLOUDFLARE, ["https://www.example.com/site/a.txt"], ELSEWHERE),
        (CLOUDFLARE, ["https://cdn.example.com/other/a.txt"], ELSEWHERE),
        (CLOUDFLARE, ["/other/a.txt"], ELSEWHERE),
        (CLOUDFLARE, ["a.txt"], ELSEWHERE),
        (
            CLOUDFLARE.replace("cloudflare:0123", "pull"),
            ["/site/a.txt"],
            "no target has a CDN that can be told",
        ),
    ],
)
def test_what_nobody_can_be_told_is_refused_before_anybody_is(
    tmp_path: Path,
    api: ApiServer,
    capsys: pytest.CaptureFixture[str],
    config: str,
    arguments: list[str],
    message: str,
) -> None:
    assert invalidate(tmp_path, config, *arguments) == 2
    assert message in capsys.readouterr().err
    assert api.asked == []


def test_without_a_token_it_says_which_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN", raising=False)

    assert invalidate(tmp_path, CLOUDFLARE, "/site/a.txt") == 1
    assert "cloudflare:0123: no token; set CLOUDFLARE_API_TOKEN" in capsys.readouterr().err
