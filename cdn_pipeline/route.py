"""Routes: which target, name and headers an asset gets. The first of the user's rules that matches decides;
what it leaves open, the first built-in rule that matches decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cdn_pipeline import digest, media_types, paths
from cdn_pipeline.caching import IMMUTABLE, REVALIDATE
from cdn_pipeline.config import ORIGIN, Config, Route, Target

# Names that other programs ask for literally.
FIXED_NAMES = (
    *("*.html", "*.htm", "*.xhtml", "robots.txt", "humans.txt", "ads.txt", "app-ads.txt", "security.txt"),
    *("/.well-known/**", "/_headers", "/_redirects", "/CNAME", "sitemap*.xml"),
    # A service worker is found again by its URL; under a new one it would be a second worker.
    *("sw.js", "service-worker.js", "serviceworker.js", "service_worker.js"),
)
FOR_THE_CDN = tuple(f"*.{ending}" for ending in sorted(media_types.BINARY - media_types.ARCHIVES))
TEXT_ENCODINGS = ("gzip", "br")


class Routed(NamedTuple):
    """Where an asset goes and how it is served."""

    target: Target
    fingerprint: bool
    cache: str
    headers: Mapping[str, str]
    encodings: tuple[str, ...]
    keep_on_origin: bool
    rule: str  # which rule decided, for `explain`

    def name(self, path: str, sha256: str) -> str:
        """The output's path below its target."""
        return digest.stamp(path, sha256) if self.fingerprint else path

    def url(self, name: str) -> str:
        """How a browser asks for the output called *name*."""
        return self.target.url + paths.url_path(name)

    def file(self, name: str) -> str:
        """Where the output called *name* lies, relative to the build directory."""
        return f"{self.target.directory}/{name}"


class Routing:
    """The routes of a config, ready to be asked."""

    def __init__(self, config: Config) -> None:
        self._origin = config.origin
        self._targets = config.targets
        self._rules = config.routes
        self._matchers = [(rule, paths.Patterns(rule.match)) for rule in config.routes]
        away = [target for target in config.targets.values() if target.name != ORIGIN]
        cdn = config.targets.get("cdn") or (away[0] if away else config.origin)
        self._built_in = [
            (rule, paths.Patterns(rule.match))
            for rule in (
                Route(FIXED_NAMES, ORIGIN, fingerprint=False, place="built-in: fixed names"),
                Route(FOR_THE_CDN, cdn.name, fingerprint=True, place="built-in: images, fonts, media"),
                Route(("*",), ORIGIN, fingerprint=True, place="built-in: everything else"),
            )
        ]
        rules = [rule for rule, _ in (*self._matchers, *self._built_in)]
        patterns = [pattern for rule in rules for pattern in rule.match]
        self._is_special = paths.Patterns(each for each in patterns if not paths.by_extension(each))
        self._by_extension: dict[tuple[str, bool], Routed] = {}
        self._by_rules: dict[tuple[int, int, str, bool], Routed] = {}

    def route(self, path: str, same_origin: bool = False) -> Routed:
        """How *path* is served. *same_origin*: browsers refuse to use it from another origin."""
        if self._is_special(path):
            return self._route(path, same_origin)
        name = path[path.rfind("/") + 1 :]
        dot = name.rfind(".")
        key = (name[dot:] if dot > 0 else name, same_origin)
        routed = self._by_extension.get(key)
        if routed is None:
            routed = self._by_extension[key] = self._route(path, same_origin)
        return routed

    def _route(self, path: str, same_origin: bool) -> Routed:
        first = next((at for at, (_, hit) in enumerate(self._matchers) if hit(path)), -1)
        second = next(at for at, (_, hit) in enumerate(self._built_in) if hit(path))
        key = (first, second, media_types.extension(path), same_origin)
        routed = self._by_rules.get(key)
        if routed is None:
            rule = self._rules[first] if first >= 0 else Route(())
            routed = self._combine(rule, self._built_in[second][0], key[2], same_origin)
            self._by_rules[key] = routed
        return routed

    def _combine(self, rule: Route, built_in: Route, extension: str, same_origin: bool) -> Routed:
        target = self._targets[rule.target or built_in.target or ORIGIN]
        place = rule.place if rule.match else built_in.place
        if same_origin and target.name != ORIGIN:
            target = self._origin
            place += ", but browsers accept it from the page's own origin only"
        fingerprint = rule.fingerprint if rule.fingerprint is not None else bool(built_in.fingerprint)
        headers = dict(rule.headers)
        if extension in media_types.FONTS:
            headers.setdefault("Access-Control-Allow-Origin", "*")
        keep = rule.keep_on_origin if rule.keep_on_origin is not None else target.keep_on_origin
        return Routed(
            target=target,
            fingerprint=fingerprint,
            cache=rule.cache or (IMMUTABLE if fingerprint else REVALIDATE),
            headers=headers,
            encodings=_encodings(rule, target, extension),
            keep_on_origin=keep and target.kind == "push",
            rule=place,
        )


def _encodings(rule: Route, target: Target, extension: str) -> tuple[str, ...]:
    """A store holds one encoding per object, so by default neighbours are made for the origin only."""
    if rule.encodings is not None:
        return rule.encodings
    compresses = extension not in media_types.BINARY or extension in media_types.COMPRESSIBLE
    known = media_types.TYPES.get(extension) is not None
    return TEXT_ENCODINGS if target.directory == ORIGIN and compresses and known else ()
