"""Sources."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from cdn_pipeline.sources import Sources


def write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


def messages(sources: Sources) -> list[str]:
    return [f"{problem.file}: {problem.message}" for problem in sources.problems]


def test_the_first_root_wins(tmp_path: Path) -> None:
    write(tmp_path, "one/a.css", "two/a.css", "two/b.css")
    sources = Sources(tmp_path, ["one", "two"], [])

    assert {path: asset.shown for path, asset in sources.assets.items()} == {
        "a.css": "one/a.css",
        "b.css": "two/b.css",
    }


def test_litter_and_what_is_excluded_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, *(f"s/{name}" for name in ("a.css", "x/.DS_Store", ".git/config", "b.css~", "src/a.psd")))
    write(tmp_path, "s/.well-known/security.txt")

    assert list(Sources(tmp_path, ["s"], ["*.psd"]).assets) == [".well-known/security.txt", "a.css"]


def test_odd_names_are_assets_like_others(tmp_path: Path) -> None:
    names = [
        "a b.css",
        "a#b.css",
        "a?b.css",
        "100%.css",
        'it\'s "q".css',
        "ü.css",
        unicodedata.normalize("NFD", "ö.css"),
    ]
    write(tmp_path, *(f"s/{name}" for name in names))
    sources = Sources(tmp_path, ["s"], [])

    assert sorted(sources.assets) == sorted(names)
    assert sources.problems == []


def test_a_link_inside_is_followed_and_one_that_leaves_is_not(tmp_path: Path) -> None:
    write(tmp_path, "s/real/a.css", "elsewhere/secret.txt")
    (tmp_path / "s/inside").symlink_to("real")
    (tmp_path / "s/out.txt").symlink_to("../elsewhere/secret.txt")
    (tmp_path / "s/outside").symlink_to(tmp_path / "elsewhere")
    sources = Sources(tmp_path, ["s"], [])

    assert list(sources.assets) == ["inside/a.css", "real/a.css"]
    leaves = "a symbolic link that leads out of the source directory; it is left out"
    assert messages(sources) == [f"s/out.txt: {leaves}", f"s/outside: {leaves}"]


def test_a_sibling_with_the_roots_name_as_prefix_is_outside(tmp_path: Path) -> None:
    write(tmp_path, "static/a.css", "static-old/b.css")
    (tmp_path / "static/b.css").symlink_to("../static-old/b.css")

    assert list(Sources(tmp_path, ["static"], []).assets) == ["a.css"]


def test_a_link_to_a_directory_that_holds_it_ends(tmp_path: Path) -> None:
    write(tmp_path, "s/a/b.css")
    (tmp_path / "s/a/loop").symlink_to("..")
    (tmp_path / "s/top").symlink_to(".")
    sources = Sources(tmp_path, ["s"], [])

    assert list(sources.assets) == ["a/b.css"]
    assert [problem.file for problem in sources.problems] == ["s/a/loop", "s/top"]


def test_a_dangling_link_is_named(tmp_path: Path) -> None:
    write(tmp_path, "s/a.css")
    (tmp_path / "s/gone.css").symlink_to("nowhere.css")

    assert messages(Sources(tmp_path, ["s"], [])) == ["s/gone.css: cannot be read: no such file or directory"]


def test_names_that_differ_in_case_only(tmp_path: Path) -> None:
    write(tmp_path, "s/Logo.png", "s/logo.png")

    assert messages(Sources(tmp_path, ["s"], [])) == [
        "s/logo.png: differs from 'Logo.png' only in case, which some file systems cannot tell apart"
    ]


@pytest.mark.parametrize("name", [b"\xff.css", b"a\nb.css", b"a\x7f.css"])
def test_a_name_that_no_url_can_hold(tmp_path: Path, name: bytes) -> None:
    (tmp_path / "s").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/s/" + name)).write_text("x")
    sources = Sources(tmp_path, ["s"], [])

    assert list(sources.assets) == []
    assert [problem.message for problem in sources.problems] == [
        "a name that no URL can hold; it is left out"
    ]
    str(sources.problems[0]).encode("utf-8")


def test_what_is_no_file_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    os.mkfifo(tmp_path / "s/pipe.css")

    assert messages(Sources(tmp_path, ["s"], [])) == [
        "s/pipe.css: neither a file nor a directory; it is left out"
    ]


def test_a_missing_root_is_an_error(tmp_path: Path) -> None:
    assert messages(Sources(tmp_path, ["nope"], [])) == ["nope: no such source directory"]


def test_files_that_are_given_one_by_one_are_taken_in_place_of_roots(tmp_path: Path) -> None:
    write(tmp_path, "s/a.css", "app/b.css", "app/c.psd")
    files = {name: str(tmp_path / "app" / name) for name in ("b.css", "c.psd", "lost.css")}
    sources = Sources(tmp_path, ["s"], ["*.psd"], files=files)

    assert {path: asset.shown for path, asset in sources.assets.items()} == {"b.css": "app/b.css"}
    assert messages(sources) == ["app/lost.css: cannot be read: no such file or directory"]
