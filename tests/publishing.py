"""Small sites that are built in a moment, to be published."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cdn_pipeline import current as state
from cdn_pipeline import deploy, home, prune, rollback
from cdn_pipeline.build import build
from cdn_pipeline.built import Request
from cdn_pipeline.config import Config
from cdn_pipeline.config_file import load
from cdn_pipeline.record import Record
from cdn_pipeline.stores import Store
from cdn_pipeline.stores.memory import Memory

PLAIN_NAME = """
[[routes]]
match = ["/robots.txt"]
target = "cdn"
fingerprint = false
encodings = []
"""
ROUTES = f"""{PLAIN_NAME}
[[routes]]
match = ["*"]
target = "cdn"
encodings = []
"""
CONFIG = f"""
minify = false

[targets.cdn]
url = "https://cdn.example.com/site/"
store = "memory:site"

[publish]
concurrency = 1
keep_releases = 1
grace = "0s"
{ROUTES}"""


def built(root: Path, files: Mapping[str, str | bytes], config: str = CONFIG) -> Path:
    """The build directory of a site of these static files."""
    for name, content in files.items():
        file = root / "static" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    (root / "cdn_pipeline.toml").write_text(config)
    build(Request(config_of(root), root / "build", jobs=1))
    return root / "build"


def config_of(root: Path) -> Config:
    return load(root / "cdn_pipeline.toml")


def deployed(root: Path, store: Store, **options: Any) -> deploy.Deployed:
    """A deploy of the build in *root* into *store*, whatever the config says of it."""
    return deploy.deploy(
        deploy.Request(config_of(root), root / "build", open=lambda url, root: store, **options)
    )


def rolled_back(root: Path, store: Store, release: str | None = None) -> rollback.RolledBack:
    return rollback.rollback(rollback.Request(config_of(root), release, open=lambda url, root: store))


def pruned(root: Path, store: Store, **options: Any) -> prune.Pruned:
    return prune.prune(prune.Request(config_of(root), open=lambda url, root: store, **options))


def assert_sound(store: Memory, known: dict[str, str]) -> None:
    """What holds at any moment: the published release is recorded and whole, and bytes under a name that is
    for them alone never change. *known* is ``{key: sha256}`` of what was seen, and is added to."""
    for key, versions in store._objects.items():
        for version in versions:
            assert hashlib.sha256(version.body).hexdigest() == version.sha256
        if key not in (state.KEY, "robots.txt") and not key.startswith(".cdn_pipeline/releases/"):
            assert known.setdefault(key, versions[-1].sha256) == versions[-1].sha256
    record = published(store)
    if record is not None:
        assert missing(record, store) == [], f"{record.release} is published, and not whole"


def published(store: Memory) -> Record | None:
    """The release that visitors get."""
    site = home.Home("cdn", {"cdn": store})
    seen = site.seen()
    record = site.published(seen)
    assert seen.current.release is None or record is not None, f"{seen.current.release} is not recorded"
    return record


def assert_settled(store: Memory) -> None:
    """What holds when nobody is at work: nothing is left to be done, and plain names have their bytes."""
    current = home.Home("cdn", {"cdn": store}).seen().current
    assert (current.pending, dict(current.doomed)) == ((), {})
    record = published(store)
    assert record is not None
    for key, kept in record.shelves["cdn"].objects.items():
        assert store._objects[key][-1].sha256 == kept.sha256


def missing(record: Record, store: Memory) -> list[str]:
    """What the store lacks of a release; of names without fingerprint, the copy."""
    lost = []
    for key, kept in record.shelves["cdn"].objects.items():
        name = key if kept.is_immutable else f".cdn_pipeline/blobs/{kept.sha256}"
        versions = store._objects.get(name, [])
        if not versions or versions[-1].sha256 != kept.sha256:
            lost.append(name)
    return lost
