"""A bundle as its author defined it: which members, which filters, what comes out."""

from __future__ import annotations

import json
import os.path
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from cdn_pipeline.bundle_name import GENERATED as GENERATED
from cdn_pipeline.bundle_name import clean_output as clean_output
from cdn_pipeline.bundle_name import file_name as file_name
from cdn_pipeline.bundle_name import filter_names as filter_names
from cdn_pipeline.bundle_name import tag_name as tag_name

# What compilers make of a member, for bundles that do not name their output.
COMPILED = {
    "css": ".css .less .scss .sass .styl .stylus .pcss .ccss",
    "js": ".js .mjs .cjs .coffee .ts .jsx .es6 .jst .hbs .handlebars .dust .soy .mustache",
}
LANGUAGE = {extension: language for language, all in COMPILED.items() for extension in all.split()}


class Origin(NamedTuple):
    """Where a live filter object stands: in which definitions, and the way to it."""

    definitions: str  # as the config names them
    bundle: str  # a registered name
    path: tuple[int, ...]  # indices into nested contents, then the index among the filters


class Base(NamedTuple):
    """How a member's path becomes a logical path: it must begin with `strip`, which gives way to `add`."""

    strip: str = ""
    add: str = ""


@dataclass(frozen=True)
class Filter:
    """A filter as named, not yet loaded."""

    name: str  # webassets' name, or `module:attribute`
    options: Mapping[str, Any] = field(default_factory=dict)
    classes: tuple[str, ...] = ()  # dotted names of the filter classes that the definitions register
    origin: Origin | None = None  # of an object that no name and options describe


@dataclass(frozen=True)
class Bundle:
    """Members in their order, nested bundles in their place."""

    name: str  # registered; else the output; "" for a nested bundle that has neither
    output: str  # logical path without the version; "" for containers and for parts of other bundles
    contents: tuple[str | Bundle, ...]  # paths and globs as written, until `members.expand` made them logical
    filters: tuple[Filter, ...] = ()
    depends: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)  # settings of filters, names in lower case
    bases: tuple[Base, ...] = (Base(),)  # tried in order
    remove_duplicates: bool = True
    file: str = ""  # where it is defined, as messages name it
    line: int = 0
    column: int = 0
    places: tuple[tuple[int, int], ...] = ()  # line and column of each of `contents`, where known
    optional: bool = False  # that a member is not there is worth no more than a warning

    @property
    def is_container(self) -> bool:
        """Has no file of its own and no output: its children are built each on their own."""
        return not self.output and all(isinstance(member, Bundle) for member in self.contents)

    def place(self, index: int) -> tuple[int, int]:
        """Line and column of one of `contents`."""
        return self.places[index] if index < len(self.places) else (self.line, self.column)


def builds(bundle: Bundle) -> Iterator[Bundle]:
    """The bundles that become outputs: *bundle*, or the leaves below a container, with its filters after
    their own."""
    if not bundle.is_container:
        yield bundle
        return
    for child in bundle.contents:
        if isinstance(child, Bundle):
            yield from (replace(leaf, filters=leaf.filters + bundle.filters) for leaf in builds(child))


def to_json(bundle: Bundle) -> dict[str, Any]:
    """Plain values, from which `from_json` makes the bundle again; defaults are left out."""
    fields: dict[str, Any] = {"name": bundle.name, "output": bundle.output}
    fields["contents"] = [to_json(item) if isinstance(item, Bundle) else item for item in bundle.contents]
    fields["filters"] = [_filter_to_json(item) for item in bundle.filters]
    for name in (
        "depends",
        "extra",
        "config",
        "bases",
        "remove_duplicates",
        "optional",
        "file",
        "line",
        "column",
        "places",
    ):
        value = getattr(bundle, name)
        if value != Bundle.__dataclass_fields__[name].default:
            fields[name] = value
    return json.loads(json.dumps(fields))  # type: ignore[no-any-return]


def _filter_to_json(item: Filter) -> dict[str, Any]:
    fields = {"name": item.name, "options": item.options, "classes": item.classes, "origin": item.origin}
    return {name: value for name, value in fields.items() if value or name == "name"}


def from_json(fields: Mapping[str, Any]) -> Bundle:
    """The inverse of `to_json`."""
    known: dict[str, Any] = dict(fields)
    known["contents"] = tuple(
        from_json(item) if isinstance(item, dict) else item for item in fields["contents"]
    )
    known["filters"] = tuple(_filter_from_json(item) for item in fields["filters"])
    known["depends"] = tuple(fields.get("depends", ()))
    known["bases"] = tuple(Base(*base) for base in fields.get("bases", ((),)))
    known["places"] = tuple((line, column) for line, column in fields.get("places", ()))
    return Bundle(**known)


def _filter_from_json(fields: Mapping[str, Any]) -> Filter:
    origin = fields.get("origin")
    return Filter(
        fields["name"],
        fields.get("options", {}),
        tuple(fields.get("classes", ())),
        Origin(origin[0], origin[1], tuple(origin[2])) if origin else None,
    )


def definition(bundle: Bundle) -> dict[str, Any]:
    """`to_json` without names and places: two bundles with the same definition give the same bytes."""
    fields = to_json(bundle)
    for name in ("name", "file", "line", "column", "places", "extra"):
        fields.pop(name, None)
    fields["contents"] = [definition(item) if isinstance(item, Bundle) else item for item in bundle.contents]
    return fields


def plain(value: Any) -> Any:
    """*value* as JSON can hold it: tuples become lists, what it does not know becomes text."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
        return [plain(item) for item in items]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def language(contents: Sequence[str | Bundle]) -> str:
    """The extension of what *contents* make, such as ``css``; "" if they are of different kinds."""
    found = {language(item.contents) if isinstance(item, Bundle) else _language(item) for item in contents}
    return found.pop() if len(found) == 1 else ""


def _language(path: str) -> str:
    return LANGUAGE.get(extension(path), extension(path)[1:])


def extension(path: str) -> str:
    """In lower case, with its dot."""
    return os.path.splitext(path)[1].lower()
