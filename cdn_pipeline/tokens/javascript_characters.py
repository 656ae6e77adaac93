"""What JavaScript's lexical grammar makes of single characters (ECMA-262, 12.2 to 12.7).

Fragments for the inside of a regular expression's ``[…]``; Python's own ``\\s`` and ``\\w`` are other sets.
"""

from __future__ import annotations

import re
import unicodedata

LINE_END = "\\n\\r\\u2028\\u2029"
BLANK = "\\t\\v\\f \\xa0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000\\ufeff"
SPACE = BLANK + LINE_END
SPACES = "\t\v\f \xa0\u1680\u202f\u205f\u3000\ufeff\n\r\u2028\u2029" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_NO_WORD = [chr(code) for code in range(128) if not (chr(code).isalnum() or chr(code) in "_$\\")]


def word(also: str = "") -> str:
    """The class, with its brackets, of whatever may stand in a name or a number, of "\\", the mark of an
    escape in a name, and of *also*, characters of ASCII. Those beyond ASCII are looked at one by one in
    `first_stray`. It says what is not in it: sets up to the end of Unicode take milliseconds to compile.
    """
    return f"[^{_others(also)}]"


def no_word() -> str:
    """The complement of `word`."""
    return f"[{_others('')}]"


def _others(also: str) -> str:
    return re.escape("".join(each for each in _NO_WORD if each not in also)) + SPACE


# The frozen Unicode 3.2 tables, so that no two versions of Python disagree about a text; what came later is
# unassigned ("Cn") there, and let through.
_CATEGORY = unicodedata.ucd_3_2_0.category
_IN_NAMES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nl", "Mn", "Mc", "Nd", "Pc", "Cn"})
# Other_ID_Start and Other_ID_Continue of PropList.txt, and the two joiners.
_ALSO_IN_NAMES = frozenset(
    "\u1885\u1886\u2118\u212e\u309b\u309c\xb7\u0387\u19da\u200c\u200d\u30fb\uff65"
).union(map(chr, range(0x1369, 0x1372)))


def first_stray(code: str) -> int:
    """Offset of the first character beyond ASCII that can stand in no name, or -1; white space is fine."""
    strays = [character for character in set(code) if character > "\x7f" and not _is_legal(character)]
    return min((code.index(stray) for stray in strays), default=-1)


def _is_legal(character: str) -> bool:
    return character in SPACES or character in _ALSO_IN_NAMES or _CATEGORY(character) in _IN_NAMES
