"""Jinja2: functions for URLs and tags, and webassets' ``{% assets %}``, answered from the manifest.

Nothing is asked before a page is made, so compiled templates and byte code caches outlive a build. The same
holds for the includes that a build writes: what is compiled of one only says where its text is.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from time import monotonic
from typing import Any, NamedTuple

from jinja2 import Environment, TemplateNotFound, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from markupsafe import Markup

from cdn_pipeline import RELOAD_S
from cdn_pipeline.bundle_name import TAG_OPTIONS, clean_output, filter_names, tag_name, unknown_option
from cdn_pipeline.manifest import NAME, Manifest
from cdn_pipeline.snippets import preload_tags

FUNCTIONS = ("asset_url", "asset_integrity", "asset_tag", "asset_tags", "asset_preloads", "import_map")
INCLUDED = "_cdn_pipeline_include"  # what the text of an include comes from
INCLUDE = re.compile(r"(.*)/includes/(?:importmap|(?:bundles|groups)/[^/]+)\.html", re.DOTALL)
PARAMETERS = ("ASSET_URL", "ASSET_SRI", "EXTRA")


def install(environment: Environment, manifest: Manifest) -> None:
    """Gives the templates of *environment* the functions and the tag, answered by *manifest*, which may be a
    `cdn_pipeline.integrations.development.Development`."""
    environment.add_extension(Assets)
    environment.cdn_pipeline = manifest  # type: ignore[attr-defined]
    environment.globals.update(functions(manifest))


def functions(manifest: Manifest) -> dict[str, Callable[..., Any]]:
    """``asset_url`` and the others, by the names that templates know them by."""

    def asset_tag(name: str, nonce: str | None = None, **attributes: Any) -> Markup:
        return Markup(manifest.tags([name], nonce, preload=False, **attributes).rstrip("\n"))

    def asset_tags(*names: str, nonce: str | None = None, preload: bool = True) -> Markup:
        return Markup(manifest.tags(list(_flat(names)), nonce, preload))

    def asset_preloads(*names: str, nonce: str | None = None) -> Markup:
        return Markup(preload_tags([each for name in names for each in manifest.preloads(name)], nonce))

    def import_map(nonce: str | None = None) -> Markup:
        return Markup(manifest.import_map(nonce))

    values = (manifest.url, manifest.integrity, asset_tag, asset_tags, asset_preloads, import_map)
    return dict(zip(FUNCTIONS, values, strict=True))


class _Text(NamedTuple):
    """An include as it was read."""

    due: float  # on the monotonic clock: when to look at the file again
    stamp: tuple[int, int, int]  # as long as it is the same, nothing has changed
    text: str


def _text(file: str, known: _Text | None, due: float) -> _Text:
    """*known* is used on while there is no file, as between two builds."""
    try:
        status = os.stat(file)
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)  # before reading: never newer than that
        if known is not None and known.stamp == stamp:
            return known._replace(due=due)
        with open(file, encoding="utf-8") as opened:
            return _Text(due, stamp, opened.read())
    except OSError as error:
        if known is None:
            raise TemplateNotFound(file) from error
        return known._replace(due=due)


def is_include(file: str) -> bool:
    """Whether a build has written *file* for templates to include."""
    hit = INCLUDE.fullmatch(os.path.abspath(file).replace(os.sep, "/"))
    return hit is not None and os.path.isfile(os.path.join(hit[1], NAME))


class Assets(Extension):
    """``Environment(extensions=[Assets])`` answers from the build of the project around the working
    directory, until `install` says otherwise."""

    tags = {"assets"}  # noqa: RUF012, declared so by Jinja2
    priority = 101  # the tag is ours even where webassets' extension is there too

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.extend(cdn_pipeline=None)
        self._texts: dict[str, _Text] = {}
        environment.globals.setdefault(INCLUDED, self._included)
        for name in FUNCTIONS:
            environment.globals.setdefault(name, self._later(name))

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Of a build's include a call that gives its text as it is by then: Jinja2 may keep what is compiled
        for ever. Every other template as it is."""
        if filename is None or not is_include(filename):
            return source
        start, end = self.environment.variable_start_string, self.environment.variable_end_string
        return f"{start} {INCLUDED}({os.path.abspath(filename)!a}) {end}"

    def _included(self, file: str) -> Markup:
        """The text of an include. Raises `TemplateNotFound` where there never was one."""
        now, known = monotonic(), self._texts.get(file)
        if known is None or now >= known.due:
            known = self._texts[file] = _text(file, known, now + self._interval_s())
        is_whole = self.environment.keep_trailing_newline
        return Markup(known.text if is_whole else known.text.removesuffix("\n"))

    def _interval_s(self) -> float:
        """Between looks whether it has changed: that of the manifest."""
        if self.environment.auto_reload:
            return 0.0
        environment: Any = self.environment
        interval: float | None = getattr(environment.cdn_pipeline, "reload", RELOAD_S)
        return math.inf if interval is None else interval

    def _later(self, name: str) -> Callable[..., Any]:
        """The function *name* of a manifest that is found when it is called."""

        def function(*arguments: Any, **named: Any) -> Any:
            return functions(self._manifest())[name](*arguments, **named)

        return function

    def _manifest(self) -> Manifest:
        environment: Any = self.environment
        if environment.cdn_pipeline is None:
            install(environment, Manifest.of_project(missing="plain", reload=RELOAD_S))
        manifest: Manifest = environment.cdn_pipeline
        return manifest

    def parse(self, parser: Parser) -> nodes.Node:
        """Of ``{% assets EXPR, …, output=EXPR %}``."""
        line = next(parser.stream).lineno
        contents: list[nodes.Expr] = []
        options: dict[str, nodes.Expr] = {}
        while parser.stream.current.type != "block_end":
            if contents or options:
                parser.stream.expect("comma")
            if parser.stream.current.type != "block_end":
                _argument(parser, contents, options)
        if not contents:
            parser.fail("{% assets %} names no file and no bundle", line)
        body = parser.parse_statements(("name:endassets",), drop_needle=True)
        nothing = nodes.Const(None)
        filters = options.get("filters", options.get("filter", nothing))
        arguments = [nodes.List(contents), filters, options.get("output", nothing)]
        call = self.call_method("_render", arguments)
        parameters = [nodes.Name(name, "param") for name in PARAMETERS]
        return nodes.CallBlock(call, parameters, [], body).set_lineno(line)

    def _render(self, contents: list[Any], filters: Any, output: Any, caller: Callable[..., Any]) -> Any:
        """The body once for each URL; in an asynchronous environment, what becomes that."""
        members = list(_flat(contents))
        name = tag_name(members, filter_names(filters), output and str(output))
        bundle = self._manifest().bundle(name, [] if members == [name] else members)
        each = zip(bundle.urls, bundle.integrities, strict=True)
        bodies = [caller(url, integrity, bundle.extra) for url, integrity in each]
        return _awaited(bodies) if self.environment.is_async else "".join(map(str, bodies))


def _argument(parser: Parser, contents: list[nodes.Expr], options: dict[str, nodes.Expr]) -> None:
    stream = parser.stream
    if stream.current.test("name") and stream.look().test("assign"):
        name = next(stream).value
        if name not in TAG_OPTIONS:
            parser.fail(unknown_option(name))
        next(stream)
        options[name] = parser.parse_expression()
        return
    while stream.current.test("string") and stream.look().test("string"):
        contents.append(nodes.Const(next(stream).value))  # two files to Django and the build, one to Jinja2
    expression = parser.parse_expression()
    grouped = isinstance(expression, (nodes.List, nodes.Tuple))
    contents += expression.iter_child_nodes() if grouped else [expression]  # type: ignore[arg-type]


def _flat(contents: Iterable[Any]) -> Iterator[str]:
    """Members as text; a variable may hold several."""
    for item in contents:
        if isinstance(item, (list, tuple)):
            yield from _flat(item)
        else:
            output = getattr(item, "output", None)  # of a webassets.Bundle that the page was given
            yield clean_output(output) if isinstance(output, str) else str(item)


async def _awaited(bodies: Iterable[Awaitable[str]]) -> str:
    return "".join([str(await body) for body in bodies])
