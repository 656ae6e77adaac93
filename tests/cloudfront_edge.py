"""An edge of the stand-in for CloudFront: serves what distributions say, from the private bucket, if it may.
Caches, also errors; compresses by the published rules; forgets what is invalidated.
"""

from __future__ import annotations

import fnmatch
import gzip
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import brotli
from moto.s3.models import s3_backends

from tests.cloudfront_api import ACCOUNT, CloudFrontApi

SMALLEST, LARGEST = 1000, 10_000_000  # bytes: Developer Guide, "Serve compressed files"
COMPRESSED = ("text/", "application/javascript", "application/json", "image/svg+xml", "application/xml")
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
DAY_S, ERROR_S = 86400.0, 10.0


class Response(NamedTuple):
    """As a visitor gets it."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes = b""


class CloudFrontEdge:
    """*site* answers for every origin that is no bucket: (host, path) to a response."""

    def __init__(self, api: CloudFrontApi, site: Callable[[str, str], Response] | None = None) -> None:
        self.api, self.site = api, site
        self.now_s = 0.0
        self.is_bucket_down = False
        self._kept: dict[tuple[str, str, str], tuple[Response, float]] = {}
        self._forgotten: set[str] = set()

    def get(self, url: str, **headers: str) -> Response:
        """What a visitor gets; *headers* with ``_`` for ``-``."""
        parts = urlsplit(url)
        asked = {name.lower().replace("_", "-"): value for name, value in headers.items()}
        distribution = self._distribution(parts.netloc)
        if distribution is None:
            return Response(403, {"x-cache": "Error from cloudfront"})
        config = distribution["DistributionConfig"]
        behavior = _behavior(config, parts.path)
        if parts.scheme == "http" and behavior["ViewerProtocolPolicy"] == "redirect-to-https":
            moved = {"location": f"https{url[4:]}", "x-cache": "Redirect from cloudfront"}
            return Response(301, moved)
        path = f"/{config['DefaultRootObject']}" if parts.path == "/" else parts.path
        self._forget(distribution)
        found, said = self._found(distribution, behavior, path, asked.get("accept-encoding", ""))
        return Response(
            found.status, {**self._with_policy(found, behavior, asked), "x-cache": said}, found.body
        )

    def _distribution(self, host: str) -> dict[str, Any] | None:
        for each in self.api.distributions.values():
            names = {each["DomainName"], *each["DistributionConfig"]["Aliases"].get("Items", ())}
            if host in names and each["DistributionConfig"]["Enabled"]:
                return each
        return None

    def _forget(self, distribution: Mapping[str, Any]) -> None:
        for each in self.api.invalidations.get(distribution["Id"], ()):
            if each["Id"] not in self._forgotten:
                self._forgotten.add(each["Id"])
                for asked in each["InvalidationBatch"]["Paths"]["Items"]:
                    kept = [key for key, (found, _) in self._kept.items() if _fits(asked, key[1], found)]
                    for key in kept:
                        del self._kept[key]

    def _found(
        self, distribution: Mapping[str, Any], behavior: Mapping[str, Any], path: str, accepted: str
    ) -> tuple[Response, str]:
        encoding = (
            next((each for each in ("br", "gzip") if each in accepted), "") if behavior["Compress"] else ""
        )
        key = (distribution["Id"], path, encoding)
        kept, until = self._kept.get(key, (None, 0.0))
        if kept is not None and self.now_s < until:
            return kept, "Hit from cloudfront" if kept.status < 400 else "Error from cloudfront"
        found = _compressed(self._fetched(distribution, behavior, path), encoding)
        self._kept[key] = (found, self.now_s + _lifetime(distribution["DistributionConfig"], behavior, found))
        return found, "Miss from cloudfront" if found.status < 400 else "Error from cloudfront"

    def _fetched(self, distribution: Mapping[str, Any], behavior: Mapping[str, Any], path: str) -> Response:
        config = distribution["DistributionConfig"]
        origins = {each["Id"]: each for each in config["Origins"]["Items"]}
        groups = {each["Id"]: each for each in config["OriginGroups"].get("Items", ())}
        group = groups.get(behavior["TargetOriginId"])
        if group is None:
            return self._asked(distribution, behavior, origins[behavior["TargetOriginId"]], path)
        first, second = (origins[each["OriginId"]] for each in group["Members"]["Items"])
        found = self._asked(distribution, behavior, first, path)
        is_failure = found.status in group["FailoverCriteria"]["StatusCodes"]["Items"]
        return self._asked(distribution, behavior, second, path) if is_failure else found

    def _asked(
        self,
        distribution: Mapping[str, Any],
        behavior: Mapping[str, Any],
        origin: Mapping[str, Any],
        path: str,
    ) -> Response:
        whole = origin["OriginPath"] + path
        if "S3OriginConfig" not in origin:
            assert self.site is not None
            return self.site(origin["DomainName"], whole)
        if self.is_bucket_down:
            return Response(503, {})
        if behavior.get("OriginRequestPolicyId") == ALL_VIEWER:
            return Response(
                403, {}
            )  # the signature is for the name of the bucket's host, and the visitor's came
        bucket = origin["DomainName"].partition(".s3.")[0]
        is_signed = origin["OriginAccessControlId"] in self.api.access_controls
        reader = Reader(bucket, distribution["ARN"] if is_signed else "")
        return _object(reader, unquote(whole).removeprefix("/"))

    def _with_policy(
        self, found: Response, behavior: Mapping[str, Any], asked: Mapping[str, str]
    ) -> dict[str, str]:
        headers = dict(found.headers)
        policy = self.api.headers_policies.get(behavior.get("ResponseHeadersPolicyId", ""))
        if policy is None:
            return headers
        config = policy["ResponseHeadersPolicyConfig"]
        if "origin" in asked:
            headers["access-control-allow-origin"] = config["CorsConfig"]["AccessControlAllowOrigins"][
                "Items"
            ][0]
        if "ContentTypeOptions" in config.get("SecurityHeadersConfig", {}):
            headers["x-content-type-options"] = "nosniff"
        for each in config.get("CustomHeadersConfig", {}).get("Items", ()):
            headers[each["Header"].lower()] = each["Value"]
        return headers


class Reader(NamedTuple):
    """CloudFront, as a bucket sees it."""

    bucket: str
    source: str  # ARN of the distribution; "" where nothing is signed

    def may(self, action: str, resource: str) -> bool:
        """Whether the bucket's policy lets it; a refusal counts more."""
        policy = s3_backends[ACCOUNT]["aws"].get_bucket(self.bucket).policy
        statements = json.loads(policy)["Statement"] if policy else []
        effects = {each["Effect"] for each in statements if self._applies(each, action, resource)}
        return effects == {"Allow"}

    def _applies(self, statement: Mapping[str, Any], action: str, resource: str) -> bool:
        principal = statement["Principal"]
        named = principal if isinstance(principal, str) else _all(principal.get("Service", ()))
        is_meant = named == "*" or (bool(self.source) and "cloudfront.amazonaws.com" in named)
        actions, resources = _all(statement["Action"]), _all(statement["Resource"])
        facts = {"aws:sourcearn": self.source, "aws:securetransport": "true"}
        conditions = [pair for each in statement.get("Condition", {}).values() for pair in each.items()]
        return (
            is_meant
            and any(fnmatch.fnmatchcase(action, each) for each in actions)
            and any(fnmatch.fnmatchcase(resource, each) for each in resources)
            and all(facts[name.lower()] in _all(values) for name, values in conditions)
        )


