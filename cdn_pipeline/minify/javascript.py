"""The JavaScript printer: the text without the white space and comments that its grammar can spare.

Nothing else changes: the tokens are the same, one by one. Between two of them stands nothing; or a space,
where they would run together; or a line end, where there was one and automatic semicolon insertion might
need it. Which is which is told by the characters next to the gap, so each step is one substitution over the
compact code, in which every literal is one character.
"""

from __future__ import annotations

import re
from itertools import chain

from ..tokens import javascript as tokens
from ..tokens import javascript_characters as characters
from ..tokens.javascript_pieces import LITERAL_MARKS, Pieces

KEPT_COMMENT = "\x01"

_WORD = characters.WORD
# What may end a statement, and what may begin one or the next member of a class, were it not for a line end.
# More than that, for simplicity; but never "/", ".", "," and other operators, where nothing is ever
# inserted.
_ENDS = rf"[{_WORD})\]}}\"'`]|\+\+|--|[0-9]\."
_BEGINS = rf"[{_WORD}{{\[(\"'`\x02+\-!~#@*]|\.[0-9]"

_LINE_ENDS = re.compile(f"[{characters.LINE_END}]")
_BLANK_BEYOND_ASCII = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff]")
_LINES = re.compile(r"\n[ \t\v\f\n]+")
_BLANKS = re.compile(r"[ \t\v\f]{2,}|[\t\v\f]")
_GAP_WITH_COMMENT = re.compile(r"[ \n]?\x01[ \n\x01]*")
_END = re.compile(rf"(?:{_ENDS})\Z")
_LITERAL = re.compile(f"[{re.escape(LITERAL_MARKS)}{KEPT_COMMENT}]")


def _runs_together(gap: str) -> str:
    """Pattern for what must not come next when only *gap* stands before it."""
    return (
        rf"(?<=[{_WORD}']{gap})[{_WORD}]"
        rf"|(?<=\+{gap})\+|(?<=-{gap})[->]"
        rf"|(?<=/{gap})['/\x01]|(?<='{gap})[/*]"
        rf"|(?<=[0-9]{gap})\.|(?<=[0-9]\.{gap})[{_WORD}.]|(?<=\?{gap})\."
        rf"|(?<=<{gap})!|(?<=<!{gap})-"  # "<!--" begins a comment
    )


_SPARE_SPACE = re.compile(rf" (?!{_runs_together(' ')})")
_ENDS_BEFORE = "|".join(rf"(?<={end}\n)" for end in (rf"[{_WORD})\]}}\"'`\x01]", r"\+\+", "--", r"[0-9]\."))
_SPARE_LINE_END = re.compile(rf"\n(?!(?:{_ENDS_BEFORE})(?:{_BEGINS})|{_runs_together(chr(10))})")


def minify(text: str) -> str:
    """*text* without needless white space and comments; ``/*! */`` comments and a hashbang stay.

    The result has the same syntax tree, and minifying it again changes nothing. Raises LexError where the
    lexer cannot read the text with certainty.
    """
    cut = tokens.pieces(text)
    code, literals = _keep(cut)
    code = _squeeze(code)
    stretches = _LITERAL.split(code)
    return _prefix(text, cut) + "".join(chain.from_iterable(zip(stretches, [*literals, ""], strict=True)))


def _prefix(text: str, cut: Pieces) -> str:
    """A byte-order mark tells browsers the encoding, a hashbang others the program."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    has_hashbang = cut.literals and cut.literals[0].startswith("#!")
    return f"{mark}{cut.literals[0]}\n" if has_hashbang else mark


def _keep(cut: Pieces) -> tuple[str, list[str]]:
    """Compact code in which a comment is a mark only if it stays, and the literals that have a mark there."""
    marks = [
        KEPT_COMMENT if literal.startswith("/*!") else mark
        for mark, literal in zip(cut.marks, cut.literals, strict=True)
    ]
    kept = [literal for mark, literal in zip(marks, cut.literals, strict=True) if not mark.isspace() and mark]
    return cut._replace(marks=marks).compact(), kept


def _squeeze(code: str) -> str:
    code = _one_character_gaps(code)
    if KEPT_COMMENT in code:
        code = _GAP_WITH_COMMENT.sub(_gap_with_comment, code)
    code = _SPARE_SPACE.sub("", code.strip(" \n"))
    return _SPARE_LINE_END.sub("", code)


def _one_character_gaps(code: str) -> str:
    """Every gap a single space, or a single line end if it had one."""
    if not code.isascii():
        code = _BLANK_BEYOND_ASCII.sub(" ", code)
    code = _LINE_ENDS.sub("\n", code) if "\r" in code or not code.isascii() else code
    code = _BLANKS.sub(" ", _LINES.sub("\n", code))
    return code.replace(" \n", "\n")


def _gap_with_comment(gap: re.Match[str]) -> str:
    """The comments, a line end after them if one may matter, a space where a slash would join them."""
    code, start = gap.string, gap.start()
    comments = KEPT_COMMENT * gap[0].count(KEPT_COMMENT)
    before = code[max(0, start - 2) : start]
    space = " " if before.endswith("/") else ""
    return space + comments + ("\n" if "\n" in gap[0] and _END.search(before) else "")
