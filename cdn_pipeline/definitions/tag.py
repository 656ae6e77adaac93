"""Bundles in templates: the tags below the directories that the config names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from cdn_pipeline.definitions import django, django_static, jinja2
from cdn_pipeline.definitions.arguments import Arguments, Dynamic, Malformed
from cdn_pipeline.definitions.bundle import Bundle, Filter, clean_output, tag_name
from cdn_pipeline.definitions.django_static import Implying
from cdn_pipeline.definitions.file import read as read_text
from cdn_pipeline.definitions.file import shown
from cdn_pipeline.definitions.layout import Layout
from cdn_pipeline.definitions.template import EXTENSIONS, Tag, tags
from cdn_pipeline.errors import ERROR, WARNING, Problem, line_and_column
from cdn_pipeline.inline import Content

# Jinja2 would make one name of "a.js" "b.js", which nobody means; Django takes them for two.
ADJACENT = re.compile(r"""["']\s+["']""")


class Tags(NamedTuple):
    """What templates say. Names of registered bundles still stand among the contents as plain strings."""

    bundles: list[Bundle]
    problems: list[Problem]
    inputs: list[Path]
    contents: list[Content]


def read(templates: Iterable[str], root: Path, layout: Layout, implying: Implying) -> Tags:
    """The tags of each file in *templates*, and of those below each directory that look like one."""
    found = Tags([], [], [], [])
    for name in templates:
        path = root / name
        if not path.exists():
            problem = Problem(
                ERROR, name, "no such file or directory", "`templates` are relative to the config"
            )
            found.problems.append(problem)
            found.inputs.append(path)
        for file in _files(path, found.inputs):
            found.inputs.append(file)
            _read(file, shown(file, root), layout, implying, found)
    return found


def _files(path: Path, directories: list[Path]) -> Iterator[Path]:
    """In order of name; adds each directory that was listed to *directories*."""
    if path.is_file():
        yield path
    for directory, inner, files in os.walk(path):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        directories.append(Path(directory))
        for name in sorted(files):
            if os.path.splitext(name)[1].lower() in EXTENSIONS:
                yield Path(directory, name)


def _read(file: Path, name: str, layout: Layout, implying: Implying, found: Tags) -> None:
    text = read_text(file, name)
    if isinstance(text, Problem):
        found.problems.append(text._replace(severity=WARNING))
        return
    for tag in tags(text):
        line, column = line_and_column(text, tag.offset)
        bundle = _bundle(tag, name, line, column, layout)
        if isinstance(bundle, Bundle) and not tag.closed:
            bundle = Problem(ERROR, name, "{% assets %} without {% endassets %}", "", line, column)
        if isinstance(bundle, Problem):
            found.problems.append(bundle)
        elif bundle is not None:
            found.bundles.append(bundle)
    implied = django_static.implied(text, name, implying)
    found.bundles.extend(implied.bundles)
    found.contents.extend(implied.contents)
    found.problems.extend(implied.problems)


def _bundle(tag: Tag, name: str, line: int, column: int, layout: Layout) -> Bundle | Problem | None:
    try:
        arguments = parse(tag)
    except Malformed as error:
        return Problem(ERROR, name, f"{{% assets %}}: {error}", "", line, column)
    except Dynamic as error:
        return _dynamic(tag, str(error), name, line, column)
    output = layout.output(clean_output(arguments.output)) if arguments.output else ""
    contents = [layout.member(path) for path in arguments.contents]
    outside = [path for path, kept in zip(arguments.contents, contents, strict=True) if kept is None]
    if output is None or outside:
        path = outside[0] if outside else arguments.output
        return Problem(ERROR, name, f"{path!r} lies outside the source roots", "", line, column)
    if not contents:
        return Problem(ERROR, name, "{% assets %} names no file and no bundle", "", line, column)
    return Bundle(
        name=tag_name(arguments.contents, arguments.filters, arguments.output),
        output=output,
        contents=tuple(path for path in contents if path is not None),
        filters=tuple(map(Filter, arguments.filters)),
        depends=arguments.depends,
        bases=layout.bases,
        file=name,
        line=line,
        column=column,
    )


def parse(tag: Tag) -> Arguments:
    """By the grammar that the tag is written in. Raises `Malformed`, `Dynamic`."""
    if tag.django or ADJACENT.search(tag.arguments):
        return django.parse(tag.arguments)
    try:
        return jinja2.parse(tag.arguments)
    except Malformed as error:
        try:  # Django's, without {% load assets %} because it is built in
            return django.parse(tag.arguments)
        except (Malformed, Dynamic):
            raise error from None


def _dynamic(tag: Tag, expression: str, name: str, line: int, column: int) -> Problem:
    """A lone variable may name a bundle that is defined elsewhere: a page will know."""
    alone = re.fullmatch(r"\s*[\w.]+\s*", tag.arguments)
    message = f"{{% assets %}} depends on `{expression}`, which is known only when a page is made"
    hint = "write text here, or define the bundle in a definitions file and name it"
    if alone:
        hint = "nothing is built for this tag; bundles that are defined elsewhere are found"
    return Problem(WARNING if alone else ERROR, name, message, hint, line, column)
