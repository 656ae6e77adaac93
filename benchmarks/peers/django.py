"""Django's ``collectstatic``: with its manifest storage, and with WhiteNoise's, with and without brotli."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from . import Place, Tool

SETTINGS = """\
SECRET_KEY = "of a benchmark"
INSTALLED_APPS = ["django.contrib.staticfiles"]
STATIC_URL = "/static/"
STATIC_ROOT = {output!r}
STATICFILES_DIRS = [{site!r}]
STORAGES = {{"staticfiles": {{"BACKEND": {storage!r}}}}}
"""
MANIFEST = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
WHITENOISE = "whitenoise.storage.CompressedManifestStaticFilesStorage"
# WhiteNoise makes .br files as soon as it can import brotli, so each has an environment of its own.
KINDS = {
    "django": (MANIFEST, ("django",)),
    "whitenoise-gzip": (WHITENOISE, ("django", "whitenoise")),
    "whitenoise": (WHITENOISE, ("django", "whitenoise", "brotli")),
}


NAMES = tuple(KINDS)


def tool(place: Place, name: str) -> Tool:
    storage, packages = KINDS[name]
    folder = place.work / name
    python = _environment(folder / "venv", packages)
    output = folder / "static"
    settings = SETTINGS.format(output=str(output), site=str(place.site), storage=storage)
    (folder / "settings.py").write_text(settings)
    argv = (str(python), "-m", "django", "collectstatic", "--noinput", "--verbosity", "0")
    environment = {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(folder)}
    return Tool(name, argv, folder, output, environment=environment)


def _environment(folder: Path, packages: tuple[str, ...]) -> Path:
    """The Python of a virtual environment with *packages*, of the same version as this one."""
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        subprocess.run((sys.executable, "-m", "venv", "--clear", str(folder)), check=True)
        subprocess.run((str(python), "-m", "pip", "install", "--quiet", *packages), check=True)
        (folder / "ready").touch()
    return python
