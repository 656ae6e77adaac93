"""What `manifest.json` and `staticfiles.json` say, made from a release; `manifest` reads it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cdn_pipeline import digest, media_types
from cdn_pipeline.config import ORIGIN, Config
from cdn_pipeline.document import VERSION
from cdn_pipeline.draft import Draft
from cdn_pipeline.drafts import Drafts
from cdn_pipeline.link import Linked
from cdn_pipeline.references import FONT, MODULE
from cdn_pipeline.route import Routed

DJANGO_NAME = "staticfiles.json"


def document(
    config: Config,
    outputs: Mapping[str, Linked],
    drafts: Drafts,
    encodings: Mapping[str, Mapping[str, int]],
    bundles: Mapping[str, Mapping[str, Any]],
    cors: Iterable[str],
) -> tuple[dict[str, Any], bytearray]:
    """The manifest as JSON will have it, and as a file. *encodings* are sizes, ``{path: {"br": 123}}``;
    0 where one was not worth while."""
    shared = frozenset(cors)
    headers: dict[tuple[int, bool, str], dict[str, str]] = {}  # the same few for thousands of files
    files = {}
    for path, linked in sorted(outputs.items()):
        type_ = media_types.media_type(path)
        kind = (id(linked.routed), path in shared, _own_type(path, type_, drafts))
        if kind not in headers:
            headers[kind] = _headers(linked.routed, *kind[1:])
        files[path] = _entry(linked, type_, encodings.get(path, {}), headers[kind], drafts)
    content = {
        "files": files,
        "bundles": {name: dict(bundles[name]) for name in sorted(bundles)},
        "targets": {
            name: {"url": target.url, "kind": target.kind, "directory": target.directory}
            for name, target in sorted(config.targets.items())
        },
    }
    body = _text(content)
    identity = hashlib.sha256(body).hexdigest()[:16]
    body[:2] = _opening(identity)
    return {"version": VERSION, "release": identity, **content}, body


def with_urls(manifest: Mapping[str, Any], urls: Mapping[str, str]) -> tuple[dict[str, Any], bytes]:
    """*manifest* with other *urls*, by logical path; as JSON will have it, and as a file. It stays the same
    release."""
    files = {
        path: {**entry, "url": urls.get(path, entry["url"])} for path, entry in manifest["files"].items()
    }
    bundles = {
        name: {**bundle, "url": urls.get(bundle["parts"][0], bundle["url"])}
        for name, bundle in manifest["bundles"].items()
    }
    content = {"files": files, "bundles": bundles, "targets": manifest["targets"]}
    body = _text(content)
    body[:2] = _opening(manifest["release"])
    return {**manifest, **content}, bytes(body)


def _opening(release: str) -> bytes:
    return f'{{\n "version": {VERSION},\n "release": "{release}",\n'.encode()


def _entry(
    linked: Linked, type_: str, encodings: Mapping[str, int], headers: dict[str, str], drafts: Drafts
) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "url": linked.url,
        "path": linked.files[0],
        "target": linked.routed.target.name,
        "sha256": linked.sha256,
        "size": linked.size,
        "type": type_,
        "integrity": digest.integrity(linked.sha256),
        "headers": headers,
    }
    if encodings and (made := {name: size for name, size in sorted(encodings.items()) if size}):
        entry["encodings"] = made
    if linked.fallback:
        entry["fallback"] = linked.fallback
    if linked.path in drafts.drafts:
        entry |= _uses(drafts.drafts[linked.path])
    return entry


def _own_type(path: str, type_: str, drafts: Drafts) -> str:
    """The Content-Type that *path* needs a header of its own for, or ""."""
    copied = drafts.copied.get(path)
    return (
        "" if copied is None or copied.is_utf8 else type_
    )  # without a charset, browsers ask the file itself


def _headers(routed: Routed, cors: bool, own_type: str) -> dict[str, str]:
    headers = {"Cache-Control": routed.cache, **routed.headers}
    if cors and routed.target.name != ORIGIN:
        headers.setdefault("Access-Control-Allow-Origin", "*")
    if own_type:
        headers.setdefault("Content-Type", own_type)
    return headers


def _uses(draft: Draft) -> dict[str, Any]:
    uses: dict[str, Any] = {"module": True} if draft.module else {}
    for key, kind in (("imports", MODULE), ("fonts", FONT)):
        targets = sorted({mention.target for mention in draft.mentions if mention.kind == kind})
        if targets:
            uses[key] = targets
    return uses


def _text(content: Mapping[str, Any]) -> bytearray:
    """One line an entry, so that two manifests can be compared by eye. Grown in place, since that of a large
    site has many megabytes."""
    text = bytearray(b"{\n")
    for key, table in content.items():
        text += f' "{key}": {{'.encode()
        separator = "\n"
        for name, entry in zip(table, _texts(list(table.values())), strict=True):
            text += f"{separator}  {_json(name)}: {entry}".encode()
            separator = ",\n"
        text += b"\n }" if table else b"}"
        text += b",\n" if key != "targets" else b"\n}\n"
    return text


AT_ONCE = 500  # entries; a call of the encoder costs as much as two of them
MARK = "\0"  # no name and no value of ours can be that


def _texts(entries: Sequence[Any]) -> Iterator[str]:
    """Each of *entries* as JSON."""
    for start in range(0, len(entries), AT_ONCE):
        marked = [each for entry in entries[start : start + AT_ONCE] for each in (entry, MARK)]
        yield from _json(marked)[1:-1].removesuffix(f", {_json(MARK)}").split(f", {_json(MARK)}, ")


_json = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


def django_text(outputs: Mapping[str, Linked]) -> bytes:
    """``staticfiles.json``, as Django's manifest storage reads it (django/contrib/staticfiles/storage.py),
    with every file that the origin can serve."""
    names = {
        path: linked.name
        for path, linked in sorted(outputs.items())
        if linked.routed.target.directory == ORIGIN or linked.fallback
    }
    return _django_text(names)


def django_text_of(manifest: Mapping[str, Any]) -> bytes:
    """The same, made from a manifest."""
    names = {
        path: entry["path"].partition("/")[2]
        for path, entry in sorted(manifest["files"].items())
        if entry["path"].startswith(f"{ORIGIN}/") or "fallback" in entry
    }
    return _django_text(names)


def _django_text(names: Mapping[str, str]) -> bytes:
    checksum = hashlib.md5(json.dumps(sorted(names.items())).encode(), usedforsecurity=False).hexdigest()
    return json.dumps({"paths": names, "version": "1.1", "hash": checksum[: digest.LENGTH]}).encode()
