"""The name by which a bundle is asked for, made from what its author wrote.

The build and a running site make it from the same words, so that one finds what the other made.
"""

from __future__ import annotations

import hashlib
import json
import os.path
import posixpath
import re
from collections.abc import Sequence

GENERATED = "gen"  # directory of the outputs that nobody named
VERSION = "%(version)s"
TAG_OPTIONS = frozenset(("filters", "filter", "output", "debug", "depends"))  # that ``{% assets %}`` takes


def generated_name(contents: Sequence[str], filters: str | Sequence[str] | None) -> str:
    """The name of a bundle for which nobody wrote one, without extension: ``gen/0123456789ab``.

    Made from what its author wrote, so that a running site finds it by the arguments of the tag.
    """
    written = json.dumps([list(contents), list(filter_names(filters))])
    return f"{GENERATED}/{hashlib.sha256(written.encode()).hexdigest()[:12]}"


def tag_name(contents: Sequence[str], filters: str | Sequence[str] | None, output: str | None) -> str:
    """Under which name the bundle of an ``{% assets %}`` tag is known, from the tag's arguments as written.

    A tag that does nothing but name one bundle, or one file, means that one.
    """
    if output:
        return clean_output(output)
    if len(contents) == 1 and not filter_names(filters):
        return contents[0]
    return generated_name(contents, filters)


def unknown_option(name: str) -> str:
    """What is wrong with a tag that has *name* among its options."""
    return f"unknown keyword {name!r}; it takes filters, output, depends and debug"


def filter_names(value: str | Sequence[str] | None) -> tuple[str, ...]:
    """``"jsmin, gzip"`` and ``["jsmin", "gzip"]`` are the same two filters."""
    names = value.split(",") if isinstance(value, str) else value or ()
    return tuple(name.strip() for name in names if name.strip())


def clean_output(output: str, name: str = "") -> str:
    """*output* without ``%(version)s`` and the separator before it: the fingerprint takes its place.

    ``gen/all.%(version)s.js`` is ``gen/all.js``; where nothing of the file's name is left, *name* is it.
    """
    if VERSION not in output:
        return output
    marked = output.replace(VERSION, "\0")
    marked = re.sub(r"(^|/)\0(?=\.[^/]*$)", lambda hit: hit[1] + file_name(name or marked), marked)
    marked = re.sub(r"(^|/)\0[-._~+@/]?", r"\1", marked)
    return re.sub(r"[-._~+@]?\0", "", marked)


def file_name(name: str) -> str:
    """The part of a bundle's name that can name a file."""
    stem = posixpath.basename(os.path.splitext(name)[0]).replace("\0", "") or "bundle"
    return re.sub(r"[^\w.-]+", "-", stem).strip("-.") or "bundle"
