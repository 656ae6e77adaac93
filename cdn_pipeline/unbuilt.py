"""A site that was not built: its sources and its bundles, with what a manifest says of them.

Every file has its plain URL, and a bundle is its members, one by one, in order. A bundle that no browser can
read before it was compiled comes from the last build.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cdn_pipeline import ORIGIN, media_types, paths
from cdn_pipeline.bundle import members, outputs
from cdn_pipeline.config import Config
from cdn_pipeline.definitions import Bundle, Definitions, Resolved, dump, load, read, resolve
from cdn_pipeline.document import Document, Entry
from cdn_pipeline.errors import ERROR, BrokenManifest, Problem, UnknownAsset
from cdn_pipeline.manifest import NAME, Manifest
from cdn_pipeline.sources import Sources

# What webassets compiles even where it yields the sources: its filters whose `max_debug_level` is None.
COMPILERS = frozenset(
    (
        *("autoprefixer", "autoprefixer6", "babel", "clevercss", "coffeescript", "compass", "dustjs"),
        *("handlebars", "jade", "jinja2", "jst", "less", "less_ruby", "libsass", "node-sass", "node-scss"),
        *("postcss", "pyscss", "replace", "requirejs", "sass", "sass_ruby", "scss", "scss_ruby", "stylus"),
        "typescript",
    )
)
READ_BY_BROWSERS = frozenset((".css", ".js", ".mjs", ".cjs"))


class Unbuilt(NamedTuple):
    """A site as it is read for development."""

    document: Document
    inputs: tuple[str, ...]  # files and directories which, when they change, have it read again
    problems: tuple[Problem, ...]


class Site:
    """One site, read once."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.build = os.path.normpath(config.root / config.build)

    def read(self, origin: str | None) -> Unbuilt:
        url = origin or self.config.origin.url
        targets = {ORIGIN: {"url": url, "kind": ORIGIN, "directory": ORIGIN}}
        files = SourceFiles(self.config, url)
        named = self.config.bundles
        if not named.definitions and not named.templates:
            return Unbuilt(Document("", files, {}, targets), (), ())
        definitions = self.definitions()
        listed = files.listed()
        resolved = resolve(definitions, listed.keys())
        problems = [each for each in (*definitions.problems, *resolved.problems) if each.severity == ERROR]
        compiled = _Compiled(os.path.join(self.build, NAME))
        bundles = _bundles(resolved, compiled)
        files.compiled = compiled.files
        directories = {os.path.dirname(file) for file in listed.values()}
        inputs = (*map(str, definitions.inputs), *sorted(directories), compiled.file)
        return Unbuilt(Document("", files, bundles, targets), inputs, (*problems, *compiled.problems))

    def definitions(self) -> Definitions:
        """Python ones run in a process of their own: they import what the site has imported already."""
        config, named = self.config, self.config.bundles
        prefixes = sorted(target.url for target in config.targets.values())
        where = (str(config.root), roots(config), config.filter_timeout_s, prefixes)
        arguments = (named.definitions, named.templates, *where, named.django_static)
        if all(name.lower().endswith((".yaml", ".yml")) for name in named.definitions):
            return _read(*arguments)
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        program = "from cdn_pipeline.unbuilt import answer; answer()"
        ran = subprocess.run(
            (sys.executable, "-c", program),
            input=json.dumps(arguments),
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
        if ran.returncode:
            problem = Problem(
                ERROR, config.file, f"the bundle definitions cannot be read: {ran.stderr[-2000:]}"
            )
            return Definitions((), (), (problem,), ())
        return load(ran.stdout)


def _read(
    definitions: Iterable[str],
    templates: Iterable[str],
    root: str,
    sources: Iterable[str],
    time_limit_s: float,
    prefixes: Iterable[str],
    has_django_static: bool,
) -> Definitions:
    where = (Path(root), [Path(source) for source in sources], time_limit_s, tuple(prefixes))
    return read(definitions, templates, *where, has_django_static=has_django_static)


def answer() -> None:
    """In the process of `Site.definitions`: the arguments of `_read` as JSON, and its result."""
    found = _read(*json.load(sys.stdin))
    sys.stdout.write(dump(found))


def _bundles(resolved: Resolved, compiled: _Compiled) -> dict[str, dict[str, Any]]:
    """As a manifest has them, under the names of bundles and of their outputs."""
    found = {}
    names = {**{output: (output,) for output in resolved.outputs}, **resolved.names}
    for name, built in names.items():
        leaves = [resolved.outputs[output] for output in built]
        parts = [part for leaf in leaves for part in _parts(name, leaf, compiled)]
        if parts:
            sources = list(dict.fromkeys(path for leaf in leaves for path in members(leaf)))
            found[name] = {"parts": list(dict.fromkeys(parts)), "sources": sources, "extra": leaves[0].extra}
    return found


def _parts(name: str, leaf: Bundle, compiled: _Compiled) -> list[str]:
    """What a browser loads for *leaf*, one of the bundles that *name* stands for."""
    own = members(leaf)
    readable = all(os.path.splitext(path)[1].lower() in READ_BY_BROWSERS for path in own)
    if readable and COMPILERS.isdisjoint(_filters(leaf)):
        return own
    return compiled.parts(name, leaf)


def _filters(bundle: Bundle) -> Iterator[str]:
    yield from (each.name for each in bundle.filters)
    for member in bundle.contents:
        if isinstance(member, Bundle):
            yield from _filters(member)


class _Compiled:
    """What the last build made of bundles that browsers cannot read as they are."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.files: dict[str, Entry] = {}
        self.problems: dict[Problem, None] = {}
        self._manifest = Manifest.load(file)

    def parts(self, name: str, leaf: Bundle) -> list[str]:
        """Logical paths; their entries are then in `files`."""
        try:
            known = self._manifest.bundle(name).parts
        except (BrokenManifest, UnknownAsset):
            known = ()
        parts = [part for part in outputs(leaf.output, len(known)) if part in known]
        self.files.update((part, self._manifest.entry(part)) for part in parts)
        if not parts:
            message = f"{leaf.output!r} has to be compiled before a browser can read it"
            hint = "run `cdn-pipeline build`, or `cdn-pipeline watch` while you work"
            self.problems[Problem(ERROR, leaf.file, message, hint, leaf.line, leaf.column)] = None
        return parts


def roots(config: Config) -> tuple[str, ...]:
    """The source roots as absolute paths."""
    return tuple(os.path.join(config.root, name) for name in config.source)


class SourceFiles(Mapping[str, Entry]):
    """The files below the source roots, as a manifest has them. Which there are is looked up each time."""

    def __init__(self, config: Config, url: str) -> None:
        self.compiled: Mapping[str, Entry] = {}
        self._config = config
        self._roots = roots(config)
        self._url = url

    def __getitem__(self, path: str) -> Entry:
        if path in self.compiled:
            return self.compiled[path]
        file = self._file(path)
        if file is None:
            raise KeyError(path)
        entry = {
            "url": self._url + paths.url_path(path),
            "target": ORIGIN,
            "type": media_types.media_type(path),
        }
        return (
            {**entry, "module": True}
            if media_types.language(path) == "javascript" and _is_module(file)
            else entry
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self.listed())

    def __len__(self) -> int:
        return len(self.listed())

    def listed(self) -> dict[str, str]:
        """``{logical path: file}``, in order."""
        config = self._config
        ours = (config.root / config.build, config.root / config.cache, Path(config.file))
        sources = Sources(config.root, config.source, config.exclude, ours, config.files)
        return {path: asset.file for path, asset in sources.assets.items()}

    def _file(self, path: str) -> str | None:
        if self._config.files is not None:
            return self._config.files.get(path)
        parts = path.split("/")
        if not path.isprintable() or {"", ".", ".."}.intersection(parts):
            return None
        files = (os.path.join(root, *parts) for root in self._roots)
        return next((file for file in files if os.path.isfile(file)), None)


def _is_module(file: str) -> bool:
    if file.endswith(".mjs"):
        return True
    from cdn_pipeline.draft import is_module

    with open(file, encoding="utf-8", errors="replace") as opened:
        return is_module(opened.read())
