"""System checks: settings that cannot work, found by ``manage.py check`` and before collectstatic.

`docs/django.md` lists them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from cdn_pipeline import file_proxy
from cdn_pipeline.errors import CdnPipelineError, ConfigError
from cdn_pipeline.integrations.django import configuration
from cdn_pipeline.integrations.django.storage import Storage
from cdn_pipeline.manifest_options import check_reload

if TYPE_CHECKING:
    from cdn_pipeline.config import Config

BACKEND = "cdn_pipeline.integrations.django.Storage"
WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
BEFORE_WHITENOISE = "django.middleware.security.SecurityMiddleware"
OBSOLETE = {  # settings that do nothing here, and what does
    "STATICFILES_STORAGE": f'Django ignores it since 5.1; write "{BACKEND}" in STORAGES["staticfiles"].',
    "WHITENOISE_KEEP_ONLY_HASHED_FILES": "Plain copies stay: collectstatic compares with them.",
    "WHITENOISE_MANIFEST_STRICT": f'Write "manifest_strict" in {configuration.PLACE}.',
    "WHITENOISE_SKIP_COMPRESS_EXTENSIONS": "Write `encodings = []` in a route.",
}


def check_settings(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Everything that can be told from the settings and the config."""
    if not apps.is_installed("django.contrib.staticfiles"):
        hint = "Add it to INSTALLED_APPS, anywhere."
        return [
            _error("E001", "django.contrib.staticfiles is not installed, so there is no collectstatic.", hint)
        ]
    found = [*_obsolete(), *_whitenoise(), *_file_proxy()]
    storage = _storage()
    if storage is None:
        return [*found, *_other_storage()]
    if not storage.location:
        hint = "Set it to a directory of its own, such as BASE_DIR / 'staticfiles'."
        return [
            *found,
            _error("E002", "STATIC_ROOT is not set; collectstatic has no place for its files.", hint),
        ]
    try:
        config = configuration.load(storage.config_options)
    except CdnPipelineError as error:
        return [*found, *(_error("E003", str(problem)) for problem in error.problems)]
    return [*found, *_options(storage), *_url(config), *_places(config, storage.location)]


def check_build(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """For ``check --deploy``: whether there is a build."""
    storage = _storage()
    if storage is None or not storage.location:
        return []
    file = configuration.manifest_file(storage.config_options)
    if os.path.isfile(file):
        return []
    return [
        _warning(
            "W004", f"There is no {file}, so every {{% static %}} fails.", "Run manage.py collectstatic."
        )
    ]


def _storage() -> Storage | None:
    """That of the settings; ``None`` if it is another, or cannot be made."""
    chosen = settings.STORAGES.get("staticfiles", {})
    try:
        backend = import_string(chosen.get("BACKEND", ""))
    except ImportError:
        return None  # Django says so itself
    if not (isinstance(backend, type) and issubclass(backend, Storage)):
        return None
    try:
        return backend(**chosen.get("OPTIONS", {}))
    except (ImproperlyConfigured, TypeError):
        return None  # STATIC_URL, which Django checks itself


def _other_storage() -> Iterator[CheckMessage]:
    chosen = settings.STORAGES.get("staticfiles", {}).get("BACKEND", "")
    if chosen and not chosen.startswith("cdn_pipeline."):
        text = f"{chosen} is in charge of static files, so cdn_pipeline does nothing."
        yield _warning("W001", text, f'Write STORAGES["staticfiles"] = {{"BACKEND": "{BACKEND}"}}.')


def _obsolete() -> Iterator[CheckMessage]:
    for name, hint in OBSOLETE.items():
        if hasattr(settings, name):
            yield _warning("W002", f"{name} has no effect.", hint)


def _file_proxy() -> Iterator[CheckMessage]:
    name = getattr(settings, "DJANGO_STATIC_FILE_PROXY", None)
    try:
        if name:
            file_proxy.named(name)
    except ConfigError as error:
        hint = "Name a function as package.module.function; without one URLs are used as they are."
        yield _error("E008", f"DJANGO_STATIC_FILE_PROXY: {error}.", hint)


def _whitenoise() -> Iterator[CheckMessage]:
    middleware = list(settings.MIDDLEWARE or ())
    if WHITENOISE not in middleware:
        if apps.is_installed("whitenoise.runserver_nostatic"):
            text = "whitenoise is installed, but its middleware is missing: nothing serves static files."
            yield _warning("W003", text, f"Add {WHITENOISE!r} to MIDDLEWARE, after SecurityMiddleware.")
        return
    before = middleware[: middleware.index(WHITENOISE)]
    late = [name for name in before if name.startswith("django.") and name != BEFORE_WHITENOISE]
    if late:
        text = f"{WHITENOISE} comes after {late[0]}, which so works on every static file, too."
        yield _warning("W003", text, "Put it directly after SecurityMiddleware.")


def _options(storage: Storage) -> Iterator[CheckMessage]:
    if storage.manifest_strict not in (True, False):
        text = f"manifest_strict is {storage.manifest_strict!r}; it must be True or False."
        yield _error("E007", text, f"Mend it in {configuration.PLACE}.")
    try:
        check_reload(storage.reload)
    except ValueError as error:
        yield _error("E007", f"{error}.", f"Mend it in {configuration.PLACE}.")


def _url(config: Config) -> Iterator[CheckMessage]:
    if config.origin.url != configuration.static_url():
        text = f"STATIC_URL is {configuration.static_url()!r}, but {config.file} has {config.origin.url!r}."
        yield _error("E004", text, "Leave targets.origin.url out: it is STATIC_URL then.")


def _places(config: Config, location: str) -> Iterator[CheckMessage]:
    static_root, build = os.path.realpath(location), os.path.realpath(config.root / config.build)
    own = "Give each a directory of its own."
    if static_root == build:
        yield _error("E005", f"STATIC_ROOT and the build directory are the same: {build}.", own)
    elif _is_inside(static_root, build):
        yield _error("E005", f"STATIC_ROOT {static_root} lies in the build directory {build}.", own)
    elif _is_inside(build, static_root):
        text = f"The build directory {build} lies in STATIC_ROOT {static_root}, and would be public."
        yield _error("E005", text, own)
    for source in _sources():
        for name, place in (("STATIC_ROOT", static_root), ("The build directory", build)):
            if source == place or _is_inside(place, source):
                text = f"{name} {place} lies in {source}, where finders look for sources."
                yield _error("E006", text, "What is collected would be collected again; move it out.")


def _sources() -> Iterator[str]:
    for finder in get_finders():
        storages = getattr(finder, "storages", None)
        for storage in storages.values() if isinstance(storages, dict) else ():
            if getattr(storage, "location", None):
                yield os.path.realpath(storage.location)


def _is_inside(path: str, directory: str) -> bool:
    return path.startswith(os.path.join(directory, ""))


def _error(number: str, text: str, hint: str | None = None) -> CheckMessage:
    return Error(text, hint=hint, id=f"cdn_pipeline.{number}")


def _warning(number: str, text: str, hint: str) -> CheckMessage:
    return Warning(text, hint=hint, id=f"cdn_pipeline.{number}")
