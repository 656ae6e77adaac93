"""The resources in Terraform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cdn_pipeline.provision import permissions
from cdn_pipeline.provision.description import Description, HeadersPolicy, Policy, Role
from cdn_pipeline.provision.terraform.distribution import distribution
from cdn_pipeline.provision.terraform.domain import domain
from cdn_pipeline.provision.terraform.hcl import Block, Expression, encoded, nested
from cdn_pipeline.provision.terraform.places import BUCKET, NAME, TAGS, filled

CORS = (
    "Fonts and modules are asked for with CORS. What S3 says of it would be kept for everybody as it was\n"
    "for whoever came first, so it is said here."
)
READERS = (
    "CloudFront reads the files, and not the records of releases. That it may list them makes what is\n"
    "missing an honest 404."
)


def resources(description: Description) -> Iterator[Block]:
    """All of them, each with a comment where its reason is not plain."""
    yield from _bucket(description)
    yield _access_control(description)
    yield _resource("cloudfront_response_headers_policy", _headers_policy(description.headers_policy), CORS)
    yield from domain(description)
    yield distribution(description)
    yield from _bucket_policy(description)
    for policy in description.policies:
        yield _policy(description, policy)
    for role in description.roles:
        yield from _role(description, role)


def label(description: Description, made: Policy | Role) -> str:
    """``deploy``, ``prune``."""
    return made.name.removeprefix(f"{description.name}-")


def _resource(kind: str, body: Mapping[str, Any], comment: str = "", name: str = NAME) -> Block:
    return Block(("resource", f"aws_{kind}", name), body, comment)


def _bucket(description: Description) -> Iterator[Block]:
    wanted, bucket = description.bucket, {"bucket": Expression(f"{BUCKET}.id")}
    body = {"bucket": wanted.name, "tags": TAGS, "lifecycle": nested({"prevent_destroy": True})}
    yield _resource("s3_bucket", body, "Private, and kept: Terraform refuses to remove it.")
    ways = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")
    closed = dict.fromkeys(ways, wanted.is_public_access_blocked)
    yield _resource("s3_bucket_public_access_block", bucket | closed)
    rule = nested({"object_ownership": wanted.ownership})
    yield _resource("s3_bucket_ownership_controls", bucket | {"rule": rule})
    by_default = nested({"sse_algorithm": wanted.encryption})
    rule = nested({"apply_server_side_encryption_by_default": by_default})
    yield _resource("s3_bucket_server_side_encryption_configuration", bucket | {"rule": rule})
    status = nested({"status": "Enabled" if wanted.is_versioned else "Suspended"})
    yield _resource("s3_bucket_versioning", bucket | {"versioning_configuration": status})
    yield _lifecycle(description)


def _lifecycle(description: Description) -> Block:
    wanted = description.bucket
    rule = {
        "id": wanted.lifecycle_id,
        "status": "Enabled",
        "filter": nested({}),
        "noncurrent_version_expiration": nested({"noncurrent_days": wanted.old_versions_days}),
        "abort_incomplete_multipart_upload": nested({"days_after_initiation": wanted.parts_days}),
    }
    body = {
        "bucket": Expression(f"{BUCKET}.id"),
        "depends_on": [Expression(f"aws_s3_bucket_versioning.{NAME}")],
        "rule": nested(rule),
    }
    return _resource("s3_bucket_lifecycle_configuration", body)


def _access_control(description: Description) -> Block:
    wanted = description.access_control
    body = {
        "name": wanted.name,
        "description": wanted.comment,
        "origin_access_control_origin_type": wanted.origin_type,
        "signing_behavior": wanted.signing_behavior,
        "signing_protocol": wanted.signing_protocol,
    }
    return _resource("cloudfront_origin_access_control", body, "CloudFront signs what it asks of the bucket.")


def _headers_policy(wanted: HeadersPolicy) -> Mapping[str, Any]:
    cors = {
        "access_control_allow_credentials": wanted.allow_credentials,
        "access_control_max_age_sec": wanted.max_age_s,
        "origin_override": wanted.is_origin_overridden,
        "access_control_allow_origins": nested({"items": list(wanted.allow_origins)}),
        "access_control_allow_headers": nested({"items": list(wanted.allow_headers)}),
        "access_control_allow_methods": nested({"items": list(wanted.allow_methods)}),
    }
    nosniff = {"content_type_options": nested({"override": wanted.is_nosniff})}
    added = [{"header": header, "value": value, "override": True} for header, value in wanted.headers]
    return {
        "name": wanted.name,
        "comment": wanted.comment,
        "cors_config": nested(cors),
        "security_headers_config": nested(nosniff),
        "custom_headers_config": nested({"items": nested(*added)}),
    }


def _bucket_policy(description: Description) -> Iterator[Block]:
    policy = filled(permissions.document(description.bucket_policy), description)
    body = {
        "bucket": Expression(f"{BUCKET}.id"),
        "policy": encoded(policy),
        # S3 refuses two changes of what is public at a time.
        "depends_on": [Expression(f"aws_s3_bucket_public_access_block.{NAME}")],
    }
    yield _resource("s3_bucket_policy", body, READERS)


def _policy(description: Description, wanted: Policy) -> Block:
    policy = filled(permissions.document(wanted.statements), description)
    body = {"name": wanted.name, "description": wanted.comment, "policy": encoded(policy), "tags": TAGS}
    return _resource("iam_policy", body, name=label(description, wanted))


def _role(description: Description, wanted: Role) -> Iterator[Block]:
    name = label(description, wanted)
    policy = next(label(description, each) for each in description.policies if each.name == wanted.policy)
    trust = encoded(filled(permissions.document(wanted.trust), description))
    body = {"name": wanted.name, "description": wanted.comment, "assume_role_policy": trust, "tags": TAGS}
    yield _resource("iam_role", body, name=name)
    attached = {
        "role": Expression(f"aws_iam_role.{name}.name"),
        "policy_arn": Expression(f"aws_iam_policy.{policy}.arn"),
    }
    yield _resource("iam_role_policy_attachment", attached, name=name)
