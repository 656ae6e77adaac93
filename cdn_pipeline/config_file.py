"""The config file: ``cdn_pipeline.toml``, or ``[tool.cdn_pipeline]`` in ``pyproject.toml``.

Every fault is found, with its line, before any is raised.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cdn_pipeline import CONFIG, spelling
from cdn_pipeline.config import (
    ENCODINGS,
    FUNCTION,
    ORIGIN,
    Bundles,
    Config,
    Hook,
    Hooks,
    Minify,
    Provision,
    Publish,
    Route,
    Target,
)
from cdn_pipeline.errors import ERROR, ConfigError, Problem, line_and_column

PRINCIPAL = r"arn:aws:(iam|sts)::\d{12}:\S+"
GITHUB = r"github:[\w.-]+/[\w.-]+(:\S+)?"
CERTIFICATE = "arn:aws:acm:us-east-1:111122223333:certificate/…"
TAG = r"[\w .:/=+@-]{1,128}"  # AWS General Reference, "Tag naming limits"
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


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


def is_plain(value: object) -> bool:
    """Whether *value* is a string that can be a name; no system allows NUL in one."""
    return isinstance(value, str) and value != "" and "\0" not in value


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


class _Reader:
    """Takes a table apart, and notes every fault with its line."""

    def __init__(self, file: str, text: str, prefix: str) -> None:
        self.file = file
        self.lines = text.splitlines()
        self.prefix = prefix
        self.problems: list[Problem] = []

    def fault(self, path: str, message: str, hint: str = "") -> None:
        line = _line_of(self.lines, f"{self.prefix}.{path}" if self.prefix else path)
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
            publish=self.publish(table.get("publish", {}), targets),
            hooks=self.hooks(table.get("hooks", {})),
            provision=self.provision(table.get("provision", {}), targets),
        )

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
            store=self.store(table, at),
            cdn=self.text(table, "cdn", None, at),
            keep_on_origin=bool(self.boolean(table, "keep_on_origin", False, at)),
            hold_s=self.seconds(table, "hold", at, 0.0),
            verify_edge=self.boolean(table, "verify_edge", True, at) is not False,
            cache_tags=self.cache_tags(table, at),
        )

    def store(self, table: Mapping[str, Any], at: str) -> str | None:
        value = self.text(table, "store", None, at)
        if value is None or re.match(r"s3://[^/?]|directory:.|memory:.", value):
            return value
        hint = 'write "s3://bucket/prefix" or "directory:PATH"'
        self.fault(at + "store", f"is {value!r}, which is no store", hint)
        return None

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
        table = self.table(value, "bundles", ("definitions", "templates"))
        return Bundles(
            self.strings(table, "definitions", (), "bundles."),
            self.strings(table, "templates", (), "bundles."),
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

    def publish(self, value: object, targets: Mapping[str, Target]) -> Publish:
        default = Publish()
        known = ("home", "live", "keep_releases", "grace", "max_deletes", "sample", "concurrency")
        table, at = self.table(value, "publish", (*known, "file_proxy")), "publish."
        home = self.text(table, "home", None, at)
        if home is not None and (home not in targets or not targets[home].store):
            stored = [name for name, target in targets.items() if target.store]
            hint = spelling.hint(home, stored) or f"add [targets.{home}] with a store"
            self.fault("publish.home", f"no target {home!r} with a store", hint)
            home = None
        return Publish(
            home=home,
            live=self.text(table, "live", None, at),
            keep_releases=self.count(table, "keep_releases", default.keep_releases, at),
            grace_s=self.seconds(table, "grace", at, default.grace_s),
            max_deletes=self.count(table, "max_deletes", default.max_deletes, at),
            sample=self.part(table, "sample", default.sample, at),
            concurrency=self.count(table, "concurrency", default.concurrency, at),
            file_proxy=self.function(table, "file_proxy", at),
        )

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

    def hooks(self, value: object) -> Hooks:
        events = tuple(name for name in Hooks._fields if name != "timeout_s")
        table = self.table(value, "hooks", (*events, "timeout"))
        chosen: dict[str, Any] = {event: self.hook(table, event) for event in events}
        return Hooks(**chosen, timeout_s=self.seconds(table, "timeout", "hooks.", Hooks().timeout_s))

    def hook(self, table: Mapping[str, Any], event: str) -> Hook | None:
        value = table.get(event)
        if value is None or (is_plain(value) and value.strip()):
            return None if value is None else str(value)
        if isinstance(value, list) and value and all(map(is_plain, value)):
            return tuple(value)
        hint = 'write "module:function", a line for the shell, or a list of words'
        self.fault(f"hooks.{event}", f"is {value!r}", hint)
        return None

    def provision(self, value: object, targets: Mapping[str, Target]) -> Provision:
        default, at = Provision(), "provision."
        known = tuple(name for name in Provision._fields if name != "old_versions_s")
        table = self.table(value, "provision", (*known, "old_versions"))
        return Provision(
            target=self.stored_target(table, at, targets),
            region=self.shaped(table, "region", at, r"[a-z]{2}(-[a-z]+)+-\d", "eu-central-1")
            or default.region,
            hosted_zone=self.text(table, "hosted_zone", None, at),
            certificate=self.shaped(
                table, "certificate", at, r"arn:aws:acm:us-east-1:\d{12}:certificate/\S+", CERTIFICATE
            ),
            price_class=self.choice(table, "price_class", ("100", "200", "all"), default.price_class, at),
            site_origin=self.shaped(
                table, "site_origin", at, r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "origin.example.com"
            ),
            failover=bool(self.boolean(table, "failover", False, at)),
            uploaders=self.principals(table, "uploaders", at, PRINCIPAL),
            deployers=self.principals(table, "deployers", at, f"{PRINCIPAL}|{GITHUB}"),
            pruners=self.principals(table, "pruners", at, f"{PRINCIPAL}|{GITHUB}"),
            old_versions_s=self.seconds(table, "old_versions", at, default.old_versions_s),
            tags=self.tags(table.get("tags", {}), at + "tags"),
        )

    def stored_target(self, table: Mapping[str, Any], at: str, targets: Mapping[str, Target]) -> str | None:
        name = self.text(table, "target", None, at)
        on_s3 = [each for each, target in targets.items() if (target.store or "").startswith("s3://")]
        if name is None or name in on_s3:
            return name
        hint = spelling.hint(name, on_s3) or f'add [targets.{name}] with store = "s3://bucket/prefix"'
        self.fault(at + "target", f"no target {name!r} with a store on S3", hint)
        return None

    def shaped(self, table: Mapping[str, Any], key: str, at: str, pattern: str, example: str) -> str | None:
        value = self.text(table, key, None, at)
        if value is None or re.fullmatch(pattern, value):
            return value
        self.fault(at + key, f"is {value!r}", f'must be such as "{example}"')
        return None

    def principals(self, table: Mapping[str, Any], key: str, at: str, pattern: str) -> tuple[str, ...]:
        found = self.strings(table, key, (), at)
        for name in found:
            if not re.fullmatch(pattern, name):
                hint = 'write an ARN such as "arn:aws:iam::111122223333:role/ci"'
                hint += ', or "github:owner/name"' if GITHUB in pattern else ""
                self.fault(at + key, f"{name!r} names nobody", hint)
        return found

    def tags(self, value: object, path: str) -> Mapping[str, str]:
        if not isinstance(value, Mapping):
            self.fault(path, "must be a table of strings")
            return {}
        for name, text in value.items():
            if not isinstance(text, str) or not re.fullmatch(TAG, str(name)) or not re.fullmatch(TAG, text):
                self.fault(f"{path}.{name}", "AWS allows letters, digits, spaces and _.:/=+-@ in tags")
        return {str(name): str(text) for name, text in value.items()}


def line_of(config: Config, path: str) -> int:
    """The line on which the file of *config* has the key at *path*; 0 where that cannot be found."""
    file = config.root / Path(config.file).name
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return 0
    return _line_of(lines, f"tool.cdn_pipeline.{path}" if file.name == "pyproject.toml" else path)


def _line_of(lines: list[str], path: str) -> int:
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
