"""Records in the hosted zone: those that lead to the distribution, and what proves the certificate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cdn_pipeline.errors import ERROR, Problem
from cdn_pipeline.provision import certificate, permissions, zone
from cdn_pipeline.provision.account import Account
from cdn_pipeline.provision.change import CHANGE, CREATE, Change, Difference, Seen
from cdn_pipeline.provision.description import Description, Record
from cdn_pipeline.provision.zone import Zone

PROOF_TTL_S = 300


def look_for_proof(
    account: Account, description: Description, known: Mapping[str, str], adopts: bool
) -> Seen:
    """The record that the certificate waits for. What it says is ACM's, so it may replace what was there."""
    wanted, arn = description.certificate, known.get("certificate.arn")
    if wanted is None or not description.hosted_zone:
        return Seen()
    there = zone.find(account, description.hosted_zone, description.domain)
    name = f"record that proves {wanted.domain}"
    if arn is None:
        later = (Difference("CNAME", None, "as ACM will ask"),)
        return Seen((Change(CREATE, name, later, _nothing),))
    proof = certificate.known_proof(account, wanted, arn)
    found = [each for each in zone.records(account, there, proof.name) if each["Type"] == "CNAME"]
    values = [zone.plain(each["Value"]) for record in found for each in record.get("ResourceRecords", ())]
    if zone.plain(proof.value) in values:
        return Seen()
    record = {
        "Name": proof.name,
        "Type": "CNAME",
        "TTL": PROOF_TTL_S,
        "ResourceRecords": [{"Value": proof.value}],
    }
    made = (Difference(f"{proof.name} CNAME", values or None, proof.value),)
    return Seen((Change(CREATE, name, made, lambda: _upsert(account, there, [], [record])),))


def look(account: Account, description: Description, known: Mapping[str, str], adopts: bool) -> Seen:
    """The records of the domain."""
    if not description.hosted_zone:
        return Seen()
    there = zone.find(account, description.hosted_zone, description.domain)
    found = {each["Type"]: each for each in zone.records(account, there, description.domain)}
    wanted = {record.type: permissions.filled(alias(record), known) for record in description.records}
    differ = {kind: record for kind, record in wanted.items() if not _is_same(found.get(kind), record)}
    if not differ:
        return Seen()
    # A CNAME stands alone: no other record can be made beside it.
    rivals = [found[kind] for kind in ("CNAME", *differ) if kind in found]
    name = f"records of {description.domain}"
    made = tuple(Difference(kind, _shown(found.get(kind)), _shown(record)) for kind, record in differ.items())
    gone = [found["CNAME"]] if "CNAME" in found else []
    made = tuple(Difference("CNAME", _shown(each), None) for each in gone) + made
    act = CHANGE if rivals else CREATE
    changes = (Change(act, name, made, lambda: _upsert(account, there, gone, list(differ.values()))),)
    return Seen(changes, problems=() if adopts else tuple(map(_problem, rivals)))


def alias(record: Record) -> dict[str, Any]:
    """As Route 53 has it."""
    target = {"HostedZoneId": record.target_zone, "DNSName": record.target, "EvaluateTargetHealth": False}
    return {"Name": record.name, "Type": record.type, "AliasTarget": target}


def _is_same(was: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> bool:
    if was is None or "AliasTarget" not in was:
        return False
    return zone.plain(was["AliasTarget"]["DNSName"]) == zone.plain(wanted["AliasTarget"]["DNSName"])


def _shown(record: Mapping[str, Any] | None) -> str | None:
    if record is None:
        return None
    if "AliasTarget" in record:
        return f"alias of {zone.plain(record['AliasTarget']['DNSName'])}"
    return ", ".join(each["Value"] for each in record.get("ResourceRecords", ()))


def _problem(record: Mapping[str, Any]) -> Problem:
    name = zone.plain(record["Name"])
    message = f"record {name} {record['Type']}: leads elsewhere ({_shown(record)})"
    return Problem(ERROR, "", message, "let it lead to the new distribution with --adopt, or remove it")


def _upsert(
    account: Account, there: Zone, gone: list[Mapping[str, Any]], wanted: list[dict[str, Any]]
) -> None:
    changes = [{"Action": "DELETE", "ResourceRecordSet": record} for record in gone]
    changes += [{"Action": "UPSERT", "ResourceRecordSet": record} for record in wanted]
    zone.change(account, there, changes)


def _nothing() -> None:
    """What is to be done is known only once the certificate was asked for."""
