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


LAYOUTS = {"hugo": PLAIN, "hugo-minify": MINIFIED}
NAMES = tuple(LAYOUTS)


def tool(place: Place, name: str) -> Tool | None:
    if not place.hugo:
        return None
    folder = place.work / name
    (folder / "layouts").mkdir(parents=True, exist_ok=True)
    config = CONFIG.format(cache=json.dumps(str(folder / "cache")), site=json.dumps(str(place.site)))
    (folder / "config.toml").write_text(config)  # the name that old versions know too
    (folder / "layouts" / "index.html").write_text(LAYOUTS[name])
    caches = (folder / "cache", folder / "resources")
    return Tool(name, (place.hugo, "--quiet"), folder, folder / "public", caches)
