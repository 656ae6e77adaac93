"""Bundle definitions in webassets' formats: YAML, Python, and the tags of templates.

`read` gives the bundles as written, `members.expand` their files. Neither webassets nor Jinja2 nor PyYAML is
imported unless a definition needs it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from cdn_pipeline.definitions import tag
from cdn_pipeline.definitions.bundle import Bundle, Filter, Origin, builds, from_json, tag_name, to_json
from cdn_pipeline.definitions.django_static import Implying
from cdn_pipeline.definitions.file import Found
from cdn_pipeline.definitions.layout import Layout
from cdn_pipeline.definitions.members import expand, missing
from cdn_pipeline.definitions.registry import Registry, asked_for, is_file, outputs
from cdn_pipeline.errors import WARNING, Problem
from cdn_pipeline.inline import Content

__all__ = (
    "Bundle",
    "Definitions",
    "Filter",
    "Origin",
    "Resolved",
    "builds",
    "dump",
    "expand",
    "from_json",
    "load",
    "read",
    "resolve",
    "tag_name",
    "to_json",
)


class Definitions(NamedTuple):
    """Everything that the definitions and templates of a site say about bundles."""

    bundles: tuple[Bundle, ...]  # to be built; parts of others, which nobody asks for, are not among them
    files: tuple[Bundle, ...]  # what a tag names alone and is no bundle: one member each, nothing to build
    problems: tuple[Problem, ...]
    inputs: tuple[Path, ...]  # every file and directory that was read, or looked for
    contents: tuple[Content, ...] = ()  # inline text that templates ask to be made smaller


class Resolved(NamedTuple):
    """The bundles of a site with their files."""

    outputs: dict[str, Bundle]  # by logical path of the output, in order of definition
    names: dict[str, tuple[str, ...]]  # what a page asks for, and the outputs it gets
    problems: tuple[Problem, ...]


def read(
    definitions: Iterable[str],
    templates: Iterable[str],
    root: Path,
    sources: Sequence[Path] = (),
    time_limit_s: float = 0.0,
    prefixes: Collection[str] = (),
    *,
    has_django_static: bool = False,
) -> Definitions:
    """Everything below *root*, the project's directory, that *definitions* (files, modules) and *templates*
    (files, directories) say. *sources* are the absolute source roots. Each Python module may run for
    *time_limit_s* seconds; 0 means no limit. *prefixes* are the URLs below which files are served.
    *has_django_static*: templates need not load its tags."""
    registry = Registry()
    plain = Layout(roots=tuple(sources))
    layout = plain
    for name in definitions:
        found = _read(name, root, plain.roots, time_limit_s)
        registry.add(found)
        if layout == plain:  # a template's tags follow the first definitions that set a directory
            layout = found.layout or plain
    tags = tag.read(templates, root, layout, Implying(prefixes, has_django_static))
    registry.problems += tags.problems
    registry.inputs += tags.inputs
    named = [registry.resolved(bundle) for bundle in tags.bundles]
    bundles = asked_for(registry.registered(), named, registry.problems)
    return Definitions(
        tuple(bundles),
        tuple(bundle for bundle in named if is_file(bundle)),
        tuple(dict.fromkeys(registry.problems)),
        tuple(dict.fromkeys(registry.inputs)),
        tuple(dict.fromkeys(tags.contents)),
    )


def _read(name: str, root: Path, sources: tuple[Path, ...], time_limit_s: float) -> Found:
    if name.lower().endswith((".yaml", ".yml")):
        from cdn_pipeline.definitions import yaml

        return yaml.read(root / name, root, sources)
    from cdn_pipeline.definitions import python

    return python.read(name, root, sources, time_limit_s)


def resolve(definitions: Definitions, paths: Collection[str]) -> Resolved:
    """The bundles of a site whose files have the logical *paths*; every problem of theirs."""
    known = frozenset(paths)  # itself, if it is one
    names = {bundle.name: tuple(leaf.output for leaf in builds(bundle)) for bundle in definitions.bundles}
    problems = [
        problem._replace(severity=WARNING) if file.optional else problem
        for file in definitions.files
        for problem in missing(file, known, names)
    ]
    expanded: dict[str, Bundle] = {}
    for output, bundle in outputs(definitions.bundles, []).items():
        expanded[output], found = expand(bundle, known, names)
        problems += found
    return Resolved(expanded, names, tuple(dict.fromkeys(problems)))


def dump(definitions: Definitions) -> str:
    """JSON, from which `load` makes the definitions again."""
    return json.dumps(
        {
            "bundles": [to_json(bundle) for bundle in definitions.bundles],
            "files": [to_json(bundle) for bundle in definitions.files],
            "problems": definitions.problems,
            "inputs": [str(path) for path in definitions.inputs],
            "contents": definitions.contents,
        }
    )


def load(text: str) -> Definitions:
    """The inverse of `dump`."""
    fields = json.loads(text)
    return Definitions(
        tuple(map(from_json, fields["bundles"])),
        tuple(map(from_json, fields["files"])),
        tuple(Problem(*problem) for problem in fields["problems"]),
        tuple(map(Path, fields["inputs"])),
        tuple(Content(*content) for content in fields["contents"]),
    )
