"""Publish arguments: the verbs of publishing and their options; `verbs` runs them."""

from __future__ import annotations

import argparse
from collections.abc import Collection

from cdn_pipeline.invocation import Run, Verb

TEXTS = {
    "plan": "say what a deploy would do, and why, and change nothing",
    "deploy": "build, put the release into its stores, and publish it",
    "status": "say what is published, and what is left to be done",
    "releases": "list the releases that can be published again",
    "rollback": "publish an earlier release again",
    "prune": "delete what no release needs any more",
    "verify": "read the published release from its stores, and through the CDN",
    "diff": "say how two releases differ",
    "retreat": "have pages get from the origin what a CDN has, at once",
    "invalidate": "have CDNs forget URLs, or all that bears a cache tag",
}
BUILDING = ("plan", "deploy")  # those that build first


def add(verb: Verb, run: Run, words: Collection[str]) -> None:
    """Adds every verb; *run* is called for each, with ``options.verb``. Those that are not among the *words*
    of the command line get no options, since it takes longer to define them than to look for a change."""
    for name, text in TEXTS.items():
        parser = verb(name, run, text)
        if name in words:
            parser.set_defaults(verb=name)
            parser.add_argument("--build", metavar="DIR", help="the build directory, instead of the config's")
            OPTIONS.get(name, _none)(parser)


def _none(parser: argparse.ArgumentParser) -> None:
    """No options of its own."""


def _building(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(jobs=0, no_cache=False)
    parser.add_argument("--no-build", action="store_true", help="take the build that is there")
    parser.add_argument(
        "--thorough", action="store_true", help="look what lies in every store, whatever is recorded"
    )
    parser.add_argument("--allow-shrink", action="store_true", help="allow a release of far fewer files")
    parser.add_argument("--adopt", action="store_true", help="allow a store that holds something else, too")


def _plan(parser: argparse.ArgumentParser) -> None:
    _building(parser)
    parser.set_defaults(plan=None)
    parser.add_argument("--out", metavar="FILE", help="write the plan, for `deploy --plan FILE`")


def _deploy(parser: argparse.ArgumentParser) -> None:
    _building(parser)
    parser.add_argument("--plan", metavar="FILE", help="do what this plan says, or nothing; does not build")
    parser.add_argument("--no-edge", action="store_true", help="publish without asking the CDN")


def _releases(parser: argparse.ArgumentParser) -> None:
    pins = parser.add_mutually_exclusive_group()
    pins.add_argument("--pin", metavar="RELEASE", help="keep it from every prune")
    pins.add_argument("--unpin", metavar="RELEASE", help="the opposite")


def _rollback(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "release", nargs="?", help="its id or the beginning of it; default: the one published before"
    )


def _prune(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be deleted, and delete nothing"
    )
    parser.add_argument("--max-deletes", type=_count, metavar="N", help="refuse to delete more objects")
    parser.add_argument("--yes", action="store_true", help="do not ask, on a terminal")


def _verify(parser: argparse.ArgumentParser) -> None:
    places = parser.add_mutually_exclusive_group()
    places.add_argument("--origin", action="store_true", help="only what lies in the stores")
    places.add_argument("--edge", action="store_true", help="only what visitors get")
    parser.add_argument("--sample", type=_part, metavar="PART", help="of all URLs, such as 0.1")


def _diff(parser: argparse.ArgumentParser) -> None:
    for name in ("before", "after"):
        parser.add_argument(name, help="a release, by its id or the beginning of it")


def _retreat(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="default: all but the origin")
    parser.add_argument("--back", action="store_true", help="have pages ask the CDN again")
    parser.add_argument("--partly", action="store_true", help="even where the origin lacks some files")


def _invalidate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "urls", nargs="*", metavar="URL", help="or path; with * at its end, all that begins so"
    )
    parser.add_argument("--tag", action="append", default=[], help="of `cache_tags`; may be repeated")


OPTIONS = {
    "plan": _plan,
    "deploy": _deploy,
    "releases": _releases,
    "rollback": _rollback,
    "prune": _prune,
    "verify": _verify,
    "diff": _diff,
    "retreat": _retreat,
    "invalidate": _invalidate,
}


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError("must be a whole number")
    return int(text)


def _part(text: str) -> float:
    try:
        part = float(text)
    except ValueError:
        part = 0.0
    if not 0 < part <= 1:
        raise argparse.ArgumentTypeError("must be more than 0, and 1 at most")
    return part
