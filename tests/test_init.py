"""The first config of a project."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdn_pipeline import init
from cdn_pipeline.errors import ConfigError
from tests.conftest import Site

NAMES = st.text(st.characters(exclude_categories=["Cs"]))


@given(NAMES, st.lists(NAMES))
def test_whatever_a_project_holds_the_config_is_valid_and_says_it(url: str, names: list[str]) -> None:
    table = tomllib.loads(init.text(init.Project("plain", names, names, names, url)))

    assert table["targets"]["origin"]["url"] == url
    assert table["source"] == table["bundles"]["templates"] == table["bundles"]["definitions"] == names


def test_a_static_url_with_a_quote_is_kept(site: Site) -> None:
    site.write({"manage.py": "", "settings.py": "STATIC_URL = '/a\"b\\\\c/'\n"})
    init.write(site.root / "cdn_pipeline.toml")
    table = tomllib.loads((site.root / "cdn_pipeline.toml").read_text())

    assert table["targets"]["origin"]["url"] == '/a"b\\c/'


def test_a_config_in_the_project_file_is_not_passed_over(site: Site) -> None:
    site.write({"pyproject.toml": '[tool.cdn_pipeline]\nbuild = "out"\n'})
    with pytest.raises(ConfigError) as raised:
        init.write(site.root / "cdn_pipeline.toml")

    assert str(raised.value) == (
        f"{site.root}/pyproject.toml: has a [tool.cdn_pipeline] already, which a new file would take the "
        "place of; edit it, or remove it first"
    )
    assert not (site.root / "cdn_pipeline.toml").exists()


def test_what_is_not_utf_8_is_left_out_and_told(site: Site) -> None:
    site.write(
        {"static/a.css": "", "app\udcff/static/b.css": "", "a\udcff.yaml": "bundles:\n", "manage.py": ""}
    )
    site.write({"settings.py": "STATIC_URL = '/\\udcff/'\n"})
    said = init.write(site.root / "cdn_pipeline.toml")
    table = tomllib.loads((site.root / "cdn_pipeline.toml").read_text())

    assert (table["source"], table["bundles"]["definitions"]) == (["static"], [])
    for name in ("app\udcff", "a\udcff.yaml"):
        assert f"; {name} is left out, for its name is not UTF-8: rename it, then add it" in said


def test_a_project_may_lie_in_a_directory_that_is_not_utf_8(site: Site) -> None:
    site.write({"shop\udcff/static/a.css": ""})
    project = site.root / "shop\udcff"
    init.write(project / "cdn_pipeline.toml")

    assert tomllib.loads((project / "cdn_pipeline.toml").read_text())["source"] == ["static"]


@pytest.mark.parametrize("text", ["", "[tool.mypy]\n", "tool = 1\n", "not toml\n"])
def test_a_project_file_without_a_config_is_no_obstacle(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    init.write(tmp_path / "cdn_pipeline.toml")

    assert (tmp_path / "cdn_pipeline.toml").exists()
