"""Publishing by the command line, as its users do it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from cdn_pipeline.cli import main
from cdn_pipeline.manifest import Manifest
from cdn_pipeline.stores import open_store
from tests.buckets import ANYBODY, moto_server, new_bucket
from tests.conftest import Site
from tests.edge_server import EdgeServer, Fault, of_store
from tests.publishing import PLAIN_NAME

ROUTES = f"""{PLAIN_NAME}
[[routes]]
match = ["*.css"]
target = "origin"
encodings = ["gzip"]
"""
CONFIG = f"""
minify = false
[targets.origin]
store = "directory:www"
[targets.cdn]
url = "https://cdn.example.com/site/"
store = "directory:bucket"
keep_on_origin = true
verify_edge = false
[publish]
keep_releases = 1
grace = "0s"
{ROUTES}"""
LIVE = "www/.cdn_pipeline/live"


class Said(NamedTuple):
    """What a command printed."""

    stdout: str
    stderr: str


def run(root: Path, *arguments: str, code: int = 0) -> Said:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(root), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        ended = main(arguments)
    assert ended == code, out.getvalue() + err.getvalue()
    return Said(out.getvalue(), err.getvalue())


def run_json(root: Path, *arguments: str, code: int = 0) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(run(root, *arguments, "--json", code=code).stdout)
    assert document["ok"] is (code == 0)
    return document


@pytest.fixture
def shop(site: Site) -> Site:
    """A sheet on the origin that shows an image on the CDN, and a file with a fixed name."""
    site.write(
        {
            "cdn_pipeline.toml": CONFIG,
            "static/a.css": "a { background: url(b.png) }\n" + "/* long enough to be worth a gzip */\n" * 9,
            "static/b.png": b"PNG",
            "static/robots.txt": "User-agent: *\n",
        }
    )
    return site


@pytest.fixture
def pair(shop: Site) -> Iterator[tuple[str, str]]:
    """Two releases that were deployed one after the other."""
    first = run_json(shop.root, "deploy")["release"]
    shop.write({"static/b.png": b"PNG2", "static/robots.txt": "User-agent: b\n"})
    yield first, run_json(shop.root, "deploy")["release"]


def live(site: Site) -> Manifest:
    return Manifest.load(site.root / LIVE / "manifest.json", reload=0)


def public(site: Site, url: str) -> bytes:
    """What visitors get for *url* from the directories that stand for a web server and a CDN."""
    where = "bucket" if url.startswith("https://cdn.example.com/site/") else "www"
    return (
        site.root / where / url.replace("https://cdn.example.com/site/", "").removeprefix("/static/")
    ).read_bytes()


def test_a_plan_says_what_a_deploy_then_does(shop: Site) -> None:
    planned = run_json(shop.root, "plan")
    assert not (shop.root / "bucket").exists()
    deployed = run_json(shop.root, "deploy")

    ours = [(each["target"], each["key"], each["reason"]) for each in planned["uploads"]]
    image = shop.url("b.png").rpartition("/")[2]
    sheet = shop.url("a.css").rpartition("/")[2]
    copy = ".cdn_pipeline/blobs/" + shop.manifest()["files"]["robots.txt"]["sha256"]
    assert ours == [
        ("cdn", copy, "new"),
        ("cdn", image, "new"),
        ("origin", sheet, "new"),
        ("origin", f"{sheet}.gz", "new"),
        ("origin", image, "new"),
    ]
    assert [(each["key"], each["reason"]) for each in planned["fixed"]] == [("robots.txt", "new")] * 2
    assert deployed["uploaded"] == {"files": 5, "bytes": sum(each["bytes"] for each in planned["uploads"])}
    assert (deployed["release"], deployed["before"]) == (planned["release"], None)
    assert live(shop).release == planned["release"]


def test_what_a_person_reads(shop: Site) -> None:
    said = run(shop.root, "deploy").stdout
    lines = [re.sub(r" +", " ", line.strip()) for line in said.splitlines()]
    release = shop.manifest()["release"]

    assert lines[0].startswith(f"release {release} is published (")
    assert re.fullmatch(r"uploaded 6 files, \d+ B", lines[2])
    assert lines[3:] == [
        "copied 1 file, 14 B, for rollbacks",
        "there 0 files",
        "added cdn: robots.txt, origin: robots.txt (no fingerprint in the name)",
        f"pages what reads {shop.root / LIVE} names this release",
    ]
    assert run(shop.root, "deploy").stdout.startswith(f"nothing changed; release {release} is published  (")
    assert run(shop.root, "plan").stdout.startswith(f"release {release} is published already\n")
    assert run(shop.root, "prune").stdout == "nothing to prune\n"


@pytest.mark.parametrize(("deploys", "word"), [(0, "added"), (1, "replaced")])
def test_a_plan_counts_what_a_deploy_counts(shop: Site, deploys: int, word: str) -> None:
    """Whether what has no fingerprint is new or replaced."""
    for _ in range(deploys):
        run(shop.root, "deploy")
    shop.write({"static/robots.txt": "User-agent: b\n"})
    planned, deployed = (run(shop.root, verb).stdout for verb in ("plan", "deploy"))
    counts = [re.findall(r"^  (?:upload|cop)\S* +(.+? B)", said, re.M) for said in (planned, deployed)]

    assert counts[0] == counts[1] and len(counts[0]) == 2
    assert re.findall(r"added|replaced", deployed) == [word]


def test_pages_of_both_releases_find_their_files(shop: Site, pair: tuple[str, str]) -> None:
    now = live(shop)
    before = json.loads((shop.out / ".cdn_pipeline/previous_manifest.json").read_bytes())
    assert (before["release"], now.release) == pair

    assert public(shop, before["files"]["b.png"]["url"]) == b"PNG"
    assert public(shop, before["files"]["a.css"]["url"]).startswith(b"a { background: url(https://cdn.")
    assert public(shop, now.url("b.png")) == b"PNG2"
    assert public(shop, now.url("robots.txt")) == b"User-agent: b\n"
    assert public(shop, now.entry("b.png")["fallback"]) == b"PNG2"


def test_a_rollback_brings_back_everything(shop: Site, pair: tuple[str, str]) -> None:
    rolled = run_json(shop.root, "rollback")

    assert (rolled["release"], rolled["before"], rolled["switched"]) == (pair[0], pair[1], True)
    assert live(shop).release == pair[0]
    assert public(shop, live(shop).url("b.png")) == b"PNG"
    assert public(shop, live(shop).url("robots.txt")) == b"User-agent: *\n"
    history = [entry["release"] for entry in run_json(shop.root, "status")["history"]]
    assert history == [pair[0], pair[1], pair[0]]
    assert run_json(shop.root, "rollback", pair[1][:6])["release"] == pair[1]


PUSHED = """
minify = false
[targets.cdn]
url = "https://cdn.example.com/site/"
store = "directory:bucket"
verify_edge = false
"""


def test_a_build_directory_goes_back_too_while_it_has_the_files(shop: Site) -> None:
    shop.write({"cdn_pipeline.toml": PUSHED})
    first = run_json(shop.root, "deploy")
    shop.write({"static/b.png": b"PNG2"})
    second = run_json(shop.root, "deploy")
    assert (first["live"]["active"], second["live"]["active"]) == (True, True)
    assert run_json(shop.root, "rollback")["live"] == {
        "directory": str(shop.out),
        "active": True,
        "retreated": [],
        "stays": {},
        "held": {},
    }
    assert shop.manifest()["release"] == first["release"]

    run(shop.root, "deploy")
    (shop.out / "origin").rename(shop.root / "gone")
    rolled = run_json(shop.root, "rollback")
    assert (rolled["release"], rolled["live"]["active"]) == (first["release"], False)
    assert "lacks files of release" in rolled["problems"][0]["message"]
    assert shop.manifest()["release"] == second["release"]


def test_a_rollback_needs_no_build(shop: Site) -> None:
    shop.write({"cdn_pipeline.toml": PUSHED})
    run(shop.root, "deploy")
    shop.write({"static/b.png": b"PNG2"})
    run(shop.root, "deploy")
    shop.out.rename(shop.root / "gone")

    assert run_json(shop.root, "rollback")["live"]["active"] is None
    assert not shop.out.exists()


def test_releases_and_how_they_differ(shop: Site, pair: tuple[str, str]) -> None:
    found = run_json(shop.root, "releases")["releases"]
    assert [(each["id"], each["state"]) for each in found] == [(pair[1], "current"), (pair[0], "prunable")]
    assert run(shop.root, "releases").stdout.split()[:6] == [
        "release",
        "state",
        "last",
        "published",
        "objects",
        "size",
    ]

    changes = run_json(shop.root, "diff", *pair)["changes"]
    told = {(each["target"], each["key"].partition(".")[0], each["why"]) for each in changes}
    assert told == {(place, "b", why) for place in ("cdn", "origin") for why in ("gone", "new")} | {
        ("origin", "a", "gone"),
        ("origin", "a", "new"),
        ("origin", "robots", "content"),
        ("cdn", "robots", "content"),
    }
    same = run(shop.root, "diff", pair[0], pair[0]).stdout
    assert same == f"{pair[0]} and {pair[0]} have the same files\n"


def test_a_prune_says_what_it_would_delete_and_deletes_just_that(shop: Site, pair: tuple[str, str]) -> None:
    would = run_json(shop.root, "prune", "--dry-run")
    assert (would["dry_run"], would["releases"]) == (True, [pair[0]])
    assert run_json(shop.root, "releases")["releases"][1]["id"] == pair[0]
    refused = run_json(shop.root, "prune", "--max-deletes", "2", code=1)
    assert "objects would be deleted, and at most 2 may be" in refused["problems"][0]["message"]

    assert run_json(shop.root, "prune")["deleted"] == would["deleted"]
    assert [each["id"] for each in run_json(shop.root, "releases")["releases"]] == [pair[1]]
    assert {file.name.partition(".")[0] for file in (shop.root / "bucket").glob("*.*")} == {"b", "robots", ""}
    assert public(shop, live(shop).url("b.png")) == b"PNG2"
    assert "is recorded; see" in run(shop.root, "rollback", pair[0], code=1).stderr


def test_a_pinned_release_stays(shop: Site, pair: tuple[str, str]) -> None:
    pinned = run_json(shop.root, "releases", "--pin", pair[0][:8])["releases"]
    assert [each["state"] for each in pinned] == ["current", "pinned"]
    assert run_json(shop.root, "prune")["deleted"] == []
    run(shop.root, "releases", "--unpin", pair[0])
    assert run_json(shop.root, "prune")["releases"] == [pair[0]]


def test_a_plan_in_a_file_is_done_or_refused(shop: Site) -> None:
    run(shop.root, "deploy")
    shop.write({"static/b.png": b"PNG2"})
    planned = run_json(shop.root, "plan", "--out", "plan.json")
    shop.write({"static/b.png": b"PNG3"})
    assert run_json(shop.root, "deploy", "--plan", "plan.json")["release"] == planned["release"]
    assert public(shop, live(shop).url("b.png")) == b"PNG2"

    refused = run(shop.root, "deploy", "--plan", "plan.json", code=1).stderr
    assert "the world has moved on since the plan was made" in refused
    for content in ("{", "[]"):
        shop.write({"plan.json": content})
        assert (
            "plan.json: error: is no plan" in run(shop.root, "deploy", "--plan", "plan.json", code=2).stderr
        )
    assert "none.json: error: no such file" in run(shop.root, "deploy", "--plan", "none.json", code=2).stderr


def test_a_deploy_takes_the_build_that_is_there_if_it_is_told_to(shop: Site) -> None:
    assert "run `cdn-pipeline build`" in run(shop.root, "deploy", "--no-build", code=1).stderr
    run(shop.root, "build", "--out", "elsewhere")
    built = json.loads((shop.root / "elsewhere/manifest.json").read_bytes())["release"]
    shop.write({"static/b.png": b"PNG2"})

    assert run_json(shop.root, "deploy", "--no-build", "--build", "elsewhere")["release"] == built


def test_a_build_with_problems_is_not_deployed(shop: Site) -> None:
    shop.write({"static/a.css": "a { background: url(none.png) }"})
    failed = run(shop.root, "deploy", code=1).stderr

    assert "static/a.css:1:21: error: no asset 'none.png'" in failed
    assert not (shop.root / "bucket").exists()


def test_a_build_of_far_fewer_files_is_refused(shop: Site) -> None:
    shop.write({f"static/{number}.png": bytes([number]) for number in range(20)})
    run(shop.root, "deploy")
    for number in range(20):
        (shop.root / f"static/{number}.png").unlink()
    refused = run_json(shop.root, "plan", code=1)

    assert "allow it with --allow-shrink" in refused["problems"][0]["message"]
    assert "allow it with --allow-shrink" in run(shop.root, "deploy", code=1).stderr
    run(shop.root, "deploy", "--allow-shrink")


def test_a_site_without_a_store_is_told_what_it_lacks(shop: Site) -> None:
    shop.write({"cdn_pipeline.toml": "minify = false\n"})
    for verb in ("plan", "deploy", "status", "releases", "prune", "verify"):
        failed = run(shop.root, verb, code=2).stderr
        assert "cdn_pipeline.toml: error: no target has a store; set targets.NAME.store" in failed, verb


def test_before_anything_was_published(shop: Site) -> None:
    assert run(shop.root, "status").stdout == "nothing was published yet in directory:bucket\n"
    assert run(shop.root, "releases").stdout == "no release is recorded\n"
    assert "nothing was ever published here" in run(shop.root, "rollback", code=1).stderr
    assert "nothing is published; run `cdn-pipeline deploy`" in run(shop.root, "verify", code=1).stderr


def test_pages_retreat_to_the_origin_and_come_back(shop: Site) -> None:
    run(shop.root, "deploy")
    shop.write({"cdn_pipeline.toml": CONFIG + '[groups]\nall = ["b.png"]\n'})
    run(shop.root, "deploy")
    manifest, url = live(shop), shop.url("b.png")
    assert manifest.url("b.png") == url
    retreated = run_json(shop.root, "retreat")

    assert retreated["live"]["retreated"] == ["cdn"]
    assert manifest.url("b.png") == shop.manifest()["files"]["b.png"]["fallback"]
    assert public(shop, manifest.url("b.png")) == b"PNG"
    assert "pages get the files of cdn from the origin" in run(shop.root, "status").stdout
    assert run(shop.root, "retreat", "--back").stdout.endswith("name every target's own URLs\n")
    assert manifest.url("b.png") == url
    assert "no target 'cdm' to retreat from" in run(shop.root, "retreat", "cdm", code=2).stderr


def test_a_retreat_in_part_says_what_stays_where(shop: Site) -> None:
    config = CONFIG.replace("keep_on_origin = true\n", "")
    shop.write({"static/c.gif": b"GIF"})
    shop.write({"cdn_pipeline.toml": config + '[[routes]]\nmatch = ["c.gif"]\nkeep_on_origin = true\n'})
    run(shop.root, "deploy")
    said = run(shop.root, "retreat", "--partly").stdout
    told = run_json(shop.root, "retreat", "--partly")["live"]

    assert said.splitlines()[1:] == [
        "  retreat   pages get 1 of 3 files of cdn from the origin; end it with retreat --back",
        "  stay      b.png, robots.txt at https://cdn.example.com/site/, for the origin has no copy; "
        "set targets.cdn.keep_on_origin = true, build and deploy",
    ]
    assert said.splitlines()[2] in run(shop.root, "status").stdout
    assert told["stays"] == {
        "cdn": {"url": "https://cdn.example.com/site/", "files": ["b.png", "robots.txt"], "of": 3}
    }
    shop.write({"cdn_pipeline.toml": CONFIG})
    assert "pages get the files of cdn from the origin" in run(shop.root, "deploy").stdout


def test_hooks_are_told_what_is_and_what_was_done(shop: Site) -> None:
    hook = "cat > {0}.json"
    events = ("before_deploy", "after_deploy", "after_rollback")
    lines = "\n".join(f'{event} = "{hook.format(event)}"' for event in events)
    shop.write({"cdn_pipeline.toml": f"{CONFIG}[hooks]\n{lines}\n"})
    first = run_json(shop.root, "deploy")
    shop.write({"static/b.png": b"PNG2"})
    run(shop.root, "deploy")
    run(shop.root, "rollback")
    told = {event: json.loads((shop.root / f"{event}.json").read_bytes()) for event in events}

    assert [(told[event]["event"], told[event]["release"]) for event in events] == [
        ("before_deploy", shop.manifest()["release"]),
        ("after_deploy", shop.manifest()["release"]),
        ("after_rollback", first["release"]),
    ]
    assert {each["reason"] for each in told["before_deploy"]["uploads"]} == {"new"}
    assert told["after_deploy"]["before"] == first["release"]
    assert told["after_deploy"]["build"] == str(shop.out)
    assert told["after_deploy"]["live"]["active"] is True


def test_a_hook_that_fails_before_stops_a_deploy_and_one_after_does_not_undo_it(shop: Site) -> None:
    shop.write({"cdn_pipeline.toml": f"{CONFIG}[hooks]\nbefore_deploy = 'exit 5'\n"})
    failed = run(shop.root, "deploy", code=1)
    assert (
        "hooks.before_deploy: `exit 5` ended with exit code 5; nothing was uploaded\n1 error\n"
        in failed.stderr
    )
    assert list((shop.root / "bucket").glob("**/*.png")) == []

    shop.write({"cdn_pipeline.toml": f"{CONFIG}[hooks]\nafter_deploy = 'exit 6'\n"})
    deployed = run_json(shop.root, "deploy", code=1)
    assert deployed["switched"] is True
    assert deployed["problems"][0]["message"] == "hooks.after_deploy: `exit 6` ended with exit code 6"
    assert live(shop).release == deployed["release"]


PROXY = """
import pathlib

