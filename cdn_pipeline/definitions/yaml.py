"""Bundles in webassets' YAML: an environment with ``bundles:``, or just a mapping of bundles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cdn_pipeline import spelling
from cdn_pipeline.definitions.bundle import Bundle, Filter, clean_output, filter_names, plain
from cdn_pipeline.definitions.file import Found, shown
from cdn_pipeline.definitions.file import read as read_text
from cdn_pipeline.definitions.layout import Layout, bases
from cdn_pipeline.errors import ERROR, WARNING, Problem

PLACES = ("directory", "load_path")
IGNORED = ("url", "debug", "cache", "versions", "url_expire", "auto_build", "manifest", "cache_file_mode")
ENVIRONMENT_KEYS = frozenset((*PLACES, *IGNORED, "updater", "expire", "filters", "config", "bundles"))
BUNDLE_KEYS = frozenset(("filters", "output", "debug", "extra", "config", "depends", "contents"))


def read(file: Path, root: Path, sources: tuple[Path, ...]) -> Found:
    """The bundles that *file* registers, by name."""
    name = shown(file, root)
    text = read_text(file, name)
    if isinstance(text, Problem):
        return Found({}, [text], [file])
    document = _Document(name, [], Layout(roots=sources))
    try:
        loader = yaml.SafeLoader(text)
        document.loader = loader
        bundles = document.bundles(loader.get_single_node(), file)
    except yaml.YAMLError as error:
        return Found({}, [*document.problems, _syntax(name, error)], [file])
    except RecursionError:
        return Found({}, [Problem(ERROR, name, "is nested too deeply")], [file])
    return Found(bundles, document.problems, [file], document.layout)


def _syntax(name: str, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    message = " ".join(filter(None, (getattr(error, "context", ""), getattr(error, "problem", ""))))
    message = message or str(error).splitlines()[0]
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    return Problem(ERROR, name, f"not valid YAML: {message}", "", line, column)


@dataclass
class _Document:
    """One file while it is read."""

    name: str
    problems: list[Problem]
    layout: Layout
    loader: Any = None
    classes: tuple[str, ...] = ()
    config: Any = None

    def report(self, node: yaml.Node, message: str, hint: str = "", severity: str = ERROR) -> None:
        mark = node.start_mark
        self.problems.append(Problem(severity, self.name, message, hint, mark.line + 1, mark.column + 1))

    def value(self, node: yaml.Node) -> Any:
        return plain(self.loader.construct_object(node, deep=True))

    def pairs(self, node: yaml.Node, what: str) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        """Key, the key's node, the value's node. Merge keys (``<<``) are followed, doubles reported."""
        if _is_null(node):
            return
        if not isinstance(node, yaml.MappingNode):
            self.report(node, f"{what} is a mapping, not {_kind(node)}")
            return
        written = [key for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        self.loader.flatten_mapping(node)
        last = {key.value: (key, value) for key, value in node.value}
        seen = set()
        for key in written:
            if key.value in seen:
                self.report(key, f"{key.value!r} stands here twice; only the last one would count")
            seen.add(key.value)
        for name, (key, value) in last.items():
            if key.tag != "tag:yaml.org,2002:str":
                self.report(key, f"the key {name!r} is not text", "put it in quotes")
            else:
                yield name, key, value

    def bundles(self, node: yaml.Node | None, file: Path) -> dict[str, Bundle]:
        if node is None:
            return {}
        top = {name: (key, value) for name, key, value in self.pairs(node, "the top level")}
        if _is_environment(top):
            for name, (key, _) in top.items():
                if name not in ENVIRONMENT_KEYS:
                    self.unknown(key, "setting", ENVIRONMENT_KEYS)
            self.settings({name: value for name, (_, value) in top.items()}, file)
            node = top["bundles"][1] if "bundles" in top else None
            top = (
                {}
                if node is None
                else {name: (key, value) for name, key, value in self.pairs(node, "`bundles`")}
            )
        return {name: self.bundle(name, key, value) for name, (key, value) in top.items()}

    def unknown(self, key: yaml.Node, what: str, known: frozenset[str]) -> None:
        hint = spelling.hint(key.value, known) or "it is ignored, as webassets does"
        self.report(key, f"unknown {what} {key.value!r}", hint, WARNING)

    def settings(self, settings: dict[str, yaml.Node], file: Path) -> None:
        self.config = self.mapping(settings.get("config"), "`config`")
        self.classes = self.texts(settings.get("filters"), "`filters`")
        directory = self.text(settings.get("directory"), "`directory`")
        load_path = self.texts(settings.get("load_path"), "`load_path`")
        if directory or load_path:
            self.place(settings, file.parent / (directory or "."), [file.parent / path for path in load_path])

    def place(self, settings: dict[str, yaml.Node], directory: Path, load_path: list[Path]) -> None:
        if not self.layout.roots:
            return
        for key, paths in (("load_path", load_path), ("directory", [] if load_path else [directory])):
            for path in paths:
                if key in settings and not bases([path], self.layout.roots):
                    hint = "name it in `source`"
                    self.report(settings[key], f"`{key}` {path.name!r} has no source root in it", hint)
        members = bases(load_path or [directory], self.layout.roots)
        outputs = bases([directory], self.layout.roots) or self.layout.outputs
        self.layout = self.layout._replace(bases=members or self.layout.bases, outputs=outputs)

    def text(self, node: yaml.Node | None, what: str) -> str:
        if node is None or _is_null(node):
            return ""
        value = self.value(node)
        if isinstance(value, str):
            return value
        self.report(node, f"{what} is text, not {_kind(node)}")
        return ""

    def texts(self, node: yaml.Node | None, what: str) -> tuple[str, ...]:
        """Of one text or a list of them."""
        if not isinstance(node, yaml.SequenceNode):
            one = self.text(node, what)
            return (one,) if one else ()
        return tuple(filter(None, (self.text(item, f"an item of {what}") for item in node.value)))

    def mapping(self, node: yaml.Node | None, what: str) -> dict[str, Any]:
        if node is None or _is_null(node):
            return {}
        if isinstance(node, yaml.MappingNode):
            value: dict[str, Any] = self.value(node)
            return value
        self.report(node, f"{what} is a mapping, not {_kind(node)}")
        return {}

    def bundle(self, name: str, at: yaml.Node, node: yaml.Node, within: tuple[yaml.Node, ...] = ()) -> Bundle:
        fields = {}
        for key, key_node, value in self.pairs(node, f"bundle {name!r}" if name else "a nested bundle"):
            if key in BUNDLE_KEYS:
                fields[key] = value
            else:
                self.unknown(key_node, "key of a bundle", BUNDLE_KEYS)
        members = list(self.members(fields.get("contents"), name, (*within, node)))
        config = {**(self.config or {}), **self.mapping(fields.get("config"), "`config`")}
        output = self.output(fields.get("output"), name)
        return Bundle(
            name=name or output,
            output=output,
            contents=tuple(member for member, _ in members),
            filters=self.filters(fields.get("filters")),
            depends=self.texts(fields.get("depends"), "`depends`"),
            extra=self.mapping(fields.get("extra"), "`extra`"),
            config={key.lower(): value for key, value in config.items()},
            bases=self.layout.bases,
            file=self.name,
            line=at.start_mark.line + 1,
            column=at.start_mark.column + 1,
            places=tuple(place for _, place in members),
        )

    def output(self, node: yaml.Node | None, name: str) -> str:
        written = self.text(node, "`output`")
        if not written or node is None:
            return ""
        output = self.layout.output(clean_output(written, name))
        if output is None:
            self.report(node, f"the output {written!r} lies outside the source roots")
        return output or ""

    def filters(self, node: yaml.Node | None) -> tuple[Filter, ...]:
        written = self.texts(node, "`filters`")
        names = [name for item in written for name in filter_names(item)]
        return tuple(Filter(name, classes=self.classes) for name in names)

    def members(
        self, node: yaml.Node | None, name: str, within: tuple[yaml.Node, ...]
    ) -> Iterator[tuple[str | Bundle, tuple[int, int]]]:
        items = node.value if isinstance(node, yaml.SequenceNode) else [] if node is None else [node]
        for item in items:
            place = (item.start_mark.line + 1, item.start_mark.column + 1)
            if item in within:
                self.report(item, f"bundle {name!r} contains itself")
            elif isinstance(item, yaml.MappingNode):
                yield self.bundle("", item, item, within), place
            elif path := self.text(item, "a member"):
                member = self.layout.member(path)
                if member is None:
                    self.report(item, f"{path!r} lies outside the source roots")
                else:
                    yield member, place


def _is_environment(top: dict[str, tuple[yaml.Node, yaml.Node]]) -> bool:
    """An environment has ``bundles:``, or a setting that no bundle could be."""
    if "bundles" in top:
        return True
    named = [value for name, (_, value) in top.items() if name in ENVIRONMENT_KEYS]
    return any(not isinstance(value, yaml.MappingNode) and not _is_null(value) for value in named)


def _is_null(node: yaml.Node) -> bool:
    return bool(node.tag == "tag:yaml.org,2002:null")


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    return "a list" if isinstance(node, yaml.SequenceNode) else repr(node.value)
