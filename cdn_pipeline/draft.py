"""Drafts: text assets in which every reference is a token of fixed length.

A token is made from what it stands for, so the same reference has the same token in every file: texts can be
joined and minified before anyone knows the final URLs, and a draft depends on nothing but its own input.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import json
import os.path
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from cdn_pipeline import paths
from cdn_pipeline.errors import WARNING, Problem, line_and_column
from cdn_pipeline.references import IMPORT, Reference, split_suffix
from cdn_pipeline.tokens import Edit, LexError, before, spliced

PREFIX = "cdnp_"
TOKEN = re.compile(rf"{PREFIX}[0-9a-f]{{20}}")
TOKEN_BYTES = re.compile(TOKEN.pattern.encode())
JAVASCRIPT = "javascript"
CSS = "css"


class Mention(NamedTuple):
    """One reference of a draft, and where its author wrote it."""

    token: str
    target: str  # logical path
    kind: str  # see `references`
    raw: str  # as written; put back where no link is made
    url: str  # as meant, with its suffix; for messages and `ignore` patterns
    line: int
    column: int
    file: str  # logical path of the file it is written in
    climbs: bool  # more ".." than parents: a link only if the target exists, else it leads out of the site


class Fallen(NamedTuple):
    """An engine whose result was thrown away."""

    engine: str
    message: str
    line: int
    column: int
    file: str = ""  # as messages name it, where it is not the draft's own: a bundle's definition


class Draft(NamedTuple):
    """A text ready to be linked."""

    text: bytes  # UTF-8, with tokens
    mentions: tuple[Mention, ...] = ()
    problems: tuple[Problem, ...] = ()
    module: bool = False  # JavaScript that only works as a module
    engine: str = ""  # what minified it
    fallen: tuple[Fallen, ...] = ()
    source_size: int = 0  # bytes before minifying


class Options(NamedTuple):
    """What a draft depends on besides its file. Plain values, so that workers and cache keys can have it."""

    prefix: str  # path of the origin's URL
    modules: bool
    css: tuple[str, ...]  # chains of engines
    javascript: tuple[str, ...]
    time_limit_s: float
    root: str = ""  # the project's directory, where engines of the site's own are imported from
    versions: tuple[str, ...] = ()  # of every engine that is not ours

    def engines(self, language: str) -> tuple[str, ...]:
        """The chain for *language*; empty for those that are not minified."""
        return {CSS: self.css, JAVASCRIPT: self.javascript}.get(language, ())


class Tokenised(NamedTuple):
    """A text with tokens in place of references."""

    text: str
    mentions: tuple[Mention, ...]
    problems: tuple[Problem, ...] = ()
    edits: tuple[Edit, ...] = ()  # that made it of the author's text
    readable: bool = True  # False where no reader could make sense of the text: leave it as it is


def draft(path: str, shown: str, content: bytes, language: str, options: Options, skip: bool) -> Draft:
    """The draft of one file. *skip* keeps its white space."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = Problem(
            WARNING, shown, "not UTF-8; copied as it is, references and all", "save it as UTF-8", line
        )
        return Draft(content, problems=(problem,), source_size=len(content))
    tokenised = tokenise(path, shown, text, language, options)
    module = language == JAVASCRIPT and tokenised.readable and (path.endswith(".mjs") or is_module(text))
    plain = Draft(content, (), tokenised.problems, module, source_size=len(content))
    if not tokenised.readable:
        return plain
    engines = () if skip else options.engines(language)
    if not engines:
        return plain._replace(text=tokenised.text.encode(), mentions=tokenised.mentions)
    return minified(plain, text, tokenised, language, engines, options)


def minified(
    plain: Draft, text: str, tokenised: Tokenised, language: str, engines: tuple[str, ...], options: Options
) -> Draft:
    """*plain* with *tokenised* as small as the first engine that keeps its meaning makes it; *text* is what
    its author wrote."""
    from cdn_pipeline.minify import minify

    limit_s, root = options.time_limit_s, Path(options.root)
    outcome = minify(language, tokenised.text, engines, time_limit_s=limit_s, root=root)
    fallen = tuple(
        Fallen(
            fallback.engine,
            fallback.message,
            *line_and_column(text, before(tokenised.edits, fallback.offset)),
        )
        for fallback in outcome.fallbacks
    )
    return plain._replace(
        text=outcome.text.encode(), mentions=tokenised.mentions, engine=outcome.engine, fallen=fallen
    )


def is_module(text: str) -> bool:
    """Whether a script is a module; a text that cannot be read is none."""
    from cdn_pipeline.references import javascript

    try:
        return javascript.is_module(text)
    except LexError:
        return False


def tokenise(
    path: str, shown: str, text: str, language: str, options: Options, moves: bool = False
) -> Tokenised:
    """*text* with a token for each reference that could lead to a file of the site.

    *moves*: it will stand in a file of another directory, so references to directories become absolute.
    """
    if PREFIX in text and TOKEN.search(text):
        hint = f"no text may contain {PREFIX} and 20 hexadecimal digits"
        return Tokenised(
            text, (), (Problem(WARNING, shown, "looks like a draft of ours; left as it is", hint),), (), False
        )
    try:
        found = _reader(language)(text)
        dead = _dead_imports(text, shown) if language == CSS else ()
    except LexError as error:
        place = line_and_column(text, error.offset)
        message = f"{error.message}; served as it is, and its references are not followed"
        return Tokenised(text, (), (Problem(WARNING, shown, message, "", *place),), (), False)
    if language == JAVASCRIPT and not options.modules:
        found = [reference for reference in found if reference.kind == "source-map"]
    mentions, edits = replacements(path, text, found, options.prefix, moves)
    return Tokenised(_splicer(language)(text, edits), mentions, dead, tuple(edits))


