"""The command for setuptools, called as pip calls it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.application import BUILT, FILES, SETUPTOOLS, Application, names, unpack

PROJECT = SETUPTOOLS.project
ASKED = SETUPTOOLS.asked


@pytest.fixture
def application(tmp_path: Path, ours: Path) -> Application:
    return SETUPTOOLS.application(tmp_path, ours)


def test_a_project_that_does_not_ask_is_left_alone(application: Application) -> None:
    application.write({"pyproject.toml": PROJECT})

    assert names(application.call("build_wheel")) == ["myapp/__init__.py"]
    assert "static/css/site.css" not in names(application.call("build_sdist"))


def test_a_project_may_ask_in_setup_cfg(application: Application) -> None:
    config = '[targets.cdn]\nurl = "https://cdn.example.com/"\nstore = "s3://assets"\n'
    application.write(
        {
            "pyproject.toml": PROJECT,
            "setup.cfg": "[build_assets]\ninto = myapp/assets\ntargets = origin, cdn\nconfig = site.toml\n",
            "site.toml": FILES["cdn_pipeline.toml"] + config,
        }
    )
    wheel = names(application.call("build_wheel"))

    assert "myapp/assets/cdn/img/logo.796120837694.png" in wheel
    assert "myapp/assets/origin/css/site.d2fd977bdf0b.css" in wheel


def test_a_command_of_that_name_of_the_project_itself_stays_its_own(application: Application) -> None:
    command = (
        "from setuptools import Command, setup\n"
        "class build_assets(Command):\n"
        "    user_options = [('into=', None, '')]\n"
        "    def initialize_options(self): self.into = None\n"
        "    def finalize_options(self): pass\n"
        "    def run(self): raise SystemExit('ran')\n"
        "setup(cmdclass={'build_assets': build_assets})\n"
    )
    application.write({"setup.py": command})

    assert names(application.call("build_wheel")) == ["myapp/__init__.py"]


def test_an_sdist_has_the_sources_and_its_wheel_is_the_same(application: Application, tmp_path: Path) -> None:
    application.call("build_wheel")
    sdist = application.call("build_sdist")

    assert [name for name in names(sdist) if ".egg-info" not in name] == [
        "PKG-INFO",
        "cdn_pipeline.toml",
        "myapp/__init__.py",
        "pyproject.toml",
        "setup.cfg",
        "static/css/site.css",
        "static/img/logo.png",
    ]
    assert names(application.call("build_wheel", unpack(sdist, tmp_path / "sdist"))) == BUILT


def test_the_outputs_of_an_earlier_build_are_not_in_the_next_wheel(application: Application) -> None:
    application.write({"static/css/site.css": "a { color: red }\n"})
    application.call("build_wheel")
    application.write({"static/css/site.css": FILES["static/css/site.css"]})

    assert names(application.call("build_wheel")) == BUILT


def test_an_editable_installation_gets_nothing(application: Application) -> None:
    names_of_editable = names(application.call("build_editable"))

    assert [name for name in names_of_editable if "assets" in name] == []
    assert not (application.root / "myapp/assets").exists()


def test_a_problem_of_the_config_is_told_once_with_its_line(application: Application) -> None:
    application.write({"cdn_pipeline.toml": '\nsauce = ["static"]\n'})

    assert application.failure("build_sdist").splitlines()[-1] == (
        "error: cdn_pipeline.toml:2: sauce: unknown key; did you mean 'source'?"
    )


def test_wrong_options_are_told(application: Application) -> None:
    application.write({"pyproject.toml": PROJECT + ASKED.replace("myapp/assets", "../assets")})

    assert application.failure("build_wheel").splitlines()[-1] == (
        "error: build_assets: into: is '../assets'; must be a place in the wheel, such as \"myapp/assets\""
    )
