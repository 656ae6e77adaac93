"""Providers: which CDN or server has answered, as its headers tell."""

from __future__ import annotations

import re
from collections.abc import Mapping

CLOUDFRONT = "cloudfront"
CLOUDFLARE = "cloudflare"
FASTLY = "fastly"
NGINX = "nginx"
UNKNOWN = ""

NAMES = {CLOUDFRONT: "CloudFront", CLOUDFLARE: "Cloudflare", FASTLY: "Fastly", NGINX: "nginx"}
CDNS = frozenset({CLOUDFRONT, CLOUDFLARE, FASTLY})

SIGNS = (
    (CLOUDFLARE, "cf-ray", ""),
    (CLOUDFLARE, "cf-cache-status", ""),
    (CLOUDFLARE, "server", r"cloudflare"),
    (CLOUDFRONT, "x-amz-cf-id", ""),
    (CLOUDFRONT, "x-amz-cf-pop", ""),
    (CLOUDFRONT, "x-cache", r"from cloudfront"),
    (CLOUDFRONT, "via", r"cloudfront"),
    (FASTLY, "x-fastly-request-id", ""),
    (FASTLY, "x-served-by", r"cache-"),
    (NGINX, "server", r"nginx|openresty"),
)


def provider(headers: Mapping[str, str]) -> str:
    """One of the above, from *headers* with names in lower case. Of two CDNs in a row the one in front."""
    for name, header, pattern in SIGNS:
        if header in headers and re.search(pattern, headers[header], re.IGNORECASE):
            return name
    return UNKNOWN
