"""All bundles of a site by name, with every name among their contents replaced by its bundle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from cdn_pipeline.definitions.bundle import GENERATED, Bundle, builds, definition, file_name, language
from cdn_pipeline.definitions.file import Found
from cdn_pipeline.definitions.members import URL
from cdn_pipeline.errors import ERROR, Problem


class Registry:
    """Takes what each definitions file says, and gives bundles whose parts are known."""

    def __init__(self) -> None:
        self.bundles: dict[str, Bundle] = {}
        self.problems: list[Problem] = []
        self.inputs: list[Path] = []

    def add(self, found: Found) -> None:
        """The first bundle of a name stays."""
        self.problems += found.problems
        self.inputs += found.inputs
        for name, bundle in found.bundles.items():
            first = self.bundles.setdefault(name, bundle)
            if definition(first) != definition(bundle):
                self.problems.append(_clash("name", name, first, bundle))

    def registered(self) -> list[Bundle]:
        """Every registered bundle, resolved."""
        return [self.resolved(bundle, (name,)) for name, bundle in self.bundles.items()]

    def resolved(self, bundle: Bundle, within: tuple[str, ...] = ()) -> Bundle:
        """*bundle* with bundles in place of their names; *within* are the names on the way to it."""
        found = [
            (kept, bundle.place(index))
            for index, member in enumerate(bundle.contents)
            if (kept := self._member(bundle, index, member, within)) is not None
        ]
        contents = tuple(member for member, _ in found)
        places = tuple(place for _, place in found) if bundle.places else ()
        return replace(bundle, contents=contents, places=places, extra=_extra(bundle, contents))

    def _member(
        self, bundle: Bundle, index: int, member: str | Bundle, within: tuple[str, ...]
    ) -> str | Bundle | None:
        if isinstance(member, Bundle):
            return self.resolved(member, within)
        if URL.match(member):
            hint = "download it into the source tree, or link to it from the page"
            self._refuse(bundle, index, f"{member!r} is not fetched at build time", hint)
            return None
        if member not in self.bundles:
            return member
        if member in within:
            way = " → ".join((*within[within.index(member) :], member))
            self._refuse(bundle, index, f"bundle {member!r} contains itself: {way}")
            return None
        return self.resolved(self.bundles[member], (*within, member))

    def _refuse(self, bundle: Bundle, index: int, message: str, hint: str = "") -> None:
        line, column = bundle.place(index)
        self.problems.append(Problem(ERROR, bundle.file, message, hint, line, column))


def _extra(bundle: Bundle, contents: tuple[str | Bundle, ...]) -> Mapping[str, object]:
    """As in webassets, a bundle of nothing but bundles that says nothing itself has what they say."""
    if bundle.extra or not all(isinstance(member, Bundle) for member in contents):
        return bundle.extra
    merged: dict[str, object] = {}
    for member in contents:
        merged.update(member.extra if isinstance(member, Bundle) else {})
    return merged


def asked_for(registered: Iterable[Bundle], tags: Iterable[Bundle], problems: list[Problem]) -> list[Bundle]:
    """The bundles that a page can ask for, each with an output; adds to *problems*.

    That is every tag's, and every registered one that is not merely a part of others.
    """
    registered, tags = list(registered), list(tags)
    parts = {part.name for bundle in (*registered, *tags) for part in _parts(bundle)}
    parts -= {name for bundle in tags for name in alone(bundle)}
    wanted = [bundle for bundle in registered if bundle.output or bundle.name not in parts]
    wanted += [bundle for bundle in tags if not is_file(bundle) and not alone(bundle)]
    named = [_with_outputs(bundle, problems) for bundle in wanted if bundle.contents or bundle.output]
    outputs(named, problems)
    distinct: dict[str, Bundle] = {}
    for bundle in named:
        first = distinct.setdefault(bundle.name, bundle)
        if first.output != bundle.output:
            problems.append(_clash("name", bundle.name, first, bundle))
    return list(distinct.values())


def _parts(bundle: Bundle) -> Iterator[Bundle]:
    """The bundles that are joined into others; a container joins nothing."""
    for leaf in builds(bundle):
        yield from _nested(leaf)


def _nested(bundle: Bundle) -> Iterator[Bundle]:
    for member in bundle.contents:
        if isinstance(member, Bundle):
            yield member
            yield from _nested(member)


def alone(bundle: Bundle) -> list[str]:
    """The name of the one registered bundle that a tag asks for, where it does nothing else."""
    names = [member.name for member in bundle.contents if isinstance(member, Bundle)]
    return names if bundle.is_container and len(names) == 1 and not bundle.filters else []


def is_file(bundle: Bundle) -> bool:
    """Whether a tag only names one file, so that there is nothing to build."""
    return not bundle.output and not bundle.filters and bundle.contents == (bundle.name,)


def _with_outputs(bundle: Bundle, problems: list[Problem]) -> Bundle:
    """*bundle* with an output made up for each leaf that has none."""
    if bundle.output:
        return bundle
    if bundle.is_container:
        members = bundle.contents
        children = (_with_outputs(one, problems) if isinstance(one, Bundle) else one for one in members)
        return replace(bundle, contents=tuple(children))
    extension = language(bundle.contents)
    if not extension:
        message = f"bundle {bundle.name!r} has no output, and its members are of different kinds"
        problems.append(Problem(ERROR, bundle.file, message, "give it an output", bundle.line, bundle.column))
    stem = bundle.name if bundle.name.startswith(f"{GENERATED}/") else f"{GENERATED}/{file_name(bundle.name)}"
    return replace(bundle, output=f"{stem}.{extension}" if extension else stem)


def outputs(bundles: Iterable[Bundle], problems: list[Problem]) -> dict[str, Bundle]:
    """What is built, by output, in order of definition; adds one output with two meanings to *problems*.

    A bundle that is both asked for alone and a child of a container gets the container's filters.
    """
    chosen: dict[str, Bundle] = {}
    for container in (True, False):
        for bundle in bundles:
            for leaf in builds(bundle) if bundle.is_container == container else ():
                first = chosen.setdefault(leaf.output, leaf)
                if not _is_alike(first, leaf, same_filters=container):
                    problems.append(_clash("output", leaf.output, first, leaf))
    order = [leaf.output for bundle in bundles for leaf in builds(bundle)]
    return {output: chosen[output] for output in order}


def _is_alike(first: Bundle, second: Bundle, *, same_filters: bool) -> bool:
    if not same_filters and first.filters[: len(second.filters)] == second.filters:
        first = replace(first, filters=second.filters)
    return definition(first) == definition(second)


def _clash(what: str, value: str, first: Bundle, second: Bundle) -> Problem:
    place = f"{first.file}:{first.line}" if first.line else first.file
    message = f"a bundle with the {what} {value!r} is also defined in {place}, and differs"
    hint = f"give one of them another {what}"
    return Problem(ERROR, second.file, message, hint, second.line, second.column)
