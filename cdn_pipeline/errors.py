"""Problems with a place, and the exceptions that carry them, split by who must act.

CdnPipelineError
├── ConfigError     whoever wrote the config or the command line; exit code 2
├── SiteError       whoever wrote the site's files; exit code 1
├── PublishError    whoever publishes: a release cannot be put where it belongs; exit code 1
│   └── Superseded  nobody: another deploy was first; exit code 3
├── BrokenManifest  whoever deploys the site: what a running site reads cannot be used
└── UnknownAsset    whoever wrote the page that asks for it
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

ERROR = "error"
WARNING = "warning"


class Problem(NamedTuple):
    """One thing that is wrong: where, what, and the way out."""

    severity: str  # ERROR or WARNING
    file: str  # as the user names it, relative to the project; "" when no file is to blame
    message: str
    hint: str = ""
    line: int = 0  # from 1; 0 where unknown
    column: int = 0  # from 1, in characters; 0 where unknown

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        text = f"{place}: {self.message}" if place else self.message
        return f"{text}; {self.hint}" if self.hint else text


class CdnPipelineError(Exception):
    """Raised once, with every problem that could be collected."""

    def __init__(self, problems: Iterable[Problem] | str) -> None:
        if isinstance(problems, str):
            problems = (Problem(ERROR, "", problems),)
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class ConfigError(CdnPipelineError):
    """The config or the command line cannot be used."""


class SiteError(CdnPipelineError):
    """The site's own files cannot be built."""


class PublishError(CdnPipelineError):
    """A release cannot be published, rolled back to or pruned. What was published before still is."""


class Superseded(PublishError):
    """Another deploy published something else in the meantime."""


class BrokenManifest(CdnPipelineError):
    """There is no manifest, or none that can be read."""


class UnknownAsset(CdnPipelineError, LookupError):
    """Neither a file nor a bundle of the build has this name."""


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Errors first, then by place; each once, since a member of a bundle is read twice."""
    return sorted(dict.fromkeys(problems), key=_order)


def _order(problem: Problem) -> tuple[object, ...]:
    return problem.severity != ERROR, problem.file, problem.line, problem.column


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """The place of the character at *offset*, both counted from 1, as an editor counts."""
    before = text[:offset]
    return before.count("\n") + 1, offset - before.rfind("\n")
