"""WSGI: an application whose static files come from the build, without a framework."""

from __future__ import annotations

from cdn_pipeline.gateway import Assets

__all__ = ["Assets"]
