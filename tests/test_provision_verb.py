"""``cdn-pipeline provision``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cdn_pipeline import provision_verb
from cdn_pipeline.cli import main
from cdn_pipeline.config_file import load
from cdn_pipeline.errors import ConfigError
from cdn_pipeline.provision.settings import edited
from tests.aws_account import AwsAccount

CONFIG = """\
# The site.
source = ["static"]

[targets.cdn]  # what is large
url = "https://d.cloudfront.net/site/"  # as browsers ask
store = "s3://example-assets/site"

[minify]
css = ["default"]
"""


OPTIONS = ("plan", "exit_code", "adopt", "write", "json")


@pytest.fixture
def aws() -> Iterator[AwsAccount]:
    with AwsAccount() as account:
        yield account


def run(aws: AwsAccount, file: Path, **chosen: bool) -> int:
    options = argparse.Namespace(**dict.fromkeys(OPTIONS, False) | chosen)
    options.template = options.policy = None
    return provision_verb.run(load(file), options, aws.account())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "cdn_pipeline.toml").write_text(CONFIG, "utf-8")
    return tmp_path / "cdn_pipeline.toml"


def test_a_plan_shows_what_would_be_done(
    aws: AwsAccount, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(aws, file, plan=True) == 0
    said = capsys.readouterr().out

    assert said.startswith("create    bucket example-assets\n          Region: us-east-1\n")
    assert "          PublicAccessBlock.RestrictPublicBuckets: nothing → true\n" in said
    assert "          Versioning.Status: nothing → Enabled\n" in said
    assert said.endswith("11 steps to do; nothing was changed\n")
    assert aws.writes == []


def test_ci_learns_of_drift_by_the_exit_code(
    aws: AwsAccount, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = [run(aws, file, plan=True, exit_code=True), run(aws, file, plan=True, exit_code=True, json=True)]
    run(aws, file)
    codes.append(run(aws, file, plan=True, exit_code=True))

    assert codes == [4, 4, 0]


def test_the_exit_code_of_what_is_done_means_no_drift(aws: AwsAccount, file: Path) -> None:
    with pytest.raises(ConfigError, match="--exit-code tells what --plan has found"):
        run(aws, file, exit_code=True)


def test_at_the_end_it_says_what_the_config_needs(
    aws: AwsAccount, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(aws, file) == 0
    ((id_, made),) = aws.api.distributions.items()

    assert capsys.readouterr().out.endswith(
        f"\n\nfor {file}, or with --write:\n\n[targets.cdn]\n"
        f'url = "https://{made["DomainName"]}/site/"\n'
        f'store = "s3://example-assets/site"\ncdn = "cloudfront:{id_}"\n'
    )
    assert file.read_text("utf-8") == CONFIG


def test_it_writes_that_into_the_config_and_nothing_else(
    aws: AwsAccount, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(aws, file, write=True) == 0
    ((id_, made),) = aws.api.distributions.items()

    assert file.read_text("utf-8") == CONFIG.replace("d.cloudfront.net", made["DomainName"]).replace(
        '/site"\n', f'/site"\ncdn = "cloudfront:{id_}"\n'
    )
    capsys.readouterr()
    assert run(aws, file, write=True) == 0
    assert capsys.readouterr().out == "example-assets/site is as described; nothing was changed\n"


def test_machines_get_everything(aws: AwsAccount, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(aws, file, json=True) == 0
    said = json.loads(capsys.readouterr().out)
    (id_,) = aws.api.distributions

    assert said["ok"] is True
    assert said["settings"]["cdn"] == f"cloudfront:{id_}"
    assert said["changes"][0] == {
        "act": "create",
        "resource": "bucket example-assets",
        "differences": [{"path": "Region", "was": None, "wanted": "us-east-1"}],
    }


def test_a_plan_with_a_problem_fails(aws: AwsAccount, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    aws.client("s3").create_bucket(Bucket="example-assets")

    assert run(aws, file, plan=True) == 1
    assert "bucket example-assets: is there, and was not made by cdn-pipeline" in capsys.readouterr().err


def test_the_command_says_what_the_config_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cdn_pipeline.toml").write_text("", "utf-8")
    monkeypatch.chdir(tmp_path)

    assert main(["provision", "--plan"]) == 2
    assert capsys.readouterr().err == (
        "cdn_pipeline.toml: error: no target has a store on S3; add [targets.cdn] with url = "
        '"https://cdn.example.com/" and store = "s3://bucket/prefix"\n1 error; nothing was changed\n'
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[targets.cdn]\nurl = 'a'\n", '[targets.cdn]\nurl = "b"\ncdn = "c"\n'),
        ("[targets.cdn]\n[x]\n", '[targets.cdn]\nurl = "b"\ncdn = "c"\n[x]\n'),
        ('[ targets.cdn ] # here\ncdn="old" # id\n', '[ targets.cdn ] # here\ncdn="c" # id\nurl = "b"\n'),
        ("targets.cdn.url = 'a'\n", None),
        ("[targets]\ncdn = { url = 'a' }\n", None),
        ('[targets.cdn]\nurl = """\na"""\n', None),
    ],
)
def test_a_table_is_edited_line_by_line(before: str, after: str | None) -> None:
    assert edited(before, "targets.cdn", {"url": "b", "cdn": "c"}) == after
