"""A finder for the directories of ``DJANGO_STATIC_MEDIA_ROOTS``, as django-static's settings name them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import FileSystemFinder
from django.core.files.storage import FileSystemStorage


class MediaRootsFinder(FileSystemFinder):
    """For ``STATICFILES_FINDERS``. There is no default: MEDIA_ROOT holds what visitors upload, today."""

    def __init__(self, app_names: Any = None, *args: Any, **named: Any) -> None:
        roots = [str(root) for root in getattr(settings, "DJANGO_STATIC_MEDIA_ROOTS", ())]
        self.locations = [("", root) for root in roots]
        self.storages = {root: self._storage(root) for root in roots}

    def _storage(self, root: str) -> FileSystemStorage:
        storage = FileSystemStorage(location=root)
        storage.prefix = ""
        return storage

    def check(self, **named: Any) -> list[Any]:
        """Nothing: Django's own finder checks STATICFILES_DIRS."""
        return []
