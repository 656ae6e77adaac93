"""esbuild: bundles and minifies every entry point, copies all other files, names all by their digest."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from . import Place, Tool

COPIED = ("gif", "ico", "jpg", "json", "map", "mp4", "png", "svg", "txt", "webmanifest", "woff2")
OPTIONS = (
    "--bundle",
    "--minify",
    "--splitting",
    "--format=esm",
    "--outbase=.",
    "--entry-names=[dir]/[name]-[hash]",
    "--asset-names=[dir]/[name]-[hash]",
    "--chunk-names=[dir]/[name]-[hash]",
    "--log-level=error",
    *(f"--loader:.{suffix}=copy" for suffix in COPIED),
)
ENTRY_MODULES = ("js/app/main.js", "js/app/worker.js")  # the other modules are imported by these


NAMES = ("esbuild",)


def tool(place: Place, name: str) -> Tool | None:
    if not shutil.which("npm"):
        return None
    folder = place.work / "esbuild"
    binary = _binary(folder)
    output = folder / "out"
    argv = (str(binary), *_entries(place.site), *OPTIONS, f"--outdir={output}")
    return Tool(name, argv, place.site, output)


def _binary(folder: Path) -> Path:
    """The compiled program itself: the script of the same name would add the start of Node."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (found := sorted(folder.glob("node_modules/@esbuild/*/bin/esbuild"))):
        subprocess.run(("npm", "install", "--silent", "--prefix", str(folder), "esbuild"), check=True)
        found = sorted(folder.glob("node_modules/@esbuild/*/bin/esbuild"))
    return found[0]


def _entries(site: Path) -> list[str]:
    """Every file that no other sheet or module imports, relative to *site*."""
    paths = sorted(path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())
    return [path for path in paths if _is_entry(path.partition("/")[2])]


def _is_entry(path: str) -> bool:
    """*path* is one inside a section."""
    if path.startswith("js/app/"):
        return path in ENTRY_MODULES
    return not path.startswith("css/parts/")
