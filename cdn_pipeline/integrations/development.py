"""Development: what a manifest would answer, from the sources as they are, whether or not there is a
build."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from cdn_pipeline import manifest, project
from cdn_pipeline.errors import ConfigError
from cdn_pipeline.manifest import Manifest

if TYPE_CHECKING:
    from cdn_pipeline.config import Config

RELOAD_S = 1.0
RACY_NS = 20_000_000  # what was written less than this before it was read may be written again unseen


class Development(Manifest):
    """Answers as `Manifest` does. Files are looked for when they are asked for; the config, definitions and
    templates are read again when one of them, or a directory of sources, has changed."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        missing: str = "error",
        reload: float | None = RELOAD_S,
        origin: str | None = None,
    ) -> None:
        """*path* is the config file. *origin* is the URL that stands before every file; by default the
        config's."""
        super().__init__(path, missing, reload, origin or "/static/")
        self._asked_origin = origin
        self._inputs: tuple[str, ...] = ()

    @classmethod
    def of_project(
        cls,
        start: str | os.PathLike[str] = ".",
        missing: str = "error",
        reload: float | None = RELOAD_S,
        origin: str | None = None,
    ) -> Development:
        """Of the config at or above *start*. Raises `ConfigError` if there is none."""
        return cls(project.find(start).file, missing, reload, origin)

    def import_map(self, nonce: str | None = None) -> str:
        """Nothing: modules have the URLs that their importers write."""
        return ""

    def _read(self, last: manifest._Read | None) -> manifest._Read:
        stamps = tuple(map(manifest._stamp, self._inputs))
        if last and stamps == last.stamp:
            return last
        started_ns = time.time_ns()
        from cdn_pipeline.unbuilt import Site  # loads much of what a build does

        site = Site(self._config())
        unbuilt = site.read(self._asked_origin)
        for problem in unbuilt.problems:
            manifest._log(str(problem))
        self._inputs = (self.file, *unbuilt.inputs)
        self.directory = site.build
        stamps = tuple(map(manifest._stamp, self._inputs))
        is_settled = all(stamp is None or stamp[0] < started_ns - RACY_NS for stamp in stamps)
        return manifest._Read(unbuilt.document, stamps if is_settled else None, b"", None)

    def _config(self) -> Config:
        from cdn_pipeline.config import Config
        from cdn_pipeline.config_file import load

        try:
            return load(Path(self.file))
        except ConfigError as error:
            if self.missing == "error":
                raise
            manifest._log(str(error))
            return Config(Path(self.file).parent)
