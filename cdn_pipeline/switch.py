"""Switches: one run's writes of the state, each a compare-and-swap."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from cdn_pipeline.current import Current, Pending
from cdn_pipeline.errors import Superseded
from cdn_pipeline.home import Home, Seen
from cdn_pipeline.stores import Conflict, StoreError, probe


class Run:
    """One deploy or rollback, told from any other by a name of its own. Everything raises `Conflict` if the
    state has changed since it was seen."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.name = uuid.uuid4().hex[:12]
        self.probed: Mapping[str, str] = {}

    def at(self) -> str:
        """Now, by the clock of the home store: those of machines that deploy may differ."""
        return datetime.fromtimestamp(self.home.store.now_s(), UTC).isoformat(timespec="seconds")

    def probe(self, seen: Seen, places: Mapping[str, str]) -> None:
        """Raises `StoreError` for any of *places*, ``{name: store}``, that puts over what it should only
        create. Where nobody has looked before, this also marks the place as this site's."""
        for name, store in places.items():
            if seen.current.probed.get(name) != store:
                probe.probe(self.home.stores[name], (probe.CREATES,))
        self.probed = {**seen.current.probed, **places}

    def switch(
        self, seen: Seen, release: str, pending: Iterable[Pending], revived: Iterable[tuple[str, str]] = ()
    ) -> Seen:
        """The state in which *release* is published. *revived*: (place, key) of objects with a new version.
        Raises `Superseded` if it was, and something else is already."""
        new = seen.current.published(release, self.at(), self.name).without_doom(revived)
        new = new._replace(pending=_joined(new.pending, pending), probed=self.probed or new.probed)
        try:
            return self.home.swap(seen, new)
        except (Conflict, StoreError):
            after = self.home.seen()  # an answer may have been lost
            if not any(entry.by == self.name for entry in after.current.history):
                raise
        if after.current.release != release:
            raise superseded(after.current, release)
        return after

    def note(self, seen: Seen, pending: Iterable[Pending]) -> Seen:
        """The state in which that is to be done, too."""
        return self.home.swap(seen, seen.current._replace(pending=_joined(seen.current.pending, pending)))


def _joined(one: Iterable[Pending], other: Iterable[Pending]) -> tuple[Pending, ...]:
    return tuple({(each.id, each.target): each for each in (*one, *other)}.values())


def superseded(current: Current, release: str) -> Superseded:
    """That *release* is not what is published."""
    newest = current.history[0] if current.history else None
    when = f" at {newest.at}" if newest else ""
    return Superseded(
        f"release {current.release} was published{when}, after this deploy had begun; release {release} "
        "was not; if it is the one that you want, deploy it again"
    )
