"""The bucket: private, versioned, and never removed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from cdn_pipeline.errors import ERROR, Problem
from cdn_pipeline.provision import ownership
from cdn_pipeline.provision.account import Account, ProvisionError, Refused
from cdn_pipeline.provision.change import ADOPT, CHANGE, CREATE, Change, Difference, Seen, differences, merged
from cdn_pipeline.provision.description import TAG, Bucket, Description

MADE = ("PutBucketOwnershipControls",)  # what CreateBucket sets, too
DEFAULT_REGION = "us-east-1"  # the only one that CreateBucket does not want to be named
NEEDED = "provision needs a boto3 that makes buckets with tags; install boto3>=1.40"


class Aspect(NamedTuple):
    """One setting of a bucket, which S3 reads and writes by itself."""

    name: str
    read: str
    write: str
    argument: str  # of both, where it is one
    missing: tuple[str, ...]  # codes that say there is no such setting
    wanted: Callable[[Any, Bucket], Any]  # what it is to be, from what it is


def look(account: Account, description: Description, known: Mapping[str, str], adopts: bool) -> Seen:
    """The bucket by its name."""
    wanted = description.bucket
    name = f"bucket {wanted.name}"
    if not _exists(account, wanted, name):
        made = Difference("Region", None, wanted.region)
        create = Change(CREATE, name, (made,), lambda: _create(account, description, name))
        later = (_change(account, aspect, {}, wanted, name) for aspect in ASPECTS if aspect.write not in MADE)
        return Seen((create, *filter(None, later)))
    tags = _tags(account, wanted, name)
    problems = ownership.problems(name, tags, description.tags, adopts=adopts)
    changes = _tag_changes(account, description, tags, name)
    for aspect in ASPECTS:
        was = _setting(account, aspect, wanted, name)
        changes += filter(None, [_change(account, aspect, was, wanted, name)])
    return Seen(tuple(changes), problems=problems)


def _exists(account: Account, wanted: Bucket, name: str) -> bool:
    """Raises `ProvisionError` where the name is somebody else's, or the region another one."""
    try:
        account.ask("s3", "HeadBucket", name, Bucket=wanted.name, ExpectedBucketOwner=account.id)
    except Refused as refused:
        if refused.code in ("404", "NoSuchBucket"):
            return False
        if refused.code in ("403", "AccessDenied"):
            hint = "choose another name in targets.NAME.store; or, if it is yours, allow s3:ListBucket on it"
            raise ProvisionError(
                [Problem(ERROR, "", f"{name}: belongs to another account, or may not be looked at", hint)]
            ) from refused
        if refused.code not in ("301", "PermanentRedirect"):
            raise
    place = account.ask("s3", "GetBucketLocation", name, Bucket=wanted.name).get("LocationConstraint")
    region = {None: DEFAULT_REGION, "EU": "eu-west-1"}.get(place, place)
    if region != wanted.region:
        hint = f'write region = "{region}" in [provision], or choose another name'
        raise ProvisionError([Problem(ERROR, "", f"{name}: is in {region}, not {wanted.region}", hint)])
    return True


def _create(account: Account, description: Description, name: str) -> None:
    """With its tags, so that one whose maker was interrupted is known to be ours."""
    wanted = description.bucket
    configuration: dict[str, Any] = {"Tags": ownership.items_of(description.tags)}
    if wanted.region != DEFAULT_REGION:
        configuration["LocationConstraint"] = wanted.region
    arguments = {"Bucket": wanted.name, "ObjectOwnership": wanted.ownership}
    if not account.knows("s3", "CreateBucketConfiguration", "Tags"):
        raise ProvisionError(NEEDED)
    try:
        account.ask("s3", "CreateBucket", name, **arguments, CreateBucketConfiguration=configuration)
    except Refused as refused:
        if refused.code != "BucketAlreadyOwnedByYou":  # the reply to a request of ours was lost
            raise


def _tags(account: Account, wanted: Bucket, name: str) -> dict[str, str]:
    answer = account.look("s3", "GetBucketTagging", name, missing=("NoSuchTagSet",), Bucket=wanted.name)
    return ownership.tags_of((answer or {}).get("TagSet", ()))


