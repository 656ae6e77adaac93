"""gzip and brotli alone, on every core: what compressing our build's text costs without any build around it.

    python benchmarks/compressors.py FOLDER

compresses again, in memory, every file in FOLDER that has a ``.gz`` or ``.br`` beside it, as our build does.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path

import brotli
import deflate
from peers import Place, Tool

from cdn_pipeline.compress import BROTLI_QUALITY, GZIP_LEVEL


def compress(task: tuple[int, str, str]) -> int:
    """The size of the result, in bytes."""
    _, path, encoding = task
    body = Path(path).read_bytes()
    if encoding == ".br":
        return len(brotli.compress(body, quality=BROTLI_QUALITY))
    return len(deflate.gzip_compress(body, GZIP_LEVEL))


def tasks(folder: Path) -> list[tuple[int, str, str]]:
    """``(size, path, encoding)``, the largest first, so that no core is left with one at the end."""
    paths = (path for path in folder.rglob("*") if path.suffix in (".gz", ".br"))
    found = ((path.with_suffix("").stat().st_size, str(path.with_suffix("")), path.suffix) for path in paths)
    return sorted(found, reverse=True)


NAMES = ("compressors",)


def tool(place: Place, name: str) -> Tool:
    """What our own last build with brotli compressed; it must have run before."""
    built = place.work / "ours-brotli" / "build"
    argv = (sys.executable, str(Path(__file__).resolve()), str(built))
    return Tool(name, argv, place.work, place.work / name)


if __name__ == "__main__":
    if not (work := tasks(Path(sys.argv[1]))):
        raise SystemExit(f"{sys.argv[1]}: nothing compressed there; let ours-brotli run first")
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        print(len(work), sum(pool.imap_unordered(compress, work)))
