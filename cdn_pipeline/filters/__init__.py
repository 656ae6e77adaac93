"""Filters of webassets and of the site's own, run with every option given and a limit of time.

A filter is named as webassets names it, or ``module:attribute``, or is an object of a Python definitions
file. A function of one argument takes text and returns text; any other is called as webassets does.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

CSS = "css"
JAVASCRIPT = "javascript"
MINIFIER = "minifier"  # changes nothing but white space, comments and spelling, or so it says
REWRITER = "rewriter"  # moves references, which we do exactly, so it is left out
COMPILER = "compiler"  # anything that makes one text of another

# What each minifier reads. Not one of them is trusted: see `guards`.
MINIFIERS = {
    "cleancss": CSS,
    "closure_stylesheets_minifier": CSS,
    "css_slimmer": CSS,
    "csscompressor": CSS,
    "cssmin": CSS,
    "cssutils": CSS,
    "rcssmin": CSS,
    "yui_css": CSS,
    "closure_js": JAVASCRIPT,
    "jsmin": JAVASCRIPT,
    "jspacker": JAVASCRIPT,
    "rjsmin": JAVASCRIPT,
    "slimit": JAVASCRIPT,
    "uglifyjs": JAVASCRIPT,
    "yui_js": JAVASCRIPT,
}

# These read another language than they write, and only after joining.
COMPILES_JOINED = frozenset(
    ("clevercss", "closure_stylesheets_compiler", "coffeescript", "jade", "typescript")
)


class FilterError(Exception):
    """A filter that is unknown, cannot run or failed: what happened, to what."""

    def __init__(self, message: str, name: str, member: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.name = name  # of the filter
        self.member = member  # logical path of the member or output that it was given

    def __str__(self) -> str:
        at = f" on {self.member}" if self.member else ""
        return f"filter {self.name!r}{at}: {self.message}"


class Site(NamedTuple):
    """What a filter may ask about the site."""

    root: Path  # the project's directory: modules are imported from here
    sources: tuple[Path, ...] = ()  # the source roots; the first is webassets' `directory`
    url: str = "/"  # of the first source root
    time_limit_s: float = 60.0  # for one run of one filter; 0 for none


def kind(name: str, options: Mapping[str, Any] | None = None) -> str:
    """`MINIFIER`, `REWRITER` or `COMPILER`."""
    if name in MINIFIERS:
        return MINIFIER
    if name == "cssrewrite" and not options:  # with `replace` it moves files, as its author decided
        return REWRITER
    return COMPILER
