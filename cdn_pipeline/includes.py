"""Template includes: for each bundle and page group a file with the tags that load it, and the import map."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from cdn_pipeline import spelling
from cdn_pipeline.snippets import Manifest, import_map, page, tags


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
        (group, name, spelling.hint(name, known))
        for group, members in sorted(groups.items())
        for name in members
        if name not in there
    ]


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
