"""What visitors get of a provisioned distribution."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import brotli
import pytest
from moto.s3.models import s3_backends

from cdn_pipeline.config_file import load
from cdn_pipeline.provision import reconcile
from cdn_pipeline.provision.describe import describe
from tests.aws_account import AwsAccount
from tests.cloudfront_api import ACCOUNT
from tests.cloudfront_edge import CloudFrontEdge, Response

BASE = "https://cdn.example.com/site/"
CONFIG = """
[targets.cdn]
url = "https://cdn.example.com/site/"
store = "s3://example-assets/site"
cache_tags = ["all"]

[provision]
hosted_zone = "example.com"
"""
STYLE = b"a { color: red }\n" * 100
YEAR = "public, max-age=31536000, immutable"


@pytest.fixture
def aws() -> Iterator[AwsAccount]:
    with AwsAccount() as account:
        account.client("route53").create_hosted_zone(Name="example.com", CallerReference="x")
        yield account


def provisioned(aws: AwsAccount, directory: Path, more: str = "") -> CloudFrontEdge:
    (directory / "cdn_pipeline.toml").write_text(CONFIG + more, "utf-8")
    reconcile.apply(aws.account(), describe(load(directory / "cdn_pipeline.toml")), lambda _: None)
    put("site/a.css", STYLE, "text/css; charset=utf-8")
    put("site/a.woff2", b"wOF2" * 500, "font/woff2")
    put("site/.cdn_pipeline/current.json", b"{}", "application/json")
    return CloudFrontEdge(aws.api, site)


def put(key: str, body: bytes, kind: str) -> None:
    """Into the bucket itself: moto ignores the conditions of the bucket's policy, and would refuse it."""
    made = s3_backends[ACCOUNT]["aws"].put_object("example-assets", key, body)
    made.set_metadata({"Content-Type": kind, "Cache-Control": YEAR, "x-amz-meta-cache-tag": "all"})


def site(host: str, path: str) -> Response:
    """The site itself."""
    return Response(200, {"content-type": "text/plain"}, f"{host}{path}".encode())


def test_an_object_is_served_from_the_private_bucket_and_then_from_the_cache(
    aws: AwsAccount, tmp_path: Path
) -> None:
    edge = provisioned(aws, tmp_path)
    first, second = edge.get(f"{BASE}a.css"), edge.get(f"{BASE}a.css")

    assert (first.status, first.body, first.headers["x-cache"]) == (200, STYLE, "Miss from cloudfront")
    assert (second.status, second.body, second.headers["x-cache"]) == (200, STYLE, "Hit from cloudfront")
    assert first.headers["cache-control"] == YEAR


def test_fonts_may_be_used_by_pages_of_any_origin(aws: AwsAccount, tmp_path: Path) -> None:
    edge = provisioned(aws, tmp_path)
    plain = edge.get(f"{BASE}a.woff2")
    asked = edge.get(f"{BASE}a.woff2", origin="https://www.example.com")

    assert "access-control-allow-origin" not in plain.headers
    assert asked.headers["x-cache"] == "Hit from cloudfront"
    assert asked.headers["access-control-allow-origin"] == "*"
    assert asked.headers["cross-origin-resource-policy"] == "cross-origin"
    assert asked.headers["x-content-type-options"] == "nosniff"


def test_text_is_compressed_as_the_visitor_accepts(aws: AwsAccount, tmp_path: Path) -> None:
    edge = provisioned(aws, tmp_path)

    assert brotli.decompress(edge.get(f"{BASE}a.css", accept_encoding="gzip, br").body) == STYLE
    assert gzip.decompress(edge.get(f"{BASE}a.css", accept_encoding="gzip").body) == STYLE
    assert edge.get(f"{BASE}a.css").body == STYLE


def test_what_is_missing_is_an_honest_404_for_one_second(aws: AwsAccount, tmp_path: Path) -> None:
    edge = provisioned(aws, tmp_path)
    assert edge.get(f"{BASE}new.css").status == 404
    put("site/new.css", STYLE, "text/css")
    assert edge.get(f"{BASE}new.css").status == 404
    edge.now_s += 1.0

    assert edge.get(f"{BASE}new.css").status == 200


def test_the_bucket_is_not_listed_and_releases_are_not_read(aws: AwsAccount, tmp_path: Path) -> None:
    edge = provisioned(aws, tmp_path)
    put("secret.txt", b"of another site", "text/plain")

    assert edge.get("https://cdn.example.com/").status == 403
    assert edge.get("https://cdn.example.com/secret.txt").status == 403
    assert edge.get(f"{BASE}.cdn_pipeline/current.json").status == 403


