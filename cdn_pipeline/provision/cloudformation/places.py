"""Places: what the description's are in a template, and the conditions that stand for what may be given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cdn_pipeline.provision.cloudformation.yaml_text import Function
from cdn_pipeline.provision.description import CERTIFICATE_REGION, Description

HAS_DOMAIN, HAS_ZONE = "HasDomain", "HasZone"
HAS_CERTIFICATE, MAKES_CERTIFICATE = "HasCertificate", "MakesCertificate"
NOTHING = Function("Ref", "AWS::NoValue")

# What the places of the description are in a template.
PLACES = {
    "account.id": "${AWS::AccountId}",
    "distribution.id": "${Distribution}",
    "distribution.arn": "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Distribution}",
    "distribution.domain": "${Distribution.DomainName}",
    "access_control.id": "${AccessControl.Id}",
    "headers_policy.id": "${HeadersPolicy.Id}",
}
PLACE = re.compile(r"\$\{([a-z_]+\.[a-z]+)\}")


def filled(value: Any, description: Description) -> Any:
    """*value*, a document, with the functions that stand for its places."""
    if isinstance(value, str):
        return _text(value, description)
    if isinstance(value, Function):
        return Function(value.name, filled(value.argument, description))
    if isinstance(value, Mapping):
        return {key: filled(each, description) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [filled(each, description) for each in value]
    return value


def _text(value: str, description: Description) -> Any:
    own = f"arn:aws:s3:::{description.bucket.name}"
    parts = PLACE.split(value)
    if len(parts) == 1 and not value.startswith(own):
        return value
    # In a text with functions, "${!" is an ordinary "${".
    written = [part.replace("${", "${!").replace(own, "${Bucket.Arn}") for part in parts[::2]]
    written = [part.replace("arn:aws:", "arn:${AWS::Partition}:") for part in written]
    places = [PLACES[name] for name in parts[1::2]]
    found = "".join(part + place for part, place in zip(written, [*places, ""], strict=True))
    whole = re.fullmatch(r"\$\{(?!!)([^}]+)\}", found)
    if whole is None:
        return Function("Sub", found)
    return Function("GetAtt" if "." in whole[1] else "Ref", whole[1])


def resource(kind: str, condition: str = "", **properties: Any) -> dict[str, Any]:
    """One of the type ``AWS::`` and *kind*."""
    found: dict[str, Any] = {"Type": f"AWS::{kind}"}
    return found | ({"Condition": condition} if condition else {}) | {"Properties": properties}


def makes_certificates(description: Description) -> bool:
    """Whether the stack is where CloudFront looks for them."""
    return description.bucket.region == CERTIFICATE_REGION
