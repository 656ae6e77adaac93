"""Template includes: for each bundle and page group the tags that load it, and the import map.

The snippets hold no template syntax, so any engine can include them; a nonce is the integrations' business.
When each attribute is written:

* ``integrity`` for whatever bears a fingerprint. Bytes under other names may change while a page is cached.
* ``crossorigin`` for URLs of another host, because a browser checks the integrity only of what it may read;
  for fonts always, because that is how a style sheet asks for them and a preload must ask the same way.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from cdn_pipeline import paths
from cdn_pipeline.config import ORIGIN
from cdn_pipeline.references import is_local

Manifest = Mapping[str, Any]
Entry = Mapping[str, Any]

CSS = "text/css"
JAVASCRIPT = "text/javascript"
PRELOADED_FONT = "font/woff2"  # whoever knows preload knows woff2


def includes(manifest: Manifest, groups: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Every snippet by its name in the includes directory. *groups* maps each page group to names of bundles
    and logical paths, in order, all of which exist (see `unknown`)."""
    bundles = file_names(manifest["bundles"])
    pages = file_names(groups)
    return {
        "importmap.html": import_map(manifest),
        **{f"bundles/{bundles[name]}.html": tags(manifest, [name]) for name in sorted(bundles)},
        **{f"groups/{pages[name]}.html": page(manifest, groups[name]) for name in sorted(pages)},
    }


def unknown(
    groups: Mapping[str, Sequence[str]], bundles: Iterable[str], files: Iterable[str]
) -> list[tuple[str, str, str]]:
    """(group, member, hint) for each member of a group that is neither a bundle nor a file."""
    known = [*bundles, *files]
    there = set(known)
    return [
        (group, name, _near(name, known))
        for group, members in sorted(groups.items())
        for name in members
        if name not in there
    ]


def _near(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, 1)
    return f"did you mean {near[0]!r}?" if near else ""


def page(manifest: Manifest, members: Sequence[str]) -> str:
    """All that a page needs: the import map, if any member is a module, and the tags of *members*."""
    modular = any(use.entry.get("module") for use in _uses(manifest, members))
    return (import_map(manifest) if modular else "") + tags(manifest, members)


def tags(manifest: Manifest, members: Sequence[str]) -> str:
    """Preloads, then style sheets, then scripts, one a line, each once."""
    uses = list(_uses(manifest, members))
    lines = [
        *_font_preloads(manifest, uses),
        *_module_preloads(manifest, uses),
        *(_style(use) for use in uses if use.entry["type"] == CSS),
        *(_other(use.entry) for use in uses),
        *(_script(use) for use in uses if use.entry["type"] == JAVASCRIPT),
    ]
    return "".join(line + "\n" for line in dict.fromkeys(lines) if line)


class Use(NamedTuple):
    """A file that a snippet loads."""

    path: str  # logical
    entry: Entry
    extra: Mapping[str, Any]  # what the bundle says about its tag
    trust: Mapping[str, str | None]  # the attributes integrity and crossorigin


def _uses(manifest: Manifest, members: Iterable[str]) -> Iterator[Use]:
    for name in members:
        bundle = manifest["bundles"].get(name, {})
        for path in bundle.get("parts", [name]):
            yield Use(path, manifest["files"][path], bundle.get("extra") or {}, _trust(manifest, path))


def _trust(manifest: Manifest, path: str) -> dict[str, str | None]:
    entry = manifest["files"][path]
    is_stamped = entry["url"] != manifest["targets"][entry["target"]]["url"] + paths.url_path(path)
    return {
        "integrity": entry.get("integrity") if is_stamped else None,
        "crossorigin": None if is_local(entry["url"]) else "anonymous",
    }


def _style(use: Use) -> str:
    return _tag("link", rel="stylesheet", href=use.entry["url"], **use.trust, media=use.extra.get("media"))


def _script(use: Use) -> str:
    """A module waits for the page by itself; a classic script unless its bundle says ``defer: false``."""
    if use.entry.get("module"):
        return _tag("script", type="module", src=use.entry["url"], **use.trust) + "</script>"
    defer = use.extra.get("defer") is not False
    return _tag("script", src=use.entry["url"], **use.trust, defer=defer) + "</script>"


