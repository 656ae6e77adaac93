"""Listings, page by page: ListObjectsV2 and ListObjectVersions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from urllib.parse import unquote_plus
from xml.etree import ElementTree

from cdn_pipeline.stores import Listed


def objects(page: ElementTree.Element) -> Iterator[Listed]:
    """What one page of objects, or of versions without the markers of deleted ones, tells. Keys are whole."""
    decoded = _decoded(page)
    for entry in page:
        if entry.tag in ("Contents", "Version"):
            told = {child.tag: child.text or "" for child in entry}
            yield Listed(
                decoded(told["Key"]),
                int(told["Size"]),
                told["ETag"],
                datetime.fromisoformat(told["LastModified"]).timestamp(),
                told.get("VersionId"),
            )


def _decoded(page: ElementTree.Element) -> Callable[[str], str]:
    """Not every server encodes keys when it is asked to."""
    return unquote_plus if page.findtext("EncodingType") == "url" else str


def page(body: bytes) -> ElementTree.Element:
    """The elements of an answer, without their namespace."""
    root = ElementTree.fromstring(body)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def etag(body: bytes) -> str:
    """Of an object that was uploaded in parts."""
    return page(body).findtext("ETag", "")


def next_objects(page: ElementTree.Element) -> dict[str, str] | None:
    """The parameters that ask for what follows; ``None`` where nothing does."""
    if page.findtext("IsTruncated") != "true":
        return None
    return {"continuation-token": page.findtext("NextContinuationToken", "")}


def next_versions(page: ElementTree.Element) -> dict[str, str] | None:
    """The same for a page of versions."""
    if page.findtext("IsTruncated") != "true":
        return None
    return {
        "key-marker": _decoded(page)(page.findtext("NextKeyMarker", "")),
        "version-id-marker": page.findtext("NextVersionIdMarker", ""),
    }
