"""The certificate, found again by its domain and tag, and proved by a CNAME record."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from cdn_pipeline.errors import ERROR, Problem
from cdn_pipeline.provision import ownership
from cdn_pipeline.provision.account import Account, ProvisionError
from cdn_pipeline.provision.change import CREATE, WAIT, Change, Difference, Seen
from cdn_pipeline.provision.description import TAG, Certificate, Description

ISSUED, PENDING = "ISSUED", "PENDING_VALIDATION"
ENDED = ("EXPIRED", "FAILED", "REVOKED", "VALIDATION_TIMED_OUT")  # will never be issued
PATIENCE_S = 900.0  # ACM mostly needs a few minutes once the record is there
PAUSE_S = 10.0
PROOF_PAUSE_S = 2.0  # the record to make is told some seconds after the request
PROOF_TRIES = 30


class Proof(NamedTuple):
    """The CNAME record that shows whose the domain is."""

    name: str  # without a dot at the end
    value: str


def look(account: Account, description: Description, known: Mapping[str, str], adopts: bool) -> Seen:
    """Ours, if it is issued or still can be."""
    wanted = description.certificate
    if wanted is None:
        return Seen()
    arn = _found(account, description, wanted)
    if arn is not None:
        return Seen(known={"certificate.arn": arn})
    made = (
        Difference("DomainName", None, wanted.domain),
        Difference("ValidationMethod", None, wanted.validation),
    )
    name = f"certificate for {wanted.domain}"
    return Seen((Change(CREATE, name, made, lambda: _create(account, description, wanted, name)),))


def issued(account: Account, description: Description, known: Mapping[str, str], adopts: bool) -> Seen:
    """The wait for it. Where the record is somebody else's to make, there is none: the next run goes on."""
    wanted, arn = description.certificate, known.get("certificate.arn")
    if wanted is None or arn is None or status(account, wanted, arn) == ISSUED:
        return Seen()
    name = f"certificate for {wanted.domain}"
    found = (Difference("Status", PENDING, ISSUED),)
    return Seen((Change(WAIT, name, found, lambda: _wait(account, description, wanted, arn)),))


def proof(account: Account, wanted: Certificate, arn: str) -> Proof | None:
    """``None`` where ACM does not tell yet."""
    for option in _described(account, wanted, arn).get("DomainValidationOptions", ()):
        record = option.get("ResourceRecord")
        if record:
            return Proof(record["Name"].rstrip("."), record["Value"])
    return None


def status(account: Account, wanted: Certificate, arn: str) -> str:
    """ISSUED or PENDING. Raises `ProvisionError` where it will never be issued."""
    told = _described(account, wanted, arn)
    found = str(told["Status"])
    if found in (ISSUED, PENDING):
        return found
    message = f"certificate {arn}: is {found} ({told.get('FailureReason', 'no reason is told')})"
    hint = f"see CAA records of {wanted.domain}; a new one is asked for when you run it again"
    raise ProvisionError([Problem(ERROR, "", message, hint)])


def _described(account: Account, wanted: Certificate, arn: str) -> Mapping[str, Any]:
    name = f"certificate for {wanted.domain}"
    found: Mapping[str, Any] = account.ask("acm", "DescribeCertificate", name, CertificateArn=arn)[
        "Certificate"
    ]
    return found


def _found(account: Account, description: Description, wanted: Certificate) -> str | None:
    """An issued one before one that is pending; of several, always the same."""
    for each in (ISSUED, PENDING):
        arns = sorted(_with_domain(account, wanted, (each,)))
        ours = next((arn for arn in arns if _is_ours(account, description, arn)), None)
        if ours is not None:
            return ours
    return None


def _with_domain(account: Account, wanted: Certificate, statuses: tuple[str, ...]) -> Iterator[str]:
    name, asked = f"certificate for {wanted.domain}", {"CertificateStatuses": list(statuses)}
    for item in account.every("acm", "ListCertificates", name, "CertificateSummaryList", **asked):
        if item["DomainName"] == wanted.domain:
            yield item["CertificateArn"]


def _is_ours(account: Account, description: Description, arn: str) -> bool:
    tags = account.ask("acm", "ListTagsForCertificate", f"certificate {arn}", CertificateArn=arn)["Tags"]
    return ownership.tags_of(tags).get(TAG) == description.tags[TAG]


def _create(account: Account, description: Description, wanted: Certificate, name: str) -> None:
    ended = sorted(_with_domain(account, wanted, ENDED))
    token = hashlib.sha256(" ".join([description.site, wanted.domain, *ended]).encode()).hexdigest()[:32]
    account.ask(
        "acm",
        "RequestCertificate",
        name,
        DomainName=wanted.domain,
        ValidationMethod=wanted.validation,
        KeyAlgorithm=wanted.key,
        IdempotencyToken=token,  # within an hour, asking again makes no second one
        Tags=ownership.items_of(description.tags),
    )


def known_proof(account: Account, wanted: Certificate, arn: str) -> Proof:
    """As `proof`, once ACM tells it."""
    for _ in range(PROOF_TRIES):
        found = proof(account, wanted, arn)
        if found is not None:
            return found
        account.pause(PROOF_PAUSE_S)
    message = f"certificate for {wanted.domain}: ACM does not tell yet how to prove the domain"
    raise ProvisionError([Problem(ERROR, "", message, "run it again in a minute")])


def _wait(account: Account, description: Description, wanted: Certificate, arn: str) -> None:
    waited_s = 0.0
    while status(account, wanted, arn) != ISSUED:
        if not description.hosted_zone or waited_s >= PATIENCE_S:
            raise ProvisionError([_pending(account, description, wanted, arn)])
        account.pause(PAUSE_S)
        waited_s += PAUSE_S


def _pending(account: Account, description: Description, wanted: Certificate, arn: str) -> Problem:
    record = known_proof(account, wanted, arn)
    message = f"certificate for {wanted.domain}: waits for the record {record.name} CNAME {record.value}"
    hint = "make it where the domain's records are, and run it again: it goes on from there"
    if description.hosted_zone:
        hint = (
            f"it is in {description.hosted_zone}: see that the domain's registrar names that zone's servers"
        )
        hint += ", and run it again: it goes on from there"
    return Problem(ERROR, "", message, hint)
