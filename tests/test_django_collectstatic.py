"""What collectstatic builds, and what lies in STATIC_ROOT afterwards."""

from __future__ import annotations

import errno
import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import django_site

django_site.configure()

from django.contrib.staticfiles.finders import BaseFinder  # noqa: E402  (asks for settings)
from django.core.files.base import ContentFile  # noqa: E402
from django.core.files.storage import InMemoryStorage  # noqa: E402
from django.core.management import CommandError, call_command  # noqa: E402
from django.templatetags.static import static  # noqa: E402

from cdn_pipeline.cli import main  # noqa: E402

ROOT = Path(__file__).parent.parent
NO_ENCODINGS = {"match": ["*"], "encodings": []}
PLAIN: dict[str, Any] = {"minify": False, "routes": [NO_ENCODINGS]}
CSS = "css/a.bb4263d9ed62.css"  # of "a{}\n"
PNG = "img/b.796120837694.png"  # of "PNG"


def write(root: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)


def collect(**options: Any) -> str:
    """What it prints."""
    out = io.StringIO()
    call_command("collectstatic", interactive=False, stdout=out, stderr=out, **options)
    return out.getvalue().strip()


def files(directory: Path) -> dict[str, str]:
    """Every file with its text, but our own notes."""
    return {
        file.relative_to(directory).as_posix(): file.read_text()
        for file in sorted(directory.rglob("*"))
        if file.is_file() and ".cdn_pipeline" not in file.parts
    }


def looks(directory: Path) -> dict[str, tuple[int, int]]:
    """Every file, but those in the cache, with what changes when it is written again."""
    return {
        str(file): (file.stat().st_ino, file.stat().st_mtime_ns)
        for file in sorted(directory.rglob("*"))
        if file.is_file() and file.parent != directory / ".cdn_pipeline"
    }


def test_outputs_lie_beside_the_plain_files_and_those_of_a_cdn_in_the_build(tmp_path: Path) -> None:
    write(tmp_path, {"static/css/a.css": "a{}\n", "static/img/b.png": "PNG", "static/robots.txt": "x\n"})
    cdn = {"targets": {"cdn": {"url": "https://cdn.example.com/", "store": "memory:assets"}}}
    with django_site.site(tmp_path, PLAIN | cdn):
        collect()

    there = files(tmp_path / "staticfiles")
    assert {name: text for name, text in there.items() if name != "staticfiles.json"} == {
        "css/a.css": "a{}\n",
        CSS: "a{}\n",
        "img/b.png": "PNG",
        "robots.txt": "x\n",
    }
    assert json.loads(there["staticfiles.json"])["paths"] == {"css/a.css": CSS, "robots.txt": "robots.txt"}
    assert (tmp_path / "build/cdn" / PNG).read_text() == "PNG"
    assert json.loads((tmp_path / "build/manifest.json").read_text())["files"].keys() == {
        *("css/a.css", "img/b.png", "robots.txt")
    }


def test_a_second_run_writes_nothing_and_says_so(tmp_path: Path) -> None:
    write(tmp_path, {"static/css/a.css": "a{}\n", "static/pages/p.html": "<p>\n"})
    with django_site.site(tmp_path):
        first = collect()
        before = looks(tmp_path)
        second = collect()

    assert first == f"2 static files copied to '{tmp_path}/staticfiles', 2 post-processed."
    assert second == f"0 static files copied to '{tmp_path}/staticfiles', 2 unmodified."
    changed = {name for name, look in looks(tmp_path).items() if before.get(name) != look}
    assert {name for name in changed if ".cdn_pipeline" not in name} == set()


