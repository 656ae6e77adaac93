"""docs/continuous_deployment.md: its snippets parse, their commands run, and a cache may travel."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from cdn_pipeline import package
from tests.conftest import Site

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs/continuous_deployment.md").read_text("utf-8")
COUNTING = """\
from webassets.filter import Filter

class Counting(Filter):
    name = "counting"
    def output(self, _in, out, **kw):
        open("{log}", "a").write("ran\\n")
        out.write(_in.read())
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def documents() -> list[Any]:
    return [yaml.safe_load(block) for block in blocks("yaml")]


def document(key: str) -> Any:
    """The YAML snippet that has *key* at its top."""
    (found,) = [each for each in documents() if key in each]
    return found


def hooks() -> list[dict[str, Any]]:
    return [hook for each in documents() for repo in each.get("repos", ()) for hook in repo["hooks"]]


def commands() -> list[str]:
    """Every command of ours in a snippet, wherever it stands in it."""
    workflow = document("jobs")["jobs"]["build"]["steps"]
    dockerfile = re.sub(r"--mount=\S+ ", "", "".join(blocks("dockerfile")))
    lines = [step.get("run", "") for step in workflow] + document("assets")["assets"]["script"]
    lines += [hook.get("entry", "") for hook in hooks()] + "".join(blocks("sh")).splitlines()
    lines += re.findall(r"^RUN (.*)", dockerfile, re.MULTILINE)
    return [line for line in lines if line.startswith("cdn-pipeline ")]


def test_there_are_commands_in_five_snippets() -> None:
    assert sorted(commands()) == [
        "cdn-pipeline build",
        "cdn-pipeline build",
        "cdn-pipeline build",
        "cdn-pipeline build --no-cache",
        "cdn-pipeline check",
    ]


@pytest.mark.parametrize("command", sorted(set(commands())))
def test_the_commands_of_the_snippets_run(command: str, site: Site) -> None:
    site.write({"cdn_pipeline.toml": "", "static/a.css": "a { color: red }"})
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

    subprocess.run(shlex.split(command), cwd=site.root, env=os.environ | {"PATH": path}, check=True)


def test_what_the_snippets_keep_and_ship_is_where_builds_leave_it(site: Site) -> None:
    site.write({"cdn_pipeline.toml": "", "static/a.css": ""})
    left = package.private(package.read({"into": "app"}, site.root, ""))
    (cache,) = [
        step["with"]["path"]
        for step in document("jobs")["jobs"]["build"]["steps"]
        if "key" in step.get("with", {})
    ]

    assert cache.split() == left
    assert [path.rstrip("/") for path in document("assets")["assets"]["cache"]["paths"]] == left
    assert set(left) < set("".join(blocks("text")).split())
    assert document("service")["asset_path"] == "/site/build/origin"


def test_the_options_of_the_wheel_are_all_and_valid(site: Site) -> None:
    site.write({"cdn_pipeline.toml": ""})
    tables = [tomllib.loads(block) for block in blocks("toml")]
    options = [
        tables[0]["tool"]["hatch"]["build"]["hooks"]["cdn-pipeline"],
        tables[1]["tool"]["distutils"]["build_assets"],
    ]

    assert [package.read(each, site.root, "").into for each in options] == ["myapp/assets"] * 2
    assert re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE) == list(package.OPTIONS)


def test_the_hook_that_the_snippet_names_is_ours() -> None:
    (ours,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    theirs, local = hooks()

    assert theirs["id"] == ours["id"]
    assert local == {key: ours[key] for key in local} | {"language": "system"}


def test_a_restored_cache_spares_the_work_and_changes_no_byte(tmp_path: Path) -> None:
    log = tmp_path / "log"
    config = 'minify = false\n[bundles]\ndefinitions = ["assets.py"]\n'
    definitions = COUNTING.format(log=log) + (
        "from webassets import Bundle\n"
        "site = Bundle('a.js', 'b.js', filters=Counting(), output='gen/site.js')\n"
    )
    first = Site(tmp_path / "first")
    first.write({"assets.py": definitions, "static/a.js": "a();\n", "static/b.js": "b();\n"})
    first.build(config)
    assert log.read_text() == "ran\n"
    second = Site(tmp_path / "second")
    second.write({"assets.py": definitions, "static/a.js": "a();\n", "static/b.js": "b();\n"})
    shutil.copytree(first.root / ".cdn_pipeline", second.root / ".cdn_pipeline")
    second.build(config)

    assert log.read_text() == "ran\n"
    assert second.files() == first.files()


def test_a_restored_build_directory_keeps_the_files_of_earlier_releases(tmp_path: Path) -> None:
    first = Site(tmp_path / "first")
    first.write({"static/a.js": "a();\n"})
    first.build()
    second = Site(tmp_path / "second")
    second.write({"static/a.js": "b();\n"})
    shutil.copytree(first.out, second.out)
    second.build()

    assert set(first.files()) < set(second.files())
    assert second.served("a.js") == "b();\n"
