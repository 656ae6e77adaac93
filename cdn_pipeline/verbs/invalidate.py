"""Invalidate: has CDNs forget URLs, or all that bears a cache tag, whatever a deploy has told them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from cdn_pipeline import cdns, publish_report
from cdn_pipeline.config import Config, Target
from cdn_pipeline.errors import ConfigError
from cdn_pipeline.verbs import Facts, Outcome, Site

NAMELESS = "name what to forget: URLs such as https://cdn.example.com/a.txt or /site/*, or --tag TAG"


def run(site: Site) -> Outcome:
    """Does not wait for the end of it. Raises `ConfigError` before anybody is told, `CdnError`."""
    wanted = _wanted(site.config, site.options.urls, site.options.tag)
    facts: Facts = {"invalidated": []}
    for name, paths in wanted.items():
        target = site.config.targets[name]
        # Another reference each time: what was forgotten may have been fetched again.
        cdns.open_cdn(target.cdn or "", target.url).invalidate(paths, f"by-hand-{time.time_ns()}")
        facts["invalidated"].append({"target": name, "cdn": target.cdn, "paths": paths})
    return Outcome(facts, publish_report.invalidated(facts))


def _wanted(config: Config, urls: Iterable[str], tags: Iterable[str]) -> Mapping[str, list[str]]:
    """What each target's CDN is told, by the target's name."""
    told = {name: target for name, target in config.targets.items() if target.cdn not in (None, "pull")}
    if not told:
        raise ConfigError("no target has a CDN that can be told; see `cdn` in docs/configuration.md")
    found: dict[str, list[str]] = {}
    for url in urls:
        for name in _served(told, url):
            found.setdefault(name, []).append(_path(url))
    for tag in tags:
        for name in told:
            found.setdefault(name, []).append(f"#{tag}")
    if not found:
        raise ConfigError(NAMELESS)
    return found


def _served(targets: Mapping[str, Target], url: str) -> list[str]:
    """The targets that *url*, or a path alone, is one of."""
    found = [name for name, target in targets.items() if _is_below(target.url, url)]
    if not found:
        known = ", ".join(target.url for target in targets.values())
        raise ConfigError(f"{url}: is nothing that a CDN could be told of; its URL begins with {known}")
    return found


def _is_below(base: str, url: str) -> bool:
    if url.startswith("/") and not url.startswith("//"):
        return url.startswith(urlsplit(base).path)
    return f"//{url.partition('//')[2]}".startswith(f"//{base.partition('//')[2]}")


def _path(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")
