"""Activation: what running sites read."""

from __future__ import annotations

import json
import os
import shutil
import threading
from functools import partial
from pathlib import Path

import pytest

from cdn_pipeline import activate
from cdn_pipeline.activate import Live, State
from cdn_pipeline.activation import Activation
from cdn_pipeline.config import Config
from cdn_pipeline.config_file import load
from cdn_pipeline.errors import PublishError
from cdn_pipeline.manifest import Manifest
from tests.conftest import PLAIN, Site
from tests.crashes import in_a_child

STORED = f"""{PLAIN}
[targets.origin]
store = "directory:www"
[groups]
home = ["a.css"]
"""
HOME = "directory:www"


def built(site: Site, text: str, config: str = STORED) -> Activation:
    site.write({"static/a.css": text})
    site.build(config)
    return Activation((site.out / "manifest.json").read_bytes())


def uploaded(site: Site) -> None:
    """As a deploy does with the files of the origin."""
    shutil.copytree(site.out / "origin", site.root / "www", dirs_exist_ok=True)


def config_of(site: Site) -> Config:
    return load(site.root / "cdn_pipeline.toml")


def place(site: Site) -> Live:
    return activate.live(config_of(site), site.out)


def activated(site: Site, release: Activation, serial: int) -> bool:
    return activate.activate(place(site), release, config_of(site), State(HOME, serial))


def read(site: Site) -> Manifest:
    return Manifest.load(place(site).directory / "manifest.json")


@pytest.mark.parametrize(
    ("config", "live", "origin"),
    [
        (PLAIN, "build", "build/origin"),
        (STORED, "www/.cdn_pipeline/live", "www"),
        (STORED + '[publish]\nlive = "read"', "read", "www"),
        ('[publish]\nlive = "read"', "read", "build/origin"),
    ],
)
def test_where_running_sites_read(site: Site, config: str, live: str, origin: str) -> None:
    site.write({"cdn_pipeline.toml": config})

    assert place(site) == Live(site.root / live, site.root / origin, site.out)


def test_a_live_directory_is_shaped_as_a_build(site: Site) -> None:
    release = built(site, "a { color: red }")
    uploaded(site)
    assert activated(site, release, 1)

    manifest = read(site)
    assert (manifest.release, manifest.url("a.css")) == (release.release, site.url("a.css"))
    served = Path(manifest.directory, manifest.entry("a.css")["path"])
    assert served.read_text() == "a { color: red }"
    assert os.readlink(place(site).directory / "origin") == "../.."
    for name in (
        "staticfiles.json",
        "includes/groups/home.html",
        "includes/headers/nginx.conf",
        "manifest.json",
    ):
        assert (place(site).directory / name).read_bytes() == (site.out / name).read_bytes(), name


def test_a_running_site_reads_what_is_live_as_soon_as_something_is(site: Site) -> None:
    release = built(site, "a { color: red }")
    uploaded(site)
    assert Manifest.of_project(site.root).directory == str(site.out)
    activated(site, release, 1)

    assert Manifest.of_project(site.root).directory == str(site.root / "www/.cdn_pipeline/live")


def test_an_older_release_comes_back_as_it_was(site: Site) -> None:
    first = built(site, "a { color: red }")
    include = (site.out / "includes/groups/home.html").read_bytes()
    uploaded(site)
    activated(site, first, 1)
    second = built(site, "a { color: blue }")
    uploaded(site)
    activated(site, second, 2)
    assert read(site).release == second.release
    activated(site, first, 3)

    assert read(site).release == first.release
    assert (place(site).directory / "includes/groups/home.html").read_bytes() == include


def test_whoever_stands_for_an_earlier_state_changes_nothing(site: Site) -> None:
    first, second = built(site, "a { color: red }"), built(site, "a { color: blue }")
    uploaded(site)

    assert activated(site, second, 2)
    assert not activated(site, first, 1)
    assert read(site).release == second.release
    assert activate.activate(place(site), first, config_of(site), State("s3://another", 1))
    assert read(site).release == first.release


