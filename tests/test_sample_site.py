"""The sample site, built by the command line as a user would, and looked at as a browser would."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urljoin

import brotli
import pytest

from cdn_pipeline import config

SITE = Path(__file__).parents[1] / "sample_site"
ORIGIN = "/static/"
CDN = "https://cdn.example.com/site/"
IMAGES_AND_FONTS = {"png", "jpg", "webp", "avif", "woff", "woff2"}


@dataclass(frozen=True)
class Build:
    """A copy of the site, and what was made of it."""

    site: Path
    out: Path

    @property
    def manifest(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.out / "manifest.json").read_text("utf-8"))
        return loaded

    @property
    def files(self) -> dict[str, dict[str, Any]]:
        """What a site reads of the manifest, by logical path; the parts of bundles are files too."""
        files: dict[str, dict[str, Any]] = self.manifest["files"]
        return files

    def bundle(self, name: str) -> dict[str, Any]:
        bundle: dict[str, Any] = self.manifest["bundles"][name]
        return bundle

    def text(self, path: str) -> str:
        return (self.out / str(self.files[path]["path"])).read_text("utf-8")

    def bundle_text(self, name: str) -> str:
        return "\n".join(self.text(part) for part in self.bundle(name)["parts"])

    def tree(self) -> dict[str, bytes]:
        """What a server or a template sees, by path."""
        private = ".cdn_pipeline"
        files = (file for file in sorted(self.out.rglob("*")) if file.is_file())
        shown = (file for file in files if private not in file.relative_to(self.out).parts)
        return {str(file.relative_to(self.out)): file.read_bytes() for file in shown}


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cdn_pipeline", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def copy(to: Path) -> Path:
    shutil.copytree(SITE, to, ignore=shutil.ignore_patterns("build", ".cdn_pipeline", "__pycache__"))
    return to


def build(site: Path, *options: str) -> Build:
    done = run("--config", site / "cdn_pipeline.toml", "build", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    return Build(site, site / "build")


def clone(built: Build, to: Path) -> Build:
    """The site with what was built from it, so that the next build is not the first."""
    shutil.copytree(built.site, to)
    return Build(to, to / "build")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return build(copy(tmp_path_factory.mktemp("first") / "site"))


def load_render() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sample_site_render", SITE / "render.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def extension(path: str) -> str:
    return path.rpartition(".")[2]


# The config


def test_the_config_shows_every_key_that_there_is() -> None:
    text = (SITE / "cdn_pipeline.toml").read_text("utf-8")
    table = tomllib.loads(text)
    units = {"filter_timeout_s": "filter_timeout", "hold_s": "hold"}

    def keys(fields: tuple[str, ...], *inner: str) -> set[str]:
        return {units.get(name, name) for name in fields} - set(inner)

    assert set(table) == keys(config.Config._fields, "root", "file", "files")
    assert set(table["targets"]["cdn"]) == keys(config.Target._fields, "name")
    assert set(table["routes"][0]) == keys(config.Route._fields, "place")
    assert set(table["bundles"]) == keys(config.Bundles._fields)
    assert set(table["minify"]) == keys(config.Minify._fields)


def test_the_config_says_in_a_comment_what_each_key_means() -> None:
    text = (SITE / "cdn_pipeline.toml").read_text("utf-8")
    keys = set(re.findall(r"^ *([a-z_]+) *=", text.partition("[groups]")[0], re.MULTILINE))

    assert keys - set(re.findall(r"^ *([a-z_]+) *=.*# \S", text, re.MULTILINE)) == set()


# What the build leaves behind


def test_images_and_fonts_are_for_the_cdn_byte_for_byte_with_a_copy_on_the_origin(built: Build) -> None:
    files = {path: entry for path, entry in built.files.items() if extension(path) in IMAGES_AND_FONTS}
    source = built.site / "static"

    assert len(files) == 35
    for path, entry in files.items():
        assert entry["url"].startswith(CDN)
        assert (built.out / entry["path"]).read_bytes() == (source / path).read_bytes()
        fallback = built.out / "origin" / entry["fallback"].removeprefix(ORIGIN)
        assert fallback.read_bytes() == (source / path).read_bytes()


def test_text_is_for_the_origin_with_neighbours_that_decode_to_it(built: Build) -> None:
    decoders = {"gzip": (".gz", gzip.decompress), "br": (".br", brotli.decompress)}
    checked = 0
    for path, entry in built.files.items():
        if extension(path) in {"css", "js", "json", "svg", "html", "txt", "webmanifest"}:
            assert entry["target"] == "origin"
            for encoding, size in entry.get("encodings", {}).items():
                suffix, decode = decoders[encoding]
                file = built.out / (entry["path"] + suffix)
                assert file.stat().st_size == size
                assert decode(file.read_bytes()) == (built.out / entry["path"]).read_bytes()
                checked += 1
    assert checked > 50


def test_names_bear_the_digest_of_the_bytes_served(built: Build) -> None:
    plain = set()
    for path, entry in built.files.items():
        digest = hashlib.sha256((built.out / entry["path"]).read_bytes()).hexdigest()
        assert entry["sha256"] == digest
        stem, dot, ending = path.rpartition(".")
        if entry["path"].endswith(f"/{path}"):
            plain.add(path)
        else:
            assert entry["path"].endswith(f"/{stem}.{digest[:12]}{dot}{ending}")

    assert plain == {"favicon.ico", "pages/404.html", "robots.txt"}


# References


REFERENCE = {  # what names another file in built text; the minifier may drop quotes and spaces
    "css": r"""url\(\s*(?:"([^"]*)"|'([^']*)'|([^\s"')]+))\s*\)"""
    r"""|@import\s*["']([^"']+)|[(,]\s*"([^"]+)"\s*type""",
    "js": r"""(?:\bfrom|\bimport|\bimport\(|new URL\()\s*(?:/\*[^*]*\*/)?\s*["'`]([./][^"'`]*)""",
    "svg": r"""href=["']([^"']+)""",
    "html": r"""(?:href|src|srcset|data)=["']([^"']+)|url\('?([^')]+)""",
    "webmanifest": r"""["']src["']:\s*["']([^"']+)""",
}


