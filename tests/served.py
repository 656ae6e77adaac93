"""``cdn-pipeline serve`` in a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def served(directory: Path, *options: str) -> Iterator[dict[str, Any]]:
    """What the command says once it listens, on any free ports unless *options* say which. It must end by
    Ctrl-C with 130, and have had nothing to complain about."""
    command = [sys.executable, "-m", "cdn_pipeline", "serve", "--json", "--port", "0", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=directory, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout and process.stderr
        try:
            started = json.loads(process.stdout.readline())
            assert started["ok"], started
            yield started
        finally:
            process.send_signal(signal.SIGINT)
            out, log = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, ""), log
    assert "Traceback" not in log
