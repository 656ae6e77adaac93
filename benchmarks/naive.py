"""What a deploy script of a few lines does: lists the bucket, and uploads with boto3 what has another size.

python benchmarks/naive.py FOLDER ENDPOINT BUCKET PREFIX WORKERS
"""

from __future__ import annotations

import mimetypes
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
from botocore.config import Config

KEEP = "public, max-age=31536000, immutable"


def main(folder: str, endpoint: str, bucket: str, prefix: str, workers: str) -> None:
    client = boto3.client("s3", endpoint_url=endpoint, config=Config(max_pool_connections=int(workers)))
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    there = {one["Key"]: one["Size"] for page in pages for one in page.get("Contents", ())}

    def upload(file: Path) -> None:
        key = f"{prefix}/{file.relative_to(folder).as_posix()}"
        if there.get(key) != file.stat().st_size:
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            client.upload_file(str(file), bucket, key, {"ContentType": kind, "CacheControl": KEEP})

    with ThreadPoolExecutor(int(workers)) as pool:
        list(pool.map(upload, (path for path in sorted(Path(folder).rglob("*")) if path.is_file())))


if __name__ == "__main__":
    main(*sys.argv[1:])
