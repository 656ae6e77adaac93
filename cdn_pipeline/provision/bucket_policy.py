"""The policy of the bucket: who reads, and who may write. Statements of others in it are kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cdn_pipeline.provision import permissions
from cdn_pipeline.provision.account import Account
from cdn_pipeline.provision.change import CHANGE, CREATE, Change, Seen, differences
from cdn_pipeline.provision.description import Description

OURS = "CdnPipeline"  # that the names of our statements begin with
GONE = ("NoSuchBucketPolicy", "NoSuchBucket")


def look(account: Account, description: Description, known: Mapping[str, str], adopts: bool) -> Seen:
    """The policy as it is."""
    bucket = description.bucket.name
    name = f"policy of bucket {bucket}"
    answer = account.look("s3", "GetBucketPolicy", name, missing=GONE, Bucket=bucket)
    was = json.loads(answer["Policy"]) if answer else {}
    to_be = merged(was, permissions.filled(permissions.document(description.bucket_policy), known))
    if permissions.same(was, to_be):
        return Seen()
    found = tuple(differences(was, to_be))

    def apply() -> None:
        account.ask("s3", "PutBucketPolicy", name, Bucket=bucket, Policy=json.dumps(to_be))

    return Seen((Change(CHANGE if was else CREATE, name, found, apply),))


def merged(was: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    """The statements of others, then ours."""
    there = was.get("Statement", [])
    others = [
        each
        for each in (there if isinstance(there, list) else [there])
        if not str(each.get("Sid", "")).startswith(OURS)
    ]
    return {**was, **ours, "Statement": [*others, *ours["Statement"]]}
