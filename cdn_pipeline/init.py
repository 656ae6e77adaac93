"""Init: writes a first config that fits the project it finds."""

from __future__ import annotations

import ast
import json
import os
import re
import tomllib
from pathlib import Path
from typing import NamedTuple

from cdn_pipeline.errors import ERROR, ConfigError, Problem

SKIPPED = {"node_modules", "venv", "env", "site-packages", "build", "dist", "__pycache__"}
NEXT = {
    "Django": 'set STORAGES["staticfiles"]["BACKEND"] to "cdn_pipeline.integrations.django.Storage" '
    "and run `manage.py collectstatic`"
}
NEXT_ELSE = "run `cdn-pipeline build`"
BUILD = {"Django": "`manage.py collectstatic` builds, `manage.py assets check` only looks."}
BUILD_ELSE = "`cdn-pipeline build` builds, `cdn-pipeline check` only looks."
DEEPEST = 4  # directories below the project that are looked into


class Project(NamedTuple):
    """What was found, relative to the project's directory."""

    kind: str  # "Django", "Flask" or "plain"
    source: list[str]
    templates: list[str]
    definitions: list[str]
    url: str
    unnamed: tuple[str, ...] = ()  # folders and definitions that a config cannot name


def write(file: Path) -> str:
    """Writes the config, and says in a line what it fits. Raises `ConfigError` if there is one already."""
    if file.exists():
        raise ConfigError([Problem(ERROR, str(file), "already exists", "edit it, or remove it first")])
    beside = file.with_name("pyproject.toml")
    if _has_table(beside):
        message = "has a [tool.cdn_pipeline] already, which a new file would take the place of"
        raise ConfigError([Problem(ERROR, str(beside), message, "edit it, or remove it first")])
    project = look(file.parent)
    try:
        file.write_text(text(project), "utf-8")
    except OSError as error:
        message = f"cannot be written: {(error.strerror or str(error)).lower()}"
        raise ConfigError([Problem(ERROR, str(file), message)]) from error
    left_out = "".join(
        f"; {name} is left out, for its name is not UTF-8: rename it, then add it" for name in project.unnamed
    )
    if not any((file.parent / name).is_dir() for name in project.source):
        return f"{file}: written, but no folder of static files was found; name yours in `source`{left_out}"
    folders = ", ".join(project.source)
    written = f"{file}: written for a {project.kind} project with {folders}{left_out}"
    return f"{written}; keep build/ out of version control, and now {NEXT.get(project.kind, NEXT_ELSE)}"


def _has_table(project: Path) -> bool:
    try:
        table = tomllib.loads(project.read_text("utf-8", "replace"))
    except (OSError, tomllib.TOMLDecodeError):
        return False
    tool = table.get("tool")
    return isinstance(tool, dict) and "cdn_pipeline" in tool


def look(root: Path) -> Project:
    """What kind of project lies in *root*, and where its files are."""
    static: list[str] = []
    templates: list[str] = []
    scripts: list[Path] = []
    definitions: list[str] = []
    unnamed: list[str] = []
    for directory, folders, files in os.walk(root):
        here = Path(directory).relative_to(root)
        folders[:] = sorted(
            name
            for name in folders
            if name not in SKIPPED and not name.startswith(".") and len(here.parts) < DEEPEST
        )
        unnamed += [(here / name).as_posix() for name in folders if not _is_utf8(name)]
        folders[:] = filter(_is_utf8, folders)
        for kind, found in (("static", static), ("templates", templates)):
            if kind in folders:
                folders.remove(kind)
                found.append((here / kind).as_posix())
        scripts += [root / here / name for name in sorted(files) if name.endswith(".py")]
        for name in sorted(files):
            if _is_definitions(root / here / name):
                (definitions if _is_utf8(name) else unnamed).append((here / name).as_posix())
    kind = _kind(root, scripts)
    source = static or [name for name in ("public", "assets") if (root / name).is_dir()] or ["static"]
    url = _static_url(scripts) if kind == "Django" else "/static/"
    return Project(kind, source, templates, definitions, url, tuple(unnamed))


def _is_utf8(name: str) -> bool:
    """Whether TOML, which is UTF-8, can say it: surrogates mark bytes that are not."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _is_definitions(file: Path) -> bool:
    if file.suffix not in (".yaml", ".yml"):
        return False
    return re.search(r"^bundles:", file.read_text("utf-8", "replace"), re.MULTILINE) is not None


def _kind(root: Path, scripts: list[Path]) -> str:
    if (root / "manage.py").is_file():
        return "Django"
    for script in scripts:
        if re.search(r"^\s*(from|import) flask\b", script.read_text("utf-8", "replace"), re.MULTILINE):
            return "Flask"
    return "plain"


def _static_url(scripts: list[Path]) -> str:
    """``STATIC_URL`` as the settings spell it; Django reads a relative one as below ``/``."""
    for script in scripts:
        match = re.search(r"^STATIC_URL\s*=\s*(.+)$", script.read_text("utf-8", "replace"), re.MULTILINE)
        if match:
            try:
                url = ast.literal_eval(match[1].strip())
            except (ValueError, SyntaxError):
                continue
            if isinstance(url, str) and url and _is_utf8(url):
                return url if url.startswith(("/", "http")) else "/" + url
    return "/static/"


def text(project: Project) -> str:
    """The config, commented."""
    return f"""\
# cdn_pipeline, for a {project.kind} project. {BUILD.get(project.kind, BUILD_ELSE)}
# All keys: docs/configuration.md

source = {_list(project.source)}  # folders of static files; where two hold the same name, the first wins
build = "build"  # outputs go to build/<target>/, with build/manifest.json and build/includes/
# exclude = ["*.psd"]  # files that are no assets
# on_missing = "warn"  # a reference that leads nowhere is an error unless you say so
# html = ["pages/**/*.html"]  # HTML whose references are rewritten

[targets.origin]
url = {_text(project.url)}  # how a browser asks your own server

# Images, fonts and media go to a CDN as soon as there is one; everything else stays on the origin.
# [targets.cdn]
# url = "https://cdn.example.com/"
# store = "s3://my-bucket"  # leave it out for a CDN that pulls from the origin
# keep_on_origin = true

# [[routes]]  # the first match wins; what a route leaves open, the built-in ones decide
# match = ["*.pdf"]
# target = "origin"
# cache = "public, max-age=86400"
# fingerprint = false

[bundles]
definitions = {_list(project.definitions)}  # webassets bundles: YAML files, Python modules
templates = {_list(project.templates)}  # folders that are searched for {{% assets %}}

[minify]
skip = []  # files whose white space stays, such as ["vendor/**"]
"""


def _list(names: list[str]) -> str:
    return f"[{', '.join(map(_text, names))}]"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", r"\u007f")  # TOML escapes as JSON does
