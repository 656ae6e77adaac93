"""Runs our build and its peers by turns over a generated site, and prints medians and ratios.

    python benchmarks/run.py --work SCRATCH --files 2000 --scenario nochange cold-plain

See README.md beside this file for what each scenario is, and what is fair and what is not.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import compressors
import generate
import measure
from contents import images, section
from peers import Place, Tool, django, esbuild, hugo, ours

FAMILIES = (ours, django, esbuild, hugo, compressors)


@dataclass(frozen=True)
class Scenario:
    """What happens before every run, and who runs; the first one is what the others are compared with."""

    tools: tuple[str, ...]
    cold: bool = False  # outputs and caches are removed first
    change: bool = False  # one image is changed first
    sample: bool = False  # memory is watched, which takes time: such times are not to be compared


SCENARIOS = {
    "nochange": Scenario(("ours-gzip", "ours-plain", "django", "esbuild", "hugo")),
    "onechange": Scenario(("ours-gzip", "ours-plain", "django", "esbuild", "hugo"), change=True),
    "cold-plain": Scenario(("ours-plain", "django", "hugo"), cold=True),
    "cold-gzip": Scenario(("ours-gzip", "whitenoise-gzip", "esbuild", "hugo-minify"), cold=True),
    "cold-brotli": Scenario(("ours-brotli", "whitenoise", "compressors"), cold=True),
    "memory": Scenario(("ours-gzip", "ours-plain", "django", "esbuild"), cold=True, sample=True),
}


@dataclass(frozen=True)
class Row:
    """The runs of one tool in one scenario."""

    scenario: str
    files: int
    tool: str
    runs: tuple[measure.Run, ...]
    written: int  # files in the output afterwards
    size: int  # bytes of these
    ratio: float  # of the medians, to the first tool's of the scenario

    @property
    def seconds(self) -> float:
        return statistics.median(run.seconds for run in self.runs)


def compare(place: Place, name: str, tools: dict[str, Tool], rounds: int) -> list[Row]:
    """The *rounds* of one scenario, every tool once a round, in turn."""
    scenario = SCENARIOS[name]
    warm_page_cache(place.site)
    for tool in tools.values():  # writes byte code, and fills the caches that a warm run wants
        set_aside(place, tool)
        measure.run(tool.argv, tool.folder, tool.environment)
    runs: dict[str, list[measure.Run]] = {tool: [] for tool in tools}
    for _ in range(rounds):
        if scenario.change:
            change_an_image(place)
        for tool in tools.values():
            if scenario.cold:
                set_aside(place, tool)
            os.sync()  # so that nobody's run pays for what the last one wrote
            runs[tool.name].append(
                measure.run(tool.argv, tool.folder, tool.environment, sample=scenario.sample)
            )
    return list(rows(place, name, tools, runs))


def rows(
    place: Place, name: str, tools: dict[str, Tool], runs: dict[str, list[measure.Run]]
) -> Iterator[Row]:
    first = statistics.median(run.seconds for run in next(iter(runs.values())))
    for tool in tools.values():
        sizes = [path.stat().st_size for path in tool.output.rglob("*") if path.is_file()]
        ratio = statistics.median(run.seconds for run in runs[tool.name]) / first
        yield Row(name, place.files, tool.name, tuple(runs[tool.name]), len(sizes), sum(sizes), ratio)


def warm_page_cache(site: Path) -> None:
    for path in site.rglob("*"):
        if path.is_file():
            path.read_bytes()


def change_an_image(place: Place) -> None:
    """Other pixels, never seen before, in a picture that two sheets of the last section lead to."""
    time.sleep(1.1)  # Django compares times by the second, and must see that this one is newer
    last = place.files // section.FILES - 1
    picture = place.site / section.name(last) / section.CHANGED
    picture.write_bytes(images.png(f"changed at {time.time_ns()}", 20_000))


def set_aside(place: Place, tool: Tool) -> None:
    """Takes output and caches of *tool* away, to be deleted at the end: where ext4 has deleted many files a
    short time ago, it takes up to 1 ms to create another one."""
    for folder in (tool.output, *tool.caches):
        if folder.exists():
            aside(place.work).mkdir(exist_ok=True)
            folder.rename(aside(place.work) / str(time.time_ns()))


def aside(work: Path) -> Path:
    return work / "aside"


def available(place: Place, wanted: set[str]) -> dict[str, Tool]:
    """The *wanted* tools by name, set up; without those that cannot be had here."""
    pairs = ((family, name) for family in FAMILIES for name in family.NAMES if name in wanted)
    found = {name: family.tool(place, name) for family, name in pairs}
    return {name: tool for name, tool in found.items() if tool}


def site(work: Path, files: int) -> Path:
    """The generated site, made anew: an earlier run may have changed an image."""
    folder = work / f"site-{files}"
    shutil.rmtree(folder, ignore_errors=True)
    generate.write(files, folder)
    return folder


HEAD = f"{'scenario':12} {'files':>6} {'tool':16} {'median s':>9} {'min s':>8} {'cpu s':>8} {'ratio':>7}"
HEAD += f" {'largest MB':>11} {'in all MB':>10} {'written':>8} {'MB':>8}"


def line(row: Row) -> str:
    fastest = min(run.seconds for run in row.runs)
    cpu = statistics.median(run.cpu for run in row.runs)
    largest, together = (
        max(numbers) / measure.MEGABYTE
        for numbers in zip(*((run.largest, run.together) for run in row.runs), strict=True)
    )
    size = row.size / measure.MEGABYTE
    return (
        f"{row.scenario:12} {row.files:6} {row.tool:16} {row.seconds:9.3f} {fastest:8.3f} {cpu:8.2f}"
        f" {row.ratio:7.2f} {largest:11.0f} {together:10.0f} {row.written:8} {size:8.1f}"
    )


def as_json(row: Row) -> dict[str, object]:
    return {
        "scenario": row.scenario,
        "files": row.files,
        "tool": row.tool,
        "median_s": row.seconds,
        "ratio": row.ratio,
        "runs": [vars(run) for run in row.runs],
        "written_files": row.written,
        "written_bytes": row.size,
    }


def our_command() -> str:
    """Beside the Python that runs this, or wherever the shell finds it."""
    beside = Path(sys.executable).with_name("cdn-pipeline")
    return str(beside) if beside.exists() else "cdn-pipeline"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument(
        "--work", type=Path, required=True, help="a scratch folder: sites, environments, outputs"
    )
    parser.add_argument("--files", type=int, default=2000, help="a multiple of 200 (default: %(default)s)")
    parser.add_argument("--scenario", nargs="+", choices=SCENARIOS, default=list(SCENARIOS), metavar="NAME")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each tool (default: %(default)s)")
    parser.add_argument("--tools", nargs="+", help="only these, as the table names them")
    parser.add_argument("--command", default=our_command(), help="ours (default: %(default)s)")
    parser.add_argument(
        "--hugo", default=shutil.which("hugo") or "", help="its binary (default: %(default)r)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON list instead of the table")
    parser.add_argument("--show-commands", action="store_true", help="print each tool's command, run nothing")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    work = options.work.resolve()
    try:
        run(options, work)
    finally:
        shutil.rmtree(aside(work), ignore_errors=True)


def run(options: argparse.Namespace, work: Path) -> None:
    wanted = {name for one in options.scenario for name in SCENARIOS[one].tools}
    wanted &= set(options.tools or wanted)
    place = Place(site(work, options.files), work, (options.command,), options.hugo, options.files)
    known = available(place, wanted)
    if options.show_commands:
        for tool in known.values():
            print(f"{tool.name}: cd {tool.folder} && {' '.join(tool.argv)}\n")
        return
    found = []
    if not options.json:
        print(HEAD, flush=True)
    for name in options.scenario:
        tools = {tool: known[tool] for tool in SCENARIOS[name].tools if tool in known}
        for row in compare(place, name, tools, options.rounds) if tools else ():
            found.append(as_json(row))
            if not options.json:
                print(line(row), flush=True)
    if options.json:
        print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
