"""Explain: where one asset goes, under which name, and why."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any
from urllib.parse import unquote, urlsplit

from cdn_pipeline.built import Built
from cdn_pipeline.config import Config
from cdn_pipeline.errors import ERROR, Problem, SiteError
from cdn_pipeline.link import components, dependencies
from cdn_pipeline.quantity import count
from cdn_pipeline.summary import problems

FINGERPRINT = re.compile(r"\.[0-9a-f]{12}(?=\.[^./]*$|$)")


def explain(asked: str, config: Config, built: Built) -> dict[str, Any]:
    """Everything known of the asset that *asked* (a logical path, or a URL of this release or an older one)
    means; of a bundle's first part, if it names a bundle. Raises `SiteError` if there is none."""
    path = _find(asked, config, built)
    linked = built.outputs[path]
    entry = built.manifest["files"][path]
    source = built.sources.get(path)
    bundles = built.manifest["bundles"]
    made = [name for name, bundle in bundles.items() if path in bundle["parts"]]
    return {
        "ok": not _errors(built),
        "asset": path,
        "source": source.shown if source else "made by a bundle",
        "rule": linked.routed.rule,
        "target": linked.routed.target.name,
        "url": linked.url,
        "file": entry["path"],
        "fallback": linked.fallback,
        "name": _why(path, built),
        "type": entry["type"],
        "headers": entry["headers"],
        "encodings": list(linked.routed.encodings),
        "size": linked.size,
        "sha256": linked.sha256,
        "referred_by": _mentions(built, path),
        "bundle": made[0] if made else None,
        "sources": bundles[made[0]]["sources"] if made else [],
        "in_bundles": [name for name, bundle in bundles.items() if path in bundle["sources"]],
        "refers_to": sorted({mention.target for mention in _draft_mentions(built, path)}),
        "problems": problems(_errors(built)),
    }


def _find(asked: str, config: Config, built: Built) -> str:
    path = asked.partition("?")[0].partition("#")[0]
    by_url = {linked.url: name for name, linked in built.outputs.items()}
    by_url |= {linked.fallback: name for name, linked in built.outputs.items() if linked.fallback}
    bundle = built.manifest["bundles"].get(asked, {"parts": [""]})
    candidates = [asked, bundle["parts"][0], by_url.get(path, ""), by_url.get(urlsplit(path).path, "")]
    for target in config.targets.values():
        bases = (target.url, urlsplit(target.url).path)
        candidates += [unquote(path[len(base) :]) for base in bases if path.startswith(base)]
    candidates += [source.path for source in built.sources.values() if source.shown == asked]
    for candidate in candidates:
        for name in (candidate, FINGERPRINT.sub("", candidate)):
            if name in built.outputs:
                return name
    near = get_close_matches(asked, built.outputs, 3)
    hint = (
        "did you mean " + " or ".join(map(repr, near)) + "?" if near else "see manifest.json for all of them"
    )
    raise SiteError([*_errors(built), Problem(ERROR, "", f"no asset {asked!r}", hint)])


def _errors(built: Built) -> list[Problem]:
    """Those that a build would stop at."""
    return [problem for problem in built.problems if problem.severity == ERROR]


def _why(path: str, built: Built) -> str:
    linked = built.outputs[path]
    if not linked.routed.fingerprint:
        return "its own: the rule says fingerprint = false"
    for component in components(
        {name: dependencies(node, built.nodes) for name, node in built.nodes.items()}
    ):
        if path in component and (len(component) > 1 or path in dependencies(built.nodes[path], built.nodes)):
            return "the digest of a cycle of references: " + ", ".join(component)
    return f"the first 12 digits of the sha256 of the bytes served, {linked.sha256[:12]}"


def _mentions(built: Built, path: str) -> list[str]:
    places = []
    for draft in built.drafts.values():
        for mention in draft.mentions:
            if mention.target == path:
                source = built.sources.get(mention.file)
                shown = source.shown if source else mention.file
                places.append((shown, mention.line, mention.column))
    return [f"{shown}:{line}:{column}" for shown, line, column in sorted(set(places))]


def _draft_mentions(built: Built, path: str) -> Any:
    draft = built.drafts.get(path)
    return draft.mentions if draft else ()


def text(explanation: Mapping[str, Any]) -> str:
    """The explanation for a person."""
    is_alone = explanation["ok"] and not explanation["bundle"] and not explanation["in_bundles"]
    alone = "no asset refers to it" if is_alone else ""
    rows = {
        "source": explanation["source"],
        "route": f"{explanation['rule']} → {explanation['target']}",
        "url": explanation["url"],
        "file": explanation["file"],
        "fallback": explanation["fallback"] or "",
        "named by": explanation["name"],
        "type": explanation["type"],
        "headers": "; ".join(f"{name}: {value}" for name, value in explanation["headers"].items()),
        "encodings": ", ".join(explanation["encodings"]) or "none",
        "size": count(explanation["size"], "byte"),
        "bundle": explanation["bundle"],
        "made from": _column(explanation["sources"]),
        "in bundle": _column(explanation["in_bundles"]),
        "used in": _column(explanation["referred_by"]) or alone,
        "uses": _column(explanation["refers_to"]),
    }
    lines = [f"  {name:<9} {value}" for name, value in rows.items() if value]
    return "\n".join([explanation["asset"], *lines])


def _column(values: Sequence[str]) -> str:
    return "\n            ".join(values)
