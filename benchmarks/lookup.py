"""URLs per second of a running site, and what the first one costs: ours, and those of our peers.

    python benchmarks/lookup.py --work SCRATCH --files 20000

See README.md beside this file for what each line is, and what is fair and what is not.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from run import our_command

HERE = Path(__file__).parent
CONFIG = """\
minify = false

[targets.cdn]
url = "https://cdn.example.com/site/"

[[routes]]
match = ["*"]
target = "cdn"
encodings = []
"""
SECTION = 200  # files in a directory


@dataclass(frozen=True)
class Subject:
    """A way to look up URLs: a program of `lookups`, what it is told, and the packages that it needs."""

    program: str
    argument: str = ""
    packages: tuple[str, ...] = ()  # none: it runs where this does


SUBJECTS = {
    "asset_url": Subject("manifest"),
    "asset_url, reload": Subject("manifest", "reload"),
    "flask.url_for, ours": Subject("flask_url_for", "ours"),
    "flask.url_for, plain": Subject("flask_url_for", "plain"),
    "Flask-CDN": Subject("flask_cdn_url_for", "timestamp", ("flask", "flask-cdn")),
    "Flask-CDN, no timestamp": Subject("flask_cdn_url_for", "", ("flask", "flask-cdn")),
    "Flask-Assets": Subject("flask_assets_urls", "", ("flask", "flask-assets")),
    "Django": Subject("django_static", "", ("django",)),
}


@dataclass(frozen=True)
class Row:
    """Medians of one subject."""

    name: str
    per_second: float
    start_ms: float  # of the processor, from nothing but the framework imported to the first URL


def site(work: Path, files: int, command: str) -> Path:
    """A site of *files* small sheets, built."""
    root = work / f"lookup-{files}"
    if not (root / "build/manifest.json").exists():
        shutil.rmtree(root, ignore_errors=True)
        for number in range(files):
            file = root / f"static/section-{number // SECTION:03}/sheet-{number}.css"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"a::after {{ content: '{number}' }}\n")
        (root / "cdn_pipeline.toml").write_text(CONFIG)
        config = str(root / "cdn_pipeline.toml")
        subprocess.run((command, "--config", config, "build"), check=True, stdout=subprocess.DEVNULL)
    return root


def python(work: Path, packages: tuple[str, ...]) -> str:
    """The Python that has *packages*, in an environment of their own."""
    if not packages:
        return sys.executable
    folder = work / "-".join(packages)
    if not (folder / "ready").exists():
        subprocess.run((sys.executable, "-m", "venv", "--clear", str(folder)), check=True)
        subprocess.run((str(folder / "bin/python"), "-m", "pip", "install", "--quiet", *packages), check=True)
        (folder / "ready").touch()
    return str(folder / "bin/python")


def measured(subject: Subject, place: Path, work: Path, rounds: int) -> Iterator[dict[str, float]]:
    """Each round in a process of its own; the first one only warms."""
    program = str(HERE / "lookups" / f"{subject.program}.py")
    command = (python(work, subject.packages), program, str(place), subject.argument)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for number in range(rounds + 1):
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise SystemExit(f"{' '.join(command)} failed ({ran.returncode}):\n{ran.stderr[-3000:]}")
        if number:
            yield json.loads(ran.stdout)


def row(name: str, place: Path, work: Path, rounds: int) -> Row:
    runs = list(measured(SUBJECTS[name], place, work, rounds))
    per_second = statistics.median(run["per_second"] for run in runs)
    return Row(name, per_second, statistics.median(run["start_ms"] for run in runs))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--work", type=Path, required=True, help="a scratch folder: site and environments")
    parser.add_argument("--files", type=int, default=20_000, help="of the site (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="processes for each (default: %(default)s)")
    parser.add_argument("--only", nargs="+", choices=SUBJECTS, default=list(SUBJECTS), metavar="NAME")
    parser.add_argument("--command", default=our_command(), help="ours (default: %(default)s)")
    options = parser.parse_args()
    work = options.work.resolve()
    place = site(work, options.files, options.command)
    print(f"{'':24} {'URLs/s':>12} {'µs each':>9} {'first URL, CPU ms':>18}")
    for name in options.only:
        found = row(name, place, work, options.rounds)
        each = 1e6 / found.per_second
        print(f"{name:24} {found.per_second:12,.0f} {each:9.2f} {found.start_ms:18.1f}", flush=True)


if __name__ == "__main__":
    main()
