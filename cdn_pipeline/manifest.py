"""The manifest: all that a running site reads of a build."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from cdn_pipeline import digest, media_types
from cdn_pipeline.config import ORIGIN, Config
from cdn_pipeline.draft import Draft
from cdn_pipeline.drafts import Drafts
from cdn_pipeline.link import Linked
from cdn_pipeline.references import FONT, MODULE

NAME = "manifest.json"
DJANGO_NAME = "staticfiles.json"
VERSION = 1


def document(
    config: Config,
    outputs: Mapping[str, Linked],
    drafts: Drafts,
    encodings: Mapping[str, Mapping[str, int]],
    bundles: Mapping[str, Mapping[str, Any]],
    cors: Iterable[str],
) -> tuple[dict[str, Any], bytes]:
    """The manifest as JSON will have it, and as a file. *encodings* are sizes, ``{path: {"br": 123}}``;
    0 where one was not worth while."""
    shared = frozenset(cors)
    files = {
        path: _entry(linked, encodings.get(path, {}), path in shared, drafts)
        for path, linked in sorted(outputs.items())
    }
    content = {
        "files": files,
        "bundles": {name: dict(bundles[name]) for name in sorted(bundles)},
        "targets": {
            name: {"url": target.url, "kind": target.kind, "directory": target.directory}
            for name, target in sorted(config.targets.items())
        },
    }
    body = text(content)
    head = {"version": VERSION, "release": hashlib.sha256(body).hexdigest()[:16]}
    lines = "".join(f' "{key}": {_json(value)},\n' for key, value in head.items())
    return {**head, **content}, b"{\n" + lines.encode() + body[2:]


def _entry(linked: Linked, encodings: Mapping[str, int], cors: bool, drafts: Drafts) -> dict[str, Any]:
    routed = linked.routed
    headers = {"Cache-Control": routed.cache, **routed.headers}
    if cors and routed.target.name != ORIGIN:
        headers.setdefault("Access-Control-Allow-Origin", "*")
    type_ = media_types.media_type(linked.path)
    copied = drafts.copied.get(linked.path)
    if copied is not None and not copied.is_utf8:
        headers.setdefault("Content-Type", type_)  # without a charset: browsers ask the file itself
    entry: dict[str, Any] = {
        "url": linked.url,
        "path": routed.file(linked.name),
        "target": routed.target.name,
        "sha256": linked.sha256,
        "size": linked.size,
        "type": type_,
        "integrity": digest.integrity(linked.sha256),
        "headers": headers,
    }
    made = {name: size for name, size in sorted(encodings.items()) if size}
    if made:
        entry["encodings"] = made
    if linked.fallback:
        entry["fallback"] = linked.fallback
    if linked.path in drafts.drafts:
        entry |= _uses(drafts.drafts[linked.path])
    return entry


def _uses(draft: Draft) -> dict[str, Any]:
    uses: dict[str, Any] = {"module": True} if draft.module else {}
    for key, kind in (("imports", MODULE), ("fonts", FONT)):
        targets = sorted({mention.target for mention in draft.mentions if mention.kind == kind})
        if targets:
            uses[key] = targets
    return uses


def text(manifest: Mapping[str, Any]) -> bytes:
    """One line an entry, so that two manifests can be compared by eye."""
    lines = []
    for key, value in manifest.items():
        if isinstance(value, dict) and value:
            rows = ",\n".join(f"  {_json(name)}: {_json(entry)}" for name, entry in value.items())
            lines.append(f' "{key}": {{\n{rows}\n }}')
        else:
            lines.append(f' "{key}": {_json(value)}')
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


_json = json.JSONEncoder(ensure_ascii=False).encode


def django_text(outputs: Mapping[str, Linked]) -> bytes:
    """``staticfiles.json``, as Django's manifest storage reads it (django/contrib/staticfiles/storage.py),
    with every file that the origin can serve."""
    names = {
        path: linked.name
        for path, linked in sorted(outputs.items())
        if linked.routed.target.directory == ORIGIN or linked.fallback
    }
    checksum = hashlib.md5(json.dumps(sorted(names.items())).encode(), usedforsecurity=False).hexdigest()
    return json.dumps({"paths": names, "version": "1.1", "hash": checksum[: digest.LENGTH]}).encode()
