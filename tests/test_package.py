"""Packages: what an application asks for, and which of its files that takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cdn_pipeline import package
from cdn_pipeline.errors import ConfigError
from tests.conftest import Site

TARGETS = (
    '[targets.cdn]\nurl = "https://a.example/"\nstore = "s3://a"\n[targets.pull]\nurl = "//b.example/"\n'
)


def read(site: Site, **options: Any) -> package.Package:
    return package.read(options, site.root, "here")


def faults(site: Site, **options: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(site, **options)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("targets", "directories"),
    [(None, ("origin",)), ([], ()), (["cdn"], ("cdn",)), (["origin", "pull", "cdn"], ("origin", "cdn"))],
)
def test_a_package_carries_the_directories_of_its_targets(
    site: Site, targets: list[str] | None, directories: tuple[str, ...]
) -> None:
    site.write({"cdn_pipeline.toml": TARGETS})
    options = {} if targets is None else {"targets": targets}

    assert read(site, into="app/assets/", **options).directories == directories


def test_a_config_is_found_in_pyproject_toml_too(site: Site) -> None:
    site.write({"pyproject.toml": '[tool.cdn_pipeline]\nsource = ["web"]\n'})

    assert read(site, into="app").config.source == ("web",)


@pytest.mark.parametrize("into", ["", "/", "/app", ".", "..", "app/../..", "app//assets", "app\\assets", 1])
def test_a_place_outside_of_the_wheel_is_refused(site: Site, into: object) -> None:
    site.write({"cdn_pipeline.toml": ""})
    wanted = 'must be a place in the wheel, such as "myapp/assets"'

    assert faults(site, into=into) == [f"here: into: is {into!r}; {wanted}"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"target": "a"}, "here: unknown option 'target'; did you mean 'targets'?"),
        ({"targets": "origin"}, "here: targets: is 'origin'; must be a list of names, such as [\"origin\"]"),
        ({"targets": [1]}, 'here: targets: is [1]; must be a list of names, such as ["origin"]'),
        ({"targets": ["orgin"]}, "here: targets: no target 'orgin'; did you mean 'origin'?"),
        ({"config": 1}, 'here: config: is 1; must be the name of a file, such as "cdn_pipeline.toml"'),
        (
            {"config": "x.toml"},
            "here: config: no file 'x.toml'; write one with `cdn-pipeline init`, or name yours",
        ),
    ],
)
def test_a_wrong_option_is_told_with_the_way_out(site: Site, options: dict[str, Any], said: str) -> None:
    site.write({"cdn_pipeline.toml": ""})

    assert faults(site, into="app", **options) == [said]


def test_the_sources_are_what_a_build_reads_and_lies_in_the_project(site: Site) -> None:
    config = (
        'source = ["static", "../shared"]\nbuild = "static/build"\nexclude = ["*.psd"]\n'
        '[bundles]\ndefinitions = ["assets.yaml", "app.assets:bundles"]\ntemplates = ["pages", "one.html"]\n'
    )
    site.root = site.root / "project"
    site.write(
        {
            "conf/site.toml": config,
            "conf/static/a.css": "",
            "conf/static/a.psd": "",
            "conf/static/build/manifest.json": "",
            "shared/b.css": "",
            "../shared/c.css": "",
            "conf/assets.yaml": "bundles: {}",
            "conf/pages/deep/base.html": "",
            "conf/pages/photo.jpg": "",
            "conf/one.html": "",
        }
    )

    assert package.sources(read(site, into="app", config="conf/site.toml")) == [
        "conf/assets.yaml",
        "conf/one.html",
        "conf/pages/deep/base.html",
        "conf/site.toml",
        "conf/static/a.css",
        "shared/b.css",
    ]


def test_what_builds_leave_is_private(site: Site) -> None:
    site.write({"cdn_pipeline.toml": 'build = "out/site"\n'})

    assert package.private(read(site, into="app")) == [".cdn_pipeline", "out/site"]


def test_a_build_elsewhere_leaves_nothing_private_in_the_project(site: Site, tmp_path: Path) -> None:
    site.write({"cdn_pipeline.toml": f'build = "{tmp_path.parent}/elsewhere"\ncache = "../cache"\n'})

    assert package.private(read(site, into="app")) == []
