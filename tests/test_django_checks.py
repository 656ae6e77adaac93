"""What `manage.py check` says of settings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests import django_site

django_site.configure()

from django.core.checks import run_checks  # noqa: E402  (asks for settings)

ROOT = Path(__file__).parent.parent
APPS = ["django.contrib.staticfiles", "cdn_pipeline.integrations.django"]
SECURITY = "django.middleware.security.SecurityMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
COMPRESSED = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}


def found(root: Path, options: dict[str, Any] | None = None, **changed: Any) -> dict[str, str]:
    """Our messages by their numbers."""
    (root / "static").mkdir(exist_ok=True)
    with django_site.site(root, options, **changed):
        messages = run_checks(tags=["staticfiles"], include_deployment_checks=False)
    return {message.id: message.msg for message in messages if str(message.id).startswith("cdn_pipeline.")}


def test_good_settings_pass_in_whatever_order_the_apps_are(tmp_path: Path) -> None:
    middleware = [SECURITY, WHITENOISE, COMMON]
    for apps in (APPS, APPS[::-1]):
        assert found(tmp_path, INSTALLED_APPS=apps, MIDDLEWARE=middleware) == {}


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"INSTALLED_APPS": APPS[1:]}, "E001", "django.contrib.staticfiles is not installed"),
    ({"STATIC_ROOT": None}, "E002", "STATIC_ROOT is not set"),
    ({"options": {"minfy": False}}, "E003", "minfy: unknown key; did you mean 'minify'?"),
    (
        {"options": {"targets": {"origin": {"url": "/assets/"}}}},
        "E004",
        "STATIC_URL is '/static/', but STORAGES[\"staticfiles\"][\"OPTIONS\"] has '/assets/'",
    ),
    ({"STATIC_ROOT": "{root}/build"}, "E005", "STATIC_ROOT and the build directory are the same"),
    ({"STATIC_ROOT": "{root}/build/origin"}, "E005", "lies in the build directory"),
    ({"options": {"build": "staticfiles/build"}}, "E005", "would be public"),
    ({"STATIC_ROOT": "{root}/static/out"}, "E006", "where finders look for sources"),
    ({"options": {"build": "static/build"}}, "E006", "where finders look for sources"),
    (
        {"options": {"manifest_strict": "false"}},
        "E007",
        "manifest_strict is 'false'; it must be True or False",
    ),
    (
        {"options": {"reload": "2"}},
        "E007",
        "reload is '2'; it must be a number of seconds, or None for never",
    ),
    ({"STORAGES": COMPRESSED}, "W001", "cdn_pipeline does nothing"),
    ({"STATICFILES_STORAGE": "any"}, "W002", "STATICFILES_STORAGE has no effect"),
    ({"WHITENOISE_MANIFEST_STRICT": False}, "W002", "WHITENOISE_MANIFEST_STRICT has no effect"),
    ({"MIDDLEWARE": [SECURITY, COMMON, WHITENOISE]}, "W003", f"comes after {COMMON}"),
    ({"INSTALLED_APPS": ["whitenoise.runserver_nostatic", *APPS]}, "W003", "its middleware is missing"),
]


@pytest.mark.parametrize(
    ("changed", "number", "message"), BAD, ids=[f"{row[1]} {row[2][:30]}" for row in BAD]
)
def test_a_setting_that_cannot_work_is_found(
    tmp_path: Path, changed: dict[str, Any], number: str, message: str
) -> None:
    values = {
        key: value.replace("{root}", str(tmp_path)) if isinstance(value, str) else value
        for key, value in changed.items()
    }
    messages = found(tmp_path, **values)

    assert list(messages) == [f"cdn_pipeline.{number}"]
    assert message in messages[f"cdn_pipeline.{number}"]


def test_the_config_file_is_checked_as_well(tmp_path: Path) -> None:
    (tmp_path / "cdn_pipeline.toml").write_text('[targets.origin]\nurl = "/assets/"\n')
    assert list(found(tmp_path)) == ["cdn_pipeline.E004"]

    (tmp_path / "cdn_pipeline.toml").write_text("minify = 1\n\nhtm = []\n")
    assert list(found(tmp_path)) == ["cdn_pipeline.E003"]

    (tmp_path / "cdn_pipeline.toml").write_text("")
    (tmp_path / "pyproject.toml").write_text("[tool.cdn_pipeline]\nminify = 1\n")
    assert list(found(tmp_path)) == []


def test_a_deployment_is_told_that_nothing_was_built(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    with django_site.site(tmp_path):
        messages = run_checks(tags=["staticfiles"], include_deployment_checks=True)

    assert [message.id for message in messages] == ["cdn_pipeline.W004"]
    assert messages[0].msg == f"There is no {tmp_path}/build/manifest.json, so every {{% static %}} fails."


def test_the_documents_name_every_check() -> None:
    source = (ROOT / "cdn_pipeline/integrations/django/checks.py").read_text("utf-8")
    numbers = set(re.findall(r'"([EW]\d{3})"', source))

    assert numbers == set(
        re.findall(r"`cdn_pipeline\.([EW]\d{3})`", (ROOT / "docs/django.md").read_text("utf-8"))
    )