def test_of_activations_at_once_the_newest_state_stays(site: Site) -> None:
    releases = []
    for number in range(8):
        releases.append(built(site, f"a {{ order: {number} }}"))
        uploaded(site)
    threads = [
        threading.Thread(target=activated, args=(site, release, serial))
        for serial, release in enumerate(releases)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert read(site).release == releases[-1].release


def test_what_is_live_already_is_not_written_again(site: Site) -> None:
    release = built(site, "a { color: red }")
    uploaded(site)
    activated(site, release, 1)
    before = {file: file.stat().st_ino for file in place(site).directory.rglob("*") if file.is_file()}
    assert activated(site, release, 1)

    assert {file: file.stat().st_ino for file in before} == before
    (place(site).directory / "manifest.json").write_text("{}")
    assert activated(site, release, 1)
    assert read(site).release == release.release


def test_the_build_directory_itself_goes_back_while_it_has_the_files(site: Site) -> None:
    first = built(site, "a { color: red }", PLAIN + '[groups]\nold = ["a.css"]')
    second = built(site, "a { color: blue }", PLAIN)
    activate.check(place(site), first)
    assert activated(site, first, 2)
    assert read(site).url("a.css") == first.manifest["files"]["a.css"]["url"]
    again = built(site, "a { color: blue }", PLAIN + '[groups]\nold = ["a.css"]')

    assert again.release == second.release
    assert read(site).release == second.release


def test_a_release_whose_files_are_gone_is_refused_by_name(site: Site) -> None:
    release = built(site, "a { color: red }", PLAIN)
    name = release.manifest["files"]["a.css"]["path"].removeprefix("origin/")
    (site.out / "origin" / name).unlink()

    with pytest.raises(PublishError, match=f"lacks files of release {release.release}: {name}; what"):
        activate.check(place(site), release)


def test_what_is_not_ours_is_not_overwritten(site: Site) -> None:
    release = built(site, "a { color: red }", STORED + '[publish]\nlive = "site"')
    site.write({"site/manifest.json": '{"name": "an app"}'})
    with pytest.raises(PublishError, match=r"manifest\.json: is in the way and was not written by us"):
        activated(site, release, 1)
    (site.root / "site/manifest.json").unlink()
    uploaded(site)
    site.write({"site/origin/x": ""})
    with pytest.raises(PublishError, match="origin: is in the way of a link"):
        activated(site, release, 1)

    assert not (site.root / "site/manifest.json").exists()


def test_a_directory_that_cannot_be_written_is_named_with_what_it_means(site: Site) -> None:
    release = built(site, "a { color: red }", STORED + '[publish]\nlive = "file/live"')
    site.write({"file": ""})

    with pytest.raises(
        PublishError, match=r"file/live: cannot be written: .*; then deploy again: the release"
    ):
        activated(site, release, 1)


def test_while_files_are_held_includes_name_the_copies_on_the_origin(site: Site) -> None:
    config = """
minify = false
[targets.origin]
store = "directory:www"
[targets.cdn]
url = "https://cdn.example.com/"
store = "directory:bucket"
keep_on_origin = true
[groups]
home = ["a.mjs"]
[[routes]]
match = "*.mjs"
target = "cdn"
encodings = []
"""
    site.write({"static/a.mjs": "export {}"})
    release = built(site, "a { color: red }", config)
    uploaded(site)
    held = {"version": 1, "retreated": ["cdn"], "held": {}}
    site.write({"www/.cdn_pipeline/live/fallback.json": json.dumps(held)})
    activated(site, release, 1)
    include = place(site).directory / "includes/groups/home.html"

    entry = release.manifest["files"]["a.mjs"]
    assert f'"{entry["fallback"]}"' in include.read_text()
    assert read(site).url("a.mjs") == entry["fallback"]
    (place(site).directory / "fallback.json").unlink()
    activated(site, release, 1)
    assert f'"{entry["url"]}"' in include.read_text()


CALLS = ("mkdir", "replace", "symlink", "unlink", "open", "rmdir")


def test_a_crash_at_any_call_leaves_one_of_both_releases(
    site: Site,
) -> None:
    first, second = built(site, "a { color: red }"), built(site, "a { color: blue }")
    uploaded(site)
    points = 0
    while True:
        shutil.rmtree(place(site).directory, ignore_errors=True)
        activated(site, first, 1)
        if in_a_child(partial(activated, site, second, 2), CALLS, points + 1):
            break
        assert read(site).release in (first.release, second.release), points
        assert all(
            Path(place(site).directory, read(site).entry(path)["path"]).is_file()
            for path in read(site).names()
        )
        assert activated(site, second, 2)
        assert read(site).release == second.release
        points += 1

    print(f"{points} points")
    assert points > 15
