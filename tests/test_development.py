"""A site without a build, answered from its sources; compared with what webassets yields in debug mode."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import jinja2
import pytest
from webassets.ext.jinja2 import AssetsExtension
from webassets.loaders import YAMLLoader

from cdn_pipeline.errors import ConfigError, UnknownAsset
from cdn_pipeline.integrations.development import Development
from cdn_pipeline.integrations.jinja2 import install
from tests.conftest import PLAIN, Site

CONFIG = PLAIN + '[bundles]\ndefinitions = ["assets.yaml"]\ntemplates = ["templates"]\n'
BUNDLES = """
directory: static
bundles:
  first: {contents: [js/a.js, js/b.js], output: gen/first.js, filters: rjsmin, extra: {x: 1}}
  nested: {contents: [js/c.js, {contents: [js/b.js, {contents: js/a.js}]}, first], output: gen/nested.js}
  globs: {contents: ["js/*.js", more/z.js], output: gen/globs.js, depends: ["**/*.css"]}
  box: {contents: [first, {contents: more/z.js, output: gen/z.js}]}
  style: {contents: s.css, output: gen/s.css}
"""
TAGS = [
    '"first"',
    '"nested"',
    '"globs"',
    '"box"',
    '"js/c.js"',
    '"js/c.js", "first", "style", output="gen/own.css"',
    '"js/b.js", "js/a.js", filters="jsmin", depends="js/c.js"',
    '["more/*.js", "js/a.js"], output="gen/%(version)s.js"',
]


def page(tag: str) -> str:
    return f"{{% assets {tag} %}}{{{{ ASSET_URL }}}} {{{{ EXTRA.x }}}};{{% endassets %}}"


@pytest.fixture
def unbuilt(site: Site) -> Site:
    """Scripts, a sheet, bundles in YAML and in a template; never built."""
    site.write({f"static/js/{name}.js": f"{name}()\n" for name in "abc"})
    site.write(
        {
            "static/more/z.js": "z()\n",
            "static/s.css": "a { b: c }\n",
            "static/m.js": "import './js/a.js'\n",
            "static/n.mjs": "",
            "assets.yaml": BUNDLES,
            "cdn_pipeline.toml": CONFIG,
            "templates/page.html": "".join(map(page, TAGS)),
        }
    )
    return site


def development(site: Site, **options: Any) -> Development:
    return Development.of_project(site.root, **{"reload": 0.0, **options})


def render(answers: Development, text: str) -> str:
    environment: Any = jinja2.Environment(autoescape=True)
    install(environment, answers)
    return str(environment.from_string(text).render())


def test_files_have_their_plain_urls(unbuilt: Site) -> None:
    answers = development(unbuilt)

    assert answers.url("js/a.js") == "/static/js/a.js"
    assert answers.url("s.css?v") == "/static/s.css?v"
    assert answers.integrity("js/a.js") is None
    assert answers.tags(["s.css", "js/a.js", "m.js", "n.mjs"], nonce="1") == (
        '<link rel="stylesheet" href="/static/s.css" nonce="1">\n'
        '<script src="/static/js/a.js" defer nonce="1"></script>\n'
        '<script type="module" src="/static/m.js" nonce="1"></script>\n'
        '<script type="module" src="/static/n.mjs" nonce="1"></script>\n'
    )
    assert answers.import_map() == ""
    assert not unbuilt.out.exists()


@pytest.mark.parametrize("tag", TAGS)
def test_bundles_are_their_sources_as_webassets_has_them(unbuilt: Site, tag: str) -> None:
    loader = YAMLLoader(str(unbuilt.root / "assets.yaml"))
    theirs = loader.load_environment()
    theirs.debug, theirs.url, theirs.url_expire = True, "/static", False
    environment: Any = jinja2.Environment(autoescape=True, extensions=[AssetsExtension])
    environment.assets_environment = theirs
    wanted = environment.from_string(page(tag)).render().split(";")

    assert render(development(unbuilt), page(tag)).split(";")[:-1] == list(dict.fromkeys(wanted))[:-1]


def test_an_output_means_the_bundle_that_makes_it(unbuilt: Site) -> None:
    assert development(unbuilt).bundle("gen/first.js").urls == ("/static/js/a.js", "/static/js/b.js")


def test_a_build_changes_nothing(unbuilt: Site) -> None:
    page_text = "".join(map(page, TAGS))
    before = render(development(unbuilt), page_text)
    unbuilt.build(CONFIG)

    assert render(development(unbuilt), page_text) == before


@pytest.mark.parametrize(
    "name", ["gone.js", "../assets.yaml", "js", "/js/a.js", "", "js//a.js", "js/./a.js", "\0"]
)
def test_what_is_no_source_is_unknown_here_too(unbuilt: Site, name: str) -> None:
    with pytest.raises(UnknownAsset):
        development(unbuilt).url(name)


def test_an_error_names_the_nearest(unbuilt: Site) -> None:
    with pytest.raises(UnknownAsset, match=r"no asset and no bundle 'js/A\.js'; did you mean 'js/a\.js'\?"):
        development(unbuilt).url("js/A.js")


def test_or_it_gets_its_plain_url(unbuilt: Site, caplog: pytest.LogCaptureFixture) -> None:
    assert development(unbuilt, missing="plain").url("gone.js") == "/static/gone.js"
    assert len(caplog.records) == 1


def test_changes_are_seen(unbuilt: Site) -> None:
    answers = development(unbuilt)
    assert answers.bundle("first").sources == ("js/a.js", "js/b.js")
    unbuilt.write({"assets.yaml": BUNDLES.replace("js/b.js]", "js/c.js]"), "static/js/d.js": ""})

    assert answers.bundle("first").sources == ("js/a.js", "js/c.js")
    assert answers.bundle("globs").sources == ("js/a.js", "js/b.js", "js/c.js", "js/d.js", "more/z.js")
    (unbuilt.root / "static/js/d.js").unlink()
    assert answers.bundle("globs").sources == ("js/a.js", "js/b.js", "js/c.js", "more/z.js")
    unbuilt.write({"templates/page.html": page('"js/a.js", "js/c.js"')})
    assert render(answers, page('"js/a.js", "js/c.js"')) == "/static/js/a.js ;/static/js/c.js ;"
    unbuilt.write({"cdn_pipeline.toml": CONFIG + '[targets.origin]\nurl = "/s/"\n'})
    assert answers.url("s.css") == "/s/s.css"


PYTHON = """
import flask  # which a site may have imported in another way
print("not for us")
from webassets import Bundle
part = Bundle("js/b.js", filters="rjsmin")
js_all = Bundle("js/a.js", part, output="gen/all.js", filters=lambda i, o: None)
"""


def test_python_definitions_run_in_a_process_of_their_own(unbuilt: Site) -> None:
    unbuilt.write({"bundles.py": PYTHON, "cdn_pipeline.toml": CONFIG.replace("assets.yaml", "bundles.py")})
    unbuilt.write({"templates/page.html": ""})
    before = set(sys.modules)

    assert development(unbuilt).bundle("js_all").urls == ("/static/js/a.js", "/static/js/b.js")
    assert "bundles" not in set(sys.modules) - before


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"assets.yaml": "bundles: ["}, "assets.yaml:1:11: not valid YAML"),
        (
            {"assets.yaml": "bundles: {x: {contents: gone.js, output: x.js}}"},
            "no asset and no bundle 'gone.js'",
        ),
        (
            {"bundles.py": "1 / 0", "cdn_pipeline.toml": CONFIG.replace("assets.yaml", "bundles.py")},
            "bundles.py:1: raised ZeroDivisionError: division by zero",
        ),
        ({"templates/page.html": "{% assets x, 'y' %}{% endassets %}"}, "depends on `x`"),
    ],
)
def test_wrong_definitions_are_told_and_spoil_nothing_else(
    unbuilt: Site, files: dict[str, str], message: str, caplog: pytest.LogCaptureFixture
) -> None:
    unbuilt.write({"templates/page.html": ""})
    unbuilt.write(files)

    assert development(unbuilt).url("js/a.js") == "/static/js/a.js"
    assert any(message in record.getMessage() for record in caplog.records)


def test_a_wrong_config_is_an_error_unless_plain_urls_will_do(
    unbuilt: Site, caplog: pytest.LogCaptureFixture
) -> None:
    config = unbuilt.root / "cdn_pipeline.toml"
    strict, lenient = Development(config), Development(config, missing="plain")
    config.write_text("sources = 3")

    with pytest.raises(ConfigError):
        strict.url("js/a.js")
    assert lenient.url("js/a.js") == "/static/js/a.js"
    assert "sources" in caplog.text


COMPILED = """
directory: static
bundles:
  styles: {contents: [x.scss], filters: libsass, output: gen/x.css}
  mixed: {contents: [js/a.js, js/b.js], filters: replace, output: gen/mixed.js}
