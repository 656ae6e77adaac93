"""Smaller texts that mean the same: our printers, and everybody else's minifiers behind a guard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cdn_pipeline.minify import engines
from cdn_pipeline.minify.engines import Engine, Refused
from cdn_pipeline.minify.trailer import cut

TIME_LIMIT_S = 60.0


class Fallback(NamedTuple):
    """An engine whose result was not used."""

    engine: str
    message: str
    offset: int  # of the first difference in the original text, in characters


class Outcome(NamedTuple):
    """A text after minifying."""

    text: str
    engine: str  # whose result it is; "" for the original text
    fallbacks: tuple[Fallback, ...] = ()


def minify(
    language: str,
    text: str,
    chain: Sequence[str | Engine],
    *,
    time_limit_s: float = TIME_LIMIT_S,
    root: Path = Path(),
) -> Outcome:
    """*text* by the first engine of *chain* whose result means the same; by none, *text* itself.

    *language* is ``css`` or ``javascript``. An engine is ``default``, a webassets filter or
    ``module:attribute``, imported from *root*; with ``!`` after it, it may restructure, and is only held to
    the same references. A result that is larger than *text* is not used. The source-map comment stays, at
    the end. Never raises for what is wrong with *text* or an engine.
    """
    body, comment = cut(language, text)
    fallbacks: list[Fallback] = []
    for engine in map(engines.named, chain):
        try:
            result = _ended(engines.run(language, body, engine, time_limit_s, root), comment)
            engines.check(language, text, result, engine)
        except Refused as refused:
            fallbacks.append(Fallback(engine.name, refused.message, refused.offset))
            continue
        if _size(result) <= _size(text):
            return Outcome(result, engine.name, tuple(fallbacks))
        break
    return Outcome(text, "", tuple(fallbacks))


def _ended(text: str, comment: str) -> str:
    if not comment or not text or text.endswith("\n"):
        return text + comment
    return f"{text}\n{comment}"


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
