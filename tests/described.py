"""Descriptions of small sites, and what AWS would be asked to make of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cdn_pipeline.config import Config
from cdn_pipeline.config_file import load
from cdn_pipeline.provision import access_control, bucket, distribution_config, headers_policy, permissions
from cdn_pipeline.provision import records as record_sets
from cdn_pipeline.provision.describe import describe
from cdn_pipeline.provision.description import Description

ACCOUNT = "111122223333"
BARE = """
[targets.cdn]
url = "https://d111111abcdef8.cloudfront.net/"
store = "s3://example-assets"
"""
DOMAIN = """
[targets.cdn]
url = "https://cdn.example.com/site/"
store = "s3://example-assets/site"
cdn = "cloudfront:E2EXAMPLE"

[provision]
hosted_zone = "Z0123456789ABCDEFGHIJ"
"""
WHOLE = """
[targets.origin]
url = "https://www.example.com/static/site/"

[targets.cdn]
url = "https://cdn.example.com/site/"
store = "s3://example-assets/site"
keep_on_origin = true
cache_tags = ["site"]

[provision]
hosted_zone = "example.com"
site_origin = "origin.example.com"
failover = true
price_class = "200"
uploaders = ["arn:aws:iam::111122223333:role/ci", "arn:aws:iam::111122223333:user/me"]
deployers = ["github:example/site", "arn:aws:iam::111122223333:user/me"]
pruners = ["arn:aws:iam::111122223333:user/me"]
old_versions = "3d"

[provision.tags]
team = "web"
"""
ELSEWHERE = """
[targets.cdn]
url = "https://cdn.example.com/site/"
store = "s3://example-assets/site"

[provision]
region = "eu-central-1"
certificate = "arn:aws:acm:us-east-1:111122223333:certificate/x"
"""
ODD = """
[targets.cdn]
url = "https://cdn.example.com/"
store = "s3://example-assets/it's-(odd)!"

[provision.tags]
"a key" = "= @:+/"
"""
CONFIGS = {"bare": BARE, "domain": DOMAIN, "whole": WHOLE, "elsewhere": ELSEWHERE, "odd": ODD}

# What the places of a description turn out to be.
KNOWN = {
    "account.id": ACCOUNT,
    "distribution.id": "E2EXAMPLE",
    "distribution.arn": f"arn:aws:cloudfront::{ACCOUNT}:distribution/E2EXAMPLE",
    "distribution.domain": "d111111abcdef8.cloudfront.net",
    "access_control.id": "E1OAC",
    "headers_policy.id": "11111111-2222-3333-4444-555555555555",
    "certificate.arn": f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/new",
}


def config_of(directory: Path, text: str) -> Config:
    (directory / "cdn_pipeline.toml").write_text(text, "utf-8")
    return load(directory / "cdn_pipeline.toml")


def described(directory: Path, text: str) -> Description:
    return describe(config_of(directory, text))


def requests(description: Description) -> dict[str, Any]:
    """What `provision` asks for, by what it is for, in the words of AWS's interface with plain lists."""
    wanted = description.bucket
    found: dict[str, Any] = {aspect.name: aspect.wanted({}, wanted) for aspect in bucket.ASPECTS}
    found["Bucket"] = wanted.name
    found["Tags"] = dict(description.tags)
    found["AccessControl"] = access_control.config(description.access_control)
    found["HeadersPolicy"] = headers_policy.config(description.headers_policy)
    found["Distribution"] = without_empty(distribution_config.config(description.distribution, {}))
    found["BucketPolicy"] = permissions.document(description.bucket_policy)
    found["Policies"] = {
        each.name: [each.comment, permissions.document(each.statements)] for each in description.policies
    }
    found["Roles"] = {
        each.name: [each.comment, each.policy, permissions.document(each.trust)] for each in description.roles
    }
    if description.certificate is not None:
        found["Certificate"] = description.certificate._asdict()
    if description.hosted_zone:
        found["Records"] = {each.type: record_sets.alias(each) for each in description.records}
    filled: dict[str, Any] = permissions.filled(found, KNOWN)
    return filled


def without_empty(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config of a distribution as both templates could have it: they leave out what is empty, except that
    of the bucket, and choose the reference themselves."""
    kept = {key: _tidy(value) for key, value in config.items() if key != "CallerReference"}
    return {key: value for key, value in kept.items() if value not in ("", [], None)}


def _tidy(value: Any) -> Any:
    if isinstance(value, list):
        return [_tidy(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key: each if key == "S3OriginConfig" else _tidy(each) for key, each in value.items() if each != ""
    }


def leaves(description: Description) -> Iterator[tuple[str, Description]]:
    """(where, the description with another value there), for every single value in it. A role finds its
    policy by name, so there are none when that changes."""
    for path, changed in _leaves(description, ""):
        if path.startswith("policies"):
            yield path, changed._replace(roles=())
        elif not path.endswith(".policy"):
            yield path, changed


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        for name in value._fields:
            at = f"{path}.{name}".lstrip(".")
            for where, changed in _leaves(getattr(value, name), at):
                yield where, value._replace(**{name: changed})
    elif isinstance(value, tuple):
        for number, each in enumerate(value):
            for where, changed in _leaves(each, f"{path}[{number}]"):
                yield where, (*value[:number], changed, *value[number + 1 :])
    elif isinstance(value, Mapping):
        for key, each in value.items():
            for where, changed in _leaves(each, f"{path}[{key}]"):
                yield where, {**value, key: changed}
    elif value is not None:
        yield path, _another(value)


def _another(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else f"{value}x"


# What no template says, and why.
UNSAID = (
    "site",  # stands in the comment at the top
    "target",
    "distribution.caller_reference",  # both have one of their own
    "distribution.origins[0].protocol",  # the first is the bucket, to which none of these apply
    "distribution.origins[0].tls[0]",
    "distribution.origins[0].read_timeout_s",
    "distribution.origins[0].keepalive_s",
    "distribution.certificate",  # the place that the new certificate fills
    "bucket_policy[0].principal[0]",  # everybody is "*", whatever the kind
    # The domain, which is also elsewhere in the description, is a parameter.
    "distribution.aliases[0]",
    "certificate.domain",
    "records[0].name",
    "records[1].name",
    "records[2].name",
)
