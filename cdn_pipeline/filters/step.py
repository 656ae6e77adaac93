"""A filter that is loaded and ready to run."""

from __future__ import annotations

import contextlib
import io
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cdn_pipeline import filters, programs
from cdn_pipeline.deadline import TimeLimitError, limited
from cdn_pipeline.definitions import python
from cdn_pipeline.definitions.bundle import Filter
from cdn_pipeline.definitions.namespace import NotThere
from cdn_pipeline.filters import FilterError, Site, lookup

NAMELESS = frozenset(("Exception", "FilterError"))  # the latter is webassets' own
LONGEST = 1000  # characters of a filter's own words in a message
ALONE = threading.RLock()  # filters change the working directory and the standard output of the whole process


class Step:
    """One filter of one bundle: a webassets filter, or a function that acts on joined text."""

    def __init__(self, item: Filter, site: Site, config: Mapping[str, Any], kind: str = "") -> None:
        """A compiler is loaded at once. Raises `FilterError` if there is none or it lacks what it needs."""
        own = filters.COMPILER if item.origin is not None else filters.kind(item.name, item.options)
        self.item = item
        self.name = item.name
        self.kind = kind or own
        self.site = site
        self.config = config
        self.code: set[Path] = set()  # files of the site's own code that ran; its result depends on them
        self.programs: dict[str, str] = {}  # those that it started, see `programs`
        self.filter: Any = self.loaded() if self.kind == filters.COMPILER else None

    def loaded(self) -> Any:
        """The webassets filter, set up. Raises `FilterError`."""
        return self.guarded(lambda: lookup.ready(self.item, self.site, self.config, self.code), "")

    def __eq__(self, other: object) -> bool:
        """As webassets compares: two filters of one class are the same, unless the class says otherwise."""
        if not isinstance(other, Step):
            return NotImplemented
        return self.name == other.name if None in (self.filter, other.filter) else self.filter == other.filter

    __hash__ = None  # type: ignore[assignment]

    def can(self, method: str) -> bool:
        """Whether it has webassets' ``open``, ``input``, ``concat`` or ``output``. A minifier is asked for
        output alone."""
        if self.kind != filters.COMPILER and self.filter is None:
            return self.kind == filters.MINIFIER and method == "output"
        return getattr(self.filter, method, None) is not None

    @property
    def compiles_joined(self) -> bool:
        """Whether the members are no CSS or JavaScript before `output` has seen them all."""
        return self.name in filters.COMPILES_JOINED or bool(getattr(self.filter, "as_output", False))

    def run(self, method: str, first: Any, member: str, **known: Any) -> str:
        """What the filter writes. *first* is a text; for ``open`` a path, for ``concat`` hunks."""
        out = io.StringIO()
        action = getattr(self.filter, method)
        given = first if method in ("open", "concat") else io.StringIO(first)
        arguments = (out, given) if method in ("open", "concat") else (given, out)
        with programs.noted() as started:
            try:
                self.guarded(lambda: action(*arguments, **known), member)
            finally:  # another engine takes the place of a minifier that fails, until that can be had
                self.programs |= started
        return out.getvalue()

    def minified(self, text: str) -> str:
        """What a minifier makes of *text*. Raises `FilterError`."""
        self.filter = self.filter or self.loaded()
        if not self.can("output"):
            raise FilterError("does not work on joined text, so it is no minifier", self.name)
        return self.run("output", text, "")

    def guarded(self, action: Callable[[], Any], member: str) -> Any:
        """What *action* returns; whatever it raises comes as `FilterError`."""
        with ALONE, python.importable(self.site.root) as imported, _directory_kept():
            try:
                result = limited(self.site.time_limit_s, action)
                self.code.update(imported())
                return result
            except FilterError as error:
                raise FilterError(error.message, self.name, member) from error
            except (Exception, SystemExit) as error:
                raise FilterError(_message(error), self.name, member) from error


@contextlib.contextmanager
def _directory_kept() -> Any:
    directory = os.getcwd()
    try:
        yield
    finally:
        os.chdir(directory)


def _message(error: BaseException) -> str:
    """One line, without the exception's class where it says nothing, and without a traceback in it."""
    text = " ".join(str(error).partition("Traceback")[0].split())
    if isinstance(error, ModuleNotFoundError):
        return f"needs the Python package {error.name!r}, which is not installed"
    program = _program(error, text)
    if program:
        return f"needs the program {program!r}, which is not installed"
    silent = isinstance(error, (OSError, TimeLimitError, NotThere)) or type(error).__name__ in NAMELESS
    kind = "" if silent and text else type(error).__name__
    text = text if len(text) <= LONGEST else text[:LONGEST] + "…"
    return f"{kind}: {text}" if kind and text else kind + text


def _program(error: BaseException, text: str) -> str:
    if isinstance(error, FileNotFoundError) and error.filename and "/" not in str(error.filename):
        return str(error.filename)
    said = "Program file not found: "
    return text.removeprefix(said).rstrip(".") if text.startswith(said) else ""
