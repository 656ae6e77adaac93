"""Django: `static()` with its manifest storage, over a manifest of as many files."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import django
from django.conf import settings
from timing import SITE, measure, names

ROOT = SITE / "django"
ROOT.mkdir(exist_ok=True)
shutil.copy(SITE / "build/staticfiles.json", ROOT / "staticfiles.json")
BACKEND = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
settings.configure(
    INSTALLED_APPS=["django.contrib.staticfiles"],
    STATIC_URL="https://cdn.example.com/site/",
    STATIC_ROOT=str(ROOT),
    STORAGES={"staticfiles": {"BACKEND": BACKEND}},
)
django.setup()


def prepare() -> Callable[[str], str]:
    from django.templatetags.static import static

    return static


measure(prepare, names())
