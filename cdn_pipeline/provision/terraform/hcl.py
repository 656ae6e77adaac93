"""HCL, laid out as `terraform fmt` does it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
WIDTH = 100  # of a list that stands in one line


class Expression(NamedTuple):
    """Something that Terraform evaluates: ``aws_s3_bucket.assets.id``."""

    text: str


class Nested(NamedTuple):
    """Blocks of one type in another."""

    bodies: tuple[Mapping[str, Any], ...]


class Block(NamedTuple):
    """A block at the top: ``resource "aws_s3_bucket" "assets" {…}``. A value of its body that is `Nested` is
    as many blocks."""

    words: tuple[str, ...]
    body: Mapping[str, Any]
    comment: str = ""


def nested(*bodies: Mapping[str, Any]) -> Nested:
    """Blocks in another."""
    return Nested(bodies)


def text(comment: str, blocks: Iterable[Block]) -> str:
    """A whole file."""
    return "\n".join([_comment(comment), *map(_block, blocks)])


def quoted(value: str) -> str:
    """A string in which nothing is evaluated."""
    return f'"{escaped(value)}"'


def escaped(value: str) -> str:
    """*value* between quotes: ``${`` stays what it is."""
    plain = re.sub(r"([$%])\{", r"\1\1{", value)
    return re.sub(r'["\\\x00-\x1f\x7f]', _escape, plain)


def _escape(match: re.Match[str]) -> str:
    return ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04x}"


ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _comment(text: str) -> str:
    return "".join(f"# {line}".rstrip() + "\n" for line in text.splitlines())


def _block(block: Block) -> str:
    kind, *labels = block.words
    head = " ".join([kind, *map(json.dumps, labels)])
    return _comment(block.comment) + "\n".join([*_braced(head, block.body, ""), ""])


def _braced(head: str, body: Mapping[str, Any], indent: str) -> Iterator[str]:
    inner = list(_body(body, f"{indent}  "))
    yield f"{indent}{head} {{" + ("" if inner else "}")
    yield from inner
    if inner:
        yield f"{indent}}}"


def _body(body: Mapping[str, Any], indent: str) -> Iterator[str]:
    """Attributes, then blocks, with a blank line before each."""
    lines = list(_attributes({k: v for k, v in body.items() if not isinstance(v, Nested)}, indent))
    for name, value in body.items():
        for inner in value.bodies if isinstance(value, Nested) else ():
            lines += ["", *_braced(name, inner, indent)]
    yield from lines if lines[:1] != [""] else lines[1:]


def _attributes(values: Mapping[str, Any], indent: str) -> Iterator[str]:
    """The signs of those that follow each other stand below each other; one of several lines stands alone."""
    chain: list[tuple[str, str]] = []
    for name, value in values.items():
        first, *rest = _value(value, indent)
        key = name if IDENTIFIER.fullmatch(name) else quoted(name)
        if not rest:
            chain.append((key, first))
            continue
        yield from _aligned(chain, indent)
        chain = []
        yield f"{indent}{key} = {first}"
        yield from rest
    yield from _aligned(chain, indent)


def _aligned(chain: list[tuple[str, str]], indent: str) -> Iterator[str]:
    width = max((len(key) for key, _ in chain), default=0)
    yield from (f"{indent}{key:<{width}} = {value}" for key, value in chain)


def _value(value: Any, indent: str) -> list[str]:
    """Its lines; all but the first are indented."""
    if isinstance(value, Expression):
        return value.text.replace("\n", f"\n{indent}").split("\n")
    if isinstance(value, str):
        return [quoted(value)]
    if isinstance(value, Mapping):
        inner = list(_attributes(value, f"{indent}  "))
        return ["{", *inner, f"{indent}}}"] if inner else ["{}"]
    if isinstance(value, list | tuple):
        return _list(list(value), indent)
    return [json.dumps(value)]


def _list(values: list[Any], indent: str) -> list[str]:
    items = [_value(value, f"{indent}  ") for value in values]
    line = f"[{', '.join(item[0] for item in items)}]"
    if all(len(item) == 1 for item in items) and len(line) <= WIDTH:
        return [line]
    inner = [line for first, *rest in items for line in _listed(f"{indent}  {first}", rest)]
    return ["[", *inner, f"{indent}]"]


def _listed(first: str, rest: list[str]) -> list[str]:
    lines = [first, *rest]
    return [*lines[:-1], f"{lines[-1]},"]


def encoded(document: Mapping[str, Any]) -> Expression:
    """``jsonencode({…})``"""
    return Expression("\n".join(["jsonencode({", *_attributes(document, "  "), "})"]))
