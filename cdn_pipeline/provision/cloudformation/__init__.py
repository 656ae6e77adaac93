"""The description as a CloudFormation template.

The domain, its certificate and its zone are parameters, whose defaults are what the config says; everything
else stands there as described.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cdn_pipeline.provision.cloudformation.places import (
    HAS_CERTIFICATE,
    HAS_DOMAIN,
    HAS_ZONE,
    MAKES_CERTIFICATE,
    filled,
    makes_certificates,
)
from cdn_pipeline.provision.cloudformation.resources import logical_id, resources
from cdn_pipeline.provision.cloudformation.yaml_text import Entry, Function, text
from cdn_pipeline.provision.description import CERTIFICATE_REGION, Description


def template(description: Description) -> str:
    """The whole template, as YAML."""
    return text(_introduction(description), sections(description))


def sections(description: Description) -> dict[str, Any]:
    """The same as values, lists of `Entry` among them."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"{description.name}: a private bucket, and CloudFront in front of it",
        "Parameters": list(_parameters(description)),
        "Rules": list(_rules(description)),
        "Conditions": _conditions(description),
        "Resources": list(resources(description)),
        "Outputs": _outputs(description),
    }


def _introduction(description: Description) -> str:
    site, region = " ".join(description.site.split()), description.bucket.region
    lines = [
        f"The CDN of {site}, written by `cdn-pipeline provision --template cloudformation`.",
        "Rather than editing this, change the config and write it again.",
        "",
        f"  aws cloudformation deploy --region {region} --stack-name {description.name} \\",
        "    --capabilities CAPABILITY_NAMED_IAM --template-file cdn.yaml",
        "",
        f"Its outputs Url, Store and Cdn are what the config is to say of the target {description.target!r}.",
    ]
    if not makes_certificates(description):
        lines += [
            "",
            f"CloudFront takes certificates of {CERTIFICATE_REGION} only, and a stack makes its own",
        ]
        lines += [f"where it is, in {region}. So CertificateArn has to be one that is there already."]
    return "\n".join(lines)


def _parameters(description: Description) -> Iterator[Entry]:
    given, zone = description.distribution.certificate, description.hosted_zone
    made = "; empty: one is made" if makes_certificates(description) else ""
    named = f" that is named {zone}," if "." in zone else ""
    yield _parameter(
        "DomainName",
        "The domain of the CDN; empty: one of CloudFront's own",
        description.domain,
        r"^([A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+)?$",
    )
    yield _parameter(
        "CertificateArn",
        f"A certificate in {CERTIFICATE_REGION} for the domain{made}",
        "" if given.startswith("${") else given,
        rf"^(arn:aws[a-z-]*:acm:{CERTIFICATE_REGION}:[0-9]{{12}}:certificate/.+)?$",
    )
    yield _parameter(
        "HostedZoneId",
        f"The ID of the zone in Route 53{named} where the records go; empty: you make them elsewhere",
        None if named else zone.removeprefix("/hostedzone/"),
        r"^(Z[A-Z0-9]+)?$",
    )


def _parameter(name: str, told: str, default: str | None, pattern: str) -> Entry:
    """Without *default*, CloudFormation asks for it."""
    found = {"Type": "String", "Description": told, "AllowedPattern": pattern}
    return Entry(name, found | ({} if default is None else {"Default": default}))


def _rules(description: Description) -> Iterator[Entry]:
    region = description.bucket.region
    is_there = Function("Equals", [Function("Ref", "AWS::Region"), region])
    yield Entry("Region", _rule(is_there, f"This belongs into {region}, which is provision.region"))
    if not makes_certificates(description):
        told = f"A domain needs CertificateArn: only a stack in {CERTIFICATE_REGION} could make one"
        rule = {"RuleCondition": _is_set("DomainName"), **_rule(_is_set("CertificateArn"), told)}
        yield Entry("Certificate", rule)


def _rule(claim: Function, told: str) -> dict[str, Any]:
    return {"Assertions": [{"Assert": claim, "AssertDescription": told}]}


def _conditions(description: Description) -> dict[str, Function]:
    domain = Function("Condition", HAS_DOMAIN)
    found = {
        HAS_DOMAIN: _is_set("DomainName"),
        HAS_ZONE: Function("And", [domain, _is_set("HostedZoneId")]),
        HAS_CERTIFICATE: _is_set("CertificateArn"),
    }
    if makes_certificates(description):
        none = Function("Equals", [Function("Ref", "CertificateArn"), ""])
        found[HAS_CERTIFICATE] = Function("Or", [domain, _is_set("CertificateArn")])
        found[MAKES_CERTIFICATE] = Function("And", [domain, none])
    return found


def _is_set(parameter: str) -> Function:
    return Function("Not", [Function("Equals", [Function("Ref", parameter), ""])])


def _outputs(description: Description) -> dict[str, Any]:
    """What the config is to say, and what may be attached to people and machines."""
    path = description.url_path
    own = Function("Sub", f"https://${{DomainName}}{path}")
    theirs = Function("Sub", f"https://${{Distribution.DomainName}}{path}")
    store = f"s3://{description.bucket.name}/{description.bucket.prefix}".rstrip("/")
    found = {
        "Url": _output("url", Function("If", [HAS_DOMAIN, own, theirs])),
        "Store": _output("store", store),
        "Cdn": _output("cdn", filled("cloudfront:${distribution.id}", description)),
        "DistributionDomain": {
            "Description": "Where the records of the domain lead, if you make them yourself",
            "Value": filled("${distribution.domain}", description),
        },
    }
    for policy in description.policies:
        name = logical_id(description, policy)
        found[name] = {"Description": policy.comment, "Value": Function("Ref", name)}
    for role in description.roles:
        name = logical_id(description, role)
        found[name] = {"Description": role.comment, "Value": Function("GetAtt", f"{name}.Arn")}
    return found


def _output(key: str, value: Any) -> dict[str, Any]:
    return {"Description": f"{key} of the target, in the config", "Value": value}
