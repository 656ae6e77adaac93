"""Flask-Assets: `urls()` of bundles that were built before, with their versions in a JSON manifest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, url_for
from timing import SITE, measure, names

app = Flask("site", root_path=str(SITE))
app.config["ASSETS_MANIFEST"] = f"json:{SITE / 'webassets.json'}"
app.config["ASSETS_CACHE"] = False
asked = names()


def environment() -> Any:
    from flask_assets import Bundle, Environment

    made = Environment(app)
    for name in asked:
        made.register(name, Bundle(name, output=f"gen/{Path(name).name}"))
    return made


def prepare() -> Callable[[str], str]:
    made = environment()
    made.auto_build = False
    return lambda name: made[name].urls()[0]


with app.test_request_context():
    url_for("static", filename="warm")
    if not (SITE / "webassets.json").exists():
        for bundle in environment():
            bundle.build()
    measure(prepare, asked)
