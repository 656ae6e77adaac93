"""The build hook for hatchling, called as pip and `hatch build` call it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cdn_pipeline.manifest import Manifest
from tests.application import BUILT, FILES, Application, names, unpack

PROJECT = """\
[build-system]
requires = ["hatchling", "cdn_pipeline"]
build-backend = "hatchling.build"

[project]
name = "myapp"
version = "1.0"

[tool.hatch.build.hooks.cdn-pipeline]
"""


@pytest.fixture
def application(tmp_path: Path, ours: Path) -> Application:
    made = Application(tmp_path / "project", "hatchling.build", ours)
    made.write({**FILES, "pyproject.toml": f'{PROJECT}into = "myapp/assets"\n'})
    return made


def test_a_wheel_carries_the_outputs_of_a_build(application: Application, tmp_path: Path) -> None:
    wheel = application.call("build_wheel")

    assert names(wheel) == BUILT
    manifest = Manifest.load(unpack(wheel, tmp_path / "site-packages") / "myapp/assets/manifest.json")
    assert manifest.url("img/logo.png") == "/static/img/logo.796120837694.png"


def test_pip_makes_the_same_wheel(application: Application) -> None:
    assert names(application.pip_wheel()) == BUILT


def test_two_wheels_have_the_same_bytes(application: Application) -> None:
    first = application.call("build_wheel").read_bytes()

    assert application.call("build_wheel").read_bytes() == first


def test_git_sees_nothing_new_after_a_build(application: Application) -> None:
    before = application.seen_by_git()
    application.call("build_wheel")

    assert application.seen_by_git() == before


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


def test_a_problem_of_the_site_stops_the_build_with_its_place(application: Application) -> None:
    application.write({"static/css/site.css": "a {}\nb { background: url(../img/lego.png) }\n"})
    said = application.failure("build_wheel").splitlines()

    assert "static/css/site.css:2:21: error: no asset 'img/lego.png'; did you mean 'img/logo.png'?" in said
    assert said[-1] == "cdn-pipeline: the assets cannot be built, for the reasons above; no package was made"


@pytest.mark.parametrize("hook", ["build_wheel", "build_sdist"])
def test_every_wrong_option_is_told_before_anything_is_built(application: Application, hook: str) -> None:
    application.write({"pyproject.toml": f'{PROJECT}inot = "myapp/assets"\ntargets = "origin"\n'})
    place = "pyproject.toml: tool.hatch.build.hooks.cdn-pipeline: "

    assert application.failure(hook).splitlines() == [
        f"cdn-pipeline: {place}unknown option 'inot'; did you mean 'into'?",
        f'{place}into: is missing; say where in the wheel, such as "myapp/assets"',
        f"{place}targets: is 'origin'; must be a list of names, such as [\"origin\"]",
    ]


def test_the_plug_in_loads_nothing_of_ours_until_a_project_asks(ours: Path) -> None:
    program = (
        "import sys, hatchling.plugin.manager as m; m.PluginManager().build_hook.collect();"
        "print([n for n in sys.modules if n.startswith('cdn_pipeline')])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(ours)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout.splitlines()[-1] == (
        "['cdn_pipeline', 'cdn_pipeline.integrations', 'cdn_pipeline.integrations.hatch']"
    )
