"""Retreats: running sites take files from the origin, and go back, without a restart."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from cdn_pipeline import fallback, retreat
from cdn_pipeline.errors import CdnPipelineError, ConfigError, PublishError
from cdn_pipeline.manifest import Manifest
from tests.conftest import Site

CONFIG = """
minify = false
[targets.cdn]
url = "https://x.example/"
store = "directory:store"
keep_on_origin = true
hold = "1h"
[targets.media]
url = "https://y.example/"
store = "directory:media"
[[routes]]
match = ["*.mp4"]
target = "media"
"""
FILES: dict[str, str | bytes] = {
    "static/a.png": b"A",
    "static/b.png": b"B",
    "static/c.mp4": b"C",
    "static/s.css": "a { background: url(a.png) }",
}


@pytest.fixture
def running(site: Site) -> Manifest:
    """What an application has loaded, which looks for changes each time."""
    site.write(FILES)
    site.build(CONFIG)
    return Manifest.load(site.out / "manifest.json", reload=0)


def hosts(running: Manifest) -> str:
    """Where pages ask for the files: ``x`` and ``y`` are CDNs, ``-`` is the origin."""
    urls = [running.url(name) for name in ("a.png", "b.png", "c.mp4", "s.css")]
    return "".join("-" if url.startswith("/static/") else url[len("https://")] for url in urls)


def test_pages_leave_a_cdn_at_once_and_come_back(site: Site, running: Manifest) -> None:
    seen = [hosts(running)]
    retreat.retreat([site.out], ["cdn"])
    seen.append(hosts(running))
    retreat.return_to([site.out], ["cdn"])
    seen.append(hosts(running))

    assert seen == ["xxy-", "--y-", "xxy-"]


def test_a_retreat_where_the_origin_has_no_copy_is_refused(site: Site, running: Manifest) -> None:
    for targets in ((), ("media",), ("cdn", "media")):
        with pytest.raises(PublishError) as error:
            retreat.retreat([site.out], targets)
        assert str(error.value) == (
            "targets.media: the origin has no copy of c.mp4; set targets.media.keep_on_origin = true, build "
            "and deploy"
        )
    assert hosts(running) == "xxy-"
    assert not (site.out / "fallback.json").exists()


def test_it_may_be_done_with_the_rest_alone(site: Site, running: Manifest) -> None:
    retreat.retreat([site.out], partly=True)

    assert hosts(running) == "--y-"
    assert retreat.read(site.out).retreated == {"cdn", "media"}


def test_a_refusal_offers_the_rest_where_there_is_one(site: Site) -> None:
    site.write(FILES)
    site.build(CONFIG + '[[routes]]\nmatch = ["a.png"]\ntarget = "media"\nkeep_on_origin = true\n')
    with pytest.raises(PublishError, match=r"build and deploy; or retreat with the rest alone \(--partly\)$"):
        retreat.retreat([site.out])


def test_many_files_without_a_copy_are_counted(site: Site) -> None:
    site.write({f"static/{number}.png": b"" for number in range(8)})
    site.build('[targets.cdn]\nurl = "https://x.example/"\nstore = "directory:store"\n')
    with pytest.raises(PublishError, match=r"no copy of 0.png, 1.png, 2.png, 3.png, 4.png and 3 more; set"):
        retreat.retreat([site.out])


@pytest.mark.parametrize(
    ("target", "says"),
    [("cnd", "no target 'cnd' to retreat from; did you mean 'cdn'?"), ("origin", "there is cdn, media")],
)
def test_an_unknown_target_is_refused(site: Site, running: Manifest, target: str, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        retreat.retreat([site.out], [target])

    assert says in str(error.value)


def test_a_site_without_cdn_has_nowhere_to_retreat_from(site: Site) -> None:
    site.write(FILES)
    site.build()
    with pytest.raises(ConfigError, match="everything is on the origin already"):
        retreat.retreat([site.out])


def test_a_site_that_was_not_built_cannot_retreat(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match=r"manifest.json: cannot be read: .+; build or deploy first"):
        retreat.retreat([tmp_path])
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(PublishError, match=r"manifest.json: is damaged"):
        retreat.retreat([tmp_path])


def test_all_that_is_retreated_from_comes_back(site: Site, running: Manifest) -> None:
    retreat.retreat([site.out], partly=True)
    retreat.return_to([site.out])

    assert hosts(running) == "xxy-"


def test_what_is_held_is_let_go_when_it_was_seen(site: Site, running: Manifest) -> None:
    files = retreat.manifest(site.out).files

    def hold_back(there: fallback.Fallback) -> fallback.Fallback:
        return there._replace(held={("cdn", path): 4e9 for path in files})

    retreat.update([site.out], hold_back)
    seen = [hosts(running)]
    retreat.release_held([site.out], {"cdn": {"a.png"}})
    seen.append(hosts(running))
    retreat.release_held([site.out], {"cdn": set(files)})
    seen.append(hosts(running))

    assert seen == ["--y-", "x-y-", "xxy-"]


def test_a_retreat_outlives_a_build_and_every_place_is_told(site: Site, running: Manifest) -> None:
    live = site.root / "live"
    live.mkdir()
    (live / "manifest.json").write_bytes((site.out / "manifest.json").read_bytes())
    retreat.retreat([site.out, live], ["cdn"])
    site.write({"static/b.png": b"other"})
    site.build(CONFIG)

    assert hosts(running) == hosts(Manifest.load(live / "manifest.json")) == "--y-"


def test_what_is_damaged_does_not_stop_a_retreat(site: Site, running: Manifest) -> None:
    (site.out / "fallback.json").write_text('{"version": 1, "retreated')
    retreat.retreat([site.out], ["cdn"])

    assert hosts(running) == "--y-"


def test_what_a_newer_program_wrote_stays(site: Site, running: Manifest) -> None:
    file = site.out / "fallback.json"
    file.write_text('{"version": 2}')
    with pytest.raises(PublishError, match=r"fallback.json: is of a newer program: version 2; use the cdn_"):
        retreat.retreat([site.out], ["cdn"])

    assert file.read_text() == '{"version": 2}'


def test_the_places_that_can_be_written_are_though_others_cannot(site: Site, running: Manifest) -> None:
    away = site.root / "away"
    with pytest.raises(PublishError, match=r"away/fallback.json: cannot be written: no such file"):
        retreat.update([away, site.out], lambda there: fallback.retreated(there, ["cdn"]))

    assert hosts(running) == "--y-"


def test_nothing_is_left_behind(site: Site, running: Manifest) -> None:
    before = set(site.out.iterdir())
    retreat.retreat([site.out], ["cdn"])

    assert set(site.out.iterdir()) - before == {site.out / "fallback.json"}


def test_what_says_the_same_is_not_written_again(site: Site, running: Manifest) -> None:
    retreat.retreat([site.out], ["cdn"])
    inode = (site.out / "fallback.json").stat().st_ino
    retreat.retreat([site.out], ["cdn"])

    assert (site.out / "fallback.json").stat().st_ino == inode


def test_of_changes_at_the_same_time_none_is_lost(tmp_path: Path) -> None:
    names = [f"t{number}" for number in range(40)]
    errors: list[CdnPipelineError] = []

    def change(name: str) -> None:
        try:
            retreat.update([tmp_path], lambda there: fallback.retreated(there, [name]))
        except CdnPipelineError as error:
            errors.append(error)

    threads = [threading.Thread(target=change, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert json.loads((tmp_path / "fallback.json").read_bytes())["retreated"] == sorted(names)
