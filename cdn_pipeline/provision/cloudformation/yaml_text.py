"""YAML as CloudFormation reads it: intrinsic functions as short tags, and comments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml


class Function(NamedTuple):
    """An intrinsic function: ``!Ref Bucket``, ``!If [HasDomain, a, b]``."""

    name: str
    argument: Any


class Entry(NamedTuple):
    """One key of a section, with what is said above it."""

    key: str
    value: Any
    comment: str = ""


def text(comment: str, sections: Mapping[str, Any]) -> str:
    """A whole document. A section is a value, or a list of `Entry`."""
    found = [_comment(comment, "")]
    for name, section in sections.items():
        entries = isinstance(section, list)
        found.append(f"{name}:\n{_entries(section)}" if entries else _dumped({name: section}))
    return "\n".join(found)


def _entries(entries: list[Entry]) -> str:
    shown = [_comment(each.comment, "  ") + _indented(_dumped({each.key: each.value})) for each in entries]
    return "\n".join(shown) if any(each.comment for each in entries) else "".join(shown)


def _comment(text: str, indent: str) -> str:
    return "".join(f"{indent}# {line}".rstrip() + "\n" for line in text.splitlines())


def _indented(text: str) -> str:
    return "".join(f"  {line}" for line in text.splitlines(keepends=True))


def _dumped(value: Any) -> str:
    # A line that is broken would be hard to find again by whoever looks for an ARN.
    dumped: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=10**6, allow_unicode=True)
    return dumped


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Lists stand further to the right than their key."""
        super().increase_indent(flow, False)

    def choose_scalar_style(self) -> str:
        """A function of one word needs no quotes."""
        event: Any = self.event
        if event.tag and event.tag.startswith("!") and event.value:
            self.analysis = self.analyze_scalar(event.value)
            if self.analysis.allow_flow_plain if self.flow_level else self.analysis.allow_block_plain:
                return ""
        style: str = super().choose_scalar_style()
        return style

    def ignore_aliases(self, data: Any) -> bool:
        """CloudFormation knows no aliases."""
        return True


def _represented(dumper: _Dumper, function: Function) -> yaml.Node:
    tag, argument = f"!{function.name}", function.argument
    if isinstance(argument, str):
        return dumper.represent_scalar(tag, argument)
    short = all(isinstance(each, str | Function) for each in argument)
    return dumper.represent_sequence(tag, argument, flow_style=short)


_Dumper.add_representer(Function, _represented)
