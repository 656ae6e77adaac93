"""The hosted zone in Route 53 that has the domain."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from cdn_pipeline.errors import ERROR, Problem
from cdn_pipeline.provision.account import Account, ProvisionError

ID = re.compile(r"(/hostedzone/)?Z[A-Z0-9]{5,31}")
GONE = ("NoSuchHostedZone",)


class Zone(NamedTuple):
    """A public one, which has the domain in it."""

    id: str
    name: str  # without a dot at the end


def find(account: Account, wanted: str, domain: str) -> Zone:
    """By name or id. Raises `ProvisionError` where this account has none, or *domain* is not in it."""
    found = _by_id(account, wanted) if ID.fullmatch(wanted) else _by_name(account, wanted)
    if domain != found.name and not domain.endswith(f".{found.name}"):
        message = f"hosted zone {found.name}: the domain {domain} is not in it"
        raise ProvisionError(
            [Problem(ERROR, "", message, "correct provision.hosted_zone, or the target's url")]
        )
    return found


def _by_id(account: Account, wanted: str) -> Zone:
    answer = account.look("route53", "GetHostedZone", f"hosted zone {wanted}", missing=GONE, Id=wanted)
    if answer is None:
        raise _none(account, wanted)
    return _zone(answer["HostedZone"])


def _by_name(account: Account, wanted: str) -> Zone:
    name = wanted.rstrip(".").lower()
    answer = account.ask("route53", "ListHostedZonesByName", f"hosted zone {name}", DNSName=name)
    found = [
        zone
        for zone in answer["HostedZones"]
        if zone["Name"].rstrip(".") == name and not zone.get("Config", {}).get("PrivateZone")
    ]
    if not found:
        raise _none(account, wanted)
    if len(found) > 1:
        ids = ", ".join(_zone(zone).id for zone in found)
        hint = "write the id of the one that the domain's registrar names in provision.hosted_zone"
        raise ProvisionError([Problem(ERROR, "", f"hosted zone {name}: there are several: {ids}", hint)])
    return _zone(found[0])


def _none(account: Account, wanted: str) -> ProvisionError:
    message = f"hosted zone {wanted}: account {account.id} has no public one of that name"
    hint = "make one; or, where it is another account's, leave provision.hosted_zone out"
    hint += ", and make the records there"
    return ProvisionError([Problem(ERROR, "", message, hint)])


def _zone(told: Mapping[str, Any]) -> Zone:
    return Zone(told["Id"].rpartition("/")[2], told["Name"].rstrip(".").lower())


def records(account: Account, zone: Zone, name: str) -> Iterator[Mapping[str, Any]]:
    """Those of *name* in *zone*."""
    sets = account.every(
        "route53",
        "ListResourceRecordSets",
        f"hosted zone {zone.name}",
        "ResourceRecordSets",
        HostedZoneId=zone.id,
        StartRecordName=name,
    )
    for each in sets:
        if plain(each["Name"]) != plain(name):
            return  # they are sorted
        yield each


def change(account: Account, zone: Zone, changes: list[dict[str, Any]]) -> None:
    """All of *changes*, or none."""
    account.ask(
        "route53",
        "ChangeResourceRecordSets",
        f"hosted zone {zone.name}",
        HostedZoneId=zone.id,
        ChangeBatch={"Comment": "cdn-pipeline provision", "Changes": changes},
    )


def plain(name: str) -> str:
    """A host name as it is compared: Route 53 gives it back with a dot at its end."""
    return name.rstrip(".").lower()
