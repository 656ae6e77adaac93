"""The distribution, found again by its tag."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cdn_pipeline.errors import ERROR, Problem
from cdn_pipeline.provision import ownership, permissions
from cdn_pipeline.provision.account import Account, ProvisionError, Refused
from cdn_pipeline.provision.change import ADOPT, CHANGE, CREATE, WAIT, Change, Difference, Seen, differences
from cdn_pipeline.provision.description import TAG, Description, Distribution
from cdn_pipeline.provision.distribution_config import config
from cdn_pipeline.provision.quantities import packed, plain

DEPLOYED = "deployed"
NEEDED = "install a newer one, or leave cache_tags out"
PATIENCE_S = 1800.0  # CloudFront mostly needs five minutes
PAUSE_S = 10.0


def look(account: Account, description: Description, known: Mapping[str, str], adopts: bool) -> Seen:
    """Ours, or one that has our domain already, or has lost its tag."""
    wanted = _filled(description.distribution, known)
    if wanted.cache_tag_header and not account.knows("cloudfront", "DistributionConfig", "CacheTagConfig"):
        return Seen(problems=(Problem(ERROR, "", "distribution: this boto3 knows no cache tags", NEEDED),))
    id_ = _found(account, description)
    rival = None if id_ else _rival(account, description)
    if rival is not None and not adopts:
        return Seen(problems=(_taken(rival, description),))
    if id_ or rival:
        return _seen(account, description, wanted, str(id_ or rival))
    to_be = config(wanted, {})
    made = tuple(differences({}, to_be))
    return Seen((Change(CREATE, "distribution", made, lambda: _create(account, description, to_be)),))


def _seen(account: Account, description: Description, wanted: Distribution, id_: str) -> Seen:
    name = f"distribution {id_}"
    answer = account.ask("cloudfront", "GetDistribution", name, Id=id_)
    there, etag = answer["Distribution"], answer["ETag"]
    tags = _tags(account, there["ARN"], name)
    problems = ownership.problems(name, tags, description.tags, adopts=True)
    was = plain(there["DistributionConfig"])
    to_be = config(wanted, was)
    changes = [*_tag_changes(account, description, there["ARN"], tags, name)]
    if found := tuple(differences(was, to_be)):

        def apply() -> None:
            every = packed(to_be)
            account.ask(
                "cloudfront", "UpdateDistribution", name, Id=id_, IfMatch=etag, DistributionConfig=every
            )

        changes.append(Change(CHANGE, name, found, apply))
    known = {"id": id_, "arn": there["ARN"], "domain": there["DomainName"]}
    return Seen(tuple(changes), {f"distribution.{key}": value for key, value in known.items()}, problems)


def _filled(wanted: Distribution, known: Mapping[str, str]) -> Distribution:
    def fill(value: Any) -> Any:
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*map(fill, value))
        return tuple(map(fill, value)) if isinstance(value, tuple) else permissions.filled(value, known)

    filled: Distribution = fill(wanted)
    return filled


def _found(account: Account, description: Description) -> str | None:
    """The one with our tag. Those that look like ours are asked first, since each costs a request."""
    host = description.distribution.origins[0].domain

    def unlikeness(summary: Mapping[str, Any]) -> int:
        hosts = [origin["DomainName"] for origin in summary["Origins"].get("Items", ())]
        is_other = summary["Comment"] != description.distribution.comment
        return int(host not in hosts) + int(is_other)

    for summary in sorted(_all(account), key=unlikeness):
        name = f"distribution {summary['Id']}"
        if _tags(account, summary["ARN"], name).get(TAG) == description.tags[TAG]:
            return str(summary["Id"])
    return None


def _all(account: Account) -> Iterator[Mapping[str, Any]]:
    return account.every("cloudfront", "ListDistributions", "distributions", "DistributionList.Items")


def _rival(account: Account, description: Description) -> str | None:
    """One of this account that has our domain or our comment, and not our tag."""
    for summary in _all(account):
        has_domain = bool(description.domain) and description.domain in summary["Aliases"].get("Items", ())
        if has_domain or summary["Comment"] == description.distribution.comment:
            return str(summary["Id"])
    return None


def _taken(rival: str, description: Description) -> Problem:
    what = f"the domain {description.domain}" if description.domain else "our comment"
    message = f"distribution {rival}: has {what}, and no tag {TAG} that says it is ours"
    hint = "let it be ours with --adopt, which keeps its other settings"
    hint += "; or remove the domain from it" if description.domain else ""
    return Problem(ERROR, "", message, hint)


def _tags(account: Account, arn: str, name: str) -> dict[str, str]:
    answer = account.ask("cloudfront", "ListTagsForResource", name, Resource=arn)
    return ownership.tags_of(answer["Tags"].get("Items", ()))


def _tag_changes(
    account: Account, description: Description, arn: str, tags: Mapping[str, str], name: str
) -> Iterator[Change]:
    lacking = ownership.missing(tags, description.tags)
    if lacking:
        found = tuple(Difference(f"Tags.{key}", tags.get(key), value) for key, value in lacking.items())
        items = {"Items": ownership.items_of(lacking)}
        yield Change(
            ADOPT if TAG in lacking else CHANGE,
            name,
            found,
            lambda: account.ask("cloudfront", "TagResource", name, Resource=arn, Tags=items),
        )


def _create(account: Account, description: Description, to_be: Mapping[str, Any]) -> None:
    tags = {"Items": ownership.items_of(description.tags)}
    every = {"DistributionConfig": packed(to_be), "Tags": tags}
    try:
        account.ask(
            "cloudfront", "CreateDistributionWithTags", "distribution", DistributionConfigWithTags=every
        )
    except Refused as refused:
        # The reply to a request of ours was lost, and boto3 has asked again; then it is found by its tag.
        if refused.code != "DistributionAlreadyExists" or _found(account, description) is None:
            raise


def deployed(account: Account, id_: str) -> Change | None:
    """The wait for a distribution to be everywhere; ``None`` where it is."""
    name = f"distribution {id_}"

    def is_deployed() -> bool:
        answer = account.ask("cloudfront", "GetDistribution", name, Id=id_)
        return str(answer["Distribution"]["Status"]).lower() == DEPLOYED

    def apply() -> None:
        waited_s = 0.0
        while not is_deployed():
            if waited_s >= PATIENCE_S:
                message = f"{name}: is still being deployed after {PATIENCE_S / 60:.0f} minutes"
                raise ProvisionError([Problem(ERROR, "", message, "run it again later: it only waits")])
            account.pause(PAUSE_S)
            waited_s += PAUSE_S

    return (
        None
        if is_deployed()
        else Change(WAIT, name, (Difference("Status", "InProgress", "Deployed"),), apply)
    )
