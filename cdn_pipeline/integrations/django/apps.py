"""The application: what INSTALLED_APPS gets by naming this package."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks


class CDNPipelineConfig(AppConfig):
    """Its template tags, its command and its checks; the storage works without."""

    name = "cdn_pipeline.integrations.django"
    label = "cdn_pipeline"
    verbose_name = "cdn_pipeline"

    def ready(self) -> None:
        from cdn_pipeline.integrations.django.checks import check_build, check_settings

        checks.register(check_settings, checks.Tags.staticfiles)
        checks.register(check_build, checks.Tags.staticfiles, deploy=True)
