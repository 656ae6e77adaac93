"""Values of a config: one by one, each fault noted with its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cdn_pipeline import spelling
from cdn_pipeline.config import FUNCTION
from cdn_pipeline.errors import ERROR, Problem

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def is_plain(value: object) -> bool:
    """Whether *value* is a string that can be a name; no system allows NUL in one."""
    return isinstance(value, str) and value != "" and "\0" not in value


class Values:
    """Takes tables apart, and notes every fault. What is faulty counts as left out."""

    def __init__(self, file: str, text: str, prefix: str) -> None:
        self.file = file
        self.lines = text.splitlines()
        self.prefix = prefix
        self.problems: list[Problem] = []

    def fault(self, path: str, message: str, hint: str = "") -> None:
        line = line_of(self.lines, f"{self.prefix}.{path}" if self.prefix else path)
        self.problems.append(Problem(ERROR, self.file, f"{path}: {message}", hint, line))

    def table(self, value: object, path: str, known: tuple[str, ...]) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            self.fault(path, "must be a table")
            return {}
        where = f"{path}." if path else ""
        for key in value:
            if key not in known:
                self.fault(
                    where + key, "unknown key", spelling.hint(key, known) or "known: " + ", ".join(known)
                )
        return value

    def text(self, table: Mapping[str, Any], key: str, default: str | None, at: str = "") -> str | None:
        value = table.get(key)
        if value is None or is_plain(value):
            return default if value is None else str(value)
        self.fault(at + key, "must be a non-empty string")
        return default

    def boolean(self, table: Mapping[str, Any], key: str, default: bool | None, at: str = "") -> bool | None:
        value = table.get(key, default)
        if value is not None and not isinstance(value, bool):
            self.fault(at + key, "must be true or false")
            return default
        return value

    def count(self, table: Mapping[str, Any], key: str, default: int, at: str = "") -> int:
        value = table.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            self.fault(at + key, "must be a whole number, 1 or more")
            return default
        return value

    def choice(
        self, table: Mapping[str, Any], key: str, known: tuple[str, ...], default: str, at: str = ""
    ) -> str:
        value = table.get(key, default)
        if value not in known:
            self.fault(at + key, f"is {value!r}", "must be " + " or ".join(f'"{word}"' for word in known))
            return default
        return str(value)

    def strings(
        self, table: Mapping[str, Any], key: str, default: tuple[str, ...] = (), at: str = ""
    ) -> tuple[str, ...]:
        value = table.get(key, list(default))
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list) or not all(map(is_plain, value)):
            self.fault(at + key, "must be a list of non-empty strings")
            return default
        return tuple(value)

    def some(
        self, table: Mapping[str, Any], key: str, default: tuple[str, ...], at: str = ""
    ) -> tuple[str, ...]:
        """As `strings`, and an empty list is a fault."""
        value = self.strings(table, key, default, at)
        if not value:
            self.fault(at + key, "is empty", "name at least one, or leave the key out")
        return value or default

    def seconds(self, table: Mapping[str, Any], key: str, at: str, default: float) -> float:
        value = table.get(key)
        if value is None:
            return default
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            return float(value)
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", value) if isinstance(value, str) else None
        if match is None:
            self.fault(at + key, f"is {value!r}", 'must be a duration such as "90s", "1h" or "2d"')
            return default
        return float(match[1]) * SECONDS[match[2]]

    def part(self, table: Mapping[str, Any], key: str, default: float, at: str) -> float:
        value = table.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
            self.fault(at + key, f"is {value!r}", "must be more than 0, and 1 at most, which is all")
            return default
        return float(value)

    def function(self, table: Mapping[str, Any], key: str, at: str) -> str | None:
        value = self.text(table, key, None, at)
        if value is None or re.fullmatch(FUNCTION, value):
            return value
        self.fault(at + key, f"is {value!r}", 'must be "module:function"')
        return None

    def shaped(self, table: Mapping[str, Any], key: str, at: str, pattern: str, example: str) -> str | None:
        value = self.text(table, key, None, at)
        if value is None or re.fullmatch(pattern, value):
            return value
        self.fault(at + key, f"is {value!r}", f'must be such as "{example}"')
        return None


def line_of(lines: list[str], path: str) -> int:
    """The line, from 1, on which the key at *path* (``targets.cdn.url``, ``routes[1].match``) is written.

    A search of the text, since the TOML reader keeps no places; 0 where it finds nothing.
    """
    number = re.search(r"\[(\d+)\]", path)
    plain = re.sub(r"\[\d+\]", "", path)
    for cut in range(plain.count(".") + 1, 0, -1):
        parts = plain.split(".")
        header, key = ".".join(parts[: cut - 1]), parts[cut - 1]
        seen = -1
        inside = not header
        for at, line in enumerate(lines, 1):
            head = re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?", line)
            if head:
                same = head[1].replace('"', "") == header
                seen += same
                inside = same and (number is None or seen == int(number[1]))
                whole = ".".join(parts[:cut])
                if head[1].replace('"', "") == whole and number is None:
                    return at
                if inside and number is not None and cut == plain.count(".") + 1 and len(parts) == 1:
                    return at
            elif inside and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]", line):
                return at
    return 0
