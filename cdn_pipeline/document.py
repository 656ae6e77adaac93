"""The text of a manifest, of which nothing is parsed before it is asked for.

`manifest_text` writes one line a file, in order of name, so a file is found by bisection. What is not found
so is looked for in an index of all lines, made once; a text of any other shape is parsed whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

NAME = "manifest.json"
PREVIOUS = "previous_manifest.json"  # in the private directory: that of the build before
VERSION = 1

Entry = Mapping[str, Any]

HEAD = b'"files": {\n'
FOOT = b"\n },\n "
BUNDLES = FOOT + b'"bundles": {'
END = b"}\n }\n}\n"
INDENT = b'  "'  # before the name of a file
OPENING = b'": {"url": "'  # between the name and the URL
BETWEEN = b"},\n" + INDENT

_encode = json.JSONEncoder(ensure_ascii=False).encode


class Damaged(Exception):
    """The text is no manifest. Says why, and what to do."""


class Document(NamedTuple):
    """The parts of a manifest."""

    release: str = ""
    files: Mapping[str, Entry] = {}
    bundles: Mapping[str, Mapping[str, Any]] = {}
    targets: Mapping[str, Mapping[str, Any]] = {}


EMPTY = Document()


def read(raw: bytes) -> Document:
    """The manifest with the text *raw*. Raises `Damaged`, as asking for one of its files also may."""
    start, end = raw.find(HEAD, 0, 1000), raw.rfind(BUNDLES)
    files: Mapping[str, Entry]
    if 0 < start < end and raw.endswith(END):
        content = _content(raw[:start] + raw[end + len(FOOT) :])
        files = Files(raw, start + len(HEAD), end)
    else:
        content = _content(raw)
        files = _checked(content.get("files"))
    return Document(
        str(content.get("release", "")),
        files,
        _table(content, "bundles", "parts", list),
        _table(content, "targets", "url", str),
    )


def _content(raw: bytes) -> dict[str, Any]:
    if not raw.strip():
        raise Damaged("is empty; build again")
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Damaged(f"is damaged or cut off: {error}; build again") from error
    if not isinstance(content, dict) or "version" not in content:
        raise Damaged("is no manifest of cdn_pipeline; build again, or name another file")
    if content["version"] != VERSION:
        raise Damaged(
            f"is of version {content['version']!r}, and this cdn_pipeline reads version {VERSION}; "
            "install the one that built it, or build again with this one"
        )
    return content


def _table(content: dict[str, Any], name: str, key: str, kind: type) -> Mapping[str, Mapping[str, Any]]:
    """The part *name*, whose every row must have a *key* of *kind*."""
    table = content.get(name)
    if not isinstance(table, dict) or not all(
        isinstance(row, dict) and row.get(key) and isinstance(row[key], kind) for row in table.values()
    ):
        raise Damaged(f"is damaged: its {name} are not what a build writes; build again")
    return table


def _checked(files: object) -> dict[str, Entry]:
    if not isinstance(files, dict):
        raise Damaged("is damaged: it has no files; build again")
    return {path: _entry(entry, path) for path, entry in files.items()}


def _entry(entry: Any, path: str) -> Entry:
    if isinstance(entry, dict) and all(isinstance(entry.get(key), str) for key in ("url", "target", "type")):
        return entry
    raise Damaged(f"is damaged: what it says of {path!r} is not what a build writes; build again")


def each(files: Mapping[str, Entry]) -> Iterator[tuple[str, Entry]]:
    """All *files* of a document in their order, of which none is kept: those of a large site take forty
    megabytes. Raises `Damaged`."""
    return files.each() if isinstance(files, Files) else iter(files.items())


class Files(Mapping[str, Entry]):
    """The files in the lines of *raw* from *start* to *end*. Looking one up may raise `Damaged`."""

    def __init__(self, raw: bytes, start: int, end: int) -> None:
        self._raw, self._start, self._end = raw, start, end
        self._read: dict[str, Entry] = {}
        self._lines: Mapping[str, bytes | Entry] | None = None

    def __getitem__(self, path: str) -> Entry:
        entry = self._read.get(path)
        if entry is None:
            entry = self._read[path] = self._found(path)
        return entry

    def __iter__(self) -> Iterator[str]:
        return iter(self._index())

    def __len__(self) -> int:
        return len(self._index())

    def each(self) -> Iterator[tuple[str, Entry]]:
        """See `each`."""
        at, done = self._start, 0
        while at < self._end:
            end = self._raw.find(b"\n", at, self._end)
            end = self._end if end < 0 else end
            try:
                ((path, entry),) = json.loads(b"{%b}" % self._raw[at:end].rstrip(b",")).items()
            except ValueError:  # not one line a file, after all
                yield from islice(_checked(_content(self._raw).get("files")).items(), done, None)
                return
            yield path, _entry(entry, path)
            at, done = end + 1, done + 1

    def mentioning(self, *marks: bytes) -> list[str]:
        """Those whose line has any of *marks* in it, and perhaps others."""
        found: dict[str, None] = {}
        for mark in marks:
            at = self._raw.find(mark, self._start, self._end)
            while at >= 0:
                line = max(self._raw.rfind(b"\n", self._start, at) + 1, self._start)
                opening = self._raw.find(OPENING, line, at)
                if opening < 0 or not self._raw.startswith(INDENT, line):
                    return list(self)
                found[json.loads(self._raw[line + len(INDENT) - 1 : opening + 1])] = None
                end = self._raw.find(b"\n", at, self._end)
                at = self._raw.find(mark, end, self._end) if end >= 0 else -1
        return list(found)

    def _found(self, path: str) -> Entry:
        line = self._bisect(path) if self._lines is None else None
        if line is not None:
            try:
                return _entry(json.loads(line), path)
            except ValueError:
                pass  # not one line a file, after all
        found = self._index()[path]
        if not isinstance(found, bytes):
            return found
        try:
            return _entry(json.loads(found), path)
        except ValueError as error:
            raise Damaged(f"is damaged: what it says of {path!r} is no JSON; build again") from error

    def _bisect(self, path: str) -> bytes | None:
        """The entry of *path* as JSON; ``None`` where it is not at its place."""
        raw, low, high = self._raw, self._start, self._end
        wanted = _encode(path).encode("utf-8", "surrogatepass")[1:-1]
        while low < high:
            line = raw.rfind(b"\n", low, (low + high) // 2) + 1 or low
            colon = raw.find(OPENING, line, high)
            name = raw[line + len(INDENT) : colon]
            end = raw.find(b"\n", line, high)
            end = high if end < 0 else end
            if name == wanted and colon > 0:
                return raw[colon + 3 : end].rstrip(b",")
            if name < wanted:
                low = end + 1
            else:
                high = line - 1
        return None

    def _index(self) -> Mapping[str, bytes | Entry]:
        """Each file's entry as JSON; parsed ones, if any line is not as we write it."""
        if self._lines is None:
            self._lines = self._split() or _checked(_content(self._raw).get("files"))
        return self._lines

    def _split(self) -> dict[str, bytes] | None:
        text = self._raw[self._start + len(INDENT) : self._end - 1]
        lines = text.split(BETWEEN)
        found = {}
        for line in lines:
            at = line.find(OPENING)
            if at < 0:
                return None
            found[line[:at].decode("utf-8", "surrogatepass")] = line[at + 3 :] + b"}"
        if len(found) != len(lines) or text.count(b"\n") != len(lines) - 1:
            return None
        for name in [name for name in found if "\\" in name]:
            found[json.loads(f'"{name}"')] = found.pop(name)
        return found
