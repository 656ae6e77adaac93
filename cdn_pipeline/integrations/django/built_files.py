"""A finder for what only a build has, so that ``runserver`` finds bundles that had to be compiled."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder

from cdn_pipeline import ORIGIN, variants
from cdn_pipeline.integrations.django.tag_manifest import manifest


class BuiltFilesFinder(BaseFinder):
    """For the end of ``STATICFILES_FINDERS``. Collects nothing: what is built is no source."""

    def find(self, path: str, find_all: bool = False, **named: Any) -> Any:
        """The file of the last build that the origin serves as *path*; an empty list for none."""
        file = variants.below(os.path.join(manifest().directory, ORIGIN), path)
        if file is None or not os.path.isfile(file):
            return []
        return [file] if find_all or named.get("all") else file

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[Any]:
        """Nothing."""
        return ()

    def check(self, **named: Any) -> Iterable[Any]:
        """Nothing can be wrong."""
        return ()
