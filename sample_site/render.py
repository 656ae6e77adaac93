"""The pages of this site as HTML: its templates, filled from what a build left behind.

``python sample_site/render.py OUT`` writes them to OUT; an application would do the same at each request.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

HERE = Path(__file__).parent
PAGES = ("index", "plates", "mirror", "visit")


class Assets(Extension):
    """``{% assets … output="x" %}``: the body, once, with the URL of the bundle that the build made."""

    tags = {"assets"}  # noqa: RUF012, declared so by Jinja2

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        output: nodes.Expr = nodes.Const(None)
        while not parser.stream.current.test("block_end"):
            named = parser.stream.current.test("name") and parser.stream.look().test("assign")
            name = next(parser.stream).value if named else ""
            parser.stream.skip_if("assign")
            value = parser.parse_expression()
            output = value if name == "output" else output
            parser.stream.skip_if("comma")
        body = parser.parse_statements(("name:endassets",), drop_needle=True)
        call = self.call_method("url", [output])
        return nodes.CallBlock(call, [nodes.Name("ASSET_URL", "param")], [], body, lineno=line)

    def url(self, output: str, caller: Callable[[str], str]) -> str:
        bundle_url = cast(Callable[[str], str], self.environment.globals["bundle_url"])
        return caller(bundle_url(output))


def environment(build: Path) -> Environment:
    """Templates that know the release in *build*."""
    manifest: dict[str, Any] = json.loads((build / "manifest.json").read_text("utf-8"))
    env = Environment(
        loader=FileSystemLoader([HERE / "templates", build / "includes"]),
        extensions=[Assets],
        autoescape=True,
        undefined=StrictUndefined,
    )
    env.globals["bundle_url"] = lambda name: manifest["bundles"][name]["url"]
    env.globals["asset_url"] = lambda path: manifest["files"][path]["url"]
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
