"""What the config is to say of the target once everything is there."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from cdn_pipeline.config import Config
from cdn_pipeline.errors import ERROR, ConfigError, Problem
from cdn_pipeline.provision.description import Description

HEADER = r"^\s*\[\s*{}\s*\]\s*(#.*)?$"
VALUE = r"""^(\s*{}\s*=\s*)("[^"]*"|'[^']*')"""


def settings(config: Config, description: Description, known: Mapping[str, str]) -> dict[str, str]:
    """``url``, ``store`` and ``cdn`` of the target."""
    target = config.targets[description.target]
    url = (
        target.url if description.domain else f"https://{known['distribution.domain']}{description.url_path}"
    )
    return {"url": url, "store": str(target.store), "cdn": f"cloudfront:{known['distribution.id']}"}


def as_toml(target: str, wanted: Mapping[str, str]) -> str:
    """The table of the target."""
    return "\n".join([f"[targets.{target}]", *(f'{key} = "{value}"' for key, value in wanted.items())])


def write(config: Config, target: str, wanted: Mapping[str, str]) -> bool:
    """Puts them into the config file, in which nothing else changes; ``False`` where they stand there.
    Raises `ConfigError` where the target is not written as a table of its own."""
    file = config.root / Path(config.file).name
    before = file.read_text("utf-8")
    table = f"tool.cdn_pipeline.targets.{target}" if file.name == "pyproject.toml" else f"targets.{target}"
    after = edited(before, table, wanted)
    if after is None:
        hint = "write it there yourself:\n" + as_toml(target, wanted)
        raise ConfigError([Problem(ERROR, config.file, f"has no table [{table}] that can be edited", hint)])
    if after != before:
        temporary = file.with_name(f".{file.name}.new")
        temporary.write_text(after, "utf-8")
        os.replace(temporary, file)
    return after != before


def edited(text: str, table: str, wanted: Mapping[str, str]) -> str | None:
    """*text* with *wanted* in *table*; ``None`` where that cannot be done line by line."""
    lines = text.split("\n")
    header = re.compile(HEADER.format(re.escape(table)))
    start = next((at for at, line in enumerate(lines) if header.match(line)), None)
    if start is None:
        return None
    after = (at for at, line in enumerate(lines) if at > start and line.lstrip().startswith("["))
    body, rest = lines[start + 1 : (end := next(after, len(lines)))], lines[end:]
    for key, value in wanted.items():
        body = _with(body, key, value)
    found = "\n".join([*lines[: start + 1], *body, *rest])
    return found if _has(found, table, wanted) else None


def _with(body: list[str], key: str, value: str) -> list[str]:
    pattern = re.compile(VALUE.format(key))
    if any(pattern.match(line) for line in body):
        return [pattern.sub(lambda match: f'{match[1]}"{value}"', line) for line in body]
    written = max((at for at, line in enumerate(body) if "=" in line), default=-1)
    return [*body[: written + 1], f'{key} = "{value}"', *body[written + 1 :]]


def _has(text: str, table: str, wanted: Mapping[str, str]) -> bool:
    """Whether *text* says so to whoever reads it as TOML."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    for name in table.split("."):
        found = found.get(name, {})
    return all(found.get(key) == value for key, value in wanted.items())
