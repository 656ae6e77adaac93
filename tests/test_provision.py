"""Provisioning, on moto and a stand-in for CloudFront."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cdn_pipeline.config_file import load
from cdn_pipeline.provision import reconcile
from cdn_pipeline.provision.account import ProvisionError
from cdn_pipeline.provision.change import Change
from cdn_pipeline.provision.describe import describe
from cdn_pipeline.provision.description import Description
from cdn_pipeline.provision.reconcile import Plan
from tests.aws_account import AwsAccount, Crash

NAME = "cdn-pipeline-example-assets-site-1a961cc8"
TARGET = """
[targets.cdn]
url = "https://cdn.example.com/site/"
store = "s3://example-assets/site"
"""
WHOLE = f"""{TARGET}
[provision]
hosted_zone = "example.com"
deployers = ["arn:aws:iam::123456789012:root"]
tags = {{ team = "web" }}
"""
PLAIN = TARGET.replace("cdn.example.com", "d1.cloudfront.net")  # without a domain


@pytest.fixture
def aws() -> Iterator[AwsAccount]:
    with AwsAccount() as account:
        account.client("route53").create_hosted_zone(Name="example.com", CallerReference="x")
        yield account


@pytest.fixture
def site(tmp_path: Path) -> Description:
    return described(tmp_path, WHOLE)


def described(directory: Path, text: str) -> Description:
    (directory / "cdn_pipeline.toml").write_text(text, "utf-8")
    return describe(load(directory / "cdn_pipeline.toml"))


def ignore(_: Change) -> None:
    """Nobody is told."""


def provision(aws: AwsAccount, site: Description, *, adopts: bool = False) -> Plan:
    return reconcile.apply(aws.account(site.bucket.region), site, ignore, adopts=adopts)


def planned(aws: AwsAccount, site: Description, *, adopts: bool = False) -> Plan:
    return reconcile.plan(aws.account(site.bucket.region), site, adopts=adopts)


def steps(plan: Plan) -> list[str]:
    return [f"{change.act} {change.resource}" for change in plan.changes]


def told(plan: Plan) -> list[str]:
    """Every difference, in one line."""
    return [
        f"{change.resource}: {path}: {was!r} -> {wanted!r}"
        for change in plan.changes
        for path, was, wanted in change.differences
    ]


def refusal(aws: AwsAccount, site: Description, *, adopts: bool = False) -> str:
    with pytest.raises(ProvisionError) as caught:
        provision(aws, site, adopts=adopts)
    return str(caught.value)


def config_of(aws: AwsAccount) -> dict[str, Any]:
    (distribution,) = aws.api.distributions.values()
    config: dict[str, Any] = distribution["DistributionConfig"]
    return config


def hand_made(aws: AwsAccount, **changes: Any) -> dict[str, Any]:
    """A distribution that somebody made in the console."""
    config = {
        "CallerReference": "by hand",
        "Comment": "mine",
        "Enabled": True,
        "Origins": {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "web",
                    "DomainName": "www.example.org",
                    "CustomOriginConfig": {
                        "HTTPPort": 80,
                        "HTTPSPort": 443,
                        "OriginProtocolPolicy": "https-only",
                    },
                }
            ],
        },
        "DefaultCacheBehavior": {
            "TargetOriginId": "web",
            "ViewerProtocolPolicy": "allow-all",
            "ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "all"}},
            "FunctionAssociations": {
                "Quantity": 1,
                "Items": [{"FunctionARN": "arn:aws:cloudfront::1:function/f", "EventType": "viewer-request"}],
            },
        },
        **changes,
    }
    made: dict[str, Any] = aws.api.create_distribution({"DistributionConfig": config})["Distribution"]
    return made


# From nothing


def test_one_run_makes_everything_and_the_next_finds_nothing_to_do(
    aws: AwsAccount, site: Description
) -> None:
    done = provision(aws, site)

    assert steps(done) == [
        "create bucket example-assets",
        "change bucket example-assets",  # public access, encryption, versions, lifecycle
        "change bucket example-assets",
        "change bucket example-assets",
        "change bucket example-assets",
        f"create origin access control {NAME}",
        f"create response headers policy {NAME}",
        "create certificate for cdn.example.com",
        "create record that proves cdn.example.com",
        "wait for certificate for cdn.example.com",
        "create distribution",
        "create policy of bucket example-assets",
        f"create policy {NAME}-deploy",
        f"create policy {NAME}-prune",
        f"create role {NAME}-deploy",
        f"change role {NAME}-deploy",
        "create records of cdn.example.com",
    ]
    assert provision(aws, site).changes == ()
    assert aws.api.distributions[done.known["distribution.id"]]["Status"] == "Deployed"


def test_the_bucket_is_private_encrypted_and_versioned_and_expires_no_live_object(
    aws: AwsAccount, site: Description
) -> None:
    provision(aws, site)
    s3, bucket = aws.client("s3"), {"Bucket": "example-assets"}

    assert set(s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"].values()) == {True}
    assert s3.get_bucket_ownership_controls(**bucket)["OwnershipControls"] == {
        "Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]
    }
    rule = s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert s3.get_bucket_versioning(**bucket)["Status"] == "Enabled"
    assert s3.get_bucket_lifecycle_configuration(**bucket)["Rules"] == [
        {
            "ID": "cdn-pipeline",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        }
    ]
    assert s3.get_bucket_tagging(**bucket)["TagSet"] == [
        {"Key": "cdn-pipeline:site", "Value": "example-assets/site"},
        {"Key": "team", "Value": "web"},
    ]


def test_only_this_distribution_reads_the_assets_and_nobody_the_releases(
    aws: AwsAccount, site: Description
) -> None:
    arn = provision(aws, site).known["distribution.arn"]
    policy = json.loads(aws.client("s3").get_bucket_policy(Bucket="example-assets")["Policy"])
    cloudfront = {"Service": "cloudfront.amazonaws.com"}
    only = {"StringEquals": {"AWS:SourceArn": arn}}

    assert policy["Statement"] == [
        {
            "Sid": "CdnPipelineSecureTransport",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": ["arn:aws:s3:::example-assets", "arn:aws:s3:::example-assets/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
        {
            "Sid": "CdnPipelineRead",
            "Effect": "Allow",
            "Principal": cloudfront,
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::example-assets/site/*",
            "Condition": only,
        },
        {
            "Sid": "CdnPipelineList",
            "Effect": "Allow",
            "Principal": cloudfront,
            "Action": "s3:ListBucket",
            "Resource": "arn:aws:s3:::example-assets",
            "Condition": only,
        },
        {
            "Sid": "CdnPipelineReleases",
            "Effect": "Deny",
            "Principal": cloudfront,
            "Action": "s3:*",
            "Resource": "arn:aws:s3:::example-assets/site/.cdn_pipeline/*",
        },
    ]


def test_the_domain_leads_to_the_distribution_by_three_alias_records(
    aws: AwsAccount, site: Description
) -> None:
    known = provision(aws, site).known
    route53 = aws.client("route53")
    zone = route53.list_hosted_zones()["HostedZones"][0]["Id"]
    records = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    aliases = {
        record["Type"]: record["AliasTarget"] for record in records if record["Name"] == "cdn.example.com."
    }

    assert sorted(aliases) == ["A", "AAAA", "HTTPS"]
    for alias in aliases.values():
        assert alias["HostedZoneId"] == "Z2FDTNDATAQYW2"
        assert alias["DNSName"].rstrip(".") == known["distribution.domain"]


def test_a_site_without_a_domain_needs_neither_certificate_nor_records(
    aws: AwsAccount, tmp_path: Path
) -> None:
    done = provision(aws, described(tmp_path, PLAIN))

    assert not [step for step in steps(done) if "certificate" in step or "record" in step]
    assert config_of(aws)["Aliases"] == {"Quantity": 0}


def test_a_bucket_may_be_in_any_region(aws: AwsAccount, tmp_path: Path) -> None:
    site = described(tmp_path, f'{PLAIN}[provision]\nregion = "eu-central-1"')
    provision(aws, site)
    place = aws.client("s3").get_bucket_location(Bucket="example-assets")

    assert place["LocationConstraint"] == "eu-central-1"
    assert (
        config_of(aws)["Origins"]["Items"][0]["DomainName"] == "example-assets.s3.eu-central-1.amazonaws.com"
    )
    assert provision(aws, site).changes == ()


def test_a_plan_changes_nothing_and_says_what_is_not_known_yet(aws: AwsAccount, site: Description) -> None:
    plan = planned(aws, site)

    assert aws.writes == []
    assert "create distribution" in steps(plan)
    assert any("alias of ${distribution.domain}" in line for line in told(plan))


# Interrupted


def test_a_run_that_ends_after_each_single_step_is_finished_by_those_after_it(
    aws: AwsAccount, site: Description
) -> None:
    runs = 0
    while True:
        aws.crash = (len(aws.writes) + 1, "after")
        try:
            provision(aws, site)
            break
        except Crash:
            runs += 1
    made = list(aws.writes)
    aws.crash = None

    assert runs == 16
    assert len(set(made)) == len([name for name in made if name not in MORE_THAN_ONCE]) + len(MORE_THAN_ONCE)
    assert planned(aws, site).changes == ()
    assert (len(aws.api.distributions), len(aws.api.access_controls), len(aws.api.headers_policies)) == (
        1,
        1,
        1,
    )
    assert len(aws.client("acm").list_certificates()["CertificateSummaryList"]) == 1


MORE_THAN_ONCE = {"iam:CreatePolicy", "route-53:ChangeResourceRecordSets"}


def test_a_step_whose_reply_is_lost_is_not_done_twice(aws: AwsAccount, site: Description) -> None:
    aws.loses = True
    provision(aws, site)

    assert len(aws.writes) == 32  # each once more
    assert planned(aws, site).changes == ()
    assert (len(aws.api.distributions), len(aws.api.access_controls), len(aws.api.headers_policies)) == (
        1,
        1,
        1,
    )
    assert len(aws.client("acm").list_certificates()["CertificateSummaryList"]) == 1


def test_whatever_is_not_allowed_is_named_and_the_next_run_goes_on(
    aws: AwsAccount, site: Description
) -> None:
    permissions = {
        "s3:CreateBucket": "s3:CreateBucket and s3:TagResource",
        "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
        "cloudfront:ListOriginAccessControls": "cloudfront:ListOriginAccessControls",
        "cloudfront:CreateResponseHeadersPolicy": "cloudfront:CreateResponseHeadersPolicy",
        "acm:RequestCertificate": "acm:RequestCertificate and acm:AddTagsToCertificate",
        "route-53:ListHostedZonesByName": "route53:ListHostedZonesByName",
        "cloudfront:CreateDistributionWithTags": "cloudfront:CreateDistribution and cloudfront:TagResource",
        "s3:PutBucketPolicy": "s3:PutBucketPolicy",
        "iam:CreatePolicy": "iam:CreatePolicy and iam:TagPolicy",
        "iam:AttachRolePolicy": "iam:AttachRolePolicy",
    }
    for name, permission in permissions.items():
        aws.denied = {name}
        message = refusal(aws, site)
        assert message.endswith(f"; allow {permission} to whoever runs this"), message
    aws.denied = set()
    provision(aws, site)

    assert planned(aws, site).changes == ()


# Waiting for a certificate


def test_without_a_hosted_zone_the_record_to_make_is_named_and_the_next_run_goes_on(
    aws: AwsAccount, tmp_path: Path
) -> None:
    site = described(tmp_path, TARGET)
    message = refusal(aws, site)
    (certificate,) = aws.client("acm").list_certificates()["CertificateSummaryList"]
    told = aws.client("acm").describe_certificate(CertificateArn=certificate["CertificateArn"])["Certificate"]
    record = told["DomainValidationOptions"][0]["ResourceRecord"]

    assert message == (
        f"certificate for cdn.example.com: waits for the record {record['Name'].rstrip('.')} CNAME "
        f"{record['Value']}; make it where the domain's records are, and run it again: it goes on from there"
    )
    assert aws.waited_s == 0.0
    aws.issue_all()
    assert "create distribution" in steps(provision(aws, site))


def test_a_certificate_that_stays_pending_ends_the_run_and_blames_the_servers(
    aws: AwsAccount, site: Description
) -> None:
    aws.issues = False
    message = refusal(aws, site)

    assert "it is in example.com: see that the domain's registrar names that zone's servers" in message
    assert aws.waited_s == 900.0
    assert not aws.api.distributions


def test_a_certificate_that_failed_is_asked_for_again(aws: AwsAccount, site: Description) -> None:
    aws.crash = (9, "before")
    with pytest.raises(Crash):
        provision(aws, site)
    for certificate in aws._certificates().values():
        certificate.status = "FAILED"
    aws.crash = None
    provision(aws, site)

    assert len(aws._certificates()) == 2
    assert planned(aws, site).changes == ()


def test_a_certificate_that_is_named_is_used_and_none_is_asked_for(aws: AwsAccount, tmp_path: Path) -> None:
    arn = aws.client("acm").request_certificate(DomainName="*.example.com")["CertificateArn"]
    aws.issue_all()
    done = provision(aws, described(tmp_path, f'{TARGET}[provision]\ncertificate = "{arn}"'))

    assert not [step for step in steps(done) if "certificate" in step]
    assert config_of(aws)["ViewerCertificate"]["ACMCertificateArn"] == arn


# Drift


def test_what_others_changed_is_told_and_set_right(aws: AwsAccount, site: Description) -> None:
    known = provision(aws, site).known
    config = config_of(aws)
    config["DefaultCacheBehavior"]["Compress"] = False
    config["Origins"]["Items"][0]["OriginAccessControlId"] = ""
    aws.client("s3").put_bucket_versioning(
        Bucket="example-assets", VersioningConfiguration={"Status": "Suspended"}
    )
    aws.client("s3").delete_bucket_policy(Bucket="example-assets")
    id_, control = known["distribution.id"], known["access_control.id"]
    plan = planned(aws, site)

    assert told(plan)[:3] == [
        "bucket example-assets: Versioning.Status: 'Suspended' -> 'Enabled'",
        f"distribution {id_}: Origins[bucket].OriginAccessControlId: '' -> {control!r}",
        f"distribution {id_}: DefaultCacheBehavior.Compress: False -> True",
    ]
    assert steps(plan)[2:] == ["create policy of bucket example-assets"]
    provision(aws, site)
    assert planned(aws, site).changes == ()


def test_what_others_added_stays(aws: AwsAccount, site: Description) -> None:
    provision(aws, site)
    config = config_of(aws)
    function = {"FunctionARN": "arn:aws:cloudfront::1:function/f", "EventType": "viewer-request"}
    config["DefaultCacheBehavior"]["FunctionAssociations"] = {"Quantity": 1, "Items": [function]}
    config["WebACLId"] = "arn:aws:wafv2:us-east-1:1:global/webacl/w/1"
    config["PriceClass"] = "PriceClass_All"
    mine = {"Sid": "Mine", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject"}
    mine["Resource"] = "arn:aws:s3:::example-assets/*"
    s3 = aws.client("s3")
    policy = json.loads(s3.get_bucket_policy(Bucket="example-assets")["Policy"])
    policy["Statement"] = [mine, policy["Statement"][0]]
    s3.put_bucket_policy(Bucket="example-assets", Policy=json.dumps(policy))
    s3.put_bucket_tagging(
        Bucket="example-assets",
        Tagging={"TagSet": [{"Key": "cdn-pipeline:site", "Value": site.site}, {"Key": "cost", "Value": "1"}]},
    )
    provision(aws, site)
    statements = json.loads(s3.get_bucket_policy(Bucket="example-assets")["Policy"])["Statement"]

    assert config_of(aws)["DefaultCacheBehavior"]["FunctionAssociations"]["Items"] == [function]
    assert config_of(aws)["WebACLId"] == "arn:aws:wafv2:us-east-1:1:global/webacl/w/1"
    assert config_of(aws)["PriceClass"] == "PriceClass_100"
    assert [statement["Sid"] for statement in statements][:2] == ["Mine", "CdnPipelineSecureTransport"]
    assert len(statements) == 5
    assert {tag["Key"] for tag in s3.get_bucket_tagging(Bucket="example-assets")["TagSet"]} == {
        "cdn-pipeline:site",
        "cost",
        "team",
    }


def test_a_policy_with_five_versions_loses_its_oldest(aws: AwsAccount, site: Description) -> None:
    provision(aws, site)
    iam, arn = aws.client("iam"), f"arn:aws:iam::123456789012:policy/{NAME}-deploy"
    for number in range(4):
        other = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Deny", "Action": f"a:{number}", "Resource": "*"}],
        }
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(other), SetAsDefault=True)
    provision(aws, site)
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]

    assert sorted(version["VersionId"] for version in versions) == ["v2", "v3", "v4", "v5", "v6"]
    assert planned(aws, site).changes == ()


# What is somebody else's


def test_a_distribution_made_by_hand_is_not_touched(aws: AwsAccount, site: Description) -> None:
    hand = hand_made(aws)
    before = json.dumps(hand["DistributionConfig"])
    provision(aws, site)

    assert json.dumps(aws.api.distributions[hand["Id"]]["DistributionConfig"]) == before
    assert len(aws.api.distributions) == 2


def test_a_distribution_that_has_the_domain_is_adopted_only_if_told_and_keeps_its_settings(
    aws: AwsAccount, site: Description
) -> None:
    arn = aws.client("acm").request_certificate(DomainName="cdn.example.com")["CertificateArn"]
    aws.issue_all()
    viewer = {"ACMCertificateArn": arn, "SSLSupportMethod": "sni-only", "MinimumProtocolVersion": "TLSv1"}
    hand = hand_made(
        aws,
        Aliases={"Quantity": 1, "Items": ["cdn.example.com"]},
        ViewerCertificate=viewer,
        PriceClass="None",
    )
    message = refusal(aws, site)
    assert aws.writes == []
    provision(aws, site, adopts=True)
    config = config_of(aws)

    assert message.startswith(f"distribution {hand['Id']}: has the domain cdn.example.com, and no tag")
    assert [origin["Id"] for origin in config["Origins"]["Items"]] == ["web", "bucket"]
    assert "ForwardedValues" not in config["DefaultCacheBehavior"]
    assert config["DefaultCacheBehavior"]["TargetOriginId"] == "bucket"
    assert config["DefaultCacheBehavior"]["FunctionAssociations"]["Quantity"] == 1
    assert config["CallerReference"] == "by hand"
    assert aws.api.tags[hand["ARN"]]["cdn-pipeline:site"] == "example-assets/site"
    assert provision(aws, site).changes == ()


def test_a_bucket_made_by_hand_is_adopted_only_if_told_and_keeps_its_objects(
    aws: AwsAccount, tmp_path: Path
) -> None:
    site, s3 = described(tmp_path, PLAIN), aws.client("s3")
    s3.create_bucket(Bucket="example-assets")
    s3.put_object(Bucket="example-assets", Key="old.txt", Body=b"old")
    message = refusal(aws, site)
    assert aws.writes == []
    provision(aws, site, adopts=True)

    assert message == (
        "bucket example-assets: is there, and was not made by cdn-pipeline for example-assets/site; "
        "let it be ours with --adopt, or choose another name"
    )
    s3.delete_bucket_policy(Bucket="example-assets")  # of which moto ignores the conditions
    assert s3.get_object(Bucket="example-assets", Key="old.txt")["Body"].read() == b"old"
    provision(aws, site)
    assert provision(aws, site).changes == ()


def test_what_another_site_made_is_never_adopted(aws: AwsAccount, tmp_path: Path) -> None:
    provision(aws, described(tmp_path, PLAIN))
    other = described(tmp_path, PLAIN.replace("/site", "/other"))

    assert refusal(aws, other, adopts=True) == (
        "bucket example-assets: belongs to the site example-assets/site; "
        "give this site one of its own, or remove the tag cdn-pipeline:site from it"
    )


def test_a_distribution_that_lost_its_tag_is_found_by_its_comment(aws: AwsAccount, tmp_path: Path) -> None:
    site = described(tmp_path, PLAIN)
    provision(aws, site)
    aws.api.tags.clear()

    assert "has our comment, and no tag cdn-pipeline:site that says it is ours" in refusal(aws, site)
    provision(aws, site, adopts=True)
    assert len(aws.api.distributions) == 1
    assert planned(aws, site).changes == ()


@pytest.mark.parametrize("kind", ["A", "CNAME"])
def test_a_record_that_leads_elsewhere_is_replaced_only_if_told(
    aws: AwsAccount, site: Description, kind: str
) -> None:
    route53 = aws.client("route53")
    zone = route53.list_hosted_zones()["HostedZones"][0]["Id"]
    value = {"A": "192.0.2.1", "CNAME": "old.example.net"}[kind]
    record = {"Name": "cdn.example.com", "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value}]}
    changes = [{"Action": "CREATE", "ResourceRecordSet": record}]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    message = refusal(aws, site)
    assert aws.writes == []
    provision(aws, site, adopts=True)
    records = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]

    assert f"record cdn.example.com {kind}: leads elsewhere ({value})" in message
    assert [each["Type"] for each in records if each["Name"] == "cdn.example.com."] == ["A", "AAAA", "HTTPS"]


# What AWS refuses


def test_a_bucket_name_that_is_taken_is_said(aws: AwsAccount, tmp_path: Path) -> None:
    from moto.s3.models import s3_backends

    s3_backends["999999999999"]["aws"].create_bucket("example-assets", "us-east-1")
    message = refusal(aws, described(tmp_path, PLAIN))

    assert message.startswith("bucket example-assets: ")
    assert "choose another" in message


def test_a_bucket_in_another_region_is_said(aws: AwsAccount, tmp_path: Path) -> None:
    where = {"LocationConstraint": "eu-west-1"}
    aws.client("s3", "eu-west-1").create_bucket(Bucket="example-assets", CreateBucketConfiguration=where)

    assert refusal(aws, described(tmp_path, PLAIN)) == (
        'bucket example-assets: is in eu-west-1, not us-east-1; write region = "eu-west-1" in [provision], '
        "or choose another name"
    )


def test_a_domain_of_another_accounts_distribution_is_said(aws: AwsAccount, site: Description) -> None:
    aws.api.aliases_elsewhere = {"cdn.example.com"}
    message = refusal(aws, site)

    assert message.startswith(
        "distribution: cloudfront:CreateDistributionWithTags was refused: CNAMEAlreadyExists"
    )
    assert "another distribution, here or in another account, has this domain" in message
    aws.api.aliases_elsewhere = set()
    provision(aws, site)
    assert planned(aws, site).changes == ()


@pytest.mark.parametrize(
    ("noun", "code"),
    [
        ("Distribution", "TooManyDistributions"),
        ("OriginAccessControl", "TooManyOriginAccessControls"),
        ("ResponseHeadersPolicy", "TooManyResponseHeadersPolicies"),
    ],
)
def test_a_quota_that_is_reached_is_said(aws: AwsAccount, tmp_path: Path, noun: str, code: str) -> None:
    site = described(tmp_path, PLAIN)
    limit = aws.api.limits[noun]
    aws.api.limits[noun] = 0
    message = refusal(aws, site)
    aws.api.limits[noun] = limit

    assert f"was refused: {code}" in message
    assert message.endswith(
        "ask for a higher quota in the Service Quotas console, or remove what is not needed, and run it again"
    )
    provision(aws, site)
    assert planned(aws, site).changes == ()


@pytest.mark.parametrize(
    ("zone", "message"),
    [
        (
            "example.net",
            "hosted zone example.net: account 123456789012 has no public one of that name; "
            "make one; or, where it is another account's, leave provision.hosted_zone out, and make",
        ),
        (
            "Z0000000000",
            "hosted zone Z0000000000: account 123456789012 has no public one of that name; make one; ",
        ),
        ("example.org", "hosted zone example.org: the domain cdn.example.com is not in it; "),
        ("example.com", "hosted zone example.com: there are several: "),
    ],
)
def test_a_zone_that_does_not_fit_is_said_before_anything_is_made(
    aws: AwsAccount, tmp_path: Path, zone: str, message: str
) -> None:
    for name in ("example.org", "example.com"):
        aws.client("route53").create_hosted_zone(Name=name, CallerReference=f"{name} 2")
    site = described(tmp_path, f'{TARGET}[provision]\nhosted_zone = "{zone}"')

    assert message in refusal(aws, site)
    assert aws.writes == []


def test_a_role_for_github_needs_its_provider(aws: AwsAccount, tmp_path: Path) -> None:
    site = described(tmp_path, f'{PLAIN}[provision]\ndeployers = ["github:example/site"]')
    assert "aws iam create-open-id-connect-provider" in refusal(aws, site)
    assert aws.writes == []
    aws.client("iam").create_open_id_connect_provider(Url="https://token.actions.githubusercontent.com")
    provision(aws, site)

    trust = aws.client("iam").get_role(RoleName=f"{NAME}-deploy")["Role"]["AssumeRolePolicyDocument"]
    assert trust["Statement"][0]["Condition"]["StringEquals"] == {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": "repo:example/site:ref:refs/heads/main",
    }


def test_without_credentials_it_says_where_they_come_from(
    site: Description, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from cdn_pipeline.provision.account import Account

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(ProvisionError, match="no credentials for AWS; set AWS_PROFILE"):
        reconcile.plan(Account("us-east-1"), site)


def test_a_role_that_nobody_may_take_any_more_is_told_of_and_left(
    aws: AwsAccount, site: Description, tmp_path: Path
) -> None:
    provision(aws, site)
    without = described(tmp_path, WHOLE.replace('["arn:aws:iam::123456789012:root"]', "[]"))
    done = provision(aws, without)

    assert [str(problem) for problem in done.problems] == [
        f"role {NAME}-deploy: the config names nobody any more who may take it, and it is still there; "
        "remove it in IAM if nobody needs it"
    ]
    assert done.changes == ()
