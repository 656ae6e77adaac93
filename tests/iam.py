"""Whether IAM would allow something: policies evaluated, and a wire to moto that obeys them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from cdn_pipeline.stores.s3.wire import Request, Response
from tests.moto_wire import InProcess

REFUSAL = (
    b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message>'
    b"<RequestId>1</RequestId></Error>"
)
SECURE = {"aws:SecureTransport": "true"}


def is_allowed(
    policies: Iterable[Mapping[str, Any]],
    action: str,
    resource: str,
    principal: tuple[str, str] | None = None,
    context: Mapping[str, str] = SECURE,
) -> bool:
    """IAM User Guide, "Policy evaluation logic": a Deny counts before every Allow."""
    effects = {
        statement["Effect"]
        for policy in policies
        for statement in policy["Statement"]
        if _applies(statement, action, resource, principal, context)
    }
    return effects == {"Allow"}


def allowed_actions(policy: Mapping[str, Any]) -> set[str]:
    """All that a policy names."""
    return {action for statement in policy["Statement"] for action in _all(statement["Action"])}


def _applies(
    statement: Mapping[str, Any],
    action: str,
    resource: str,
    principal: tuple[str, str] | None,
    context: Mapping[str, str],
) -> bool:
    conditions = [pair for each in statement.get("Condition", {}).values() for pair in each.items()]
    assert set(statement.get("Condition", {})) <= {"Bool", "StringEquals"}
    return (
        any(_fits(pattern, action) for pattern in _all(statement["Action"]))
        and any(_fits(pattern, resource) for pattern in _all(statement["Resource"]))
        and _is_meant(statement.get("Principal"), principal)
        # Names of condition keys are compared without regard to case.
        and all(_lower(context).get(key.lower()) in _all(values) for key, values in conditions)
    )


def _is_meant(wanted: Any, principal: tuple[str, str] | None) -> bool:
    if wanted is None or wanted == "*":
        return True
    return principal is not None and principal[1] in _all(wanted.get(principal[0], []))


def _lower(context: Mapping[str, str]) -> dict[str, str]:
    return {key.lower(): value for key, value in context.items()}


def _all(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _fits(pattern: str, value: str) -> bool:
    parts = re.split(r"([*?])", pattern)
    wild = {"*": ".*", "?": "."}
    return re.fullmatch("".join(wild.get(part, re.escape(part)) for part in parts), value, re.S) is not None


class Obeying(InProcess):
    """Does what *policy* allows, and refuses the rest. `used`: what was asked for, as (action, resource)."""

    def __init__(self, policy: Mapping[str, Any]) -> None:
        super().__init__()
        self.policy = policy
        self.used: set[tuple[str, str]] = set()
        self.refused: set[tuple[str, str]] = set()

    def send(self, request: Request) -> Response:
        asked = permission(request)
        self.used.add(asked)
        if is_allowed([self.policy], *asked):
            return super().send(request)
        self.refused.add(asked)
        return Response(403, {"content-type": "application/xml"}, REFUSAL)


def permission(request: Request) -> tuple[str, str]:
    """(action, resource) of a request to S3, as the Service Authorization Reference has them."""
    parts = urlsplit(request.path)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    bucket, key = request.host.partition(".")[0], unquote(parts.path).removeprefix("/")
    arn = f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else "")
    return f"s3:{_action(request.method, bool(key), query)}", arn


def _action(method: str, is_object: bool, query: Mapping[str, str]) -> str:
    if not is_object:
        assert method in ("GET", "HEAD")
        named = {"versioning": "GetBucketVersioning", "versions": "ListBucketVersions"}
        return next((action for key, action in named.items() if key in query), "ListBucket")
    if "uploadId" in query and method in ("GET", "DELETE"):
        return {"GET": "ListMultipartUploadParts", "DELETE": "AbortMultipartUpload"}[method]
    name = {"GET": "GetObject", "HEAD": "GetObject", "DELETE": "DeleteObject"}.get(method, "PutObject")
    return f"{name}Version" if "versionId" in query else name
