"""`manage.py assets`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import django_site

ROOT = Path(__file__).parent.parent


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of one sheet and one image."""
    for name, content in {"css/a.css": "a{b:url(../b.png)}\n", "b.png": "PNG"}.items():
        (tmp_path / "static" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "static" / name).write_text(content)
    django_site.write_project(tmp_path, [], {"minify": False})
    return tmp_path


def manage(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def test_build_puts_the_outputs_into_static_root(project: Path) -> None:
    ran = manage(project, "assets", "build", "--json")
    summary = json.loads(ran.stdout)
    entry = json.loads((project / "build/manifest.json").read_text())["files"]["css/a.css"]
    name = entry["path"].removeprefix("origin/")

    assert (ran.returncode, summary["files"], summary["ok"]) == (0, 2, True)
    assert (project / "staticfiles" / name).read_text() == "a{b:url(/static/b.796120837694.png)}\n"
    assert json.loads((project / "staticfiles/staticfiles.json").read_text())["paths"]["css/a.css"] == name


def test_another_directory_is_built_without_touching_static_root(project: Path) -> None:
    assert manage(project, "assets", "build", "--out", "elsewhere").returncode == 0
    assert (project / "elsewhere/manifest.json").exists()
    assert not (project / "staticfiles").exists()


CODES: list[tuple[list[str], int, str]] = [
    (["assets", "check"], 0, "2 files checked, 0 warnings"),
    (["assets", "explain", "css/a.css"], 0, "css/a.css"),
    (["assets", "nix"], 2, "invalid choice: 'nix'"),
    (["assets", "watch"], 2, "assets watch: not for Django"),
    (["assets"], 2, "required: verb"),
]


@pytest.mark.parametrize(("arguments", "code", "said"), CODES, ids=[" ".join(row[0]) for row in CODES])
def test_the_exit_code_is_the_verbs_own(project: Path, arguments: list[str], code: int, said: str) -> None:
    ran = manage(project, *arguments)

    assert ran.returncode == code
    assert said in ran.stdout + ran.stderr


def test_a_site_with_a_problem_fails_and_nothing_is_written(project: Path) -> None:
    (project / "static/css/a.css").write_text("a{b:url(no.png)}\n")
    for verb in ("check", "build"):
        ran = manage(project, "assets", verb)

        assert ran.returncode == 1
        assert ran.stderr.splitlines() == [
            "static/css/a.css:1:9: error: no asset 'css/no.png' (written 'no.png'); "
            "add the file, mend the reference, or list it in `ignore`",
            "1 error; nothing was changed",
        ]
    assert not (project / "staticfiles").exists()


def test_a_config_with_a_fault_is_a_matter_of_usage(project: Path) -> None:
    (project / "cdn_pipeline.toml").write_text("minify = 1\n")
    ran = manage(project, "assets", "--skip-checks", "check")

    assert ran.returncode == 2
    assert 'STORAGES["staticfiles"]["OPTIONS"]: minify:' in ran.stderr


def test_output_goes_where_the_caller_of_a_command_wants_it(tmp_path: Path, capsys: Any) -> None:
    import io

    (tmp_path / "static").mkdir()
    out = io.StringIO()
    with django_site.site(tmp_path):
        from django.core.management import call_command

        call_command("assets", "check", stdout=out)

    assert out.getvalue() == "0 files checked, 0 warnings\n"
    assert capsys.readouterr().out == ""


STORES = {
    "origin": {"store": "directory:www"},
    "cdn": {"url": "//cdn.example.com/", "store": "directory:cdn"},
}


def test_plan_and_deploy_are_of_what_the_finders_find(project: Path) -> None:
    targets = {**STORES, "cdn": {**STORES["cdn"], "verify_edge": False}}
    django_site.write_project(project, [], {"minify": False, "targets": targets})
    planned = json.loads(manage(project, "assets", "plan", "--json").stdout)
    ran = manage(project, "assets", "deploy", "--json")
    deployed = json.loads(ran.stdout)

    assert (ran.returncode, deployed["ok"], deployed["release"]) == (0, True, planned["release"])
    assert [each["target"] for each in planned["uploads"]] == ["cdn", "origin"]
    live = project / "www/.cdn_pipeline/live"
    assert deployed["live"]["directory"] == str(live)
    script = "from django.templatetags.static import static; print(static('b.png'))"
    shown = manage(project, "shell", "--command", script).stdout.strip().splitlines()[-1]
    image = json.loads((live / "manifest.json").read_text())["files"]["b.png"]
    assert shown == image["url"] == "//cdn.example.com/b.796120837694.png"
    assert (project / "cdn/b.796120837694.png").read_text() == "PNG"


def test_what_is_live_is_what_pages_name_until_the_next_deploy(project: Path) -> None:
    django_site.write_project(project, [], {"minify": False, "targets": {"origin": STORES["origin"]}})
    assert manage(project, "assets", "deploy").returncode == 0
    (project / "static/b.png").write_text("PNG2")
    assert manage(project, "collectstatic", "--no-input").returncode == 0
    script = "from django.templatetags.static import static; print(static('b.png'))"
    shown = manage(project, "shell", "--command", script).stdout.strip().splitlines()[-1]
    assert shown == "/static/b.796120837694.png"

    assert manage(project, "assets", "deploy", "--no-build").returncode == 0
    shown = manage(project, "shell", "--command", script).stdout.strip().splitlines()[-1]
    assert shown != "/static/b.796120837694.png"
    assert manage(project, "assets", "rollback").returncode == 0
    shown = manage(project, "shell", "--command", script).stdout.strip().splitlines()[-1]
    assert shown == "/static/b.796120837694.png"