def test_another_distribution_with_the_same_access_control_is_refused(
    aws: AwsAccount, tmp_path: Path
) -> None:
    edge = provisioned(aws, tmp_path)
    (ours,) = aws.api.distributions.values()
    config = ours["DistributionConfig"]
    other = {**config, "CallerReference": "other", "Aliases": {"Quantity": 0}}
    other.pop("ViewerCertificate")
    made = aws.api.create_distribution({"DistributionConfig": other})["Distribution"]

    assert edge.get(f"https://{made['DomainName']}/site/a.css").status == 403
    assert edge.get(f"https://{ours['DomainName']}/site/a.css").status == 200


def test_without_access_control_nothing_is_served(aws: AwsAccount, tmp_path: Path) -> None:
    edge = provisioned(aws, tmp_path)
    (ours,) = aws.api.distributions.values()
    ours["DistributionConfig"]["Origins"]["Items"][0]["OriginAccessControlId"] = ""

    assert edge.get(f"{BASE}a.css").status == 403


def test_plain_http_leads_to_https(aws: AwsAccount, tmp_path: Path) -> None:
    edge = provisioned(aws, tmp_path)
    found = edge.get("http://cdn.example.com/site/a.css")

    assert (found.status, found.headers["location"]) == (301, f"{BASE}a.css")


@pytest.mark.parametrize("path", ["/site/a.css", "/site/*", "#all"])
def test_what_is_invalidated_is_asked_for_again(aws: AwsAccount, tmp_path: Path, path: str) -> None:
    edge = provisioned(aws, tmp_path)
    edge.get(f"{BASE}a.css")
    put("site/a.css", b"new", "text/css")
    assert edge.get(f"{BASE}a.css").body == STYLE
    batch = {"CallerReference": "1", "Paths": {"Quantity": 1, "Items": [path]}}
    (id_,) = aws.api.distributions
    aws.cloudfront.create_invalidation(DistributionId=id_, InvalidationBatch=batch)

    assert edge.get(f"{BASE}a.css").body == b"new"


def test_the_prefix_of_the_store_need_not_show_in_urls(aws: AwsAccount, tmp_path: Path) -> None:
    text = CONFIG.replace('cdn.example.com/site/"', 'cdn.example.com/"')
    (tmp_path / "cdn_pipeline.toml").write_text(text, "utf-8")
    reconcile.apply(aws.account(), describe(load(tmp_path / "cdn_pipeline.toml")), lambda _: None)
    put("site/a.css", STYLE, "text/css")
    edge = CloudFrontEdge(aws.api)

    assert edge.get("https://cdn.example.com/a.css").body == STYLE
    assert edge.get("https://cdn.example.com/").status == 404
    assert edge.get("https://cdn.example.com/.cdn_pipeline/current.json").status == 403


def test_the_site_itself_is_served_beside_its_files(aws: AwsAccount, tmp_path: Path) -> None:
    edge = provisioned(aws, tmp_path, 'site_origin = "origin.example.com"')
    page = [edge.get("https://cdn.example.com/about") for _ in range(2)]
    style = [edge.get("https://cdn.example.com/static/a.css") for _ in range(2)]

    assert [each.body for each in page] == [b"origin.example.com/about"] * 2
    assert [each.headers["x-cache"] for each in page] == ["Miss from cloudfront"] * 2
    assert [each.headers["x-cache"] for each in style] == ["Miss from cloudfront", "Hit from cloudfront"]
    assert edge.get(f"{BASE}a.css").body == STYLE
    assert edge.get("https://cdn.example.com/").body == b"origin.example.com/"


def test_files_come_from_the_site_while_the_bucket_is_down(aws: AwsAccount, tmp_path: Path) -> None:
    more = 'site_origin = "origin.example.com"\nfailover = true\n[targets.origin]\nurl = "/old/site/"'
    edge = provisioned(aws, tmp_path, more)
    edge.is_bucket_down = True

    assert edge.get(f"{BASE}a.css").body == b"origin.example.com/old/site/a.css"
    edge.is_bucket_down = False
    assert edge.get(f"{BASE}b.css").status == 404


def test_a_site_may_come_and_go_again(aws: AwsAccount, tmp_path: Path) -> None:
    provisioned(aws, tmp_path, 'site_origin = "origin.example.com"')
    edge = provisioned(aws, tmp_path)
    assert edge.get(f"{BASE}a.css").body == STYLE
    edge = provisioned(aws, tmp_path, 'site_origin = "origin.example.com"')
    page = edge.get("https://cdn.example.com/about", origin="https://elsewhere.example")

    assert page.body == b"origin.example.com/about"
    assert set(page.headers) == {"content-type", "x-cache"}
