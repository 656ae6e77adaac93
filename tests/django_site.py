"""A Django site for the tests of one process, which can configure Django only once."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.test import override_settings
from django.urls import path

BACKEND = "cdn_pipeline.integrations.django.Storage"


@functools.cache
def configure() -> None:
    """Sets Django up; the second time and later does nothing."""
    settings.configure(
        SECRET_KEY="for tests only",
        ALLOWED_HOSTS=["*"],
        INSTALLED_APPS=["cdn_pipeline.integrations.django", "django.contrib.staticfiles"],
        ROOT_URLCONF="tests.django_site",
        STATIC_URL="static/",
        STORAGES={"staticfiles": {"BACKEND": BACKEND}},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        USE_TZ=True,
    )
    django.setup()


@contextmanager
def site(root: Path, options: dict[str, Any] | None = None, **changed: Any) -> Iterator[None]:
    """The settings of a project in *root* with static files in ``static`` and templates in ``templates``.
    *options* are those of the storage."""
    from django.contrib.staticfiles import finders

    configure()
    templates = {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}
    values = {
        "BASE_DIR": root,
        "STATIC_ROOT": root / "staticfiles",
        "STATICFILES_DIRS": [root / "static"],
        "STORAGES": {"staticfiles": {"BACKEND": BACKEND, "OPTIONS": options or {}}},
        "TEMPLATES": [templates | {"DIRS": [root / "templates"]}],
    }
    finders.get_finder.cache_clear()
    try:
        with override_settings(**values | changed):
            yield
    finally:
        finders.get_finder.cache_clear()


MANAGE = """
import sys
from django.conf import settings
from django.core.management import execute_from_command_line
settings.configure(**{settings!r})
execute_from_command_line(sys.argv)
"""


def write_project(root: Path, apps: list[str], options: dict[str, Any] | None = None, **changed: Any) -> None:
    """A `manage.py` in *root*, for what needs a process of its own. *options* are those of the storage."""
    values = {
        "SECRET_KEY": "for tests only",
        "BASE_DIR": str(root),
        "INSTALLED_APPS": ["django.contrib.staticfiles", "cdn_pipeline.integrations.django", *apps],
        "STATIC_ROOT": str(root / "staticfiles"),
        "STATIC_URL": "/static/",
        "STATICFILES_DIRS": [str(root / "static")],
        "STORAGES": {"staticfiles": {"BACKEND": BACKEND, "OPTIONS": options or {}}},
    }
    (root / "manage.py").write_text(MANAGE.format(settings=values | changed))


def page(request: HttpRequest, template: str) -> HttpResponse:
    """Renders the template that the URL names."""
    return render(request, template)


urlpatterns = [path("<path:template>", page)]
