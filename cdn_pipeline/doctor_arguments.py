"""Doctor arguments: the options of `doctor`; `doctor_verb` runs it."""

from __future__ import annotations

import argparse
from collections.abc import Collection

from cdn_pipeline.invocation import Run, Verb

TEXT = "look at a live site or CDN from outside, and say what is wrong with it"


def add(verb: Verb, run: Run, words: Collection[str]) -> None:
    """Adds the verb, with options if it is among the *words* of the command line."""
    parser = verb("doctor", run, TEXT)
    if "doctor" not in words:
        return
    parser.add_argument("urls", nargs="*", metavar="URL", help="default: all files of the project's build")
    parser.add_argument("--manifest", metavar="FILE", help="compare with this build's files, too")
    parser.add_argument("--host", action="append", default=[], help="of all that pages name, ask only these")
    parser.add_argument("--limit", type=_count, default=50, metavar="N", help="files to look at closely")
    parser.add_argument("--concurrency", type=_count, default=4, metavar="N", help="requests at once")
    parser.add_argument("--timeout", type=_count, default=10, metavar="S", help="seconds for each answer")
    parser.add_argument("--time-limit", type=_count, default=300, metavar="S", help="seconds for everything")
    parser.add_argument(
        "--connect-to",
        action="append",
        default=[],
        type=_address,
        metavar="HOST=ADDRESS:PORT",
        help="where to find a host before its DNS record is there",
    )
    parser.add_argument("--files", action="store_true", help="list every file that was looked at")
    parser.add_argument("--strict", action="store_true", help="fail for warnings, too")


def _count(text: str) -> int:
    if not text.isdigit() or not 0 < int(text[:9]) < 1_000_000:
        raise argparse.ArgumentTypeError("must be a whole number, 1 or more")
    return int(text)


def _address(text: str) -> tuple[str, tuple[str, int]]:
    host, _, address = text.partition("=")
    name, _, port = address.rpartition(":")
    if not (host and name and port.isdigit()):
        raise argparse.ArgumentTypeError("write HOST=ADDRESS:PORT, such as cdn.example.com=203.0.113.7:443")
    return host.lower(), (name.strip("[]"), int(port))
