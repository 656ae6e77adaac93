"""The objects of a Python module: ``webassets.Bundle`` and ``Environment``, as plain bundles."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cdn_pipeline.definitions.bundle import Bundle, Filter, Origin, clean_output, plain
from cdn_pipeline.definitions.file import Found
from cdn_pipeline.definitions.layout import Layout, bases
from cdn_pipeline.errors import ERROR, WARNING, Problem

ENVIRONMENT = "environment"  # the name that webassets expects


class NotThere(Exception):
    """The definitions have no such object."""


def registered(namespace: Mapping[str, Any], attribute: str) -> tuple[dict[str, Any], Any]:
    """The ``webassets.Bundle`` objects by name, and the environment, if there is one. Raises NotThere."""
    from webassets.bundle import Bundle as Theirs
    from webassets.env import BaseEnvironment

    if attribute and not isinstance(namespace.get(attribute), BaseEnvironment):
        raise NotThere(f"has no webassets.Environment named {attribute!r}")
    environments = [value for value in namespace.values() if isinstance(value, BaseEnvironment)]
    alone = environments[0] if len({id(value) for value in environments}) == 1 else None
    environment = namespace.get(attribute or ENVIRONMENT, alone)
    if isinstance(environment, BaseEnvironment):
        unnamed = {bundle.output: bundle for bundle in environment._anon_bundles if bundle.output}
        return {**unnamed, **environment._named_bundles}, environment
    return {name: value for name, value in namespace.items() if isinstance(value, Theirs)}, None


class Namespace:
    """The objects of one module while they are read."""

    def __init__(
        self, definitions: str, name: str, lines: Mapping[str, int], sources: tuple[Path, ...]
    ) -> None:
        self.definitions = definitions
        self.name = name
        self.lines = lines
        self.layout = Layout(roots=sources)
        self.config: dict[str, Any] = {}
        self.names: dict[int, str] = {}
        self.problems: list[Problem] = []

    def found(self, namespace: Mapping[str, Any], attribute: str) -> Found:
        theirs, environment = registered(namespace, attribute)
        self.names = {id(bundle): name for name, bundle in reversed(theirs.items())}
        if environment is not None:
            self.place(environment)
        bundles = {name: self.bundle(bundle, name, ()) for name, bundle in sorted(theirs.items())}
        return Found(bundles, self.problems, [], self.layout)

    def place(self, environment: Any) -> None:
        """Of an environment's settings only those count that say where members lie and what filters need."""
        known = getattr(environment.config, "_dict", {})
        self.config = {str(key).lower(): plain(value) for key, value in known.items() if _is_setting(value)}
        try:
            directory = Path(environment.directory)
            load_path = [Path(path) for path in environment.load_path or ()]
        except Exception:  # an unset directory; a framework's environment outside its application
            return
        members = bases(load_path or [directory], self.layout.roots)
        outputs = bases([directory], self.layout.roots)
        if self.layout.roots and not members:
            message = f"the environment's directory {directory.name!r} has no source root in it"
            self.problems.append(Problem(WARNING, self.name, message, "name it in `source`"))
        self.layout = self.layout._replace(
            bases=members or self.layout.bases, outputs=outputs or self.layout.outputs
        )

    def bundle(self, bundle: Any, name: str, path: tuple[int, ...], within: tuple[int, ...] = ()) -> Bundle:
        known = self.names.get(id(bundle), "") if within else ""
        owner = name.split("\0")[0]
        line = self.lines.get(known or owner, 0)
        if not bundle.merge:
            self.report(
                line, f"bundle {owner!r} has merge=False", "name each of its members as a bundle of its own"
            )
        output = self.output(bundle.output, known or owner, line)
        contents = []
        for index, item in enumerate(bundle.contents):
            contents += self.member(item, name, (*path, index), (*within, id(bundle)), line)
        return Bundle(
            name=known or (output if within else name),
            output=output,
            contents=tuple(contents),
            filters=tuple(self.filter(item, owner, (*path, at)) for at, item in enumerate(bundle.filters)),
            depends=tuple(map(str, bundle.depends or ())),
            extra=plain(bundle._extra or {}),  # `extra` is its children's where it has none: see `registry`
            config={
                **self.config,
                **{str(key).lower(): plain(value) for key, value in _config(bundle).items()},
            },
            bases=self.layout.bases,
            remove_duplicates=bool(bundle.remove_duplicates),
            file=self.name,
            line=line,
        )

    def member(
        self, item: Any, name: str, path: tuple[int, ...], within: tuple[int, ...], line: int
    ) -> list[str | Bundle]:
        if isinstance(item, str):
            member = self.layout.member(item)
            if member is None:
                self.report(line, f"{item!r} lies outside the source roots")
            return [] if member is None else [member]
        if not hasattr(item, "contents"):
            self.report(
                line, f"a bundle holds paths and bundles, not {type(item).__name__}", "unpack lists with *"
            )
            return []
        if id(item) in within:
            self.report(line, f"bundle {name!r} contains itself")
            return []
        return [self.bundle(item, name, path, within)]

    def output(self, written: Any, name: str, line: int) -> str:
        if not written:
            return ""
        output = self.layout.output(clean_output(str(written), name))
        if output is None:
            self.report(line, f"the output {str(written)!r} lies outside the source roots")
        return output or ""

    def filter(self, item: Any, bundle: str, path: tuple[int, ...]) -> Filter:
        options = described(item)
        if options is not None:
            return Filter(item.name, options)
        made_by = getattr(item, "callable", item)
        name = item.name or getattr(made_by, "__name__", type(made_by).__name__)
        return Filter(name, origin=Origin(self.definitions, bundle, path))

    def report(self, line: int, message: str, hint: str = "") -> None:
        self.problems.append(Problem(ERROR, self.name, message, hint, line))


def described(item: Any) -> dict[str, Any] | None:
    """The options with which webassets makes such a filter from its name; ``None`` if there are none such."""
    from webassets.filter import _FILTERS

    known = getattr(item, "_options", None)
    if (
        known is None
        or type(item) is not _FILTERS.get(item.name)
        or not type(item).__module__.startswith("webassets.")
    ):
        return None
    given = {name: value for name, value in vars(item).items() if name not in ("ctx", "_options")}
    options = {
        known[name][0] or name: value for name, value in given.items() if name in known and value is not None
    }
    fresh = {
        name for name, value in vars(type(item)()).items() if name not in known and given.get(name) == value
    }
    if {name for name in given if name not in known} - fresh or plain(options) != options:
        return None
    return options


def _config(bundle: Any) -> Mapping[str, Any]:
    known: Mapping[str, Any] = getattr(bundle.config, "_dict", {})
    return {key: value for key, value in known.items() if key != "debug"}


def _is_setting(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float, bool, list, tuple, dict))