def test_every_problem_is_told_at_once_with_its_place_and_the_last_build_stays(tmp_path: Path) -> None:
    write(tmp_path, {"static/a.css": "a{}\n"})
    with django_site.site(tmp_path, PLAIN):
        collect()
        before = files(tmp_path / "build")
        write(tmp_path, {"static/a.css": "a{b:url(no.png)}\n", "static/b.css": "\n@import 'nix.css';\n"})
        with pytest.raises(CommandError) as caught:
            collect()
        url = static("a.css")

    hint = "add the file, mend the reference, or list it in `ignore`"
    assert str(caught.value).splitlines() == [
        "",
        f"static/a.css:1:9: error: no asset 'no.png'; {hint}",
        f"static/b.css:2:10: error: no asset 'nix.css'; {hint}",
        "2 errors; the last build stays in use",
    ]
    assert files(tmp_path / "build") == before
    assert (tmp_path / "staticfiles" / url.removeprefix("/static/")).read_text() == "a{}\n"


def test_a_dry_run_finds_the_same_problems_and_writes_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"static/a.css": "a{}\n", "static/b.css": "b{}\n"})
    with django_site.site(tmp_path, PLAIN):
        collect()
        write(tmp_path, {"static/a.css": "a{a:b}\n"})
        os.utime(tmp_path / "static/a.css", (2e9, 2e9))
        before = looks(tmp_path)
        said = collect(dry_run=True, verbosity=2)
        write(tmp_path, {"static/a.css": "a{b:url(no.png)}\n"})
        with pytest.raises(CommandError, match=r"static/a\.css:1:9: error: no asset 'no\.png'"):
            collect(dry_run=True)
        write(tmp_path, {"static/a.css": "a{a:b}\n"})
        os.utime(tmp_path / "static/a.css", (2e9, 2e9))
        after = looks(tmp_path)

    for line in (
        "Post-processed 'a.css' as 'a.a6d162c180a6.css'",
        "Skipped post-processing 'b.css'",
        f"1 static file copied to '{tmp_path}/staticfiles', 1 unmodified, 1 post-processed.",
    ):
        assert line in said.splitlines()
    assert after == before


def test_clear_takes_away_what_is_not_ours_and_leaves_what_pages_may_still_name(tmp_path: Path) -> None:
    write(tmp_path, {"static/css/a.css": "a{}\n", "staticfiles/old.txt": "x"})
    with django_site.site(tmp_path, PLAIN):
        collect()
        write(tmp_path, {"static/css/a.css": "b{}\n"})
        collect(clear=True)

    assert set(files(tmp_path / "staticfiles")) == {
        *("css/a.css", CSS, "css/a.c2e785537990.css", "staticfiles.json")
    }


def test_pages_go_on_with_the_last_build_where_the_one_after_clear_fails(tmp_path: Path) -> None:
    write(tmp_path, {"static/css/a.css": "a{}\n"})
    with django_site.site(tmp_path, PLAIN):
        collect()
        write(tmp_path, {"static/css/a.css": "a{b:url(no.png)}\n"})
        with pytest.raises(CommandError):
            collect(clear=True)
        url = static("css/a.css")

    assert url == f"/static/{CSS}"
    assert (tmp_path / "staticfiles" / CSS).read_text() == "a{}\n"


def test_files_of_older_releases_stay_for_as_long_as_the_build_keeps_them(tmp_path: Path) -> None:
    with django_site.site(tmp_path, PLAIN | {"keep_releases": 2}):
        write(
            tmp_path,
            {"static/a.css": "a{}\n", "static/gone/b.txt": "b\n", "staticfiles/gone.d/mine.txt": "x"},
        )
        collect()
        seen = []
        (tmp_path / "static/gone/b.txt").unlink()
        for text in ("b{}\n", "c{}\n"):
            write(tmp_path, {"static/a.css": text})
            collect()
            seen.append({name for name in files(tmp_path / "staticfiles") if name != "staticfiles.json"})

    ours = {"a.css", "gone/b.txt", "gone.d/mine.txt"}
    assert seen == [
        ours | {"a.bb4263d9ed62.css", "a.c2e785537990.css", "gone/b.0263829989b6.txt"},
        ours | {"a.c2e785537990.css", "a.225ce83bce26.css"},
    ]


