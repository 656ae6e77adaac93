"""From the config to what there is to be in an AWS account."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, urlsplit

from cdn_pipeline.config import Config, Provision, Target
from cdn_pipeline.errors import ERROR, ConfigError, Problem
from cdn_pipeline.provision import permissions
from cdn_pipeline.provision.description import (
    ALL_METHODS,
    ALL_VIEWER,
    BUCKET_ORIGIN,
    CACHE_TAG_HEADER,
    CACHING_DISABLED,
    CACHING_OPTIMIZED,
    COPY_ORIGIN,
    GROUP,
    RECORD_TYPES,
    SITE_ORIGIN,
    TAG,
    AccessControl,
    Behavior,
    Bucket,
    Certificate,
    Description,
    Distribution,
    HeadersPolicy,
    Origin,
    OriginGroup,
    Policy,
    Record,
    Role,
)

PREFIX = r"[A-Za-z0-9!'()_./-]*"  # without what is a wildcard in policies, or encoded in URLs
# Amazon S3 User Guide, "General purpose bucket naming rules".
NAME = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
HOST = r"(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?"


def describe(config: Config) -> Description:
    """What the config asks for. Raises `ConfigError` with every reason why that cannot be."""
    target = _target(config)
    name, prefix = _place(target)
    site = f"{name}/{prefix}".rstrip("/")
    wanted, path = config.provision, urlsplit(target.url).path
    problems = list(_problems(config, target, prefix))
    if problems:
        raise ConfigError([Problem(ERROR, config.file, text, hint) for text, hint in problems])
    domain = _domain(target)
    bucket = Bucket(name, wanted.region, prefix, max(1, round(wanted.old_versions_s / 86400)))
    stem = _stem(site)
    comment = f"cdn-pipeline: {site}"
    asked = Certificate(domain) if domain and not wanted.certificate else None
    return Description(
        site=site,
        name=stem,
        tags={**wanted.tags, TAG: _tag_value(site)},
        target=target.name,
        url_path=path,
        bucket=bucket,
        access_control=AccessControl(stem, comment[:256]),
        headers_policy=HeadersPolicy(stem, comment[:128]),
        distribution=_distribution(config, target, bucket, stem)._replace(
            caller_reference=stem,
            comment=comment[:128],
            certificate="${certificate.arn}" if asked else wanted.certificate or "",
        ),
        bucket_policy=permissions.of_bucket(name, prefix, wanted.uploaders),
        policies=_policies(stem, site, name, prefix),
        roles=_roles(stem, site, wanted),
        domain=domain,
        certificate=asked,
        hosted_zone=(wanted.hosted_zone or "") if domain else "",
        records=tuple(Record(domain, each) for each in RECORD_TYPES) if domain else (),
    )


def _target(config: Config) -> Target:
    """The one that is provisioned. Raises `ConfigError` where there is none."""
    if config.provision.target is not None:
        return config.targets[config.provision.target]
    for target in config.targets.values():
        if target.kind == "push" and (target.store or "").startswith("s3://"):
            return target
    hint = 'add [targets.cdn] with url = "https://cdn.example.com/" and store = "s3://bucket/prefix"'
    raise ConfigError([Problem(ERROR, config.file, "no target has a store on S3", hint)])


def _place(target: Target) -> tuple[str, str]:
    """The bucket, and the prefix of keys in it: "" or ends with "/"."""
    place = (target.store or "").removeprefix("s3://").partition("?")[0]
    bucket, _, prefix = place.partition("/")
    prefix = prefix.strip("/")
    return bucket, f"{prefix}/" if prefix else ""


def _problems(config: Config, target: Target, prefix: str) -> Iterator[tuple[str, str]]:
    """(what is wrong, the way out) of all that the config file alone could not tell."""
    at, url = f"targets.{target.name}", urlsplit(target.url)
    bucket, _ = _place(target)
    if not re.fullmatch(NAME, bucket) or ".." in bucket:
        hint = "use 3 to 63 small letters, digits and -, and none of the old names with capitals"
        yield f"{at}.store: {bucket!r} cannot be the name of a new bucket", hint
    if not re.fullmatch(PREFIX, prefix):
        hint = "use letters, digits and !'()-_./, which mean themselves in URLs and in policies"
        yield f"{at}.store: {prefix!r} cannot be the prefix of what CloudFront may read", hint
    if options := parse_qsl((target.store or "").partition("?")[2], keep_blank_values=True):
        yield from _option_problems(at, dict(options), config.provision.region)
    if not url.netloc or url.scheme == "http":
        yield f"{at}.url: {target.url} is not of a host of its own", 'write "https://cdn.example.com/"'
    elif not re.fullmatch(HOST, url.netloc):
        yield f"{at}.url: {url.netloc!r} cannot be the domain of a CDN", "write a host name without a port"
    if not f"/{prefix}".endswith(url.path):
        hint = f'end the store with it, as in "s3://{bucket}{url.path.rstrip("/")}", or shorten the URL'
        yield f"{at}.url: CloudFront asks the bucket for {url.path}…, and the keys begin with {prefix}", hint
    yield from _site_problems(config, target)


def _option_problems(at: str, options: Mapping[str, str], region: str) -> Iterator[tuple[str, str]]:
    if "endpoint" in options:
        yield f"{at}.store: has an endpoint, so it is not on S3", "provision.target can name another target"
    if options.get("region", region) != region:
        hint = "let provision.region be the same"
        yield f"{at}.store: its region {options['region']} is not provision.region, {region}", hint


def _site_problems(config: Config, target: Target) -> Iterator[tuple[str, str]]:
    wanted, path = config.provision, urlsplit(target.url).path
    if wanted.failover and not wanted.site_origin:
        yield "provision.failover: there is nothing to fail over to", "set provision.site_origin"
    if wanted.failover and not f"/{urlsplit(config.origin.url).path.lstrip('/')}".endswith(path):
        hint = "let both URLs end with the same path, and set keep_on_origin"
        origin = config.origin.url
        yield f"provision.failover: the copies are at {origin}, and CloudFront would ask for {path}…", hint
    if wanted.site_origin and path == "/":
        hint = f'give targets.{target.name}.url a path, such as "/assets/"'
        yield "provision.site_origin: no path would be left for the site", hint
    if wanted.site_origin and wanted.site_origin == urlsplit(target.url).netloc:
        hint = "name the host of the server itself, such as origin.example.com"
        yield "provision.site_origin: is the domain of the CDN, which would ask itself", hint


def _domain(target: Target) -> str:
    """That of the URL, unless it is CloudFront's own."""
    host = urlsplit(target.url).netloc.lower()
    return "" if host.endswith(".cloudfront.net") else host


