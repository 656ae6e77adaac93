"""Policies of least privilege for deploys and prunes, and the roles that have them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cdn_pipeline.errors import ERROR, WARNING, Problem
from cdn_pipeline.provision import ownership, permissions
from cdn_pipeline.provision.account import Account, Refused
from cdn_pipeline.provision.change import ADOPT, CHANGE, CREATE, Change, Difference, Seen, differences
from cdn_pipeline.provision.description import TAG, Description, Policy, Role
from cdn_pipeline.provision.permissions import GITHUB

GONE = ("NoSuchEntity", "NoSuchEntityException")
THERE = ("EntityAlreadyExists", "EntityAlreadyExistsException")
VERSIONS = 5  # of a policy, at most: IAM User Guide, "IAM and AWS STS quotas"


def look_at_policies(
    account: Account, description: Description, known: Mapping[str, str], adopts: bool
) -> Seen:
    """Each by its name."""
    return _joined(_policy(account, description, each, known, adopts) for each in description.policies)


def look_at_roles(account: Account, description: Description, known: Mapping[str, str], adopts: bool) -> Seen:
    """Each by its name."""
    seen = _joined(_role(account, description, each, known, adopts) for each in description.roles)
    found = (*_provider_problems(account, description), *_leftovers(account, description))
    return seen._replace(problems=(*found, *seen.problems))


def arn_of(account: Account, policy: str) -> str:
    """Of the policy of that name."""
    return f"arn:aws:iam::{account.id}:policy/{policy}"


def _joined(parts: Iterator[Seen]) -> Seen:
    every = tuple(parts)
    changes = tuple(change for seen in every for change in seen.changes)
    return Seen(changes, problems=tuple(problem for seen in every for problem in seen.problems))


def _policy(
    account: Account, description: Description, wanted: Policy, known: Mapping[str, str], adopts: bool
) -> Seen:
    name, arn = f"policy {wanted.name}", arn_of(account, wanted.name)
    to_be = permissions.filled(permissions.document(wanted.statements), known)
    answer = account.look("iam", "GetPolicy", name, missing=GONE, PolicyArn=arn)
    if answer is None:

        def create() -> None:
            request = {"PolicyName": wanted.name, "Description": wanted.comment}
            request["PolicyDocument"] = json.dumps(to_be)
            _ask_new(account, "CreatePolicy", name, request, description)

        return Seen((Change(CREATE, name, tuple(differences({}, to_be)), create),))
    tags = ownership.tags_of(answer["Policy"].get("Tags", ()))
    version = answer["Policy"]["DefaultVersionId"]
    told = account.ask("iam", "GetPolicyVersion", name, PolicyArn=arn, VersionId=version)
    was = told["PolicyVersion"]["Document"]
    changes = list(_tag_changes(account, "TagPolicy", {"PolicyArn": arn}, name, tags, description))
    if not permissions.same(was, to_be):
        found = tuple(differences(was, to_be))
        changes.append(Change(CHANGE, name, found, lambda: _replace(account, arn, name, to_be)))
    problems = ownership.problems(name, tags, description.tags, adopts=adopts)
    return Seen(tuple(changes), problems=problems)


def _replace(account: Account, arn: str, name: str, to_be: Mapping[str, Any]) -> None:
    versions = account.ask("iam", "ListPolicyVersions", name, PolicyArn=arn)["Versions"]
    if len(versions) >= VERSIONS:
        others = [each["VersionId"] for each in versions if not each["IsDefaultVersion"]]
        oldest = min(others, key=lambda version: int(version.removeprefix("v")))
        account.ask("iam", "DeletePolicyVersion", name, PolicyArn=arn, VersionId=oldest)
    document = json.dumps(to_be)
    account.ask("iam", "CreatePolicyVersion", name, PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)


def _role(
    account: Account, description: Description, wanted: Role, known: Mapping[str, str], adopts: bool
) -> Seen:
    name = f"role {wanted.name}"
    to_be = permissions.filled(permissions.document(wanted.trust), known)
    answer = account.look("iam", "GetRole", name, missing=GONE, RoleName=wanted.name)
    attach = _attachment(account, wanted, name, is_new=answer is None)
    if answer is None:

        def create() -> None:
            request = {"RoleName": wanted.name, "Description": wanted.comment}
            request["AssumeRolePolicyDocument"] = json.dumps(to_be)
            _ask_new(account, "CreateRole", name, request, description)

        return Seen((Change(CREATE, name, tuple(differences({}, to_be)), create), *attach))
    tags = ownership.tags_of(answer["Role"].get("Tags", ()))
    was = answer["Role"]["AssumeRolePolicyDocument"]
    changes = list(_tag_changes(account, "TagRole", {"RoleName": wanted.name}, name, tags, description))
    if not permissions.same(was, to_be):

        def update() -> None:
            request = {"RoleName": wanted.name, "PolicyDocument": json.dumps(to_be)}
            account.ask("iam", "UpdateAssumeRolePolicy", name, **request)

        changes.append(Change(CHANGE, name, tuple(differences(was, to_be)), update))
    problems = ownership.problems(name, tags, description.tags, adopts=adopts)
    return Seen((*changes, *attach), problems=problems)


def _attachment(account: Account, wanted: Role, name: str, *, is_new: bool) -> Iterator[Change]:
    """The policy of the role, where it does not have it. Others that it has are left to it."""
    arn = arn_of(account, wanted.policy)
    if not is_new:
        request = {"RoleName": wanted.name}
        items = account.every("iam", "ListAttachedRolePolicies", name, "AttachedPolicies", **request)
        if arn in {each["PolicyArn"] for each in items}:
            return
    made = (Difference("AttachedPolicies", None, wanted.policy),)
    request = {"RoleName": wanted.name, "PolicyArn": arn}
    yield Change(CHANGE, name, made, lambda: account.ask("iam", "AttachRolePolicy", name, **request))


def _tag_changes(
    account: Account,
    action: str,
    which: Mapping[str, str],
    name: str,
    tags: Mapping[str, str],
    description: Description,
) -> Iterator[Change]:
    lacking = ownership.missing(tags, description.tags)
    if lacking:
        found = tuple(Difference(f"Tags.{key}", tags.get(key), value) for key, value in lacking.items())
        items = ownership.items_of(lacking)
        act = ADOPT if TAG in lacking else CHANGE
        yield Change(act, name, found, lambda: account.ask("iam", action, name, **which, Tags=items))


def _ask_new(
    account: Account, action: str, name: str, request: Mapping[str, str], description: Description
) -> None:
    try:
        account.ask("iam", action, name, **request, Tags=ownership.items_of(description.tags))
    except Refused as refused:
        if refused.code not in THERE:  # the reply to a request of ours was lost
            raise


def _leftovers(account: Account, description: Description) -> Iterator[Problem]:
    """Roles of ours that the config names nobody for any more. They stay, since somebody may use them
    in another way; so whom they trust may still take them."""
    wanted = {role.name for role in description.roles}
    for policy in description.policies:
        if policy.name not in wanted:
            name = f"role {policy.name}"
            answer = account.look("iam", "GetRole", name, missing=GONE, RoleName=policy.name)
            tags = ownership.tags_of(answer["Role"].get("Tags", ())) if answer else {}
            if tags.get(TAG) == description.tags[TAG]:
                message = f"{name}: the config names nobody any more who may take it, and it is still there"
                yield Problem(WARNING, "", message, "remove it in IAM if nobody needs it")


def _provider_problems(account: Account, description: Description) -> Iterator[Problem]:
    """Whether the account knows GitHub, whose tokens a role is to trust."""
    if not any(each.sid == "GitHub" for role in description.roles for each in role.trust):
        return
    answer = account.ask("iam", "ListOpenIDConnectProviders", "identity providers")
    if not any(each["Arn"].endswith(f"/{GITHUB}") for each in answer["OpenIDConnectProviderList"]):
        message = f"identity provider {GITHUB}: the account has none, so a role cannot trust GitHub"
        command = "aws iam create-open-id-connect-provider"
        hint = f"`{command} --url https://{GITHUB} --client-id-list sts.amazonaws.com`, and run it again"
        yield Problem(ERROR, "", message, hint)
