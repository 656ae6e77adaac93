"""What a site needs of an AWS account, as plain values. The reconciler and both templates are made from them.

Nothing here is known only after something was made. Where a value is, a string has a place for it, such as
``${distribution.arn}``; `PLACES` has them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cdn_pipeline.provision.permissions import Statement

TAG = "cdn-pipeline:site"  # by which everything of ours is found again
PLACES = (
    "account.id",
    "distribution.id",
    "distribution.arn",
    "distribution.domain",
    "access_control.id",
    "headers_policy.id",
    "certificate.arn",
)

# Policies that AWS keeps for everybody: CloudFront Developer Guide, "Use managed cache policies" and
# "Use managed origin request policies".
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2"  # the hosted zone of every distribution
CERTIFICATE_REGION = "us-east-1"  # the only one in which CloudFront looks for certificates
RECORD_TYPES = ("A", "AAAA", "HTTPS")  # of the records that lead to a distribution

BUCKET_ORIGIN, SITE_ORIGIN, COPY_ORIGIN, GROUP = "bucket", "site", "copy", "bucket-or-site"
CACHE_TAG_HEADER = "x-amz-meta-cache-tag"  # as S3 answers with what a deploy has sent as Cache-Tag
READ = ("GET", "HEAD")
ALL_METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE")


class Bucket(NamedTuple):
    """Private, and kept when everything else goes."""

    name: str
    region: str
    prefix: str  # of every key; "" or ends with "/"
    old_versions_days: int  # after which a version that was replaced expires; a live one never does
    parts_days: int = 7  # after which the parts of an upload that was not finished go
    is_public_access_blocked: bool = True  # all four ways of it
    ownership: str = "BucketOwnerEnforced"
    encryption: str = "AES256"
    is_versioned: bool = True
    lifecycle_id: str = "cdn-pipeline"


class AccessControl(NamedTuple):
    """Origin access control: CloudFront signs what it asks of the bucket."""

    name: str
    comment: str
    origin_type: str = "s3"
    signing_behavior: str = "always"
    signing_protocol: str = "sigv4"


class HeadersPolicy(NamedTuple):
    """What CloudFront adds to responses. Fonts and modules are asked for with CORS. S3's own CORS headers
    would be cached with whichever request came first, so these override them."""

    name: str
    comment: str
    allow_origins: tuple[str, ...] = ("*",)
    allow_methods: tuple[str, ...] = READ
    allow_headers: tuple[str, ...] = ("*",)
    allow_credentials: bool = False
    max_age_s: int = 86400
    is_origin_overridden: bool = True
    is_nosniff: bool = True
    headers: tuple[tuple[str, str], ...] = (("Cross-Origin-Resource-Policy", "cross-origin"),)


class Origin(NamedTuple):
    """Where CloudFront gets files from."""

    id: str
    domain: str
    path: str = ""  # put before the path of a request; "" or "/a/b"
    access_control: str = ""  # "${access_control.id}" for the bucket; then it has an S3OriginConfig
    protocol: str = "https-only"  # this and the rest: of origins that are no bucket
    tls: tuple[str, ...] = ("TLSv1.2",)
    read_timeout_s: int = 30
    keepalive_s: int = 5

    @property
    def is_bucket(self) -> bool:
        """Whether requests to it are signed."""
        return self.access_control != ""


class OriginGroup(NamedTuple):
    """Two origins, of which the second is asked where the first answers with one of *statuses*."""

    id: str
    members: tuple[str, str]
    statuses: tuple[int, ...] = (500, 502, 503, 504)


class Behavior(NamedTuple):
    """What happens to requests whose path fits *pattern*."""

    pattern: str  # "" for the default behavior
    origin: str  # id of an origin, or of an origin group
    cache_policy: str
    origin_request_policy: str = ""
    headers_policy: str = ""  # "${headers_policy.id}" where it applies
    methods: tuple[str, ...] = READ
    cached_methods: tuple[str, ...] = READ
    viewer_protocol: str = "redirect-to-https"
    is_compressed: bool = True


class Distribution(NamedTuple):
    """CloudFront itself."""

    caller_reference: str  # the same for every run, so that none makes a second one
    comment: str
    aliases: tuple[str, ...]
    origins: tuple[Origin, ...]
    groups: tuple[OriginGroup, ...]
    default: Behavior
    behaviors: tuple[Behavior, ...]  # the first whose pattern fits counts
    price_class: str
    default_root_object: str  # without one, `/` of a bucket that can be listed is its list
    certificate: str  # "${certificate.arn}", an ARN, or "" for CloudFront's own
    cache_tag_header: str = ""  # "" where no file has tags
    errors: tuple[tuple[int, int], ...] = ((403, 1), (404, 1))  # (status, seconds for which it is cached)
    http_version: str = "http2and3"
    is_ipv6: bool = True
    is_enabled: bool = True
    tls: str = "TLSv1.2_2021"
    certificate_use: str = "sni-only"


class Certificate(NamedTuple):
    """One that is asked for, and proved by a CNAME record."""

    domain: str
    region: str = CERTIFICATE_REGION
    validation: str = "DNS"
    key: str = "RSA_2048"


class Record(NamedTuple):
    """An alias record in the hosted zone. The CNAME that proves a certificate is known once that exists."""

    name: str
    type: str
    target: str = "${distribution.domain}"
    target_zone: str = CLOUDFRONT_ZONE


class Policy(NamedTuple):
    """What somebody may do."""

    name: str
    comment: str
    statements: tuple[Statement, ...]


class Role(NamedTuple):
    """Who may do that: *policy* names one of the policies."""

    name: str
    comment: str
    policy: str
    trust: tuple[Statement, ...]


class Description(NamedTuple):
    """Everything, for one target."""

    site: str  # the value of `TAG`
    name: str  # that all names begin with
    tags: Mapping[str, str]  # of everything that can have tags, ours among them
    target: str
    url_path: str  # of the target's URL: "/site/"
    bucket: Bucket
    access_control: AccessControl
    headers_policy: HeadersPolicy
    distribution: Distribution
    bucket_policy: tuple[Statement, ...]
    policies: tuple[Policy, ...]
    roles: tuple[Role, ...]
    domain: str = ""  # "" where the site has none of its own
    certificate: Certificate | None = None  # None: there is one, or none is needed
    hosted_zone: str = ""  # name or id; "" where the records are somebody else's
    records: tuple[Record, ...] = ()
