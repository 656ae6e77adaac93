"""``cdn-pipeline build``: plain, with minifying and gzip, and with minifying, gzip and brotli."""

from __future__ import annotations

import json

from . import Place, Tool

TEXT = ("*.css", "*.js", "*.json", "*.map", "*.svg", "*.txt", "*.webmanifest")
CONFIG = """\
source = [{site}]
build = "build"
cache = "cache"
minify = {minify}

[targets.origin]
url = "/static/"

[[routes]]
match = {text}
encodings = {encodings}

[[routes]]
match = ["*"]
encodings = []
"""
ENCODINGS = {"ours-plain": (), "ours-gzip": ("gzip",), "ours-brotli": ("gzip", "br")}


NAMES = tuple(ENCODINGS)


def tool(place: Place, name: str) -> Tool:
    encodings = ENCODINGS[name]
    folder = place.work / name
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "cdn_pipeline.toml"
    config.write_text(
        CONFIG.format(
            site=json.dumps(str(place.site)),
            minify="true" if encodings else "false",
            text=json.dumps(TEXT),
            encodings=json.dumps(encodings),
        )
    )
    argv = (*place.command, "--config", str(config), "build")
    return Tool(name, argv, folder, folder / "build", (folder / "cache",))
