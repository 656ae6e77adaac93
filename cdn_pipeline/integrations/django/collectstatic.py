"""What follows when collectstatic has copied the plain files: our build, put into STATIC_ROOT.

The sources are the files that the finders found, not their copies: so problems are named where they can be
mended, and an output that takes the place of a plain copy is never built again.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

from django.core.management.base import CommandError

from cdn_pipeline import manifest, quantity, report
from cdn_pipeline.build import build
from cdn_pipeline.built import Built, Request
from cdn_pipeline.config import Config
from cdn_pipeline.errors import ERROR, CdnPipelineError
from cdn_pipeline.integrations.django import collected, configuration
from cdn_pipeline.integrations.django.static_root import StaticRoot
from cdn_pipeline.release import BuildDirectory
from cdn_pipeline.summary import problems

log = logging.getLogger("cdn_pipeline")

Row = tuple[str, str | None, bool | Exception]
"""As collectstatic wants it: a name, the name of its output, and whether that is new, or what is wrong."""


class Collection(NamedTuple):
    """A Django project as a build sees it."""

    config: Config
    static_root: StaticRoot

    @property
    def out(self) -> Path:
        """The build directory."""
        return Path(os.path.abspath(self.config.root / self.config.build))

    @property
    def files(self) -> Mapping[str, str]:
        """The sources, by logical path."""
        return self.config.files or {}

    def publish(self, out: Path) -> None:
        """See `build.Publish`. A build to elsewhere is nobody's to serve."""
        if out == self.out:
            self.static_root.publish(out)

    def settle(self) -> None:
        """After a build that succeeded. Raises `SiteError`."""
        if self.static_root.is_published:
            with self._alone():
                self.static_root.settle(self.out, self.files)

    def restore(self) -> None:
        """After a build that failed: pages go on with the last one, also where ``--clear`` took its files."""
        if (self.out / manifest.NAME).exists():
            with self._alone():
                self.static_root.publish(self.out)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        directory = BuildDirectory(self.out, str(self.out))
        directory.open()
        try:
            yield
        finally:
            directory.close()


def collection(storage: Any, found: collected.Found) -> Collection:
    """The project whose static files were *found*. Raises `ConfigError`."""
    config = configuration.load(storage.config_options)
    copies = os.path.join(config.root, config.cache, "collected")
    files = collected.files(found, copies)
    static_root = StaticRoot(
        storage.location, storage.file_permissions_mode, storage.directory_permissions_mode
    )
    return Collection(config._replace(files=files, source=collected.roots()), static_root)


def post_process(storage: Any, found: collected.Found, dry_run: bool) -> Iterator[Row]:
    """A row for each file and bundle; for a site with problems a single one, which names them all."""
    files: Mapping[str, str] = {}
    try:
        site = collection(storage, found)
        files = site.files
        before = _entries(site.out)
        built = _dry(site) if dry_run else _built(site)
    except CdnPipelineError as error:
        yield _failure(error, files)
        return
    for problem in built.problems:
        log.warning("%s", problem)
    yield from _rows(built, before, site)


def _dry(site: Collection) -> Built:
    with redirect_stdout(sys.stderr):  # where the site's own definitions and filters may print
        return build(Request(site.config, site.out, write=False))


def _built(site: Collection) -> Built:
    try:
        with redirect_stdout(sys.stderr):
            built = build(Request(site.config, site.out, publish=site.publish))
    except CdnPipelineError:
        site.restore()
        raise
    site.settle()
    return built


def _rows(built: Built, before: Mapping[str, Any], site: Collection) -> Iterator[Row]:
    for path, entry in built.manifest["files"].items():
        name = stored_name(entry)
        old = before.get(path, {})
        is_same = (old.get("path"), old.get("sha256")) == (entry["path"], entry["sha256"])
        yield path, name, not is_same or name in site.static_root.written


def stored_name(entry: Mapping[str, Any]) -> str:
    """The name of a file below its target's directory, and so below STATIC_ROOT, if it is there."""
    name: str = entry["path"].partition("/")[2]
    return name


def _entries(out: Path) -> Mapping[str, Any]:
    """What the manifest of the last build says of its files, if it can be read."""
    try:
        files = json.loads((out / manifest.NAME).read_bytes())["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return files if isinstance(files, dict) else {}


def _failure(error: CdnPipelineError, files: Mapping[str, str]) -> Row:
    errors = [problem for problem in error.problems if problem.severity == ERROR]
    places = {problem.file for problem in errors}
    names = [name for name, file in files.items() if any(_is_at(file, place) for place in places)]
    lines = report.problem_lines(problems(error.problems))
    lines.append(f"{quantity.count(len(errors), 'error')}; the last build stays in use")
    return ", ".join(sorted(names)) or "static files", None, CommandError("\n".join(["", *lines]))


def _is_at(file: str, place: str) -> bool:
    return bool(place) and (file == place or file.endswith(os.sep + place))
