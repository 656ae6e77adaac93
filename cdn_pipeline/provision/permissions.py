"""Who may do what: the policy of the bucket, those for deploys and prunes, and who may take a role.

The release prefix ``.cdn_pipeline/`` lies below the prefix of the assets. CloudFront must not read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

CLOUDFRONT = "cloudfront.amazonaws.com"
GITHUB = "token.actions.githubusercontent.com"
RELEASES = ".cdn_pipeline/"
# Not held to a prefix: then S3 would say 403 of an object that is not there (API reference, GetObject).
LIST = ("s3:ListBucket",)
READ_OBJECTS = ("s3:GetObject",)
WRITE_OBJECTS = ("s3:AbortMultipartUpload", "s3:PutObject")


class Statement(NamedTuple):
    """One statement of a policy. *principal* is a kind and its members, such as ``("AWS", ("*",))``; each of
    the *conditions* an operator, a key and its values."""

    sid: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ()  # none in the trust of a role
    principal: tuple[str, tuple[str, ...]] | None = None  # None in a policy of an identity
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...] = ()

    @property
    def document(self) -> dict[str, Any]:
        """As IAM and S3 write it; a list of one is that one."""
        found: dict[str, Any] = {"Sid": self.sid, "Effect": self.effect}
        if self.principal is not None:
            kind, members = self.principal
            found["Principal"] = "*" if members == ("*",) else {kind: _one_or_all(members)}
        found["Action"] = _one_or_all(self.actions)
        if self.resources:
            found["Resource"] = _one_or_all(self.resources)
        conditions: dict[str, dict[str, Any]] = {}
        for operator, key, values in self.conditions:
            conditions.setdefault(operator, {})[key] = _one_or_all(values)
        return found | ({"Condition": conditions} if conditions else {})


def document(statements: tuple[Statement, ...]) -> dict[str, Any]:
    """A whole policy."""
    return {"Version": "2012-10-17", "Statement": [each.document for each in statements]}


def of_bucket(bucket: str, prefix: str, uploaders: tuple[str, ...]) -> tuple[Statement, ...]:
    """The policy of the bucket. CloudFront may list it, so that visitors get a 404 for what is missing."""
    arn = f"arn:aws:s3:::{bucket}"
    ours = (("StringEquals", "AWS:SourceArn", ("${distribution.arn}",)),)
    cloudfront = ("Service", (CLOUDFRONT,))
    named = ("AWS", uploaders)
    statements = [
        Statement(
            "CdnPipelineSecureTransport",
            "Deny",
            ("s3:*",),
            (arn, f"{arn}/*"),
            ("AWS", ("*",)),
            (("Bool", "aws:SecureTransport", ("false",)),),
        ),
        Statement("CdnPipelineRead", "Allow", READ_OBJECTS, (f"{arn}/{prefix}*",), cloudfront, ours),
        Statement("CdnPipelineList", "Allow", LIST, (arn,), cloudfront, ours),
        Statement("CdnPipelineReleases", "Deny", ("s3:*",), (f"{arn}/{prefix}{RELEASES}*",), cloudfront),
    ]
    if uploaders:
        objects = (f"{arn}/{prefix}*",)
        statements += [
            Statement("CdnPipelineUpload", "Allow", (*READ_OBJECTS, *WRITE_OBJECTS), objects, named),
            Statement("CdnPipelineUploadList", "Allow", LIST, (arn,), named),
        ]
    return tuple(statements)


def of_deploy(bucket: str, prefix: str) -> tuple[Statement, ...]:
    """What a deploy and a rollback need: they remove nothing."""
    arn = f"arn:aws:s3:::{bucket}"
    invalidate = (
        "cloudfront:CreateInvalidation",
        "cloudfront:GetInvalidation",
        "cloudfront:ListInvalidations",
    )
    return (
        Statement("List", "Allow", LIST, (arn,)),
        Statement("Objects", "Allow", (*READ_OBJECTS, *WRITE_OBJECTS), (f"{arn}/{prefix}*",)),
        Statement("Invalidate", "Allow", invalidate, ("${distribution.arn}",)),
    )


def of_prune(bucket: str, prefix: str) -> tuple[Statement, ...]:
    """What a prune needs: it says among the releases what it is about to remove, and removes by version."""
    arn = f"arn:aws:s3:::{bucket}"
    objects = (f"{arn}/{prefix}*",)
    return (
        Statement("List", "Allow", ("s3:GetBucketVersioning", *LIST, "s3:ListBucketVersions"), (arn,)),
        Statement("Read", "Allow", READ_OBJECTS, objects),
        Statement("Announce", "Allow", ("s3:PutObject",), (f"{arn}/{prefix}{RELEASES}*",)),
        Statement("Remove", "Allow", ("s3:DeleteObjectVersion",), objects),
    )


def trust(names: tuple[str, ...]) -> tuple[Statement, ...]:
    """Who may take a role: ARNs, ``github:owner/name`` for its main branch, or
    ``github:owner/name:environment:x`` for whatever else GitHub calls the subject of a token."""
    arns = tuple(name for name in names if not name.startswith("github:"))
    subjects = tuple(_subject(name) for name in names if name.startswith("github:"))
    statements = []
    if arns:
        statements.append(Statement("Named", "Allow", ("sts:AssumeRole",), principal=("AWS", arns)))
    if subjects:
        provider = f"arn:aws:iam::${{account.id}}:oidc-provider/{GITHUB}"
        conditions = (
            ("StringEquals", f"{GITHUB}:aud", ("sts.amazonaws.com",)),
            ("StringEquals", f"{GITHUB}:sub", subjects),
        )
        statements.append(
            Statement(
                "GitHub",
                "Allow",
                ("sts:AssumeRoleWithWebIdentity",),
                principal=("Federated", (provider,)),
                conditions=conditions,
            )
        )
    return tuple(statements)


def filled(value: Any, known: Mapping[str, str]) -> Any:
    """*value*, a document, with every place for which *known* has a value filled; the others stay."""
    if isinstance(value, str):
        for name, text in known.items():
            value = value.replace(f"${{{name}}}", text)
        return value
    if isinstance(value, Mapping):
        return {key: filled(each, known) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [filled(each, known) for each in value]
    return value


def same(one: Any, other: Any) -> bool:
    """Whether two policies mean the same: AWS gives lists in another order, and a list of one as that one."""
    return bool(_plain(one) == _plain(other))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return sorted((_plain(each) for each in value), key=repr) if len(value) != 1 else _plain(value[0])
    return value


def _subject(name: str) -> str:
    repository, _, rest = name.removeprefix("github:").partition(":")
    return f"repo:{repository}:{rest or 'ref:refs/heads/main'}"


def _one_or_all(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)
