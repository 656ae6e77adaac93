"""The members of a bundle: its paths and globs, looked up among the site's logical paths."""

from __future__ import annotations

import functools
import posixpath
import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from cdn_pipeline.definitions.bundle import LANGUAGE, Base, Bundle, extension
from cdn_pipeline.errors import ERROR, WARNING, Problem
from cdn_pipeline.paths import wildcard
from cdn_pipeline.spelling import nearest

MAGIC = re.compile(r"[*?[]")  # as `glob.has_magic`
URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://|//")  # a scheme of one letter is a Windows drive

SERVED = frozenset((".css", ".js", ".mjs", ".cjs"))  # compilers read no further files of these kinds
SASS = frozenset((".sass", ".scss"))
READS_ANYTHING = frozenset(("compass", "datauri", "less", "pyscss", "requirejs", "spritemapper"))


def expand(
    bundle: Bundle, paths: Collection[str], names: Collection[str] = ()
) -> tuple[Bundle, list[Problem]]:
    """*bundle* with every member a logical path, and what is wrong with it.

    Globs match as webassets' do, sorted, without the bundle's own output; ``**`` crosses directories.
    A member that occurs twice counts once. `depends` becomes every file that a filter might
    read. *names* are the registered bundles, for suggestions only.
    """
    known = frozenset(paths)
    problems: list[Problem] = []
    if bundle.output and bundle.output in known:
        problems.append(_collision(bundle))
    expanded = _expand(bundle, known, names, problems)
    expanded = replace(expanded, depends=tuple(dict.fromkeys(_all_depends(expanded, known))))
    if not expanded.contents and not problems:
        problems.append(_problem(bundle, None, f"bundle {bundle.name!r} has no members"))
    return expanded, problems


def missing(bundle: Bundle, paths: Collection[str], names: Collection[str]) -> list[Problem]:
    """What `expand` would say of a bundle's members alone."""
    problems: list[Problem] = []
    _expand(bundle, frozenset(paths), names, problems)
    return problems


def _expand(bundle: Bundle, paths: frozenset[str], names: Collection[str], problems: list[Problem]) -> Bundle:
    contents: list[str | Bundle] = []
    for index, member in enumerate(bundle.contents):
        if isinstance(member, Bundle):
            contents.append(_expand(member, paths, names, problems))
            continue
        found = _found(bundle, member, paths)
        contents += found
        if not found:
            problems.append(_missing(bundle, index, member, paths, names))
    if bundle.remove_duplicates:
        contents = list(_distinct(contents))
    depends = _depends(bundle, paths, problems)
    return replace(bundle, contents=tuple(contents), depends=depends, bases=(Base(),), places=())


def _distinct(contents: Iterable[str | Bundle]) -> Iterator[str | Bundle]:
    seen: set[str] = set()
    for member in contents:
        key = member if isinstance(member, str) else member.name and "\0" + member.name
        if not key or key not in seen:
            seen.add(key)
            yield member


def _depends(bundle: Bundle, paths: frozenset[str], problems: list[Problem]) -> tuple[str, ...]:
    found: list[str] = []
    for pattern in bundle.depends:
        matching = _found(bundle, pattern, paths)
        found += matching
        if not matching and not MAGIC.search(pattern):
            problems.append(_problem(bundle, None, f"no asset {pattern!r}, on which it depends", "", WARNING))
    return tuple(dict.fromkeys(found))


def _all_depends(bundle: Bundle, paths: frozenset[str]) -> Iterator[str]:
    """What *bundle* and its parts depend on; also each file of a kind that is compiled, for these import each
    other, and everything where a filter reads whatever a member names."""
    yield from bundle.depends
    if not READS_ANYTHING.isdisjoint(item.name for item in bundle.filters):
        yield from _in_order(paths)
    members = [member for member in bundle.contents if isinstance(member, str)]
    kinds = {extension(member) for member in members} & LANGUAGE.keys() - SERVED
    if kinds & SASS:
        kinds |= SASS
    if kinds:
        yield from (path for path in _in_order(paths) if extension(path) in kinds)
    for member in bundle.contents:
        if isinstance(member, Bundle):
            yield from _all_depends(member, paths)


