"""The manifest: all that a running site reads of a build."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

NAME = "manifest.json"
VERSION = 1


class Manifest:
    """The URLs of one release, by logical path and by the names of bundles."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._content = content

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Manifest:
        """Reads the file *path*."""
        with open(path, "rb") as file:
            return cls(json.load(file))

    def url(self, name: str) -> str:
        """The URL of the file *name*."""
        url: str = self._content["files"][name]["url"]
        return url
