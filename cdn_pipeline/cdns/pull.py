"""A CDN that nobody can tell anything: it asks the origin again when Cache-Control says so."""

from __future__ import annotations

from collections.abc import Sequence

from cdn_pipeline.cdns import Invalidation


class Pull:
    """Files without a fingerprint are served ``no-cache``, so nothing has to be forgotten."""

    name = "pull"

    def invalidate(self, paths: Sequence[str], reference: str) -> Invalidation:
        """Does nothing."""
        return Invalidation(reference)

    def is_done(self, invalidation: Invalidation) -> bool:
        """Always."""
        return True
