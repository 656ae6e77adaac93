"""Caching: the values of Cache-Control that files are served with."""

from __future__ import annotations

IMMUTABLE = "public, max-age=31536000, immutable"  # a year, the longest that RFC 9111 lets count
REVALIDATE = "no-cache"  # kept, but asked for again each time: what has no fingerprint may change
NEVER = "no-store"  # an answer that says "not found" must not outlive the deploy that brings the file
