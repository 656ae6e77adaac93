"""The config."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdn_pipeline.config import Config, Hooks, Provision, Publish, Route, Target
from cdn_pipeline.config_file import load
from cdn_pipeline.errors import ConfigError


def loaded(tmp_path: Path, text: str) -> Config:
    (tmp_path / "cdn_pipeline.toml").write_text(text, "utf-8")
    return load(tmp_path / "cdn_pipeline.toml")


def faults(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    return [f"{problem.line} {problem.message}; {problem.hint}" for problem in caught.value.problems]


def test_an_empty_config_is_a_whole_one(tmp_path: Path) -> None:
    config = loaded(tmp_path, "")

    assert config.source == ("static",)
    assert config.origin == Target("origin", "/static/")


def test_everything_in_one_look(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        """
source = ["static", "node_modules/x/dist"]
on_missing = "warn"
ignore = ["vendor/**: *.map"]
filter_timeout = "2m"

[targets.cdn]
url = "https://cdn.example.com/site"
store = "s3://bucket/site"
keep_on_origin = true
hold = "1h"

[[routes]]
match = "*.png"
target = "cdn"
headers = { X-A = "b" }
encodings = ["brotli", "gzip"]

[minify]
css = ["rcssmin", "default"]

[groups]
home = ["site.css", "js/app.mjs"]
""",
    )

    assert config.source == ("static", "node_modules/x/dist")
    assert config.ignore == (("vendor/**", "*.map"),)
    assert config.filter_timeout_s == 120
    assert config.targets["cdn"] == Target(
        "cdn", "https://cdn.example.com/site/", "s3://bucket/site", None, True, 3600.0
    )
    assert config.targets["cdn"].kind == "push"
    assert config.routes == (
        Route(("*.png",), "cdn", headers={"X-A": "b"}, encodings=("gzip", "br"), place="routes[0]"),
    )
    assert config.minify.css == ("rcssmin", "default")
    assert config.minify.js == ("default",)
    assert config.groups == {"home": ("site.css", "js/app.mjs")}


def test_minify_can_be_switched_off(tmp_path: Path) -> None:
    assert loaded(tmp_path, "minify = false").minify.css == ()


def test_every_fault_is_reported_at_once_with_its_line(tmp_path: Path) -> None:
    assert faults(
        tmp_path,
        """sorce = ["x"]
