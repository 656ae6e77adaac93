"""Publish facts: what each verb of publishing has to tell, as plain values for machines and hooks.

Times are ISO 8601 in UTC, but `until`, which is in seconds since 1970; sizes are bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cdn_pipeline import cost, document, fallback, plan, proxied, retention
from cdn_pipeline.config import Config
from cdn_pipeline.current import Pending
from cdn_pipeline.deploy import Deployed
from cdn_pipeline.edge_report import EdgeReport
from cdn_pipeline.fallback import Fallback
from cdn_pipeline.plan import Plan
from cdn_pipeline.prune import Pruned
from cdn_pipeline.rollback import RolledBack
from cdn_pipeline.settle import Put
from cdn_pipeline.site_steps import SiteSteps
from cdn_pipeline.status import Change, Release, Status
from cdn_pipeline.verify import OriginReport

Facts = dict[str, Any]


def planned(found: Plan, config: Config) -> Facts:
    """A plan, as `plan --out` writes it and `deploy --plan` reads it."""
    return {**plan.as_json(found), "cost": cost.of(found, config)._asdict()}


def deployed(done: Deployed, steps: SiteSteps) -> Facts:
    """What came of a deploy."""
    return {
        "release": done.release,
        "before": done.before,
        "switched": done.is_switched,
        "uploaded": {"files": done.sent, "bytes": done.sent_bytes},  # before the switch, copies and all
        "copied": {"files": done.copies, "bytes": done.copied_bytes},
        "found": done.found - len(done.plan.unproved),  # there, though the plan did not know
        "kept": {"files": done.plan.kept, "bytes": done.plan.kept_bytes},
        "fixed": _fixed(done.fixed),
        "pending": _pending(done.pending),
        "dropped": len(done.plan.dropped),
        **_live(steps),
    }


def rolled_back(done: RolledBack, steps: SiteSteps) -> Facts:
    """What came of a rollback."""
    return {
        "release": done.release,
        "before": done.before,
        "switched": done.is_switched,
        "fixed": _fixed(done.fixed),
        "pending": _pending(done.pending),
        **_live(steps),
    }


def _live(steps: SiteSteps) -> Facts:
    directory = steps.where.directory
    return {
        "live": {"directory": str(directory), "active": steps.is_live, **held(steps.held, directory)},
        "edge": None if steps.edges is None else steps.edges.as_json,
    }


def held(there: Fallback, directory: Path) -> Facts:
    """What pages get from the origin, and what they cannot, by the manifest in *directory*."""
    targets: dict[str, Facts] = {}
    for (target, _), until in sorted(there.held.items(), key=lambda row: row[0]):
        known = targets.setdefault(target, {"files": 0, "until": None})
        known["files"] += 1
        known["until"] = until if known["until"] is None else max(known["until"], until or 0.0)
    return {"retreated": sorted(there.retreated), "stays": _stays(there, directory), "held": targets}


def _stays(there: Fallback, directory: Path) -> Facts:
    """What pages go on to get from targets that were retreated from: the origin has no copy of it."""
    if not there.retreated:
        return {}
    read = proxied.manifest(directory / document.NAME)
    files = Counter(entry["target"] for _, entry in document.each(read.files))
    return {
        target: {"url": read.targets[target]["url"], "files": paths, "of": files[target]}
        for target, paths in fallback.without_copy(read.files, there.retreated).items()
    }


def _fixed(put: Iterable[Put]) -> list[Facts]:
    return [{"target": each.place, "key": each.key, "bytes": each.size, "new": each.is_new} for each in put]


def _pending(pending: Iterable[Pending]) -> list[Facts]:
    return [{"target": each.target, "paths": list(each.paths), "keys": list(each.keys)} for each in pending]


def status(found: Status, live_release: str, there: Fallback, directory: Path) -> Facts:
    """What is published, and what running sites read in *directory*."""
    return {
        "home": found.home,
        "release": found.release,
        "created": found.created,
        "targets": {
            name: {"objects": objects, "bytes": size} for name, (objects, size) in found.places.items()
        },
        "live": {"release": live_release, **held(there, directory)},
        "history": [entry._asdict() for entry in found.history],
        "pins": list(found.pins),
        "pending": _pending(found.pending),
        "doomed": found.doomed,
    }


def releases(found: Iterable[Release]) -> Facts:
    """All that are recorded."""
    return {
        "releases": [{**each._asdict(), "lacks": [lack._asdict() for lack in each.lacks]} for each in found]
    }


def changes(found: Iterable[Change], before: str, after: str) -> Facts:
    """How two releases differ."""
    rows = [
        {"target": each.place, "key": each.key, "why": each.why, "before": each.before, "after": each.after}
        for each in found
    ]
    return {"before": before, "after": after, "changes": rows}


def pruned(found: Pruned, *, is_dry: bool) -> Facts:
    """What a prune has deleted, or would."""
    return {
        "dry_run": is_dry,
        "releases": list(found.releases),
        "resumed": found.resumed,
        "bytes": sum(each.size for each in found.objects),
        "deleted": _versions(found.objects),
    }


def _versions(versions: Iterable[retention.Version]) -> list[Facts]:
    return [
        {"target": each.place, "key": each.key, "version": each.version, "bytes": each.size}
        for each in versions
    ]


def verified(origin: OriginReport | None, edge: EdgeReport | None, released: Mapping[str, int]) -> Facts:
    """What was found out about the published release. *released*: files no longer held back, by target."""
    return {
        "release": (origin or edge).release if origin or edge else None,  # type: ignore[union-attr]
        "origin": None if origin is None else origin.as_json,
        "edge": None if edge is None else edge.as_json,
        "released": dict(released),
    }
