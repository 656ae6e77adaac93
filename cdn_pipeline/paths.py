"""Logical paths: how a URL path in a text leads to one, how one becomes a URL, and what patterns match it.

A logical path is a file's path under its source root, ``/``-separated, never starting with ``/``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from urllib.parse import quote, urlsplit

# Every other character is percent-encoded: so a URL of ours needs no escaping in CSS, JavaScript, HTML, XML
# and srcset, and S3 does not take a "+" for a space.
SAFE = "/@"
PLAIN = re.compile(r"[A-Za-z0-9_.~/@-]*")  # what `quote` leaves as it is
AS_WRITTEN = "%@+=:"  # stays as it is in a segment that may be encoded already

ESCAPE = re.compile(rb"%([0-9a-fA-F]{2})")
IMPOSSIBLE = "\0"  # stands for a segment that no file can be named, such as one with an encoded slash


def url_path(path: str) -> str:
    """``a dir/ü#1.png`` is ``a%20dir/%C3%BC%231.png``."""
    return path if PLAIN.fullmatch(path) else quote(path, safe=SAFE)


def unquote(segment: str) -> str | None:
    """A URL path segment as a file name; a stray ``%`` is literal. ``None`` if no file can bear that name."""
    if "%" not in segment:
        return segment
    raw = ESCAPE.sub(lambda hit: bytes.fromhex(hit[1].decode()), segment.encode("utf-8", "surrogatepass"))
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "/" in name or "\0" in name else name


class Outside(Exception):
    """A URL that leads to no file of the site's static tree: not ours to touch."""


class Climbing(Outside):
    """A relative URL with more ``..`` than leave it in the tree. ``inside`` is where it would lead if the
    tree were all there is."""

    def __init__(self, inside: str) -> None:
        super().__init__(inside)
        self.inside = inside


def resolve(url: str, base: str, prefix: str) -> str:
    """The logical path that *url* means when it stands in the file with logical path *base*.

    *url* is the path part of a local reference; *prefix* is the path of the origin's public URL, such as
    ``/static/``. As in the URL standard ``\\`` is ``/`` and ``..`` stops at the root. Raises `Outside` for
    directories and for paths that are not below *prefix*, `Climbing` where ``..`` is what led out.
    """
    parts = url.replace("\\", "/").split("/")
    if _dots(parts[-1]) in ("", ".", ".."):
        raise Outside(url)
    above = [part for part in prefix.split("/") if part]
    directory = base.split("/")[:-1]
    absolute = parts[0] == ""
    path = _walk([] if absolute else above + directory, parts)
    if path[: len(above)] == above and len(path) > len(above):
        return "/".join(path[len(above) :])
    if absolute:
        raise Outside(url)
    raise Climbing("/".join(_walk(directory, parts)))


def is_relative(url: str) -> bool:
    """Whether the path part *url* means something else in a file of another directory."""
    return not url.startswith(("/", "\\"))


def absolute(url: str, base: str, prefix: str) -> str:
    """The URL path that the relative *url* means in the file with logical path *base*, below *prefix* or not.

    Percent-encoding stays as it is written; what would need escaping in some language is encoded as well.
    """
    parts = url.replace("\\", "/").split("/")
    above = [part for part in f"{prefix}{url_path(base)}".split("/")[:-1] if part]
    path = _walk(above, parts, lambda part: quote(part, safe=AS_WRITTEN, errors="replace"))
    is_directory = _dots(parts[-1]) in ("", ".", "..")
    return "/" + "".join(f"{part}/" for part in path)[: None if is_directory else -1]


def _name(part: str) -> str:
    return unquote(part) or IMPOSSIBLE


def _walk(start: list[str], parts: list[str], name: Callable[[str], str] = _name) -> list[str]:
    path = list(start)
    for part in parts:
        plain = _dots(part)
        if plain == "..":
            del path[-1:]
        elif plain not in ("", "."):
            path.append(name(part))
    return path


def _dots(segment: str) -> str:
    """``%2e%2e`` is ``..`` to a browser."""
    return re.sub("%2e", ".", segment, flags=re.IGNORECASE) if "%" in segment else segment


def prefix_of(url: str) -> str:
    """The path of a target's public URL: ``https://example.com/static/`` gives ``/static/``."""
    return urlsplit(url).path or "/"


def normal(path: str) -> str:
    """*path* with its extension in lower case, as patterns see it."""
    dot = path.rfind(".")
    ending = path[dot:]
    return path if dot < 0 or ending.islower() or "/" in ending else path[:dot] + ending.lower()


def by_extension(pattern: str) -> bool:
    """Whether all that *pattern* asks of a file is its extension."""
    return pattern in ("*", "**") or SIMPLE.fullmatch(pattern) is not None


class Patterns:
    """Whether any of some patterns matches a logical path.

    A pattern without ``/`` matches the file name anywhere, ``**`` crosses directories, a leading ``/``
    anchors at the root; a trailing ``/`` means everything below that directory. Most patterns are ``*.ext``
    or plain names, which need no regular expression.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._names: set[str] = set()
        self._endings: set[str] = set()  # "png" for "*.png"
        others = []
        for pattern in patterns:
            if not MAGIC.search(pattern):
                self._names.add(normal(pattern))
            elif SIMPLE.fullmatch(pattern):
                self._endings.add(pattern[2:].lower())
            else:
                others.append(f"(?:{_expression(pattern)})")
        self._other = re.compile("|".join(others), re.DOTALL).fullmatch if others else None

    def __call__(self, path: str) -> bool:
        name = path[path.rfind("/") + 1 :]
        dot = name.rfind(".") + 1
        if dot and name[dot:].lower() in self._endings:
            return True
        if self._names and normal(name) in self._names:
            return True
        return self._other is not None and self._other(normal(path)) is not None


def matches(path: str, *patterns: str) -> bool:
    """Whether any of *patterns* matches the logical path; see `Patterns`."""
    return _cached(patterns)(path)


@functools.cache
def _cached(patterns: tuple[str, ...]) -> Patterns:
    return Patterns(patterns)


MAGIC = re.compile(r"[*?\[/]")
SIMPLE = re.compile(r"\*\.[^*?\[/.]+")
GLOB = re.compile(r"\*\*/|\*\*|\*|\?|\[!?\]?[^]]*\]|[^*?[]+|\[")


def _expression(pattern: str) -> str:
    if pattern.endswith("/"):
        pattern += "**"
    anchored = "/" in pattern
    body = normal(pattern.lstrip("/") if anchored else pattern)
    regex = "".join(map(_piece, GLOB.findall(body)))
    return regex if anchored else "(?:.*/)?" + regex


def _piece(piece: str) -> str:
    if piece == "**/":
        return "(?:.*/)?"
    return ".*" if piece == "**" else wildcard(piece)


def wildcard(piece: str) -> str:
    """The regular expression for a piece of a pattern that stays within a name: ``*``, ``?``, ``[a-c]``,
    ``[!a-c]`` or literal text."""
    if piece == "*":
        return "[^/]*"
    if piece == "?":
        return "[^/]"
    if piece[0] == "[" and len(piece) > 1:
        return _character_class(piece[1:-1])
    return re.escape(piece)


def _character_class(inside: str) -> str:
    negated = inside.startswith("!")
    inside = re.sub(r"([\\\[&~|^])", r"\\\1", inside.removeprefix("!"))
    try:
        re.compile(f"[{inside}]")
    except re.error:  # [z-a] matches nothing
        return "[^/]" if negated else "(?!)"
    return f"[^/{inside}]" if negated else f"[{inside}]"
