"""Whether anything changed."""

from __future__ import annotations

from pathlib import Path

from cdn_pipeline.freshness import library_stamp


def test_an_installed_package_changes_the_stamp(tmp_path: Path) -> None:
    packages = tmp_path / "site-packages"
    packages.mkdir()
    places = ["", str(tmp_path / "none/site-packages"), str(packages)]
    before = library_stamp(places)
    assert library_stamp(places) == before

    (packages / "brotli-2.dist-info").mkdir()
    assert library_stamp(places) != before


def test_other_directories_do_not_change_the_stamp(tmp_path: Path) -> None:
    before = library_stamp([str(tmp_path)])
    (tmp_path / "module.py").touch()

    assert library_stamp([str(tmp_path)]) == before
