"""Files with snippets, for bundles and page groups."""

from __future__ import annotations

import json

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdn_pipeline import includes, snippets
from tests.test_snippets import manifest


def test_every_bundle_and_group_gets_a_file() -> None:
    site = manifest(**{"css/site.css": {"parts": ["a.css"]}, "Site": {"parts": ["a.js"]}})
    written = includes.includes(site, {"home": ["Site", "m.js"], "empty": []})

    assert sorted(written) == [
        "bundles/Site.html",
        "bundles/css%2Fsite.css.html",
        "groups/empty.html",
        "groups/home.html",
        "importmap.html",
    ]
    assert written["bundles/Site.html"] == snippets.tags(site, ["Site"])
    assert written["groups/home.html"] == snippets.page(site, ["Site", "m.js"])
    assert written["groups/empty.html"] == ""


def test_all_unknown_members_of_groups_are_named_at_once() -> None:
    groups = {"home": ["a.cs"], "more": ["a.css", "xyz"]}

    assert includes.unknown(groups, manifest()["bundles"], manifest()["files"]) == [
        ("home", "a.cs", "did you mean 'a.css'?"),
        ("more", "xyz", ""),
    ]


@pytest.mark.parametrize(
    "hostile", ["{{ 1 }}", "{% if %}", "{# x #}", "<%= x %>", "${x}", "\"><b>&'", "</script>"]
)
def test_no_url_becomes_markup_or_template_syntax(hostile: str) -> None:
    site = manifest()
    for name in ("a.css", "m.js", "n.js", "f.woff2"):
        site["files"][name]["url"] = f"/{hostile}/{name}"
    for text in includes.includes(site, {"all": ["a.css", "m.js"]}).values():
        assert jinja2.Template(text, keep_trailing_newline=True).render() == text
        assert not any(mark in text for mark in ("{{", "}}", "{%", "%}", "{#", "#}", "<%", "${", "<b>"))
        assert text.count("</script>") == text.count("<script")
    source = snippets.import_map(site)
    imports = json.loads(source[source.index("{") : source.rindex("}") + 1])["imports"]
    assert imports["/static/m.js"] == f"/{hostile}/m.js"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), unique=True, max_size=5))
def test_no_two_names_share_a_file(names: list[str]) -> None:
    files = includes.file_names([*names, "A", "a", "x" * 200, "x" * 201, "A~"])

    assert len({name.lower() for name in files.values()}) == len(files)
    assert all(len(name) < 200 and "/" not in name and not name.startswith(".") for name in files.values())
