"""Summary: the facts of a build, as plain values that can be noted, printed and sent to machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from cdn_pipeline.built import Built
from cdn_pipeline.errors import Problem
from cdn_pipeline.media_types import language


def summary(built: Built, build: str, seconds: float) -> dict[str, Any]:
    """Everything that `report.text` says, and a little more."""
    return {
        "ok": True,
        "release": built.manifest["release"],
        "build": build,
        "changed": True,
        "seconds": round(seconds, 3),
        "files": len(built.outputs),
        "written": built.written,
        "removed": built.removed,
        "targets": _targets(built),
        "bundles": {name: bundle["url"] for name, bundle in built.manifest["bundles"].items()},
        "minify": {"engines": _engines(built), "fallen": _fallen(built)},
        "steps": {name: round(taken, 4) for name, taken in built.steps},
        "problems": problems(built.problems),
    }


def problems(found: Iterable[Problem]) -> list[dict[str, Any]]:
    """Problems as JSON has them."""
    return [problem._asdict() for problem in found]


def _targets(built: Built) -> dict[str, Any]:
    targets: dict[str, Any] = {
        one.name: {
            "url": one.url,
            "files": 0,
            "source_bytes": 0,
            "bytes": 0,
            "encoded_bytes": Counter(),
        }
        for one in dict.fromkeys(linked.routed.target for linked in built.outputs.values())
    }
    for path, linked in built.outputs.items():
        target = targets[linked.routed.target.name]
        draft = built.drafts.get(path)
        target["files"] += 1
        target["source_bytes"] += draft.source_size if draft else linked.size
        target["bytes"] += linked.size
        encodings = built.manifest["files"][path].get("encodings", {})
        for name in linked.routed.encodings:
            target["encoded_bytes"][name] += encodings.get(name) or linked.size
    return {
        name: target | {"encoded_bytes": dict(target["encoded_bytes"])} for name, target in targets.items()
    }


def _engines(built: Built) -> dict[str, dict[str, int]]:
    engines: dict[str, Counter[str]] = {}
    for path, draft in built.drafts.items():
        kind = language(path)
        if kind in ("css", "javascript"):
            engines.setdefault(kind, Counter())[draft.engine] += 1
    return {kind: dict(sorted(found.items(), reverse=True)) for kind, found in sorted(engines.items())}


def _fallen(built: Built) -> list[dict[str, Any]]:
    return [
        {
            "file": fallen.file or _shown(built, path),
            "line": fallen.line,
            "column": fallen.column,
            "engine": fallen.engine,
            "message": fallen.message,
        }
        for path, draft in sorted(built.drafts.items())
        for fallen in draft.fallen
    ]


def _shown(built: Built, path: str) -> str:
    asset = built.sources.get(path)
    return asset.shown if asset else path
