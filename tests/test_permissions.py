"""Deploys and prunes do all they have to with the permissions that they are given, and need each of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import botocore.handlers
import pytest
from moto import mock_aws

from cdn_pipeline import cli
from cdn_pipeline.provision import identity_policy, permissions
from cdn_pipeline.provision.describe import describe
from cdn_pipeline.stores import s3
from cdn_pipeline.stores.s3 import multipart
from cdn_pipeline.stores.s3.wire import Request, Response
from tests.described import WHOLE, described
from tests.iam import SECURE, Obeying, allowed_actions, is_allowed
from tests.publishing import ROUTES, built, config_of

ARN = "arn:aws:s3:::example-assets"
CONFIG = f"""
minify = false

[targets.cdn]
url = "https://cdn.example.com/site/"
store = "s3://example-assets/site"
cdn = "cloudfront:DISTRIBUTION"
verify_edge = false

[publish]
keep_releases = 1
grace = "0s"
{ROUTES}"""

FILES: Mapping[str, str | bytes] = {"a.css": "a { color: red }", "robots.txt": "User-agent: *\n"}


class Site:
    """A small site, its bucket and its distribution. `run` runs a command with the permissions of a verb."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.patch = patch
        self.used: set[str] = set()
        self.refused: set[str] = set()
        self.breaks_parts = False
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="example-assets")
        client.put_bucket_versioning(Bucket="example-assets", VersioningConfiguration={"Status": "Enabled"})
        self.distribution = _new_distribution()
        self.config = CONFIG.replace("DISTRIBUTION", self.distribution)

    def write(self, files: Mapping[str, str | bytes]) -> None:
        built(self.root, files, self.config)

    def run(self, verb: str, *arguments: str) -> int:
        """The exit code of a command, which may do what *verb* may."""
        config = config_of(self.root)
        policy = identity_policy.document(config, describe(config), verb)
        with self.patch.context() as patch:
            wires = []

            def open_wire() -> Obeying:
                wires.append(Breaking(policy) if self.breaks_parts else Obeying(policy))
                return wires[-1]

            patch.setattr(s3, "open_wire", open_wire)
            added = [("before-call.cloudfront", self._cloudfront(policy))]
            patch.setattr(
                botocore.handlers, "BUILTIN_HANDLERS", [*botocore.handlers.BUILTIN_HANDLERS, *added]
            )
            code = cli.main(["--config", str(self.root / "cdn_pipeline.toml"), *arguments])
        for wire in wires:
            self.used |= {action for action, _ in wire.used}
            self.refused |= {f"{action} {resource}" for action, resource in wire.refused}
        return code

    def _cloudfront(self, policy: Mapping[str, Any]) -> Any:
        def ask(model: Any, **_: Any) -> None:
            action = f"cloudfront:{model.name}"
            self.used.add(action)
            if not is_allowed([policy], action, f"arn:aws:cloudfront::*:distribution/{self.distribution}"):
                self.refused.add(action)

        return ask


class Breaking(Obeying):
    """Cannot take the second part of anything."""

    def send(self, request: Request) -> Response:
        if "partNumber=2" in request.path:
            return Response(
                400, {"content-type": "application/xml"}, b"<Error><Code>BadDigest</Code></Error>"
            )
        return super().send(request)


def _new_distribution() -> str:
    origin = {"Id": "o", "DomainName": "o.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    behavior = {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all", "CachePolicyId": "p"}
    config = {
        "CallerReference": "r",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": behavior,
    }
    made = boto3.client("cloudfront").create_distribution(DistributionConfig=config)
    return str(made["Distribution"]["Id"])


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with mock_aws():
        yield Site(tmp_path, monkeypatch)


# Nothing of ours asks for these: they are for whoever looks how far an invalidation is.
FOR_PEOPLE = {"cloudfront:GetInvalidation", "cloudfront:ListInvalidations"}


