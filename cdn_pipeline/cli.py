"""The command line. Exit codes: 0 fine, 1 the site or the deploy has a problem, 2 usage or config,
3 superseded by another deploy, 4 an account differs (`provision --plan --exit-code`), 130 interrupted, 143
terminated.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

from cdn_pipeline import (
    __version__,
    build_arguments,
    build_verbs,
    doctor_arguments,
    invocation,
    provision_arguments,
    publish_arguments,
    quantity,
    report,
)
from cdn_pipeline.invocation import Project


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
    options = argparse.Namespace(config=None, json=False, project=project)
    options.interrupted = "the files of the last build are still there"
    gc.set_threshold(400_000)  # a build makes many objects and hardly any cycles
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may not know every character
    try:
        with _terminable():
            return _run(sys.argv[1:] if arguments is None else arguments, options)
    except KeyboardInterrupt as interrupt:
        print(f"interrupted; {options.interrupted}", file=sys.stderr)
        return invocation.interrupted(interrupt)
    except BrokenPipeError:  # whoever read our output has gone
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return _failure(error, options)


def _run(words: Sequence[str], options: argparse.Namespace) -> int:
    parser = _parser(words)
    _parse(parser, words, options)
    if not hasattr(options, "run"):
        parser.print_help()
        return 2
    code: int = options.run(options)
    return code


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM ends a verb as Ctrl-C does, so that nothing is left half-done. A handler of whoever runs us
    stays, and threads have none."""

    def terminate(number: int, frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise invocation.Terminated

    is_free = signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    try:
        is_ours = is_free and signal.signal(signal.SIGTERM, terminate) is not None
    except ValueError:  # a thread
        is_ours = False
    try:
        yield
    finally:
        if is_ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _failure(error: Exception, options: argparse.Namespace) -> int:
    """Says what went wrong; a fault of our own is the only thing that shows a traceback."""
    from cdn_pipeline.errors import CdnPipelineError, ConfigError, SiteError, Superseded
    from cdn_pipeline.summary import problems

    if isinstance(error, OSError) and error.filename:  # such as a config that cannot be read
        reason = (error.strerror or str(error)).lower()
        error = CdnPipelineError(f"{invocation.relative(os.fsdecode(error.filename))}: {reason}")
    if not isinstance(error, CdnPipelineError):
        raise error
    found = problems(error.problems)
    if options.json:
        print(report.as_json({"ok": False, "problems": found}))
    else:
        print("\n".join(report.problem_lines(found)), file=sys.stderr)
        errors = sum(problem["severity"] == "error" for problem in found)
        closing = "; nothing was changed" if isinstance(error, ConfigError | SiteError) else ""
        print(quantity.count(errors, "error") + closing, file=sys.stderr)
    codes = {ConfigError: 2, Superseded: 3}
    return next((code for kind, code in codes.items() if isinstance(error, kind)), 1)


class _WrongUsage(Exception):
    """Of the command that *parser* is for."""

    def __init__(self, parser: argparse.ArgumentParser, message: str) -> None:
        self.parser = parser
        self.message = message


class _Parser(argparse.ArgumentParser):
    """One that leaves it to others to say what is wrong."""

    def error(self, message: str) -> NoReturn:
        raise _WrongUsage(self, message)


def _parse(parser: argparse.ArgumentParser, words: Sequence[str], options: argparse.Namespace) -> None:
    """Raises `ConfigError` for wrong usage where JSON is wanted; else argparse says it, and exits with 2."""
    try:
        parser.parse_args(words, options)
        if options.json and not hasattr(options, "run"):
            parser.error("no command is named")
    except _WrongUsage as wrong:
        options.json = "--json" in words
        if not options.json:
            argparse.ArgumentParser.error(wrong.parser, wrong.message)
        from cdn_pipeline.errors import ERROR, ConfigError, Problem

        hint = f"see `{wrong.parser.prog} --help`"
        raise ConfigError([Problem(ERROR, "", wrong.message, hint)]) from None


def _parser(words: Sequence[str]) -> _Parser:
    """For the command that *words* begin with, or else for all: to define one takes as long as to look at
    forty files."""
    parser, is_defined = _commands(words, words[0] if words else None)
    return parser if is_defined else _commands(words, None)[0]


class _Help(argparse.HelpFormatter):
    """One is made for every option, and would import `shutil` to learn the terminal's width."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


def _columns() -> int:
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size().columns or 80
    except OSError:
        return 80


def _commands(words: Sequence[str], only: str | None) -> tuple[_Parser, bool]:
    """A parser for the command *only*, or for all, and whether there is any. Those that are not among *words*
    have no options."""
    common = _Parser(add_help=False, formatter_class=_Help)
    common.add_argument("--config", metavar="FILE", default=argparse.SUPPRESS, help="the config file")
    common.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="report as JSON")
    parser = _Parser(
        prog="cdn-pipeline",
        description="Bundle, minify, fingerprint, route and precompress a site's static assets.",
        parents=[common],
        formatter_class=_Help,
    )
    parser.add_argument("--version", action="version", version=f"cdn-pipeline {__version__}")
    verbs = parser.add_subparsers(title="commands", metavar="", prog=parser.prog)
    unasked = _Parser(add_help=False, conflict_handler="resolve", formatter_class=_Help)

    def verb(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        if only is not None and name != only:
            return unasked
        description = text[0].upper() + text[1:] + "."
        added = verbs.add_parser(
            name, help=text, description=description, parents=[common], formatter_class=_Help
        )
        added.set_defaults(run=run)
        return added

    build_arguments.add(verb)
    publish_arguments.add(verb, _publish, words)
    doctor_arguments.add(verb, _doctor, words)
    provision_arguments.add(verb, _provision, words)
    return parser, bool(verbs.choices)


def _doctor(options: argparse.Namespace) -> int:
    from cdn_pipeline import doctor_verb

    options.interrupted = "nothing was changed"
    is_named = options.project is not None or options.config is not None
    return doctor_verb.run(options, invocation.config(options) if is_named or not options.urls else None)


def _provision(options: argparse.Namespace) -> int:
    from cdn_pipeline import provision_verb

    return provision_verb.run(invocation.config(options), options)


def _publish(options: argparse.Namespace) -> int:
    """Any verb of publishing, after a build where it wants one."""
    options.interrupted = "what was published before still is; run it again to go on"
    is_built = options.verb in publish_arguments.BUILDING and not (options.no_build or options.plan)
    if is_built:
        asked = argparse.Namespace(**{**vars(options), "out": options.build})
        problems = report.problem_lines(build_verbs.refreshed(asked)[0]["problems"])
        print("\n".join(problems), end="\n" if problems else "", file=sys.stderr)
    from pathlib import Path

    from cdn_pipeline import verbs

    config = invocation.config(options)
    build = Path(os.path.abspath(options.build or os.path.join(config.root, config.build)))
    return verbs.run(config, build, options)
