"""From the config to what there is to be in an AWS account."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cdn_pipeline.config import Config
from cdn_pipeline.config_file import load
from cdn_pipeline.errors import ConfigError
from cdn_pipeline.provision.describe import describe
from cdn_pipeline.provision.description import PLACES, Behavior, Description, Origin, OriginGroup


def config(directory: Path, url: str, store: str, provision: str = "", more: str = "") -> Config:
    target = f'[targets.cdn]\nurl = "{url}"\nstore = "{store}"\n'
    (directory / "cdn_pipeline.toml").write_text(f"{target}{more}\n[provision]\n{provision}\n", "utf-8")
    return load(directory / "cdn_pipeline.toml")


def described(directory: Path, url: str, store: str, provision: str = "", more: str = "") -> Description:
    return describe(config(directory, url, store, provision, more))


@pytest.mark.parametrize(
    ("url", "store", "path", "key"),
    [
        ("https://cdn.example.com/site/", "s3://bucket/site", "", "site/a.css"),
        ("https://cdn.example.com/", "s3://bucket", "", "a.css"),
        ("https://cdn.example.com/", "s3://bucket/site", "/site", "site/a.css"),
        ("https://cdn.example.com/b/", "s3://bucket/a/b", "/a", "a/b/a.css"),
        ("//cdn.example.com/b/", "s3://bucket/a/b/?region=us-east-1", "/a", "a/b/a.css"),
    ],
)
def test_cloudfront_asks_for_the_keys_that_a_deploy_writes(
    tmp_path: Path, url: str, store: str, path: str, key: str
) -> None:
    found = described(tmp_path, url, store)

    assert found.distribution.origins[0].path == path
    assert f"{path}{urlsplit(url).path}a.css" == f"/{key}" == f"/{found.bucket.prefix}a.css"


def test_the_site_beside_its_files(tmp_path: Path) -> None:
    found = described(
        tmp_path, "https://www.example.com/assets/", "s3://bucket/assets", 'site_origin = "web.example.com"'
    ).distribution

    assert found.origins[1] == Origin("site", "web.example.com")
    assert [(each.pattern, each.origin) for each in (*found.behaviors, found.default)] == [
        ("/assets/*", "bucket"),
        ("/static/*", "site"),
        ("", "site"),
    ]
    assert found.default.methods == ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE")
    assert found.default_root_object == ""


def test_files_come_from_the_site_while_the_bucket_fails(tmp_path: Path) -> None:
    provision = 'site_origin = "web.example.com"\nfailover = true'
    more = '[targets.origin]\nurl = "/app/static/"'
    found = described(
        tmp_path, "https://a.example/static/", "s3://bucket/static", provision, more
    ).distribution

    assert found.groups == (OriginGroup("bucket-or-site", ("bucket", "copy")),)
    assert found.origins[2] == Origin("copy", "web.example.com", "/app")
    assert found.behaviors[0].origin == "bucket-or-site"
    assert found.behaviors[1].pattern == "/app/static/*"


def test_a_domain_of_cloudfront_itself_needs_no_certificate(tmp_path: Path) -> None:
    found = described(tmp_path, "https://d1.cloudfront.net/", "s3://bucket", 'hosted_zone = "example.com"')

    assert (found.domain, found.certificate, found.hosted_zone, found.records) == ("", None, "", ())
    assert (found.distribution.aliases, found.distribution.certificate) == ((), "")


def test_every_place_is_known(tmp_path: Path) -> None:
    found = repr(described(tmp_path, "https://a.example/", "s3://bucket", 'deployers = ["github:a/b"]'))
    places = {part.partition("}")[0] for part in found.split("${")[1:]}

    assert places == set(PLACES) - {"distribution.id"}  # which only the config needs


def test_the_first_target_on_s3_is_meant_unless_another_is_named(tmp_path: Path) -> None:
    more = '[targets.img]\nurl = "https://img.example/"\nstore = "s3://images"\n'
    assert described(tmp_path, "https://a.example/", "s3://bucket", "", more).bucket.name == "bucket"
    assert (
        described(tmp_path, "https://a.example/", "s3://bucket", 'target = "img"', more).bucket.name
        == "images"
    )


def test_tags_of_files_are_read_from_their_metadata(tmp_path: Path) -> None:
    plain = described(tmp_path, "https://a.example/", "s3://bucket").distribution
    tagged = described(tmp_path, "https://a.example/", "s3://bucket", "", 'cache_tags = ["all"]').distribution

    assert (plain.cache_tag_header, tagged.cache_tag_header) == ("", "x-amz-meta-cache-tag")


def test_names_are_short_enough_for_roles_and_differ_where_sites_do(tmp_path: Path) -> None:
    one, other = (
        described(tmp_path, "https://a.example/", f"s3://{'b' * 63}/{end}", 'deployers = ["github:a/b"]')
        for end in ("one", "two")
    )

    assert len(one.roles[0].name) <= 64
    assert one.name != other.name


@pytest.mark.parametrize(
    ("url", "store", "provision", "fault"),
    [
        ("https://a.example/x/", "s3://bucket/site", "", "CloudFront asks the bucket for /x/…, and the keys"),
        ("/static/", "s3://bucket/static", "", "targets.cdn.url: /static/ is not of a host of its own"),
        ("http://a.example/", "s3://bucket", "", "targets.cdn.url: http://a.example/ is not of a host"),
        ("https://a.example:8443/", "s3://bucket", "", "'a.example:8443' cannot be the domain of a CDN"),
        ("https://a.example/", "s3://Old_Bucket", "", "'Old_Bucket' cannot be the name of a new bucket"),
        ("https://a.example/", "s3://bucket/a*b", "", "'a*b/' cannot be the prefix"),
        ("https://a.example/", "s3://bucket/${aws:username}", "", "cannot be the prefix"),
        ("https://a.example/", "s3://bucket?endpoint=https://r2.example", "", "has an endpoint"),
        ("https://a.example/", "s3://bucket?region=eu-west-1", "", "is not provision.region, us-east-1"),
        ("https://a.example/", "s3://bucket", "failover = true", "there is nothing to fail over to"),
        (
            "https://a.example/",
            "s3://bucket",
            'site_origin = "web.example"',
            "no path would be left for the site",
        ),
        (
            "https://a.example/x/",
            "s3://bucket/x",
            'site_origin = "web.example"\nfailover = true',
            "the copies are at /static/, and CloudFront would ask for /x/…",
        ),
        ("https://a.example/x/", "s3://bucket/x", 'site_origin = "a.example"', "which would ask itself"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_asked(
    tmp_path: Path, url: str, store: str, provision: str, fault: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        described(tmp_path, url, store, provision)

    (problem,) = caught.value.problems
    assert fault in problem.message
    assert problem.hint


def test_without_a_target_on_s3_there_is_nothing_to_provision(tmp_path: Path) -> None:
    (tmp_path / "cdn_pipeline.toml").write_text("", "utf-8")
    with pytest.raises(ConfigError, match="no target has a store on S3"):
        describe(load(tmp_path / "cdn_pipeline.toml"))


def test_files_are_for_reading_only(tmp_path: Path) -> None:
    found = described(tmp_path, "https://a.example/", "s3://bucket").distribution

    assert found.default == Behavior(
        "",
        "bucket",
        "658327ea-f89d-4fab-a63d-7e88639e58f6",
        headers_policy="${headers_policy.id}",
        methods=("GET", "HEAD"),
        viewer_protocol="redirect-to-https",
        is_compressed=True,
    )
