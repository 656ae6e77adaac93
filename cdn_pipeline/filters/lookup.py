"""Where a filter comes from: webassets by name, a module of the site, or a Python definitions file."""

from __future__ import annotations

import importlib
import inspect
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cdn_pipeline import spelling
from cdn_pipeline.definitions import python
from cdn_pipeline.definitions.bundle import Filter
from cdn_pipeline.filters import FilterError, Site

METHODS = ("open", "input", "concat", "output")


def ready(item: Filter, site: Site, config: Mapping[str, Any], code: set[Path]) -> Any:
    """The webassets filter, or one that looks like it, with its settings. Raises `FilterError`, `NotThere`
    and whatever the filter raises when it is set up. Adds the definitions of a live filter to *code*."""
    return _prepared(_loaded(item, site, code), site, config)


def _webassets(module: str) -> Any:
    """Imported only here: it reads all its filters, which takes longer than some builds."""
    return importlib.import_module(f"webassets.{module}")


def _loaded(item: Filter, site: Site, code: set[Path]) -> Any:
    if item.origin is not None:
        found, files = python.live(item.origin, site.root)
        code.update(files)
        return _as_filter(found)
    if ":" in item.name:
        return _as_filter(_attribute(item.name))
    theirs = _webassets("filter")
    for dotted in item.classes:
        theirs.register_filter(_attribute(dotted))
    try:
        return theirs.get_filter(item.name, **item.options)
    except ValueError:
        raise FilterError(_unknown(item.name), item.name) from None


def is_known(name: str) -> bool:
    """Whether webassets has a filter of that name."""
    return name in _webassets("filter")._FILTERS


def _unknown(name: str) -> str:
    if name == "gzip":
        return "there is no such filter; the build compresses by itself"
    way_out = (
        spelling.hint(name, _webassets("filter")._FILTERS) or "one of your own is named 'module:attribute'"
    )
    return f"there is no such filter; {way_out}"


def _attribute(name: str) -> Any:
    """``module:attribute`` or ``module.attribute``."""
    module, _, attribute = name.partition(":") if ":" in name else name.rpartition(".")
    if not module or not attribute:
        raise FilterError("a filter of your own is named 'module:attribute'", name)
    try:
        return getattr(importlib.import_module(module), attribute)
    except AttributeError:
        raise FilterError(f"module {module!r} has no {attribute!r}", name) from None


def _as_filter(found: Any) -> Any:
    """A class is called, a function is wrapped, a webassets filter is one already."""
    if inspect.isclass(found):
        found = found()
    function = getattr(found, "callable", found)
    if any(callable(getattr(found, method, None)) for method in METHODS) and function is found:
        return found
    if callable(function):
        return _Function(function)
    raise FilterError(f"{type(found).__name__} is neither a function nor a filter", "")


class _Function:
    """A function as a filter on joined text."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Function) and self.function is other.function

    __hash__ = None  # type: ignore[assignment]

    def output(self, text: io.StringIO, out: io.StringIO, **known: Any) -> None:
        """Calls ``f(text)``, ``f(in, out)`` or ``f(in, out, **known)``, whichever it takes."""
        positional, keywords = _parameters(self.function)
        if positional != 1:
            self.function(text, out, **(known if keywords else {}))
            return
        result = self.function(text.getvalue())
        if not isinstance(result, str):
            raise FilterError(f"returned {type(result).__name__}, not text", "")
        out.write(result)


def _parameters(function: Callable[..., Any]) -> tuple[int, bool]:
    """How many arguments it must be given, and whether it takes any keyword."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # some functions written in C
        return 1, False
    positional = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    needed = [one for one in positional if one.default is one.empty]
    return len(needed) or min(len(positional), 1), any(one.kind is one.VAR_KEYWORD for one in parameters)


def _prepared(found: Any, site: Site, config: Mapping[str, Any]) -> Any:
    """*found* with its settings, none of which comes from the environment of the process."""
    if not hasattr(found, "set_context"):
        return found
    directory = str(site.sources[0] if site.sources else site.root)
    environment = _webassets("env").Environment(directory, site.url, cache=False, manifest=False, debug=False)
    if len(site.sources) > 1:
        environment.load_path = [str(source) for source in site.sources]
    bundle = _webassets("bundle")
    context = bundle.wrap(environment, bundle.Bundle(config=dict(config)))
    found.get_config = _Settings(context)
    found.set_context(context)
    found.setup()
    return found


class _Settings:
    """``Filter.get_config`` without its way out to ``os.environ``."""

    def __init__(self, context: Any) -> None:
        self.context = context

    def __call__(
        self,
        setting: Any = False,
        env: Any = None,
        require: bool = True,
        what: str = "setting",
        type: Any = None,
    ) -> Any:
        """The value of *setting* in the definitions. Raises `FilterError` if it is required and not there."""
        name = setting or env
        value = self.context.get(name, None)
        if value is None and require:
            hint = f"set {str(name).lower()} in `config` of the bundle definitions"
            raise FilterError(f"{what} was not found; {hint}", "")
        return value
