"""The arguments of Jinja2's ``{% assets %}`` tag, with the grammar of ``webassets.ext.jinja2``."""

from __future__ import annotations

import functools
import re
from typing import Any

from cdn_pipeline.bundle_name import TAG_OPTIONS, unknown_option
from cdn_pipeline.definitions.arguments import Arguments, Dynamic, Malformed, filters_of, text_of, texts_of


@functools.cache
def _environment() -> Any:
    import jinja2

    return jinja2.Environment()


def parse(arguments: str) -> Arguments:
    """Raises `Malformed` where webassets would refuse the tag, `Dynamic` for what only a request knows."""
    from jinja2 import TemplateSyntaxError
    from jinja2.parser import Parser

    contents: list[Any] = []
    options: dict[str, Any] = {}
    try:
        parser = Parser(_environment(), "{% assets " + arguments + "%}")
        parser.stream.skip(2)
        _arguments(parser, contents, options)
    except TemplateSyntaxError as error:
        raise Malformed(re.sub(r" at \d+$", "", error.message or "syntax error")) from error
    return Arguments(
        tuple(text_of(_constant(node), "a member") for node in contents),
        filters_of(_constant(options.get("filters", options.get("filter")))),
        text_of(_constant(options.get("output")) or "", "output"),
        texts_of(_constant(options.get("depends")), "depends"),
    )


def _arguments(parser: Any, contents: list[Any], options: dict[str, Any]) -> None:
    from jinja2 import nodes

    stream = parser.stream
    while stream.current.type != "block_end":
        if contents or options:
            stream.expect("comma")
        if stream.current.test("name") and stream.look().test("assign"):
            name = next(stream).value
            if name not in TAG_OPTIONS:
                raise Malformed(unknown_option(name))
            next(stream)
            options[name] = parser.parse_expression()
            continue
        expression = parser.parse_expression()
        grouped = isinstance(expression, (nodes.List, nodes.Tuple))
        contents += expression.iter_child_nodes() if grouped else [expression]


def _constant(node: Any) -> Any:
    """The value of an expression. Raises `Dynamic`."""
    from jinja2 import nodes

    if node is None:
        return None
    try:
        return node.as_const(nodes.EvalContext(_environment()))
    except nodes.Impossible:
        raise Dynamic(_written(node)) from None


def _written(node: Any) -> str:
    """The expression, as far as a message needs it."""
    from jinja2 import nodes

    names = [node] if isinstance(node, nodes.Name) else node.find_all(nodes.Name)
    return ", ".join(dict.fromkeys(name.name for name in names)) or type(node).__name__.lower()
