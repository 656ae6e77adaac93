"""The response headers policy, found again by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cdn_pipeline.provision.account import Account, Refused
from cdn_pipeline.provision.change import CHANGE, CREATE, Change, Seen, differences, merged
from cdn_pipeline.provision.description import Description, HeadersPolicy
from cdn_pipeline.provision.quantities import packed, plain


def look(account: Account, description: Description, known: Mapping[str, str], adopts: bool) -> Seen:
    """The one whose name is ours. Nobody else would call theirs so."""
    wanted = description.headers_policy
    name, to_be = f"response headers policy {wanted.name}", config(wanted)
    id_ = _found(account, wanted.name, name)
    if id_ is None:
        apply_create = _create(account, to_be, name)
        return Seen((Change(CREATE, name, tuple(differences({}, to_be)), apply_create),))
    answer = account.ask("cloudfront", "GetResponseHeadersPolicyConfig", name, Id=id_)
    was = plain(answer["ResponseHeadersPolicyConfig"])
    found = tuple(differences(was, to_be))

    def apply() -> None:
        every = packed(merged(was, to_be))
        arguments = {"Id": id_, "IfMatch": answer["ETag"], "ResponseHeadersPolicyConfig": every}
        account.ask("cloudfront", "UpdateResponseHeadersPolicy", name, **arguments)

    return Seen((Change(CHANGE, name, found, apply),) if found else (), {"headers_policy.id": id_})


def config(wanted: HeadersPolicy) -> dict[str, Any]:
    """As CloudFront has it, with plain lists."""
    return {
        "Name": wanted.name,
        "Comment": wanted.comment,
        "CorsConfig": {
            "AccessControlAllowOrigins": list(wanted.allow_origins),
            "AccessControlAllowHeaders": list(wanted.allow_headers),
            "AccessControlAllowMethods": list(wanted.allow_methods),
            "AccessControlAllowCredentials": wanted.allow_credentials,
            "AccessControlMaxAgeSec": wanted.max_age_s,
            "OriginOverride": wanted.is_origin_overridden,
        },
        "SecurityHeadersConfig": {"ContentTypeOptions": {"Override": wanted.is_nosniff}},
        "CustomHeadersConfig": [
            {"Header": header, "Value": value, "Override": True} for header, value in wanted.headers
        ],
    }


def _found(account: Account, wanted: str, name: str) -> str | None:
    items = account.every(
        "cloudfront", "ListResponseHeadersPolicies", name, "ResponseHeadersPolicyList.Items", Type="custom"
    )
    policies = (item["ResponseHeadersPolicy"] for item in items)
    return next(
        (str(each["Id"]) for each in policies if each["ResponseHeadersPolicyConfig"]["Name"] == wanted), None
    )


def _create(account: Account, to_be: Mapping[str, Any], name: str) -> Any:
    def apply() -> None:
        every = packed(to_be)
        try:
            account.ask("cloudfront", "CreateResponseHeadersPolicy", name, ResponseHeadersPolicyConfig=every)
        except Refused as refused:
            if refused.code != "ResponseHeadersPolicyAlreadyExists":  # the reply to a request was lost
                raise

    return apply
