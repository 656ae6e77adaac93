"""Flask's `url_for` as it is, and with our extension; in a request."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, url_for
from timing import ARGUMENT, SITE, measure, names

app = Flask("site", root_path=str(SITE))


def prepare() -> Callable[[str], str]:
    if ARGUMENT == "ours":
        from cdn_pipeline.integrations.flask import CDNPipeline

        CDNPipeline(app)
    return lambda name: url_for("static", filename=name)


asked = names()
with app.test_request_context():
    url_for("static", filename="warm")  # Flask's own first time
    measure(prepare, asked)
