"""Provision arguments: the options of `provision`; `provision_verb` runs it."""

from __future__ import annotations

from collections.abc import Collection

from cdn_pipeline.invocation import Run, Verb


def add(verb: Verb, run: Run, words: Collection[str]) -> None:
    """Adds the verb; without options if it is not among the *words* of the command line."""
    provision = verb("provision", run, "make a private bucket, and CloudFront in front of it, in AWS")
    if "provision" not in words:
        return
    provision.add_argument("--plan", action="store_true", help="show what differs, and change nothing")
    provision.add_argument(
        "--exit-code", action="store_true", help="with --plan: end with 4 where anything differs"
    )
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
