"""What is written for Terraform says what provisioning does."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cdn_pipeline.provision.description import Description
from cdn_pipeline.provision.terraform import template
from cdn_pipeline.provision.terraform.hcl import Block, Expression, encoded, nested, quoted, text
from tests.described import (
    ACCOUNT,
    BARE,
    CONFIGS,
    DOMAIN,
    KNOWN,
    UNSAID,
    WHOLE,
    described,
    leaves,
    requests,
    without_empty,
)
from tests.terraform_plan import Plan

ZONE = "Z0123456789ABCDEFGHIJ"
PROOF = {
    "resource_record_name": "_p.cdn.example.com.",
    "resource_record_type": "CNAME",
    "resource_record_value": "_v.acm-validations.aws.",
}
THERE = {
    "aws.certificates": "us-east-1",  # the region of that provider
    "aws_s3_bucket.assets.id": "example-assets",
    "aws_s3_bucket.assets.arn": "arn:aws:s3:::example-assets",
    "aws_cloudfront_distribution.assets.id": KNOWN["distribution.id"],
    "aws_cloudfront_distribution.assets.arn": KNOWN["distribution.arn"],
    "aws_cloudfront_distribution.assets.domain_name": KNOWN["distribution.domain"],
    "aws_cloudfront_origin_access_control.assets.id": KNOWN["access_control.id"],
    "aws_cloudfront_response_headers_policy.assets.id": KNOWN["headers_policy.id"],
    "aws_acm_certificate.assets[0].arn": KNOWN["certificate.arn"],
    "aws_acm_certificate.assets[0].domain_validation_options": [PROOF],
    "aws_acm_certificate_validation.assets[0].certificate_arn": KNOWN["certificate.arn"],
    "aws_route53_record.proof[*].fqdn": ["_p.cdn.example.com"],
    "data.aws_caller_identity.assets.account_id": ACCOUNT,
    "data.aws_route53_zone.assets[0].zone_id": ZONE,
    **{f"aws_iam_policy.{verb}.arn": f"arn:aws:iam::{ACCOUNT}:policy/{verb}" for verb in ("deploy", "prune")},
    **{f"aws_iam_role.{verb}.arn": f"arn:aws:iam::{ACCOUNT}:role/{verb}" for verb in ("deploy", "prune")},
    **{f"aws_iam_role.{verb}.name": verb for verb in ("deploy", "prune")},
}


def plan(description: Description, **variables: str) -> Plan:
    return Plan(template(description), THERE, **variables)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_plan_is_what_provision_would_make(tmp_path: Path, name: str) -> None:
    """Value by value, of all that AWS is asked for."""
    description = described(tmp_path, CONFIGS[name])

    assert asked(plan(description).resources) == requests(description)


def test_whatever_a_description_says_is_in_its_template(tmp_path: Path) -> None:
    """Each value changed, one at a time, changes the file."""
    description = described(tmp_path, WHOLE)
    before = [_uncommented(description), _uncommented(description._replace(roles=()))]

    same = {path for path, changed in leaves(description) if _uncommented(changed) in before}

    assert same == {*UNSAID} | {f"records[{n}].{name}" for n in (1, 2) for name in ("target", "target_zone")}


def _uncommented(description: Description) -> str:
    return template(description).partition("\n\n")[2]


def asked(resources: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Resources in the words of AWS's interface, as `requests` has them."""

    def one(kind: str, name: str = "assets") -> dict[str, Any]:
        return resources[f"aws_{kind}.{name}"]

    bucket = one("s3_bucket")
    for kind in SETTINGS:
        assert one(kind)["bucket"] == bucket["bucket"]
    found: dict[str, Any] = {
        "Bucket": bucket["bucket"],
        "Tags": bucket["tags"],
        "PublicAccessBlock": {
            words(key): value
            for key, value in one("s3_bucket_public_access_block").items()
            if key != "bucket"
        },
        "Ownership": {"Rules": [words(each) for each in one("s3_bucket_ownership_controls")["rule"]]},
        "Encryption": _encryption(one("s3_bucket_server_side_encryption_configuration")),
        "Versioning": words(only(one("s3_bucket_versioning")["versioning_configuration"])),
        "Lifecycle": {
            "Rules": [_lifecycle(each) for each in one("s3_bucket_lifecycle_configuration")["rule"]]
        },
        "AccessControl": words(one("cloudfront_origin_access_control")),
        "HeadersPolicy": _headers_policy(one("cloudfront_response_headers_policy")),
        "Distribution": _distribution(one("cloudfront_distribution")),
        "BucketPolicy": one("s3_bucket_policy")["policy"],
        "Policies": {
            each["name"]: [each["description"], each["policy"]]
            for name, each in resources.items()
            if name.startswith("aws_iam_policy.")
        },
        "Roles": {
            each["name"]: _role(resources, name, each)
            for name, each in resources.items()
            if name.startswith("aws_iam_role.")
        },
    }
    if "aws_acm_certificate.assets" in resources:
        found["Certificate"] = _certificate(one("acm_certificate"))
    records = {
        each["type"]: _record(each)
        for name, each in resources.items()
        if name.startswith("aws_route53_record.assets")
    }
    tagged = [each["tags"] for each in resources.values() if "tags" in each]
    assert all(tags == bucket["tags"] for tags in tagged)
    return found | ({"Records": records} if records else {})


