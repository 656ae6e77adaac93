"""Everybody's minifiers by name, each held to what its result must have in common with the original."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cdn_pipeline.deadline import TimeLimitError, limited
from cdn_pipeline.filters import COMPILER, MINIFIERS, FilterError, Site
from cdn_pipeline.references import SOURCE_MAP
from cdn_pipeline.tokens import LexError

if TYPE_CHECKING:
    from cdn_pipeline.filters.step import Step

DEFAULT = "default"
RESTRUCTURES = "!"


class Engine(NamedTuple):
    """One link of a chain."""

    name: str  # without `RESTRUCTURES`
    restructures: bool = False
    minified: Callable[[str], str] | None = None  # for a filter that has its own options


class Refused(Exception):
    """There is no result, or none that can be used."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset  # in the text before, in characters


def named(engine: str | Engine) -> Engine:
    """``closure_js!`` is ``closure_js``, which restructures."""
    if isinstance(engine, Engine):
        return engine
    return Engine(engine.removesuffix(RESTRUCTURES), engine.endswith(RESTRUCTURES))


def of(step: Step) -> Engine:
    """A minifier that a bundle definition names, with its options."""
    item = step.item
    if item.name in PACKAGES and not (item.options or item.origin or item.classes):
        return Engine(item.name)
    return Engine(item.name, False, step.minified)


def run(language: str, text: str, engine: Engine, time_limit_s: float, root: Path) -> str:
    """What the engine makes of *text*, not checked. Raises `Refused`."""
    reads = MINIFIERS.get(engine.name, language)
    if reads != language:
        raise Refused(f"minifies {reads}, not {language}")
    try:
        own = str(_module("minify", language).minify(text))
        if engine.name == DEFAULT:
            return own
        # A text that ours refuses no guard could pass, and jsmin never comes back from an open comment.
        text.encode()  # half a surrogate pair ends the process in rcssmin's and rjsmin's C
        if engine.minified is not None:
            return engine.minified(text)
        if engine.name in PACKAGES:
            return limited(time_limit_s, lambda: PACKAGES[engine.name](text))
        return _filter(engine.name, time_limit_s, root).minified(text)
    except LexError as error:
        raise Refused(error.message, error.offset) from error
    except (FilterError, TimeLimitError) as error:
        raise Refused(getattr(error, "message", str(error))) from error
    except Exception as error:
        raise Refused(f"{type(error).__name__}: {error}") from error


def _module(folder: str, language: str) -> Any:
    return importlib.import_module(f"cdn_pipeline.{folder}.{language}")


def _filter(name: str, time_limit_s: float, root: Path) -> Step:
    from cdn_pipeline.definitions.bundle import (
        Filter,
    )  # which reads templates too, and takes its time to import
    from cdn_pipeline.filters.step import Step

    return Step(Filter(name), Site(root.absolute(), time_limit_s=time_limit_s), {}, COMPILER)


def check(language: str, before: str, after: str, engine: Engine) -> None:
    """Raises `Refused` with the first place where *after* does not mean what *before* meant."""
    if engine.name == DEFAULT:
        return  # it works on the same tokens as the guard, and has refused where they are in doubt
    try:
        if engine.restructures:
            _check_references(language, before, after)
        else:
            _check_tokens(language, before, after)
    except LexError as error:
        raise Refused(f"the result cannot be read: {error.message}") from error


def _check_tokens(language: str, before: str, after: str) -> None:
    difference = _module("guards", language).difference(before, after)
    if difference is not None:
        raise Refused(difference.message, difference.offset)


def _check_references(language: str, before: str, after: str) -> None:
    expected, found = (_references(language, text) for text in (before, after))
    for path in sorted(expected.keys() - found.keys()):
        raise Refused(f"the reference {path!r} is lost", expected[path])
    for path in sorted(found.keys() - expected.keys()):
        raise Refused(f"the reference {path!r} is new")


def _references(language: str, text: str) -> dict[str, int]:
    """Where each URL stands first. Reading them proves that the text can be divided into tokens."""
    found: dict[str, int] = {}
    for reference in _module("references", language).references(text):
        if reference.kind != SOURCE_MAP:
            found.setdefault(reference.path + reference.suffix, reference.start)
    return found


def _csscompressor(text: str) -> str:
    import csscompressor

    return str(csscompressor.compress(text))  # its cost grows faster than the text: 17 s for 3.7 MB


def _rcssmin(text: str) -> str:
    import rcssmin

    return str(rcssmin.cssmin(text, keep_bang_comments=True))


def _jsmin(text: str) -> str:
    import jsmin

    return str(jsmin.jsmin(text, quote_chars="'\"`"))  # webassets leaves out the back-tick: broken templates


def _rjsmin(text: str) -> str:
    import rjsmin

    return str(rjsmin.jsmin(text, keep_bang_comments=True))


# Called without webassets, which takes longer to import than they take to run.
PACKAGES: dict[str, Callable[[str], str]] = {
    "csscompressor": _csscompressor,
    "jsmin": _jsmin,
    "rcssmin": _rcssmin,
    "rjsmin": _rjsmin,
}
