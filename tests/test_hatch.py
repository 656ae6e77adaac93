"""The build hook for hatchling, called as pip and `hatch build` call it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.application import BUILT, FILES, HATCH, Application, names, unpack

PROJECT = HATCH.project


@pytest.fixture
def application(tmp_path: Path, ours: Path) -> Application:
    return HATCH.application(tmp_path, ours)


def test_two_wheels_have_the_same_bytes(application: Application) -> None:
    first = application.call("build_wheel").read_bytes()

    assert application.call("build_wheel").read_bytes() == first


def test_an_sdist_has_the_sources_whatever_it_includes_and_git_ignores(
    application: Application, tmp_path: Path
) -> None:
    config = '[bundles]\ndefinitions = ["assets.yaml"]\ntemplates = ["pages"]\n'
    application.write(
        {
            "pyproject.toml": f'{PROJECT}into = "myapp/assets"\n[tool.hatch.build]\ninclude = ["myapp"]\n',
            "cdn_pipeline.toml": FILES["cdn_pipeline.toml"] + config,
            "assets.yaml": "bundles: {}\n",
            "pages/base.html": "",
            "pages/notes.psd": "",
            ".gitignore": "*.png\n",
        }
    )
    application.call("build_wheel")
    sdist = application.call("build_sdist")

    assert names(sdist) == [
        ".gitignore",
        "PKG-INFO",
        "assets.yaml",
        "cdn_pipeline.toml",
        "myapp/__init__.py",
        "pages/base.html",
        "pyproject.toml",
        "static/css/site.css",
        "static/img/logo.png",
    ]
    assert names(application.call("build_wheel", unpack(sdist, tmp_path / "sdist"))) == BUILT


def test_no_package_has_what_earlier_builds_left_in_the_project(application: Application) -> None:
    config = 'minify = false\nbuild = "myapp/assets"\ncache = "myapp/.cache"\n'
    application.write({"cdn_pipeline.toml": config})
    application.write({"static/css/site.css": "a { color: red }\n"})
    application.build()
    application.write({"static/css/site.css": FILES["static/css/site.css"]})
    application.build()

    assert names(application.call("build_wheel")) == BUILT
    assert names(application.call("build_sdist")) == sorted([*FILES, "pyproject.toml", "PKG-INFO"])


def test_an_editable_installation_gets_nothing(application: Application) -> None:
    application.write(
        {"pyproject.toml": f'{PROJECT}into = "myapp/assets"\n[tool.hatch.build]\ndev-mode-dirs = ["."]\n'}
    )
    before = sorted(application.root.rglob("*"))

    assert names(application.call("build_editable")) == ["_myapp.pth"]
    assert sorted(application.root.rglob("*")) == before


def test_what_the_project_excludes_stays_excluded(application: Application) -> None:
    target = (
        '[tool.hatch.build.targets.wheel]\npackages = ["myapp"]\n[tool.hatch.build]\nexclude = ["*.txt"]\n'
    )
    application.write({"myapp/notes.txt": "", "pyproject.toml": f'{PROJECT}into = "myapp/assets"\n{target}'})

    assert names(application.call("build_wheel")) == BUILT


def test_a_project_whose_code_is_not_found_gets_no_wheel_of_assets_alone(application: Application) -> None:
    (application.root / "myapp").rename(application.root / "other")

    assert "Unable to determine which files to ship" in application.failure("build_wheel")


@pytest.mark.parametrize("hook", ["build_wheel", "build_sdist"])
def test_every_wrong_option_is_told_before_anything_is_built(application: Application, hook: str) -> None:
    application.write({"pyproject.toml": f'{PROJECT}inot = "myapp/assets"\ntargets = "origin"\n'})
    place = "pyproject.toml: tool.hatch.build.hooks.cdn-pipeline: "

    assert application.failure(hook).splitlines() == [
        f"cdn-pipeline: {place}unknown option 'inot'; did you mean 'into'?",
        f'{place}into: is missing; say where in the wheel, such as "myapp/assets"',
        f"{place}targets: is 'origin'; must be a list of names, such as [\"origin\"]",
    ]
