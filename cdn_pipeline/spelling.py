"""Which known name was probably meant by one that is not known."""

from __future__ import annotations

import posixpath
from collections.abc import Collection

SHORT = 8  # characters; "cnd" and "cdn" have little in common


def nearest(name: str, names: Collection[str]) -> str:
    """The one of *names* that was probably meant, or ""."""
    folded = name.casefold()
    file = posixpath.basename(folded)
    likely = sorted(names)
    for other in likely:
        if other.casefold() == folded:
            return other
    for other in likely:
        if posixpath.basename(other.casefold()) == file:
            return other
    from difflib import get_close_matches  # which a running site without faults never needs

    # A look at twenty thousand paths would take a second.
    short = [other for other in likely if abs(len(other) - len(name)) < 4][:2000]
    alike = 0.75 if len(name) > SHORT else 0.6
    return next(iter(get_close_matches(name, short, 1, alike)), "")


def hint(name: str, names: Collection[str]) -> str:
    """``did you mean 'logo.png'?``; "" where none is near."""
    near = nearest(name, names)
    return f"did you mean {near!r}?" if near else ""
