"""References in JavaScript: imports, ``new URL('x', import.meta.url)``, ``import.meta.resolve('./x')``, the
source-map comment.

All are found in the masked text (see `tokens.javascript`), where neither strings nor comments, templates and
regular expressions can look like code. Only a literal names a file: ``import(x + '.js')`` is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cdn_pipeline.references import DYNAMIC, MODULE, SOURCE_MAP, WORKER, Reference, is_local, split_suffix
from cdn_pipeline.references.javascript_declarations import awaits_at_top, has_meta, is_declared, specifiers
from cdn_pipeline.references.javascript_source_map import last_line, source_map
from cdn_pipeline.tokens import javascript as tokens
from cdn_pipeline.tokens import javascript_characters as characters
from cdn_pipeline.tokens.javascript_slash import is_property
from cdn_pipeline.tokens.javascript_string import content

_SPACE = f"[{characters.SPACE}]*"
_LITERAL = '(?P<literal>["`]\0+)'
_MAY_REFER = re.compile(f"import(?!{characters.word()})|export(?!{characters.word()})")
_MODULE_WORDS = ("import", "export", "await")
_MAY_BE_MODULE = re.compile(f"(?:import|export|await)(?!{characters.word()})")
_DYNAMIC_IMPORT = re.compile(
    rf"import(?<!{characters.word('#')}import)(?:{_SPACE}\.{_SPACE}(?:defer|source))?{_SPACE}"
    rf"\({_SPACE}{_LITERAL}{_SPACE}[,)]"
)
# Each begins with plain letters, which are searched for many times faster than anything else.
_NEW = rf"new(?<!{characters.word('#')}new)[{characters.SPACE}]+"
_OF_WORKER = rf"(?:Shared)?Worker{_SPACE}\({_SPACE}"
_META = rf"{_SPACE}\.{_SPACE}meta{_SPACE}\.{_SPACE}"
_NEW_URL = re.compile(
    rf"{_NEW}(?P<worker>{_OF_WORKER}{_NEW})?URL{_SPACE}\({_SPACE}{_LITERAL}{_SPACE},"
    rf"{_SPACE}import{_META}url{_SPACE},?{_SPACE}\)"
)
_RESOLVE = re.compile(
    rf"import(?<!{characters.word('#')}import){_META}resolve{_SPACE}(?:\?\.{_SPACE})?"
    rf"\({_SPACE}{_LITERAL}{_SPACE},?{_SPACE}\)"
)
_NEW_WORKER = re.compile(_NEW + _OF_WORKER)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_PATH_LIKE = re.compile(r"\.{0,2}/|\.{1,2}\Z")  # what HTML takes for a URL, not for a bare specifier


def references(text: str) -> list[Reference]:
    """The references of a script or module, in order of place.

    What is imported or resolved counts if it begins with ``/``, ``./`` or ``../``: a bare specifier is no
    URL. Raises LexError if the text cannot be read; one in which only the last line can refer to anything is
    not read at all.
    """
    if ("import" in text or "export" in text) and _MAY_REFER.search(text):
        return sorted(_all(text))
    return list(_source_map(text))


def _all(text: str) -> Iterator[Reference]:
    cut = tokens.pieces(text)
    masked = cut.masked()
    for start, end in specifiers(masked):
        yield from _import(text, start, end, MODULE)
    for hit in _DYNAMIC_IMPORT.finditer(masked):
        if not is_property(masked, hit.start()):
            yield from _import(text, *hit.span("literal"), DYNAMIC)
    if has_meta(masked):
        yield from _of_meta(text, masked)
    yield from _map_reference(text, source_map(cut))


def _of_meta(text: str, masked: str) -> Iterator[Reference]:
    for hit in _NEW_URL.finditer(masked):
        yield from _reference(text, *hit.span("literal"), WORKER if hit["worker"] else DYNAMIC)
    resolved = list(_RESOLVE.finditer(masked))
    workers = {hit.end() for hit in _NEW_WORKER.finditer(masked)} if resolved else set()
    for hit in resolved:
        if not is_property(masked, hit.start()):
            yield from _import(text, *hit.span("literal"), WORKER if hit.start() in workers else DYNAMIC)


def _import(text: str, start: int, end: int, kind: str) -> Iterator[Reference]:
    for reference in _reference(text, start, end, kind):
        if _PATH_LIKE.match(reference.path):
            yield reference


def _reference(text: str, start: int, end: int, kind: str) -> Iterator[Reference]:
    literal = content(text, start, end)
    path, suffix = split_suffix(literal.text)
    span = literal.span(0, len(path)) if path else None
    if span and is_local(literal.text) and not _LONE_SURROGATE.search(path):
        yield Reference(*span, path, kind, suffix)


def _source_map(text: str) -> Iterator[Reference]:
    if "sourceMappingURL=" in text:
        yield from _map_reference(text, last_line(text) or source_map(tokens.pieces(text)))


def _map_reference(text: str, span: tuple[int, int] | None) -> Iterator[Reference]:
    if span:
        path, suffix = split_suffix(text[slice(*span)])
        if is_local(path):
            yield Reference(span[0], span[0] + len(path), path, SOURCE_MAP, suffix)


def is_module(text: str) -> bool:
    """Whether only a module can mean what *text* says. Raises LexError.

    That is: an import or export declaration, ``import.meta``, or an ``await`` outside of every function.
    """
    if not any(word in text for word in _MODULE_WORDS) or not _MAY_BE_MODULE.search(text):
        return False
    cut = tokens.pieces(text)
    masked = cut.masked()
    return is_declared(masked) or has_meta(masked) or awaits_at_top(cut.compact())
