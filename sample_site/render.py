"""The pages of this site as HTML: its templates, filled from what a build left behind.

``python sample_site/render.py OUT`` writes them to OUT; `flask_app` and `django_app` do so at each request.
"""

from __future__ import annotations

import sys
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cdn_pipeline.integrations.jinja2 import install
from cdn_pipeline.manifest import Manifest

HERE = Path(__file__).parent
PAGES = ("index", "plates", "mirror", "visit")


def environment(build: Path) -> Environment:
    """Templates that know the release in *build*."""
    env = Environment(
        loader=FileSystemLoader([HERE / "templates", build / "includes"]),
        autoescape=True,
        undefined=StrictUndefined,
    )
    install(env, Manifest.load(build / "manifest.json"))
    env.globals["page_url"] = lambda page: "/" if page == "index" else f"/{page}.html"
    return env


def render(build: Path) -> dict[str, str]:
    """``{"index.html": "<!doctype html>…", …}``"""
    env = environment(build)
    return {f"{page}.html": env.get_template(f"{page}.html").render(current_page=page) for page in PAGES}


if __name__ == "__main__":
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for name, text in render(HERE / "build").items():
        (out / name).write_text(text, "utf-8")
