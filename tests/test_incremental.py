"""Whatever is edited: a build that uses all it knows gives what a first build gives."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from cdn_pipeline.errors import SiteError
from tests.conftest import Site

CONFIGS = (
    """
html = ["*.html"]
[targets.cdn]
url = "https://cdn.example.com/"
store = "s3://x"
keep_on_origin = true
[bundles]
definitions = ["assets.yaml"]
""",
    """
html = ["*.html"]
minify = false
[bundles]
definitions = ["assets.yaml"]
[[routes]]
match = ["*.css", "c.js"]
fingerprint = false
""",
    '[targets.origin]\nurl = "/other/"\n[[routes]]\nmatch = ["*"]\nencodings = ["zst"]\n',
)
BUNDLES = (
    "bundles:\n  s.js: {output: gen/s.js, contents: [c.js, d.js]}\n"
    "  s.css: {output: gen/s.css, contents: a.css}\n",
    "bundles:\n  s.js: {output: gen/s.js, contents: [d.js, c.js]}\n",
)
NAMES = ("a.css", "b.css", "a.js", "b.js", "c.js", "d.js", "p.html", "robots.txt", "i.svg", "x.png", "y.png")


def content(name: str, chance: random.Random) -> str:
    """Some text of the kind that *name* says, which may refer to others, and be worth compressing."""
    number = chance.randrange(3)
    filler = chance.choice((0, 40))
    if name.endswith(".css"):
        other = chance.choice(("@import 'b.css';", "")) if name == "a.css" else ""
        image = chance.choice(("x.png", "y.png", "i.svg"))
        return f"{other} a {{ background: url({image}) }} " + f"b {{ order: {number} }}\n" * filler
    if name in ("a.js", "b.js"):
        other = chance.choice(("a.js", "b.js"))
        return f"import './{other}';\n" + f"f({number});\n" * filler
    if name.endswith(".js"):
        return chance.choice(("", "'use strict';\n")) + f"f({number});\n" * (filler + 1)
    if name.endswith(".html"):
        return (
            f'<img src="{chance.choice(("x.png", "y.png"))}"><script src="c.js" integrity="sha256-"></script>'
        )
    if name.endswith(".svg"):
        return f'<svg xmlns="http://www.w3.org/2000/svg"><image href="x.png"/><!--{number}--></svg>'
    return f"{number}\n" * (filler + 1)


def edit(site: Site, chance: random.Random) -> str:
    """Changes one thing, and returns the config to build with."""
    name = chance.choice(NAMES)
    file = site.root / "static" / name
    if chance.random() < 0.1 and name in ("robots.txt", "i.svg", "y.png") and file.exists():
        file.unlink()
    elif chance.random() < 0.1:
        site.write({"assets.yaml": chance.choice(BUNDLES)})
    else:
        site.write({f"static/{name}": content(name, chance)})
    if chance.random() < 0.1 and site.out.exists():
        damaged = chance.choice([path for path in site.out.rglob("*") if path.is_file()])
        damaged.unlink()
    return chance.choice(CONFIGS) if chance.random() < 0.3 else ""


def outcome(site: Site, config: str, **options: bool) -> dict[str, bytes] | list[str]:
    """The problems of a build, or every file of the release that it made."""
    try:
        site.build(config, **options)
    except SiteError as error:
        return [str(problem) for problem in error.problems]
    wanted = {"manifest.json", "staticfiles.json"}
    for entry in site.manifest()["files"].values():
        for place in (entry["path"], "origin/" + entry["path"].partition("/")[2]):
            wanted |= {place + suffix for suffix in ("", ".gz", ".br", ".zst")}
    return {
        name: bytes_ for name, bytes_ in site.files().items() if name in wanted or name[:9] == "includes/"
    }


@pytest.mark.parametrize("seed", range(6))
def test_every_build_in_a_row_of_edits_is_as_a_first_one(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    site = Site(tmp_path)
    site.write({f"static/{name}": content(name, chance) for name in NAMES} | {"assets.yaml": BUNDLES[0]})
    config = CONFIGS[0]
    for step in range(12):
        found = outcome(site, config)
        first = Site(tmp_path)
        first.out = tmp_path / f"first{step}"
        assert found == outcome(first, config, use_cache=False), (seed, step)
        config = edit(site, chance) or config
