"""Overview: a page that shows what a build made, and where each file is served."""

from __future__ import annotations

from html import escape

from cdn_pipeline.manifest import Manifest
from cdn_pipeline.quantity import count

PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>release {release}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100% }}
td {{ border-top: 1px solid #8884; overflow-wrap: anywhere; padding: .2rem .5rem; vertical-align: top }}
td:last-child {{ text-align: right; white-space: nowrap }}
</style>
<h1>Release {release}</h1>
{tables}
"""


def overview(manifest: Manifest) -> str:
    """The page as HTML: a table for each target."""
    tables = "\n".join(_table(manifest, name) for name in manifest.targets)
    return PAGE.format(release=escape(manifest.release), tables=tables)


def _table(manifest: Manifest, target: str) -> str:
    rows = "\n".join(
        f'<tr><td>{escape(name)}<td><a href="{escape(entry["url"])}">{escape(entry["url"])}</a>'
        f"<td>{count(entry['size'], 'byte')}"
        for name in manifest.names()
        if (entry := manifest.entry(name))["target"] == target
    )
    return f"<h2>{escape(target)}</h2>\n<table>\n{rows}\n</table>"