CALLS = pathlib.Path(__file__).with_name("calls.txt")


def proxy(uri, new=False, filepath=None, changed=False, checked=False, notfound=False):
    print("proxy", uri)
    with CALLS.open("a") as calls:
        calls.write(f"{pathlib.Path(filepath).suffix} {new} {changed} {checked} {notfound}\\n")
    if uri.endswith(".png"):
        return "https://other.example.com/" + pathlib.Path(filepath).name
    return uri
"""


def test_a_file_proxy_replaces_urls_in_what_running_sites_read(shop: Site) -> None:
    shop.write(
        {
            "proxies.py": PROXY,
            "cdn_pipeline.toml": CONFIG.replace("[publish]", '[publish]\nfile_proxy = "proxies:proxy"'),
        }
    )
    run(shop.root, "deploy")
    image = shop.url("b.png").rpartition("/")[2]
    assert live(shop).url("b.png") == f"https://other.example.com/{image}"
    assert live(shop).url("a.css") == shop.url("a.css")
    shop.write({"static/b.png": b"PNG2"})
    run(shop.root, "deploy")
    calls = (shop.root / "calls.txt").read_text().splitlines()

    assert calls == [
        ".css True False True False",
        ".png True False True False",
        ".txt True False True False",
        ".css False True True False",
        ".png False True True False",
        ".txt False False True False",
    ]
    run(shop.root, "rollback")
    assert live(shop).url("b.png") == f"https://other.example.com/{image}"
    assert len((shop.root / "calls.txt").read_text().splitlines()) == 6


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return None", r"publish\.file_proxy returned None for "),
        ("raise OSError('full')", r"publish\.file_proxy failed for .*: OSError: full"),
    ],
)
def test_a_file_proxy_that_fails_stops_the_deploy(shop: Site, body: str, message: str) -> None:
    with_proxy = CONFIG.replace("[publish]", '[publish]\nfile_proxy = "failing:proxy"')
    sys.modules.pop("failing", None)
    shop.write({"failing.py": f"def proxy(uri, **facts):\n    {body}\n", "cdn_pipeline.toml": with_proxy})
    failed = run(shop.root, "deploy", code=1).stderr

    assert re.search(message, failed)
    assert "nothing was published" in failed
    assert run_json(shop.root, "status")["release"] is None


def test_a_file_proxy_that_there_is_not_is_told_at_once(shop: Site) -> None:
    """Also where there is nothing new to publish, and before a deploy would begin; never by a rollback."""
    run(shop.root, "deploy")
    shop.write({"static/b.png": b"PNG2"})
    run(shop.root, "deploy")
    with_proxy = CONFIG.replace("[publish]", '[publish]\nfile_proxy = "gone_proxy:proxy"')
    shop.write({"cdn_pipeline.toml": with_proxy})
    line = with_proxy.splitlines().index('file_proxy = "gone_proxy:proxy"') + 1
    for verb in ("plan", "deploy"):
        failed = run(shop.root, verb, "--no-build", code=2).stderr
        assert (
            f"cdn_pipeline.toml:{line}: error: publish.file_proxy: gone_proxy:proxy: cannot be imported"
            in failed
        )
    run(shop.root, "rollback")


def on_terminal(root: Path, *arguments: str, answer: str) -> str:
    """What a person sees who answers the question with *answer*."""
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "cdn_pipeline", *arguments]
    with subprocess.Popen(command, cwd=root, stdin=slave, stdout=slave, stderr=slave):
        os.close(slave)
        said = b""
        with contextlib.suppress(OSError):  # how a terminal ends
            while select.select([master], [], [], 60)[0]:
                piece = os.read(master, 4096)
                if not piece:
                    break
                said += piece
                if said.endswith(b"[y/N] "):
                    os.write(master, answer.encode() + b"\n")
    os.close(master)
    return said.decode()


def test_on_a_terminal_a_prune_asks_first(shop: Site, pair: tuple[str, str]) -> None:
    asked = on_terminal(shop.root, "prune", answer="n")
    assert f"releases  {pair[0]}" in asked
    assert asked.endswith("nothing was deleted\r\n")
    assert len(run_json(shop.root, "releases")["releases"]) == 2
    assert "\ndeleted 6 objects, " in on_terminal(shop.root, "prune", answer="y")
    assert len(run_json(shop.root, "releases")["releases"]) == 1


def test_a_terminal_shows_progress_in_files_and_bytes(shop: Site) -> None:
    said = on_terminal(shop.root, "deploy", answer="")

    assert re.search(r"\rupload \d of 5, \d+ B of \d+ B", said)


def test_an_interrupted_deploy_says_what_that_means_and_ends_its_hook(shop: Site) -> None:
    hook = "echo $$ > hook.pid; echo begun; sleep 60"
    shop.write({"cdn_pipeline.toml": f"{CONFIG}[hooks]\nbefore_deploy = '{hook}'\n"})
    command = [sys.executable, "-m", "cdn_pipeline", "deploy"]
    with subprocess.Popen(command, cwd=shop.root, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "begun\n" in iter(process.stderr.readline, "")
        process.send_signal(signal.SIGINT)
        told = process.stderr.read()

    assert process.returncode == 130
    assert told == "interrupted; what was published before still is; run it again to go on\n"
    with pytest.raises(ProcessLookupError):
        os.kill(int((shop.root / "hook.pid").read_text()), 0)


# Two at once


def in_between(site: Site, build: str) -> None:
    """Between the plan and the switch of the next deploy, somebody else publishes the build in *build*."""
    other = f"{sys.executable} -m cdn_pipeline --config other.toml deploy --no-build --build {build}"
    site.write({"other.toml": CONFIG, "cdn_pipeline.toml": f"{CONFIG}[hooks]\nbefore_deploy = '{other}'\n"})


def test_a_deploy_that_somebody_else_has_overtaken_ends_with_3(shop: Site) -> None:
    run(shop.root, "deploy")
    shop.write({"static/b.png": b"PNG2"})
    run(shop.root, "build", "--out", "theirs")
    theirs = json.loads((shop.root / "theirs/manifest.json").read_bytes())["release"]
    shop.write({"static/b.png": b"PNG3"})
    in_between(shop, "theirs")
    overtaken = run_json(shop.root, "deploy", code=3)

    ours = shop.manifest()["release"]
    message = overtaken["problems"][0]["message"]
    assert message.startswith(f"release {theirs} was published at ")
    assert f"release {ours} was not" in message
    assert run_json(shop.root, "status")["release"] == theirs
    shop.write({"cdn_pipeline.toml": CONFIG})
    assert run_json(shop.root, "deploy")["release"] == ours


def test_a_deploy_of_what_somebody_else_has_just_published_is_done(shop: Site) -> None:
    run(shop.root, "build")
    in_between(shop, "build")
    done = run_json(shop.root, "deploy")

    assert (done["release"], done["before"]) == (shop.manifest()["release"], None)
    assert [entry["release"] for entry in run_json(shop.root, "status")["history"]] == [done["release"]]


# S3, and an edge before it


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> str:
    """A store on a server that speaks S3."""
    for name, value in ANYBODY.items():
        monkeypatch.setenv(name, value)
    return new_bucket(moto_server())


def test_a_bucket_without_versions_is_not_pruned(shop: Site, bucket: str) -> None:
    plain = new_bucket(moto_server(), versioned=False)
    shop.write({"cdn_pipeline.toml": CONFIG.replace("directory:bucket", plain)})
    run(shop.root, "deploy")
    refused = run(shop.root, "prune", code=1).stderr

    assert "keeps no versions" in refused
    assert "put-bucket-versioning" in refused


def test_a_bucket_that_there_is_not_is_named(shop: Site, bucket: str) -> None:
    gone = bucket.replace("s3://assets-", "s3://nothing-")
    shop.write({"cdn_pipeline.toml": CONFIG.replace("directory:bucket", gone)})
    for verb in ("plan", "deploy", "status", "releases", "prune"):
        failed = run(shop.root, verb, code=1).stderr
        assert gone.partition("/site")[0] in failed, verb
        assert ANYBODY["AWS_SECRET_ACCESS_KEY"] not in failed


def served(site: Site, bucket: str, url: str, more: str = "") -> None:
    text = CONFIG.replace("directory:bucket", bucket).replace("https://cdn.example.com/site/", url)
    text = text.replace("verify_edge = false", f"verify_edge = true\n{more}")
    site.write({"cdn_pipeline.toml": text})


def test_from_a_first_deploy_to_a_prune_on_s3(shop: Site, bucket: str) -> None:
    store = open_store(bucket, shop.root)
    with EdgeServer(of_store(store, "site/")) as edge:
        served(shop, bucket, f"{edge.url}site/")
        first = run_json(shop.root, "deploy")
        assert first["edge"]["targets"]["cdn"] == {
            "asked": 1,
            "verified": 1,
            "reachable": True,
            "first": {"MISS": 1},
            "then": {"HIT": 1},
        }
        shop.write({"static/b.png": b"PNG2", "static/robots.txt": "User-agent: b\n"})
        second = run_json(shop.root, "deploy")
        assert (second["before"], second["uploaded"]["files"]) == (first["release"], 5)
        verified = run_json(shop.root, "verify")
        assert verified["origin"]["objects"] == {"cdn": 2, "origin": 4}
        assert verified["edge"]["targets"]["cdn"]["verified"] == 2
        assert run_json(shop.root, "rollback")["release"] == first["release"]
        assert run_json(shop.root, "deploy")["release"] == second["release"]
        assert run_json(shop.root, "prune")["releases"] == [first["release"]]
        assert run_json(shop.root, "verify", "--origin")["edge"] is None
        assert run_json(shop.root, "verify", "--edge", "--sample", "0.5")["origin"] is None


def test_nothing_is_published_that_the_edge_gives_wrongly(shop: Site, bucket: str) -> None:
    store = open_store(bucket, shop.root)
    with EdgeServer(of_store(store, "site/")) as edge:
        edge.faults["*.png"] = Fault(body=b"GIF")
        served(shop, bucket, f"{edge.url}site/")
        failed = run_json(shop.root, "deploy", code=1)
        assert failed["problems"][0]["file"] == edge.url + "site/" + shop.url("b.png").rpartition("/")[2]
        assert failed["problems"][-1]["message"] == "nothing was published"
        assert run_json(shop.root, "status")["release"] is None
        run(shop.root, "deploy", "--no-edge")


def test_urls_that_no_edge_was_seen_to_serve_are_held_back(shop: Site, bucket: str) -> None:
    store = open_store(bucket, shop.root)
    with EdgeServer(of_store(store, "site/")) as edge:
        host = urlsplit(edge.url).netloc
        closed = edge.url.replace(host, "cdn.invalid")
        served(shop, bucket, f"{closed}site/", 'hold = "1h"')
        deployed = run_json(shop.root, "deploy")
        assert deployed["live"]["held"]["cdn"]["files"] == 1
        assert "there is no such host" in deployed["problems"][0]["message"]
        assert live(shop).url("b.png") == shop.manifest()["files"]["b.png"]["fallback"]
        assert run_json(shop.root, "verify", code=1)["released"] == {}
        served(shop, bucket, f"{edge.url}site/", 'hold = "1h"')
        run(shop.root, "deploy", "--no-edge", "--adopt")
        assert live(shop).url("b.png") == shop.manifest()["files"]["b.png"]["fallback"]
        assert run_json(shop.root, "verify")["released"] == {"cdn": 1}
        assert live(shop).url("b.png") == shop.url("b.png")