def _object(reader: Reader, key: str) -> Response:
    arn = f"arn:aws:s3:::{reader.bucket}"
    denied = Response(403, {"content-type": "application/xml"}, b"<Error><Code>AccessDenied</Code></Error>")
    if not key:  # the bucket itself
        return Response(200, {}, b"<ListBucketResult/>") if reader.may("s3:ListBucket", arn) else denied
    if not reader.may("s3:GetObject", f"{arn}/{key}"):
        return denied
    found = s3_backends[ACCOUNT]["aws"].get_object(reader.bucket, key)
    if found is None:
        missing = Response(404, {"content-type": "application/xml"}, b"<Error><Code>NoSuchKey</Code></Error>")
        return missing if reader.may("s3:ListBucket", arn) else denied
    headers = {name.lower(): value for name, value in found.metadata.items()}
    return Response(200, headers, found.value)


def _behavior(config: Mapping[str, Any], path: str) -> dict[str, Any]:
    behaviors: list[dict[str, Any]] = config["CacheBehaviors"].get("Items", [])
    found = [each for each in behaviors if fnmatch.fnmatchcase(path, each["PathPattern"])]
    default: dict[str, Any] = config["DefaultCacheBehavior"]
    return found[0] if found else default


def _fits(asked: str, path: str, found: Response) -> bool:
    if asked.startswith("#"):
        return asked[1:] in found.headers.get("x-amz-meta-cache-tag", "").split(",")
    return fnmatch.fnmatchcase(path, asked) if asked.endswith("*") else path == asked


def _lifetime(config: Mapping[str, Any], behavior: Mapping[str, Any], found: Response) -> float:
    if behavior["CachePolicyId"] != OPTIMIZED:
        return 0.0
    errors = {each["ErrorCode"]: each for each in config["CustomErrorResponses"].get("Items", ())}
    if found.status >= 400:
        return float(errors.get(found.status, {}).get("ErrorCachingMinTTL", ERROR_S))
    said = re.search(r"max-age=(\d+)", found.headers.get("cache-control", ""))
    return max(1.0, float(said[1])) if said else DAY_S


def _compressed(found: Response, encoding: str) -> Response:
    kind = found.headers.get("content-type", "")
    is_small = not SMALLEST <= len(found.body) <= LARGEST
    if not encoding or is_small or found.status != 200 or "content-encoding" in found.headers:
        return found
    if not kind.startswith(COMPRESSED):
        return found
    body = brotli.compress(found.body) if encoding == "br" else gzip.compress(found.body)
    headers = {**found.headers, "content-encoding": encoding, "vary": "Accept-Encoding"}
    return Response(200, headers, body)


def _all(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
