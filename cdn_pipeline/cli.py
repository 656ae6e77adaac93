"""The command line. Exit codes: 0 fine, 1 the site or the deploy has a problem, 2 usage or config,
3 superseded by another deploy, 130 interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import hashlib
import io
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from cdn_pipeline import CONFIG, PRIVATE, __version__, doctor_arguments, freshness, publish_arguments, report

if TYPE_CHECKING:
    from cdn_pipeline.build import Built, Publish, Request
    from cdn_pipeline.config import Config


class Project(NamedTuple):
    """What a framework says of a site in place of a config file."""

    config: Config
    publish: Publish | None = None


def run() -> NoReturn:
    """The program. It ends without freeing, one by one, the many objects that a build has made."""
    _end(main())


def _end(code: int) -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, AttributeError):
            stream.flush()
    os._exit(code)


def main(arguments: Sequence[str] | None = None, project: Project | None = None) -> int:
    """Runs a command, and returns the exit code. Nothing but the problem is printed when one occurs."""
    code = 1
    try:
        code = _run(arguments, project)
    except Exception:
        if not _left_work():
            raise
        import traceback

        traceback.print_exc()
    if _left_work():
        # Python would wait at its end for the threads of the pool, which wait for workers that are gone.
        _end(code)
    return code


def _left_work() -> bool:
    """Whether workers were ended in the middle of something."""
    workers = sys.modules.get("cdn_pipeline.workers")
    return workers is not None and workers.Workers.left_work


def _run(arguments: Sequence[str] | None, project: Project | None) -> int:
    options = argparse.Namespace(config=None, json=False, project=project)
    options.interrupted = "the files of the last build are still there"
    gc.set_threshold(20_000)  # a build makes many objects and hardly any cycles
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may not know every character
    try:
        words = sys.argv[1:] if arguments is None else arguments
        parser = _parser(words)
        parser.parse_args(words, options)
        if not hasattr(options, "run"):
            parser.print_help()
            return 2
        code: int = options.run(options)
        return code
    except KeyboardInterrupt:
        print(f"interrupted; {options.interrupted}", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read our output has gone
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return _failure(error, options)


def _failure(error: Exception, options: argparse.Namespace) -> int:
    """Says what went wrong; a fault of our own is the only thing that shows a traceback."""
    from cdn_pipeline.errors import CdnPipelineError, ConfigError, SiteError, Superseded
    from cdn_pipeline.summary import problems

    if isinstance(error, OSError) and error.filename:  # such as a config that cannot be read
        reason = (error.strerror or str(error)).lower()
        error = CdnPipelineError(f"{_relative(os.fsdecode(error.filename))}: {reason}")
    if not isinstance(error, CdnPipelineError):
        raise error
    found = problems(error.problems)
    if options.json:
        print(report.as_json({"ok": False, "problems": found}))
    else:
        print("\n".join(report.problem_lines(found)), file=sys.stderr)
        errors = sum(problem["severity"] == "error" for problem in found)
        closing = "; nothing was changed" if isinstance(error, ConfigError | SiteError) else ""
        print(report.count(errors, "error") + closing, file=sys.stderr)
    codes = {ConfigError: 2, Superseded: 3}
    return next((code for kind, code in codes.items() if isinstance(error, kind)), 1)


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """The commands, and the options of those that are among *words*."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", metavar="FILE", default=argparse.SUPPRESS, help="the config file")
    common.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="report as JSON")
    parser = argparse.ArgumentParser(
        prog="cdn-pipeline",
        description="Bundle, minify, fingerprint, route and precompress a site's static assets.",
        parents=[common],
    )
    parser.add_argument("--version", action="version", version=f"cdn-pipeline {__version__}")
    verbs = parser.add_subparsers(title="commands", metavar="")

    def verb(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(
            name, help=text, description=text[0].upper() + text[1:] + ".", parents=[common]
        )
        added.set_defaults(run=run)
        return added

    verb("init", _init, "write a config that fits the project in this directory")
    build = verb("build", _build, "build the site's assets into the build directory")
    watch = verb("watch", _watch, "build, and build again whenever something that it reads is changed")
    for each in (build, watch):
        each.add_argument("--out", metavar="DIR", help="the build directory, instead of the config's")
    check = verb("check", _check, "find every problem that a build would find, and write nothing")
    explain = verb("explain", _explain, "say where an asset goes, under which name, and why")
    explain.add_argument("asset", help="a logical path such as img/logo.png, or a URL")
    serve = verb("serve", _serve, "open the site on this machine, with a port for each target")
    serve.add_argument("--port", type=int, default=8000, help="of the origin; the others follow; 0: any")
    serve.add_argument(
        "--app", metavar="MODULE:FUNCTION", help="makes a WSGI application of a build directory"
    )
    for each in (build, watch, check, explain, serve):
        each.add_argument("--jobs", type=_jobs, default=0, metavar="N", help="processes; default: one a core")
        each.add_argument("--no-cache", action="store_true", help="use nothing of earlier builds")
    publish_arguments.add(verb, _publish, words)
    doctor_arguments.add(verb, _doctor, words)
    provision = verb("provision", _provision, "make a private bucket, and CloudFront in front of it, in AWS")
    if "provision" in words:
        provision.add_argument("--plan", action="store_true", help="show what differs, and change nothing")
        provision.add_argument("--adopt", action="store_true", help="take over what is there without our tag")
        provision.add_argument("--write", action="store_true", help="put its results into the config")
        texts = provision.add_mutually_exclusive_group()
        texts.add_argument(
            "--template",
            choices=("cloudformation", "terraform"),
            help="print it as a template, and touch nothing",
        )
        texts.add_argument(
            "--policy", choices=("deploy", "prune"), help="print what that verb must be allowed, for IAM"
        )
    return parser


def _jobs(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return int(text)


def _build(options: argparse.Namespace) -> int:
    summary, text = _summary(options)
    _print(summary, options, text)
    return 0


def _summary(options: argparse.Namespace) -> tuple[Mapping[str, Any], str]:
    """Builds, unless nothing changed; returns the facts, and what a person is told of them."""
    started = time.perf_counter()
    if options.project is not None:
        return _project_summary(options, started)
    file = _config_file(options)
    out = _out(file, options)
    is_prepared = _prepared(file, out)
    look = freshness.Look(os.path.join(out, PRIVATE), _key(file))
    noted = None if options.no_cache else look.unchanged()
    if noted is not None:
        summary = noted | {"changed": False, "written": 0, "removed": []}
        summary["seconds"] = round(time.perf_counter() - started, 3)
        return summary, f"nothing changed; release {summary['release']} is up to date"
    from pathlib import Path

    from cdn_pipeline.build import Request
    from cdn_pipeline.summary import summary as summarise

    config = _config(options)
    sources = [os.path.join(config.root, name) for name in config.source]
    ours = [out, os.path.join(config.root, config.cache)]
    look.before(sources, ours)
    request = Request(config, Path(out), options.jobs, not options.no_cache, listings=look.sources.entries)
    built = _built_with_progress(request._replace(is_prepared=is_prepared))
    summary = summarise(built, _relative(out), time.perf_counter() - started)
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

    from cdn_pipeline.build import Request
    from cdn_pipeline.summary import summary as summarise

    config, publish = options.project
    out = Path(options.out or Path(config.root, config.build)).absolute()
    request = Request(config, out, options.jobs, not options.no_cache, publish=publish)
    summary = summarise(_built(request), _relative(str(out)), time.perf_counter() - started)
    return summary, report.text(summary)


def _built_with_progress(request: Request) -> Built:
    progress = report.Progress()
    try:
        return _built(request, progress)
    finally:
        progress.end()


def _built(request: Request, progress: report.Progress | None = None) -> Built:
    """A build, in which whatever the site's own definitions and filters print goes to stderr."""
    from cdn_pipeline.build import build, quiet

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
        print(report.count(len(problems), "warning"), file=sys.stderr)


def _key(file: str) -> str:
    with open(file, "rb") as config:
        content = config.read()
    # The place is part of it: a project that is copied, build and all, is another one.
    program = f"\0{file}\0{freshness.code_stamp()}\0{freshness.library_stamp(sys.path)}"
    return hashlib.sha256(content + os.fsencode(program)).hexdigest()


def _outputs(out: str) -> list[str]:
    return sorted(os.path.join(out, name) for name in os.listdir(out) if name != PRIVATE)


def _config_file(options: argparse.Namespace) -> str:
    from cdn_pipeline.errors import ERROR, ConfigError, Problem

    named: str | None = options.config
    if named is not None:
        if not os.path.isfile(named):
            hint = "write one with `cdn-pipeline init`"
            raise ConfigError([Problem(ERROR, named, "no such file", hint)])
        return os.path.abspath(named)
    directory = os.getcwd()
    while True:
        for name in (CONFIG, "pyproject.toml"):
            file = os.path.join(directory, name)
            if os.path.isfile(file) and (name == CONFIG or _has_table(file)):
                return file
        if os.path.dirname(directory) == directory:
            raise ConfigError(f"no {CONFIG} here or above; write one with `cdn-pipeline init`")
        directory = os.path.dirname(directory)


def _has_table(file: str) -> bool:
    with open(file, encoding="utf-8", errors="replace") as text:
        return "[tool.cdn_pipeline" in text.read()


def _out(file: str, options: argparse.Namespace) -> str:
    """The build directory. Read from the raw table: a build with nothing to do needs no more of it."""
    named: str | None = options.out
    if named is not None:
        return os.path.abspath(named)
    import tomllib

    table: Any = {}
    with open(file, "rb") as config, contextlib.suppress(tomllib.TOMLDecodeError, UnicodeDecodeError):
        table = tomllib.load(config)
    for key in ("tool", "cdn_pipeline") if file.endswith("pyproject.toml") else ():
        table = table.get(key) if isinstance(table, dict) else None
    build = table.get("build") if isinstance(table, dict) else None
    named = build if isinstance(build, str) and build else "build"
    return os.path.normpath(os.path.join(os.path.dirname(file), named))


def _config(options: argparse.Namespace) -> Config:
    if options.project is not None:
        config: Config = options.project.config
        return config
    from pathlib import Path

    from cdn_pipeline.config_file import load

    return load(Path(_config_file(options)))


def _relative(path: str) -> str:
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def _watch(options: argparse.Namespace) -> int:
    from cdn_pipeline import watch

    arguments = ["--no-cache"] if options.no_cache else []
    arguments += ["--jobs", str(options.jobs)] if options.jobs else []
    out = None if options.out is None else os.path.abspath(options.out)
    last: Mapping[str, Any] = {}
    for summary in watch.builds(_config_file(options), out, arguments):
        line, problems = watch.lines(summary, last)
        for problem in () if options.json else problems:
            print(problem, file=sys.stderr, flush=True)
        print(report.as_json(summary) if options.json else line, flush=True)
        last = summary
    return 0


def _serve(options: argparse.Namespace) -> int:
    from cdn_pipeline import serve
    from cdn_pipeline.build import Request
    from cdn_pipeline.summary import problems

    servers = serve.Servers(_config(options), options.port)
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
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
    return 130


def _check(options: argparse.Namespace) -> int:
    from pathlib import Path

    from cdn_pipeline.build import Request
    from cdn_pipeline.summary import problems

    config = _config(options)
    request = Request(
        config, Path(config.root, config.build), options.jobs, not options.no_cache, write=False
    )
    built = _built(request)
    found = problems(built.problems)
    if options.json:
        print(report.as_json({"ok": True, "files": len(built.outputs), "problems": found}))
        return 0
    print("\n".join(report.problem_lines(found)), end="\n" if found else "", file=sys.stderr)
    print(f"{report.count(len(built.outputs), 'file')} checked, {report.count(len(found), 'warning')}")
    return 0


def _explain(options: argparse.Namespace) -> int:
    from pathlib import Path

    from cdn_pipeline import explain
    from cdn_pipeline.build import Request

    config = _config(options)
    request = Request(
        config, Path(config.root, config.build), options.jobs, not options.no_cache, write=False
    )
    built = _built(request)
    explanation = explain.explain(options.asset, config, built)
    print(report.as_json(explanation) if options.json else explain.text(explanation))
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from cdn_pipeline import doctor_verb

    options.interrupted = "nothing was changed"
    is_named = options.project is not None or options.config is not None
    return doctor_verb.run(options, _config(options) if is_named or not options.urls else None)


def _provision(options: argparse.Namespace) -> int:
    from cdn_pipeline import provision_verb

    return provision_verb.run(_config(options), options)


def _init(options: argparse.Namespace) -> int:
    from pathlib import Path

    from cdn_pipeline import init

    file = Path(options.config or CONFIG)
    found = init.write(file)
    print(report.as_json({"ok": True, "file": str(file), "project": found}) if options.json else found)
    return 0


def _publish(options: argparse.Namespace) -> int:
    """Any verb of publishing, after a build where it wants one."""
    options.interrupted = "what was published before still is; run it again to go on"
    is_built = options.verb in publish_arguments.BUILDING and not (options.no_build or options.plan)
    if is_built:
        asked = argparse.Namespace(**{**vars(options), "out": options.build})
        problems = report.problem_lines(_summary(asked)[0]["problems"])
        print("\n".join(problems), end="\n" if problems else "", file=sys.stderr)
    from pathlib import Path

    from cdn_pipeline import verbs

    config = _config(options)
    build = Path(os.path.abspath(options.build or os.path.join(config.root, config.build)))
    return verbs.run(config, build, options)
