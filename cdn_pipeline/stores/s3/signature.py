"""AWS Signature Version 4, for S3: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html

botocore's own takes ten times as long, and loads for longer than a deploy without changes takes. A test holds
this one to that one.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import quote

from cdn_pipeline.digest import sha256

ALGORITHM = "AWS4-HMAC-SHA256"
UNRESERVED = "-_.~"
EMPTY = sha256(b"")


class Credentials(NamedTuple):
    """Who signs."""

    access_key: str
    secret_key: str
    token: str = ""  # of a session, where there is one

    def __repr__(self) -> str:
        return "Credentials(…)"


def encoded(text: str, *, safe: str = "") -> str:
    """*text* percent-encoded as a signature needs it."""
    return quote(text, safe=UNRESERVED + safe)


def query(parameters: Iterable[tuple[str, str]]) -> str:
    """The query of a URL, sorted as a signature needs it."""
    return "&".join(
        f"{name}={value}" for name, value in sorted((encoded(n), encoded(v)) for n, v in parameters)
    )


def signed(
    method: str,
    path: str,
    headers: Mapping[str, str],
    sha256_of_body: str,
    who: Credentials,
    region: str,
    at: str,
) -> dict[str, str]:
    """*headers*, which have lower-case names and the host, with those that sign the request.

    *path* is percent-encoded, with the query; *at* is the time as ``20260131T235959Z``.
    """
    headers = {**headers, "x-amz-content-sha256": sha256_of_body, "x-amz-date": at}
    if who.token:
        headers["x-amz-security-token"] = who.token
    names = ";".join(sorted(headers))
    scope = f"{at[:8]}/{region}/s3/aws4_request"
    text = f"{ALGORITHM}\n{at}\n{scope}\n{sha256(_canonical(method, path, headers, names, sha256_of_body))}"
    signature = hmac.digest(_key(who.secret_key, scope), text.encode(), "sha256").hex()
    headers["authorization"] = (
        f"{ALGORITHM} Credential={who.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def _canonical(method: str, path: str, headers: Mapping[str, str], names: str, body: str) -> bytes:
    lines = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in names.split(";"))
    place, _, asked = path.partition("?")
    return f"{method}\n{place}\n{asked}\n{lines}\n{names}\n{body}".encode()


def _key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
