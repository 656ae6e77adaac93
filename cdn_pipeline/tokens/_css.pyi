"""What _css.c holds."""

def divide(text: str, at: int, depth: int, found: list[tuple[int, int, int]]) -> tuple[int, int]:
    """See `css_statements.divide`."""