def test_a_deploy_does_all_it_must_with_its_permissions_and_needs_each(
    site: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    """So do rollbacks and whatever else changes or reads the state, except a prune."""
    site.patch.setattr(s3, "LARGE", 1 << 20)
    site.patch.setattr(s3, "SMALL", 1 << 10)
    site.patch.setattr(multipart, "PART_SIZE", 5 << 20)
    site.write(FILES)
    assert site.run("deploy", "plan", "--no-build") == 0
    assert site.run("deploy", "deploy", "--no-build") == 0
    site.write({"robots.txt": "User-agent: b\n", "film.mp4": bytes(11 << 20)})
    site.breaks_parts = True
    assert site.run("deploy", "deploy", "--no-build") == 1  # and the parts that were sent are given up
    site.breaks_parts = False
    for command in (
        ("deploy", "--no-build"),
        ("deploy", "--no-build", "--thorough"),
        ("status",),
        ("releases",),
        ("verify", "--origin"),
        ("rollback",),
    ):
        assert site.run("deploy", *command) == 0, (command, capfd.readouterr())
    config = config_of(site.root)
    policy = identity_policy.document(config, describe(config), "deploy")

    assert site.refused == set()
    assert site.used == allowed_actions(policy) - FOR_PEOPLE


def test_a_prune_does_all_it_must_with_its_permissions_and_needs_each(site: Site) -> None:
    for text in "one", "two", "three":
        site.write({"a.css": f"a {{ content: '{text}' }}", "robots.txt": text})
        assert site.run("deploy", "deploy", "--no-build") == 0
    before = _versions()
    site.used.clear()

    assert site.run("prune", "prune", "--yes") == 0
    assert site.run("prune", "prune", "--dry-run") == 0
    config = config_of(site.root)
    policy = identity_policy.document(config, describe(config), "prune")

    assert site.refused == set()
    assert site.used == allowed_actions(policy)
    assert _versions() < before


def _versions() -> int:
    listed = boto3.client("s3").list_object_versions(Bucket="example-assets")
    assert "DeleteMarkers" not in listed
    return len(listed["Versions"])


@pytest.mark.parametrize(
    ("role", "command", "action"),
    [
        ("prune", ("deploy", "--no-build"), "s3:PutObject"),
        ("deploy", ("prune", "--yes"), "s3:GetBucketVersioning"),
    ],
)
def test_each_role_is_for_its_own_verb(
    site: Site, capfd: pytest.CaptureFixture[str], role: str, command: tuple[str, ...], action: str
) -> None:
    """And the one that it lacks is named."""
    for text in "one", "two", "three":
        site.write({"a.css": f"a {{ content: '{text}' }}"})
        if text != "three":
            assert site.run("deploy", "deploy", "--no-build") == 0
    before = _versions()

    assert site.run(role, *command) == 1
    assert action in capfd.readouterr().err
    assert _versions() == before


# What the bucket itself says


US = ("Service", "cloudfront.amazonaws.com")
OURS = "arn:aws:cloudfront::111122223333:distribution/E2EXAMPLE"
CI = ("AWS", "arn:aws:iam::111122223333:role/ci")
STRANGER = ("AWS", "arn:aws:iam::999999999999:user/somebody")


@pytest.mark.parametrize(
    ("who", "action", "key", "distribution", "is_allowed_"),
    [
        (US, "s3:GetObject", "/site/a.png", OURS, True),
        (US, "s3:ListBucket", "", OURS, True),  # so that what is missing is a 404
        (US, "s3:GetObject", "/site/a.png", OURS.replace("E2", "E3"), False),
        (US, "s3:GetObject", "/site/a.png", OURS.replace("1111", "9999"), False),
        (US, "s3:GetObject", "/other/a.png", OURS, False),
        (US, "s3:GetObject", "/site/.cdn_pipeline/current.json", OURS, False),
        (US, "s3:PutObject", "/site/a.png", OURS, False),
        (CI, "s3:PutObject", "/site/a.png", "", True),
        (CI, "s3:PutObject", "/site/.cdn_pipeline/current.json", "", True),
        (CI, "s3:ListBucket", "", "", True),
        (CI, "s3:PutObject", "/other/a.png", "", False),
        (CI, "s3:DeleteObject", "/site/a.png", "", False),
        (CI, "s3:DeleteObjectVersion", "/site/a.png", "", False),
        (CI, "s3:PutBucketPolicy", "", "", False),
        (STRANGER, "s3:GetObject", "/site/a.png", "", False),
        (STRANGER, "s3:GetObject", "/site/a.png", OURS, False),
    ],
)
def test_the_bucket_lets_in_one_distribution_and_who_is_named(
    tmp_path: Path, who: tuple[str, str], action: str, key: str, distribution: str, is_allowed_: bool
) -> None:
    policy = _bucket_policy(tmp_path)
    context = {**SECURE, "aws:SourceArn": distribution}

    assert is_allowed([policy], action, ARN + key, who, context) == is_allowed_


def test_nobody_gets_in_without_tls(tmp_path: Path) -> None:
    context = {"aws:SecureTransport": "false", "aws:SourceArn": OURS}

    assert not is_allowed([_bucket_policy(tmp_path)], "s3:GetObject", f"{ARN}/site/a.png", US, context)
    assert not is_allowed([_bucket_policy(tmp_path)], "s3:PutObject", f"{ARN}/site/a.png", CI, context)


def _bucket_policy(directory: Path) -> dict[str, Any]:
    policy = permissions.document(described(directory, WHOLE).bucket_policy)
    filled: dict[str, Any] = permissions.filled(policy, {"distribution.arn": OURS})
    return filled


# Without roles


def test_a_policy_names_the_distribution_of_the_config_in_whatever_account(tmp_path: Path) -> None:
    (tmp_path / "cdn_pipeline.toml").write_text(CONFIG.replace("DISTRIBUTION", "E2EXAMPLE"))
    config = config_of(tmp_path)

    assert identity_policy.document(config, describe(config), "deploy") == {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "List", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": ARN},
            {
                "Sid": "Objects",
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:AbortMultipartUpload", "s3:PutObject"],
                "Resource": f"{ARN}/site/*",
            },
            {
                "Sid": "Invalidate",
                "Effect": "Allow",
                "Action": [
                    "cloudfront:CreateInvalidation",
                    "cloudfront:GetInvalidation",
                    "cloudfront:ListInvalidations",
                ],
                "Resource": "arn:aws:cloudfront::*:distribution/E2EXAMPLE",
            },
        ],
    }


def test_the_command_prints_a_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cdn_pipeline.toml").write_text(CONFIG.replace("DISTRIBUTION", "E2EXAMPLE"))
    config = config_of(tmp_path)
    command = ["--config", str(tmp_path / "cdn_pipeline.toml"), "provision", "--policy", "prune"]

    assert cli.main(command) == 0
    assert json.loads(capsys.readouterr().out) == identity_policy.document(config, describe(config), "prune")


@pytest.mark.parametrize("cdn", ["", 'cdn = "pull"\n', 'cdn = "cloudflare:0123"\n'])
def test_a_policy_says_nothing_of_a_distribution_that_the_config_does_not_name(
    tmp_path: Path, cdn: str
) -> None:
    text = CONFIG.replace('cdn = "cloudfront:DISTRIBUTION"\n', cdn)
    (tmp_path / "cdn_pipeline.toml").write_text(text)
    config = config_of(tmp_path)
    policy = identity_policy.document(config, describe(config), "deploy")

    assert [each["Sid"] for each in policy["Statement"]] == ["List", "Objects"]