"""


def test_what_must_be_compiled_comes_from_the_last_build(
    unbuilt: Site, caplog: pytest.LogCaptureFixture
) -> None:
    unbuilt.write({"static/x.scss": "a { b { c: d } }", "assets.yaml": COMPILED, "templates/page.html": ""})
    answers = development(unbuilt)
    with pytest.raises(UnknownAsset, match="no asset and no bundle 'styles'"):
        answers.bundle("styles")
    assert caplog.record_tuples[0] == (
        "cdn_pipeline",
        logging.WARNING,
        "assets.yaml:4:3: 'gen/x.css' has to be compiled before a browser can read it; "
        "run `cdn-pipeline build`, or `cdn-pipeline watch` while you work",
    )
    unbuilt.write({"assets.yaml": COMPILED.replace("[x.scss], filters: libsass", "s.css, filters: stylus")})
    entry = {"url": "/static/gen/x.012345678901.css", "target": "origin", "type": "text/css"}
    content = {
        "version": 1,
        "files": {"gen/x.css": entry},
        "bundles": {"styles": {"parts": ["gen/x.css"]}},
        "targets": {"origin": {"url": "/static/"}},
    }
    unbuilt.write({"build/manifest.json": json.dumps(content)})

    assert answers.bundle("styles").urls == ("/static/gen/x.012345678901.css",)


def test_the_sources_and_their_url_may_be_those_of_a_framework(unbuilt: Site) -> None:
    assert development(unbuilt, origin="/s/").url("s.css") == "/s/s.css"


def test_it_is_light_until_it_is_asked(unbuilt: Site) -> None:
    program = (
        "import sys; from cdn_pipeline.integrations.development import Development\n"
        "Development(sys.argv[1])\n"
        "heavy = {'yaml', 'webassets', 'boto3', 'cdn_pipeline.config', 'cdn_pipeline.definitions'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    command = [sys.executable, "-S", "-c", program, str(unbuilt.root / "cdn_pipeline.toml")]
    ran = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent
    )

    assert ran.stdout.strip() == "[]"
