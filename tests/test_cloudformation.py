"""The CloudFormation template says what provisioning does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from cdn_pipeline import cli
from cdn_pipeline.provision.cloudformation import sections, template
from cdn_pipeline.provision.description import Description
from cdn_pipeline.provision.quantities import plain
from tests.cloudformation_stack import Stack
from tests.described import (
    ACCOUNT,
    BARE,
    CONFIGS,
    DOMAIN,
    ELSEWHERE,
    KNOWN,
    UNSAID,
    WHOLE,
    described,
    leaves,
    requests,
    without_empty,
)

ZONE = "Z0123456789ABCDEFGHIJ"
THERE = {
    **KNOWN,
    "Bucket": "example-assets",
    "Bucket.Arn": "arn:aws:s3:::example-assets",
    "Distribution": KNOWN["distribution.id"],
    "Distribution.DomainName": KNOWN["distribution.domain"],
    "AccessControl.Id": KNOWN["access_control.id"],
    "HeadersPolicy.Id": KNOWN["headers_policy.id"],
    "Certificate": KNOWN["certificate.arn"],
    **{f"{verb}Policy": f"arn:aws:iam::{ACCOUNT}:policy/{verb}" for verb in ("Deploy", "Prune")},
    **{f"{verb}Role.Arn": f"arn:aws:iam::{ACCOUNT}:role/{verb}" for verb in ("Deploy", "Prune")},
}


def stack(description: Description, **parameters: str) -> Stack:
    """Of the template of *description*, where that is to be."""
    if "." in description.hosted_zone:  # no default: it has to be given
        parameters.setdefault("HostedZoneId", ZONE)
    return Stack(template(description), THERE, description.bucket.region, **parameters)


@pytest.mark.parametrize("name", CONFIGS)
def test_cfn_lint_has_nothing_to_say(tmp_path: Path, name: str) -> None:
    """With all that it can find, in the region of the stack."""
    description = described(tmp_path, CONFIGS[name])
    everything = ManualArgs(include_checks=["I"], regions=[description.bucket.region])

    found = [str(match) for match in lint(template(description), config=everything)]

    assert found == []


@pytest.mark.parametrize("name", CONFIGS)
def test_a_stack_is_what_provision_would_make(tmp_path: Path, name: str) -> None:
    """Value by value, of all that AWS is asked for."""
    description = described(tmp_path, CONFIGS[name])

    assert asked(stack(description).resources) == requests(description)


def test_whatever_a_description_says_is_in_its_template(tmp_path: Path) -> None:
    """Each value changed, one at a time, changes the template."""
    description = described(tmp_path, WHOLE)
    alone = description._replace(roles=())
    before = [sections(description), sections(alone)]

    same = {path for path, changed in leaves(description) if sections(changed) in before}

    assert same == {*UNSAID, "certificate.region"}  # which is that of the stack


def asked(resources: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Resources in the words of AWS's interface, as `requests` has them."""
    bucket = resources["Bucket"]
    found: dict[str, Any] = {
        "Bucket": bucket["BucketName"],
        "Tags": {tag["Key"]: tag["Value"] for tag in bucket["Tags"]},
        "PublicAccessBlock": bucket["PublicAccessBlockConfiguration"],
        "Ownership": bucket["OwnershipControls"],
        "Encryption": {
            "Rules": [
                {"ApplyServerSideEncryptionByDefault": each["ServerSideEncryptionByDefault"]}
                for each in bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
            ]
        },
        "Versioning": bucket["VersioningConfiguration"],
        "Lifecycle": {"Rules": [_lifecycle(each) for each in bucket["LifecycleConfiguration"]["Rules"]]},
        "AccessControl": resources["AccessControl"]["OriginAccessControlConfig"],
        "HeadersPolicy": _headers_policy(resources["HeadersPolicy"]["ResponseHeadersPolicyConfig"]),
        "Distribution": _distribution(resources["Distribution"]["DistributionConfig"]),
        "BucketPolicy": resources["BucketPolicy"]["PolicyDocument"],
        "Policies": {
            each["ManagedPolicyName"]: [each["Description"], each["PolicyDocument"]]
            for name, each in resources.items()
            if name.endswith("Policy") and "ManagedPolicyName" in each
        },
        "Roles": {
            each["RoleName"]: [
                each["Description"],
                _policy(resources, each),
                each["AssumeRolePolicyDocument"],
            ]
            for name, each in resources.items()
            if name.endswith("Role")
        },
    }
    if "Certificate" in resources:
        found["Certificate"] = _certificate(resources["Certificate"])
    records = {each["Type"]: _record(each) for name, each in resources.items() if name.startswith("Record")}
    return found | ({"Records": records} if records else {})


