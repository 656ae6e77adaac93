"""A wire to moto in this process, for use within ``mock_aws()``."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TypeAlias

import boto3
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.models import botocore_stubber

from cdn_pipeline.stores.s3 import Bucket
from cdn_pipeline.stores.s3.address import parse
from cdn_pipeline.stores.s3.exchange import Exchange
from cdn_pipeline.stores.s3.wire import Request, Response

Watcher: TypeAlias = Callable[[str, Request], None]


class InProcess:
    """Hands requests to moto. *watchers* are called with ``("before" | "after", request)``: what they raise
    before is a request that never arrived, what they raise after is one whose answer was lost."""

    def __init__(self, *watchers: Watcher) -> None:
        self.watchers = watchers
        self.count = 0

    def send(self, request: Request) -> Response:
        for watch in self.watchers:
            watch("before", request)
        body = request.body if isinstance(request.body, bytes) else b"".join(request.body)
        url = f"{request.scheme}://{request.host}{request.path}"
        headers = HTTPHeaders.from_dict(dict(request.headers))
        answer = botocore_stubber(
            "before-send", AWSPreparedRequest(request.method, url, headers, io.BytesIO(body), False)
        )
        assert answer is not None, "moto is not in use; call this within mock_aws()"
        self.count += 1
        for watch in self.watchers:
            watch("after", request)
        content = b"" if request.method == "HEAD" else answer.content
        return Response(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, content)

    def close(self) -> None:
        pass


def bucket(name: str = "assets", *watchers: Watcher, versioned: bool = True) -> Bucket:
    """A new bucket of moto's, as the store ``s3://name/site``; never waits between two attempts."""
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket=name)
    if versioned:
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return Bucket(Exchange(parse(f"s3://{name}/site"), InProcess(*watchers), sleep=lambda seconds: None))
