"""Prints a CSS statement token by token, without the white space and comments that mean nothing."""

from __future__ import annotations

import re
from collections.abc import Callable

from cdn_pipeline.tokens.css import (
    BAD_STRING,
    BAD_URL,
    COMMENT,
    DELIM,
    FUNCTION,
    IDENT,
    KEPT_NAMES,
    SPACE,
    SUBSTITUTES,
    URL,
    WHITE,
    WHITE_CHARS,
    ending,
    name_characters,
    nest,
    tokens,
    unescape,
)

Token = tuple[str, str]  # (kind, text)
IsLoose = Callable[[str, str, str, str], bool]  # the last two tokens, the next one, the bracket around them

_OPEN_ESCAPE = re.compile(r"\\[0-9a-fA-F]{1,6}\Z")  # a space after it would be part of it
_COMBINATORS = (">", "~", "+")
_AFTER_WHICH_LOOSE = ("(", ",", "!")
_BEFORE_WHICH_LOOSE = (")", ",", "!", ";", "}")

# CSSOM gives the preludes of all other at-rules back as they were written.
LOOSE_RULES = re.compile(
    r"@(?:media|layer|page|font-face|(?:-[a-z]+-)?keyframes)(?!" + name_characters("\\") + ")", re.IGNORECASE
)
# Media features that every browser understands; one that it does not, it gives back as it was written.
_W = rf"{WHITE}*"
FEATURE = re.compile(
    rf"\({_W}((?:min-|max-)?(?:width|height)){_W}:{_W}([0-9.]+(?:px|r?em)?){_W}\)"
    rf"|\({_W}(prefers-(?:reduced-motion|color-scheme)|hover|pointer|orientation|forced-colors)"
    rf"{_W}:{_W}(reduce|no-preference|dark|light|hover|none|fine|coarse|portrait|landscape|active){_W}\)"
)


def printed(statement: str) -> str:
    """*statement*, which begins with neither white space nor comment, in fewer characters."""
    found = tokens(statement)
    if not _is_sound(found):
        return statement
    if statement[0] == "@":
        return (
            _print(_prelude(found), _is_loose_in_prelude)
            if LOOSE_RULES.match(statement)
            else _verbatim(found)
        )
    if found[-1] == (DELIM, "{"):
        return _print(found, _is_loose_in_selectors)
    return _declaration(found)


def canonical(statement: str) -> str:
    """What statements that mean the same have in common, even where the text of one can be read back."""
    found = [(kind, "/**/" if kind == COMMENT else text) for kind, text in tokens(statement)]
    if not _is_sound(found):
        return statement
    if statement[0] == "@":
        while found[-1] == (DELIM, "}") and found[-2][0] in (SPACE, COMMENT):  # the end of a prelude
            del found[-2]
        return _print(found, _is_loose_in_any_prelude)
    if found[-1] == (DELIM, "{"):
        return _print(found, _is_loose_in_selectors)
    colon = found.index((DELIM, ":")) if (DELIM, ":") in found else 0
    return _print(found[:colon], _is_loose_in_value) + _print(found[colon:], _is_loose_after_name)


def _is_sound(found: list[Token]) -> bool:
    """Whether all is well-formed: a bad string ends at its newline, what is open takes all that follows."""
    closers: list[str] = []
    for kind, text in found:
        if kind in (BAD_STRING, BAD_URL) or (kind == DELIM and text == "\\"):
            return False
        nest(closers, kind, text)
    return not closers or (closers == ["}"] and found[-1] == (DELIM, "{"))


def feature(match: re.Match[str]) -> str:
    """A match of FEATURE without its white space."""
    width, length, name, value = match.groups()
    return f"({width or name}:{length or value})"


def _declaration(found: list[Token]) -> str:
    if (DELIM, ":") not in found:
        return _print(found, _is_loose_in_value)
    colon = found.index((DELIM, ":"))
    name, value = found[:colon], found[colon + 1 :]
    if (DELIM, "{") in value and not any(
        unescape(text).startswith("--") for kind, text in name if kind == IDENT
    ):
        return "".join(text for _, text in found)  # wrong, but Chromium takes it in some spellings
    text = _verbatim(value, blank=" ") if _is_kept(name, value) else _print(value, _is_loose_in_value)
    return f"{_print(name, _is_loose_in_value)}:{text}"


def _is_kept(name: list[Token], value: list[Token]) -> bool:
    """Whether the text of the value can be read back, or is a script."""
    words = {unescape(text).lower() for kind, text in (*name, *value) if kind in (IDENT, FUNCTION)}
    return any(
        word.startswith("--") or word == "progid" or (word[-1] == "(" and word[:-1] in SUBSTITUTES)
        for word in words
    ) or any(unescape(text).lower() in KEPT_NAMES for kind, text in name)


