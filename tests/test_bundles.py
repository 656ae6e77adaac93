"""Bundles of a whole site, from definition to output."""

from __future__ import annotations

from typing import Any

import pytest

from cdn_pipeline.errors import SiteError
from tests.conftest import Site
from tests.test_cli import age

PLAIN = """
minify = false
[bundles]
definitions = ["assets.yaml"]
[[routes]]
match = ["*"]
encodings = []
"""
MINIFIED = PLAIN.replace("minify = false\n", "")


def yaml(**bundles: str) -> str:
    return "directory: static\nbundles:\n" + "".join(
        f"  {name.replace('_', '.')}: {{{text}}}\n" for name, text in bundles.items()
    )


def broken(site: Site, config: str = PLAIN, **options: Any) -> list[str]:
    with pytest.raises(SiteError) as caught:
        site.build(config, **options)
    return [str(problem) for problem in caught.value.problems]


def test_scripts_are_joined_and_members_stay_files(site: Site) -> None:
    site.write(
        {
            "assets.yaml": yaml(site_js="output: gen/site.js, contents: [a.js, b.js], extra: {defer: true}"),
            "static/a.js": "var a = function () {}",
            "static/b.js": "(function () {})() // end",
        }
    )
    site.build(PLAIN)

    assert site.served("gen/site.js") == "var a = function () {}\n;(function () {})() // end\n"
    assert site.manifest()["bundles"]["site.js"] == {
        "url": site.url("gen/site.js"),
        "parts": ["gen/site.js"],
        "sources": ["a.js", "b.js"],
        "extra": {"defer": True},
    }
    assert site.served("a.js") == "var a = function () {}"


def test_sheets_are_joined_with_their_references_rebased(site: Site) -> None:
    site.write(
        {
            "assets.yaml": yaml(site_css="output: gen/site.css, contents: [css/a.css, css/deep/b.css]"),
            "static/css/a.css": "@import 'c.css' screen;\na { background: url(../img/a.png) }",
            "static/css/c.css": "c { background: url(../img/a.png?x) }",
            "static/css/deep/b.css": "b { background: url(../../img/a.png#y) }",
            "static/img/a.png": b"PNG",
        }
    )
    site.build(MINIFIED)
    image = site.url("img/a.png")

    assert site.served("gen/site.css") == (
        f"@media screen{{c{{background:url({image}?x)}}}}"
        f"a{{background:url({image})}}b{{background:url({image}#y)}}"
    )


def test_a_changed_member_and_a_changed_import_are_seen(site: Site) -> None:
    site.write(
        {
            "assets.yaml": yaml(site_css="output: gen/site.css, contents: a.css"),
            "static/a.css": "@import 'b.css'; a { color: red }",
            "static/b.css": "b { color: red }",
        }
    )
    site.build(MINIFIED)
    site.write({"static/b.css": "b { color: blue }"})
    site.build(MINIFIED)
    assert site.served("gen/site.css") == "b{color:blue}a{color:red}"

    site.write({"static/a.css": "@import 'b.css'; a { color: blue }"})
    site.build(MINIFIED)
    assert site.served("gen/site.css") == "b{color:blue}a{color:blue}"


def test_a_changed_definition_is_seen(site: Site) -> None:
    site.write({"static/a.js": "a()\n", "static/b.js": "b()\n"})
    site.write({"assets.yaml": yaml(site_js="output: gen/site.js, contents: [a.js, b.js]")})
    site.build(PLAIN)
    site.write({"assets.yaml": yaml(site_js="output: gen/site.js, contents: [b.js, a.js]")})
    site.build(PLAIN)

    assert site.served("gen/site.js") == "b()\na()\n"


def test_definitions_are_read_again_for_other_sources(site: Site) -> None:
    text = "directory: web/static\nbundles:\n  one: {output: one.js, contents: a.js}\n"
    site.write({"assets.yaml": text, "web/static/a.js": "a()\n"})
    age(site)
    site.build('source = ["web/static"]\n' + PLAIN)
    site.build('source = ["web"]\n' + PLAIN)

    assert site.served("static/one.js") == "a()\n"


def test_modules_are_never_joined(site: Site) -> None:
    site.write(
        {
            "assets.yaml": yaml(site_js="output: gen/site.js, contents: [a.js, b.js, c.js]"),
            "static/a.js": "a()",
            "static/b.js": "import './d.js'",
            "static/c.js": "c()",
            "static/d.js": "",
        }
    )
    site.build(PLAIN)
    manifest = site.manifest()

    assert manifest["bundles"]["site.js"]["parts"] == ["gen/site.js", "gen/site.2.js", "gen/site.3.js"]
    assert manifest["files"]["gen/site.2.js"]["module"] is True
    assert site.served("gen/site.2.js") == f"import '{site.url('d.js')}'"
    snippet = (site.out / "includes/bundles/site.js.html").read_text()
    assert snippet.count("<script") == 3
    assert snippet.count('type="module"') == 1