def test_a_built_file_of_a_fixed_name_takes_the_place_of_the_plain_one_and_gives_it_back(
    tmp_path: Path,
) -> None:
    page = '<img src="b.png">\n'
    write(tmp_path, {"static/p.html": page, "static/b.png": "PNG"})
    html = PLAIN | {"html": ["*.html"], "keep_releases": 1}
    with django_site.site(tmp_path, html):
        collect()
        collect()
        built = (tmp_path / "staticfiles/p.html").read_text()
    with django_site.site(tmp_path, html | {"routes": [{"match": ["*"], "fingerprint": True}]}):
        collect()

    assert built == '<img src="/static/b.796120837694.png">\n'
    assert (tmp_path / "staticfiles/p.html").read_text() == page
    assert (tmp_path / "static/p.html").read_text() == page


def test_links_to_the_sources_are_replaced_and_never_written_through(tmp_path: Path) -> None:
    write(tmp_path, {"static/p.html": '<img src="b.png">\n', "static/b.png": "PNG"})
    with django_site.site(tmp_path, PLAIN | {"html": ["*.html"]}):
        collect(link=True)

    assert (tmp_path / "staticfiles/b.png").is_symlink()
    assert (tmp_path / "staticfiles/p.html").read_text() == '<img src="/static/b.796120837694.png">\n'
    assert (tmp_path / "static/p.html").read_text() == '<img src="b.png">\n'


def test_the_first_finder_wins_and_prefixes_count(tmp_path: Path) -> None:
    write(
        tmp_path,
        {f"{name}/a.css": f"{text}{{}}\n" for name, text in (("one", "a"), ("two", "b"), ("css", "a"))},
    )
    write(tmp_path, {"two/c.css": "c{}\n"})
    folders = [tmp_path / "one", ("css", tmp_path / "css"), tmp_path / "two"]
    with django_site.site(tmp_path, PLAIN, STATICFILES_DIRS=folders):
        collect()
        urls = [static(name) for name in ("a.css", "css/a.css", "c.css")]

    assert urls == ["/static/a.bb4263d9ed62.css", f"/static/{CSS}", "/static/c.225ce83bce26.css"]


class FarFinder(BaseFinder):
    """Files that lie in no directory."""

    def __init__(self) -> None:
        self.storage = InMemoryStorage()
        self.storage.save("far/a.css", ContentFile("a{}\n"))

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def list(self, ignore_patterns: Any) -> Any:
        return [("far/a.css", self.storage)]


def test_files_that_lie_in_no_directory_are_built_as_well(tmp_path: Path) -> None:
    finder = f"{__name__}.FarFinder"
    with django_site.site(tmp_path, PLAIN, STATICFILES_DIRS=[], STATICFILES_FINDERS=[finder]):
        write(tmp_path, {})
        collect()
        collect()
        url = static("far/a.css")

    assert url == "/static/far/a.bb4263d9ed62.css"


def test_the_config_file_counts_and_static_url_is_the_origins(tmp_path: Path) -> None:
    toml = '[[routes]]\nmatch = ["*"]\nencodings = ["zstd"]\n'
    write(tmp_path, {"cdn_pipeline.toml": toml, "static/a.txt": "a\n" * 500})
    with django_site.site(tmp_path, STATIC_URL="assets/"):
        collect()
        url = static("a.txt")

    assert url == "/assets/a.1bfb3a6522d9.txt"
    assert (tmp_path / "staticfiles/a.1bfb3a6522d9.txt.zst").exists()


def test_a_plain_build_does_not_take_away_what_the_finders_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "cdn_pipeline.toml"
    write(tmp_path, {config.name: "", "static/a.css": "a{}\n", "elsewhere/b.css": "b{}\n"})
    with django_site.site(tmp_path, STATICFILES_DIRS=[tmp_path / "static", tmp_path / "elsewhere"]):
        collect()
        url = static("b.css")
        code = main(["--config", str(config), "build"])

        assert (code, static("b.css")) == (2, url)
    assert "`manage.py collectstatic`" in capsys.readouterr().err


