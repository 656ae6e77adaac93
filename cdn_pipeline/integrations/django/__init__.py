"""Django: storage, template tags, checks and the `assets` command."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """`Storage`, loaded when settings are there: as an app, this package is imported before them."""
    if name == "Storage":
        from cdn_pipeline.integrations.django.storage import Storage

        return Storage
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