def _found(bundle: Bundle, member: str, paths: frozenset[str]) -> list[str]:
    for path in logical(member, bundle.bases):
        if path in paths:
            return [path]
    if not MAGIC.search(member):
        return []
    matches: dict[str, None] = {}  # one base after the other, as webassets does with its load path
    for pattern in logical(member, bundle.bases):
        matches.update(dict.fromkeys(_matching(pattern, paths)))
    return [path for path in matches if path != bundle.output]


@functools.lru_cache(maxsize=256)  # the same glob stands in many bundles
def _matching(pattern: str, paths: frozenset[str]) -> tuple[str, ...]:
    in_order = _in_order(paths)
    fixed = pattern[: MAGIC.search(pattern).start()]  # type: ignore[union-attr]
    start = bisect_left(in_order, fixed)
    end = bisect_left(in_order, fixed + "\U0010ffff", start)
    return tuple(filter(glob(pattern).fullmatch, in_order[start:end]))


@functools.lru_cache(maxsize=1)
def _in_order(paths: frozenset[str]) -> list[str]:
    return sorted(paths)


def logical(member: str, bases: Iterable[Base]) -> list[str]:
    """What *member* may mean, in order; nothing where it lies outside. A leading ``/`` means the root."""
    path = posixpath.normpath(member.replace("\\", "/"))
    if path.startswith("/"):
        return [path.lstrip("/")]
    moved = (posixpath.normpath(base.add + path[len(base.strip) :]) for base in bases if _is_in(path, base))
    return list(dict.fromkeys(path for path in moved if path != "." and not path.startswith("../")))


def _is_in(path: str, base: Base) -> bool:
    return path.startswith(base.strip)


@functools.cache
def glob(pattern: str) -> re.Pattern[str]:
    """*pattern* as Python's ``glob`` reads it: nothing but ``**`` crosses a ``/``; a leading dot is matched
    only by a dot."""
    return re.compile("".join(_segments(pattern.split("/"))), re.DOTALL)


def _segments(segments: list[str]) -> Iterator[str]:
    for index, segment in enumerate(segments):
        last = index == len(segments) - 1
        if segment == "**":
            yield r"(?:(?!\.)[^/]+/)*" + (r"(?!\.)[^/]+" if last else "")
        else:
            hidden = segment.startswith(".") or not MAGIC.match(segment)
            yield ("" if hidden else r"(?!\.)") + _segment(segment) + ("" if last else "/")


def _segment(segment: str) -> str:
    pieces = re.findall(r"\[!?\]?[^]]*\]|.", segment, re.DOTALL)
    return "".join(map(wildcard, pieces))


def _missing(
    bundle: Bundle, index: int, member: str, paths: Collection[str], names: Collection[str]
) -> Problem:
    if MAGIC.search(member):
        return _problem(bundle, index, f"no asset matches {member!r}")
    if not logical(member, bundle.bases):
        hint = "members are found below the directories that `source` names"
        return _problem(bundle, index, f"{member!r} lies outside the source roots", hint)
    near = nearest(logical(member, bundle.bases)[0], paths) or nearest(member, names)
    hint = f"did you mean {near!r}?" if near else ""
    return _problem(bundle, index, f"no asset and no bundle {member!r}", hint)


def _collision(bundle: Bundle) -> Problem:
    hint = "delete it if an earlier tool built it, or choose another output"
    return _problem(bundle, None, f"the output {bundle.output!r} is also the name of a source file", hint)


def _problem(
    bundle: Bundle, index: int | None, message: str, hint: str = "", severity: str = ERROR
) -> Problem:
    line, column = bundle.place(index) if index is not None else (bundle.line, bundle.column)
    return Problem(severity, bundle.file, message, hint, line, column)
