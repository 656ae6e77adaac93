"""Guards, one per language: do two texts mean the same, token by token?

Each has ``difference(before, after) -> Difference | None``; ``None`` means that *after* differs from *before*
only where the language's grammar gives white space and comments no meaning.
"""

from __future__ import annotations

from typing import NamedTuple


class Difference(NamedTuple):
    """The first place where a rewritten text stops meaning what the original meant."""

    offset: int  # in the text before, in characters
    message: str  # what was expected and what came, short enough for one line
