"""Joins the JavaScript members of a bundle into as few texts as their meaning allows.

What has to be kept: the order; where one member ends and the next begins; whether a member is strict; that
one script can declare a name lexically only once. Modules stay alone. Joining always changes two things: the
functions that a later member declares exist from the beginning, and an error ends the members after it too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cdn_pipeline.join import javascript_script as script
from cdn_pipeline.join.javascript_script import Script
from cdn_pipeline.references import javascript as references
from cdn_pipeline.tokens import LexError

BYTE_ORDER_MARK = "\ufeff"


class Part(NamedTuple):
    """A text that becomes one file, loaded after the parts before it."""

    text: str
    members: tuple[int, ...]  # indexes into what was joined, in order
    module: bool


class JoinError(Exception):
    """A member cannot be read."""

    def __init__(self, index: int, offset: int, message: str) -> None:
        super().__init__(message)
        self.index = index  # of the member
        self.offset = offset  # in its text, in characters
        self.message = message


class Member(NamedTuple):
    """A member and its place in the bundle."""

    at: int
    text: str
    script: Script | None  # None for a module


def join(members: Sequence[tuple[str, str]]) -> list[Part]:
    """The parts of a bundle of (logical path, text), in order: usually one.

    Strict and sloppy scripts share a part only if the strict ones declare nothing: each of these becomes a
    function that is called at once. A member that is a module is a part of its own, as it stands. Raises
    JoinError for a member that cannot be read.
    """
    read = [_member(index, path, text) for index, (path, text) in enumerate(members)]
    return [_part(run) for run in _runs(read)]


def _member(index: int, path: str, text: str) -> Member:
    try:
        if path.lower().endswith(".mjs") or references.is_module(text):
            return Member(index, text, None)
        return Member(index, text, script.read(text))
    except LexError as error:
        raise JoinError(index, error.offset, error.message) from error


def _runs(members: Sequence[Member]) -> Iterator[list[Member]]:
    """The members of each part."""
    run: list[Member] = []
    for member in members:
        if run and not _fits(run, member):
            yield run
            run = []
        run.append(member)
    if run:
        yield run


def _fits(run: Sequence[Member], member: Member) -> bool:
    members = [one for one in (*run, member) if one.text.strip()]
    if any(one.script is None for one in members):
        return len(members) < 2
    scripts = [one.script for one in members if one.script and not one.script.is_empty]
    if not _is_uniform(scripts):
        scripts = [one for one in scripts if not one.is_strict or not one.is_self_contained()]
    return _is_uniform(scripts) and not _clash(scripts)


def _is_uniform(scripts: Sequence[Script]) -> bool:
    return len({one.is_strict for one in scripts}) < 2


def _clash(scripts: Sequence[Script]) -> bool:
    """Whether the last one declares a name that another declares too, if one of them lexically."""
    if not any(one.may_declare_lexically() for one in scripts):
        return False
    try:
        return any(one.names.clash(scripts[-1].names) for one in scripts[:-1])
    except LexError:
        return len(scripts) > 1


def _part(run: Sequence[Member]) -> Part:
    indexes = tuple(member.at for member in run)
    members = [member for member in run if member.text.strip()] or run[:1]
    if len(members) == 1:
        return Part(members[0].text, indexes, members[0].script is None)
    scripts = [member.script for member in members if member.script]
    is_marked = any(member.text.startswith(BYTE_ORDER_MARK) for member in run)
    return Part(BYTE_ORDER_MARK * is_marked + _text(scripts), indexes, False)


def _text(scripts: Sequence[Script]) -> str:
    """The texts in a row, strict ones as functions if not all are strict."""
    is_mixed = not _is_uniform([one for one in scripts if not one.is_empty])
    before, lines = None, []
    for one in scripts:
        one = one.called() if is_mixed and one.is_strict else one
        if before and not one.is_empty and not before.is_whole_before(one):
            lines.append(";")
        lines.append(one.text if one.text.endswith("\n") else one.text + "\n")
        before = before if one.is_empty else one
    return "".join(lines)
