"""Changes: how a file of this build differs from that of the one before.

A build that replaces the manifest by another keeps the one that was there. So this costs a build next to
nothing, and a site only where it asks.
"""

from __future__ import annotations

import os

from cdn_pipeline import PRIVATE
from cdn_pipeline.document import PREVIOUS
from cdn_pipeline.errors import CdnPipelineError
from cdn_pipeline.manifest import Manifest

NEW = "new"
CHANGED = "changed"
SAME = "same"


def previous(manifest: Manifest) -> Manifest:
    """That of the build before; one that knows nothing if there was none."""
    return Manifest.load(os.path.join(manifest.directory, PRIVATE, PREVIOUS))


def change(manifest: Manifest, before: Manifest, path: str) -> str:
    """`NEW`, `CHANGED` or `SAME`, of the file with the logical *path*. Raises `UnknownAsset`."""
    entry = manifest.entry(path)
    try:
        there = before.entry(path)
    except CdnPipelineError:
        return NEW
    return SAME if there["sha256"] == entry["sha256"] else CHANGED
