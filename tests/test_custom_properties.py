"""Relative URLs in custom properties."""

from __future__ import annotations

import pytest

from tests.conftest import PLAIN, Site

BOX = "a { background: var(--logo, red) }"


@pytest.mark.parametrize("config", [PLAIN, ""])
def test_a_property_that_a_sheet_elsewhere_uses_is_told_at_its_declaration(site: Site, config: str) -> None:
    theme = ":root {\n  --x: 1; --logo: url(img/a.png?v=1);\n  --own: url(img/a.png);\n}\n"
    site.write({"static/css/theme.css": theme, "static/css/img/a.png": b"a", "static/pages/box.css": BOX})
    built = site.build(config)

    assert list(map(str, built.problems)) == [
        "static/css/theme.css:2:23: 'img/a.png?v=1' in --logo leads to 'css/img/a.png'; without a build, "
        "browsers look for it from static/pages/box.css, which uses it; write the path from the root of the "
        "site, beginning with '/'"
    ]
    assert site.url("css/img/a.png") in site.served("css/theme.css")


@pytest.mark.parametrize(
    ("declared", "user"),
    [
        ("--logo: url(/static/css/img/a.png)", "pages/box.css"),
        ("--logo: url(img/a.png)", "css/box.css"),
        ("--LOGO: url(img/a.png)", "pages/box.css"),
        ("--logo: url(https://example.com/a.png)", "pages/box.css"),
        ("--logo: red; background: url(img/a.png)", "pages/box.css"),
    ],
)
def test_what_means_the_same_everywhere_is_not_told(site: Site, declared: str, user: str) -> None:
    theme = f":root {{ {declared} }}"
    site.write({"static/css/theme.css": theme, "static/css/img/a.png": b"a", f"static/{user}": BOX})

    assert site.build().problems == []


def test_a_bundle_does_not_tell_it_again(site: Site) -> None:
    site.write(
        {
            "static/css/theme.css": ":root { --logo: url(a.png) }",
            "static/css/a.png": b"a",
            "static/pages/box.css": BOX,
            "assets.yaml": "bundles:\n  x:\n    output: gen/x.css\n"
            "    contents: [css/theme.css, pages/box.css]\n",
        }
    )
    built = site.build('[bundles]\ndefinitions = ["assets.yaml"]\n')

    assert [(problem.file, problem.line, problem.column) for problem in built.problems] == [
        ("static/css/theme.css", 1, 21)
    ]
