"""A stand-in for CloudFront's interface, which enforces what the real one does and moto does not: ETags,
aliases, caller references, quotas, what a config may say.
"""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from tests import rest_xml

ACCOUNT = "123456789012"  # moto's
CACHE_POLICIES = {"658327ea-f89d-4fab-a63d-7e88639e58f6", "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"}
ORIGIN_REQUEST_POLICIES = {"216adef6-5c7f-47e4-b989-5492eafa07d3"}
MANAGED_HEADERS = "60669652-455b-4ae9-85a4-c4c02393f86c"  # SimpleCORS
Parameters = dict[str, Any]


class ApiError(Exception):
    """A refusal, as AWS words it."""

    def __init__(self, code: str, status: int = 400, message: str = "") -> None:
        super().__init__(code)
        self.code, self.status, self.message = code, status, message or code


class CloudFrontApi:
    """One account's CloudFront. *certificate_status* tells that of an ARN; ``None``: there is none."""

    def __init__(self, certificate_status: Callable[[str], str | None], page: int = 2) -> None:
        self.certificate_status = certificate_status
        self.page = page  # items of a list in one answer
        self.limits = {"Distribution": 200, "OriginAccessControl": 100, "ResponseHeadersPolicy": 20}
        self.aliases_elsewhere: set[str] = set()  # of distributions in other accounts
        self.denied: set[str] = set()  # names of operations
        self.looks_until_deployed = 2
        self.distributions: dict[str, Parameters] = {}
        self.access_controls: dict[str, Parameters] = {}
        self.headers_policies: dict[str, Parameters] = {}
        self.invalidations: dict[str, list[Parameters]] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self._numbers = itertools.count(1)

    # Distributions

    def create_distribution_with_tags(self, given: Parameters) -> Parameters:
        whole = given["DistributionConfigWithTags"]
        made = self.create_distribution(whole)
        self.tags[made["Distribution"]["ARN"]] = _tags(whole["Tags"])
        return made

    def create_distribution(self, given: Parameters) -> Parameters:
        config = given["DistributionConfig"]
        for there in self.distributions.values():
            if there["DistributionConfig"]["CallerReference"] == config["CallerReference"]:
                said = "The caller reference that you are using to create a distribution is associated with"
                said += f" another distribution. Already exists: {there['Id']}"
                raise ApiError("DistributionAlreadyExists", 409, said)
        self._within("Distribution", self.distributions)
        self._check(config, "")
        id_ = self._id("E")
        made = {
            "Id": id_,
            "ARN": f"arn:aws:cloudfront::{ACCOUNT}:distribution/{id_}",
            "Status": "InProgress",
            "LastModifiedTime": _now(),
            "InProgressInvalidationBatches": 0,
            "DomainName": f"d{id_.lower()}.cloudfront.net",
            "DistributionConfig": _completed(config),
            "ETag": self._id("ETAG"),
            "looks": self.looks_until_deployed,
        }
        self.distributions[id_] = made
        return {"Distribution": made, "ETag": made["ETag"], "Location": f"/distribution/{id_}"}

    def update_distribution(self, given: Parameters) -> Parameters:
        there = self._distribution(given)
        _match(given, there)
        config = given["DistributionConfig"]
        was = there["DistributionConfig"]
        if config["CallerReference"] != was["CallerReference"]:
            raise ApiError("IllegalUpdate", 400, "The caller reference cannot be changed.")
        lacking = sorted(set(was) - set(config) - {"CacheTagConfig"})
        if lacking:
            raise ApiError("IllegalUpdate", 400, f"The update lacks {', '.join(lacking)}.")
        self._check(config, there["Id"])
        there |= {"DistributionConfig": _completed(config), "ETag": self._id("ETAG"), "Status": "InProgress"}
        there["looks"] = self.looks_until_deployed
        return {"Distribution": there, "ETag": there["ETag"]}

    def get_distribution(self, given: Parameters) -> Parameters:
        there = self._distribution(given)
        there["looks"] -= 1
        there["Status"] = "InProgress" if there["looks"] > 0 else "Deployed"
        return {"Distribution": there, "ETag": there["ETag"]}

    def get_distribution_config(self, given: Parameters) -> Parameters:
        there = self._distribution(given)
        return {"DistributionConfig": there["DistributionConfig"], "ETag": there["ETag"]}

    def list_distributions(self, given: Parameters) -> Parameters:
        summaries = [{**each["DistributionConfig"], **each} for each in self.distributions.values()]
        return {"DistributionList": self._page(given, summaries, "Id")}

    def _distribution(self, given: Parameters) -> Parameters:
        found = self.distributions.get(given.get("Id") or given["DistributionId"])
        if found is None:
            raise ApiError("NoSuchDistribution", 404, "The specified distribution does not exist.")
        return found

    def _check(self, config: Parameters, id_: str) -> None:
        """What a config may say. API reference, CreateDistribution and UpdateDistribution, "Errors"."""
        _check_quantities(config)
        origins = {origin["Id"]: origin for origin in config["Origins"]["Items"]}
        groups = {group["Id"]: group for group in config.get("OriginGroups", {}).get("Items", ())}
        for origin in origins.values():
            self._check_origin(origin)
        for group in groups.values():
            if {member["OriginId"] for member in group["Members"]["Items"]} - set(origins):
                raise ApiError("NoSuchOrigin", 404, "One or more of your origins do not exist.")
        behaviors = [config["DefaultCacheBehavior"], *config.get("CacheBehaviors", {}).get("Items", ())]
        for behavior in behaviors:
            self._check_behavior(behavior, set(origins), set(groups))
        if config.get("DefaultRootObject", "").startswith("/"):
            raise ApiError("InvalidDefaultRootObject")
        if len(config["Comment"]) > 128:
            raise ApiError("InvalidArgument", 400, "The comment is longer than 128 characters.")
        self._check_aliases(config, id_)

    def _check_origin(self, origin: Parameters) -> None:
        control = origin.get("OriginAccessControlId", "")
        if ("S3OriginConfig" in origin) == ("CustomOriginConfig" in origin):
            raise ApiError("InvalidOrigin", 400, "Specify either S3OriginConfig or CustomOriginConfig.")
        if control and control not in self.access_controls:
            raise ApiError("InvalidOriginAccessControl")
        if control and not re.search(r"\.s3\.[a-z0-9-]+\.amazonaws\.com$", origin["DomainName"]):
            raise ApiError("InvalidDomainNameForOriginAccessControl")
        if control and origin["S3OriginConfig"]["OriginAccessIdentity"]:
            raise ApiError("IllegalOriginAccessConfiguration")
        if not re.fullmatch(r"|/.*[^/]", origin.get("OriginPath", "")):
            raise ApiError("InvalidArgument", 400, "OriginPath begins with / and does not end with it.")

    def _check_behavior(self, behavior: Parameters, origins: set[str], groups: set[str]) -> None:
        if behavior["TargetOriginId"] not in origins | groups:
            raise ApiError("NoSuchOrigin", 404, "One or more of your origins or origin groups do not exist.")
        methods = set(behavior.get("AllowedMethods", {}).get("Items", ()))
        if behavior["TargetOriginId"] in groups and not methods <= {"GET", "HEAD", "OPTIONS"}:
            raise ApiError("InvalidArgument", 400, "An origin group allows GET, HEAD and OPTIONS only.")
        if ("CachePolicyId" in behavior) == ("ForwardedValues" in behavior):
            raise ApiError(
                "InvalidArgument", 400, "The parameter ForwardedValues or CachePolicyId is required."
            )
        if behavior.get("CachePolicyId", "") not in CACHE_POLICIES | {""}:
            raise ApiError("NoSuchCachePolicy", 404)
        if behavior.get("OriginRequestPolicyId", "") not in ORIGIN_REQUEST_POLICIES | {""}:
            raise ApiError("NoSuchOriginRequestPolicy", 404)
        if behavior.get("ResponseHeadersPolicyId", "") not in {*self.headers_policies, MANAGED_HEADERS, ""}:
            raise ApiError("NoSuchResponseHeadersPolicy", 404)

    def _check_aliases(self, config: Parameters, id_: str) -> None:
        aliases = set(config.get("Aliases", {}).get("Items", ()))
        taken = set(self.aliases_elsewhere)
        for there in self.distributions.values():
            if there["Id"] != id_:
                taken |= set(there["DistributionConfig"]["Aliases"].get("Items", ()))
        if aliases & taken:
            said = "One or more of the CNAMEs you provided are already associated with a different resource."
            raise ApiError("CNAMEAlreadyExists", 409, said)
        viewer = config.get("ViewerCertificate", {})
        arn = viewer.get("ACMCertificateArn")
        if aliases and not arn:
            raise ApiError("InvalidViewerCertificate", 400, "Aliases need a certificate of their own.")
        if arn and (":us-east-1:" not in arn or self.certificate_status(arn) != "ISSUED"):
            said = "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid"
            raise ApiError("InvalidViewerCertificate", 400, f"{said}, or doesn't include a valid chain.")

    # Origin access controls

    def create_origin_access_control(self, given: Parameters) -> Parameters:
        config = given["OriginAccessControlConfig"]
        if config["Name"] in {each["OriginAccessControlConfig"]["Name"] for each in self._controls()}:
            raise ApiError("OriginAccessControlAlreadyExists", 409)
        self._within("OriginAccessControl", self.access_controls)
        made = {"Id": self._id("EOAC"), "OriginAccessControlConfig": config, "ETag": self._id("ETAG")}
        self.access_controls[made["Id"]] = made
        return {"OriginAccessControl": made, "ETag": made["ETag"]}

    def get_origin_access_control(self, given: Parameters) -> Parameters:
        there = _there(self.access_controls, given, "NoSuchOriginAccessControl")
        return {"OriginAccessControl": there, "ETag": there["ETag"]}

    def update_origin_access_control(self, given: Parameters) -> Parameters:
        there = _there(self.access_controls, given, "NoSuchOriginAccessControl")
        _match(given, there)
        there |= {"OriginAccessControlConfig": given["OriginAccessControlConfig"], "ETag": self._id("ETAG")}
        return {"OriginAccessControl": there, "ETag": there["ETag"]}

    def list_origin_access_controls(self, given: Parameters) -> Parameters:
        items = [{**each["OriginAccessControlConfig"], "Id": each["Id"]} for each in self._controls()]
        return {"OriginAccessControlList": self._page(given, items, "Id")}

    def _controls(self) -> list[Parameters]:
        return list(self.access_controls.values())

    # Response headers policies

    def create_response_headers_policy(self, given: Parameters) -> Parameters:
        config = given["ResponseHeadersPolicyConfig"]
        _check_quantities(config)
        there = [each["ResponseHeadersPolicyConfig"]["Name"] for each in self.headers_policies.values()]
        if config["Name"] in there:
            raise ApiError("ResponseHeadersPolicyAlreadyExists", 409)
        self._within("ResponseHeadersPolicie", self.headers_policies, "ResponseHeadersPolicy")
        made = {"Id": self._id("policy-"), "ResponseHeadersPolicyConfig": config, "ETag": self._id("ETAG")}
        made["LastModifiedTime"] = _now()
        self.headers_policies[made["Id"]] = made
        return {"ResponseHeadersPolicy": made, "ETag": made["ETag"]}

    def get_response_headers_policy_config(self, given: Parameters) -> Parameters:
        there = _there(self.headers_policies, given, "NoSuchResponseHeadersPolicy")
        return {
            "ResponseHeadersPolicyConfig": there["ResponseHeadersPolicyConfig"],
            "ETag": there["ETag"],
        }

    def update_response_headers_policy(self, given: Parameters) -> Parameters:
        there = _there(self.headers_policies, given, "NoSuchResponseHeadersPolicy")
        _match(given, there)
        config = given["ResponseHeadersPolicyConfig"]
        _check_quantities(config)
        there |= {"ResponseHeadersPolicyConfig": config, "ETag": self._id("ETAG")}
        return {"ResponseHeadersPolicy": there, "ETag": there["ETag"]}

    def list_response_headers_policies(self, given: Parameters) -> Parameters:
        items = [{"Type": "custom", "ResponseHeadersPolicy": each} for each in self.headers_policies.values()]
        return {"ResponseHeadersPolicyList": self._page(given, items, "")}

    # Tags

    def list_tags_for_resource(self, given: Parameters) -> Parameters:
        tags = self.tags.get(given["Resource"], {})
        return {"Tags": {"Items": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}}

    def tag_resource(self, given: Parameters) -> Parameters:
        self.tags.setdefault(given["Resource"], {}).update(_tags(given["Tags"]))
        return {}

    # Invalidations

    def create_invalidation(self, given: Parameters) -> Parameters:
        self._distribution(given)
        batch = given["InvalidationBatch"]
        _check_quantities(batch)
        done = self.invalidations.setdefault(given["DistributionId"], [])
        for each in done:
            if each["InvalidationBatch"]["CallerReference"] == batch["CallerReference"]:
                if each["InvalidationBatch"] != batch:
                    raise ApiError(
                        "InvalidArgument", 400, "Your request contains a caller reference used before."
                    )
                return {"Invalidation": each}
        made = {"Id": self._id("I"), "Status": "InProgress", "CreateTime": _now(), "InvalidationBatch": batch}
        done.append(made)
        return {"Invalidation": made}

    def get_invalidation(self, given: Parameters) -> Parameters:
        for each in self.invalidations.get(given["DistributionId"], ()):
            if each["Id"] == given["Id"]:
                each["Status"] = "Completed"
                return {"Invalidation": each}
        raise ApiError("NoSuchInvalidation", 404)

    # What is common

    def _within(self, noun: str, there: Mapping[str, Any], name: str = "") -> None:
        if len(there) >= self.limits[name or noun]:
            raise ApiError(
                f"TooMany{noun}s", 400, "Your request exceeds the maximum allowed in your account."
            )

    def _id(self, prefix: str) -> str:
        return f"{prefix}{next(self._numbers):010}"

    def _page(self, given: Parameters, items: list[Parameters], key: str) -> Parameters:
        start = int(given.get("Marker") or 0)
        end = start + self.page
        more = {"NextMarker": str(end)} if end < len(items) else {}
        part = items[start:end]
        common = {"Marker": given.get("Marker") or "", "MaxItems": self.page, "IsTruncated": bool(more)}
        return {**common, "Quantity": len(part), "Items": part, **more}

    # As an HTTP service

    @cached_property
    def _operations(self) -> list[tuple[str, re.Pattern[str], Any]]:
        model = botocore.session.get_session().get_service_model("cloudfront")
        found = []
        for name in model.operation_names:
            operation = model.operation_model(name)
            path, _, query = operation.http["requestUri"].partition("?")
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))
            found.append((query, re.compile(pattern), operation))
        # The one whose query says most comes first: "?WithTags" before none.
        return sorted(found, key=lambda each: -len(each[0]))

    def answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> rest_xml.Answer:
        """To one request."""
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        for wanted, pattern, operation in self._operations:
            found = pattern.fullmatch(parts.path)
            needed = dict(parse_qsl(wanted, keep_blank_values=True))
            if found and operation.http["method"] == method and needed.items() <= query.items():
                given = dict(rest_xml.given(operation.input_shape, found.groupdict(), query, headers, body))
                return self._answer(operation, given)
        raise AssertionError(f"no operation for {method} {url}")

    def _answer(self, operation: Any, given: Parameters) -> rest_xml.Answer:
        self.asked.append(operation.name)
        try:
            if operation.name in self.denied:
                raise ApiError("AccessDenied", 403, f"User is not authorized to perform {operation.name}")
            done = copy.deepcopy(getattr(self, botocore.xform_name(operation.name))(copy.deepcopy(given)))
        except ApiError as error:
            fault = f"<Type>Sender</Type><Code>{error.code}</Code><Message>{escape(error.message)}</Message>"
            text = f"<ErrorResponse><Error>{fault}</Error><RequestId>r</RequestId></ErrorResponse>"
            return rest_xml.Answer(error.status, {"Content-Type": "text/xml"}, text.encode())
        return rest_xml.written(operation, done)

    def before_send(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        """A handler of botocore's event of that name."""
        body = request.body or b""
        sent = body.encode() if isinstance(body, str) else bytes(body)
        done = self.answer(request.method, request.url, dict(request.headers.items()), sent)
        return AWSResponse(request.url, done.status, dict(done.headers), _Raw(done.body))


class _Raw:
    """What botocore reads a body from."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.body


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _tags(given: Parameters) -> dict[str, str]:
    return {item["Key"]: item.get("Value", "") for item in given.get("Items", ())}


def _there(kept: Mapping[str, Parameters], given: Parameters, code: str) -> Parameters:
    if given["Id"] not in kept:
        raise ApiError(code, 404)
    return kept[given["Id"]]


def _match(given: Parameters, there: Parameters) -> None:
    if not given.get("IfMatch"):
        raise ApiError("InvalidIfMatchVersion", 400, "The If-Match version is missing or not valid.")
    if given["IfMatch"] != there["ETag"]:
        raise ApiError(
            "PreconditionFailed", 412, "The request failed because it didn't meet the preconditions."
        )


def _check_quantities(value: Any) -> None:
    if isinstance(value, dict):
        if "Quantity" in value and value["Quantity"] != len(value.get("Items", ())):
            raise ApiError("InconsistentQuantities", 400, "The quantity and the number of items differ.")
        for each in value.values():
            _check_quantities(each)
    for each in value if isinstance(value, list) else ():
        _check_quantities(each)


NONE: Parameters = {"Quantity": 0}
SIGNERS: Parameters = {"Enabled": False, "Quantity": 0}
OF_BEHAVIOR: Parameters = {
    "TrustedSigners": SIGNERS,
    "TrustedKeyGroups": SIGNERS,
    "AllowedMethods": {
        "Quantity": 2,
        "Items": ["HEAD", "GET"],
        "CachedMethods": {"Quantity": 2, "Items": ["HEAD", "GET"]},
    },
    "SmoothStreaming": False,
    "Compress": False,
    "LambdaFunctionAssociations": NONE,
    "FunctionAssociations": NONE,
    "FieldLevelEncryptionId": "",
}
OF_ORIGIN: Parameters = {
    "OriginPath": "",
    "CustomHeaders": NONE,
    "ConnectionAttempts": 3,
    "ConnectionTimeout": 10,
    "OriginShield": {"Enabled": False},
    "OriginAccessControlId": "",
}
OF_CONFIG: Parameters = {
    "Aliases": NONE,
    "DefaultRootObject": "",
    "OriginGroups": NONE,
    "CacheBehaviors": NONE,
    "CustomErrorResponses": NONE,
    "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
    "PriceClass": "PriceClass_All",
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    "WebACLId": "",
    "HttpVersion": "http2",
    "IsIPV6Enabled": True,
    "ContinuousDeploymentPolicyId": "",
    "Staging": False,
}


def _completed(config: Parameters) -> Parameters:
    """*config* as it is read: with all that was not said, and methods in an order of CloudFront's own."""
    whole = OF_CONFIG | config
    for origin in whole["Origins"]["Items"]:
        origin |= OF_ORIGIN | origin
    for behavior in [whole["DefaultCacheBehavior"], *whole["CacheBehaviors"].get("Items", ())]:
        behavior |= OF_BEHAVIOR | behavior
        for methods in (behavior["AllowedMethods"], behavior["AllowedMethods"]["CachedMethods"]):
            methods["Items"] = sorted(methods["Items"], reverse=True)
    viewer = whole.get("ViewerCertificate") or {"CloudFrontDefaultCertificate": True}
    if viewer.get("CloudFrontDefaultCertificate"):
        viewer = {"CloudFrontDefaultCertificate": True, "SSLSupportMethod": "vip"}
        viewer |= {"MinimumProtocolVersion": "TLSv1", "CertificateSource": "cloudfront"}
    else:
        legacy = {"Certificate": viewer["ACMCertificateArn"], "CertificateSource": "acm"}
        viewer = {**viewer, "CloudFrontDefaultCertificate": False, **legacy}
    return copy.deepcopy(whole | {"ViewerCertificate": viewer})
