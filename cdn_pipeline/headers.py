"""Response headers for nginx, Caddy, and hosts that read ``_headers``: files ready to be included."""

from __future__ import annotations

import os.path
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote, urlsplit

from cdn_pipeline import paths
from cdn_pipeline.config import ORIGIN
from cdn_pipeline.header_rules import Manifest, Pairs, Rule, rules, served


def headers(manifest: Manifest) -> dict[str, str]:
    """``headers/nginx.conf``, ``headers/Caddyfile`` and ``headers/_headers``, for what lies on the origin."""
    prefix = urlsplit(manifest["targets"][ORIGIN]["url"]).path or "/"
    files = served(manifest)
    found = rules(files)
    return {
        "headers/nginx.conf": _nginx(unquote(prefix), found),
        "headers/Caddyfile": _caddy(unquote(prefix), found),
        "headers/_headers": _static_host(prefix, files),
    }


NGINX = """\
# For nginx. In a server block:
#     set $cdn_pipeline_build /path/to/build;
#     include /path/to/build/includes/headers/nginx.conf;
# Headers that the server block adds itself do not reach these locations; only what exists gets the headers
# below, so no error is ever cached for a year.
location ^~ %s {
    alias $cdn_pipeline_build/origin/;
    gzip_static on;
    gzip_vary off;  # Vary stands below
    # brotli_static on;  # needs libnginx-mod-http-brotli-static (Debian) or nginx-module-brotli
    # zstd_static on;  # needs the zstd module
%s}
"""


def _nginx(prefix: str, found: Iterable[Rule]) -> str:
    locations = "".join(line for rule in found for line in _nginx_locations(prefix, rule))
    return NGINX % (_quoted(prefix), locations)


def _nginx_locations(prefix: str, rule: Rule) -> Iterator[str]:
    names = [f"= {_quoted(prefix + path)}" for path in rule.files] or [f"~ {_quoted(rule.pattern)}"]
    lines = "".join(map(_nginx_header, rule.headers))
    for name in names:
        yield f"\n    location {name} {{\n        types {{ }}\n{lines}    }}\n"


def _nginx_header(pair: tuple[str, str]) -> str:
    name, value = pair
    if "$" in value:  # which nginx would take for a variable, and knows no escape for
        return f"        # nginx cannot say {name}: {value}\n"
    directive = "default_type" if name.lower() == "content-type" else f"add_header {name}"
    return f"        {directive} {_quoted(value)};\n"


def _quoted(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


CADDY = """\
# For Caddy. In a site block, with the build directory in the environment variable CDN_PIPELINE_BUILD:
#     import /path/to/build/includes/headers/Caddyfile
handle_path %s {
	root * {$CDN_PIPELINE_BUILD:build}/origin
	@missing not file
	handle @missing {
		error 404
	}
%s	file_server {
		precompressed zstd br gzip
	}
}
"""
CADDY_HANDLE = """\
	@rule%d path_regexp %s
	handle @rule%d {
		header {
%s		}
	}
"""


def _caddy(prefix: str, found: Iterable[Rule]) -> str:
    """Of several ``handle`` blocks side by side Caddy enters the first that matches."""
    handles = (_caddy_handle(number, rule) for number, rule in enumerate(found, 1))
    return CADDY % (_verbatim(prefix + "*"), "".join(handles))


def _caddy_handle(number: int, rule: Rule) -> str:
    # Caddy says Vary only with what it has encoded; the question mark keeps it from being said twice.
    lines = ((f"?{name}" if name == "Vary" else name, value) for name, value in rule.headers)
    headers = "".join(f"\t\t\t{name} {_verbatim(value)}\n" for name, value in lines)
    return CADDY_HANDLE % (number, _verbatim(rule.pattern.replace("`", r"\x60")), number, headers)


def _verbatim(word: str) -> str:
    return f"`{word}`" if "`" not in word else '"' + word.replace('"', '\\"') + '"'


LIMIT = 100  # rules that Cloudflare Pages reads
STATIC_HOST = (
    "# For hosts that read _headers (Netlify, Cloudflare Pages): copy it to the root of what you publish.\n"
)


def _static_host(prefix: str, files: Mapping[str, Pairs]) -> str:
    """All rules that match a file add up there, so no two of them may name the same header for it."""
    lines: dict[str, list[str]] = defaultdict(list)
    kinds = _by_ending(files)
    distinct = {pairs for _, _, found in kinds for pairs in found}
    for name in sorted({name for pairs in distinct for name, _ in pairs} - {"Vary"}):
        values = {pairs: dict(pairs).get(name) for pairs in distinct}
        for pattern, value in _covering(kinds, values):
            lines[prefix + pattern].append(f"  {name}: {value}\n")
    warning = f"# {len(lines)} rules; Cloudflare Pages reads only {LIMIT}.\n" if len(lines) > LIMIT else ""
    return (
        STATIC_HOST + warning + "".join(f"{pattern}\n{''.join(lines[pattern])}" for pattern in sorted(lines))
    )


Same = tuple[str, dict[str, Pairs], set[Pairs]]  # an ending, the files that have it, their headers


def _by_ending(files: Mapping[str, Pairs]) -> list[Same]:
    found: dict[str, dict[str, Pairs]] = defaultdict(dict)
    for path, pairs in files.items():
        found[os.path.splitext(path)[1]][path] = pairs
    return [(ending, some, set(some.values())) for ending, some in found.items()]


Values = Mapping[Pairs, str | None]
"""The value of one header, wherever headers are all of these."""


def _covering(kinds: Iterable[Same], values: Values) -> Iterator[tuple[str, str]]:
    """Patterns that together match every file that has a value, each file by one of them."""
    if len(set(values.values())) == 1:
        yield from _pattern("*", *values.values())
        return
    for ending, some, distinct in kinds:
        if ending and len(found := {values[pairs] for pairs in distinct}) == 1:
            yield from _pattern("*" + paths.url_path(ending), *found)
        else:
            yield from _below("", ending, some, values)


def _below(
    directory: str, ending: str, files: Mapping[str, Pairs], values: Values
) -> Iterator[tuple[str, str]]:
    found = {values[pairs] for pairs in files.values()}
    if ending and len(found) == 1:
        yield from _pattern(paths.url_path(directory) + "*" + paths.url_path(ending), *found)
        return
    deeper: dict[str, dict[str, Pairs]] = defaultdict(dict)
    for path, pairs in files.items():
        name, slash, _ = path[len(directory) :].partition("/")
        if slash:
            deeper[f"{directory}{name}/"][path] = pairs
        else:
            yield from _pattern(paths.url_path(path), values[pairs])
    for each, some in deeper.items():
        yield from _below(each, ending, some, values)


def _pattern(pattern: str, value: str | None, *_: str | None) -> Iterator[tuple[str, str]]:
    if value is not None:
        yield pattern, value
