"""The server's side of AWS's rest-xml protocol, by botocore's model of the service."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

NAMESPACE = re.compile(r"\{.*?\}")
Parameters = dict[str, Any]


class Answer(NamedTuple):
    """Of one operation."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def given(
    shape: Any, path: Mapping[str, str], query: Mapping[str, str], headers: Mapping[str, str], body: bytes
) -> Iterator[tuple[str, Any]]:
    lower = {
        name.lower(): value.decode() if isinstance(value, bytes) else value for name, value in headers.items()
    }
    for name, member in shape.members.items() if shape is not None else ():
        place, wire = member.serialization.get("location"), member.serialization.get("name", name)
        if place == "uri":
            yield name, unquote(path[wire])
        elif place == "querystring" and wire in query:
            yield name, query[wire]
        elif place == "header" and wire.lower() in lower:
            yield name, lower[wire.lower()]
        elif shape.serialization.get("payload") == name and body:
            yield name, _read(member, ElementTree.fromstring(body))


def _read(shape: Any, element: ElementTree.Element) -> Any:
    if shape.type_name == "structure":
        children = {NAMESPACE.sub("", child.tag): child for child in element}
        names = {name: member.serialization.get("name", name) for name, member in shape.members.items()}
        return {
            name: _read(shape.members[name], children[wire])
            for name, wire in names.items()
            if wire in children
        }
    if shape.type_name == "list":
        return [_read(shape.member, child) for child in element]
    text = element.text or ""
    if shape.type_name == "boolean":
        return text == "true"
    return int(text) if shape.type_name in ("integer", "long") else text


def written(operation: Any, done: Parameters) -> Answer:
    shape, headers, body = operation.output_shape, {"Content-Type": "text/xml"}, b""
    for name, member in shape.members.items() if shape is not None else ():
        if name not in done:
            continue
        if member.serialization.get("location") == "header":
            headers[member.serialization.get("name", name)] = done[name]
        elif shape.serialization.get("payload") == name:
            body = f'<?xml version="1.0"?>{_xml(member, name, done[name])}'.encode()
    return Answer(operation.http.get("responseCode", 200), headers, body)


def _xml(shape: Any, tag: str, value: Any) -> str:
    if shape.type_name == "structure":
        inner = "".join(
            _xml(member, member.serialization.get("name", name), value[name])
            for name, member in shape.members.items()
            if value.get(name) is not None
        )
    elif shape.type_name == "list":
        inner = "".join(
            _xml(shape.member, shape.member.serialization.get("name", "member"), each) for each in value
        )
    else:
        inner = str(value).lower() if isinstance(value, bool) else escape(str(value))
    return f"<{tag}>{inner}</{tag}>"
