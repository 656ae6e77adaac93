"""Build verbs: what the command line does short of publishing, a function for each verb."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cdn_pipeline import CONFIG, PRIVATE, freshness, invocation, quantity, report

if TYPE_CHECKING:
    from cdn_pipeline.built import Built, Request


def build(options: argparse.Namespace) -> int:
    summary, text = refreshed(options)
    _print(summary, options, text)
    return 0


def refreshed(options: argparse.Namespace) -> tuple[Mapping[str, Any], str]:
    """Builds, unless nothing changed; returns the facts, and what a person is told of them."""
    started = time.perf_counter()
    if options.project is not None:
        return _project_summary(options, started)
    file = invocation.config_file(options)
    out = invocation.out(file, options)
    is_prepared = _prepared(file, out)
    look = freshness.Look(os.path.join(out, PRIVATE), _key(file))
    noted = None if options.no_cache else look.unchanged()
    if noted is not None:
        summary = noted | {"changed": False, "written": 0, "removed": []}
        summary["seconds"] = round(time.perf_counter() - started, 3)
        return summary, f"nothing changed; release {summary['release']} is up to date"
    from pathlib import Path

    from cdn_pipeline.built import Request
    from cdn_pipeline.summary import summary as summarise

    config = invocation.config(options)
    sources = [os.path.join(config.root, name) for name in config.source]
    ours = [out, os.path.join(config.root, config.cache)]
    look.before(sources, ours)
    request = Request(config, Path(out), options.jobs, not options.no_cache, listings=look.sources.entries)
    built = _built_with_progress(request._replace(is_prepared=is_prepared))
    summary = summarise(built, invocation.relative(out), time.perf_counter() - started)
    if built.is_steady:
        look.note(sources, ours, ([*_outputs(out), *built.inputs], built.listings), summary)
    return summary, report.text(summary)


def _prepared(file: str, out: str) -> bool:
    """Whether a hook has run that may change the sources, and so must come before anybody looks at them."""
    with open(file, "rb") as config:
        if b"before_build" not in config.read():  # to read all of it would double the time of a look
            return False
    from pathlib import Path

    from cdn_pipeline import hooks
    from cdn_pipeline.config_file import load

    return hooks.run(load(Path(file)), hooks.BEFORE_BUILD, {"build": out})


def _project_summary(options: argparse.Namespace, started: float) -> tuple[Mapping[str, Any], str]:
    """A build of what a framework says of a site; its sources are anywhere, so they are always looked at."""
    from pathlib import Path

    from cdn_pipeline.built import Request
    from cdn_pipeline.summary import summary as summarise

    config, publish = options.project
    out = Path(options.out or Path(config.root, config.build)).absolute()
    request = Request(config, out, options.jobs, not options.no_cache, publish=publish)
    summary = summarise(_built(request), invocation.relative(str(out)), time.perf_counter() - started)
    return summary, report.text(summary)


def _built_with_progress(request: Request) -> Built:
    progress = report.Progress()
    try:
        return _built(request, progress)
    finally:
        progress.end()


def _built(request: Request, progress: report.Progress | None = None) -> Built:
    """A build, in which whatever the site's own definitions and filters print goes to stderr."""
    from cdn_pipeline.build import build
    from cdn_pipeline.built import quiet

    with contextlib.redirect_stdout(sys.stderr):
        return build(request, progress or quiet)


def _print(summary: Mapping[str, Any], options: argparse.Namespace, text: str) -> None:
    if options.json:
        print(report.as_json(summary))
        return
    problems = report.problem_lines(summary["problems"])
    print(text)
    if problems:
        sys.stdout.flush()
        print("\n" + "\n".join(problems), file=sys.stderr)
        print(quantity.count(len(problems), "warning"), file=sys.stderr)


def _key(file: str) -> str:
    with open(file, "rb") as config:
        content = config.read()
    # The place is part of it: a project that is copied, build and all, is another one.
    program = f"\0{file}\0{freshness.code_stamp()}\0{freshness.library_stamp(sys.path)}"
    return hashlib.sha256(content + os.fsencode(program)).hexdigest()


def _outputs(out: str) -> list[str]:
    return sorted(os.path.join(out, name) for name in os.listdir(out) if name != PRIVATE)


def watch(options: argparse.Namespace) -> int:
    from cdn_pipeline import watch

    arguments = ["--no-cache"] if options.no_cache else []
    arguments += ["--jobs", str(options.jobs)] if options.jobs else []
    out = None if options.out is None else os.path.abspath(options.out)
    last: Mapping[str, Any] = {}
    for summary in watch.builds(invocation.config_file(options), out, arguments):
        line, problems = watch.lines(summary, last)
        for problem in () if options.json else problems:
            print(problem, file=sys.stderr, flush=True)
        print(report.as_json(summary) if options.json else line, flush=True)
        last = summary
    return 0


def serve(options: argparse.Namespace) -> int:
    from cdn_pipeline import serve
    from cdn_pipeline.built import Request
    from cdn_pipeline.summary import problems

    servers = serve.Servers(invocation.config(options), options.port)
    built = _built(Request(servers.config, servers.out, options.jobs, not options.no_cache))
    app = None if options.app is None else serve.application(options.app, servers.out)
    for problem in report.problem_lines(problems(built.problems)):
        print(problem, file=sys.stderr)
    release, build = built.manifest["release"], str(servers.out)
    urls = "\n".join(f"{name:<9} {url}" for name, url in servers.urls.items())
    started = {"ok": True, "release": release, "build": build, "urls": servers.urls}
    print(report.as_json(started) if options.json else f"{urls}\nstop with Ctrl-C", flush=True)
    try:
        servers.run(app)
    except KeyboardInterrupt as interrupt:
        print("stopped", file=sys.stderr)
        return invocation.interrupted(interrupt)
    return 0


def _looked(options: argparse.Namespace, *, is_lenient: bool = False) -> Built:
    """What a build would come to, of which nothing is written."""
    from pathlib import Path

    from cdn_pipeline.built import Request

    config = invocation.config(options)
    build = Path(config.root, config.build)
    request = Request(config, build, options.jobs, not options.no_cache, write=False, is_lenient=is_lenient)
    return _built(request)


def check(options: argparse.Namespace) -> int:
    from cdn_pipeline.summary import problems

    built = _looked(options)
    found = problems(built.problems)
    if options.json:
        print(report.as_json({"ok": True, "files": len(built.outputs), "problems": found}))
        return 0
    print("\n".join(report.problem_lines(found)), end="\n" if found else "", file=sys.stderr)
    print(f"{quantity.count(len(built.outputs), 'file')} checked, {quantity.count(len(found), 'warning')}")
    return 0


def explain(options: argparse.Namespace) -> int:
    """The errors of other files do not keep it from being told what is known."""
    from cdn_pipeline import explain

    built = _looked(options, is_lenient=True)
    explanation = explain.explain(options.asset, invocation.config(options), built)
    print(report.as_json(explanation) if options.json else explain.text(explanation), flush=True)
    errors = explanation["problems"]
    if errors and not options.json:
        print("\n" + "\n".join(report.problem_lines(errors)), file=sys.stderr)
        print(f"{quantity.count(len(errors), 'error')}; a build would stop there", file=sys.stderr)
    return 1 if errors else 0


def init(options: argparse.Namespace) -> int:
    from pathlib import Path

    from cdn_pipeline import init

    file = Path(options.config or CONFIG)
    found = init.write(file)
    print(report.as_json({"ok": True, "file": str(file), "project": found}) if options.json else found)
    return 0