def _stem(site: str) -> str:
    """What all names begin with; short enough for that of a role (64 characters) with an ending."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", site)[:32].strip("-")
    return f"cdn-pipeline-{plain}-{hashlib.sha256(site.encode()).hexdigest()[:8]}"


def _tag_value(site: str) -> str:
    """*site* without what tags may not have; the bucket alone would be enough to tell two sites apart."""
    return re.sub(r"[^\w .:/=+@-]", "_", site)[:256]


def _distribution(config: Config, target: Target, bucket: Bucket, stem: str) -> Distribution:
    wanted, path = config.provision, urlsplit(target.url).path
    domain = _domain(target)
    origins = list(_origins(config, bucket, path))
    groups = (OriginGroup(GROUP, (BUCKET_ORIGIN, COPY_ORIGIN)),) if wanted.failover else ()
    files = Behavior(
        "", GROUP if groups else BUCKET_ORIGIN, CACHING_OPTIMIZED, headers_policy="${headers_policy.id}"
    )
    own = urlsplit(config.origin.url).path
    behaviors: tuple[Behavior, ...] = ()
    default = files
    if wanted.site_origin:
        behaviors = (files._replace(pattern=f"{path}*"),)
        if own not in ("/", path):
            behaviors += (Behavior(f"{own}*", SITE_ORIGIN, CACHING_OPTIMIZED, ALL_VIEWER),)
        default = Behavior("", SITE_ORIGIN, CACHING_DISABLED, ALL_VIEWER, methods=ALL_METHODS)
    return Distribution(
        caller_reference=stem,
        comment="",
        aliases=(domain,) if domain else (),
        origins=tuple(origins),
        groups=groups,
        default=default,
        behaviors=behaviors,
        price_class="PriceClass_All" if wanted.price_class == "all" else f"PriceClass_{wanted.price_class}",
        default_root_object="" if wanted.site_origin else "index.html",
        certificate="",
        cache_tag_header=CACHE_TAG_HEADER if target.cache_tags else "",
    )


def _origins(config: Config, bucket: Bucket, path: str) -> Iterator[Origin]:
    wanted = config.provision
    host = f"{bucket.name}.s3.{bucket.region}.amazonaws.com"  # not the global one, which redirects at first
    yield Origin(BUCKET_ORIGIN, host, _before(f"/{bucket.prefix}", path), "${access_control.id}")
    if wanted.site_origin:
        yield Origin(SITE_ORIGIN, wanted.site_origin)
    if wanted.site_origin and wanted.failover:
        yield Origin(COPY_ORIGIN, wanted.site_origin, _before(urlsplit(config.origin.url).path, path))


def _before(there: str, path: str) -> str:
    """What CloudFront puts before *path*, with which *there* ends, so that it asks for *there*."""
    return there.removesuffix(path).rstrip("/")


def _policies(stem: str, site: str, bucket: str, prefix: str) -> tuple[Policy, ...]:
    return (
        Policy(f"{stem}-deploy", f"Deploys of {site}"[:1000], permissions.of_deploy(bucket, prefix)),
        Policy(f"{stem}-prune", f"Prunes of {site}"[:1000], permissions.of_prune(bucket, prefix)),
    )


def _roles(stem: str, site: str, wanted: Provision) -> tuple[Role, ...]:
    """A role for each of the two that somebody may take."""
    found = []
    for verb, names in (("deploy", wanted.deployers), ("prune", wanted.pruners)):
        if names:
            name = f"{stem}-{verb}"
            found.append(Role(name, f"{verb.capitalize()}s of {site}"[:1000], name, permissions.trust(names)))
    return tuple(found)
