"""This site as a Django application, in one file. ``make serve-django`` opens it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, re_path, reverse
from jinja2 import Environment

from cdn_pipeline.integrations.jinja2 import install
from cdn_pipeline.integrations.wsgi import Assets

HERE = Path(__file__).parent


def create(build: str | Path = HERE / "build") -> Assets:
    """The application, with the URLs of the release in *build*. Once in a process, as Django wants it."""
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1", "localhost"],
        INSTALLED_APPS=["django.contrib.staticfiles", "cdn_pipeline.integrations.django"],
        ROOT_URLCONF=__name__,
        STATIC_URL="/static/",
        STORAGES={
            "staticfiles": {
                "BACKEND": "cdn_pipeline.integrations.django.Storage",
                "OPTIONS": {"build": str(build)},
            }
        },
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.jinja2.Jinja2",
                "DIRS": [HERE / "templates", Path(build, "includes")],
                "OPTIONS": {"environment": f"{__name__}.environment"},
            }
        ],
    )
    return Assets(get_wsgi_application(), build)


def environment(**options: Any) -> Environment:
    """Django's Jinja2 templates, which ask the manifest that ``{% static %}`` asks too."""
    from django.contrib.staticfiles.storage import staticfiles_storage

    made = Environment(**options)
    install(made, staticfiles_storage.manifest)  # type: ignore[attr-defined]
    made.globals["page_url"] = page_url
    return made


def page_url(page: str) -> str:
    """Of the page with that template."""
    return reverse("show") if page == "index" else reverse("show", args=[page])


def show(request: HttpRequest, page: str = "index") -> HttpResponse:
    """A page."""
    return render(request, f"{page}.html", {"current_page": page})


urlpatterns = [
    path("", show, name="show"),
    re_path(r"^(plates|mirror|visit)\.html$", show, name="show"),
]
