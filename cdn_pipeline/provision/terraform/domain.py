"""The domain in Terraform: its certificate, what proves it, and the records that lead to CloudFront."""

from __future__ import annotations

from collections.abc import Iterator

from cdn_pipeline.provision.description import RECORD_TYPES, Certificate, Description, Record
from cdn_pipeline.provision.terraform.hcl import Block, Expression, nested
from cdn_pipeline.provision.terraform.places import NAME, TAGS, filled

ZONE = f"data.aws_route53_zone.{NAME}[0].zone_id"
PROOF = f"one(aws_acm_certificate.{NAME}[0].domain_validation_options)"
CERTIFICATE = f"aws_acm_certificate.{NAME}[0].arn"
CERTIFICATES = "certificates"  # the provider of their region; `region` of a resource needs version 6
MAKES_CERTIFICATE = Expression("local.makes_certificate ? 1 : 0")
BY_HAND = (
    f"Without a zone, this waits until you make the record that\n"
    f"`terraform state show 'aws_acm_certificate.{NAME}[0]'` names."
)


def domain(description: Description) -> Iterator[Block]:
    """All but the provider exists only where variables ask for it."""
    elsewhere = {"alias": CERTIFICATES, "region": _wanted(description).region}
    yield Block(("provider", "aws"), elsewhere)
    yield Block(("data", "aws_route53_zone", NAME), SOUGHT_ZONE)
    yield Block(("resource", "aws_acm_certificate", NAME), _certificate(description))
    yield Block(("resource", "aws_route53_record", "proof"), PROOF_RECORD)
    issued = {
        "count": MAKES_CERTIFICATE,
        "provider": Expression(f"aws.{CERTIFICATES}"),
        "certificate_arn": Expression(CERTIFICATE),
        "validation_record_fqdns": Expression("local.has_zone ? aws_route53_record.proof[*].fqdn : null"),
    }
    yield Block(("resource", "aws_acm_certificate_validation", NAME), issued, BY_HAND)
    yield Block(("resource", "aws_route53_record", NAME), _records(description))


def _wanted(description: Description) -> Certificate:
    return description.certificate or Certificate(description.domain)


def _certificate(description: Description) -> dict[str, object]:
    wanted = _wanted(description)
    return {
        "count": MAKES_CERTIFICATE,
        "provider": Expression(f"aws.{CERTIFICATES}"),
        "domain_name": Expression("var.domain"),
        "validation_method": wanted.validation,
        "key_algorithm": wanted.key,
        "tags": TAGS,
        "lifecycle": nested({"create_before_destroy": True}),
    }


def _records(description: Description) -> dict[str, object]:
    records = description.records or tuple(Record("", kind) for kind in RECORD_TYPES)
    kinds = ", ".join(f'"{record.type}"' for record in records)
    alias = {
        "name": filled(records[0].target, description),
        "zone_id": records[0].target_zone,
        "evaluate_target_health": False,
    }
    return {
        "for_each": Expression(f"local.has_zone ? toset([{kinds}]) : toset([])"),
        "zone_id": Expression(ZONE),
        "name": Expression("var.domain"),
        "type": Expression("each.key"),
        "alias": nested(alias),
    }


SOUGHT_ZONE = {
    "count": Expression("local.has_zone ? 1 : 0"),
    "name": Expression('strcontains(var.hosted_zone, ".") ? var.hosted_zone : null'),
    "zone_id": Expression('strcontains(var.hosted_zone, ".") ? null : var.hosted_zone'),
}
PROOF_RECORD = {
    "count": Expression("local.makes_certificate && local.has_zone ? 1 : 0"),
    "zone_id": Expression(ZONE),
    "name": Expression(f"{PROOF}.resource_record_name"),
    "type": Expression(f"{PROOF}.resource_record_type"),
    "records": [Expression(f"{PROOF}.resource_record_value")],
    "ttl": 300,
    "allow_overwrite": True,
}
