"""The image candidates of ``srcset`` and ``imagesrcset``, parsed as the HTML standard says (4.8.4.2.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator

SPACE = "\t\n\f\r "
URL = re.compile(r"[\t\n\f\r ,]*+([^\t\n\f\r ]++)")
DESCRIPTORS = re.compile(r"[\t\n\f\r ]*+((?:[^(,]|\([^)]*+(?:\)|\Z))*+),?")
DESCRIPTOR = re.compile(r"(?:[^\t\n\f\r (]|\([^)]*+(?:\)|\Z))++")
WIDTH = re.compile(r"0*[1-9][0-9]*[wh]")
DENSITY = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?x")


def candidates(text: str) -> Iterator[tuple[int, int]]:
    """The span of the URL of each valid candidate, in order."""
    at = 0
    while hit := URL.match(text, at):
        start, at = hit.span(1)
        end = start + len(hit[1].rstrip(","))
        descriptors: list[str] = []
        if end == at:
            following = DESCRIPTORS.match(text, at)
            assert following is not None  # it matches the empty string
            at = following.end()
            descriptors = DESCRIPTOR.findall(following[1])
        if _is_valid(descriptors):
            yield start, end


def _is_valid(descriptors: list[str]) -> bool:
    units = sorted(each[-1] for each in descriptors)
    well_formed = all((DENSITY if each[-1] == "x" else WIDTH).fullmatch(each) for each in descriptors)
    return well_formed and units in ([], ["x"], ["w"], ["h", "w"])
