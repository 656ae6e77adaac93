"""The clock of these programs: each is told the site's directory, and prints what it measured as JSON."""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

ASKED = 1000  # different files
SECONDS = 1.0

SITE = Path(sys.argv[1])
ARGUMENT = sys.argv[2]


def names() -> list[str]:
    """The files that are asked for, the same for everybody."""
    manifest = json.loads((SITE / "build/manifest.json").read_bytes())
    return random.Random(1).sample(sorted(manifest["files"]), ASKED)


def measure(prepare: Callable[[], Callable[[str], str]], asked: list[str]) -> None:
    """*prepare* does what an app does when it starts, and gives the function that is measured."""
    start = time.process_time()
    url = prepare()
    url(asked[0])
    ready = time.process_time()
    for name in asked:  # what is remembered is remembered now
        url(name)
    rounds, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < SECONDS:
        for name in asked:
            url(name)
        rounds += 1
    per_second = rounds * len(asked) / (time.perf_counter() - begun)
    print(json.dumps({"per_second": per_second, "start_ms": (ready - start) * 1000}))
