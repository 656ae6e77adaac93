"""A CSS statement in fewer characters: without the white space and comments that mean nothing.

Most statements take a short way here, by operations on strings; ``css_printer`` prints those that have
comments, unusual strings or escapes, by the same rules.
"""

from __future__ import annotations

import re

from cdn_pipeline.tokens.css import KEPT_NAMES, SUBSTITUTES, WHITE, WHITE_CHARS
from cdn_pipeline.tokens.css_printer import FEATURE, LOOSE_RULES, canonical, feature, printed

_KEPT = re.compile(
    rf"--|progid:|(?:{'|'.join(sorted(SUBSTITUTES))})\(|^(?:{'|'.join(KEPT_NAMES)})\b", re.IGNORECASE
)
_GAP = re.compile(rf"{WHITE}|/\*")
# A statement without these needs no lexer; nor does one where they are part of what is harmless.
_ODD = re.compile(r"[^a-zA-Z0-9_\-.#:,>~+*%!@&^$|=?;{} \t\n\r\f()/]|/\*|[lL]\(")
_HARMLESS = re.compile(
    r"""url\([a-zA-Z0-9_\-./?\#%=&]*\)|\\[:/.%@&*=\#!\[\]]"""
    r"""|"(?:[a-zA-Z0-9_\-./?\#%=&]|\\[0-9a-fA-F])*"|'(?:[a-zA-Z0-9_\-./?\#%=&]|\\[0-9a-fA-F])*'"""
    r"""|\[[a-zA-Z0-9_\-]+(?:[~|^$*]?=(?:[a-zA-Z0-9_\-]+|"[a-zA-Z0-9_\-./?\#%=&]*"))?\]"""
)
_CROWDED = re.compile(r"[>~+][>~+]|-->|[(,]\+|\+ \.?[0-9]")
_GAP_IN_BRACKETS = re.compile(r"\([^)]*[ \t\n\r\f]")


def squeezed(statement: str) -> str:
    """*statement*, which begins with neither white space nor comment, in fewer characters."""
    if not _GAP.search(statement):
        return statement
    if _ODD.search(statement) and _ODD.search(_HARMLESS.sub("", statement)):
        return printed(statement)
    if statement[0] == "@":
        return _at_rule(statement)
    return _selectors(statement) if statement[-1] == "{" else _declaration(statement)


def essence(statement: str) -> str:
    """What statements that mean the same have in common, even where the text of one can be read back."""
    if statement[0] == "@" or "/*!" in statement or _KEPT.search(statement):
        return canonical(statement)
    return squeezed(statement)


def _at_rule(statement: str) -> str:
    if not LOOSE_RULES.match(statement):
        return _trimmed(statement)
    prelude = FEATURE.sub(feature, statement)
    if _GAP_IN_BRACKETS.search(prelude):
        return printed(statement)
    return _without_gaps(" ".join(prelude.split()), (",", "{", ";"), (",",))


def _selectors(statement: str) -> str:
    text = " ".join(statement.split())
    if " " not in text:
        return text
    text = _without_gaps(text, (")", ",", ">", "~", "+", "{"), ("(", ",", ">", "~"))
    if _CROWDED.search(text):
        return printed(statement)
    return text.replace("+ ", "+")


def _declaration(statement: str) -> str:
    name, colon, value = statement.partition(":")
    if "\\" in name or "\\!" in value or "{" in value:
        return printed(statement)
    if _KEPT.search(statement):
        return f"{_value(name)}:{_trimmed(value.lstrip(WHITE_CHARS), blank=' ')}" if colon else _value(name)
    return f"{_value(name)}{colon}{_value(value)}"


def _value(text: str) -> str:
    return _without_gaps(" ".join(text.split()), (")", ",", "!", ";", "}"), ("(", ",", "!"))


def _trimmed(text: str, blank: str = "") -> str:
    """*text* without white space at its end, or before the ``;``, ``{`` or ``}`` there."""
    end = text[-1:] if text[-1:] in ("{", "}", ";") else ""
    body = text[: len(text) - len(end)].rstrip(WHITE_CHARS)
    return (body or blank) + end


def _without_gaps(text: str, before: tuple[str, ...], after: tuple[str, ...]) -> str:
    if " " in text:
        for character in before:
            text = text.replace(" " + character, character)
        for character in after:
            text = text.replace(character + " ", character)
    return text
