"""``manage.py assets``: what `cdn-pipeline` can do, with what Django's finders find as sources."""

from __future__ import annotations

import argparse
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cdn_pipeline import cli
from cdn_pipeline.errors import CdnPipelineError
from cdn_pipeline.integrations.django import collected
from cdn_pipeline.integrations.django.storage import Storage
from cdn_pipeline.invocation import Project

ELSEWHERE = {  # verbs that read a config file themselves, and who does the same here
    "init": "write cdn_pipeline.toml beside manage.py, or OPTIONS in STORAGES",
    "watch": "under DEBUG the finders' files are served as they are",
    "serve": "under DEBUG `manage.py runserver` serves them, else WhiteNoise or your web server",
}


class Command(BaseCommand):
    """Runs a verb; the exit code is the verb's own."""

    help = "Runs cdn-pipeline on the static files of this project: build, check, explain …"
    requires_system_checks = (Tags.staticfiles,)

    def add_arguments(self, parser: CommandParser) -> None:
        """A verb, and whatever the verb takes."""
        parser.add_argument("verb", help="build, check, explain …; see cdn-pipeline --help")
        parser.add_argument("arguments", nargs=argparse.REMAINDER, help="of the verb, such as --json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ends the program, unless the verb succeeded."""
        verb = options["verb"]
        if verb in ELSEWHERE:
            raise CommandError(f"assets {verb}: not for Django; {ELSEWHERE[verb]}", returncode=2)
        code = self._run([verb, *options["arguments"]], options)
        if code:
            sys.exit(code)

    def _run(self, arguments: list[str], options: dict[str, Any]) -> int:
        from cdn_pipeline.integrations.django.collectstatic import collection

        storage = staticfiles_storage
        if not isinstance(storage, Storage):
            storage = Storage()
        try:
            site = collection(storage, collected.found())
        except CdnPipelineError as error:
            raise CommandError(f"\n{error}", returncode=2) from error
        out, err = options.get("stdout") or sys.stdout, options.get("stderr") or sys.stderr
        with redirect_stdout(out), redirect_stderr(err):
            code = cli.main(arguments, Project(site.config, site.publish))
        if code == 0:
            site.settle()
            storage.forget()
        return code
