"""Every command in the documents works."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cdn_pipeline.config import Config, Hooks, Minify, Provision, Publish, Route, Target
from cdn_pipeline.config_file import load
from cdn_pipeline.definitions import template
from cdn_pipeline.provision import permissions
from tests.conftest import Site

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("*/README.md"))]

BUNDLES = "bundles:\n  site.js:\n    output: gen/site.js\n    contents: js/a.js\n"


CONFIG = "# cdn_pipeline.toml\n"  # how a block begins that is the config of the commands after it


def commands(document: Path) -> list[str]:
    """The lines that begin with ``$`` in blocks marked ``console``, and whole configs, in their order."""
    found: list[str] = []
    text = document.read_text("utf-8")
    for kind, block in re.findall(r"^```(console|toml)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        if kind == "toml":
            found += [block] if block.startswith(CONFIG) else []
        else:
            found += [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    return found


@pytest.mark.parametrize("document", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=str)
def test_the_commands_of_a_document_run_one_after_the_other(document: Path, site: Site) -> None:
    """In a small project, which has a config unless the document begins with writing one."""
    for name in ("Makefile", "pyproject.toml", "setup.py"):
        shutil.copy(ROOT / name, site.root / name)
    site.write({"static/img/logo.png": b"PNG", "static/js/a.js": "a()\n", "assets.yaml": BUNDLES})
    found = commands(document)
    if "cdn-pipeline init" not in found:
        found.insert(0, "cdn-pipeline init")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    for command in found:
        if command.startswith(CONFIG):
            site.write({"cdn_pipeline.toml": command})
            continue
        words = shlex.split(command)
        if words[0] == "make":
            words.insert(1, "--dry-run")  # this test is part of what it would run
        environment = os.environ | {"PATH": path}
        ran = subprocess.run(
            words, cwd=site.root, env=environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, f"{command}\n{ran.stdout}{ran.stderr}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text("utf-8")):
        assert (document.parent / target).exists(), target


def test_the_annotated_config_names_every_key() -> None:
    text = (ROOT / "sample_site/cdn_pipeline.toml").read_text("utf-8")
    reference = (ROOT / "docs/configuration.md").read_text("utf-8")
    renamed = {"filter_timeout_s": "filter_timeout", "hold_s": "hold", "grace_s": "grace"}
    renamed |= {"timeout_s": "timeout", "old_versions_s": "old_versions"}
    ours = {"root", "file", "files", "name", "place", "routes", "targets", "bundles", "minify", "groups"}
    ours |= {"publish", "hooks", "provision"}
    for table in (Config, Target, Route, Minify, Publish, Hooks, Provision):
        for key in set(table._fields) - ours:
            name = renamed.get(key, key)
            assert re.search(rf"^\s*(?:# )?{name}\s*=|^\s*\[\w+\.{name}\]", text, re.MULTILINE), name
            assert f"`{name}`" in reference, name


def test_the_policies_that_are_shown_are_those_that_are_made() -> None:
    text = (ROOT / "docs/deploying.md").read_text("utf-8")
    shown = [
        json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    ]
    made = [
        permissions.document(policy("example-assets", "site/"))
        for policy in (permissions.of_deploy, permissions.of_prune)
    ]
    arn = "arn:aws:cloudfront::111122223333:distribution/E2EXAMPLE"

    assert shown == json.loads(json.dumps(made).replace("${distribution.arn}", arn))


def test_the_documents_name_every_ending_of_a_template() -> None:
    text = (ROOT / "docs/bundles.md").read_text("utf-8")
    named = re.search(r"Files that end in `([^`]+)`", text)

    assert named is not None
    assert set(named[1].split()) == template.EXTENSIONS


def test_make_clean_removes_all_that_make_assets_made() -> None:
    command = ["make", "--dry-run", "clean"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    config = load(ROOT / "sample_site/cdn_pipeline.toml")

    assert {".venv", f"sample_site/{config.build}", f"sample_site/{config.cache}"} <= set(said.split())


def test_the_annotated_config_is_valid() -> None:
    assert load(ROOT / "sample_site/cdn_pipeline.toml").groups
