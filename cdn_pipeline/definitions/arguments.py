"""What an ``{% assets %}`` tag says, whichever template language it stands in."""

from __future__ import annotations

from typing import Any, NamedTuple

from cdn_pipeline.definitions.bundle import filter_names


class Arguments(NamedTuple):
    """The constant arguments of one tag."""

    contents: tuple[str, ...]
    filters: tuple[str, ...]
    output: str  # as written; "" where there is none
    depends: tuple[str, ...]


class Malformed(Exception):
    """The tag would fail in a template, too."""


class Dynamic(Exception):
    """An argument is known only when a page is asked for. Carries the expression."""


def text_of(value: Any, what: str) -> str:
    """Raises `Malformed` for anything but text."""
    if isinstance(value, str):
        return value
    raise Malformed(f"{what} is text, not {value!r}")


def texts_of(value: Any, what: str) -> tuple[str, ...]:
    """Of one text or a sequence of them."""
    if isinstance(value, (list, tuple)):
        return tuple(text_of(item, f"an item of {what}").strip() for item in value)
    return () if value is None else (text_of(value, what),)


def filters_of(value: Any) -> tuple[str, ...]:
    """``"a,b"`` or a sequence of names."""
    return filter_names(value if isinstance(value, str) else texts_of(value, "filters"))