def test_bundles_of_templates(site: Site) -> None:
    site.write(
        {
            "templates/a.html": '{% assets "a.js", "b.js", output="gen/t.js" %}…{% endassets %}',
            "static/a.js": "a()",
            "static/b.js": "b()",
        }
    )
    site.build('minify = false\n[bundles]\ntemplates = ["templates"]\n')

    assert site.served("gen/t.js") == "a()\nb()\n"
    assert list(site.manifest()["bundles"]) == ["gen/t.js"]


def test_a_filter_of_webassets_runs_behind_the_guard(site: Site) -> None:
    """jsmin cannot read nested templates; what it makes of them is thrown away, and ours is used."""
    site.write(
        {
            "assets.yaml": yaml(site_js="output: gen/site.js, filters: jsmin, contents: [a.js]"),
            "static/a.js": "var a = 1 ;\nvar b = `${ `a  b` }   c`;\n",
        }
    )
    built = site.build(MINIFIED)
    draft = built.drafts["gen/site.js"]

    assert site.served("gen/site.js") == "var a=1;var b=`${`a  b`}   c`;"
    assert draft.engine == "default"
    assert [fallen.engine for fallen in draft.fallen] == ["jsmin"]


def test_what_is_wrong_with_bundles_comes_at_once(site: Site) -> None:
    site.write(
        {
            "assets.yaml": "directory: static\nbundles:\n"
            "  one.js:\n    output: gen/one.js\n    contents: [gone.js]\n"
            "  two.js:\n    output: gen/two.js\n    contents: ['none/*.js']\n",
            "static/gone2.js": "",
        }
    )

    assert broken(site) == [
        "assets.yaml:5:16: no asset and no bundle 'gone.js'; did you mean 'gone2.js'?",
        "assets.yaml:8:16: no asset matches 'none/*.js'",
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("../../media/x.png", "/media/x.png"),
        ("no/such%20x.png?v=1#y", "/static/css/no/such%20x.png?v=1#y"),
        ("ignored.png", "/static/css/ignored.png"),
        ("'../fonts/'", "'/static/fonts/'"),
        (".", "/static/css/"),
        ("'no such (1).png'", "'/static/css/no%20such%20%281%29.png'"),
        ("'..\\\\no.png'", "'/static/no.png'"),
        ("/media/x.png", "/media/x.png"),
        ("/static/no.png", "/static/no.png"),
        ("#x", "#x"),
        ("https://example.com/x.png", "https://example.com/x.png"),
    ],
)
def test_what_is_no_link_means_the_same_in_another_directory(site: Site, written: str, meant: str) -> None:
    site.write(
        {
            "assets.yaml": yaml(site_css="output: gen/deep/site.css, contents: css/a.css"),
            "static/css/a.css": f"a {{ background: url({written}) }}\n",
        }
    )
    site.build('on_missing = "warn"\nignore = ["*.css: ignored.png"]\n' + PLAIN)

    assert site.served("gen/deep/site.css") == f"a {{ background: url({meant}) }}\n"
    assert site.served("css/a.css") == f"a {{ background: url({written}) }}\n"


def test_what_is_no_link_stays_as_written_in_the_same_directory(site: Site) -> None:
    text = "a { background: url(../../media/\\x.png), url(../img/) }\n"
    site.write({"assets.yaml": yaml(site_css="output: css/b.css, contents: css/a.css")})
    site.write({"static/css/a.css": text})
    site.build(PLAIN)

    assert site.served("css/b.css") == text


def test_a_warning_of_a_member_comes_once(site: Site) -> None:
    site.write(
        {
            "assets.yaml": yaml(site_css="output: gen/site.css, contents: a.css"),
            "static/a.css": "a { color: red }\n@import 'b.css';\n",
        }
    )
    built = site.build(PLAIN)

    assert [str(problem) for problem in built.problems] == [
        "static/a.css:2:1: an @import after other rules has no effect; it is left as it is; "
        "move it to the top of the sheet"
    ]


