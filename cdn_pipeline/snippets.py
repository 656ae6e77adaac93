"""Template snippets: the tags that load files and bundles, and the import map.

They hold no template syntax, so any engine can include them. When each attribute is written:

* ``integrity`` for whatever bears a fingerprint. Bytes under other names may change while a page is cached.
* ``crossorigin`` for URLs of another host, because a browser checks the integrity only of what it may read;
  for fonts always, because that is how a style sheet asks for them and a preload must ask the same way.
* ``nonce``, where a page has one, for what the policies of scripts and styles govern.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cdn_pipeline import ORIGIN, paths
from cdn_pipeline.references import is_local

Manifest = Mapping[str, Any]
Entry = Mapping[str, Any]

CSS = "text/css"
JAVASCRIPT = "text/javascript"
PRELOADED_FONT = "font/woff2"  # whoever knows preload knows woff2


def page(manifest: Manifest, members: Sequence[str]) -> str:
    """All that a page needs: the import map, if any member is a module, and the tags of *members*."""
    modular = any(use.entry.get("module") for use in _uses(manifest, members))
    return (import_map(manifest) if modular else "") + tags(manifest, members)


class Options(NamedTuple):
    """What a page says about its tags."""

    nonce: str | None = None  # of its Content-Security-Policy
    preload: bool = True
    attributes: Mapping[str, Any] = {}  # of the elements that load the members themselves

    def tag(self, name: str, attributes: Mapping[str, Any]) -> str:
        """The start tag of a member. In the names of `attributes` ``_`` stands for ``-``, and for nothing at
        the end; what is ``None`` or ``False`` is left out."""
        more = {key.rstrip("_").replace("_", "-"): value for key, value in self.attributes.items()}
        return _tag(name, {**attributes, "nonce": self.nonce, **more})


PLAIN = Options()


class Preload(NamedTuple):
    """A file that a page should fetch ahead of what asks for it."""

    url: str
    as_: str  # its destination, such as "font"
    type: str
    crossorigin: str | None
    integrity: str | None
    is_module: bool  # fetched with all that it needs to run

    def attributes(self) -> dict[str, str | None]:
        """Of the ``link`` that says so."""
        kind = (
            {"rel": "modulepreload"}
            if self.is_module
            else {"rel": "preload", "as": self.as_, "type": self.type}
        )
        return {**kind, "href": self.url, "integrity": self.integrity, "crossorigin": self.crossorigin}


def tags(manifest: Manifest, members: Sequence[str], options: Options = PLAIN) -> str:
    """Preloads, then style sheets, then scripts, one a line, each once."""
    uses = list(_uses(manifest, members))
    lines = [
        *(_preload_tag(each, options.nonce) for each in _ahead(manifest, uses) if options.preload),
        *(_style(use, options) for use in uses if use.entry["type"] == CSS),
        *(_other(use.entry, options) for use in uses),
        *(_script(use, options) for use in uses if use.entry["type"] == JAVASCRIPT),
    ]
    return "".join(line + "\n" for line in dict.fromkeys(lines) if line)


def preloads(manifest: Manifest, members: Sequence[str]) -> list[Preload]:
    """What to fetch ahead for a page that loads *members*: fonts of sheets, imports of modules, and images
    and fonts that are members themselves; each once."""
    uses = list(_uses(manifest, members))
    own = (preload for use in uses if (preload := _preload(use.entry)))
    return list(dict.fromkeys([*_ahead(manifest, uses), *own]))


class Use(NamedTuple):
    """A file that a snippet loads."""

    path: str  # logical
    entry: Entry
    extra: Mapping[str, Any]  # what the bundle says about its tag
    trust: Mapping[str, str | None]  # the attributes integrity and crossorigin


def _uses(manifest: Manifest, members: Iterable[str]) -> Iterator[Use]:
    files = manifest["files"]
    for name in members:
        bundle = manifest["bundles"].get(name, {})
        for path in bundle.get("parts", [name]):
            yield Use(path, files[path], bundle.get("extra") or {}, trust(path, files[path]))


def trust(path: str, entry: Entry) -> dict[str, str | None]:
    """The attributes ``integrity`` and ``crossorigin`` of the file *path*; none for what is not of the
    build."""
    if "integrity" not in entry:
        return {}
    url: str = entry["url"]
    is_stamped = not url.endswith("/" + paths.url_path(path))
    return {
        "integrity": entry["integrity"] if is_stamped else None,
        "crossorigin": None if is_local(url) else "anonymous",
    }


def _style(use: Use, options: Options) -> str:
    own = {"rel": "stylesheet", "href": use.entry["url"], **use.trust, "media": use.extra.get("media")}
    return options.tag("link", own)


def _script(use: Use, options: Options) -> str:
    """A module waits for the page by itself; a classic script unless its bundle says ``defer: false``."""
    if use.entry.get("module"):
        own = {"type": "module", "src": use.entry["url"], **use.trust}
    else:
        own = {"src": use.entry["url"], **use.trust, "defer": use.extra.get("defer") is not False}
    return options.tag("script", own) + "</script>"


def _other(entry: Entry, options: Options) -> str:
    """Images and fonts are fetched ahead; the rest is left out. No policy asks them for a nonce."""
    options = options._replace(nonce=None)
    if entry["type"] == "application/manifest+json":
        return options.tag("link", {"rel": "manifest", "href": entry["url"]})
    preload = _preload(entry)
    return options.tag("link", preload.attributes()) if preload else ""


def preload_tags(preloads: Iterable[Preload], nonce: str | None = None) -> str:
    """One a line, each once."""
    return "".join(f"{_preload_tag(preload, nonce)}\n" for preload in dict.fromkeys(preloads))


def _preload_tag(preload: Preload, nonce: str | None) -> str:
    """Only what loads a script is governed by the policy that has the nonce."""
    return _tag("link", {**preload.attributes(), "nonce": nonce if preload.is_module else None})


def _preload(entry: Entry) -> Preload | None:
    kind, url = entry["type"], entry["url"]
    if kind.startswith("image/"):
        return Preload(url, "image", kind, None, None, False)
    return Preload(url, "font", kind, "anonymous", None, False) if kind.startswith("font/") else None


def _ahead(manifest: Manifest, uses: Sequence[Use]) -> Iterator[Preload]:
    """The fonts of sheets; then what modules import, directly or not, but no script tag loads, nearest
    first."""
    files = manifest["files"]
    for path in (path for use in uses for path in use.entry.get("fonts", ())):
        font = files.get(path)
        if font and font["type"] == PRELOADED_FONT and (preload := _preload(font)):
            yield preload
    found = dict.fromkeys(use.path for use in uses if use.entry.get("module"))
    own = len(found)
    waiting = list(found)
    for path in waiting:
        new = [each for each in files[path].get("imports", ()) if each in files and each not in found]
        found.update(dict.fromkeys(new))
        waiting += new
    for path in waiting[own:]:
        entry = files[path]
        trusted = trust(path, entry)
        crossorigin, integrity = trusted.get("crossorigin"), trusted.get("integrity")
        yield Preload(entry["url"], "script", entry["type"], crossorigin, integrity, True)


def _tag(name: str, attributes: Mapping[str, Any]) -> str:
    written = (
        f" {key}" if value is True else f' {key}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return f"<{name}{''.join(written)}>"


ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;", "{": "&#123;", "}": "&#125;"}
_ESCAPES = str.maketrans(ESCAPES)


def escape(value: str) -> str:
    """For an attribute, with no braces left for a template engine."""
    return value.translate(_ESCAPES)


def import_map(manifest: Manifest) -> str:
    """The element with `imports`; "" where there are no modules. It must stand before the first module script
    or preload of a page."""
    return import_map_tag(imports(manifest))


def import_map_tag(imports: str, nonce: str | None = None) -> str:
    """The element with *imports*; "" for none."""
    if not imports:
        return ""
    return _tag("script", {"type": "importmap", "nonce": nonce}) + f"{imports}</script>\n"


def imports(manifest: Manifest) -> str:
    """As JSON what leads the plain URL of each module, on its target and on the origin, to its fingerprinted
    one; "" where there are no modules."""
    modules = _modules(manifest["files"])
    if not modules:
        return ""
    leads = {
        plain: entry["url"] for path, entry in modules.items() for plain in _plain_urls(manifest, path, entry)
    }
    trusts = {entry["url"]: trust(path, entry).get("integrity") for path, entry in modules.items()}
    content = {
        "imports": {plain: url for plain, url in leads.items() if plain != url},
        "integrity": {url: integrity for url, integrity in trusts.items() if integrity},
    }
    return _json(content)


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
