"""What in an account is ours: whatever carries the site's tag, and nothing else unless somebody says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cdn_pipeline.errors import ERROR, Problem
from cdn_pipeline.provision.description import TAG


def tags_of(items: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """AWS's list of tags as a dict."""
    return {item["Key"]: item.get("Value", "") for item in items}


def items_of(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """A dict as AWS's list of tags, sorted."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def missing(has: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """Those of *wanted* that are not as wanted."""
    return {key: value for key, value in wanted.items() if has.get(key) != value}


def problems(
    resource: str, has: Mapping[str, str], wanted: Mapping[str, str], *, adopts: bool
) -> tuple[Problem, ...]:
    """Why *resource* may not be touched. What another site has made is not adopted either."""
    owner, site = has.get(TAG), wanted[TAG]
    if owner == site or (owner is None and adopts):
        return ()
    if owner is not None:
        hint = f"give this site one of its own, or remove the tag {TAG} from it"
        return (Problem(ERROR, "", f"{resource}: belongs to the site {owner}", hint),)
    hint = "let it be ours with --adopt, or choose another name"
    return (Problem(ERROR, "", f"{resource}: is there, and was not made by cdn-pipeline for {site}", hint),)
