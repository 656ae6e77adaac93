"""An exact lexer of CSS: CSS Syntax Level 3, section 4, for text that was already decoded.

CSS knows no lexical errors: every text is tokens, and nothing here raises. A token is one match of one
regular expression whose repetitions are possessive, so hostile text costs no more than ordinary text.
Where drafts differ, Chromium decides: every character from U+0080 on may stand in a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# Kinds of tokens: the names of the groups of TOKEN.
SPACE = "space"
COMMENT = "comment"
STRING = "string"
BAD_STRING = "bad_string"  # ended by a newline
URL = "url"  # without quotes: url(x)
BAD_URL = "bad_url"
FUNCTION = "function"  # with its "("; url("x") begins with one too
IDENT = "ident"
HASH = "hash"
AT_KEYWORD = "at_keyword"
NUMBER = "number"  # a percentage and a dimension too
CDO = "cdo"  # <!--
CDC = "cdc"  # -->
DELIM = "delim"  # any other character, brackets and punctuation too

# Before Python 3.11.5 a possessive group keeps what its last round tried in vain (gh-106052), unless its last
# alternative is a repeated set: so a run of ordinary characters stands last in each such group.
WHITE = r"[ \t\n\r\f]"
WHITE_CHARS = " \t\n\r\f"
CLOSED_COMMENT = r"/\*[\s\S]*?\*/"
ESCAPE = rf"\\(?:[0-9a-fA-F]{{1,6}}+(?:\r\n|{WHITE})?|[^0-9a-fA-F\n\r\f]|\Z)"


def name_characters(also: str = "") -> str:
    """The class, with its brackets, of what stands in a name without an escape, and of *also*, characters of
    ASCII. U+0000 is read as U+FFFD, so it is one of them.

    It says what is not in it: sets that reach to the end of Unicode take milliseconds to compile.
    """
    others = (chr(code) for code in range(1, 128) if not (chr(code).isalnum() or chr(code) in "_-" + also))
    return f"[^{re.escape(''.join(others))}]"


NAME = rf"(?:{ESCAPE}|{name_characters()}++)"
NAME_START = rf"(?:{ESCAPE}|(?![0-9-]){name_characters()})"
IDENTIFIER = rf"(?:--|-?{NAME_START}){NAME}*+"
NUMERAL = r"[+-]?(?:[0-9]++(?:\.[0-9]++)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?"
STRING_ESCAPE = rf"\\(?:[0-9a-fA-F]{{1,6}}+(?:\r\n|{WHITE})?|\r\n|[\s\S]|\Z)"  # of a newline too
IN_DOUBLE_QUOTES = rf'(?:{STRING_ESCAPE}|[^"\\\n\r\f]++)*+'
IN_SINGLE_QUOTES = rf"(?:{STRING_ESCAPE}|[^'\\\n\r\f]++)*+"
IN_URL = rf"""(?:{ESCAPE}|[^"'()\\\x01-\x20\x7f]++)*+"""


def _letter(upper: str) -> str:
    """A pattern for a letter in any spelling: ``u``, ``U``, ``\\75`` and ``\\000055`` are the same."""
    codes = f"{ord(upper):x}|{ord(upper.lower()):x}"
    return rf"(?:[{upper}{upper.lower()}]|\\0{{0,4}}(?i:{codes})(?:\r\n|{WHITE})?|\\[{upper}{upper.lower()}])"


URL_OPEN = _letter("U") + _letter("R") + _letter("L") + r"\("

TOKEN = re.compile(
    rf"""
    (?P<{SPACE}>{WHITE}++)
  | (?P<{COMMENT}>{CLOSED_COMMENT}|/\*[\s\S]*+)
  | (?P<{URL}>{URL_OPEN}{WHITE}*+(?!["']){IN_URL}{WHITE}*+(?:\)|\Z))
  | (?P<{BAD_URL}>{URL_OPEN}(?!{WHITE}*+["'])(?:{ESCAPE}|\\|[^)\\]++)*+\)?)
  | (?P<{CDC}>-->)
  | (?P<{FUNCTION}>{IDENTIFIER}\()
  | (?P<{IDENT}>{IDENTIFIER})
  | (?P<{NUMBER}>{NUMERAL}(?:%|{IDENTIFIER})?)
  | (?P<{STRING}>"{IN_DOUBLE_QUOTES}(?:"|\Z)|'{IN_SINGLE_QUOTES}(?:'|\Z))
  | (?P<{BAD_STRING}>"{IN_DOUBLE_QUOTES}|'{IN_SINGLE_QUOTES})
  | (?P<{HASH}>\#{NAME}++)
  | (?P<{AT_KEYWORD}>@{IDENTIFIER})
  | (?P<{CDO}><!--)
  | (?P<{DELIM}>[\s\S])
    """,
    re.VERBOSE,
)

# Functions that are replaced before a value is parsed (css-values-5), so that its text is kept; and scripts.
SUBSTITUTES = frozenset({"attr", "env", "expression", "if", "inherit", "random-item", "toggle", "var"})

# Descriptors whose text is kept too: of a function (css-mixins) and of a registered property.
KEPT_NAMES = ("result", "initial-value")

CLOSER = {"(": ")", "[": "]", "{": "}"}  # by the last character of the token that opens
ESCAPED = re.compile(r"\\(?:([0-9a-fA-F]{1,6}+)(?:\r\n|[ \t\n\r\f])?|(\r\n|[\n\r\f])|([\s\S])|\Z)|\x00")


def tokens(text: str, start: int = 0, end: int | None = None) -> list[tuple[str, str]]:
    """The (kind, text) of every token from *start* to *end*, which must lie between tokens."""
    found = TOKEN.finditer(text, start, len(text) if end is None else end)
    return [(match.lastgroup or DELIM, match.group()) for match in found]


def opens(kind: str, token: str) -> bool:
    """Whether a simple block begins here; its end is ``CLOSER[token[-1]]``."""
    return kind == FUNCTION or (kind == DELIM and token in CLOSER)


def nest(closers: list[str], kind: str, token: str) -> None:
    """Keeps *closers*, the ends of the blocks that are open, in step with a token."""
    if closers and kind == DELIM and token == closers[-1]:
        closers.pop()
    elif opens(kind, token):
        closers.append(CLOSER[token[-1]])


def ending(found: Iterable[tuple[str, str]]) -> str:
    """The ``{``, ``}`` or ``;`` that ends a statement, if it is the last of its tokens; or ""."""
    last = ""
    closers: list[str] = []
    for kind, token in found:
        last = token if kind == DELIM and not closers and token in "{};" else ""
        nest(closers, kind, token)
    return last


def unescape(raw: str) -> str:
    """What the inside of a name, a string or a ``url()`` means: ``\\75 rl`` is ``url`` (section 4.3.7)."""
    return ESCAPED.sub(_unescaped, raw) if "\\" in raw or "\0" in raw else raw


def _unescaped(match: re.Match[str]) -> str:
    digits, newline, plain = match.groups()
    if newline:
        return ""  # only in strings
    if digits:
        code = int(digits, 16)
        plain = chr(code) if 0 < code < 0xD800 or 0xE000 <= code <= 0x10FFFF else None
    return plain if plain and plain != "\0" else "\ufffd"
