"""What a person is told."""

from __future__ import annotations

from typing import Any

from cdn_pipeline import report


def summary(fallen: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "release": "0123",
        "build": "build",
        "seconds": 1.0,
        "targets": {},
        "minify": {"engines": {"css": {"": 13}}, "fallen": fallen},
        "steps": {"scan": 1.0},
        "written": 1,
        "removed": [],
        "bundles": {},
    }


def test_places_of_engines_that_were_not_used_come_by_reason() -> None:
    fallen = [
        {"file": f"{number}.css", "line": number, "column": 0, "engine": "rcssmin", "message": "a reason"}
        for number in range(1, 13)
    ]
    fallen.insert(1, fallen[0] | {"message": "another", "column": 5})

    assert report.text(summary(fallen)).splitlines()[2:6] == [
        "",
        "  minified  css: left as they were 13",
        "            rcssmin not used: a reason: 1.css:1, 2.css:2, 3.css:3, 4.css:4, 5.css:5, 6.css:6, "
        "7.css:7, 8.css:8, 9.css:9, 10.css:10 (+2 more)",
        "            rcssmin not used: another: 1.css:1:5",
    ]
