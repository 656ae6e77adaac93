"""The config file: ``cdn_pipeline.toml``, or ``[tool.cdn_pipeline]`` in ``pyproject.toml``.

Every fault is found, with its line, before any is raised.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cdn_pipeline import CONFIG, config_publish, config_values, spelling
from cdn_pipeline.config import (
    ENCODINGS,
    ORIGIN,
    Bundles,
    Config,
    Minify,
    Route,
    Target,
)
from cdn_pipeline.config_values import Values
from cdn_pipeline.errors import ERROR, ConfigError, Problem, line_and_column

STORE = r"(?:s3://[^/?]|directory:.|memory:.).*"
CDN = r"(?:cloudfront|cloudflare):\w+|pull"


def load(file: Path) -> Config:
    """Raises `ConfigError` with every fault."""
    name = _shown(file)
    try:
        text = file.read_text("utf-8")
        table = tomllib.loads(text)
    except OSError as error:
        message = f"cannot be read: {(error.strerror or str(error)).lower()}"
        raise ConfigError([Problem(ERROR, name, message)]) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError([Problem(ERROR, name, "is not UTF-8", "save it as UTF-8", line)]) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_syntax_problem(name, text, error)]) from error
    prefix = ""
    if file.name == "pyproject.toml":
        prefix = "tool.cdn_pipeline"
        tools = table.get("tool")
        table = tools.get("cdn_pipeline", {}) if isinstance(tools, dict) else {}
    return read(table, file.parent, name, text, prefix)


def _shown(file: Path) -> str:
    try:
        return str(file.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(file)


def _syntax_problem(name: str, text: str, error: tomllib.TOMLDecodeError) -> Problem:
    place = re.search(r" \(at line (\d+), column (\d+)\)", str(error))
    message = re.sub(r" \(at .*\)$", "", str(error))
    line, column = (int(place[1]), int(place[2])) if place else line_and_column(text, len(text))
    return Problem(ERROR, name, f"not valid TOML: {message}", "", line, column)


def read(
    table: Mapping[str, Any], root: Path, name: str = CONFIG, text: str = "", prefix: str = ""
) -> Config:
    """The config in *table*. *text* is its source, in which faults are located. Raises `ConfigError`."""
    reader = _Reader(name, text, prefix)
    config = reader.config(table, root)
    if reader.problems:
        raise ConfigError(reader.problems)
    return config


class _Reader(Values):
    """Reads what a build is told."""

    def config(self, table: Mapping[str, Any], root: Path) -> Config:
        known = (
            "source exclude build cache on_missing ignore html modules keep_releases filter_timeout "
            "targets routes bundles minify groups publish hooks provision"
        )
        self.table(table, "", tuple(known.split()))
        default = Config(root)
        targets = self.targets(table.get("targets", {}))
        return Config(
            root=root,
            file=self.file,
            source=self.some(table, "source", default.source),
            exclude=self.strings(table, "exclude", default.exclude),
            build=self.text(table, "build", default.build) or default.build,
            cache=self.text(table, "cache", default.cache) or default.cache,
            on_missing=self.choice(table, "on_missing", ("error", "warn"), "error"),
            ignore=self.ignore(table),
            html=self.strings(table, "html", default.html),
            modules=self.boolean(table, "modules", True) is not False,
            keep_releases=self.count(table, "keep_releases", default.keep_releases),
            filter_timeout_s=self.seconds(table, "filter_timeout", "", default.filter_timeout_s),
            targets=targets,
            routes=self.routes(table.get("routes", []), targets),
            bundles=self.bundles(table.get("bundles", {})),
            minify=self.minify(table.get("minify", {})),
            groups=self.groups(table.get("groups", {})),
            publish=config_publish.publish(self, table.get("publish", {}), targets),
            hooks=config_publish.hooks(self, table.get("hooks", {})),
            provision=config_publish.provision(self, table.get("provision", {}), targets),
        )

    def ignore(self, table: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        rules = []
        for rule in self.strings(table, "ignore"):
            file, colon, reference = rule.partition(":")
            if not colon or not file.strip() or not reference.strip():
                self.fault("ignore", f"{rule!r} has no colon", 'write "file pattern: reference pattern"')
            rules.append((file.strip(), reference.strip()))
        return tuple(rules)

    def targets(self, value: object) -> Mapping[str, Target]:
        if not isinstance(value, Mapping):
            self.fault("targets", "must be a table of tables, such as [targets.origin]")
            value = {}
        targets = {name: self.target(str(name), table) for name, table in value.items()}
        if ORIGIN not in targets:
            targets[ORIGIN] = Target(ORIGIN, "/static/")
        return targets

    def target(self, name: str, value: object) -> Target:
        at = f"targets.{name}."
        known = ("url", "store", "cdn", "keep_on_origin", "hold", "verify_edge", "cache_tags")
        table = self.table(value, at[:-1], known)
        if not re.fullmatch(r"[A-Za-z0-9_-]+", name) or name == "includes":
            self.fault(at[:-1], "is a directory in the build", "use letters, digits, - and _; not 'includes'")
        return Target(
            name=name,
            url=self.url(table, at, "/static/" if name == ORIGIN else None),
            store=self.shaped(table, "store", at, STORE, 's3://bucket/prefix" or "directory:PATH'),
            cdn=self.shaped(table, "cdn", at, CDN, 'cloudfront:E2EXAMPLE", "cloudflare:ZONE" or "pull'),
            keep_on_origin=bool(self.boolean(table, "keep_on_origin", False, at)),
            hold_s=self.seconds(table, "hold", at, 0.0),
            verify_edge=self.boolean(table, "verify_edge", True, at) is not False,
            cache_tags=self.cache_tags(table, at),
        )

    def cache_tags(self, table: Mapping[str, Any], at: str) -> tuple[str, ...]:
        tags = self.strings(table, "cache_tags", (), at)
        for tag in tags:
            if not re.fullmatch(r"[!-+\--~]+", tag):
                self.fault(at + "cache_tags", f"{tag!r} has a space, a comma or what is not ASCII")
        return tags

    def url(self, table: Mapping[str, Any], at: str, default: str | None) -> str:
        value = self.text(table, "url", default, at)
        if value is None:
            self.fault(at + "url", "is missing", 'say how a browser asks, such as "https://cdn.example.com/"')
            return "/"
        if not re.match(r"/|https?://[^/]", value) or re.search(r"[\s\"'()<>\\?#]", value):
            self.fault(at + "url", f"is {value!r}", 'must start with "/", "//", "https://" or "http://"')
        return value if value.endswith("/") else value + "/"

    def routes(self, value: object, targets: Mapping[str, Target]) -> tuple[Route, ...]:
        if not isinstance(value, list):
            self.fault("routes", "must be an array of tables, each headed [[routes]]")
            return ()
        return tuple(self.route(table, f"routes[{number}]", targets) for number, table in enumerate(value))

    def route(self, value: object, place: str, targets: Mapping[str, Target]) -> Route:
        keys = ("match", "target", "fingerprint", "cache", "headers", "encodings", "keep_on_origin")
        table = self.table(value, place, keys)
        at = place + "."
        if "match" not in table:
            self.fault(place, "has no match", 'say which files, such as match = ["*.png"]')
        target = self.text(table, "target", None, at)
        if target is not None and target not in targets:
            hint = spelling.hint(target, targets) or f"add [targets.{target}]"
            self.fault(at + "target", f"no target {target!r}", hint)
        return Route(
            match=self.some(table, "match", (), at) if "match" in table else (),
            target=target,
            fingerprint=self.boolean(table, "fingerprint", None, at),
            cache=self.text(table, "cache", None, at),
            headers=self.headers(table.get("headers", {}), at + "headers"),
            encodings=self.encodings(table, at) if "encodings" in table else None,
            keep_on_origin=self.boolean(table, "keep_on_origin", None, at),
            place=place,
        )

    def headers(self, value: object, path: str) -> Mapping[str, str]:
        if not isinstance(value, Mapping):
            self.fault(path, "must be a table of strings")
            return {}
        for name, text in value.items():
            if not isinstance(text, str) or not re.fullmatch(r"[\t\x20-\x7e]*", text):
                self.fault(f"{path}.{name}", "must be a string of printable ASCII, on one line")
            if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", str(name)):
                self.fault(f"{path}.{name}", "is no header name (RFC 9110, 5.1)")
        return {str(name): str(text) for name, text in value.items()}

    def encodings(self, table: Mapping[str, Any], at: str) -> tuple[str, ...]:
        chosen = self.strings(table, "encodings", (), at)
        known = {"brotli": "br", "zstd": "zst", "gz": "gzip"} | {name: name for name in ENCODINGS}
        for name in chosen:
            if name not in known:
                self.fault(at + "encodings", f"unknown encoding {name!r}", "known: " + ", ".join(ENCODINGS))
        return tuple(name for name in ENCODINGS if name in {known.get(name) for name in chosen})

    def bundles(self, value: object) -> Bundles:
        table = self.table(value, "bundles", ("definitions", "templates", "django_static"))
        return Bundles(
            self.strings(table, "definitions", (), "bundles."),
            self.strings(table, "templates", (), "bundles."),
            self.boolean(table, "django_static", False, "bundles.") is True,
        )

    def minify(self, value: object) -> Minify:
        if value is False:
            return Minify((), ())
        if value is True:
            return Minify()
        table = self.table(value, "minify", ("css", "js", "skip"))
        default = Minify()
        return Minify(
            css=self.strings(table, "css", default.css, "minify."),
            js=self.strings(table, "js", default.js, "minify."),
            skip=self.strings(table, "skip", default.skip, "minify."),
        )

    def groups(self, value: object) -> Mapping[str, tuple[str, ...]]:
        if not isinstance(value, Mapping):
            self.fault("groups", "must be a table of lists")
            return {}
        return {str(name): self.strings(value, name, (), "groups.") for name in value}


def line_of(config: Config, path: str) -> int:
    """The line on which the file of *config* has the key at *path*; 0 where that cannot be found."""
    file = config.root / Path(config.file).name
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return 0
    return config_values.line_of(
        lines, f"tool.cdn_pipeline.{path}" if file.name == "pyproject.toml" else path
    )