def references(path: str, text: str) -> set[str]:
    """Every URL in *text* that leads to a file, without fragments; found by our own rough patterns."""
    found = {
        group for hit in re.finditer(REFERENCE[extension(path)], text) for group in hit.groups() if group
    }
    urls = {url.split()[0] for value in found for url in value.split(", ")}
    return {url.partition("#")[0] for url in urls if not url.startswith(("data:", "#", "mailto:", '/"'))} - {
        "/"
    }


def served(built: Build) -> dict[str, str]:
    """{URL: logical path}"""
    return {entry["url"]: path for path, entry in built.files.items()}


def test_every_reference_in_a_built_file_leads_to_the_file_that_the_source_meant(built: Build) -> None:
    meant = served(built)
    checked = 0
    sources = [path for path in built.files if (built.site / "static" / path).is_file()]
    for path in sources:
        if extension(path) in REFERENCE:
            source = (built.site / "static" / path).read_text("utf-8")
            wanted = {urljoin(path, url) for url in references(path, source) if not url.startswith("/")}
            got = {meant[url] for url in references(path, built.text(path)) if url != "/"}
            assert got == wanted, path
            checked += len(got)

    assert checked > 40


def test_every_url_in_the_pages_leads_to_a_file(built: Build) -> None:
    meant = served(built)
    pages = load_render().render(built.out)
    plain = re.compile(r'^"[^"]+": ', re.MULTILINE)  # keys of the import map: what nothing asks for any more
    texts = [plain.sub("", page) for page in pages.values()]
    used = {url for text in texts for url in re.findall(rf"(?:{ORIGIN}|{CDN})[^\s\"'#,]+", text)}

    assert set(pages) == {"index.html", "plates.html", "mirror.html", "visit.html"}
    assert used - set(meant) == set()
    assert {"bundles/site.css", "bundles/site.js", "js/sky/main.js", "js/plates/main.js", "img/map.svg"} <= {
        meant[url] for url in used
    }


