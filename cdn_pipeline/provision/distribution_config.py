"""A distribution's config in CloudFront's words: what it is to be, from the description and from what it is.

An update replaces the whole config, so whatever others have set is carried over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from cdn_pipeline.provision.change import merged
from cdn_pipeline.provision.description import (
    ALL_VIEWER,
    BUCKET_ORIGIN,
    CACHE_TAG_HEADER,
    COPY_ORIGIN,
    GROUP,
    SITE_ORIGIN,
    Behavior,
    Distribution,
    Origin,
    OriginGroup,
)

OURS = (
    BUCKET_ORIGIN,
    SITE_ORIGIN,
    COPY_ORIGIN,
    GROUP,
)  # ids of origins and groups; those not wanted any more go
Config = dict[str, Any]  # with plain lists; `None` where something is to go


def config(wanted: Distribution, was: Mapping[str, Any]) -> Config:
    """*was* as *wanted*; both with plain lists. Of a new one, *was* is empty."""
    origins = _keyed("Id", was.get("Origins", ()), map(_origin, wanted.origins))
    groups = _keyed("Id", was.get("OriginGroups", ()), map(_group, wanted.groups))
    there = {each["Id"] for each in (*origins, *groups)}
    behaviors = [each for each in was.get("CacheBehaviors", ()) if each["TargetOriginId"] in there]
    policies = {ALL_VIEWER} | {each.headers_policy for each in (wanted.default, *wanted.behaviors)}
    changed: Config = {
        "CallerReference": was.get("CallerReference", wanted.caller_reference),
        "Comment": wanted.comment,
        "Enabled": wanted.is_enabled,
        "Aliases": [*was.get("Aliases", ()), *_lacking(was.get("Aliases", ()), wanted.aliases)],
        "Origins": origins,
        "OriginGroups": groups,
        "DefaultCacheBehavior": _behavior(wanted.default, was.get("DefaultCacheBehavior", {}), policies),
        "CacheBehaviors": _behaviors(wanted.behaviors, behaviors, policies),
        "CustomErrorResponses": _errors(wanted, was.get("CustomErrorResponses", ())),
        "PriceClass": wanted.price_class,
        "HttpVersion": wanted.http_version,
        "IsIPV6Enabled": wanted.is_ipv6,
        "DefaultRootObject": wanted.default_root_object,
        **_certificate(wanted, was.get("ViewerCertificate", {})),
    }
    if wanted.cache_tag_header:
        changed["CacheTagConfig"] = {"HeaderName": wanted.cache_tag_header}
    elif was.get("CacheTagConfig", {}).get("HeaderName") == CACHE_TAG_HEADER:
        changed["CacheTagConfig"] = None
    return {**was, **changed}


def _keyed(key: str, was: Iterable[Mapping[str, Any]], wanted: Iterable[Config]) -> list[Config]:
    """Those of others, and ours, each at its old place."""
    ours = {each[key]: each for each in wanted}
    kept = [each for each in was if each[key] in ours or each[key] not in OURS]
    found = [merged(each, ours.pop(each[key])) if each[key] in ours else dict(each) for each in kept]
    return [*found, *ours.values()]


def _lacking(was: Iterable[str], wanted: Iterable[str]) -> list[str]:
    there = set(was)
    return [name for name in wanted if name not in there]


def _origin(wanted: Origin) -> Config:
    origin: Config = {
        "Id": wanted.id,
        "DomainName": wanted.domain,
        "OriginPath": wanted.path,
        "OriginAccessControlId": wanted.access_control,
    }
    if wanted.is_bucket:
        # Empty, and there: CloudFront wants it of every bucket, also where access control has replaced it.
        return origin | {"S3OriginConfig": {"OriginAccessIdentity": ""}}
    return origin | {
        "CustomOriginConfig": {
            "HTTPPort": 80,
            "HTTPSPort": 443,
            "OriginProtocolPolicy": wanted.protocol,
            "OriginSslProtocols": list(wanted.tls),
            "OriginReadTimeout": wanted.read_timeout_s,
            "OriginKeepaliveTimeout": wanted.keepalive_s,
        }
    }


def _group(wanted: OriginGroup) -> Config:
    return {
        "Id": wanted.id,
        "FailoverCriteria": {"StatusCodes": list(wanted.statuses)},
        "Members": [{"OriginId": member} for member in wanted.members],
    }


def _behavior(wanted: Behavior, was: Mapping[str, Any], policies: Collection[str]) -> Config:
    """With all that others have attached to it, such as functions. *policies* are ours: where one is not
    wanted it goes, since a bucket refuses requests for another host, and pages are not for every origin."""
    methods = was.get("AllowedMethods", {})
    allowed = {
        "Items": _same_set(methods.get("Items", ()), wanted.methods),
        "CachedMethods": _same_set(methods.get("CachedMethods", ()), wanted.cached_methods),
    }
    behavior = {
        "TargetOriginId": wanted.origin,
        "ViewerProtocolPolicy": wanted.viewer_protocol,
        "AllowedMethods": allowed,
        "Compress": wanted.is_compressed,
        "CachePolicyId": wanted.cache_policy,
    }
    if wanted.pattern:
        behavior["PathPattern"] = wanted.pattern
    attached = {
        "OriginRequestPolicyId": wanted.origin_request_policy,
        "ResponseHeadersPolicyId": wanted.headers_policy,
    }
    behavior |= {key: id_ or None for key, id_ in attached.items() if id_ or was.get(key) in policies}
    # What there was before cache policies; CloudFront refuses both.
    legacy = ("ForwardedValues", "MinTTL", "DefaultTTL", "MaxTTL")
    return {key: value for key, value in was.items() if key not in legacy} | behavior


def _same_set(was: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """*wanted*, in the order of *was* if there is no other difference."""
    return list(was) if sorted(was) == sorted(wanted) else list(wanted)


def _behaviors(
    wanted: Sequence[Behavior], was: Sequence[Mapping[str, Any]], policies: Collection[str]
) -> list[Config]:
    """Ours at their old places if they are in the right order; or else before those of others."""
    before = {each["PathPattern"]: each for each in was}
    ours = {each.pattern: _behavior(each, before.get(each.pattern, {}), policies) for each in wanted}
    if [pattern for pattern in before if pattern in ours] == list(ours):
        return [ours.get(pattern, dict(each)) for pattern, each in before.items()]
    return [*ours.values(), *(dict(each) for pattern, each in before.items() if pattern not in ours)]


def _errors(wanted: Distribution, was: Iterable[Mapping[str, Any]]) -> list[Config]:
    """Pages for errors, which others may have set, stay."""
    there = {each["ErrorCode"]: dict(each) for each in was}
    for status, seconds in wanted.errors:
        there[status] = {**there.get(status, {"ErrorCode": status}), "ErrorCachingMinTTL": seconds}
    return list(there.values())


def _certificate(wanted: Distribution, was: Mapping[str, Any]) -> Config:
    """Without a domain of its own, a distribution has CloudFront's, and nothing is said of it."""
    if not wanted.certificate:
        return {}
    ours = {
        "ACMCertificateArn": wanted.certificate,
        "SSLSupportMethod": wanted.certificate_use,
        "MinimumProtocolVersion": wanted.tls,
    }
    is_ours = all(was.get(key) == value for key, value in ours.items())
    return {"ViewerCertificate": dict(was) if is_ours else {**ours, "CloudFrontDefaultCertificate": False}}
