"""What a deploy or a prune of the config as it stands may do, where permissions are given by other means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cdn_pipeline.config import Config
from cdn_pipeline.provision import permissions
from cdn_pipeline.provision.description import Description
from cdn_pipeline.provision.permissions import Statement

VERBS = ("deploy", "prune")
KIND = "cloudfront:"


def document(config: Config, description: Description, verb: str) -> dict[str, Any]:
    """The policy, for an AWS account that is not asked."""
    wanted = next(each for each in description.policies if each.name == f"{description.name}-{verb}")
    cdn = config.targets[description.target].cdn or ""
    return permissions.document(tuple(_known(wanted.statements, cdn)))


def _known(statements: tuple[Statement, ...], cdn: str) -> Iterator[Statement]:
    """With the distribution of the config; without one, nothing is told to any."""
    # Whose account it is in need not be said: an id is one of the whole world.
    known = {"distribution.arn": f"arn:aws:cloudfront::*:distribution/{cdn.removeprefix(KIND)}"}
    for statement in statements:
        if cdn.startswith(KIND) or "${" not in "".join(statement.resources):
            yield statement._replace(resources=tuple(permissions.filled(statement.resources, known)))
