"""Places in problems are places in the author's text."""

from __future__ import annotations

import pytest

from cdn_pipeline.tokens import before
from tests import conftest
from tests.conftest import Site
from tests.test_bundles import PLAIN, yaml


@pytest.mark.parametrize(("offset", "expected"), [(0, 0), (2, 2), (3, 2), (6, 2), (7, 4), (8, 6), (9, 7)])
def test_an_offset_before_edits(offset: int, expected: int) -> None:
    """``ab12c3d`` has become ``ab(...)cd``."""
    assert before([(2, 4, "(...)"), (5, 6, "")], offset) == expected


def test_an_engine_that_was_not_used_names_the_authors_column(site: Site) -> None:
    site.write({"own.py": "def f(text):\n    return text.replace('red', 'blue')\n", "static/a.png": b""})
    site.write({"static/a.css": "a { background: url(a.png); color: red }"})
    built = site.build(conftest.PLAIN.replace("minify = false", '[minify]\ncss = ["own:f"]'))
    assert built.drafts["a.css"].fallen[0][2:4] == (1, 29)  # the declaration


def test_a_member_that_cannot_be_joined_names_the_authors_column(site: Site) -> None:
    site.write({"assets.yaml": yaml(one_css="output: gen/one.css, contents: [b.css, a.css]")})
    site.write({"static/b.css": "b {}", "static/c.css": "c {}"})
    site.write({"static/a.css": "@import url(c.css); @import 'https://example.com/a.css';"})
    built = site.build(PLAIN)

    assert [(problem.file, problem.line, problem.column) for problem in built.problems] == [
        ("static/a.css", 1, 21)
    ]


def test_an_engine_that_was_not_used_for_a_bundle_names_its_definition(site: Site) -> None:
    site.write({"assets.yaml": yaml(one_css="output: gen/one.css, filters: rcssmin, contents: a.css")})
    site.write({"static/a.css": "a { color: red }\na:is(input[type=url],b) c { color: red }"})
    fallen = site.build(PLAIN).drafts["gen/one.css"].fallen

    assert [(one.engine, one.file, one.line, one.column) for one in fallen] == [
        ("rcssmin", "assets.yaml", 3, 3)
    ]
