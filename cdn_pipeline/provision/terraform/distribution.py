"""The distribution in Terraform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cdn_pipeline.provision.description import Behavior, Description, Origin, OriginGroup
from cdn_pipeline.provision.terraform.hcl import Block, Expression, nested
from cdn_pipeline.provision.terraform.places import NAME, TAGS, filled


def distribution(description: Description) -> Block:
    """The resource, with the domain and the certificate that variables tell."""
    wanted = description.distribution
    body: dict[str, Any] = {
        "comment": wanted.comment,
        "enabled": wanted.is_enabled,
        "aliases": Expression("local.has_domain ? [var.domain] : []"),
        "http_version": wanted.http_version,
        "is_ipv6_enabled": wanted.is_ipv6,
        "price_class": wanted.price_class,
        "default_root_object": wanted.default_root_object or None,
        "tags": TAGS,
        "origin": nested(*(_origin(description, each) for each in wanted.origins)),
        "origin_group": nested(*map(_group, wanted.groups)),
        "default_cache_behavior": nested(_behavior(description, wanted.default)),
        "ordered_cache_behavior": nested(*(_behavior(description, each) for each in wanted.behaviors)),
        "custom_error_response": nested(
            *({"error_code": status, "error_caching_min_ttl": seconds} for status, seconds in wanted.errors)
        ),
        "cache_tag_config": nested(*_cache_tags(wanted.cache_tag_header)),
        "viewer_certificate": nested(_viewer_certificate(description)),
        "restrictions": nested({"geo_restriction": nested({"restriction_type": "none"})}),
    }
    return Block(
        ("resource", "aws_cloudfront_distribution", NAME),
        {key: value for key, value in body.items() if value is not None},
    )


def _cache_tags(header: str) -> list[Mapping[str, Any]]:
    return [{"header_name": header}] if header else []


def _origin(description: Description, wanted: Origin) -> Mapping[str, Any]:
    origin: dict[str, Any] = {"origin_id": wanted.id, "domain_name": wanted.domain}
    if wanted.path:
        origin["origin_path"] = wanted.path
    if wanted.is_bucket:
        return origin | {"origin_access_control_id": filled(wanted.access_control, description)}
    custom = {
        "http_port": 80,
        "https_port": 443,
        "origin_protocol_policy": wanted.protocol,
        "origin_ssl_protocols": list(wanted.tls),
        "origin_read_timeout": wanted.read_timeout_s,
        "origin_keepalive_timeout": wanted.keepalive_s,
    }
    return origin | {"custom_origin_config": nested(custom)}


def _group(wanted: OriginGroup) -> Mapping[str, Any]:
    return {
        "origin_id": wanted.id,
        "failover_criteria": nested({"status_codes": list(wanted.statuses)}),
        "member": nested(*({"origin_id": member} for member in wanted.members)),
    }


def _behavior(description: Description, wanted: Behavior) -> Mapping[str, Any]:
    policies = {
        "cache_policy_id": wanted.cache_policy,
        "origin_request_policy_id": wanted.origin_request_policy,
        "response_headers_policy_id": filled(wanted.headers_policy, description),
    }
    return {
        **({"path_pattern": wanted.pattern} if wanted.pattern else {}),
        "target_origin_id": wanted.origin,
        "viewer_protocol_policy": wanted.viewer_protocol,
        "allowed_methods": list(wanted.methods),
        "cached_methods": list(wanted.cached_methods),
        "compress": wanted.is_compressed,
        **{key: value for key, value in policies.items() if value},
    }


def _viewer_certificate(description: Description) -> Mapping[str, Any]:
    wanted = description.distribution
    return {
        "acm_certificate_arn": _if_certificate("local.certificate_arn"),
        "cloudfront_default_certificate": Expression("!local.has_certificate"),
        "minimum_protocol_version": _if_certificate(f'"{wanted.tls}"'),
        "ssl_support_method": _if_certificate(f'"{wanted.certificate_use}"'),
    }


def _if_certificate(value: str) -> Expression:
    return Expression(f"local.has_certificate ? {value} : null")
