"""Steps: what a deploy or a rollback does besides putting objects; each can be left out or replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from cdn_pipeline import cdns
from cdn_pipeline.config import Config
from cdn_pipeline.current import Pending
from cdn_pipeline.publication import Object, Publication
from cdn_pipeline.record import Record


class Published(NamedTuple):
    """Which release a state of the site names."""

    record: Record
    home: str  # URL of the store that has the state
    serial: int  # of the state: a higher one is newer


class Steps(Protocol):
    """Whatever any of these raises stops what has not happened yet."""

    def before(self, facts: Mapping[str, Any]) -> None:
        """Before anything is written; with the plan, as `plan.as_json` has it."""

    def verify(self, publication: Publication, fresh: Sequence[tuple[str, Object]]) -> None:
        """Once everything is in its store, before anybody is told. *fresh*: (place, object) that the release
        before did not have."""

    def urls(self, publication: Publication) -> Mapping[str, str]:
        """Those that pages shall name in place of the manifest's, by logical path; recorded."""

    def activate(self, published: Published) -> None:
        """Makes running sites read the manifest of the release, which they may do already."""

    def invalidate(self, pending: Pending) -> None:
        """Has a CDN forget `Pending.paths`. Raises `CdnError`, which stops nothing."""


class Plain:
    """Nothing of all that, but that CDNs are told, as the config names them."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def before(self, facts: Mapping[str, Any]) -> None:
        """See `Steps`."""

    def verify(self, publication: Publication, fresh: Sequence[tuple[str, Object]]) -> None:
        """See `Steps`."""

    def urls(self, publication: Publication) -> Mapping[str, str]:
        """See `Steps`."""
        return {}

    def activate(self, published: Published) -> None:
        """See `Steps`."""

    def invalidate(self, pending: Pending) -> None:
        """See `Steps`."""
        target = self._config.targets.get(pending.target)
        if target is not None and target.cdn:
            cdns.open_cdn(target.cdn, target.url).invalidate(pending.paths, pending.id)
