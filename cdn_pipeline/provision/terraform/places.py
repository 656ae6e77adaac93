"""Places: what the description's are in Terraform."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cdn_pipeline.provision.description import Description
from cdn_pipeline.provision.terraform.hcl import Expression, escaped

NAME = "assets"  # of every resource of which there is one
BUCKET = f"aws_s3_bucket.{NAME}"
TAGS = Expression("local.tags")
DISTRIBUTION = f"aws_cloudfront_distribution.{NAME}"
PLACES = {
    "account.id": f"data.aws_caller_identity.{NAME}.account_id",
    "distribution.id": f"{DISTRIBUTION}.id",
    "distribution.arn": f"{DISTRIBUTION}.arn",
    "distribution.domain": f"{DISTRIBUTION}.domain_name",
    "access_control.id": f"aws_cloudfront_origin_access_control.{NAME}.id",
    "headers_policy.id": f"aws_cloudfront_response_headers_policy.{NAME}.id",
}
PLACE = re.compile(r"\$\{([a-z_]+\.[a-z]+)\}")


def filled(value: Any, description: Description) -> Any:
    """*value*, a document, with the expressions that stand for its places."""
    if isinstance(value, str):
        return _text(value, description)
    if isinstance(value, Mapping):
        return {key: filled(each, description) for key, each in value.items()}
    if isinstance(value, list | tuple) and not isinstance(value, Expression):
        return [filled(each, description) for each in value]
    return value


def _text(value: str, description: Description) -> Any:
    own = f"arn:aws:s3:::{description.bucket.name}"
    head, rest = (f"${{{BUCKET}.arn}}", value[len(own) :]) if value.startswith(own) else ("", value)
    parts = PLACE.split(rest)
    if len(parts) == 1 and not head:
        return value
    places = [f"${{{PLACES[name]}}}" for name in parts[1::2]]
    texts = [escaped(part) for part in parts[::2]]
    found = head + "".join(part + place for part, place in zip(texts, [*places, ""], strict=True))
    whole = re.fullmatch(r"\$\{([^${}]+)\}", found)
    return Expression(whole[1] if whole else f'"{found}"')
