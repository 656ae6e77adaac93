"""Origin access control, found again by its name."""

from __future__ import annotations

from collections.abc import Mapping

from cdn_pipeline.provision.account import Account, Refused
from cdn_pipeline.provision.change import CHANGE, CREATE, Change, Seen, differences
from cdn_pipeline.provision.description import AccessControl, Description


def look(account: Account, description: Description, known: Mapping[str, str], adopts: bool) -> Seen:
    """The one whose name is ours. Nobody else would call theirs so."""
    wanted = description.access_control
    name, to_be = f"origin access control {wanted.name}", config(wanted)
    id_ = _found(account, wanted.name, name)
    if id_ is None:
        return Seen(
            (Change(CREATE, name, tuple(differences({}, to_be)), lambda: _create(account, to_be, name)),)
        )
    answer = account.ask("cloudfront", "GetOriginAccessControl", name, Id=id_)
    found = tuple(differences(answer["OriginAccessControl"]["OriginAccessControlConfig"], to_be))

    def apply() -> None:
        arguments = {"Id": id_, "IfMatch": answer["ETag"], "OriginAccessControlConfig": to_be}
        account.ask("cloudfront", "UpdateOriginAccessControl", name, **arguments)

    changes = (Change(CHANGE, name, found, apply),) if found else ()
    return Seen(changes, {"access_control.id": id_})


def config(wanted: AccessControl) -> dict[str, str]:
    """As CloudFront has it."""
    return {
        "Name": wanted.name,
        "Description": wanted.comment,
        "SigningProtocol": wanted.signing_protocol,
        "SigningBehavior": wanted.signing_behavior,
        "OriginAccessControlOriginType": wanted.origin_type,
    }


def _found(account: Account, wanted: str, name: str) -> str | None:
    items = account.every("cloudfront", "ListOriginAccessControls", name, "OriginAccessControlList.Items")
    return next((str(item["Id"]) for item in items if item["Name"] == wanted), None)


def _create(account: Account, to_be: Mapping[str, str], name: str) -> None:
    try:
        account.ask("cloudfront", "CreateOriginAccessControl", name, OriginAccessControlConfig=to_be)
    except Refused as refused:
        if refused.code != "OriginAccessControlAlreadyExists":  # the reply to a request of ours was lost
            raise
