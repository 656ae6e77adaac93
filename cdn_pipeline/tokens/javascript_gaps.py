"""What stands between two tokens of JavaScript, as far as it has a meaning.

Nothing; or a space, where they would run together; or a line end, where automatic semicolon insertion might
need it. Which is which is told by the characters next to the gap, so `squeeze` is a few substitutions over
compact code, in which every literal is one character.
"""

from __future__ import annotations

import re

from . import javascript_characters as characters
from . import native

KEPT_COMMENT = "\x01"  # the mark of a comment that stays

_WORD = characters.word()
_WORD_OR_STRING = characters.word("'")
# What may end a statement, and what may begin one or the next member of a class, were it not for a line end.
# More than may, for simplicity; but never an operator that can only stand between two operands. A line end
# before "=>" is an error, which must neither come nor go.
_FIRST = characters.word("{[(\"'`\x02+-!~#@*")
_ENDS = (characters.word(")]}\"'`\x01"), r"\+\+", "--", r"[0-9]\.")
_BEGINS = rf"(?:{_FIRST}|\.[0-9]|=>)"
_END = re.compile(rf"(?:{'|'.join(_ENDS)})\Z")
_BEGIN = re.compile(_BEGINS)


def _runs_together(gap: str) -> str:
    """Pattern for what must not come next where only *gap* is before it. It need not be valid."""
    return (
        rf"(?<={_WORD_OR_STRING}{gap}){_WORD}"
        rf"|(?<=\.{gap})(?:[.0-9]|(?<=[0-9]\.{gap}){_WORD})"
        r"|(?=[=>+\-*&|<?.!/'\x01])(?:"  # only to save time
        rf"(?<=[+\-*/%&|^<>=!?]{gap})=|(?<=[=\-]{gap})>|(?<=([+\-*&|<>?]){gap})\1"
        rf"|(?<=/{gap})['/*\x01]|(?<='{gap})[/*]|(?<=[0-9?]{gap})\."
        rf"|(?<=<{gap})!|(?<=<!{gap})-)"  # "<!--" begins a comment
    )


_ENDS_BEFORE = "|".join(rf"(?<={end}\n)" for end in _ENDS)
_SPARE_SPACE = re.compile(rf" (?!{_runs_together(' ')})")
_SPARE_LINE_END = re.compile(rf"\n(?!(?:{_ENDS_BEFORE}){_BEGINS}|{_runs_together(chr(10))})")
_LINE_END = re.compile("[\r\u2028\u2029]")
_BLANK_BEYOND_ASCII = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff]")
_LINES = re.compile(r"\n[ \t\v\f\n]+")
_BLANKS = re.compile(r"[ \t\v\f]{2,}|[\t\v\f]")
_GAP_WITH_COMMENT = re.compile(r"[ \n]?\x01[ \n\x01]*")


def squeeze(code: str) -> str:
    """Compact code without the white space that it can spare; squeezing it again changes nothing."""
    if native.javascript:
        return native.javascript.squeeze(code)
    code = _single(code)
    if KEPT_COMMENT in code:
        code = _GAP_WITH_COMMENT.sub(_gap_with_comment, code)
    code = _SPARE_SPACE.sub("", code.strip(" \n"))
    return _SPARE_LINE_END.sub("", code)


def line_end_matters(before: str, after: str) -> bool:
    """Whether a line end between two tokens might have a meaning. For a literal, give its mark."""
    return bool(_END.search(before[-2:]) and _BEGIN.match(after))


def _single(code: str) -> str:
    """Every gap one line end if it had any, else one space."""
    if not code.isascii():
        code = _BLANK_BEYOND_ASCII.sub(" ", code)
    code = _LINE_END.sub("\n", code)
    code = _BLANKS.sub(" ", _LINES.sub("\n", code))
    return code.replace(" \n", "\n")


def _gap_with_comment(gap: re.Match[str]) -> str:
    """The comments, a line end after them if one may matter, a space where a slash would join them."""
    code, start = gap.string, gap.start()
    comments = KEPT_COMMENT * gap[0].count(KEPT_COMMENT)
    before = code[max(0, start - 2) : start]
    space = " " if before.endswith("/") else ""
    return space + comments + ("\n" if "\n" in gap[0] and _END.search(before) else "")
