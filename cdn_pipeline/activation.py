"""Activations: what running sites read of a release, as documents made from its manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from cdn_pipeline import headers, hold, includes, manifest_text
from cdn_pipeline.compress import SUFFIXES
from cdn_pipeline.config import ORIGIN, Config
from cdn_pipeline.document import NAME
from cdn_pipeline.hold import Hold


class Activation:
    """A release, and how pages are to name its files. Its manifest is not parsed before it is asked for."""

    def __init__(self, text: bytes, urls: Mapping[str, str] | None = None) -> None:
        """*text* is that of the manifest as a build wrote it; *urls* are those that a file proxy has
        replaced, by logical path."""
        self.text = text
        self.urls = urls or {}

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """As JSON."""
        manifest: dict[str, Any] = json.loads(self.text)
        return manifest

    @property
    def release(self) -> str:
        """Its id."""
        return str(self.manifest["release"])

    @property
    def identity(self) -> str:
        """What tells it from any other."""
        told = hashlib.sha256(self.text)
        told.update(json.dumps(sorted(self.urls.items())).encode())
        return told.hexdigest()


def documents(activation: Activation, config: Config, held: Hold) -> dict[str, bytes | bytearray]:
    """``{name: content}`` of all that a running site reads, in the order of writing: the manifest is last."""
    manifest, text = activation.manifest, activation.text
    if activation.urls:
        manifest, text = manifest_text.with_urls(manifest, activation.urls)
    known = _known_groups(manifest, config)
    included = includes.includes(_as_held(manifest, held), known) | headers.headers(activation.manifest)
    found: dict[str, bytes | bytearray] = {
        f"includes/{name}": snippet.encode() for name, snippet in sorted(included.items())
    }
    found[manifest_text.DJANGO_NAME] = manifest_text.django_text_of(activation.manifest)
    found[NAME] = text
    return found


def _as_held(manifest: Mapping[str, Any], held: Hold) -> Mapping[str, Any]:
    """With the URLs that pages get while some are held: an include cannot ask for them."""
    if held == hold.NOTHING:
        return manifest
    urls = {path: held.url(path, entry) for path, entry in manifest["files"].items()}
    return manifest_text.with_urls(manifest, urls)[0]


def _known_groups(manifest: Mapping[str, Any], config: Config) -> dict[str, tuple[str, ...]]:
    """The page groups that the release has all members of: it may be older than the config."""
    unknown = {row[0] for row in includes.unknown(config.groups, manifest["bundles"], manifest["files"])}
    return {group: names for group, names in config.groups.items() if group not in unknown}


def origin_files(manifest: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """The files of the release on the origin, below its directory, with their sizes; neighbours too. Those
    whose names have no fingerprint are left out: a deploy replaces them last."""
    for path, entry in manifest["files"].items():
        name = entry["path"].partition("/")[2]
        is_here = entry["path"].startswith(f"{ORIGIN}/") or "fallback" in entry
        if is_here and name != path:
            yield name, entry["size"]
            yield from ((name + SUFFIXES[each], size) for each, size in entry.get("encodings", {}).items())
