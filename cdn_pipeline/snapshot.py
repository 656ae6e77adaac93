"""A snapshot: what one manifest says at one moment, when some files may be held back from their target."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cdn_pipeline import ORIGIN, media_types, paths, snippets
from cdn_pipeline.document import Document, Entry, Files
from cdn_pipeline.hold import NOTHING, Hold
from cdn_pipeline.references import SCHEME, split_suffix

Unknown = Callable[[str, Sequence[str]], None]


class Bundle(NamedTuple):
    """What a page loads for one name."""

    urls: tuple[str, ...]
    parts: tuple[str, ...]  # logical paths, one a URL
    sources: tuple[str, ...]  # logical paths of its members
    extra: Mapping[str, Any]
    integrities: tuple[str | None, ...]  # one a URL; ``None`` where its bytes may change


class Snapshot:
    """Answers from one release. *unknown* is called with each name that it does not know, and with what the
    page says is in it; it raises, or has plain URLs be used."""

    def __init__(self, document: Document, hold: Hold, origin: str, unknown: Unknown) -> None:
        self.document = document
        self.hold = hold
        self.files = document.files if hold is NOTHING else HeldFiles(document.files, hold)
        self._origin = str(document.targets.get(ORIGIN, {}).get("url", origin))
        self._unknown = unknown
        self._imports: str | None = None
        self._outputs: Mapping[str, Mapping[str, Any]] | None = None

    def __contains__(self, name: str) -> bool:
        return name in self.document.files or name in self.document.bundles

    def url(self, name: str) -> str:
        """Of a file, or else of the first part of a bundle. An absolute URL comes back as it is."""
        known = self._path(name)
        if known is not None:
            url: str = self.files[known]["url"]
            return url
        if is_absolute(name):
            return name
        path, suffix = split_suffix(name)
        if suffix and path in self:
            return self.url(path) + suffix
        self._unknown(name, ())
        return self._origin + paths.url_path(path.encode("utf-8", "replace").decode()) + suffix

    def integrity(self, name: str) -> str | None:
        """``None`` where the bytes behind the URL of *name* may change."""
        known = self._path(name)
        if known is not None:
            return snippets.trust(known, self.files[known]).get("integrity")
        path, suffix = split_suffix(name)
        if suffix and path in self and not is_absolute(name):
            return self.integrity(path)
        if not is_absolute(name):
            self._unknown(name, ())
        return None

    def bundle(self, name: str, members: Sequence[str]) -> Bundle:
        """A file counts as a bundle of one. *members* stand in for a bundle that is not known."""
        bundle = self.document.bundles.get(name) or self._of_output(name)
        parts = tuple(bundle.get("parts", (name,)))
        if members and name not in self:
            self._unknown(name, members)
            parts = tuple(members)
        sources = tuple(bundle.get("sources", parts))
        urls, integrities = tuple(map(self.url, parts)), tuple(map(self.integrity, parts))
        return Bundle(urls, parts, sources, bundle.get("extra") or {}, integrities)

    def _of_output(self, name: str) -> Mapping[str, Any]:
        """The parts of an output that is asked for in place of its bundle; scripts may make several."""
        if self._outputs is None:
            self._outputs = _outputs(self.document.bundles.values())
        return self._outputs.get(name, {})

    def preloads(self, name: str) -> tuple[snippets.Preload, ...]:
        """What to fetch ahead for a page that loads *name*, in order."""
        return tuple(snippets.preloads(self._content([name]), [name]))

    def tags(self, names: Sequence[str], options: snippets.Options) -> str:
        """The elements that load *names*, one a line."""
        return snippets.tags(self._content(names), names, options)

    def import_map(self, nonce: str | None) -> str:
        """Of all modules; "" if there are none."""
        if self._imports is None:
            self._imports = snippets.imports({"files": self._modular(), "targets": self.document.targets})
        return snippets.import_map_tag(self._imports, nonce)

    def _modular(self) -> Mapping[str, Entry]:
        """All modules and what they import, and perhaps others; without parsing the rest."""
        files = self.files
        if not isinstance(files, (Files, HeldFiles)):
            return files
        candidates = {path: files[path] for path in files.mentioning(b'"module": true', b'"imports": [')}
        imported = {path for entry in candidates.values() for path in entry.get("imports", ())}
        return {path: files[path] for path in candidates.keys() | imported if path in files}

    def _path(self, name: str) -> str | None:
        """The file that *name* means."""
        if name in self.document.files:
            return name
        bundle = self.document.bundles.get(name)
        return bundle["parts"][0] if bundle else None

    def _content(self, names: Sequence[str]) -> snippets.Manifest:
        """As snippets want it, with something to stand for each of *names* that is neither file nor
        bundle."""
        stand_ins = {name: self._stand_in(name) for name in names if name not in self}
        files = ChainMap(stand_ins, self.files) if stand_ins else self.files  # type: ignore[arg-type]
        return {"files": files, "bundles": self.document.bundles, "targets": self.document.targets}

    def _stand_in(self, name: str) -> dict[str, Any]:
        path = split_suffix(name)[0]
        if path in self.document.files and not is_absolute(name):
            return {**self.files[path], "url": self.url(name)}
        return {"url": self.url(name), "target": ORIGIN, "type": media_types.media_type(path)}


def _outputs(bundles: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """By the first of its parts each output that has several, or is all of a bundle: then it is that one."""
    found: dict[str, Mapping[str, Any]] = {}
    for bundle in bundles:
        for parts in _by_output(bundle["parts"]):
            if parts == bundle["parts"]:
                found.setdefault(parts[0], bundle)
            elif len(parts) > 1:
                found.setdefault(parts[0], {"parts": parts})
    return found


def _by_output(parts: Iterable[str]) -> list[list[str]]:
    """The parts of each output: ``gen/site.js`` is followed by ``gen/site.2.js`` and so on."""
    found: list[list[str]] = []
    for part in parts:
        stem, dot, extension = found[-1][0].rpartition(".") if found else ("", "", "")
        if found and part == f"{stem}.{len(found[-1]) + 1}{dot}{extension}":
            found[-1].append(part)
        else:
            found.append([part])
    return found


def is_absolute(name: str) -> bool:
    """Whether *name* is a URL that no build can have made: it has a scheme, or a host."""
    return SCHEME.match(name) is not None


class HeldFiles(Mapping[str, Entry]):
    """The files of a manifest, with the URL that each has for the time being."""

    def __init__(self, files: Mapping[str, Entry], hold: Hold) -> None:
        self._files = files
        self._hold = hold

    def __getitem__(self, path: str) -> Entry:
        entry = self._files[path]
        url = self._hold.url(path, entry)
        return entry if url == entry["url"] else {**entry, "url": url}

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def mentioning(self, *marks: bytes) -> list[str]:
        """As `Files` has it."""
        return self._files.mentioning(*marks) if isinstance(self._files, Files) else list(self._files)
