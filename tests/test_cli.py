"""The command line, as its users call it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PLAIN, Site

BUNDLES = "bundles:\n  a:\n    output: a.js\n    contents: b.js\n"


def run(root: Path, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cdn_pipeline", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def run_json(root: Path, *arguments: str, code: int = 0) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(run(root, *arguments, "--json", code=code).stdout)
    return document


@pytest.fixture
def small(site: Site) -> Site:
    """A sheet with an image, and a script, built long enough ago to be trusted."""
    site.write(
        {
            "cdn_pipeline.toml": PLAIN,
            "static/css/a.css": "a {\n  background: url(../img/a.png)\n}\n",
            "static/img/a.png": b"PNG",
            "static/a.js": "a()\n",
        }
    )
    age(site)
    return site


def age(site: Site) -> None:
    """Waits until the files are old enough to be trusted: 20 ms; a user is never faster."""
    clock = site.root / ".clock"
    newest = max(os.stat(file).st_ctime_ns for file in site.root.rglob("*") if file != clock)
    now = newest
    while now < newest + 25_000_000:
        clock.touch()
        now = os.stat(clock).st_mtime_ns


def test_building_says_what_went_where(small: Site) -> None:
    said = run(small.root, "build").stdout

    assert said.startswith("release ")
    assert "  origin       3 files  " in said
    assert "written   3 files" in said


def test_building_for_machines(small: Site) -> None:
    summary = run_json(small.root, "build")

    assert (summary["ok"], summary["files"], summary["written"]) == (True, 3, 3)
    assert summary["targets"]["origin"]["files"] == 3
    assert summary["release"] == small.manifest()["release"]


def test_nothing_changed(small: Site) -> None:
    first = run_json(small.root, "build")
    again = run_json(small.root, "build")

    assert (first["changed"], again["changed"], again["written"]) == (True, False, 0)
    assert again["release"] == first["release"]
    assert run(small.root, "build").stdout.startswith("nothing changed")


@pytest.mark.parametrize(
    "change",
    [
        lambda site: site.write({"static/a.js": "b()\n"}),
        lambda site: site.write({"static/new.js": "new()\n"}),
        lambda site: (site.root / "static/a.js").unlink(),
        lambda site: site.write({"cdn_pipeline.toml": PLAIN + "[targets.origin]\nurl = '/s/'"}),
        lambda site: (site.out / "manifest.json").unlink(),
        lambda site: next((site.out / "origin").glob("a.*.js")).write_text("damaged"),
        lambda site: (
            os.replace(site.root / "static/img/a.png", site.root / "static/img/b.png")
            or os.replace(site.root / "static/a.js", site.root / "static/img/a.png")
        ),
    ],
)
def test_any_change_is_seen(small: Site, change: Any) -> None:
    run(small.root, "build")
    change(small)

    assert run_json(small.root, "build")["changed"] is True


def test_a_change_that_keeps_size_and_mtime_is_seen(small: Site) -> None:
    run(small.root, "build")
    file = small.root / "static/a.js"
    status = file.stat()
    file.write_text("b()\n")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))

    assert run_json(small.root, "build")["changed"] is True
    assert small.served("a.js") == "b()\n"


def test_warnings_are_repeated_when_nothing_changed(small: Site) -> None:
    small.write({"static/b.js": "b()\n//# sourceMappingURL=b.js.map\n"})
    age(small)
    first = run(small.root, "build").stderr
    again = run(small.root, "build")

    warning = "static/b.js:2:22: warning: no source map 'b.js.map'; the comment is dropped"
    assert warning in first
    assert warning in again.stderr
    assert again.stdout.startswith("nothing changed")


def test_problems_come_with_place_and_way_out(small: Site) -> None:
    small.write({"static/css/b.css": "b { background: url(../img/A.png) }"})
    failed = run(small.root, "build", code=1)

    assert failed.stderr.splitlines()[-2:] == [
        "static/css/b.css:1:21: error: no asset 'img/A.png'; "
        "did you mean 'img/a.png'? names must match exactly, also in case",
        "1 error; nothing was changed",
    ]
    assert run_json(small.root, "build", code=1)["problems"][0]["line"] == 1


def test_checking_finds_the_same_and_writes_nothing(small: Site) -> None:
    assert run(small.root, "check").stdout == "3 files checked, 0 warnings\n"
    small.write({"static/b.css": "b { background: url(gone.png) }"})
    assert "static/b.css:1:21: error: no asset 'gone.png'" in run(small.root, "check", code=1).stderr
    assert not small.out.exists()


@pytest.mark.parametrize(
    "asked", ["img/a.png", "static/img/a.png", "/static/img/a.png", "/static/img/a.0123456789ab.png?x"]
)
def test_explaining_an_asset(small: Site, asked: str) -> None:
    explanation = run_json(small.root, "explain", asked)

    assert explanation["asset"] == "img/a.png"
    assert explanation["rule"] == "routes[0]"
    assert explanation["referred_by"] == ["static/css/a.css:2:19"]
    assert explanation["url"] in run(small.root, "explain", asked).stdout


def test_errors_of_other_files_do_not_keep_an_asset_from_being_explained(small: Site) -> None:
    small.write({"static/b.css": "b { background: url(gone.png) }", "static/c.js": 'import "./gone.js"'})
    problems = run_json(small.root, "check", code=1)["problems"]
    explanation = run_json(small.root, "explain", "img/a.png", code=1)

    assert (len(problems), explanation["problems"]) == (2, problems)
    assert explanation["referred_by"] == ["static/css/a.css:2:19"]
    small.write({"static/b.css": "", "static/c.js": ""})
    told = {"ok": True, "problems": []}
    assert run_json(small.root, "explain", "img/a.png") == explanation | told


def test_an_asset_with_errors_is_explained_as_well(small: Site) -> None:
    small.write({"static/b.css": "b { background: url(gone.png) }"})
    said = run(small.root, "explain", "b.css", code=1)

    assert "route     routes[" in said.stdout and "no asset refers to it" not in said.stdout
    assert said.stderr.splitlines()[1].startswith("static/b.css:1:21: error: no asset 'gone.png'; ")
    assert said.stderr.splitlines()[2:] == ["1 error; a build would stop there"]


def test_a_broken_definition_does_not_keep_an_asset_from_being_explained(small: Site) -> None:
    config = PLAIN + '[bundles]\ndefinitions = ["assets.yaml"]\n'
    small.write({"cdn_pipeline.toml": config, "assets.yaml": BUNDLES})

    assert "/a.png" in run(small.root, "explain", "img/a.png", code=1).stdout
    missing = run(small.root, "explain", "a", code=1).stderr.splitlines()
    assert ("assets.yaml" in missing[0], "no asset 'a'" in missing[-2]) == (True, True)


def test_explaining_what_is_not_there(small: Site) -> None:
    assert "did you mean 'img/a.png'" in run(small.root, "explain", "img/b.png", code=1).stderr


@pytest.mark.parametrize(
    "arguments", [["build", "--jobs", "0"], ["nonsense"], [], ["build", "--config", "nope.toml"]]
)
def test_wrong_usage_is_exit_code_2(tmp_path: Path, arguments: list[str]) -> None:
    run(tmp_path, *arguments, code=2)


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["build", "--nonsense"], "unrecognized arguments: --nonsense", "see `cdn-pipeline --help`"),
        (
            ["--json", "build", "--jobs"],
            "argument --jobs: expected one argument",
            "see `cdn-pipeline build --help`",
        ),
        ([], "no command is named", "see `cdn-pipeline --help`"),
    ],
)
def test_machines_are_told_of_wrong_usage_too(
    tmp_path: Path, arguments: list[str], message: str, hint: str
) -> None:
    problem = {"severity": "error", "file": "", "message": message, "hint": hint, "line": 0, "column": 0}

    assert run_json(tmp_path, *arguments, code=2) == {"ok": False, "problems": [problem]}


def test_no_config_says_how_to_get_one(tmp_path: Path) -> None:
    assert "write one with `cdn-pipeline init`" in run(tmp_path, "build", code=2).stderr


def test_a_wrong_config_is_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "cdn_pipeline.toml").write_text("sourc = 1")

    assert "did you mean 'source'?" in run(tmp_path, "build", code=2).stderr


def test_the_config_is_found_from_below(small: Site) -> None:
    run(small.root / "static/css", "build")

    assert small.manifest()["files"]


def test_options_may_stand_before_the_command(small: Site, tmp_path_factory: pytest.TempPathFactory) -> None:
    config = str(small.root / "cdn_pipeline.toml")
    ran = run(tmp_path_factory.mktemp("elsewhere"), "--json", "--config", config, "build")

    assert json.loads(ran.stdout)["ok"] is True


def test_building_elsewhere(small: Site) -> None:
    run(small.root, "build", "--out", "other")

    assert (small.root / "other/manifest.json").exists()
    assert not small.out.exists()


def test_without_cache_nothing_of_before_is_used(small: Site) -> None:
    run(small.root, "build")

    assert run_json(small.root, "build", "--no-cache")["changed"] is True


def test_the_version() -> None:
    assert run(Path.cwd(), "--version").stdout.startswith("cdn-pipeline ")


@pytest.mark.parametrize(
    ("files", "kind", "line"),
    [
        ({"manage.py": "", "mysite/settings.py": 'STATIC_URL = "assets/"'}, "Django", 'url = "/assets/"'),
        ({"app.py": "from flask import Flask"}, "Flask", 'url = "/static/"'),
        ({}, "plain", 'source = ["static"]'),
        (
            {"assets.yaml": "bundles:\n  a:\n    output: a.js\n    contents: b.js\n"},
            "plain",
            'definitions = ["assets.yaml"]',
        ),
        ({"shop/templates/a.html": ""}, "plain", 'templates = ["shop/templates"]'),
    ],
)
def test_init_fits_the_project_and_its_config_builds(
    site: Site, files: dict[str, str | bytes], kind: str, line: str
) -> None:
    site.write({"static/b.js": "b()\n", **files})
    said = run(site.root, "init").stdout

    assert f"for a {kind} project" in said
    assert line in (site.root / "cdn_pipeline.toml").read_text()
    run(site.root, "build")
    assert "already exists" in run(site.root, "init", code=2).stderr


def test_a_copy_of_a_project_is_another_one(small: Site, tmp_path_factory: pytest.TempPathFactory) -> None:
    run(small.root, "build")
    copy = Site(tmp_path_factory.mktemp("copy") / "project")
    shutil.copytree(small.root, copy.root)
    copy.write({"static/a.js": "changed()\n"})

    assert run_json(copy.root, "build")["changed"] is True
    assert copy.served("a.js") == "changed()\n"


# Hooks


def test_what_a_hook_makes_before_a_build_is_built(small: Site) -> None:
    made = "import pathlib, sys; pathlib.Path('static/made.js').write_bytes(b'made()'); print('made')"
    small.write(
        {"make.py": made, "cdn_pipeline.toml": f"{PLAIN}[hooks]\nbefore_build = '{sys.executable} make.py'\n"}
    )
    done = run(small.root, "build")

    assert "made\n" in done.stderr
    assert "made.js" in small.manifest()["files"]
    small.write({"make.py": made.replace("made()", "again()")})
    run(small.root, "build")
    assert small.served("made.js") == "again()"


def test_the_hook_after_a_build_is_told_of_the_release(small: Site) -> None:
    hook = "[hooks]\nafter_build = 'cat > told.json'\n"
    small.write({"cdn_pipeline.toml": PLAIN + hook})
    built = run_json(small.root, "build")

    assert json.loads((small.root / "told.json").read_bytes()) == {
        "event": "after_build",
        "project": str(small.root),
        "build": str(small.out),
        "release": built["release"],
        "targets": {"origin": {"url": "/static/", "kind": "origin", "directory": "origin"}},
        "files": 3,
        "written": 3,
        "removed": [],
    }


@pytest.mark.parametrize(
    ("event", "consequence"),
    [
        ("before_build", "nothing was built"),
        ("after_build", "the build is there, and what should follow has not happened"),
    ],
)
def test_a_hook_that_fails_ends_the_build_each_time(small: Site, event: str, consequence: str) -> None:
    small.write({"cdn_pipeline.toml": f"{PLAIN}[hooks]\n{event} = 'echo no; exit 7'\n"})
    line = len(PLAIN.splitlines()) + 2
    message = f"hooks.{event}: `echo no; exit 7` ended with exit code 7, having said: no; {consequence}"

    for _ in range(2):
        done = run(small.root, "build", code=1)
        assert done.stderr.endswith(f"\ncdn_pipeline.toml:{line}: error: {message}\n1 error\n")
        assert (small.out / "manifest.json").exists() is (event == "after_build")


def test_a_check_runs_no_hooks(small: Site) -> None:
    small.write(
        {"cdn_pipeline.toml": f"{PLAIN}[hooks]\nbefore_build = 'touch ran'\nafter_build = 'touch ran'\n"}
    )
    run(small.root, "check")

    assert not (small.root / "ran").exists()


@pytest.mark.parametrize("where", ["with a handler of its own", "in a thread"])
def test_whoever_runs_us_keeps_its_signals(small: Site, where: str) -> None:
    program = """
import os, signal, sys, threading
from cdn_pipeline.cli import main
if sys.argv[1] == "in a thread":
    threading.Thread(target=main, args=(["check"],)).start()
else:
    signal.signal(signal.SIGTERM, lambda *_: print("handled"))
    main(["check"])
    os.kill(os.getpid(), signal.SIGTERM)
"""
    command = [sys.executable, "-c", program, where]
    done = subprocess.run(command, cwd=small.root, capture_output=True, text=True, check=True)

    assert done.stderr == ""
    assert done.stdout.splitlines()[1:] == ([] if where == "in a thread" else ["handled"])
