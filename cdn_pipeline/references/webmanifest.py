"""References in a web app manifest: its images. The pages that it names (``start_url``, ``scope``, ``id``,
``url``, ``action``) are no assets."""

from __future__ import annotations

from cdn_pipeline.references import IMAGE, Reference, address
from cdn_pipeline.tokens import json
from cdn_pipeline.tokens.decoded import Decoded

# Members that hold lists of images, by the way to them; a list is entered item by item.
IMAGES = (
    ("icons",),
    ("screenshots",),
    ("shortcuts", "icons"),
    ("file_handlers", "icons"),
    ("widgets", "icons"),
    ("widgets", "screenshots"),
    ("tab_strip", "home_tab", "icons"),
)


def references(text: str) -> list[Reference]:
    """In order of place. Raises LexError if *text* is not JSON."""
    root = json.parse(text)
    sources = [source for way in IMAGES for source in _below([root], (*way, "src"))]
    found = (address.reference(source, IMAGE) for source in sources if isinstance(source, Decoded))
    return sorted(each for each in found if each)


def _below(values: list[json.Value], way: tuple[str, ...]) -> list[json.Value]:
    for key in way:
        entered = [item for value in values for item in _items(value)]
        values = [found for each in entered if isinstance(each, json.Object) for found in each.values(key)]
    return values


def _items(value: json.Value) -> list[json.Value]:
    return value.items if isinstance(value, json.Array) else [value]
