"""The resources of the CloudFormation template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cdn_pipeline.provision import ownership, permissions
from cdn_pipeline.provision.cloudformation.distribution import distribution
from cdn_pipeline.provision.cloudformation.places import (
    HAS_ZONE,
    MAKES_CERTIFICATE,
    NOTHING,
    filled,
    makes_certificates,
    resource,
)
from cdn_pipeline.provision.cloudformation.yaml_text import Entry, Function
from cdn_pipeline.provision.description import (
    RECORD_TYPES,
    Bucket,
    Certificate,
    Description,
    HeadersPolicy,
    Policy,
    Record,
    Role,
)

COMMENTS = {
    "Bucket": "Private, and kept when the stack goes.",
    "AccessControl": "CloudFront signs what it asks of the bucket.",
    "HeadersPolicy": (
        "Fonts and modules are asked for with CORS. What S3 says of it would be kept for everybody as it\n"
        "was for whoever came first, so it is said here."
    ),
    "Certificate": "Without a zone, the stack waits until you make the record that its events name.",
    "BucketPolicy": (
        "CloudFront reads the files, and not the records of releases. That it may list them makes what is\n"
        "missing an honest 404."
    ),
    "RecordA": "What leads from the domain to CloudFront.",
}


def resources(description: Description) -> Iterator[Entry]:
    """All of them, each with a comment where its reason is not plain."""
    for name, made in _resources(description):
        yield Entry(name, made, COMMENTS.get(name, ""))


def _resources(description: Description) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "Bucket", _bucket(description)
    yield "AccessControl", _access_control(description)
    yield "HeadersPolicy", _headers_policy(description.headers_policy)
    if makes_certificates(description):
        yield "Certificate", _certificate(description)
    yield "Distribution", distribution(description)
    yield "BucketPolicy", _bucket_policy(description)
    for record in description.records or (Record("", kind) for kind in RECORD_TYPES):
        yield f"Record{record.type}", _record(description, record)
    for policy in description.policies:
        yield logical_id(description, policy), _policy(description, policy)
    for role in description.roles:
        yield logical_id(description, role), _role(description, role)


def logical_id(description: Description, made: Policy | Role) -> str:
    """``DeployPolicy``, ``DeployRole``."""
    verb = made.name.removeprefix(f"{description.name}-").capitalize()
    return verb + type(made).__name__


def _bucket(description: Description) -> dict[str, Any]:
    wanted = description.bucket
    # A stack that failed at first leaves nothing behind, so that it can be made again.
    kept = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
    by_default = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": wanted.encryption}}
    made = resource(
        "S3::Bucket",
        BucketName=wanted.name,
        PublicAccessBlockConfiguration=dict.fromkeys(PUBLIC_ACCESS, wanted.is_public_access_blocked),
        OwnershipControls={"Rules": [{"ObjectOwnership": wanted.ownership}]},
        BucketEncryption={"ServerSideEncryptionConfiguration": [by_default]},
        VersioningConfiguration={"Status": "Enabled" if wanted.is_versioned else "Suspended"},
        LifecycleConfiguration={"Rules": [_lifecycle(wanted)]},
        Tags=ownership.items_of(description.tags),
    )
    return {"Type": made["Type"], **kept, "Properties": made["Properties"]}


PUBLIC_ACCESS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def _lifecycle(wanted: Bucket) -> dict[str, Any]:
    return {
        "Id": wanted.lifecycle_id,
        "Status": "Enabled",
        "NoncurrentVersionExpiration": {"NoncurrentDays": wanted.old_versions_days},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": wanted.parts_days},
    }


def _access_control(description: Description) -> dict[str, Any]:
    wanted = description.access_control
    config = {
        "Name": wanted.name,
        "Description": wanted.comment,
        "OriginAccessControlOriginType": wanted.origin_type,
        "SigningBehavior": wanted.signing_behavior,
        "SigningProtocol": wanted.signing_protocol,
    }
    return resource("CloudFront::OriginAccessControl", OriginAccessControlConfig=config)


def _headers_policy(wanted: HeadersPolicy) -> dict[str, Any]:
    cors = {
        "AccessControlAllowOrigins": {"Items": list(wanted.allow_origins)},
        "AccessControlAllowHeaders": {"Items": list(wanted.allow_headers)},
        "AccessControlAllowMethods": {"Items": list(wanted.allow_methods)},
        "AccessControlAllowCredentials": wanted.allow_credentials,
        "AccessControlMaxAgeSec": wanted.max_age_s,
        "OriginOverride": wanted.is_origin_overridden,
    }
    added = [{"Header": header, "Value": value, "Override": True} for header, value in wanted.headers]
    config = {
        "Name": wanted.name,
        "Comment": wanted.comment,
        "CorsConfig": cors,
        "SecurityHeadersConfig": {"ContentTypeOptions": {"Override": wanted.is_nosniff}},
        "CustomHeadersConfig": {"Items": added},
    }
    return resource("CloudFront::ResponseHeadersPolicy", ResponseHeadersPolicyConfig=config)


def _certificate(description: Description) -> dict[str, Any]:
    domain = Function("Ref", "DomainName")
    wanted = description.certificate or Certificate(description.domain)
    proof = [{"DomainName": domain, "HostedZoneId": Function("Ref", "HostedZoneId")}]
    return resource(
        "CertificateManager::Certificate",
        MAKES_CERTIFICATE,
        DomainName=domain,
        ValidationMethod=wanted.validation,
        DomainValidationOptions=Function("If", [HAS_ZONE, proof, NOTHING]),
        KeyAlgorithm=wanted.key,
        Tags=ownership.items_of(description.tags),
    )


def _bucket_policy(description: Description) -> dict[str, Any]:
    policy = filled(permissions.document(description.bucket_policy), description)
    return resource("S3::BucketPolicy", Bucket=Function("Ref", "Bucket"), PolicyDocument=policy)


def _record(description: Description, wanted: Record) -> dict[str, Any]:
    target = {"DNSName": filled(wanted.target, description), "HostedZoneId": wanted.target_zone}
    return resource(
        "Route53::RecordSet",
        HAS_ZONE,
        HostedZoneId=Function("Ref", "HostedZoneId"),
        Name=Function("Ref", "DomainName"),
        Type=wanted.type,
        AliasTarget=target,
    )


def _policy(description: Description, wanted: Policy) -> dict[str, Any]:
    return resource(
        "IAM::ManagedPolicy",
        ManagedPolicyName=wanted.name,
        Description=wanted.comment,
        PolicyDocument=filled(permissions.document(wanted.statements), description),
    )


def _role(description: Description, wanted: Role) -> dict[str, Any]:
    policy = next(each for each in description.policies if each.name == wanted.policy)
    return resource(
        "IAM::Role",
        RoleName=wanted.name,
        Description=wanted.comment,
        AssumeRolePolicyDocument=filled(permissions.document(wanted.trust), description),
        ManagedPolicyArns=[Function("Ref", logical_id(description, policy))],
        Tags=ownership.items_of(description.tags),
    )
