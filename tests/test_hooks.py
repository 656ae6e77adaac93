"""Hooks."""

from __future__ import annotations

import json
import sys

import pytest

from cdn_pipeline import hooks
from cdn_pipeline.config import Config
from cdn_pipeline.config_file import load
from cdn_pipeline.errors import ConfigError
from cdn_pipeline.hooks import HookError
from tests.conftest import Site

PYTHON = sys.executable


def configured(site: Site, text: str) -> Config:
    site.write({"cdn_pipeline.toml": f"[hooks]\n{text}\n"})
    return load(site.root / "cdn_pipeline.toml")


def test_without_a_hook_nothing_happens(site: Site) -> None:
    assert hooks.run(Config(site.root), "after_build", {}) is False


@pytest.mark.parametrize("hook", ['"cat > told.json"', '["tee", "told.json"]', '"notes:keep"'])
def test_a_hook_gets_the_facts_as_json_in_the_directory_of_the_project(site: Site, hook: str) -> None:
    site.write({"notes.py": "import json\n\n\ndef keep(facts):\n    json.dump(facts, open(FILE, 'w'))\n"})
    with (site.root / "notes.py").open("a") as module:
        module.write(f"\n\nFILE = {str(site.root / 'told.json')!r}\n")
    config = configured(site, f"before_deploy = {hook}")
    sys.modules.pop("notes", None)

    assert hooks.run(config, "before_deploy", {"release": "12", "new": ["ä.png"]}) is True
    assert json.loads((site.root / "told.json").read_text("utf-8")) == {
        "event": "before_deploy",
        "project": str(site.root),
        "release": "12",
        "new": ["ä.png"],
    }


@pytest.mark.parametrize(
    ("hook", "failure"),
    [
        ('"echo first; echo last >&2; exit 3"', "ended with exit code 3, having said: first / last"),
        ('["no-such-command"]', "cannot be run: no such file or directory"),
        ('"kill -9 $$"', "was killed by signal 9"),
        ('"broken:fails"', "raised ValueError: no"),
        ('"broken:leaves"', "ended with exit code 4"),
    ],
)
def test_a_hook_that_fails_is_named_with_its_line_and_what_it_stopped(
    site: Site, hook: str, failure: str
) -> None:
    site.write(
        {"broken.py": "def fails(facts):\n    raise ValueError('no')\n\n\ndef leaves(facts):\n    exit(4)\n"}
    )
    config = configured(site, f"before_deploy = {hook}")
    sys.modules.pop("broken", None)

    with pytest.raises(HookError) as caught:
        hooks.run(config, "before_deploy", {})
    (problem,) = caught.value.problems
    assert problem.message.startswith("hooks.before_deploy: `")
    assert problem.message.endswith(f"` {failure}")
    assert (problem.line, problem.hint) == (2, "nothing was uploaded")


@pytest.mark.parametrize("hook", ['"sleep 60 & sleep 60"', '"slow:waits"'])
def test_a_hook_that_takes_too_long_is_stopped(site: Site, hook: str) -> None:
    site.write({"slow.py": "import time\n\n\ndef waits(facts):\n    time.sleep(60)\n"})
    config = configured(site, f'after_build = {hook}\ntimeout = "0.2s"')
    sys.modules.pop("slow", None)

    with pytest.raises(HookError, match=r"took longer than 0\.2 s"):
        hooks.run(config, "after_build", {})


def test_a_command_that_reads_nothing_of_many_facts_ends_all_the_same(site: Site) -> None:
    assert hooks.run(configured(site, 'after_build = "true"'), "after_build", {"urls": ["x" * 99] * 99_999})


def test_what_a_hook_says_goes_to_stderr(site: Site, capfd: pytest.CaptureFixture[str]) -> None:
    site.write({"talk.py": "def talks(facts):\n    print('function')\n"})
    hooks.run(configured(site, 'after_build = "echo command"'), "after_build", {})
    hooks.run(configured(site, 'after_build = "talk:talks"'), "after_build", {})

    assert capfd.readouterr() == ("", "command\nfunction\n")


@pytest.mark.parametrize("name", ["nothing_there:run", "json:nothing", "json:__name__"])
def test_a_function_that_is_not_there_is_a_fault_of_the_config(site: Site, name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        hooks.run(configured(site, f'after_build = "{name}"'), "after_build", {})