def _verbatim(found: list[Token], blank: str = "") -> str:
    """The text as it is, without white space at the ends."""
    end = ending(found)
    body = found[: len(found) - bool(end)]
    while body and body[0][0] == SPACE:
        body = body[1:]
    while body and body[-1][0] == SPACE:
        body = body[:-1]
    return ("".join(text for _, text in body) or blank) + end


def _prelude(found: list[Token]) -> list[Token]:
    """*found* with each bracket and what is in it as one token."""
    grouped: list[Token] = []
    closers: list[str] = []
    group: list[str] = []
    for kind, text in found:
        group.append(text)
        if closers or text != "{":
            nest(closers, kind, text)
        if not closers:
            raw = "".join(group)
            is_plain = len(group) == 1 or "'" in raw or '"' in raw
            grouped.append(
                (kind if len(group) == 1 else DELIM, raw if is_plain else FEATURE.sub(feature, raw))
            )
            group.clear()
    return [*grouped, *([(DELIM, "".join(group))] if group else [])]


def _print(found: list[Token], is_loose: IsLoose) -> str:
    """The tokens, with a space wherever white space between two of them means something."""
    out: list[str] = []
    closers: list[str] = []
    gap: list[Token] = []
    before = left = raw = ""
    for kind, text in found:
        if kind in (SPACE, COMMENT):
            gap.append((kind, text))
            continue
        text = _bare(text) if kind == URL else text
        if gap:
            within = closers[-1] if closers else ""
            out.append(_gap(gap, raw, text, not left or is_loose(before, left, text, within)))
            gap = []
        out.append(text)
        nest(closers, kind, text)
        before, left, raw = left, "(" if kind == FUNCTION else text, text
    return "".join((*out, _gap(gap, "", "", True)))


def _bare(url: str) -> str:
    """The ``url()`` token without white space inside."""
    if "\\" in url or url[-1] != ")":
        return url
    return f"{url[:4]}{url[4:-1].strip(WHITE_CHARS)})"


def _gap(gap: list[Token], left: str, right: str, is_loose: bool) -> str:
    """What must stay of the white space and comments between the tokens *left* and *right*."""
    kept = "".join(text for _, text in gap if text.startswith("/*!"))
    if any(kind == SPACE for kind, _ in gap):
        if is_loose:
            return kept
        return ("  " if gap[0][0] == COMMENT and _OPEN_ESCAPE.search(left) else " ") + kept
    return kept or ("/**/" if not is_loose and _would_join(left, right) else "")


def _would_join(left: str, right: str) -> bool:
    """Whether two tokens would be other tokens without a comment between; ``<!--`` and ``U+1`` take more."""
    if not left or not right:
        return False
    if left in ("<", "!") or (left in ("u", "U") and right[0] == "+"):
        return True
    return [text for _, text in tokens(left + right)] != [left, right]


def _is_loose_in_value(before: str, left: str, right: str, within: str) -> bool:
    if left == "<":
        return False  # < !--
    return left in _AFTER_WHICH_LOOSE or right in _BEFORE_WHICH_LOOSE


def _is_loose_after_name(before: str, left: str, right: str, within: str) -> bool:
    return (left == ":" and not before) or _is_loose_in_value(before, left, right, within)


def _is_loose_in_prelude(before: str, left: str, right: str, within: str) -> bool:
    return left == "," or right in (",", "{", ";")


def _is_loose_in_any_prelude(before: str, left: str, right: str, within: str) -> bool:
    if within:
        return left in ("(", ",", ":") or right in (")", ",", ":")
    if left[0] == "@" and right == "(":
        return True
    return _is_loose_in_prelude(before, left, right, within)


def _is_loose_in_selectors(before: str, left: str, right: str, within: str) -> bool:
    if within == "]":
        return left in ("[", "=") or right == "]" or (right == "=" and left not in "~|^$*")
    is_combinator = right in _COMBINATORS or right[0] == "+"  # 2n +1
    if left in _COMBINATORS:
        # :nth-child(+ 3) is wrong, :nth-child(+3) is not; and outside of brackets + 3 is two tokens, +3 one
        is_number = right[0].isdecimal() or (right[0] == "." and right[1:2].isdecimal())
        joins = left == "+" and (before in ("(", ",") or (is_number and not within))
        return not is_combinator and not joins
    if is_combinator:
        return not (left == "--" and right == ">")
    return left in ("(", ",") or right in (")", ",", "{")
