"""References: the places in a text asset that name another file.

A reader per language finds them (`css`, `javascript`, `svg`, `html`, `webmanifest`), each a function
``references(text) -> list[Reference]`` in order of place, not overlapping. What a reference leads to is
none of a reader's business: it also returns ``https:``, ``data:`` and ``#fragment`` URLs only where they
have a path part that could be local, that is: it skips empty paths and anything with a scheme or ``//``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# What a reference is used for. The kind decides how serious a missing file is and where the file may live.
IMAGE = "image"  # any plain url(), src, srcset, poster: loads from anywhere
FONT = "font"  # src of @font-face: loads with CORS
STYLE = "style"  # <link rel=stylesheet>, an xml-stylesheet instruction
IMPORT = "import"  # CSS @import
MODULE = "module"  # static import / export from, <script type=module src>
DYNAMIC = "dynamic"  # import('x'), new URL('x', import.meta.url), import.meta.resolve('x')
WORKER = "worker"  # new Worker(new URL('x', import.meta.url)): same origin only
SCRIPT = "script"  # <script src>
CORS = "cors"  # mask-image, shape-outside …: loads with CORS
FRAGMENT = "fragment"  # filter: url(x.svg#f), <use href>: same origin only, even with CORS
CUSTOM = "custom"  # url() in a custom property: missing is a warning
SOURCE_MAP = "source-map"  # sourceMappingURL: missing is a warning, the comment is dropped
INTEGRITY = "integrity"  # the value of an integrity attribute; `path` names the file it vouches for
ANCHOR = "anchor"  # a download or a page, if it is a file of ours at all: missing is no problem
LINK = "link"  # anything else that HTML, SVG or a web manifest points to

SAME_ORIGIN = frozenset({WORKER, FRAGMENT})
NEEDS_CORS = frozenset({FONT, CORS, MODULE, DYNAMIC})
ONLY_WARN = frozenset({CUSTOM, SOURCE_MAP})


class Reference(NamedTuple):
    """The path part of one URL in a text.

    ``text[start:end]`` is what is replaced: the path as written, up to but without its ``?query`` and
    ``#fragment``, which stay where they are. Whatever replaces it is plain ASCII without white space, quotes,
    parentheses, ``<``, ``>``, ``&`` and ``\\``, so it needs no escaping in any language.
    """

    start: int  # offsets in characters
    end: int
    path: str  # what the author meant: language escapes (CSS, JS, entities) undone, percent-encoding kept
    kind: str
    suffix: str = ""  # "?v=1#x", language escapes undone; still stands in the text after `end`


SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.\-]*:|[/\\]{2}")  # or protocol-relative; RFC 3986, 3.1


def is_local(url: str) -> bool:
    """Whether *url* could name a file of the site: no scheme, no host, and a path."""
    return bool(url) and url[0] not in "?#" and not SCHEME.match(url)


def split_suffix(url: str) -> tuple[str, str]:
    """``img/a.png?v=1#x`` is ``("img/a.png", "?v=1#x")``."""
    cut = min((at for at in (url.find("?"), url.find("#")) if at >= 0), default=len(url))
    return url[:cut], url[cut:]
