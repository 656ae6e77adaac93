"""Setuptools: a command that builds an application's assets into its wheel, as a part of ``build``.

```toml
[build-system]
requires = ["setuptools>=70", "cdn_pipeline"]

[tool.distutils.build_assets]
into = "myapp/assets"
```

Setuptools loads this wherever it is installed, for any project: nothing happens to those without that table,
and ours is imported only for the others.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from setuptools import Command, Distribution
from setuptools.errors import ExecError

if TYPE_CHECKING:
    from cdn_pipeline.package import Package

NAME = "build_assets"


def finalize(distribution: Distribution) -> None:
    """Makes the command a part of ``build``; called by setuptools for every project, before it has read the
    project's options, so that whether the command runs is asked later."""
    build = distribution.get_command_class("build")
    if NAME not in dict(build.sub_commands):
        build.sub_commands = [*build.sub_commands, (NAME, _is_asked_for)]


def _is_asked_for(build: Command) -> bool:
    """Whether the project has options for the command, and no other command of that name."""
    distribution = build.distribution
    asked = bool(distribution.command_options.get(NAME))
    return asked and issubclass(distribution.get_command_class(NAME), BuildAssets)


class BuildAssets(Command):
    """Adds the outputs of a build to a wheel, and the sources of one to an sdist. An editable installation
    gets nothing: there the application finds the project's own build directory, or works without one."""

    command_name = NAME  # without it, setuptools asks for options by the name of the class
    description = "build the site's assets into a package"
    user_options: ClassVar = [
        ("into=", None, 'where in the wheel they go, such as "myapp/assets"'),
        ("config=", None, "the config file of the build"),
        ("targets=", None, "names of the targets whose files go there (default: origin)"),
        ("build-lib=", None, "the directory that becomes the wheel"),
    ]
    editable_mode = False

    def initialize_options(self) -> None:
        """Called by setuptools."""
        self.into: str | None = None
        self.config: str | None = None
        self.targets: Any = None
        self.build_lib: str | None = None
        self._written: list[str] = []

    def finalize_options(self) -> None:
        """Called by setuptools."""
        self.set_undefined_options("build_py", ("build_lib", "build_lib"))
        self.ensure_string_list("targets")

    def run(self) -> None:
        """Called by setuptools. Raises `ExecError` with every problem."""
        if self.editable_mode:
            return
        from cdn_pipeline import package
        from cdn_pipeline.errors import CdnPipelineError

        with tempfile.TemporaryDirectory(prefix="cdn_pipeline-") as directory:
            try:
                asked = self._package()
                built = package.build(asked, directory)
            except CdnPipelineError as error:
                raise ExecError(str(error)) from error
            self._forget(asked)
            self._copy(built)

    def _package(self) -> Package:
        from cdn_pipeline import package

        options = {"into": self.into, "config": self.config, "targets": self.targets}
        given = {name: value for name, value in options.items() if value is not None}
        root = Path(self.distribution.src_root or os.curdir).resolve()
        return package.read(given, root, NAME)

    def _forget(self, asked: Package) -> None:
        """Removes what earlier builds left: setuptools never empties the directory that becomes the wheel."""
        targets = asked.config.targets.values()
        for name in {"includes", *(target.directory for target in targets)}:
            shutil.rmtree(os.path.join(str(self.build_lib), asked.into, name), ignore_errors=True)

    def _copy(self, built: dict[str, str]) -> None:
        for path, file in built.items():
            there = os.path.join(str(self.build_lib), path)
            os.makedirs(os.path.dirname(there), exist_ok=True)
            shutil.copyfile(file, there)
            self._written.append(there)

    def get_outputs(self) -> list[str]:
        """What the command wrote."""
        return self._written

    def get_output_mapping(self) -> dict[str, str]:
        """None of it is a source file as it is."""
        return {}

    def get_source_files(self) -> list[str]:
        """What an sdist needs, relative to the project."""
        from cdn_pipeline import package
        from cdn_pipeline.errors import CdnPipelineError

        try:
            return package.sources(self._package())
        except CdnPipelineError as error:
            raise ExecError(str(error)) from error
