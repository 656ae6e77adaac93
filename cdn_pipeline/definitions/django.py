"""The arguments of Django's ``{% assets %}`` tag, with the grammar of django-assets."""

from __future__ import annotations

import re

from cdn_pipeline.bundle_name import TAG_OPTIONS, unknown_option
from cdn_pipeline.definitions.arguments import Arguments, Dynamic, Malformed, filters_of, texts_of

QUOTED = r"""(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
ARGUMENT = re.compile(rf"""(?:[^\s'"]*{QUOTED}[^\s'"]*)+|\S+""")  # white space separates, except in quotes
LITERAL = re.compile(QUOTED)


def parse(arguments: str) -> Arguments:
    """Commas may be left out. Raises `Malformed` where django-assets would refuse the tag, `Dynamic` for
    what only a request knows."""
    contents: list[str] = []
    options: dict[str, str] = {}
    for argument in _split(arguments):
        name, equals, value = ("", "", argument) if argument[0] in "\"'" else argument.partition("=")
        if not equals:
            contents.append(_literal(argument))
        elif name in TAG_OPTIONS:
            options[name] = "" if name == "debug" else _literal(value)
        else:
            raise Malformed(unknown_option(name))
    return Arguments(
        tuple(contents),
        filters_of(options.get("filters", options.get("filter"))),
        options.get("output", ""),
        texts_of(options["depends"].split(",") if "depends" in options else None, "depends"),
    )


def _split(arguments: str) -> list[str]:
    found = []
    for argument in ARGUMENT.findall(arguments):
        # "a.js","b.js" without a space is one argument to Django, which then finds no such file.
        if argument[0] in "\"'" and len(LITERAL.findall(argument)) > 1:
            raise Malformed(f"{argument} has no space between its parts")
        if argument := argument.removesuffix(","):
            found.append(argument)
    return found


def _literal(value: str) -> str:
    if not LITERAL.fullmatch(value):
        raise Dynamic(value)
    return re.sub(r"\\(.)", r"\1", value[1:-1])
