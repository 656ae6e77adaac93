"""Build arguments: the verbs short of publishing and their options; `build_verbs` runs them."""

from __future__ import annotations

import argparse

from cdn_pipeline import build_verbs
from cdn_pipeline.invocation import Verb


def add(verb: Verb) -> None:
    """Adds every verb."""
    verb("init", build_verbs.init, "write a config that fits the project in this directory")
    build = verb("build", build_verbs.build, "build the site's assets into the build directory")
    watch = verb(
        "watch", build_verbs.watch, "build, and build again whenever something that it reads is changed"
    )
    for each in (build, watch):
        each.add_argument("--out", metavar="DIR", help="the build directory, instead of the config's")
    check = verb("check", build_verbs.check, "find every problem that a build would find, and write nothing")
    explain = verb("explain", build_verbs.explain, "say where an asset goes, under which name, and why")
    explain.add_argument("asset", help="a logical path such as img/logo.png, or a URL")
    serve = verb("serve", build_verbs.serve, "open the site on this machine, with a port for each target")
    serve.add_argument("--port", type=int, default=8000, help="of the origin; the others follow; 0: any")
    serve.add_argument(
        "--app", metavar="MODULE:FUNCTION", help="makes a WSGI application of a build directory"
    )
    for each in (build, watch, check, explain, serve):
        each.add_argument("--jobs", type=_jobs, default=0, metavar="N", help="processes; default: one a core")
        each.add_argument("--no-cache", action="store_true", help="use nothing of earlier builds")


def _jobs(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return int(text)
