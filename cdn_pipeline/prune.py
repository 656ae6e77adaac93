"""Prune: deletes what no release needs any more. A verb, and a permission, of its own.

What goes is announced in the state first, version by version. Whoever deploys something that is announced
puts X
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from cdn_pipeline import home, releases, retention
from cdn_pipeline.config import Config
from cdn_pipeline.current import Doomed
from cdn_pipeline.errors import PublishError
from cdn_pipeline.home import Home, Open, Seen
from cdn_pipeline.quantity import count
from cdn_pipeline.record import DIRECTORY
from cdn_pipeline.retention import Doom, Rules, Survey, Version
from cdn_pipeline.stores import Conflict, open_store
from cdn_pipeline.upload import each

ROUNDS = 10  # in each of which somebody has changed the state


class Request(NamedTuple):
    """What to prune, and how."""

    config: Config
    is_dry: bool = False  # only look
    max_deletes: int | None = None  # versions; None: the config's
    open: Open = open_store


class Pruned(NamedTuple):
    """What went, or would go."""

    releases: tuple[str, ...]
    objects: tuple[Version, ...]
    resumed: int  # versions that an earlier prune had announced, and that went first


def prune(request: Request) -> Pruned:
    """Raises `PublishError` before anything is deleted, if it is too much or the stores cannot do it."""
    with home.opened(request.config, request.open) as opened:
        return _Prune(request, opened).run()


class _Prune:
    def __init__(self, request: Request, opened: Home) -> None:
        self.request = request
        self.home = opened
        publish = request.config.publish
        self.concurrency = publish.concurrency
        self.rules = Rules(publish.keep_releases, publish.grace_s)
        self.most = publish.max_deletes if request.max_deletes is None else request.max_deletes

    def run(self) -> Pruned:
        self.refuse_unversioned()
        resumed = 0
        for _ in range(ROUNDS):
            seen = self.home.seen()
            if seen.is_new:
                return Pruned((), (), 0)
            if seen.current.doomed and not self.request.is_dry:
                resumed += self.delete(_announced(seen.current.doomed))
                self.clear(seen.current.doomed)
                continue
            try:
                found = self.found(seen)
                if self.request.is_dry:
                    return Pruned(found.releases, _once((*found.all, *_announced(seen.current.doomed))), 0)
                return self.go(seen, found, resumed)
            except Conflict:
                continue
        raise PublishError("others publish and prune all the time; nothing was deleted; prune again")

    def refuse_unversioned(self) -> None:
        for name, store in self.home.stores.items():
            if not store.has_versions:
                raise PublishError(
                    f"{store.url}: keeps no versions, so a prune could delete what a deploy is just putting "
                    f"there; switch versioning on (`aws s3api put-bucket-versioning --bucket BUCKET "
                    f"--versioning-configuration Status=Enabled`), or take targets.{name} out of the config"
                )

    def found(self, seen: Seen) -> Doom:
        """What would go; orphans only if they are ours. Raises `Conflict` if another prune has been at it."""
        current, there = seen.current, survey(self.home)
        if current.release not in (None, *there.records):
            if self.home.seen().etag != seen.etag:
                raise Conflict
            raise PublishError(
                f"release {current.release} is published and has no record, so nobody can tell what it "
                "needs; deploy its build again"
            )
        found = retention.doom(current, there, self.rules)
        keys = _keys(found.orphans)
        heads = each(lambda pair: self.home.stores[pair[0]].head(pair[1]), keys, self.concurrency)
        ours = {pair for pair, got in zip(keys, heads, strict=True) if got is not None and got.sha256}
        return found._replace(orphans=tuple(one for one in found.orphans if (one.place, one.key) in ours))

    def go(self, seen: Seen, found: Doom, resumed: int) -> Pruned:
        """Announces, deletes, takes the announcement back. Raises `Conflict` if the state is not *seen* any
        more, before anything is deleted."""
        if len(found.all) > self.most:
            raise PublishError(
                f"{count(len(found.all), 'object')} would be deleted, and at most {self.most:,} may be; look "
                "at them with `cdn-pipeline prune --dry-run`, then allow it with --max-deletes"
            )
        announced = _doomed((*found.objects, *found.orphans))
        if announced:
            self.home.swap(seen, seen.current._replace(doomed=announced))
        self.delete(found.all)
        if announced:
            self.clear(announced)
        return Pruned(found.releases, found.all, resumed)

    def delete(self, versions: Sequence[Version]) -> int:
        """Records first: a release that is not whole is not offered for a rollback."""
        first = [one for one in versions if one.key.startswith(DIRECTORY)]
        then = [one for one in versions if not one.key.startswith(DIRECTORY)]
        for group in (first, then):
            for _ in each(self.delete_keys, _by_key(group), self.concurrency):
                pass
        return len(versions)

    def delete_keys(self, versions: Iterable[Version]) -> None:
        """All of one object, in order."""
        for one in versions:
            self.home.stores[one.place].delete(one.key, one.version)

    def clear(self, announced: Doomed) -> None:
        """Takes an announcement back, of which everything is deleted."""
        for _ in range(ROUNDS):
            seen = self.home.seen()
            left = _without(seen.current.doomed, announced)
            if left == seen.current.doomed:
                return
            try:
                self.home.swap(seen, seen.current._replace(doomed=left))
                return
            except Conflict:
                continue
        raise PublishError("everything is deleted, but others publish all the time; prune again to say so")


def survey(opened: Home, *, are_versions: bool = True) -> Survey:
    """All that lies in the stores; only the newest version of each object unless *are_versions*. A request
    for each release, and one for 1,000 objects."""
    recorded = releases.recorded(opened)
    records = {release: opened.record(release) for release in recorded}
    return Survey(
        records={release: found for release, found in records.items() if found is not None},
        recorded_s={release: listed.modified_s for release, listed in recorded.items()},
        versions={
            name: tuple(store.versions() if are_versions else store.list())
            for name, store in opened.stores.items()
        },
        now_s={name: store.now_s() for name, store in opened.stores.items()},
        home=opened.name,
    )


def _keys(versions: Iterable[Version]) -> list[tuple[str, str]]:
    return sorted({(one.place, one.key) for one in versions})


def _by_key(versions: Iterable[Version]) -> list[list[Version]]:
    found: dict[tuple[str, str], list[Version]] = {}
    for one in versions:
        found.setdefault((one.place, one.key), []).append(one)
    return list(found.values())


def _doomed(versions: Iterable[Version]) -> Doomed:
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for one in versions:
        keys = found.setdefault(one.place, {})
        keys[one.key] = (*keys.get(one.key, ()), one.version)
    return found


def _announced(doomed: Doomed) -> list[Version]:
    """The versions of an announcement; their sizes are not in it."""
    return [
        Version(place, key, version, 0)
        for place, keys in sorted(doomed.items())
        for key, versions in sorted(keys.items())
        for version in versions
    ]


def _once(versions: Iterable[Version]) -> tuple[Version, ...]:
    """Each version once, as it is told first."""
    found: dict[tuple[str, str, str], Version] = {}
    for one in versions:
        found.setdefault(one[:3], one)
    return tuple(found.values())


def _without(doomed: Doomed, deleted: Mapping[str, Mapping[str, tuple[str, ...]]]) -> Doomed:
    """What is announced in *doomed*, but not yet *deleted*."""
    left = {
        place: {
            key: versions
            for key, versions in keys.items()
            if not set(versions) <= set(deleted.get(place, {}).get(key, ()))
        }
        for place, keys in doomed.items()
    }
    return {place: keys for place, keys in left.items() if keys}