FAULTS: list[tuple[dict[str, str], dict[str, Any], str]] = [
    (
        {},
        {"minfy": False},
        'STORAGES["staticfiles"]["OPTIONS"]: error: minfy: unknown key; did you mean \'minify\'?',
    ),
    (
        {},
        {"routes": ({"match": "*.png", "target": "cnd"},), "targets": {"cdn": {"url": "//c/"}}},
        "[\"OPTIONS\"]: error: routes[0].target: no target 'cnd'; did you mean 'cdn'?",
    ),
    ({}, {"targets": 1}, 'STORAGES["staticfiles"]["OPTIONS"]: error: targets: must be a table of tables'),
    ({"cdn_pipeline.toml": "minify = 1"}, {}, "cdn_pipeline.toml:1: error: minify: must be a table"),
    ({"cdn_pipeline.toml": "minify ="}, {}, "cdn_pipeline.toml: "),
    (
        {"cdn_pipeline.toml": ""},
        {"minify": False},
        'STORAGES["staticfiles"]["OPTIONS"]: minify: {root}/cdn_pipeline.toml says this already',
    ),
]


@pytest.mark.parametrize(("found", "options", "message"), FAULTS)
def test_a_fault_of_the_config_is_named_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: dict[str, str], options: Any, message: str
) -> None:
    write(tmp_path, found | {"static/a.css": ""})
    monkeypatch.chdir(tmp_path)
    with django_site.site(tmp_path, options), pytest.raises(CommandError) as caught:
        collect(skip_checks=True)

    assert message.format(root=tmp_path) in str(caught.value)


def test_what_cannot_be_written_stops_the_build_before_the_manifest_names_it(tmp_path: Path) -> None:
    write(tmp_path, {"static/css/a.css": "b{}\n"})
    with django_site.site(tmp_path, PLAIN):
        collect()
        before = (tmp_path / "build/manifest.json").read_text()
        write(tmp_path, {"static/css/a.css": "a{}\n", f"staticfiles/{CSS}/in/the.way": "x"})
        with pytest.raises(CommandError) as caught:
            collect()

    place = tmp_path / "staticfiles" / CSS
    assert f"{place}: error: cannot be written: is a directory; mend that" in str(caught.value)
    assert (tmp_path / "build/manifest.json").read_text() == before


def test_outputs_are_links_to_the_build_and_copies_where_there_can_be_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(source: str, target: str) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link", source, None, target)

    write(tmp_path, {"static/css/a.css": "a{}\n"})
    build, static_root = tmp_path / "build/origin", tmp_path / "staticfiles"
    with django_site.site(tmp_path, PLAIN):
        collect()
        assert (build / CSS).samefile(static_root / CSS)

        monkeypatch.setattr(os, "link", link)
        collect(clear=True)
        before = looks(static_root)
        collect()

    assert (static_root / CSS).read_text() == "a{}\n"
    assert not (build / CSS).samefile(static_root / CSS)
    assert looks(static_root) == before


def test_files_and_directories_have_the_modes_of_the_settings(tmp_path: Path) -> None:
    write(tmp_path, {"static/css/a.css": "a{}\n", "static/b.css": "@import 'css/a.css';\n"})
    options = PLAIN | {"file_permissions_mode": 0o640, "directory_permissions_mode": 0o750}
    with django_site.site(tmp_path, options):
        collect()

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "staticfiles").rglob("*")}
    assert set(modes.values()) == {0o640, 0o750}
    assert modes["css"] == 0o750


def test_every_file_of_djangos_admin_is_built(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    django_site.write_project(
        tmp_path,
        [f"django.contrib.{name}" for name in ("admin", "auth", "contenttypes", "messages", "sessions")],
    )
    command = [sys.executable, "manage.py", "collectstatic", "--noinput"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stderr) == (0, "")
    manifest = json.loads((tmp_path / "build/manifest.json").read_text())
    there = files_by_size(tmp_path / "staticfiles")
    for name, entry in manifest["files"].items():
        assert there[entry["path"].removeprefix("origin/")] == entry["size"], name
    assert "admin/css/base.css" in manifest["files"]


def files_by_size(directory: Path) -> dict[str, int]:
    return {
        file.relative_to(directory).as_posix(): file.stat().st_size
        for file in directory.rglob("*")
        if file.is_file()
    }
