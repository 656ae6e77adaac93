"""The config as named tuples, which load faster than dataclasses. ``sample_site/cdn_pipeline.toml`` is the
annotated reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from cdn_pipeline import CONFIG
from cdn_pipeline import ORIGIN as ORIGIN
from cdn_pipeline.errors import ERROR

FUNCTION = r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*"  # how a function of the site's own is named
ENCODINGS = ("gzip", "br", "zst")


class Target(NamedTuple):
    """A place where files are served."""

    name: str
    url: str  # ends with "/"
    store: str | None = None
    cdn: str | None = None
    keep_on_origin: bool = False
    hold_s: float = 0.0
    verify_edge: bool = True
    cache_tags: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """``origin``: files beside the app; ``push``: a store behind a CDN; ``pull``: a CDN in front of
        the origin, for which only URLs differ."""
        if self.name == ORIGIN:
            return "origin"
        return "push" if self.store else "pull"

    @property
    def directory(self) -> str:
        """Where the build puts the files of this target, relative to the build directory."""
        return self.name if self.kind == "push" else ORIGIN


class Route(NamedTuple):
    """A rule from logical paths to a target and headers. ``None`` leaves the choice to the next rule."""

    match: tuple[str, ...]
    target: str | None = None
    fingerprint: bool | None = None
    cache: str | None = None
    headers: Mapping[str, str] = {}
    encodings: tuple[str, ...] | None = None
    keep_on_origin: bool | None = None
    place: str = "built-in"  # "routes[2]" for the user's third


class Minify(NamedTuple):
    """Chains of engines; the first result that passes the guard wins. An empty chain minifies nothing."""

    css: tuple[str, ...] = ("default",)
    js: tuple[str, ...] = ("default",)
    skip: tuple[str, ...] = ()


class Bundles(NamedTuple):
    """Where bundle definitions are found, relative to the config's directory."""

    definitions: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    django_static: bool = False  # templates have django-static's tags without loading them


class Publish(NamedTuple):
    """How releases are put into stores, and kept there."""

    home: str | None = None  # the target whose store has the state; None: see `Config.home`
    live: str | None = None  # the directory whose manifest running sites read; None: see `activate`
    keep_releases: int = 5
    grace_s: float = 7 * 86400.0  # nothing younger is pruned
    max_deletes: int = 1000  # a prune that would delete more is refused
    sample: float = 1.0  # the part of all URLs that is verified at the edge
    concurrency: int = 16  # requests at once
    file_proxy: str | None = None  # "module:function", called for each file of a new release


Hook = str | tuple[str, ...]
"""``module:function``, a line for the shell, or the words of a command."""


class Hooks(NamedTuple):
    """What runs before and after. Commands run in the config's directory."""

    before_build: Hook | None = None
    after_build: Hook | None = None
    before_deploy: Hook | None = None
    after_deploy: Hook | None = None
    after_rollback: Hook | None = None
    timeout_s: float = 300.0  # of each


class Provision(NamedTuple):
    """What `cdn-pipeline provision` makes in an AWS account for one target."""

    target: str | None = None  # None: the first whose store is on S3; see `provision.description`
    region: str = "us-east-1"  # of the bucket
    hosted_zone: str | None = None  # name or id, in Route 53; None: the domain's records are made elsewhere
    certificate: str | None = None  # ARN of one that is there; None: one is asked for
    price_class: str = "100"  # or "200", "all"
    site_origin: str | None = None  # host of the site itself, served by the same distribution
    failover: bool = False  # files come from `site_origin` while the bucket fails
    uploaders: tuple[str, ...] = ()  # ARNs that the bucket lets write
    deployers: tuple[str, ...] = ()  # ARNs, or "github:owner/name", that may take the role for deploys
    pruners: tuple[str, ...] = ()  # likewise the role for prunes
    old_versions_s: float = 30 * 86400.0  # for which a replaced object is kept
    tags: Mapping[str, str] = {}  # of everything


class Config(NamedTuple):
    """Everything a build is told. Paths are relative to `root`, the directory of the config file."""

    root: Path
    file: str = CONFIG  # as the user names it, for messages
    source: tuple[str, ...] = ("static",)
    files: Mapping[str, str] | None = None  # {logical path: file}, where a framework finds the sources itself
    exclude: tuple[str, ...] = ()
    build: str = "build"
    cache: str = ".cdn_pipeline"
    on_missing: str = ERROR
    ignore: tuple[tuple[str, str], ...] = ()  # (pattern of the file, pattern of the reference)
    html: tuple[str, ...] = ()
    modules: bool = True
    keep_releases: int = 3
    filter_timeout_s: float = 60.0
    targets: Mapping[str, Target] = {ORIGIN: Target(ORIGIN, "/static/")}
    routes: tuple[Route, ...] = ()
    bundles: Bundles = Bundles()
    minify: Minify = Minify()
    groups: Mapping[str, tuple[str, ...]] = {}
    publish: Publish = Publish()
    hooks: Hooks = Hooks()
    provision: Provision = Provision()

    @property
    def home(self) -> Target | None:
        """The target whose store has the state: the named one, else the first that files are pushed to, else
        the origin; ``None`` where no target has a store."""
        if self.publish.home is not None:
            return self.targets[self.publish.home]
        stored = [target for target in self.targets.values() if target.store]
        return next((target for target in stored if target.kind == "push"), stored[0] if stored else None)

    @property
    def origin(self) -> Target:
        """The target that every site has."""
        return self.targets[ORIGIN]
