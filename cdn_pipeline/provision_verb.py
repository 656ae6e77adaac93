"""The verb ``provision``: shows what is to be done in an AWS account, and does it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from cdn_pipeline import quantity, report
from cdn_pipeline.config import Config
from cdn_pipeline.errors import ConfigError
from cdn_pipeline.provision import cloudformation, identity_policy, reconcile, settings, terraform
from cdn_pipeline.provision.account import Account
from cdn_pipeline.provision.change import CREATE, Change, Difference
from cdn_pipeline.provision.describe import describe
from cdn_pipeline.provision.description import Description
from cdn_pipeline.provision.reconcile import Plan
from cdn_pipeline.summary import problems as rows

SHOWN = 8  # differences of one thing; all of them are in --json
WIDTH = 72  # of a value
DIFFERS = 4  # the exit code where a plan is not empty, and `--exit-code` asks: 1 to 3 mean something else


def run(config: Config, options: argparse.Namespace, account: Account | None = None) -> int:
    """Runs it, and returns the exit code: 1 where something is in the way. Raises `ConfigError`."""
    if options.exit_code and not options.plan:
        raise ConfigError("--exit-code tells what --plan has found; ask for both")
    options.interrupted = "what was made stays; run it again, and it goes on from there"
    description = describe(config)
    if options.template or options.policy:
        return _print(config, description, options)
    asked = account or Account(description.bucket.region)
    if options.plan:
        return _show(reconcile.plan(asked, description, adopts=options.adopt), description, options)
    done = reconcile.apply(asked, description, _teller(options), adopts=options.adopt)
    wanted = settings.settings(config, description, done.known)
    is_written = options.write and settings.write(config, description.target, wanted)
    if options.json:
        document = _document(done, description) | {"settings": wanted, "written": bool(is_written)}
        print(report.as_json(document))
        return 0
    print(_ending(done, description, config, wanted, is_written=bool(is_written)), flush=True)
    _tell_problems(done)
    return 0


def _print(config: Config, description: Description, options: argparse.Namespace) -> int:
    """What needs no account."""
    if options.policy:
        policy = identity_policy.document(config, description, options.policy)
        print(report.as_json(policy) if options.json else json.dumps(policy, indent=2, ensure_ascii=False))
        return 0
    writer = {"cloudformation": cloudformation, "terraform": terraform}[options.template]
    text = writer.template(description)
    print(report.as_json({"ok": True, "template": text}) if options.json else text.rstrip("\n"))
    return 0


def _teller(options: argparse.Namespace) -> reconcile.Tell:
    def tell(change: Change) -> None:
        if not options.json:
            print("\n".join(_lines(change)), flush=True)

    return tell


def _show(plan: Plan, description: Description, options: argparse.Namespace) -> int:
    code = 1 if plan.errors else DIFFERS if plan.changes and options.exit_code else 0
    if options.json:
        print(report.as_json(_document(plan, description) | {"ok": not plan.errors}))
        return code
    for change in plan.changes:
        print("\n".join(_lines(change)))
    count = quantity.count(len(plan.changes), "step")
    told = f"{count} to do" if plan.changes else f"{description.site} is as described"
    print(f"{told}; nothing was changed", flush=True)
    _tell_problems(plan)
    return code


def _tell_problems(plan: Plan) -> None:
    lines = report.problem_lines(rows(plan.problems))
    print("".join(f"{line}\n" for line in lines), end="", file=sys.stderr)


def _document(plan: Plan, description: Description) -> dict[str, Any]:
    return {
        "ok": True,
        "site": description.site,
        "changes": [
            {
                "act": change.act,
                "resource": change.resource,
                "differences": [difference._asdict() for difference in change.differences],
            }
            for change in plan.changes
        ],
        "known": dict(plan.known),
        "problems": rows(plan.problems),
    }


def _lines(change: Change) -> Iterator[str]:
    yield f"{change.act:<9} {change.resource}"
    for difference in _some(change.differences):
        was = "" if change.act == CREATE else f"{_short(difference.was)} → "
        yield f"          {difference.path}: {was}{_short(difference.wanted)}"
    if len(change.differences) > SHOWN:
        yield f"          and {len(change.differences) - SHOWN:,} more, which --json shows"


def _some(differences: Iterable[Difference]) -> list[Difference]:
    return list(differences)[:SHOWN]


def _short(value: Any) -> str:
    text = (
        "nothing"
        if value is None
        else value
        if isinstance(value, str)
        else json.dumps(value, ensure_ascii=False)
    )
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"


def _ending(
    done: Plan, description: Description, config: Config, wanted: dict[str, str], *, is_written: bool
) -> str:
    count = quantity.count(len(done.changes), "step")
    told = f"{count} done" if done.changes else f"{description.site} is as described; nothing was changed"
    target = config.targets[description.target]
    is_said = (target.url, target.store, target.cdn) == tuple(wanted.values())
    if is_written:
        return f"{told}\n{config.file} has the target's new settings"
    if is_said:
        return told
    return f"{told}\n\nfor {config.file}, or with --write:\n\n{settings.as_toml(description.target, wanted)}"
