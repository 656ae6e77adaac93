"""What most tests need: a site in a temporary directory, built by the public functions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cdn_pipeline.build import build
from cdn_pipeline.built import Built, Request
from cdn_pipeline.config_file import load
from tests.application import unpacked_wheel_of_ours

PLAIN = """
minify = false
[[routes]]
match = ["*"]
encodings = []
"""


class Site:
    """A site whose sources are written by ``site.write({"static/a.css": "…"})``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.out = root / "build"

    def write(self, files: dict[str, str | bytes]) -> None:
        for name, content in files.items():
            file = self.root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())

    def build(self, config: str = PLAIN, **options: Any) -> Built:
        self.write({"cdn_pipeline.toml": config})
        request = Request(load(self.root / "cdn_pipeline.toml"), self.out, **options)
        return build(request)

    def manifest(self) -> dict[str, Any]:
        manifest: dict[str, Any] = json.loads((self.out / "manifest.json").read_bytes())
        return manifest

    def url(self, path: str) -> str:
        url: str = self.manifest()["files"][path]["url"]
        return url

    def served(self, path: str) -> str:
        return (self.out / self.manifest()["files"][path]["path"]).read_text("utf-8")

    def files(self) -> dict[str, bytes]:
        """Every file of the build but our own notes."""
        return {
            file.relative_to(self.out).as_posix(): file.read_bytes()
            for file in sorted(self.out.rglob("*"))
            if file.is_file() and ".cdn_pipeline" not in file.parts
        }


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """An empty site."""
    return Site(tmp_path)


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our own wheel, unpacked."""
    return unpacked_wheel_of_ours(tmp_path_factory.mktemp("ours"))
