"""Development in Django: bundles as their members, one by one, out of the directories that finders search.

Directories with a prefix in STATICFILES_DIRS are not searched: their files have URLs by ``{% static %}``, but
cannot be members of a bundle here.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from typing import Any

from cdn_pipeline import CONFIG
from cdn_pipeline.config import Config
from cdn_pipeline.integrations import development
from cdn_pipeline.integrations.django import collected, configuration


class Development(development.Development):
    """Of the project that settings and *options*, those of the storage, describe."""

    def __init__(self, missing: str, options: Mapping[str, Any]) -> None:
        file = os.path.join(configuration.root(), CONFIG)
        super().__init__(file, missing, origin=configuration.static_url())
        self._options = options

    def _config(self) -> Config:
        return configuration.load(self._options)._replace(source=collected.roots())


@functools.lru_cache(maxsize=4)
def of_storage(storage: Any) -> Development:
    """What templates are told while the site is developed, as strictly as *storage* would."""
    missing = "error" if getattr(storage, "manifest_strict", False) else "plain"
    return Development(missing, getattr(storage, "config_options", {}))