# Bundles and snippets


def test_the_style_bundle_holds_its_imports_under_their_conditions(built: Build) -> None:
    text = built.bundle_text("site.css")

    assert text.startswith('@charset "utf-8";/*! Wren Hill Observatory.')
    assert "@layer reset,tokens,base,layout,parts;" in text
    assert "@import" not in text
    assert re.search(r"@supports ?\(color: ?oklch\(60% 0?\.1 40\)\)", text)
    assert "@media print" in text
    assert text.index("@layer reset{") < text.index("@layer tokens{") < text.index("@layer base{")
    assert built.files["img/mirror.webp"]["url"] in text


def test_the_script_bundle_keeps_each_script_as_strict_as_it_was(built: Build) -> None:
    text = built.bundle_text("site.js")

    assert text.index("theme-switch") < text.index("canvas.twinkle") < text.index("data-clock")
    assert "with(canvas.getContext('2d'))" in text
    assert not text.lstrip().startswith(('"use strict"', "'use strict'"))
    assert built.bundle("site.js")["sources"] == ["js/theme.js", "js/twinkle.js", "js/clock.js"]


def test_a_bundle_of_a_template_is_known_by_its_output(built: Build) -> None:
    bundle = built.bundle("bundles/plates.css")

    assert bundle["sources"] == ["css/plates.css", "css/dialog.css"]
    assert f'<link rel="stylesheet" href="{bundle["url"]}">' in load_render().render(built.out)["plates.html"]


def test_a_group_includes_the_tags_of_its_bundles(built: Build) -> None:
    snippet = (built.out / "includes" / "groups" / "site.html").read_text("utf-8")
    sheet, script = built.files["bundles/site.css"], built.files["bundles/site.js"]
    font = built.files["fonts/wren-capitals.woff2"]

    assert snippet == (
        f'<link rel="preload" as="font" type="font/woff2" href="{font["url"]}" crossorigin="anonymous">\n'
        f'<link rel="stylesheet" href="{sheet["url"]}" integrity="{sheet["integrity"]}">\n'
        f'<script src="{script["url"]}" integrity="{script["integrity"]}" defer></script>\n'
    )


# Again


def test_a_second_build_and_one_without_a_cache_give_the_same_bytes(built: Build, tmp_path: Path) -> None:
    first = built.tree()
    again = build(built.site)
    fresh = build(copy(tmp_path / "elsewhere"), "--no-cache", "--jobs", "1")

    assert again.tree() == first
    assert fresh.tree() == first


def test_a_changed_image_renames_itself_and_what_shows_it_and_nothing_else(
    built: Build, tmp_path: Path
) -> None:
    before = clone(built, tmp_path / "site")
    old = {path: entry["url"] for path, entry in before.files.items()}
    image = before.site / "static" / "img" / "deckle.png"
    image.write_bytes(image.read_bytes() + b"\0")
    new = {path: entry["url"] for path, entry in build(before.site).files.items()}

    renamed = {"img/deckle.png", "css/parts/frame.css", "css/site.css", "bundles/site.css"}
    assert {path for path in old if old[path] != new[path]} == renamed


def test_a_missing_image_is_told_with_its_place_and_spoils_nothing(built: Build, tmp_path: Path) -> None:
    good = clone(built, tmp_path / "site")
    whole = good.tree()
    (good.site / "static" / "img" / "deckle.png").rename(good.site / "static" / "img" / "Deckle.png")
    done = run("--config", good.site / "cdn_pipeline.toml", "build")

    assert done.returncode == 1
    for place in ("12:25", "13:17"):
        assert f"static/css/parts/frame.css:{place}: error: no asset 'img/deckle.png'" in done.stderr
    assert "did you mean 'img/Deckle.png'?" in done.stderr
    assert "Traceback" not in done.stderr
    assert good.tree() == whole
