"""How fast minifiers of white space are, on one core, and how small their results.

    python benchmarks/minify.py --files 400

Over the generated site's sheets and scripts, or those of a folder; the best of several rounds, every engine
once a round. "joined" is the speed over all of them as one text: where cost is linear, it is the same.
"""

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import BuiltinFunctionType
from typing import Any

import generate

Minify = Callable[[str], str]
MEGABYTE = 1_000_000
HEAD = f"{'language':11} {'engine':15} {'files':>6} {'MB':>6} {'MB/s':>8} {'joined':>8} {'left %':>7} refused"


def engines(suffix: str) -> dict[str, Minify]:
    """Ours, and those of the others that are installed."""
    if suffix == ".css":
        found = {"ours": _function("cdn_pipeline.minify.css", "minify")}
        return found | _optional("rcssmin", "cssmin")
    found = {"ours": _function("cdn_pipeline.minify.javascript", "minify")}
    return found | _optional("rjsmin", "jsmin")


def _function(module: str, name: str) -> Minify:
    found: Minify = getattr(importlib.import_module(module), name)
    return found


def _optional(module: str, name: str) -> dict[str, Minify]:
    """The same engine in Python, and in C where its extension was built."""
    try:
        package: Any = importlib.import_module(module)
    except ImportError:
        return {}
    pure: Minify = getattr(package, f"_make_{name}")(python_only=True)
    best: Minify = getattr(package, name)
    compiled = {f"{module} C": best} if isinstance(best, BuiltinFunctionType) else {}
    return {f"{module} Python": pure} | compiled


def texts(suffix: str, files: Iterable[tuple[str, bytes]]) -> list[str]:
    """The texts of *files* that end in *suffix*, those already minified left out, as a build leaves them."""
    wanted = ((path, body) for path, body in files if path.endswith(suffix) and ".min." not in path)
    return [body.decode("utf-8", "surrogateescape") for _, body in wanted]


def in_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path), path.read_bytes()


def compare(suffix: str, inputs: Sequence[str], rounds: int) -> Iterator[str]:
    """One line for each engine."""
    known = engines(suffix)
    apart: dict[str, list[float]] = {name: [] for name in known}
    joined: dict[str, list[float]] = {name: [] for name in known}
    results = {}
    for _ in range(rounds):
        for name, minify in known.items():
            seconds, results[name] = timed(minify, inputs)
            apart[name].append(seconds)
            joined[name].append(timed(minify, ["\n".join(inputs)])[0])
    size = sum(map(len, inputs))
    for name, (left, refused) in results.items():
        speeds = f"{size / MEGABYTE / min(apart[name]):8.2f} {size / MEGABYTE / min(joined[name]):8.2f}"
        yield (
            f"{suffix[1:]:11} {name:15} {len(inputs):6} {size / MEGABYTE:6.2f} {speeds}"
            f" {left * 100 / size:7.2f} {refused:7}"
        )


def timed(minify: Minify, inputs: Iterable[str]) -> tuple[float, tuple[int, int]]:
    """Seconds, and ``(characters of the results, inputs refused)``; a refused one counts as it was."""
    left = refused = 0
    start = time.perf_counter()
    for text in inputs:
        try:
            left += len(minify(text))
        except Exception:
            left, refused = left + len(text), refused + 1
    return time.perf_counter() - start, (left, refused)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=400, help="of the generated site (default: %(default)s)")
    parser.add_argument("--folder", type=Path, help="minify what is in here instead")
    parser.add_argument("--rounds", type=int, default=5, help="(default: %(default)s)")
    options = parser.parse_args()
    files = list(in_folder(options.folder) if options.folder else generate.site(options.files))
    print(HEAD)
    for suffix in (".css", ".js"):
        if inputs := texts(suffix, files):
            print(*compare(suffix, inputs, options.rounds), sep="\n", flush=True)


if __name__ == "__main__":
    main()
