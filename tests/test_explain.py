"""Why an asset is where it is."""

from __future__ import annotations

import pytest

from cdn_pipeline import explain
from cdn_pipeline.config_file import load
from tests.conftest import Site

CONFIG = 'minify = false\n[bundles]\ndefinitions = ["assets.yaml"]\n'


BUNDLE = "directory: static\nbundles: {site.js: {output: gen/x.js, contents: [a.js, b.js]}}"


def explained(site: Site, asked: str) -> dict[str, object]:
    site.write(
        {
            "assets.yaml": BUNDLE,
            "static/a.js": "a()\n",
            "static/b.js": "b()\n",
            "static/c.js": "c()\n",
        }
    )
    built = site.build(CONFIG)
    return explain.explain(asked, load(site.root / "cdn_pipeline.toml"), built)


@pytest.mark.parametrize("asked", ["site.js", "gen/x.js", "/static/gen/x.js"])
def test_a_bundle_tells_its_sources(site: Site, asked: str) -> None:
    found = explained(site, asked)

    assert (found["asset"], found["bundle"], found["sources"]) == ("gen/x.js", "site.js", ["a.js", "b.js"])
    assert explain.text(found).endswith("  bundle    site.js\n  made from a.js\n            b.js")


def test_a_member_tells_its_bundles(site: Site) -> None:
    found = explained(site, "a.js")

    assert (found["bundle"], found["in_bundles"]) == (None, ["site.js"])
    assert explain.text(found).endswith("  in bundle site.js")


def test_what_nobody_uses_says_so(site: Site) -> None:
    assert explain.text(explained(site, "c.js")).endswith("  used in   no asset refers to it")
