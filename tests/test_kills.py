"""Real processes, killed at any instant or racing: what is published stays whole, the next run finishes."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cdn_pipeline import digest, home, publication
from cdn_pipeline.stores import Store, open_store
from tests.buckets import ANYBODY, moto_server, new_bucket
from tests.publishing import CONFIG, built, config_of

FILES = 60
KILLS = 8
RACERS = 4
ENVIRONMENT = {**os.environ, **ANYBODY}


@pytest.fixture(params=["directory", "s3"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in ANYBODY.items():
        monkeypatch.setenv(name, value)
    return f"directory:{tmp_path / 'store'}" if request.param == "directory" else new_bucket(moto_server())


def site(root: Path, store_url: str, version: str) -> Path:
    files = {f"{number}.txt": f"{number} of {version}" for number in range(FILES)}
    config = CONFIG.replace("memory:site", store_url).replace("concurrency = 1", "concurrency = 4")
    built(root, files | {"robots.txt": version}, config)
    return root


def command(root: Path, verb: str, *options: str) -> list[str]:
    config = str(root / "cdn_pipeline.toml")
    return [sys.executable, "-m", "cdn_pipeline", "--config", config, verb, *options]


def deploying(root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(root, "deploy", "--no-build", "--no-edge"),
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def assert_whole(store: Store) -> str | None:
    """The published release, all of whose files are there."""
    opened = home.Home("cdn", {"cdn": store})
    seen = opened.seen()
    if seen.current.release is None:
        return None
    record = opened.published(seen)
    assert record is not None
    for key, kept in record.shelves["cdn"].objects.items():
        got = store.get(key)
        assert not kept.is_immutable or (got is not None and digest.sha256(got.body) == kept.sha256)
    return record.release


def test_a_deploy_that_is_killed_leaves_the_old_or_the_new_release(tmp_path: Path, store_url: str) -> None:
    chance = random.Random(4)
    store = open_store(store_url, tmp_path)
    site(tmp_path / "site", store_url, "the first version")
    subprocess.run(
        command(tmp_path / "site", "deploy", "--no-build", "--no-edge"), env=ENVIRONMENT, check=True
    )
    allowed = {assert_whole(store)}
    ended = 0
    for number in range(KILLS):
        site(tmp_path / "site", store_url, f"version {number}")
        process = deploying(tmp_path / "site")
        assert process.stdout is not None
        process.stdout.read(1)  # the first upload is done
        try:
            process.wait(chance.uniform(0.0, 0.2))
            ended += 1
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        allowed.add(deployable(tmp_path / "site"))
        assert assert_whole(store) in allowed
    last = subprocess.run(
        command(tmp_path / "site", "deploy", "--no-build", "--no-edge"), env=ENVIRONMENT, check=False
    )

    print(f"{KILLS - ended} of {KILLS} deploys were killed")
    assert last.returncode == 0
    assert assert_whole(store) == deployable(tmp_path / "site")
    assert store.get("robots.txt").body == f"version {KILLS - 1}".encode()  # type: ignore[union-attr]


def deployable(root: Path) -> str:
    return publication.of(root / "build", config_of(root)).release


def test_of_racing_deploys_one_wins_and_the_others_say_so(tmp_path: Path, store_url: str) -> None:
    store = open_store(store_url, tmp_path)
    roots = [site(tmp_path / str(number), store_url, f"version {number}") for number in range(RACERS)]
    racing = [deploying(root) for root in roots]
    told = [process.communicate()[0] for process in racing]
    codes = [process.returncode for process in racing]

    assert set(codes) <= {0, 3}, "\n".join(told)
    assert codes.count(0) >= 1
    assert assert_whole(store) in {
        deployable(root) for root, code in zip(roots, codes, strict=True) if code == 0
    }
    for code, text in zip(codes, told, strict=True):
        assert code == 0 or "after this deploy had begun" in text


def test_deploys_and_prunes_race_without_loss(tmp_path: Path, store_url: str) -> None:
    store = open_store(store_url, tmp_path)
    root = site(tmp_path / "site", store_url, "old")
    subprocess.run(command(root, "deploy", "--no-build", "--no-edge"), env=ENVIRONMENT, check=True)
    old = tmp_path / "old"
    shutil.copytree(root, old)
    site(root, store_url, "new")
    subprocess.run(command(root, "deploy", "--no-build", "--no-edge"), env=ENVIRONMENT, check=True)
    prunes = [
        subprocess.Popen(
            command(root, "prune", "--yes"), env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        for _ in range(2)
    ]
    again = deploying(old)
    told = again.communicate()[0]
    for prune in prunes:
        prune.communicate()

    assert again.returncode == 0, told
    assert [prune.returncode for prune in prunes] == [0, 0]
    assert assert_whole(store) == deployable(old)
