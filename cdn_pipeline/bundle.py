"""Bundle: the drafts of what a bundle puts out, from the drafts of its members."""

from __future__ import annotations

import os.path
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cdn_pipeline import draft as drafting
from cdn_pipeline import media_types, minify, prepare
from cdn_pipeline.chain import code_digests, filter_names
from cdn_pipeline.definitions.bundle import Bundle
from cdn_pipeline.digest import sha256
from cdn_pipeline.draft import CSS, JAVASCRIPT, Draft, Fallen, Mention, Options
from cdn_pipeline.errors import ERROR, Problem, line_and_column
from cdn_pipeline.filters import FilterError, Site
from cdn_pipeline.filters.assembly import Part, assemble
from cdn_pipeline.minify import engines
from cdn_pipeline.references import SOURCE_MAP
from cdn_pipeline.tokens import Edit, before

if TYPE_CHECKING:
    from cdn_pipeline.filters.step import Step
    from cdn_pipeline.join.css import Sheet
    from cdn_pipeline.minify.engines import Engine

# What `Part.data` says of a text whose references are tokens.
MODULE = "module"
OTHER = "other"


class BundleJob(NamedTuple):
    """A bundle to put together. All of it pickles."""

    bundle: Bundle  # expanded: its members are logical paths
    files: Mapping[str, tuple[str, str]]  # {logical path: (file, as messages name it)}
    options: Options
    root: str  # the project's directory
    sources: tuple[str, ...]  # absolute source roots
    skip: bool  # not to be minified
    small: frozenset[str] = frozenset()  # members that are minified already

    @property
    def path(self) -> str:
        """The bundle's logical path."""
        return self.bundle.output


class Assembled(NamedTuple):
    """What came of it."""

    drafts: tuple[Draft, ...]  # normally one; more where the members cannot share a file
    read: dict[str, str]  # {logical path: sha256} of everything that was read; "" of what is not there
    code: dict[str, str]  # {file: sha256} of the site's own code that ran; files relative to the project
    problems: tuple[Problem, ...]
    programs: Mapping[str, str] = {}  # those that filters started, see `programs`


def assemble_all(jobs: Sequence[BundleJob]) -> list[Assembled]:
    """Puts bundles together."""
    return [_Assembler(job).assembled() for job in jobs]


def lost(job: BundleJob, how: str) -> Assembled:
    """What stands for the result of *job* where that cannot be had: *how* says why."""
    bundle = job.bundle
    names = ", ".join(map(repr, dict.fromkeys(filter_names(bundle))))
    hint = f"look at its filters: {names}" if names else "build with --jobs 1"
    message = f"bundle {bundle.name!r}: {how}"
    return Assembled((), {}, {}, (Problem(ERROR, bundle.file, message, hint, bundle.line, bundle.column),))


def outputs(output: str, count: int) -> list[str]:
    """The logical paths of a bundle's parts: ``gen/site.js``, ``gen/site.2.js``, …"""
    stem, extension = os.path.splitext(output)
    return [output, *(f"{stem}.{number}{extension}" for number in range(2, count + 1))][:count]


