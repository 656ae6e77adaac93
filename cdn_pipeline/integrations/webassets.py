"""A bridge: `Bundle.urls()` of webassets, Flask-Assets and django-assets answers from the manifest."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from webassets.bundle import Bundle
from webassets.env import BaseEnvironment
from webassets.exceptions import BundleError

from cdn_pipeline import manifest as built
from cdn_pipeline.bundle_name import clean_output, tag_name
from cdn_pipeline.manifest import Manifest
from cdn_pipeline.snapshot import is_absolute

ATTRIBUTE = "cdn_pipeline"  # of an environment: its `Bridge`
FALLBACKS = ("manifest", "webassets")


def bridge(environment: BaseEnvironment, manifest: Manifest, unknown: str = "manifest") -> None:
    """From now on the bundles of *environment* have the URLs that *manifest* says, and nothing is built when
    a page asks for them. Bundles that it does not know are its business, or ``unknown="webassets"`` builds
    them.

    Where the environment's ``debug`` is on, webassets yields the sources itself, as ever.
    """
    if unknown not in FALLBACKS:
        raise ValueError(f"unknown is {unknown!r}; it must be one of {', '.join(map(repr, FALLBACKS))}")
    setattr(environment, ATTRIBUTE, _Bridge(environment, manifest, unknown == "webassets"))
    _reach_all_bundles()


def _reach_all_bundles() -> None:
    """Pages make bundles as they go, so it is their class that must ask; those of other environments pass."""
    kind: Any = Bundle
    theirs = kind.urls
    if hasattr(theirs, ATTRIBUTE):
        return

    @functools.wraps(theirs)
    def urls(self: Bundle, *arguments: Any, **options: Any) -> list[Any]:
        try:
            found: _Bridge | None = getattr(self.env, ATTRIBUTE, None)
        except BundleError:  # it has no environment, which is webassets' to say
            found = None
        answer = found.urls(self) if found else None
        if answer is None:
            plain: list[Any] = theirs(self, *arguments, **options)
            return plain
        if options.get("calculate_sri"):
            return [{"uri": url, "sri": integrity} for url, integrity in answer]
        return [url for url, _ in answer]

    setattr(urls, ATTRIBUTE, True)
    kind.urls = urls


Answer = list[tuple[str, str | None]]  # URLs with their integrity


class _Bridge:
    """One environment's."""

    def __init__(self, environment: Any, manifest: Manifest, builds_unknown: bool) -> None:
        self.environment, self.manifest, self.builds_unknown = environment, manifest, builds_unknown

    def urls(self, bundle: Bundle) -> Answer | None:
        """``None`` where webassets is to answer."""
        if self.environment.debug:
            return None
        answer = self.known(bundle)
        if answer is None and not self.builds_unknown:
            name = next(iter(self.names(bundle)), "a bundle without a name")
            return self.pairs(self.manifest.bundle(name, list(_files(bundle))))
        return answer

    def known(self, bundle: Bundle) -> Answer | None:
        """``None`` if nothing was built for it, or for a part of it."""
        for name in self.names(bundle):
            if name in self.manifest:
                return self.pairs(self.manifest.bundle(name))
        if bundle.output or bundle.filters:
            return None
        answer: Answer = []
        for member in bundle.contents:
            part = self.known(member) if isinstance(member, Bundle) else self.file(member)
            if part is None:
                return None
            answer += part
        return answer

    def file(self, name: str) -> Answer | None:
        """Webassets serves files as they are where nothing is to be done with them."""
        is_there = name in self.manifest or is_absolute(name)
        return [(self.manifest.url(name), self.manifest.integrity(name))] if is_there else None

    def names(self, bundle: Bundle) -> list[str]:
        """By which the build may know *bundle*, the likeliest first."""
        registered = self.registered(bundle)
        output = clean_output(bundle.output, registered) if bundle.output else ""
        filters = [each.name for each in bundle.filters if each.name]
        contents = bundle.contents
        members = [each if isinstance(each, str) else self.registered(each) for each in contents]
        made = tag_name(members, filters, None) if members and all(members) else ""
        return [name for name in (registered, output, made) if name]

    def registered(self, bundle: Bundle) -> str:
        """The name of *bundle*; "" if it has none."""
        named = self.environment._named_bundles  # which nothing public tells
        return next((name for name, each in named.items() if each is bundle), "")

    @staticmethod
    def pairs(found: built.Bundle) -> Answer:
        return list(zip(found.urls, found.integrities, strict=True))


def _files(bundle: Bundle) -> Iterator[str]:
    for member in bundle.contents:
        yield from _files(member) if isinstance(member, Bundle) else [str(member)]
