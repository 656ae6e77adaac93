"""The storage behind ``{% static %}``: URLs by the manifest, and a build as collectstatic's last step."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.contrib.staticfiles.finders import find
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.exceptions import SuspiciousFileOperation

from cdn_pipeline import ORIGIN, RELOAD_S
from cdn_pipeline.errors import BrokenManifest, CdnPipelineError, UnknownAsset
from cdn_pipeline.integrations.django import configuration
from cdn_pipeline.manifest import Manifest
from cdn_pipeline.references import split_suffix
from cdn_pipeline.snapshot import is_absolute
from cdn_pipeline.spelling import nearest

log = logging.getLogger("cdn_pipeline")

REMEMBERED = 20_000  # names, with what may follow them
TOLD = 1000  # unknown names that get a line in the log; a site may ask for whatever its visitors say


class UnknownName(ValueError):
    """Names the nearest known one when somebody reads it; WhiteNoise asks for thousands, and reads none."""

    def __init__(self, path: str, names: Collection[str]) -> None:
        super().__init__(_missing(path))
        self._path, self._names = path, names

    def __str__(self) -> str:
        near = nearest(self._path, self._names)
        return f"{self.args[0]}; did you mean {near!r}?" if near else str(self.args[0])

    def __reduce__(self) -> tuple[type[ValueError], tuple[str]]:
        return ValueError, (str(self),)


class Storage(StaticFilesStorage):
    """For ``STORAGES["staticfiles"]``."""

    manifest_name = "staticfiles.json"
    manifest_version = "1.1"
    manifest_strict = True

    def __init__(
        self,
        location: Any = None,
        base_url: str | None = None,
        *,
        manifest_strict: bool | None = None,
        reload: float | None = RELOAD_S,
        file_permissions_mode: int | None = None,
        directory_permissions_mode: int | None = None,
        **config: Any,
    ) -> None:
        """*manifest_strict*: an unknown name is a `ValueError`, or gets the plain URL and a line in the log.
        *reload*: seconds between looks whether there is a new build; ``None``: never. All the rest is what
        `cdn_pipeline.toml` would say."""
        super().__init__(location, base_url, file_permissions_mode, directory_permissions_mode)
        if manifest_strict is not None:
            self.manifest_strict = manifest_strict
        self.config_options = config
        self.reload = reload
        self._manifest: Manifest | None = None
        self._known: set[str] = set()  # names that were in the manifest, so that most need one look-up
        self._told: set[str] = set()
        self._hashed: tuple[str, dict[str, str]] = ("", {})

    @property
    def manifest(self) -> Manifest:
        """What the last build says, and `manifest_strict` of unknown names."""
        missing = "error" if self.manifest_strict else "plain"
        manifest = self._manifest
        if manifest is None or manifest.missing != missing:
            file = configuration.manifest_file(self.config_options)
            manifest = Manifest.load(file, missing, self.reload, configuration.static_url())
            self._manifest = manifest
        return manifest

    def url(self, name: Any, force: bool = False) -> str:
        """Where a browser asks for the file or bundle *name*; plain under DEBUG, unless *force*.

        Raises `ValueError` for an unknown name, if `manifest_strict`.
        """
        if settings.DEBUG and not force:
            return self._plain_url(name)
        if name in self._known:
            try:
                return self.manifest.url(name)
            except (UnknownAsset, BrokenManifest):
                self._known.discard(name)  # there is a new build, without it
        return self._url_in_manifest(name)

    def _url_in_manifest(self, asked: Any) -> str:
        name, path, suffix = _parts(asked)
        if is_absolute(name):
            return name
        try:
            manifest = self.manifest
            for known in (name, path, unquote(path)):
                if known in manifest:
                    whole = known if known == name else known + suffix
                    self._note(name, whole)
                    return manifest.url(whole)
        except BrokenManifest as error:
            raise ValueError(f"{_missing(path)}: {self._reason(error)}") from error
        if path.endswith("/"):  # a directory; scripts ask for its URL to add names to it
            return f"{super().url(path)}{suffix}"
        return self._unknown_url(name, path)

    def _reason(self, error: CdnPipelineError) -> str:
        file = self.manifest.file
        return str(error) if os.path.exists(file) else f"there is no {file}; run manage.py collectstatic"

    def _note(self, name: str, known: str) -> None:
        if not self._known:
            self._check_origin()
        if name == known and len(self._known) < REMEMBERED:
            self._known.add(name)

    def _check_origin(self) -> None:
        built, here = self.manifest.targets.get(ORIGIN, {}).get("url"), configuration.static_url()
        if built != here:
            log.warning(
                "%s was built for %s, but STATIC_URL is %s here; give collectstatic the same STATIC_URL and "
                "FORCE_SCRIPT_NAME",
                self.manifest.file,
                built,
                here,
            )

    def _unknown_url(self, name: str, path: str) -> str:
        if self.manifest_strict:
            raise UnknownName(path, self.manifest.names())
        if self.location:
            self.path(path)  # as Django, refuses what leads out of STATIC_ROOT
        return self.manifest.url(name)

    def _plain_url(self, asked: Any) -> str:
        """Under DEBUG, where finders serve the sources. A name that production would not know is as wrong."""
        name, path, suffix = _parts(asked)
        if is_absolute(name):
            return name
        if path not in self._known and not path.endswith("/"):
            if not self._is_source(path) and self._is_source(unquote(path)):
                path = unquote(path)
            self._check_source(path)
        return f"{super().url(path)}{suffix}"

    def _check_source(self, path: str) -> None:
        if self._is_source(path):
            self._known.add(path)
        elif self.manifest_strict:
            raise ValueError(f"{_missing(path)}; no finder has a file of that name")
        elif path not in self._told and len(self._told) < TOLD:
            self._told.add(path)
            log.warning("no finder has a file %r; its plain URL is used", path)

    def _is_source(self, path: str) -> bool:
        try:
            return bool(path) and (find(path) is not None or self._is_made(path))
        except (SuspiciousFileOperation, ValueError):
            return False

    def _is_made(self, path: str) -> bool:
        """Whether there is no source for *path*, but a bundle, or a file that some other tool puts into
        STATIC_ROOT."""
        if self.location and self.exists(path):
            return True
        try:
            return os.path.isfile(self.manifest.file) and path in self.manifest
        except BrokenManifest:
            return False

    def stored_name(self, name: str) -> str:
        """The name of its output below STATIC_ROOT, or below the directory of its target."""
        _, path, suffix = _parts(name)
        try:
            entry = self.manifest.entry(path)
        except (UnknownAsset, BrokenManifest) as error:
            if self.manifest_strict:
                raise ValueError(f"{_missing(path)}: {self._reason(error)}") from error
            return str(name)
        stored: str = entry["path"].partition("/")[2]
        return stored + suffix

    def clean_name(self, name: str) -> str:
        """*name* with ``/``, as in the manifest."""
        return name.replace("\\", "/")

    @property
    def hashed_files(self) -> dict[str, str]:
        """``{name: stored name}``, as other packages read it from Django's storages."""
        release = self.manifest.release
        if self._hashed[0] != release:
            self._hashed = (release, self.load_manifest()[0])
        return dict(self._hashed[1])

    @property
    def manifest_hash(self) -> str:
        """What `staticfiles.json` says of itself."""
        return self.load_manifest()[1]

    def read_manifest(self) -> str | None:
        """The text of `staticfiles.json`; ``None`` if there is none."""
        try:
            with self.open(self.manifest_name) as opened:
                text: str = opened.read().decode()
        except FileNotFoundError:
            return None
        return text

    def load_manifest(self) -> tuple[dict[str, str], str]:
        """The names in `staticfiles.json`, and its hash. Raises `ValueError` if it is none."""
        text = self.read_manifest()
        if text is None:
            return {}, ""
        try:
            stored = json.loads(text)
        except ValueError:
            stored = {}
        if stored.get("version") not in ("1.0", self.manifest_version):
            raise ValueError(
                f"Couldn't load manifest '{self.manifest_name}' (version {self.manifest_version})"
            )
        return stored.get("paths", {}), stored.get("hash", "")

    def post_process(
        self, paths: dict[str, tuple[Any, str]], dry_run: bool = False, **options: Any
    ) -> Iterator[tuple[str, str | None, bool | Exception]]:
        """Builds what was collected, and puts it into STATIC_ROOT; with *dry_run*, finds every problem and
        writes nothing."""
        from cdn_pipeline.integrations.django.collectstatic import post_process

        yield from post_process(self, paths, dry_run)
        self.forget()

    def forget(self) -> None:
        """After a build in this very process: the next question is for the new one."""
        self._manifest = None
        self._known.clear()


def _parts(asked: Any) -> tuple[str, str, str]:
    """What is *asked* for as text, the path in it, and its ``?query`` and ``#fragment``."""
    name = str(asked).strip()
    path, suffix = split_suffix(name)
    return name, path.replace("\\", "/"), suffix


def _missing(path: str) -> str:
    """As Django words it; other packages look for these words."""
    return f"Missing staticfiles manifest entry for '{path}'"