SETTINGS = (
    "s3_bucket_public_access_block",
    "s3_bucket_ownership_controls",
    "s3_bucket_server_side_encryption_configuration",
    "s3_bucket_versioning",
    "s3_bucket_lifecycle_configuration",
    "s3_bucket_policy",
)
# Words that AWS's interface has and Terraform spells otherwise.
SPELLED = {
    "SseAlgorithm": "SSEAlgorithm",
    "ErrorCachingMinTtl": "ErrorCachingMinTTL",
    "HttpPort": "HTTPPort",
    "HttpsPort": "HTTPSPort",
    "AcmCertificateArn": "ACMCertificateArn",
    "SslSupportMethod": "SSLSupportMethod",
    "CloudfrontDefaultCertificate": "CloudFrontDefaultCertificate",
    "IsIpv6Enabled": "IsIPV6Enabled",
}


def words(value: Any) -> Any:
    """``error_code`` is ``ErrorCode``, in everything."""
    if isinstance(value, str):
        name = value.title().replace("_", "")
        return SPELLED.get(name, name)
    return {words(key): each for key, each in value.items()}


def only(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    (block,) = blocks
    return block


def _encryption(body: dict[str, Any]) -> dict[str, Any]:
    rules = [only(each["apply_server_side_encryption_by_default"]) for each in body["rule"]]
    return {"Rules": [{"ApplyServerSideEncryptionByDefault": words(each)} for each in rules]}


def _lifecycle(rule: dict[str, Any]) -> dict[str, Any]:
    assert rule["filter"] == [{}]  # everything
    return {
        "ID": rule["id"],
        "Status": rule["status"],
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": words(only(rule["noncurrent_version_expiration"])),
        "AbortIncompleteMultipartUpload": words(only(rule["abort_incomplete_multipart_upload"])),
    }


def _headers_policy(body: dict[str, Any]) -> dict[str, Any]:
    cors = {
        key: only(value)["items"] if isinstance(value, list) else value
        for key, value in only(body["cors_config"]).items()
    }
    sniffing = only(only(body["security_headers_config"])["content_type_options"])
    return {
        "Name": body["name"],
        "Comment": body["comment"],
        "CorsConfig": words(cors),
        "SecurityHeadersConfig": {"ContentTypeOptions": words(sniffing)},
        "CustomHeadersConfig": [words(each) for each in only(body["custom_headers_config"])["items"]],
    }


def _distribution(body: dict[str, Any]) -> dict[str, Any]:
    plain = {key: value for key, value in body.items() if not isinstance(value, list) and key != "tags"}
    found = {
        **words(plain),
        "Aliases": body["aliases"],
        "Origins": [_origin(each) for each in body["origin"]],
        "OriginGroups": [_group(each) for each in body.get("origin_group", ())],
        "DefaultCacheBehavior": _behavior(only(body["default_cache_behavior"])),
        "CacheBehaviors": [_behavior(each) for each in body.get("ordered_cache_behavior", ())],
        "CustomErrorResponses": [words(each) for each in body["custom_error_response"]],
    }
    assert body["restrictions"] == [{"geo_restriction": [{"restriction_type": "none"}]}]
    if tags := body.get("cache_tag_config"):
        found["CacheTagConfig"] = words(only(tags))
    certificate = words(only(body["viewer_certificate"]))
    if not certificate["CloudFrontDefaultCertificate"]:
        found["ViewerCertificate"] = certificate
    return without_empty(found)


def _origin(body: dict[str, Any]) -> dict[str, Any]:
    found = {"Id": body["origin_id"], "DomainName": body["domain_name"]}
    found["OriginPath"] = body.get("origin_path", "")
    if "custom_origin_config" in body:
        return found | {"CustomOriginConfig": words(only(body["custom_origin_config"]))}
    found["OriginAccessControlId"] = body["origin_access_control_id"]
    return found | {"S3OriginConfig": {"OriginAccessIdentity": ""}}  # as the provider asks for it


def _group(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "Id": body["origin_id"],
        "FailoverCriteria": words(only(body["failover_criteria"])),
        "Members": [words(each) for each in body["member"]],
    }


def _behavior(body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = words(body)
    methods = {"Items": found.pop("AllowedMethods"), "CachedMethods": found.pop("CachedMethods")}
    return found | {"AllowedMethods": methods}


def _role(resources: dict[str, dict[str, Any]], name: str, role: dict[str, Any]) -> list[Any]:
    """With the name of its only policy."""
    label = name.rpartition(".")[2]
    attached = resources[f"aws_iam_role_policy_attachment.{label}"]
    assert attached["role"] == label
    policy = resources[f"aws_iam_policy.{attached['policy_arn'].rpartition('/')[2]}"]["name"]
    return [role["description"], policy, role["assume_role_policy"]]


def _certificate(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "domain": body["domain_name"],
        "region": body["provider"],
        "validation": body["validation_method"],
        "key": body["key_algorithm"],
    }


def _record(body: dict[str, Any]) -> dict[str, Any]:
    assert body["zone_id"] == ZONE
    alias = only(body["alias"])
    target = {
        "HostedZoneId": alias["zone_id"],
        "DNSName": alias["name"],
        "EvaluateTargetHealth": alias["evaluate_target_health"],
    }
    return {"Name": body["name"], "Type": body["type"], "AliasTarget": target}


# The variables

GIVEN = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/there"
NEW = {"aws_acm_certificate.assets", "aws_acm_certificate_validation.assets"}
PROVED = {*NEW, "aws_route53_record.proof"}
RECORDS = {f"aws_route53_record.assets[{kind}]" for kind in ("A", "AAAA", "HTTPS")}
OWN = "https://d111111abcdef8.cloudfront.net/site/"
THEIRS = "https://a.example.com/site/"


@pytest.mark.parametrize(
    ("domain", "certificate", "zone", "made", "used", "url"),
    [
        ("", "", "", set(), None, OWN),
        ("", "", ZONE, set(), None, OWN),
        ("", GIVEN, "", set(), GIVEN, OWN),
        ("a.example.com", "", "", NEW, KNOWN["certificate.arn"], THEIRS),
        ("a.example.com", GIVEN, "", set(), GIVEN, THEIRS),
        ("a.example.com", GIVEN, ZONE, RECORDS, GIVEN, THEIRS),
        ("a.example.com", "", ZONE, PROVED | RECORDS, KNOWN["certificate.arn"], THEIRS),
    ],
)
def test_domain_certificate_and_zone_are_variables(
    tmp_path: Path, domain: str, certificate: str, zone: str, made: set[str], used: str | None, url: str
) -> None:
    there = plan(described(tmp_path, DOMAIN), domain=domain, certificate_arn=certificate, hosted_zone=zone)
    resources = there.resources
    distribution = resources["aws_cloudfront_distribution.assets"]
    viewer = only(distribution["viewer_certificate"])

    assert {name for name in resources if name in PROVED | RECORDS} == made
    assert distribution["aliases"] == ([domain] if domain else [])
    assert viewer["acm_certificate_arn"] == used
    assert viewer["cloudfront_default_certificate"] == (used is None)
    assert there.outputs["url"] == url


def test_a_new_certificate_is_proved_by_the_record_that_it_asks_for(tmp_path: Path) -> None:
    description = described(tmp_path, DOMAIN)
    resources = plan(description).resources
    issued = "aws_acm_certificate_validation.assets"

    assert resources["aws_route53_record.proof"] == {
        "zone_id": ZONE,
        "name": "_p.cdn.example.com.",
        "type": "CNAME",
        "records": ["_v.acm-validations.aws."],
        "ttl": 300,
        "allow_overwrite": True,
    }
    assert resources[issued]["validation_record_fqdns"] == ["_p.cdn.example.com"]
    assert plan(description, hosted_zone="").resources[issued]["validation_record_fqdns"] is None


@pytest.mark.parametrize(("zone", "found"), [(ZONE, (None, ZONE)), ("example.com", ("example.com", None))])
def test_a_zone_is_found_by_name_or_id(tmp_path: Path, zone: str, found: tuple[str, str]) -> None:
    there = plan(described(tmp_path, DOMAIN), hosted_zone=zone)
    data = next(each["aws_route53_zone"] for each in there.document["data"] if "aws_route53_zone" in each)
    body = there.value(data["assets"])

    assert (body["name"], body["zone_id"]) == found


@pytest.mark.parametrize(
    ("certificate", "objections"),
    [
        ("", []),
        (GIVEN, []),
        (GIVEN.replace("us-east-1", "eu-west-1"), ["CloudFront takes certificates of us-east-1 only."]),
    ],
)
def test_a_certificate_of_another_region_is_refused(
    tmp_path: Path, certificate: str, objections: list[str]
) -> None:
    assert plan(described(tmp_path, DOMAIN), certificate_arn=certificate).objections == objections


def test_the_provider_is_one_that_knows_cache_tags_where_there_are_any(tmp_path: Path) -> None:
    assert 'version = ">= 6.46"' in template(described(tmp_path, WHOLE))
    assert 'version = ">= 5.100"' in template(described(tmp_path, BARE))


def test_certificates_are_made_where_cloudfront_looks_for_them(tmp_path: Path) -> None:
    provider = 'provider "aws" {\n  alias  = "certificates"\n  region = "us-east-1"\n}\n'

    assert provider in template(described(tmp_path, WHOLE))


# What is kept, told and shown


def test_the_bucket_is_not_removed(tmp_path: Path) -> None:
    bucket = plan(described(tmp_path, BARE)).resources["aws_s3_bucket.assets"]

    assert bucket["lifecycle"] == [{"prevent_destroy": True}]


def test_the_outputs_are_what_the_config_is_to_say(tmp_path: Path) -> None:
    assert plan(described(tmp_path, WHOLE)).outputs == {
        "url": "https://cdn.example.com/site/",
        "store": "s3://example-assets/site",
        "cdn": "cloudfront:E2EXAMPLE",
        "distribution_domain": "d111111abcdef8.cloudfront.net",
        "deploy_policy": f"arn:aws:iam::{ACCOUNT}:policy/deploy",
        "prune_policy": f"arn:aws:iam::{ACCOUNT}:policy/prune",
        "deploy_role": f"arn:aws:iam::{ACCOUNT}:role/deploy",
        "prune_role": f"arn:aws:iam::{ACCOUNT}:role/prune",
    }


@pytest.mark.parametrize("name", CONFIGS)
def test_fmt_would_change_nothing(tmp_path: Path, name: str) -> None:
    written = template(described(tmp_path, CONFIGS[name]))

    assert formatted(written) == written


def formatted(written: str) -> str:
    """By Terraform where it is installed, and else by the rule that it has for the signs below each other."""
    terraform = shutil.which("terraform")
    if terraform is None:
        return _aligned(written)
    ran = subprocess.run([terraform, "fmt", "-"], input=written, capture_output=True, text=True, check=True)
    return ran.stdout


def _aligned(written: str) -> str:
    lines: list[str] = []
    chain: list[re.Match[str]] = []
    for line in [*written.split("\n"), ""]:
        match = re.fullmatch(r'( *)("[^"]*"|[\w-]+) += (.*[^{[(])', line)
        if match:
            chain.append(match)
            continue
        width = max((len(each[2]) for each in chain), default=0)
        lines += [f"{each[1]}{each[2]:<{width}} = {each[3]}" for each in chain]
        lines.append(line)
        chain = []
    return "\n".join(lines[:-1])


def test_the_rule_for_signs_is_that_of_terraform(tmp_path: Path) -> None:
    """Whatever stands there, `_aligned` mends."""
    written = template(described(tmp_path, WHOLE))

    assert _aligned(re.sub(r" += ", " = ", written)) == written


def test_what_is_written_reads_as_somebody_would_write_it() -> None:
    block = Block(
        ("resource", "aws_s3_bucket", "assets"),
        {
            "bucket": "example",
            "count": 1,
            "tags": {"a": "b", "cdn-pipeline:site": "x"},
            "policy": encoded({"Statement": [{"Sid": "One"}], "Version": "2012-10-17"}),
            "empty": [],
            "lifecycle": nested({"prevent_destroy": True}),
            "rule": nested({}, {"filter": nested({})}),
            "id": Expression("var.id"),
        },
        "Kept.",
    )

    assert (
        text("Assets.", [block])
        == """\
# Assets.

# Kept.
resource "aws_s3_bucket" "assets" {
  bucket = "example"
  count  = 1
  tags = {
    a                   = "b"
    "cdn-pipeline:site" = "x"
  }
  policy = jsonencode({
    Statement = [
      {
        Sid = "One"
      },
    ]
    Version = "2012-10-17"
  })
  empty = []
  id    = var.id

  lifecycle {
    prevent_destroy = true
  }

  rule {}

  rule {
    filter {}
  }
}
"""
    )


def test_nothing_in_a_text_is_evaluated() -> None:
    assert quoted('${a} %{b} $c "d" \\ \n\x07é') == r'"$${a} %%{b} $c \"d\" \\ \n\u0007é"'
