"""Hatch: a build hook for hatchling, by which an application's wheel carries its built assets.

```toml
[build-system]
requires = ["hatchling", "cdn_pipeline"]

[tool.hatch.build.hooks.cdn-pipeline]
into = "myapp/assets"
```

Ours is imported only where a project asks for the hook: hatchling loads every plug-in that is installed.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.plugin import hookimpl

if TYPE_CHECKING:
    from cdn_pipeline.package import Package

NAME = "cdn-pipeline"
# What hatchling reads itself in the table of any hook: https://hatch.pypa.io/latest/config/build/#build-hooks
OPTIONS_OF_HATCH = {
    "dependencies",
    "enable-by-default",
    "require-runtime-dependencies",
    "require-runtime-features",
}


@hookimpl
def hatch_register_build_hook() -> type[AssetsBuildHook]:
    """Called by hatchling."""
    return AssetsBuildHook


class AssetsBuildHook(BuildHookInterface[BuilderConfig]):
    """Adds the outputs of a build to a wheel, and the sources of one to an sdist. An editable installation
    gets nothing: there the application finds the project's own build directory, or works without one."""

    PLUGIN_NAME = NAME

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it makes a package."""
        if version == "editable":
            return
        from cdn_pipeline.errors import CdnPipelineError

        try:
            build_data["force_include"] |= self._files()
        except CdnPipelineError as error:
            self.app.abort(f"{NAME}: {error}")

    def _files(self) -> dict[str, str]:
        """``{file: path in the package}``."""
        from cdn_pipeline import package

        asked = package.read(
            self._options(), Path(self.root), f"pyproject.toml: tool.hatch.build.hooks.{NAME}"
        )
        self._exclude(asked)
        if self.target_name == "sdist":
            return {os.path.join(self.root, path): path for path in package.sources(asked)}
        # Its files are needed until the wheel is written: the directory goes when the hook does.
        self._directory = tempfile.TemporaryDirectory(prefix="cdn_pipeline-")
        built = package.build(asked, self._directory.name)
        return {file: path for path, file in built.items()}

    def _options(self) -> dict[str, Any]:
        return {name: value for name, value in self.config.items() if name not in OPTIONS_OF_HATCH}

    def _exclude(self, asked: Package) -> None:
        """Leaves out what earlier builds left in the project: the cache hides itself from git, so nobody
        thinks of naming it in the .gitignore that hatchling goes by."""
        from cdn_pipeline import package

        config = self.build_config
        # To ask for the defaults also raises where hatchling finds no code: later, with our outputs to pack,
        # it would be content with those.
        excluded = config.build_config.get("exclude", config.default_exclude())
        config.target_config["exclude"] = [
            *config.target_config.get("exclude", excluded),
            *(f"/{path}/" for path in package.private(asked)),
        ]
