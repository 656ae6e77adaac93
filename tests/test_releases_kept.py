"""Which files of older releases stay in the build directory."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as some

from cdn_pipeline.release import BuildDirectory

RELEASES = some.sets(some.sampled_from("abcd"), min_size=1)


@settings(max_examples=150)
@given(some.lists(RELEASES, min_size=1, max_size=8), some.integers(1, 4))
def test_all_files_of_the_newest_releases_stay_and_no_others(releases: list[set[str]], keep: int) -> None:
    whole: list[set[str]] = []
    with TemporaryDirectory() as top:
        for names in releases:
            publish(Path(top), "".join(sorted(names)), names, keep)
            whole = [names, *(each for each in whole if each != names)][:keep]

            there = {file.name for file in Path(top).iterdir() if file.is_file()}
            assert there == set[str]().union(*whole)


def publish(top: Path, identity: str, names: set[str], keep: int) -> None:
    directory = BuildDirectory(top, "build")
    directory.open()
    staged = {name: directory.stage(name.encode()) for name in names}
    directory.switch(staged, {})
    directory.settle(staged, (identity, list(names)), keep, {})
    directory.close()