def _lifecycle(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule without a filter is one for everything."""
    return {"Filter": {"Prefix": ""}, "ID": rule.pop("Id"), **rule}


def _headers_policy(config: dict[str, Any]) -> dict[str, Any]:
    cors = {
        key: value["Items"] if isinstance(value, dict) else value
        for key, value in config["CorsConfig"].items()
    }
    return {**config, "CorsConfig": cors, "CustomHeadersConfig": config["CustomHeadersConfig"]["Items"]}


def _distribution(config: dict[str, Any]) -> dict[str, Any]:
    found = {**plain(config), "IsIPV6Enabled": config["IPV6Enabled"]}
    del found["IPV6Enabled"]
    found["Origins"] = [_origin(each) for each in config["Origins"]]
    found["DefaultCacheBehavior"] = _behavior(config["DefaultCacheBehavior"])
    found["CacheBehaviors"] = [_behavior(each) for each in config.get("CacheBehaviors", ())]
    if certificate := found.pop("ViewerCertificate", None):
        found["ViewerCertificate"] = {
            "ACMCertificateArn": certificate["AcmCertificateArn"],
            "SSLSupportMethod": certificate["SslSupportMethod"],
            "MinimumProtocolVersion": certificate["MinimumProtocolVersion"],
            "CloudFrontDefaultCertificate": False,
        }
    return without_empty(found)


def _origin(origin: dict[str, Any]) -> dict[str, Any]:
    if "CustomOriginConfig" not in origin:
        return origin
    config = dict(origin["CustomOriginConfig"])
    return {**origin, "CustomOriginConfig": config | {"OriginSslProtocols": config.pop("OriginSSLProtocols")}}


def _behavior(behavior: dict[str, Any]) -> dict[str, Any]:
    found = dict(behavior)
    methods = {"Items": found["AllowedMethods"], "CachedMethods": found.pop("CachedMethods")}
    return found | {"AllowedMethods": methods}


def _policy(resources: dict[str, dict[str, Any]], role: dict[str, Any]) -> str:
    """The name of the only policy of a role."""
    (arn,) = role["ManagedPolicyArns"]
    name: str = resources[f"{arn.rpartition('/')[2]}Policy"]["ManagedPolicyName"]
    return name


def _certificate(certificate: dict[str, Any]) -> dict[str, Any]:
    return {
        "domain": certificate["DomainName"],
        "region": "us-east-1",  # that of the stack; or there is none
        "validation": certificate["ValidationMethod"],
        "key": certificate["KeyAlgorithm"],
    }


def _record(record: dict[str, Any]) -> dict[str, Any]:
    assert record["HostedZoneId"] == ZONE
    alias = {**record["AliasTarget"], "EvaluateTargetHealth": False}  # which is the default
    return {"Name": record["Name"], "Type": record["Type"], "AliasTarget": alias}


# The parameters


ARN = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/there"
RECORDS = {"RecordA", "RecordAAAA", "RecordHTTPS"}
OWN = "https://d111111abcdef8.cloudfront.net/site/"


@pytest.mark.parametrize(
    ("domain", "certificate", "zone", "made", "used", "url"),
    [
        ("", "", "", set(), None, OWN),
        ("", "", ZONE, set(), None, OWN),
        ("", ARN, "", set(), ARN, OWN),
        ("a.example.com", "", "", {"Certificate"}, KNOWN["certificate.arn"], "https://a.example.com/site/"),
        ("a.example.com", ARN, "", set(), ARN, "https://a.example.com/site/"),
        ("a.example.com", ARN, ZONE, RECORDS, ARN, "https://a.example.com/site/"),
        (
            "a.example.com",
            "",
            ZONE,
            {"Certificate", *RECORDS},
            KNOWN["certificate.arn"],
            "https://a.example.com/site/",
        ),
    ],
)
def test_domain_certificate_and_zone_are_parameters(
    tmp_path: Path, domain: str, certificate: str, zone: str, made: set[str], used: str | None, url: str
) -> None:
    there = stack(
        described(tmp_path, DOMAIN), DomainName=domain, CertificateArn=certificate, HostedZoneId=zone
    )
    resources = there.resources
    config = resources["Distribution"]["DistributionConfig"]

    assert {*resources} & {"Certificate", *RECORDS} == made
    assert config.get("Aliases", []) == ([domain] if domain else [])
    assert config.get("ViewerCertificate", {}).get("AcmCertificateArn") == used
    assert there.outputs["Url"] == url


def test_a_new_certificate_is_proved_where_there_is_a_zone(tmp_path: Path) -> None:
    description = described(tmp_path, DOMAIN)
    proof = [{"DomainName": "cdn.example.com", "HostedZoneId": ZONE}]

    assert stack(description).resources["Certificate"]["DomainValidationOptions"] == proof
    alone = stack(description, HostedZoneId="").resources["Certificate"]
    assert "DomainValidationOptions" not in alone


def test_a_zone_that_the_config_names_is_asked_for_by_its_id(tmp_path: Path) -> None:
    there = stack(described(tmp_path, WHOLE))

    assert "HostedZoneId" not in Stack(template(described(tmp_path, WHOLE)), THERE).parameters
    assert "that is named example.com," in there.template["Parameters"]["HostedZoneId"]["Description"]


def test_elsewhere_a_stack_makes_no_certificate_and_a_domain_needs_one(tmp_path: Path) -> None:
    description = described(tmp_path, ELSEWHERE)
    told = "A domain needs CertificateArn: only a stack in us-east-1 could make one"

    assert "Certificate" not in stack(description).template["Resources"]
    assert stack(description).objections == []
    assert stack(description, CertificateArn="").objections == [told]
    assert stack(description, CertificateArn="", DomainName="").objections == []


def test_a_stack_belongs_into_the_region_of_the_config(tmp_path: Path) -> None:
    text = template(described(tmp_path, ELSEWHERE))

    assert Stack(text, THERE, "eu-central-1").objections == []
    assert Stack(text, THERE, "us-east-1").objections == [
        "This belongs into eu-central-1, which is provision.region"
    ]


# What is kept, told and shown


def test_the_bucket_stays_when_the_stack_goes(tmp_path: Path) -> None:
    """Only one that a failed creation has just made goes with it, so that the creation can be repeated."""
    bucket = stack(described(tmp_path, BARE)).template["Resources"]["Bucket"]

    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_the_outputs_are_what_the_config_is_to_say(tmp_path: Path) -> None:
    assert stack(described(tmp_path, WHOLE)).outputs == {
        "Url": "https://cdn.example.com/site/",
        "Store": "s3://example-assets/site",
        "Cdn": "cloudfront:E2EXAMPLE",
        "DistributionDomain": "d111111abcdef8.cloudfront.net",
        "DeployPolicy": f"arn:aws:iam::{ACCOUNT}:policy/Deploy",
        "PrunePolicy": f"arn:aws:iam::{ACCOUNT}:policy/Prune",
        "DeployRole": f"arn:aws:iam::{ACCOUNT}:role/Deploy",
        "PruneRole": f"arn:aws:iam::{ACCOUNT}:role/Prune",
    }


def test_the_command_prints_it_and_asks_no_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    description = described(tmp_path, WHOLE)
    monkeypatch.setattr("boto3.Session", None)
    command = ["--config", str(tmp_path / "cdn_pipeline.toml"), "provision", "--template", "cloudformation"]

    assert cli.main(command) == 0
    assert capsys.readouterr().out == template(description)
    assert cli.main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "template": template(description)}


def test_a_template_reads_as_somebody_would_write_it(tmp_path: Path) -> None:
    text = template(described(tmp_path, DOMAIN))

    assert text.startswith("""\
# The CDN of example-assets/site, written by `cdn-pipeline provision --template cloudformation`.
# Rather than editing this, change the config and write it again.
#
#   aws cloudformation deploy --region us-east-1 --stack-name cdn-pipeline-example-assets-site-1a961cc8 \\
#     --capabilities CAPABILITY_NAMED_IAM --template-file cdn.yaml
#
# Its outputs Url, Store and Cdn are what the config is to say of the target 'cdn'.

AWSTemplateFormatVersion: '2010-09-09'
""")
    assert (
        """
  RecordHTTPS:
    Type: AWS::Route53::RecordSet
    Condition: HasZone
    Properties:
      HostedZoneId: !Ref HostedZoneId
      Name: !Ref DomainName
      Type: HTTPS
      AliasTarget:
        DNSName: !GetAtt Distribution.DomainName
        HostedZoneId: Z2FDTNDATAQYW2
"""
        in text
    )
