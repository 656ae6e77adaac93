"""The description as Terraform, or OpenTofu: one file, a whole configuration.

The domain, its certificate and its zone are variables, whose defaults are what the config says; everything
else stands there as described.
"""

from __future__ import annotations

from collections.abc import Iterator

from cdn_pipeline.provision.description import CERTIFICATE_REGION, Description
from cdn_pipeline.provision.terraform.hcl import Block, Expression, nested, text
from cdn_pipeline.provision.terraform.places import DISTRIBUTION, NAME, PLACES, filled
from cdn_pipeline.provision.terraform.resources import label, resources

TERRAFORM = ">= 1.5"  # strcontains()
PROVIDER = ">= 5.100"  # with which it has been validated; HTTPS records came late in version 5
PROVIDER_WITH_CACHE_TAGS = ">= 6.46"  # cache_tag_config, says its changelog
ARN = rf"^(arn:aws[a-z-]*:acm:{CERTIFICATE_REGION}:[0-9]{{12}}:certificate/.+)?$"


def template(description: Description) -> str:
    """The whole file."""
    return text(_introduction(description), _blocks(description))


def _introduction(description: Description) -> str:
    site = " ".join(description.site.split())
    lines = [
        f"The CDN of {site}, written by `cdn-pipeline provision --template terraform`.",
        "Rather than editing this, change the config and write it again.",
        "",
        "  terraform init && terraform apply",
        "",
        f"Its outputs url, store and cdn are what the config is to say of the target {description.target!r}.",
    ]
    return "\n".join(lines)


def _blocks(description: Description) -> Iterator[Block]:
    made = list(resources(description))
    yield _versions(description)
    yield Block(("provider", "aws"), {"region": description.bucket.region})
    yield from _variables(description)
    yield _locals(description)
    if PLACES["account.id"] in text("", made):
        yield Block(("data", "aws_caller_identity", NAME), {})
    yield from made
    yield from _outputs(description)


def _versions(description: Description) -> Block:
    version = PROVIDER_WITH_CACHE_TAGS if description.distribution.cache_tag_header else PROVIDER
    providers = nested({"aws": {"source": "hashicorp/aws", "version": version}})
    return Block(("terraform",), {"required_version": TERRAFORM, "required_providers": providers})


def _variables(description: Description) -> Iterator[Block]:
    given = description.distribution.certificate
    told = "The domain of the CDN; empty: one of CloudFront's own"
    yield _variable("domain", told, description.domain)
    told = f"A certificate in {CERTIFICATE_REGION} for the domain; empty: one is made"
    check = {
        "condition": Expression(f'can(regex("{ARN}", var.certificate_arn))'),
        "error_message": f"CloudFront takes certificates of {CERTIFICATE_REGION} only.",
    }
    block = _variable("certificate_arn", told, "" if given.startswith("${") else given)
    yield block._replace(body={**block.body, "validation": nested(check)})
    told = "Name or ID of the zone in Route 53 where the records go; empty: you make them elsewhere"
    yield _variable("hosted_zone", told, description.hosted_zone.removeprefix("/hostedzone/"))


def _variable(name: str, told: str, default: str) -> Block:
    return Block(("variable", name), {"description": told, "type": Expression("string"), "default": default})


def _locals(description: Description) -> Block:
    made = f"aws_acm_certificate_validation.{NAME}[0].certificate_arn"
    return Block(
        ("locals",),
        {
            "has_domain": Expression('var.domain != ""'),
            "has_zone": Expression('local.has_domain && var.hosted_zone != ""'),
            "has_certificate": Expression('local.has_domain || var.certificate_arn != ""'),
            "makes_certificate": Expression('local.has_domain && var.certificate_arn == ""'),
            "certificate_arn": Expression(f"local.makes_certificate ? {made} : var.certificate_arn"),
            "tags": dict(sorted(description.tags.items())),
        },
    )


def _outputs(description: Description) -> Iterator[Block]:
    """What the config is to say, and what may be attached to people and machines."""
    host = f"local.has_domain ? var.domain : {DISTRIBUTION}.domain_name"
    store = f"s3://{description.bucket.name}/{description.bucket.prefix}".rstrip("/")
    yield _output("url", Expression(f'"https://${{{host}}}{description.url_path}"'), TARGET)
    yield _output("store", store, TARGET)
    yield _output("cdn", filled("cloudfront:${distribution.id}", description), TARGET)
    told = "Where the records of the domain lead, if you make them yourself"
    yield _output("distribution_domain", filled("${distribution.domain}", description), told)
    for kind, made in (("policy", description.policies), ("role", description.roles)):
        for each in made:
            name = label(description, each)
            yield _output(f"{name}_{kind}", Expression(f"aws_iam_{kind}.{name}.arn"), each.comment)


TARGET = "Of the target, in the config"


def _output(name: str, value: object, told: str) -> Block:
    return Block(("output", name), {"description": told, "value": value})
