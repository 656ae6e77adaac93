"""This site as a Flask application. ``make serve`` opens it."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, render_template, url_for
from jinja2 import ChoiceLoader, FileSystemLoader

from cdn_pipeline.integrations.flask import CDNPipeline, edge_cache

HERE = Path(__file__).parent


def create(build: str | Path = HERE / "build") -> Flask:
    """The application, with the URLs of the release in *build*."""
    app = Flask(__name__)
    app.config["CDN_PIPELINE_MANIFEST"] = Path(build, "manifest.json")
    app.jinja_options = {
        "loader": ChoiceLoader([app.jinja_loader, FileSystemLoader(Path(build, "includes"))])
    }
    CDNPipeline(app)

    @app.route("/")
    @app.route("/<any(plates, mirror, visit):page>.html")
    @edge_cache(max_age=60, shared_max_age=600)
    def show(page: str = "index") -> str:
        return render_template(f"{page}.html", current_page=page)

    @app.template_global()
    def page_url(page: str) -> str:
        return url_for("show") if page == "index" else url_for("show", page=page)

    return app
