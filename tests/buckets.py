"""New buckets on servers of this machine."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping

import boto3
from moto.server import ThreadedMotoServer

ANYBODY = {"AWS_ACCESS_KEY_ID": "anybody", "AWS_SECRET_ACCESS_KEY": "anything"}
NUMBERS = itertools.count(1)


@functools.cache
def moto_server() -> str:
    """The endpoint of a server that believes everybody. One for all tests, until this process ends."""
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    return f"http://127.0.0.1:{port}"


def new_bucket(endpoint: str, keys: Mapping[str, str] = ANYBODY, *, versioned: bool = True) -> str:
    """The URL of a store in a bucket that nobody else uses, made by boto3."""
    name = f"assets-{next(NUMBERS)}"
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
    )
    client.create_bucket(Bucket=name)
    if versioned:
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return f"s3://{name}/site?endpoint={endpoint}"
