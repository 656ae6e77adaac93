"""What _css.c holds."""

from collections.abc import Callable

def divide(text: str, at: int, depth: int, found: list[tuple[int, int, int]]) -> tuple[int, int]:
    """See `css_statements.divide`."""

def joined(text: str, found: list[tuple[int, int, int]], print_one: Callable[[int, int], str]) -> str:
    """See `minify.css.joined`."""
