"""Manifest options: what a running site may ask of its manifest, checked before a page needs it."""

from __future__ import annotations

MISSING = ("error", "plain")


def check_missing(value: object, name: str = "missing") -> None:
    """*name* is that of the setting. Raises `ValueError`."""
    if value not in MISSING:
        raise ValueError(f"{name} is {value!r}; it must be one of {', '.join(map(repr, MISSING))}")


def check_reload(value: object, name: str = "reload") -> None:
    """*name* is that of the setting. Raises `ValueError`."""
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool) and value >= 0):
        return
    raise ValueError(f"{name} is {value!r}; it must be a number of seconds, or None for never")
