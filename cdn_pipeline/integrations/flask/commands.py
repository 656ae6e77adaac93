"""``flask assets``: the build's commands, with the app's own config."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup

from cdn_pipeline.integrations.flask.site import Site

VERBS = {
    "build": "Build the site's assets.",
    "check": "Find every problem that a build would find, and write nothing.",
    "watch": "Build again whenever something changes.",
    "plan": "Say what a deploy would do.",
    "deploy": "Build, put the release into its stores, and publish it.",
    "status": "Say what is published.",
    "releases": "List the releases that can be published again.",
    "rollback": "Publish an earlier release again.",
    "prune": "Delete what no release needs any more.",
    "verify": "Read the published release from its stores, and through the CDN.",
    "diff": "Say how two releases differ.",
    "retreat": "Have pages get from the origin what a CDN has.",
}
# Flask gives what an installed package calls `assets`, as Flask-Assets does, precedence over the app's own.
NAMES = ("assets", "cdn-pipeline")


def register(app: Flask, site: Site) -> None:
    """Adds the group under both `NAMES`."""
    group = AppGroup(NAMES[0], help="Build the static assets.")
    for verb, text in VERBS.items():
        group.add_command(_command(verb, text, site))
    for name in NAMES:
        if name not in app.cli.commands:
            app.cli.add_command(group, name)


def _command(verb: str, text: str, site: Site) -> click.Command:
    @click.argument("options", nargs=-1, type=click.UNPROCESSED)
    def run(options: tuple[str, ...]) -> None:
        from cdn_pipeline.cli import main

        config = ["--config", site.project.file] if site.project else []
        raise SystemExit(main([*config, verb, *options]))

    settings = {"ignore_unknown_options": True}  # they are the command line's, and so is --help
    return click.command(verb, help=text, context_settings=settings, add_help_option=False)(run)
