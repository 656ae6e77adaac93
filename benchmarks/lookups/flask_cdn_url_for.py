"""Flask-CDN's `url_for`, with the time stamp that it adds by default and without; in a request."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, url_for
from timing import ARGUMENT, SITE, measure, names

app = Flask("site", root_path=str(SITE))
app.config.update(CDN_DOMAIN="cdn.example.com", CDN_HTTPS=True, CDN_TIMESTAMP=bool(ARGUMENT))


def prepare() -> Callable[[str], str]:
    import flask_cdn

    flask_cdn.CDN(app)
    return lambda name: flask_cdn.url_for("static", filename=name)


asked = names()
with app.test_request_context():
    url_for("static", filename="warm")
    measure(prepare, asked)
