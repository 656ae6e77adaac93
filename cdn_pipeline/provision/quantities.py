"""CloudFront's lists, each in a structure of its own with its length, as plain lists and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OTHER = ("TenantConfig",)  # has lists of the usual kind


def plain(value: Any) -> Any:
    """``{"Quantity": 1, "Items": [x]}`` is ``[x]``; where there is more beside it, ``{"Items": [x], …}``."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    found = {key: each if key in OTHER else plain(each) for key, each in value.items() if key != "Quantity"}
    if "Quantity" not in value:
        return found
    found.setdefault("Items", [])
    return found["Items"] if len(found) == 1 else found


def packed(value: Any) -> Any:
    """The reverse of `plain`, without what is ``None``."""
    if isinstance(value, list):
        return _counted([packed(each) for each in value])
    if not isinstance(value, Mapping):
        return value
    there = {key: each for key, each in value.items() if key != "Items" and each is not None}
    found = {key: each if key in OTHER else packed(each) for key, each in there.items()}
    return found | (_counted([packed(each) for each in value["Items"]]) if "Items" in value else {})


def _counted(items: list[Any]) -> dict[str, Any]:
    return {"Quantity": len(items)} | ({"Items": items} if items else {})