on_missing = "no"
[targets.cdn]
urll = "https://x"
[[routes]]
match = ["*"]
target = "cnd"
[[routes]]
match = ["*"]
fingerprint = 3
""",
    ) == [
        "1 sorce: unknown key; did you mean 'source'?",
        "4 targets.cdn.urll: unknown key; did you mean 'url'?",
        '3 targets.cdn.url: is missing; say how a browser asks, such as "https://cdn.example.com/"',
        '2 on_missing: is \'no\'; must be "error" or "warn"',
        "7 routes[0].target: no target 'cnd'; did you mean 'cdn'?",
        "10 routes[1].fingerprint: must be true or false; ",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("source = 3", "source: must be a list of non-empty strings"),
        ("keep_releases = 0", "keep_releases: must be a whole number, 1 or more"),
        ("keep_releases = true", "keep_releases: must be a whole number, 1 or more"),
        ('ignore = ["x"]', "ignore: 'x' has no colon"),
        ('filter_timeout = "soon"', "filter_timeout: is 'soon'"),
        ('[targets.origin]\nurl = "static/"', "targets.origin.url: is 'static/'"),
        ('[targets."a/b"]\nurl = "/"', "targets.a/b: is a directory in the build"),
        ("[[routes]]", "routes[0]: has no match"),
        ("[[routes]]\nmatch = ['*']\nheaders = { X = \"a\\nb\" }", "routes[0].headers.X: must be a string"),
        ('[[routes]]\nmatch = ["*"]\nencodings = ["rar"]', "routes[0].encodings: unknown encoding 'rar'"),
        ("routes = 1", "routes: must be an array of tables"),
        ("targets = 1", "targets: must be a table of tables"),
        ('build = ""', "build: must be a non-empty string"),
        ('[targets.cdn]\nurl = "/c/"\nstore = "bucket"', "targets.cdn.store: is 'bucket'; must be such as"),
        (
            '[targets.cdn]\nurl = "/c/"\ncdn = "cloudfrnt:E1"',
            "targets.cdn.cdn: is 'cloudfrnt:E1'; must be such as",
        ),
        ('[targets.cdn]\nurl = "/c/"\ncache_tags = ["a b"]', "targets.cdn.cache_tags: 'a b' has a space"),
        ('publish = "yes"', "publish: must be a table"),
        ("[publish]\nsample = 2", "publish.sample: is 2"),
        ("[publish]\nconcurrency = 0", "publish.concurrency: must be a whole number, 1 or more"),
        ('[publish]\ngrace = "long"', "publish.grace: is 'long'"),
        ('[publish]\nfile_proxy = "proxy"', "publish.file_proxy: is 'proxy'; must be \"module:function\""),
        ('[publish]\nfile_proxy = "a:b"', "publish.file_proxy: needs a live directory; say where"),
        ("[hooks]\nafter_deploy = 1", "hooks.after_deploy: is 1; write"),
        ("[hooks]\nafter_deploi = 'x'", "hooks.after_deploi: unknown key; did you mean 'after_deploy'?"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, text: str, message: str) -> None:
    assert any(message in fault for fault in faults(tmp_path, text))


def test_bad_syntax_has_its_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, "a = 1\nb = [")

    assert str(caught.value).split(":")[-1].strip().startswith("Invalid value")
    assert caught.value.problems[0].line == 2


def test_a_config_in_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.cdn_pipeline]\nbuild = "out"\nx = 1\n', "utf-8")

    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "pyproject.toml")
    assert caught.value.problems[0].line == 3


def test_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "cdn_pipeline.toml").write_bytes(b'build = "\xff"')

    with pytest.raises(ConfigError, match="is not UTF-8"):
        load(tmp_path / "cdn_pipeline.toml")


STORES = """
[targets.origin]
store = "directory:/srv/www/static"
[targets.cdn]
url = "https://cdn.example.com/"
store = "s3://bucket/site"
[targets.pull]
url = "https://pull.example.com/"
"""


def test_what_publishing_needs(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        STORES + '[publish]\nkeep_releases = 2\ngrace = "1h"\n[hooks]\nbefore_build = ["make", "all"]\n'
        'after_deploy = "site.hooks:tell"\ntimeout = "10s"\n',
    )

    assert config.publish == Publish(keep_releases=2, grace_s=3600.0)
    assert config.hooks == Hooks(before_build=("make", "all"), after_deploy="site.hooks:tell", timeout_s=10.0)


@pytest.mark.parametrize(
    ("text", "home"),
    [
        ("", None),
        (STORES, "cdn"),
        (STORES + '[publish]\nhome = "origin"', "origin"),
        ('[targets.origin]\nstore = "directory:www"', "origin"),
    ],
)
def test_the_home_of_the_releases(tmp_path: Path, text: str, home: str | None) -> None:
    found = loaded(tmp_path, text).home

    assert (found and found.name) == home


@pytest.mark.parametrize(("name", "hint"), [("pull", "add [targets.pull] with a store"), ("cdm", "'cdn'")])
def test_only_a_target_with_a_store_can_be_the_home(tmp_path: Path, name: str, hint: str) -> None:
    (fault,) = faults(tmp_path, f'{STORES}[publish]\nhome = "{name}"')

    assert f"publish.home: no target {name!r} with a store" in fault
    assert hint in fault


def test_provisioning_in_one_look(tmp_path: Path) -> None:
    text = """
[targets.cdn]
url = "https://cdn.example.com/site/"
store = "s3://example-assets/site"

[provision]
region = "eu-central-1"
hosted_zone = "example.com"
deployers = ["github:example/site:environment:production"]
old_versions = "7d"
tags = { team = "web" }
"""

    assert loaded(tmp_path, text).provision == Provision(
        region="eu-central-1",
        hosted_zone="example.com",
        deployers=("github:example/site:environment:production",),
        old_versions_s=7 * 86400.0,
        tags={"team": "web"},
    )


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('target = "cdm"', "provision.target: no target 'cdm' with a store on S3; did you mean 'cdn'?"),
        ('region = "Frankfurt"', "provision.region: is 'Frankfurt'; must be such as \"eu-central-1\""),
        ('price_class = "300"', 'provision.price_class: is \'300\'; must be "100" or "200" or "all"'),
        (
            'certificate = "arn:aws:acm:eu-west-1:111122223333:certificate/x"',
            "provision.certificate: is 'arn:aws:acm:eu-west-1:111122223333:certificate/x'; must be such as "
            '"arn:aws:acm:us-east-1:111122223333:certificate/…"',
        ),
        (
            'site_origin = "https://example.com"',
            "provision.site_origin: is 'https://example.com'; must be such as \"origin.example.com\"",
        ),
        (
            'uploaders = ["github:a/b"]',
            "provision.uploaders: 'github:a/b' names nobody; "
            'write an ARN such as "arn:aws:iam::111122223333:role/ci"',
        ),
        (
            'tags = { site = "a;b" }',
            "provision.tags.site: AWS allows letters, digits, spaces and _.:/=+-@ in tags; ",
        ),
    ],
)
def test_faults_of_provisioning_are_told(tmp_path: Path, line: str, fault: str) -> None:
    target = '[targets.cdn]\nurl = "https://a.example/"\nstore = "s3://bucket"\n'

    assert faults(tmp_path, f"{target}[provision]\n{line}") == [f"5 {fault}"]
