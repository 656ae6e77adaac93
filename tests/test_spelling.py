"""Which known name was probably meant."""

from __future__ import annotations

import pytest

from cdn_pipeline.spelling import nearest

NAMES = ["css/site.css", "img/logo.png", "img/Straße.png", "js/site.js", "js/site.min.js"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("css/Site.CSS", "css/site.css"),
        ("/css/site.css", "css/site.css"),
        ("logo.png", "img/logo.png"),
        ("images/LOGO.png", "img/logo.png"),
        ("img/STRASSE.png", "img/Straße.png"),
        ("css/sit.css", "css/site.css"),
        ("js/siet.js", "js/site.js"),
        ("nothing", ""),
        ("", ""),
    ],
)
def test_the_nearest_name(name: str, meant: str) -> None:
    assert nearest(name, NAMES) == meant


def test_of_no_names_none_is_near() -> None:
    assert nearest("a", []) == ""
