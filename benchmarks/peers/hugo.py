"""Hugo: every file a resource, fingerprinted, CSS, JS, JSON and SVG minified too where asked."""

from __future__ import annotations

import json

from . import Place, Tool

CONFIG = """\
baseURL = "/static/"
disableKinds = ["taxonomy", "term", "RSS", "sitemap", "robotsTXT", "404"]
cacheDir = {cache}

[module]
[[module.mounts]]
source = {site}
target = "assets"
"""
PLAIN = """\
{{ range resources.Match "**" }}{{ (. | fingerprint).RelPermalink }}
{{ end }}
"""
MINIFIED = """\
{{ $text := slice "css" "javascript" "json" "svg" }}
{{ range resources.Match "**" }}{{ $asset := . }}
{{ if in $text .MediaType.SubType }}{{ $asset = . | minify }}{{ end }}
{{ ($asset | fingerprint).RelPermalink }}
{{ end }}
"""


def tools(place: Place) -> dict[str, Tool]:
    if not place.hugo:
        return {}
    return {name: _tool(place, name, layout) for name, layout in (("hugo", PLAIN), ("hugo-minify", MINIFIED))}


def _tool(place: Place, name: str, layout: str) -> Tool:
    folder = place.work / name
    (folder / "layouts").mkdir(parents=True, exist_ok=True)
    config = CONFIG.format(cache=json.dumps(str(folder / "cache")), site=json.dumps(str(place.site)))
    (folder / "config.toml").write_text(config)  # the name that old versions know too
    (folder / "layouts" / "index.html").write_text(layout)
    caches = (folder / "cache", folder / "resources")
    return Tool(name, (place.hugo, "--quiet"), folder, folder / "public", caches)