def _splicer(language: str) -> Callable[[str, list[Edit]], str]:
    """Where the printer can be spared a second reading, the way to splice that spares it."""
    if language not in (CSS, JAVASCRIPT):
        return spliced
    module = importlib.import_module(
        "cdn_pipeline.tokens." + ("css_statements" if language == CSS else "javascript")
    )
    splicer: Callable[[str, list[Edit]], str] = module.edited
    return splicer


def _dead_imports(text: str, shown: str) -> tuple[Problem, ...]:
    """A warning for the first ``@import`` that browsers ignore; it stays ignored."""
    from cdn_pipeline.references import css

    late = css.late_imports(text)
    if not late:
        return ()
    message = "an @import after other rules has no effect; it is left as it is"
    place = line_and_column(text, late[0])
    return (Problem(WARNING, shown, message, "move it to the top of the sheet", *place),)


def _reader(language: str) -> Callable[[str], list[Reference]]:
    module = importlib.import_module(f"cdn_pipeline.references.{language}")
    reader: Callable[[str], list[Reference]] = module.references
    return reader


def replacements(
    path: str, text: str, found: Iterable[Reference], prefix: str, moves: bool = False
) -> tuple[tuple[Mention, ...], list[Edit]]:
    """Those of *found* that lead into the site, and the tokens that take their place; see `tokenise`."""
    edits: list[Edit] = []
    mentions: list[Mention] = []
    line = line_start = 0
    for reference in found:
        climbs = False
        try:
            target = paths.resolve(reference.path, path, prefix)
        except paths.Climbing as error:
            target, climbs = error.inside, True
        except paths.Outside:
            if moves and paths.is_relative(reference.path):
                edits.append((reference.start, reference.end, paths.absolute(reference.path, path, prefix)))
            continue
        line += text.count("\n", line_start, reference.start)
        line_start = text.rfind("\n", line_start, reference.start) + 1 or line_start
        raw = text[reference.start : reference.end]
        token = token_for(target, reference.kind, raw)
        url = reference.path + reference.suffix
        column = reference.start - line_start + 1
        mentions.append(
            Mention(token, target, reference.kind, raw, url, line + 1, column, path, climbs),
        )
        edits.append((reference.start, reference.end, token))
    return tuple(mentions), edits


def kept(mention: Mention, path: str, origin: str) -> str:
    """What stands in *path* for a mention that is no link: what was written, or, in a bundle of another
    directory, the URL that it meant below *origin*."""
    url, _ = split_suffix(mention.url)
    if os.path.dirname(path) == os.path.dirname(mention.file) or not paths.is_relative(url):
        return mention.raw
    parts = urlsplit(origin)
    return parts._replace(path=paths.absolute(url, mention.file, parts.path or "/")).geturl()


def token_for(target: str, kind: str, raw: str) -> str:
    """The same reference has the same token everywhere."""
    identity = "\0".join((target, kind, raw)).encode("utf-8", "surrogatepass")
    return PREFIX + hashlib.sha256(identity).hexdigest()[:20]


def fill(text: bytes, values: Mapping[bytes, bytes]) -> bytes:
    """*text* with every token replaced by its value, from ``{token: value}``."""
    return TOKEN_BYTES.sub(lambda hit: values[hit[0]], text) if values else text


DANGLING = rb"(?://[#@][ \t]*sourceMappingURL=%s[^\r\n]*|/\*[#@][ \t]*sourceMappingURL=%s[^*]*\*/)[ \t]*\n?"


def without_source_map(text: bytes, token: bytes) -> bytes:
    """*text* without the source-map comment that holds *token*."""
    return re.sub(DANGLING % (token, token), b"", text)


def imports(mentions: Iterable[Mention]) -> dict[str, str]:
    """The local style sheets that a sheet imports, as ``{token: logical path}``."""
    return {mention.token: mention.target for mention in mentions if mention.kind == IMPORT}


def to_json(draft: Draft) -> bytes:
    """Everything but the text, in one line: the size of the source, and the rest as JSON."""
    fields = draft._asdict()
    del fields["text"], fields["source_size"]
    return f"{draft.source_size} {_json(fields)}".encode()


_json = json.JSONEncoder(separators=(",", ":")).encode


def from_json(encoded: bytes) -> Draft:
    """The inverse of `to_json`. Raises `ValueError` or `TypeError` for what it cannot read."""
    source_size, _, fields = encoded.partition(b" ")
    return _from_fields(fields)._replace(source_size=int(source_size))


@functools.lru_cache(maxsize=256)
def _from_fields(encoded: bytes) -> Draft:
    """Most drafts mention nothing, and differ in nothing but their sizes."""
    fields: dict[str, Any] = json.loads(encoded)
    fields["mentions"] = tuple(Mention(*mention) for mention in fields["mentions"])
    fields["problems"] = tuple(Problem(*problem) for problem in fields["problems"])
    fields["fallen"] = tuple(Fallen(*fallen) for fallen in fields["fallen"])
    return Draft(b"", **fields)
