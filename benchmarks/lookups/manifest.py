"""Ours: `Manifest.url`, which templates know as `asset_url`."""

from __future__ import annotations

from collections.abc import Callable

import jinja2  # noqa: F401, there in every site that asks
from timing import ARGUMENT, SITE, measure, names


def prepare() -> Callable[[str], str]:
    from cdn_pipeline.manifest import Manifest

    return Manifest.load(SITE / "build/manifest.json", reload=2.0 if ARGUMENT else None).url


measure(prepare, names())
