"""A bundle's text: its members through its tree of filters, in webassets' order, joined by a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cdn_pipeline.definitions.bundle import Bundle
from cdn_pipeline.filters import MINIFIER, FilterError, Site
from cdn_pipeline.filters.step import Step


class Part(NamedTuple):
    """One text on its way from the members to the output."""

    text: str
    members: tuple[str, ...]  # logical paths, in order
    joined: bool = False  # has gone through `join`, as part of a nested bundle
    compiled: bool = False  # written by a filter: it is not the source file any more
    data: Any = None  # the joiner's own, such as "module"


Read = Callable[[str], str]  # the text of a logical path
Join = Callable[[Bundle, list[Part]], list[Part]]
Minify = Callable[[Step, Part], str]  # behind the guard: see `minify.engines.of`


def assemble(
    bundle: Bundle,
    read: Read,
    join: Join,
    minify: Minify,
    site: Site,
    code: set[Path] | None = None,
    programs: dict[str, str] | None = None,
) -> list[Part]:
    """What *bundle*, expanded, puts out; more than one part where *join* keeps texts apart.

    Each member goes through ``open`` and ``input`` of its bundle's filters, then of all parents'. A nested
    bundle is joined and put through its own ``output`` before its parent joins it. Raises `FilterError`.
    Adds to *code* the files of the site's own Python that ran, and to *programs* those that were started,
    with their stamps: what comes out depends on them, too.
    """
    assembly = _Assembly(bundle, read, join, minify, site)
    parts = assembly.parts(bundle, [])
    for step in assembly.steps:
        if code is not None:
            code.update(step.code)
        if programs is not None:
            programs.update(step.programs)
    return parts


class _Assembly:
    """One output while it is assembled."""

    def __init__(self, bundle: Bundle, read: Read, join: Join, minify: Minify, site: Site) -> None:
        self.read = read
        self.join = join
        self.minify = minify
        self.site = site
        self.steps: list[Step] = []
        target = (site.sources[0] if site.sources else site.root) / bundle.output
        self.output = {"output": bundle.output, "output_path": str(target)}

    def parts(
        self, bundle: Bundle, parents: list[Step], config: Mapping[str, Any] | None = None
    ) -> list[Part]:
        config = {**(config or {}), **bundle.config}
        own = _merged([], [Step(item, self.site, config) for item in bundle.filters])
        self.steps += own
        running = _merged(own, parents)
        parts: list[Part] = []
        for member in bundle.contents:
            if isinstance(member, Bundle):
                parts += self.parts(member, running, config)
            else:
                parts.append(self.member(member, running))
        return [self.out(part, own) for part in self.joined(bundle, parts, own, running)]

    def member(self, path: str, steps: list[Step]) -> Part:
        """One file, through ``open`` and ``input``."""
        file = str(_file_of(path, self.site))
        known = {**self.output, "source": path}
        opening = _only(steps, "open", path)
        part = Part("", (path,), compiled=opening is not None)
        if opening is None:
            part = part._replace(text=self.read(path))
        else:
            part = part._replace(text=opening.run("open", file, path, **known))
        for step in steps:
            if step.can("input"):
                text = step.run("input", part.text, path, source_path=file, **known)
                part = part._replace(text=text, compiled=part.compiled or text != part.text)
        return part

    def joined(self, bundle: Bundle, parts: list[Part], own: list[Step], running: list[Step]) -> list[Part]:
        members = tuple(member for part in parts for member in part.members)
        concat = _only(running, "concat", bundle.output)
        if concat is not None:
            hunks = [(_Hunk(part.text), self.hunk_place(part)) for part in parts]
            text = concat.run("concat", hunks, bundle.output, **self.output)
            return [Part(text, members, True, True)]
        if any(step.compiles_joined for step in own):
            return [Part("\n".join(part.text for part in parts), members, True, True)]
        compiled = {member for part in parts if part.compiled for member in part.members}
        return [
            part._replace(joined=True, compiled=part.compiled or not compiled.isdisjoint(part.members))
            for part in self.join(bundle, parts)
        ]

    def hunk_place(self, part: Part) -> dict[str, str]:
        if len(part.members) != 1:
            return {}
        return {"source": part.members[0], "source_path": str(_file_of(part.members[0], self.site))}

    def out(self, part: Part, steps: list[Step]) -> Part:
        """One joined text, through ``output``."""
        for step in steps:
            if not step.can("output"):
                continue
            if step.kind == MINIFIER:
                part = part._replace(text=self.minify(step, part))
            else:
                text = step.run("output", part.text, self.output["output"], **self.output)
                part = part._replace(text=text, compiled=part.compiled or text != part.text)
        return part


class _Hunk:
    """A text as ``concat`` filters ask for it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def data(self) -> str:
        return self.text


def _merged(first: list[Step], second: list[Step]) -> list[Step]:
    """*first* and what of *second* is not the same filter again."""
    merged = list(first)
    for step in second:
        if step not in merged:
            merged.append(step)
    return merged


def _only(steps: list[Step], method: str, member: str) -> Step | None:
    able = [step for step in steps if step.can(method)]
    if len(able) > 1:
        names = ", ".join(repr(step.name) for step in able)
        raise FilterError(
            f"{names} cannot be combined: each wants to {method} the file alone", able[0].name, member
        )
    return able[0] if able else None


def _file_of(path: str, site: Site) -> Path:
    """Where the file with the logical *path* lies: in the first source root that has it."""
    found = (source / path for source in site.sources if (source / path).is_file())
    return next(found, (site.sources[0] if site.sources else site.root) / path)