def test_an_unknown_filter_and_one_that_raises(site: Site) -> None:
    site.write(
        {
            "assets.yaml": yaml(
                one_js="output: gen/one.js, filters: nonsense, contents: [a.js]",
                two_js="output: gen/two.js, filters: 'filters:raising', contents: [a.js]",
            ),
            "filters.py": "def raising(text):\n    raise ValueError('no luck')\n",
            "static/a.js": "a()",
        }
    )
    problems = broken(site)

    assert len(problems) == 2
    assert "'nonsense'" in problems[0]
    assert "no luck" in problems[1]


ENDING = """
import os, signal

def killing(text):
    os.kill(os.getpid(), signal.SIGKILL)

def leaving(text):
    os._exit(3)

def raising(text):
    raise ValueError("no luck")
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_filter_that_ends_its_process_is_a_problem_of_its_bundle(site: Site, jobs: int) -> None:
    site.write(
        {
            "assets.yaml": yaml(
                one_js="output: gen/one.js, filters: 'filters:killing', contents: [a.js]",
                two_js="output: gen/two.js, filters: 'filters:leaving', contents: [a.js]",
                three_js="output: gen/three.js, filters: 'filters:raising', contents: [a.js]",
                four_js="output: gen/four.js, contents: [a.js]",
            ),
            "filters.py": ENDING,
            "static/a.js": "a()",
        }
    )

    assert broken(site, jobs=jobs) == [
        "assets.yaml:3:3: bundle 'one.js': the process at work on it was killed twice, "
        "perhaps for want of memory; look at its filters: 'filters:killing'",
        "assets.yaml:4:3: bundle 'two.js': the process at work on it ended twice with exit code 3; "
        "look at its filters: 'filters:leaving'",
        "assets.yaml:5: bundle 'three.js': filter 'filters:raising': ValueError: no luck",
    ]


def test_an_engine_that_ends_its_process_is_a_problem_of_the_file(site: Site) -> None:
    site.write({"filters.py": ENDING, "static/a.js": "a()", "static/b.css": "a { b : c }"})
    problems = broken(site, '[minify]\njs = ["filters:killing", "default"]\n')

    assert problems == [
        "static/a.js: the process at work on it was killed twice, perhaps for want of memory; "
        "build again, or exclude the file"
    ]


def test_a_filter_that_never_ends_is_ended(site: Site) -> None:
    site.write(
        {
            "assets.yaml": yaml(one_js="output: gen/one.js, filters: 'filters:looping', contents: [a.js]"),
            "filters.py": "def looping(text):\n    while True:\n        pass\n",
            "static/a.js": "a()",
        }
    )

    assert "0.2 s" in broken(site, "filter_timeout = 0.2\n" + PLAIN)[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a(", "static/a.js:1:2: "),
        (b"'caf\xe9'", "static/a.js:1: not UTF-8, so it cannot be part of bundle 'one.js'"),
    ],
)
def test_a_member_that_cannot_be_joined(site: Site, content: bytes, message: str) -> None:
    site.write(
        {
            "assets.yaml": yaml(one_js="output: gen/one.js, contents: [a.js, b.js]"),
            "static/a.js": content,
            "static/b.js": "b()",
        }
    )

    assert any(problem.startswith(message) for problem in broken(site))


def test_with_and_without_cache_the_same_bytes(site: Site) -> None:
    site.write(
        {
            "assets.yaml": yaml(
                one_js="output: gen/one.js, contents: [a.js, b.js]",
                two_css="output: gen/two.css, contents: a.css",
            ),
            "static/a.js": "'use strict'; a()",
            "static/b.js": "b()",
            "static/a.css": "@import url(//example.com/x.css); a { color: red }",
        }
    )
    site.build(MINIFIED)
    first = site.files()
    site.build(MINIFIED)
    assert site.files() == first
    site.build(MINIFIED, use_cache=False, jobs=3)
    assert site.files() == first


def test_members_that_are_minified_already_are_not_again(site: Site) -> None:
    site.write(
        {
            "assets.yaml": yaml(
                site_css="output: site.css, contents: [a.css, b.min.css]",
                lib_js="output: lib.js, contents: [a.min.js]",
            ),
            "static/a.css": "@import 'c.css';\na { b : url(x.png) }\n",
            "static/c.css": "c { d : e }\n",
            "static/b.min.css": "b { c : d }\n",
            "static/a.min.js": "a( 1 )\n",
            "static/x.png": b"PNG",
        }
    )
    site.build(MINIFIED)

    assert site.served("site.css") == f"c{{d:e}}\na{{b:url({site.url('x.png')})}}\nb {{ c : d }}\n"
    assert site.served("lib.js") == "a( 1 )\n"