def _tag_changes(
    account: Account, description: Description, tags: Mapping[str, str], name: str
) -> list[Change]:
    lacking = ownership.missing(tags, description.tags)
    if not lacking:
        return []
    found = tuple(Difference(f"Tags.{key}", tags.get(key), value) for key, value in lacking.items())

    def apply() -> None:
        every = {"TagSet": ownership.items_of({**tags, **lacking})}  # it replaces all there are
        account.ask("s3", "PutBucketTagging", name, Bucket=description.bucket.name, Tagging=every)

    return [Change(ADOPT if TAG in lacking else CHANGE, name, found, apply)]


def _setting(account: Account, aspect: Aspect, wanted: Bucket, name: str) -> dict[str, Any]:
    answer = account.look("s3", aspect.read, name, missing=aspect.missing, Bucket=wanted.name) or {}
    answer.pop("ResponseMetadata", None)
    was: dict[str, Any] = answer.get(aspect.argument, {}) if aspect.argument in ARGUMENTS else answer
    return was


def _change(
    account: Account, aspect: Aspect, was: Mapping[str, Any], wanted: Bucket, name: str
) -> Change | None:
    to_be = aspect.wanted(was, wanted)

    def apply() -> None:
        account.ask("s3", aspect.write, name, Bucket=wanted.name, **{aspect.argument: to_be})

    found = tuple(differences(was, to_be, aspect.name))
    return Change(CHANGE, name, found, apply) if found else None


def _public_access(_: Any, wanted: Bucket) -> dict[str, bool]:
    ways = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    return dict.fromkeys(ways, wanted.is_public_access_blocked)


def _ownership(_: Any, wanted: Bucket) -> dict[str, Any]:
    return {"Rules": [{"ObjectOwnership": wanted.ownership}]}


def _encryption(was: Any, wanted: Bucket) -> dict[str, Any]:
    """Keys of the account's own are left alone: CloudFront's access to them is their owner's business."""
    rule: dict[str, Any] = next(iter(was.get("Rules", ())), {})
    if rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm", "").startswith("aws:kms"):
        return dict(was)
    ours = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": wanted.encryption}}
    return {"Rules": [merged(rule, ours)]}


def _versioning(_: Any, wanted: Bucket) -> dict[str, str]:
    return {"Status": "Enabled" if wanted.is_versioned else "Suspended"}


def lifecycle_rule(wanted: Bucket) -> dict[str, Any]:
    """Ours among the bucket's rules. It names no live version."""
    return {
        "ID": wanted.lifecycle_id,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": wanted.old_versions_days},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": wanted.parts_days},
    }


def _lifecycle(was: Any, wanted: Bucket) -> dict[str, Any]:
    """Rules of others stay. An empty filter is told in one of two ways."""
    rules = {rule.get("ID", at): rule for at, rule in enumerate(was.get("Rules", ()))}
    ours = lifecycle_rule(wanted)
    told = rules.get(wanted.lifecycle_id, {}).get("Filter")
    return {
        "Rules": list({**rules, wanted.lifecycle_id: ours | ({"Filter": {}} if told == {} else {})}.values())
    }


# Those whose answer has everything under the name that the request has, too.
ARGUMENTS = ("PublicAccessBlockConfiguration", "OwnershipControls", "ServerSideEncryptionConfiguration")
ASPECTS = (
    Aspect(
        "PublicAccessBlock",
        "GetPublicAccessBlock",
        "PutPublicAccessBlock",
        "PublicAccessBlockConfiguration",
        ("NoSuchPublicAccessBlockConfiguration",),
        _public_access,
    ),
    Aspect(
        "Ownership",
        "GetBucketOwnershipControls",
        "PutBucketOwnershipControls",
        "OwnershipControls",
        ("OwnershipControlsNotFoundError",),
        _ownership,
    ),
    Aspect(
        "Encryption",
        "GetBucketEncryption",
        "PutBucketEncryption",
        "ServerSideEncryptionConfiguration",
        ("ServerSideEncryptionConfigurationNotFoundError",),
        _encryption,
    ),
    Aspect(
        "Versioning", "GetBucketVersioning", "PutBucketVersioning", "VersioningConfiguration", (), _versioning
    ),
    Aspect(
        "Lifecycle",
        "GetBucketLifecycleConfiguration",
        "PutBucketLifecycleConfiguration",
        "LifecycleConfiguration",
        ("NoSuchLifecycleConfiguration",),
        _lifecycle,
    ),
)