def _other(entry: Entry) -> str:
    """Images and fonts are fetched ahead; what no tag can load is left out."""
    kind = entry["type"]
    if kind == "application/manifest+json":
        return _tag("link", rel="manifest", href=entry["url"])
    if kind.startswith("image/"):
        return _tag("link", rel="preload", as_="image", type=kind, href=entry["url"])
    return _font(entry) if kind.startswith("font/") else ""


def _font_preloads(manifest: Manifest, uses: Iterable[Use]) -> Iterator[str]:
    for use in uses:
        for path in use.entry.get("fonts", ()):
            font = manifest["files"].get(path)
            if font and font["type"] == PRELOADED_FONT:
                yield _font(font)


def _font(entry: Entry) -> str:
    kind, url = entry["type"], entry["url"]
    return _tag("link", rel="preload", as_="font", type=kind, href=url, crossorigin="anonymous")


def _module_preloads(manifest: Manifest, uses: Iterable[Use]) -> Iterator[str]:
    """For what the modules import, directly or not, but that no script tag loads; nearest first."""
    files = manifest["files"]
    found = dict.fromkeys(use.path for use in uses if use.entry.get("module"))
    own = len(found)
    waiting = list(found)
    for path in waiting:
        new = [each for each in files[path].get("imports", ()) if each in files and each not in found]
        found.update(dict.fromkeys(new))
        waiting += new
    for path in waiting[own:]:
        yield _tag("link", rel="modulepreload", href=files[path]["url"], **_trust(manifest, path))


def _tag(name: str, **attributes: str | bool | None) -> str:
    written = (
        f" {key}" if value is True else f' {key.rstrip("_")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return f"<{name}{''.join(written)}>"


def escape(value: str) -> str:
    """For an attribute, with no braces left for a template engine."""
    return html.escape(value).replace("{", "&#123;").replace("}", "&#125;")


def import_map(manifest: Manifest) -> str:
    """What leads the plain URL of each module, on its target and on the origin, to its fingerprinted one; ""
    where there are no modules. It must stand before the first module script or preload of a page."""
    modules = _modules(manifest["files"])
    if not modules:
        return ""
    imports = {
        plain: entry["url"] for path, entry in modules.items() for plain in _plain_urls(manifest, path, entry)
    }
    trusts = {entry["url"]: _trust(manifest, path)["integrity"] for path, entry in modules.items()}
    content = {
        "imports": {plain: url for plain, url in imports.items() if plain != url},
        "integrity": {url: integrity for url, integrity in trusts.items() if integrity},
    }
    return f'<script type="importmap">{_json(content)}</script>\n'


def _modules(files: Mapping[str, Entry]) -> dict[str, Entry]:
    """What only works as a module, and what is imported, if only for its effect."""
    imported = {path for entry in files.values() for path in entry.get("imports", ())}
    return {path: files[path] for path in sorted(files) if files[path].get("module") or path in imported}


def _plain_urls(manifest: Manifest, path: str, entry: Entry) -> set[str]:
    """Under which a module would be asked for if nothing had a fingerprint."""
    return {manifest["targets"][name]["url"] + paths.url_path(path) for name in (entry["target"], ORIGIN)}


def _json(content: Mapping[str, Mapping[str, str]]) -> str:
    """For a script element: one line an entry, no two braces together, and none inside of strings."""
    sections = (f"{_string(name)}: {{\n{_rows(section)}}}" for name, section in content.items())
    return "{\n" + ",\n".join(sections) + "\n}"


def _rows(section: Mapping[str, str]) -> str:
    return ",\n".join(f"{_string(key)}: {_string(value)}" for key, value in sorted(section.items())) + "\n"


def _string(value: str) -> str:
    return re.sub(r"[<>&{}]", lambda hit: f"\\u{ord(hit[0]):04x}", json.dumps(value))


LONGEST = 150  # file systems allow 255 bytes


def file_names(names: Iterable[str]) -> dict[str, str]:
    """A file name for each name, unlike every other even where case does not count: ``css%2Fsite.css`` for
    ``css/site.css``. A tilde, which occurs in no other, sets off the digest where that takes one."""
    plain = {name: re.sub(r"^\.|[^A-Za-z0-9._-]", _percent, name) for name in names}
    uses = Counter(each.lower() for each in plain.values())
    return {
        name: each
        if uses[each.lower()] == 1 and len(each) <= LONGEST
        else f"{each[:LONGEST]}~{_digest(name)}"
        for name, each in plain.items()
    }


def _percent(hit: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in hit[0].encode("utf-8", "surrogatepass"))


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
