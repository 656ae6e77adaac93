"""Deploys a generated site to a bucket, with us and with our peers by turns, and prints medians and requests.

    python benchmarks/deploy.py --work SCRATCH --files 2000

Without --endpoint it starts Ceph's gateway (Debian's radosgw, ceph-mon and ceph-osd). See README.md beside
this file for what is fair, and what is not.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3 as boto3_sdk
import generate
import measure
from contents import images

HERE = Path(__file__).resolve().parent
OURS = Path(sys.executable).with_name("cdn-pipeline")
KEEP = "public, max-age=31536000, immutable"
CONCURRENCY = 64  # requests at once, for all that can be told
BUCKET = "benchmark"

CONFIG = """
minify = false
[targets.cdn]
url = "https://cdn.example.com/"
store = "s3://{bucket}/{prefix}?endpoint={endpoint}"
verify_edge = false
[publish]
home = "cdn"
concurrency = {concurrency}
[[routes]]
match = ["*"]
target = "cdn"
fingerprint = true
encodings = []
"""


@dataclass(frozen=True)
class Work:
    """Where a tool finds what it uploads, and where to."""

    site: Path  # the project; its build's files lie in build/cdn
    endpoint: str
    prefix: str

    @property
    def files(self) -> str:
        return str(self.site / "build/cdn")

    @property
    def to(self) -> str:
        return f"s3://{BUCKET}/{self.prefix}"


def ours(work: Work) -> tuple[str, ...]:
    return (str(OURS), "--config", str(work.site / "cdn_pipeline.toml"), "deploy", "--no-build", "--no-edge")


def aws(work: Work) -> tuple[str, ...]:
    return (
        "aws",
        "--endpoint-url",
        work.endpoint,
        "s3",
        "sync",
        work.files,
        work.to,
        "--only-show-errors",
        "--cache-control",
        KEEP,
    )


def s5cmd(work: Work) -> tuple[str, ...]:
    return (
        "s5cmd",
        "--endpoint-url",
        work.endpoint,
        "--numworkers",
        str(CONCURRENCY),
        "--log",
        "error",
        "sync",
        "--cache-control",
        KEEP,
        f"{work.files}/",
        f"{work.to}/",
    )


def rclone(work: Work) -> tuple[str, ...]:
    remote = f":s3,provider=Ceph,env_auth,endpoint='{work.endpoint}':{BUCKET}/{work.prefix}"
    return (
        *("env", "-u", "AWS_CA_BUNDLE"),  # which it cannot use
        "rclone",
        "sync",
        work.files,
        remote,
        "--fast-list",
        "--no-update-modtime",
        "--s3-no-check-bucket",
        f"--transfers={CONCURRENCY}",
        f"--checkers={CONCURRENCY}",
        f"--header-upload=Cache-Control: {KEEP}",
    )


def boto3(work: Work) -> tuple[str, ...]:
    return (
        sys.executable,
        str(HERE / "naive.py"),
        work.files,
        work.endpoint,
        BUCKET,
        work.prefix,
        str(CONCURRENCY),
    )


TOOLS: dict[str, Callable[[Work], tuple[str, ...]]] = {
    "ours": ours,
    "s5cmd": s5cmd,
    "aws": aws,
    "rclone": rclone,
    "boto3": boto3,
}
ENVIRONMENT = {"AWS_EC2_METADATA_DISABLED": "true"}
SCENARIOS = ("cold", "nochange", "onechange")


class Relayed:
    """A relay in a process of its own."""

    def __init__(self, to: str, latency_ms: float) -> None:
        command = (sys.executable, str(HERE / "relay.py"), "--to", to, "--latency-ms", str(latency_ms))
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.endpoint = f"http://127.0.0.1:{self._line()}"

    def count(self) -> int:
        """Requests since the last time."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._line())

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def relayed(to: str, latency_ms: float) -> Iterator[Relayed]:
    relay = Relayed(to, latency_ms)
    try:
        yield relay
    finally:
        relay.close()


def bench(
    options: argparse.Namespace, site: Path, server: str, latency_ms: float
) -> Iterator[dict[str, Any]]:
    """One row for each scenario and tool."""
    tools = [name for name in options.tools if name in ("ours", "boto3") or shutil.which(name)]
    found: dict[tuple[str, str], list[tuple[measure.Run, int]]] = {}
    with relayed(server, latency_ms) as relay:
        for number in range(options.rounds):
            for name in tools:
                work = Work(site, relay.endpoint, f"{name}-{latency_ms:g}-{number}-{time.time_ns()}")
                for scenario in SCENARIOS:
                    prepare(work, scenario)
                    relay.count()
                    run = measure.run(TOOLS[name](work), site, ENVIRONMENT)
                    found.setdefault((scenario, name), []).append((run, relay.count()))
    for scenario in SCENARIOS:
        for name in tools:
            runs = found[scenario, name]
            yield {
                "latency_ms": latency_ms,
                "scenario": scenario,
                "tool": name,
                "seconds": statistics.median(run.seconds for run, _ in runs),
                "cpu": statistics.median(run.cpu for run, _ in runs),
                "MB": max(run.largest for run, _ in runs) / measure.MEGABYTE,
                "requests": statistics.median(count for _, count in runs),
            }


def prepare(work: Work, scenario: str) -> None:
    """The site as the scenario has it, built anew. Nobody pays for the build."""
    config = CONFIG.format(bucket=BUCKET, prefix=work.prefix, endpoint=work.endpoint, concurrency=CONCURRENCY)
    (work.site / "cdn_pipeline.toml").write_text(config)
    if scenario == "onechange":
        (work.site / "static/alone.png").write_bytes(images.png(f"changed at {time.time_ns()}", 20_000))
    subprocess.run(
        (str(OURS), "--config", str(work.site / "cdn_pipeline.toml"), "build", "--json"),
        check=True,
        capture_output=True,
    )


HEAD = f"{'latency':>7}  {'scenario':9} {'tool':7} {'median s':>9} {'cpu s':>7} {'MB':>5} {'requests':>9}"


def line(row: dict[str, Any]) -> str:
    place = f"{row['latency_ms']:4g} ms  {row['scenario']:9} {row['tool']:7}"
    return f"{place} {row['seconds']:9.2f} {row['cpu']:7.2f} {row['MB']:5.0f} {row['requests']:9.0f}"


def server(endpoint: str | None) -> str:
    """HOST:PORT of a server that has the bucket. Sets credentials, unless there are some."""
    if endpoint is None:
        sys.path.insert(0, str(HERE.parent))
        from tests import rados

        os.environ.update(rados.KEYS)
        endpoint = rados.server()
    client = boto3_sdk.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    if BUCKET not in {one["Name"] for one in client.list_buckets()["Buckets"]}:
        client.create_bucket(Bucket=BUCKET)
    return endpoint.removeprefix("http://")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True, help="an empty or new folder")
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency-ms", type=float, nargs="+", default=[0, 30])
    parser.add_argument("--tools", nargs="+", default=list(TOOLS), choices=TOOLS)
    parser.add_argument(
        "--endpoint", help="http://host:port of a server without TLS; keys from the environment"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    there = server(options.endpoint)
    site = options.work / "site"
    shutil.rmtree(site, ignore_errors=True)
    generate.write(options.files, site / "static")
    (site / "static/alone.png").write_bytes(images.png("alone", 20_000))
    print("" if options.json else HEAD)
    for latency_ms in options.latency_ms:
        for row in bench(options, site, there, latency_ms):
            print(json.dumps(row) if options.json else line(row), flush=True)


if __name__ == "__main__":
    main()