class _Broken(Exception):
    """A bundle of which nothing can come."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class _Assembler:
    def __init__(self, job: BundleJob) -> None:
        self.job = job
        self.language = media_types.language(job.bundle.output) or ""
        self.read: dict[str, str] = {}
        self.code: set[Path] = set()
        self.programs: dict[str, str] = {}
        self.texts: dict[str, str] = {}  # of members as read, for places in messages
        self.edits: dict[str, tuple[Edit, ...]] = {}  # that made texts of these, if no filter wrote them anew
        self.mentions: dict[str, Mention] = {}  # by token
        self.problems: list[Problem] = []
        self.fallen: list[Fallen] = []
        self.engine = ""
        self.size = 0

    def assembled(self) -> Assembled:
        job = self.job
        site = Site(
            Path(job.root), tuple(map(Path, job.sources)), job.options.prefix, job.options.time_limit_s
        )
        try:
            ran = self.code, self.programs
            parts = assemble(job.bundle, self.member, self.join, self.minify, site, *ran)
            drafts = tuple(self.draft(part) for part in parts)
        except _Broken as broken:
            return Assembled((), self.read, {}, (*self.problems, broken.problem))
        except FilterError as error:
            name = job.files[error.member][1] if error.member in job.files else job.bundle.file
            at = 0 if error.member in job.files else job.bundle.line
            message = f"bundle {job.bundle.name!r}: filter {error.name!r}: {error.message}"
            return Assembled((), self.read, {}, (*self.problems, Problem(ERROR, name, message, "", at)))
        code = code_digests(self.code, Path(job.root))
        return Assembled(drafts, self.read, code, tuple(self.problems), self.programs)

    def member(self, path: str) -> str:
        """The text of a member as its author wrote it: filters may look at the files it refers to."""
        return self.text(path)

    def text(self, path: str) -> str:
        file, shown = self.job.files[path]
        found = prepare.read(file)
        if isinstance(found, prepare.Lost):
            raise _Broken(Problem(ERROR, shown, found.message, "build again"))
        self.read[path] = sha256(found[0])
        self.size += len(found[0])
        try:
            text = found[0].decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = found[0].count(b"\n", 0, error.start) + 1
            message = f"not UTF-8, so it cannot be part of bundle {self.job.bundle.name!r}"
            raise _Broken(Problem(ERROR, shown, message, "save it as UTF-8", line)) from error
        self.texts[path] = text
        return text

    def tokenised(self, path: str, text: str) -> str:
        """*text* with tokens; its source map described a file of its own, so that comment goes."""
        if self.language not in (CSS, JAVASCRIPT):
            return text
        shown = self.job.files[path][1] if path in self.job.files else path
        moves = os.path.dirname(path) != os.path.dirname(self.job.bundle.output)
        found = drafting.tokenise(path, shown, text, self.language, self.job.options, moves)
        self.problems += found.problems
        if text == self.texts.get(path):
            self.edits[path] = found.edits
        text = found.text
        for mention in found.mentions:
            if mention.kind == SOURCE_MAP:
                text = drafting.without_source_map(text.encode(), mention.token.encode()).decode()
            else:
                self.mentions[mention.token] = mention
        return text

    def join(self, bundle: Bundle, parts: list[Part]) -> list[Part]:
        """See `filters.assembly`. References become tokens here, after the members' own filters, which may
        look at the files that are referred to, or have made the style sheet in the first place."""
        parts = [self.ready(part) for part in parts]
        if self.language == CSS:
            return self.join_css(parts)
        if self.language == JAVASCRIPT:
            return self.join_javascript(parts)
        members = tuple(member for part in parts for member in part.members)
        return [Part("\n".join(part.text for part in parts), members, data=OTHER)]

    def ready(self, part: Part) -> Part:
        """*part* with tokens. What was joined by a filter stands where the bundle's output will."""
        if part.data is not None:
            return part
        path = self.job.bundle.output if part.joined else part.members[0]
        text = self.tokenised(path, part.text)
        return part._replace(text=text if part.joined else self.slimmed(path, text), data=OTHER)

    def slimmed(self, path: str, text: str) -> str:
        """*text* of a member, minified by itself where others are minified already: then the whole is not."""
        job = self.job
        if not job.small or job.skip or path in job.small:
            return text
        self.edits.pop(path, None)  # places in the result are not the author's
        return self.minified(text, job.options.engines(self.language))

    def join_css(self, parts: list[Part]) -> list[Part]:
        from cdn_pipeline.join import css

        sheets = [self.sheet(part.members[0], part.text) for part in parts]
        joined = css.join(sheets, self.imported)
        for path, offset, severity, message, hint in joined.problems:
            place = self.place(path, offset)
            shown = self.job.files[path][1] if path in self.job.files else path
            self.problems.append(Problem(severity, shown, message, hint, *place))
        members = tuple(member for part in parts for member in part.members)
        return [Part(text, members, data=OTHER) for text in joined.texts]

    def sheet(self, path: str, text: str) -> Sheet:
        from cdn_pipeline.join import css

        tokens = drafting.TOKEN.findall(text)
        mentions = [self.mentions[token] for token in tokens if token in self.mentions]
        known = {
            token: target for token, target in drafting.imports(mentions).items() if self.is_sheet(target)
        }
        return css.Sheet(path, text, known)

    def is_sheet(self, path: str) -> bool:
        """Only style sheets of the site can be inlined."""
        if path not in self.job.files:
            self.read[path] = ""
            return False
        return media_types.language(path) == CSS

    def imported(self, path: str) -> Sheet | None:
        """The sheet that an ``@import`` leads to."""
        if path not in self.job.files:
            return None
        return self.sheet(path, self.slimmed(path, self.tokenised(path, self.text(path))))

    def join_javascript(self, parts: list[Part]) -> list[Part]:
        from cdn_pipeline.join import javascript

        try:
            joined = javascript.join([(part.members[0], part.text) for part in parts])
        except javascript.JoinError as error:
            part = parts[error.index]
            place = self.place(part.members[0], error.offset)
            message = f"{error.message}; so it cannot be part of bundle {self.job.bundle.name!r}"
            hint = "mend it, or take it out of the bundle"
            shown = self.job.files[part.members[0]][1]
            raise _Broken(Problem(ERROR, shown, message, hint, *place)) from error
        return [
            Part(
                one.text,
                tuple(member for index in one.members for member in parts[index].members),
                data=MODULE if one.module else OTHER,
            )
            for one in joined
        ]

    def place(self, path: str, offset: int) -> tuple[int, int]:
        """Where its author wrote what stands at *offset* of a tokenised member; (0, 0) if a filter did."""
        if path not in self.edits:
            return 0, 0
        return line_and_column(self.texts[path], before(self.edits[path], offset))

    def minify(self, step: Step, part: Part) -> str:
        """A minifier that the definition names comes first; ours stands in where it fails."""
        chain: list[str | Engine] = [engines.of(step), *self.job.options.engines(self.language)]
        return self.minified(part.text, chain)

    def minified(self, text: str, chain: Sequence[str | Engine]) -> str:
        if self.language not in (CSS, JAVASCRIPT):
            return text
        bundle = self.job.bundle  # its text is nobody's file, but the definition is
        limit_s, root = self.job.options.time_limit_s, Path(self.job.root)
        outcome = minify.minify(self.language, text, chain, time_limit_s=limit_s, root=root)
        self.engine = outcome.engine or self.engine
        self.fallen += (
            Fallen(fallback.engine, fallback.message, bundle.line, bundle.column, bundle.file)
            for fallback in outcome.fallbacks
        )
        return outcome.text

    def draft(self, part: Part) -> Draft:
        part = self.ready(part)
        skip = self.job.skip or self.job.small or self.engine
        chain = () if skip else self.job.options.engines(self.language)
        text = self.minified(part.text, chain) if chain else part.text
        tokens = dict.fromkeys(drafting.TOKEN.findall(text))
        return Draft(
            text=text.encode(),
            mentions=tuple(self.mentions[token] for token in tokens if token in self.mentions),
            module=part.data == MODULE,
            engine=self.engine,
            fallen=tuple(self.fallen),
            source_size=self.size,
        )


def members(bundle: Bundle) -> list[str]:
    """The logical paths of all members of an expanded bundle, in order."""
    found: list[str] = []
    for member in bundle.contents:
        found += members(member) if isinstance(member, Bundle) else [member]
    return found
