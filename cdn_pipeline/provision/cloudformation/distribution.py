"""The distribution of the CloudFormation template."""

from __future__ import annotations

from typing import Any

from cdn_pipeline.provision import ownership
from cdn_pipeline.provision.cloudformation.places import (
    HAS_CERTIFICATE,
    HAS_DOMAIN,
    MAKES_CERTIFICATE,
    NOTHING,
    filled,
    makes_certificates,
    resource,
)
from cdn_pipeline.provision.cloudformation.yaml_text import Function
from cdn_pipeline.provision.description import Behavior, Description, Origin, OriginGroup


def distribution(description: Description) -> dict[str, Any]:
    """The resource, with the domain and the certificate that parameters tell."""
    config = filled(_config(description), description)
    tags = ownership.items_of(description.tags)
    return resource("CloudFront::Distribution", DistributionConfig=config, Tags=tags)


def _config(description: Description) -> dict[str, Any]:
    wanted = description.distribution
    config: dict[str, Any] = {
        "Comment": wanted.comment,
        "Enabled": wanted.is_enabled,
        "Aliases": Function("If", [HAS_DOMAIN, [Function("Ref", "DomainName")], NOTHING]),
        "ViewerCertificate": Function("If", [HAS_CERTIFICATE, _viewer_certificate(description), NOTHING]),
        "HttpVersion": wanted.http_version,
        "IPV6Enabled": wanted.is_ipv6,
        "PriceClass": wanted.price_class,
        "Origins": [_origin(each) for each in wanted.origins],
    }
    if wanted.groups:
        items = [_group(each) for each in wanted.groups]
        config["OriginGroups"] = {"Quantity": len(items), "Items": items}
    if wanted.default_root_object:
        config["DefaultRootObject"] = wanted.default_root_object
    config["DefaultCacheBehavior"] = _behavior(wanted.default)
    if wanted.behaviors:
        config["CacheBehaviors"] = [_behavior(each) for each in wanted.behaviors]
    errors = [{"ErrorCode": status, "ErrorCachingMinTTL": seconds} for status, seconds in wanted.errors]
    config["CustomErrorResponses"] = errors
    if wanted.cache_tag_header:
        config["CacheTagConfig"] = {"HeaderName": wanted.cache_tag_header}
    return config


def _viewer_certificate(description: Description) -> dict[str, Any]:
    given = Function("Ref", "CertificateArn")
    made = Function("If", [MAKES_CERTIFICATE, Function("Ref", "Certificate"), given])
    return {
        "AcmCertificateArn": made if makes_certificates(description) else given,
        "MinimumProtocolVersion": description.distribution.tls,
        "SslSupportMethod": description.distribution.certificate_use,
    }


def _origin(wanted: Origin) -> dict[str, Any]:
    origin: dict[str, Any] = {"Id": wanted.id, "DomainName": wanted.domain}
    if wanted.path:
        origin["OriginPath"] = wanted.path
    if wanted.is_bucket:
        # Empty, and there: CloudFront wants it of every bucket, also where access control has replaced it.
        own = {"OriginAccessIdentity": ""}
        return origin | {"OriginAccessControlId": wanted.access_control, "S3OriginConfig": own}
    return origin | {
        "CustomOriginConfig": {
            "HTTPPort": 80,
            "HTTPSPort": 443,
            "OriginProtocolPolicy": wanted.protocol,
            "OriginSSLProtocols": list(wanted.tls),
            "OriginReadTimeout": wanted.read_timeout_s,
            "OriginKeepaliveTimeout": wanted.keepalive_s,
        }
    }


def _group(wanted: OriginGroup) -> dict[str, Any]:
    statuses, members = list(wanted.statuses), [{"OriginId": member} for member in wanted.members]
    return {
        "Id": wanted.id,
        "FailoverCriteria": {"StatusCodes": {"Quantity": len(statuses), "Items": statuses}},
        "Members": {"Quantity": len(members), "Items": members},
    }


def _behavior(wanted: Behavior) -> dict[str, Any]:
    policies = {
        "CachePolicyId": wanted.cache_policy,
        "OriginRequestPolicyId": wanted.origin_request_policy,
        "ResponseHeadersPolicyId": wanted.headers_policy,
    }
    return {
        **({"PathPattern": wanted.pattern} if wanted.pattern else {}),
        "TargetOriginId": wanted.origin,
        "ViewerProtocolPolicy": wanted.viewer_protocol,
        "AllowedMethods": list(wanted.methods),
        "CachedMethods": list(wanted.cached_methods),
        "Compress": wanted.is_compressed,
        **{key: value for key, value in policies.items() if value},
    }
