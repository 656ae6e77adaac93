"""What hatchling and setuptools do alike, called as pip calls them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cdn_pipeline.manifest import Manifest
from tests.application import BUILT, HATCH, SETUPTOOLS, Application, Backend, names, unpack


@pytest.fixture(params=[HATCH, SETUPTOOLS], ids=["hatchling", "setuptools"])
def application(request: pytest.FixtureRequest, tmp_path: Path, ours: Path) -> Application:
    backend: Backend = request.param
    return backend.application(tmp_path, ours)


def test_a_wheel_carries_the_outputs_of_a_build(application: Application, tmp_path: Path) -> None:
    wheel = application.call("build_wheel")

    assert names(wheel) == BUILT
    manifest = Manifest.load(unpack(wheel, tmp_path / "site-packages") / "myapp/assets/manifest.json")
    assert manifest.url("img/logo.png") == "/static/img/logo.796120837694.png"


def test_pip_makes_the_same_wheel(application: Application) -> None:
    assert names(application.pip_wheel()) == BUILT


def test_git_sees_nothing_new_after_a_build(application: Application) -> None:
    before = application.seen_by_git()
    application.call("build_wheel")

    assert application.seen_by_git() == before


def test_a_problem_of_the_site_stops_the_build_with_its_place(application: Application) -> None:
    application.write({"static/css/site.css": "a {}\nb { background: url(../img/lego.png) }\n"})
    said = application.failure("build_wheel").splitlines()

    assert "static/css/site.css:2:21: error: no asset 'img/lego.png'; did you mean 'img/logo.png'?" in said
    assert said[-1].endswith(": the assets cannot be built, for the reasons above; no package was made")


@pytest.mark.parametrize(
    ("look", "module"),
    [
        ("import hatchling.plugin.manager as m; m.PluginManager().build_hook.collect()", "hatch"),
        ("import setuptools; setuptools.Distribution()", "setuptools"),
    ],
)
def test_the_plug_in_loads_nothing_of_ours_until_a_project_asks(ours: Path, look: str, module: str) -> None:
    program = f"import sys; {look}; print([n for n in sys.modules if n.startswith('cdn_pipeline')])"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(ours)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout.splitlines()[-1] == (
        f"['cdn_pipeline', 'cdn_pipeline.integrations', 'cdn_pipeline.integrations.{module}']"
    )
