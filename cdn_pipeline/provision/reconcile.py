"""Makes the account as described, one step after the other.

Nothing is remembered between runs: each part is found again by its name or tag, so a run that was interrupted
anywhere goes on with the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import NamedTuple

from cdn_pipeline.errors import ERROR, Problem
from cdn_pipeline.provision import (
    access_control,
    bucket,
    bucket_policy,
    certificate,
    distribution,
    headers_policy,
    records,
    roles,
)
from cdn_pipeline.provision.account import Account, Pause, ProvisionError
from cdn_pipeline.provision.change import Change, Difference, Seen
from cdn_pipeline.provision.description import Description

Look = Callable[[Account, Description, Mapping[str, str], bool], Seen]
"""Looks at one part: (account, description, what the parts before have told, whether to adopt)."""

Tell = Callable[[Change], None]

PARTS: tuple[Look, ...] = (
    bucket.look,
    access_control.look,
    headers_policy.look,
    certificate.look,
    records.look_for_proof,
    certificate.issued,
    distribution.look,
    bucket_policy.look,
    roles.look_at_policies,
    roles.look_at_roles,
    records.look,
)
TRIES = 10  # S3 and IAM may show an older state for some seconds
PAUSE_S = 3.0


class Plan(NamedTuple):
    """What would be done, why nothing may be, and what is known of what is there."""

    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]
    known: Mapping[str, str]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Those problems for which nothing may be changed."""
        return _errors(self.problems)


def plan(account: Account, description: Description, *, adopts: bool = False) -> Plan:
    """Looks at everything, and touches nothing. What depends on something that is not there yet has its place
    in it, such as ``${distribution.arn}``."""
    changes: list[Change] = []
    problems: list[Problem] = []
    known = {"account.id": account.id}
    for look in PARTS:
        seen = look(account, description, known, adopts)
        changes += seen.changes
        problems += seen.problems
        known |= seen.known
    return Plan(tuple(changes), tuple(problems), known)


def apply(account: Account, description: Description, tell: Tell, *, adopts: bool = False) -> Plan:
    """Plans, and then does it, and waits until the distribution is everywhere. Returns what was done.
    Problems of the plan are raised before anything is touched."""
    planned = plan(account, description, adopts=adopts)
    if planned.errors:
        raise ProvisionError(planned.errors)
    done: list[Change] = []

    def do(change: Change) -> None:
        tell(change)
        change.apply()
        done.append(change)

    known = {"account.id": account.id}
    for look in PARTS:
        known |= _settled(partial(look, account, description, known, adopts), do, account.pause)
    waiting = distribution.deployed(account, known["distribution.id"])
    if waiting is not None:
        do(waiting)
    return Plan(tuple(done), planned.problems, known)


def _errors(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(problem for problem in problems if problem.severity == ERROR)


def _settled(look: Callable[[], Seen], do: Tell, pause: Pause) -> Mapping[str, str]:
    """Does what one part needs, and looks again until nothing is left of it."""
    last: Seen | None = None
    for _ in range(TRIES):
        seen = look()
        if errors := _errors(seen.problems):
            raise ProvisionError(errors)
        if not seen.changes:
            return seen.known
        if last is None or _wanted(seen) != _wanted(last):
            for change in seen.changes:
                do(change)
            last = seen
        else:
            pause(PAUSE_S)
    names = ", ".join(sorted({resource for _, resource, _ in _wanted(seen)}))
    raise ProvisionError(f"{names}: does not show yet what was set; run it again in a minute")


def _wanted(seen: Seen) -> list[tuple[str, str, tuple[Difference, ...]]]:
    return [(change.act, change.resource, change.differences) for change in seen.changes]
