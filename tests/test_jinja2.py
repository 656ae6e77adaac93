"""Templates of Jinja2, answered from really built sites."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
import pytest
import webassets
from jinja2.nativetypes import NativeEnvironment
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup
from webassets.ext.jinja2 import AssetsExtension
from webassets.loaders import YAMLLoader

from cdn_pipeline.errors import UnknownAsset
from cdn_pipeline.integrations.jinja2 import Assets, install
from cdn_pipeline.manifest import Manifest
from tests.conftest import PLAIN, Site

CONFIG = """
build = "build"
minify = false
[targets.cdn]
url = "https://cdn.example/"
[[routes]]
match = ["robots.js"]
fingerprint = false
[[routes]]
match = ["*"]
encodings = []
[bundles]
definitions = ["assets.yaml"]
templates = ["templates"]
"""
BUNDLES = """
directory: static
bundles:
  all_js: {contents: [a.js, b.js], output: gen/all.js, extra: {defer: false, label: "x & y"}}
  both: {contents: [all_js, {contents: c.js, output: gen/c.js}]}
  unread: {contents: [robots.js]}
"""
BODY = "[{{ ASSET_URL }}|{{ ASSET_SRI }}|{{ EXTRA.label }}]"


def including(site: Site, template: str, **options: Any) -> jinja2.Environment:
    """An environment that keeps what it has compiled, whose templates include those of the build."""
    loader = jinja2.ChoiceLoader(
        [jinja2.DictLoader({"page": template}), jinja2.FileSystemLoader(site.out / "includes")]
    )
    environment = jinja2.Environment(loader=loader, auto_reload=False, **options)
    install(environment, Manifest.load(site.out / "manifest.json", reload=0))
    return environment


@pytest.mark.parametrize(
    "options", [{}, {"autoescape": True}, {"variable_start_string": "[[", "variable_end_string": "]]"}]
)
def test_an_include_is_that_of_the_last_release(built: Site, options: dict[str, Any]) -> None:
    environment = including(
        built, '{% include "bundles/all_js.html" %}.{% include "importmap.html" %}', **options
    )
    page = environment.get_template("page")
    for script in ("a(1)\n", "a(2)\n"):
        built.write({"static/a.js": script})
        built.build(CONFIG)
        texts = [
            (built.out / "includes" / name).read_text() for name in ("bundles/all_js.html", "importmap.html")
        ]
        assert page.render() == ".".join(text.removesuffix("\n") for text in texts)
        assert built.url("gen/all.js") in page.render()
    (built.out / "includes/bundles/all_js.html").unlink()
    assert built.url("gen/all.js") in page.render()


def test_an_include_may_be_looked_at_as_rarely_as_the_manifest(built: Site) -> None:
    environment = including(built, '{% include "bundles/all_js.html" %}')
    install(environment, Manifest.load(built.out / "manifest.json"))
    seen = environment.get_template("page").render()
    built.write({"static/a.js": "a(2)\n"})
    built.build(CONFIG)

    assert environment.get_template("page").render() == seen


def test_other_templates_are_compiled_as_they_are(built: Site) -> None:
    """A folder of that name is the site's own where no build is beside it."""
    built.write({"templates/includes/bundles/mine.html": "{{ 1 + 1 }}", "templates/page.html": "{{ 2 + 2 }}"})
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(built.root / "templates"))
    install(environment, Manifest.load(built.out / "manifest.json"))
    names = ("includes/bundles/mine.html", "page.html")

    assert [environment.get_template(name).render() for name in names] == ["2", "4"]


def page(tag: str, body: str = BODY) -> str:
    return f"{{% assets {tag} %}}{body}{{% endassets %}}"


@pytest.fixture
def built(site: Site) -> Site:
    """Three scripts, a sheet, a picture, bundles in YAML and in templates."""
    site.write(
        {
            "static/a.js": "a()\n",
            "static/b.js": "b()\n",
            "static/c.js": "c()\n",
            "static/robots.js": "r()\n",
            "static/m.js": "import './n.js'\n",
            "static/n.js": "export const n = 1\n",
            "static/a.css": "a { b: c }\n",
            "static/i.png": b"PNG",
            "assets.yaml": BUNDLES,
            "templates/page.html": page('"a.js", "c.js", filters="rjsmin"')
            + page('("b.js", "c.js"), output="gen/%(version)s-bc.js"'),
        }
    )
    site.build(CONFIG)
    return site


def environment(site: Site, kind: type[jinja2.Environment] = jinja2.Environment, **options: Any) -> Any:
    made = kind(loader=jinja2.FileSystemLoader(site.root / "templates"), **options)
    install(made, Manifest.load(site.out / "manifest.json"))
    return made


def render(site: Site, text: str, **context: Any) -> str:
    return str(environment(site, autoescape=True).from_string(text).render(**context))


def entry(site: Site, path: str) -> dict[str, Any]:
    found: dict[str, Any] = site.manifest()["files"][path]
    return found


def line(site: Site, path: str, label: str = "") -> str:
    found = entry(site, path)
    return f"[{found['url']}|{found['integrity']}|{label}]"


def test_a_url_is_that_of_the_build(built: Site) -> None:
    assert re.fullmatch(r"/static/a\.[0-9a-f]{12}\.css", render(built, "{{ asset_url('a.css') }}"))
    assert render(built, "{{ asset_url('all_js') }}") == entry(built, "gen/all.js")["url"]
    assert render(built, "{{ asset_url('i.png') }}").startswith("https://cdn.example/i.")


def test_what_follows_the_path_is_escaped_once(built: Site) -> None:
    url = entry(built, "a.css")["url"]

    assert render(built, "{{ asset_url('a.css?x&y#z') }}") == f"{url}?x&amp;y#z"


def test_tags_load_what_they_name(built: Site) -> None:
    script, sheet = entry(built, "gen/all.js"), entry(built, "a.css")

    assert render(built, "{{ asset_tags('all_js', 'a.css', nonce='n\"') }}") == (
        f'<link rel="stylesheet" href="{sheet["url"]}" integrity="{sheet["integrity"]}" nonce="n&quot;">\n'
        f'<script src="{script["url"]}" integrity="{script["integrity"]}" nonce="n&quot;"></script>\n'
    )


def test_one_tag_takes_attributes(built: Site) -> None:
    url = entry(built, "b.js")["url"]
    tag = "{{ asset_tag('b.js', integrity=None, defer=False, async_=True, data_x='<', class_='y') }}"

    assert render(built, tag) == f'<script src="{url}" async data-x="&lt;" class="y"></script>'


def test_modules_are_preloaded_with_all_that_they_import(built: Site) -> None:
    main, part = entry(built, "m.js"), entry(built, "n.js")
    ahead = f'<link rel="modulepreload" href="{part["url"]}" integrity="{part["integrity"]}" nonce="1">\n'
    own = f'<script type="module" src="{main["url"]}" integrity="{main["integrity"]}" nonce="1"></script>\n'

    assert render(built, "{{ asset_tags('m.js', nonce=1) }}") == ahead + own
    assert render(built, "{{ asset_tags('m.js', nonce=1, preload=False) }}") == own
    assert render(built, "{{ asset_preloads('m.js', 'm.js', nonce=1) }}") == ahead


def test_the_import_map_bears_the_nonce(built: Site) -> None:
    text = render(built, "{{ import_map('abc') }}")
    start, end = '<script type="importmap" nonce="abc">', "</script>"

    assert text.startswith(start)
    assert (
        json.loads(text[len(start) : text.index(end)])["imports"]["/static/n.js"]
        == entry(built, "n.js")["url"]
    )


@pytest.mark.parametrize(
    ("tag", "outputs", "label"),
    [
        ('"all_js"', ["gen/all.js"], "x &amp; y"),
        ("'both'", ["gen/all.js", "gen/c.js"], "x &amp; y"),
        ('"a.js"', ["a.js"], ""),
        ('"gen/all.js"', ["gen/all.js"], "x &amp; y"),
        ('"a.js", "c.js", filters="rjsmin"', ["gen/cc9a26e52b98.js"], ""),
        ('("b.js", "c.js"), output="gen/%(version)s-bc.js"', ["gen/bc.js"], ""),
        ('["b.js", "c.js"], output="gen/%(version)s-bc.js", debug=False, depends="*.js"', ["gen/bc.js"], ""),
        ("name", ["gen/all.js"], "x &amp; y"),
        ("bundle", ["gen/all.js"], "x &amp; y"),
        ('files, output="gen/%(version)s-" ~ "bc.js"', ["gen/bc.js"], ""),
        ('files[0] if files else "c.js", files[1:], output="gen/bc.js"', ["gen/bc.js"], ""),
    ],
)
def test_the_body_stands_once_for_each_url(built: Site, tag: str, outputs: list[str], label: str) -> None:
    context = {
        "name": "all_js",
        "files": ["b.js", "c.js"],
        "bundle": webassets.Bundle("a.js", output="gen/all.js"),
    }
    wanted = "".join(line(built, output, label) for output in outputs)

    assert render(built, page(tag), **context) == wanted


def test_a_file_without_fingerprint_has_no_integrity(built: Site) -> None:
    assert render(built, page('"robots.js"')) == "[/static/robots.js|None|]"


KINDS: list[Callable[[Site], Any]] = [
    lambda site: environment(site, autoescape=True),
    lambda site: environment(site, autoescape=False),
    lambda site: environment(site, autoescape=lambda name: name is None),
    lambda site: environment(site, SandboxedEnvironment),
    lambda site: environment(site, NativeEnvironment),
    lambda site: environment(site, enable_async=True, autoescape=True),
    lambda site: environment(site, NativeEnvironment, enable_async=True),
    lambda site: environment(site, SandboxedEnvironment, enable_async=True),
    lambda site: environment(site, optimized=False, trim_blocks=True, lstrip_blocks=True),
    lambda site: environment(site).overlay(autoescape=True),
]
NESTED = """
{%- macro m(name) %}{% assets name %}({{ ASSET_URL }}{{ name }}){% endassets %}{% endmacro -%}
{{ m("a.js") }}
{%- for name in ["b.js", "c.js"] %}{{ loop.index }}{% assets name %}{{ loop.index }}{{ name }}{% set x = 1 %}
{%- for y in [ASSET_URL] %}{{ loop.last }}{{ y }}{% endfor %}{% endassets %}{{ x }}{% endfor -%}
{% assets "a.js" %}<{% assets "b.js" %}{{ ASSET_URL }}{% endassets %}>{{ ASSET_URL }}{% endassets -%}
{% block head %}{% assets "c.js" %}{{ ASSET_URL }}{{ "&" }}{% endassets %}{% endblock %}"""


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_environment_knows_the_tag(built: Site, kind: Callable[[Site], Any]) -> None:
    made = kind(built)
    template = made.from_string(page('"both"', "{{ ASSET_URL }} {{ ASSET_SRI }};"))
    wanted = "".join(
        f"{entry(built, path)['url']} {entry(built, path)['integrity']};"
        for path in ("gen/all.js", "gen/c.js")
    )

    assert (asyncio.run(template.render_async()) if made.is_async else template.render()) == wanted


def theirs(site: Site, kind: type[jinja2.Environment], **options: Any) -> Any:
    """The same templates with webassets itself, in debug mode, where it yields the sources."""
    made: Any = kind(extensions=[AssetsExtension], **options)
    made.assets_environment = webassets.Environment(str(site.root / "static"), "/static", debug=True)
    made.assets_environment.url_expire = False
    return made


@pytest.mark.parametrize("autoescape", [True, False])
@pytest.mark.parametrize("kind", [jinja2.Environment, SandboxedEnvironment, NativeEnvironment])
def test_scopes_are_those_of_webassets(built: Site, kind: type[jinja2.Environment], autoescape: bool) -> None:
    text = NESTED.replace('{{ caller("!") }}', "")
    mine = environment(built, kind, autoescape=autoescape).from_string(text).render()

    assert (
        re.sub(r"\.[0-9a-f]{12}(?=\.)", "", mine)
        == theirs(built, kind, autoescape=autoescape).from_string(text).render()
    )


BUILT = [
    '"all_js"',
    "'both'",
    '"all_js", "c.js", output="gen/own.js", filters="rjsmin"',
    '"[abc].js", output="gen/%(version)s-glob.js"',
    '"a.js"',
    '"b.js", "all_js", output="gen/both.js", debug=False',
]


def test_bodies_are_as_many_as_webassets_has_when_it_builds(built: Site) -> None:
    text = "\n".join(page(tag, "{{ ASSET_URL }} {{ ASSET_SRI is none }} {{ EXTRA.label }};") for tag in BUILT)
    built.write({"templates/page.html": text})
    built.build(CONFIG)
    other: Any = jinja2.Environment(extensions=[AssetsExtension])
    other.assets_environment = YAMLLoader(str(built.root / "assets.yaml")).load_environment()
    other.assets_environment.url, other.assets_environment.url_expire = "/static", False
    other.assets_environment.cache, other.assets_environment.manifest = False, "json:versions.json"
    wanted = other.from_string(text).render().replace("True", "False")  # None with a version, see contracts
    mine = environment(built).from_string(text).render()

    assert re.sub(r"\.[0-9a-f]{12}(?=\.)", "", mine) == re.sub(r"[0-9a-f]{8}-glob", "glob", wanted)


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        ('"a.js" "b.js" x', "expected token ','"),
        ("a b", "expected token ','"),
        ('"a.js", colour="red"', "unknown keyword 'colour'; it takes filters, output, depends and debug"),
        ("", "names no file and no bundle"),
        ('"a.js",, "b.js"', "unexpected ','"),
        ('output="x.js"', "names no file and no bundle"),
    ],
)
def test_what_webassets_would_refuse_is_refused_with_its_line(built: Site, tag: str, message: str) -> None:
    with pytest.raises(jinja2.TemplateSyntaxError, match=re.escape(message)) as refused:
        environment(built).from_string("\n" + page(tag))

    assert refused.value.lineno == 2


def test_a_bundle_that_was_not_built_is_named_with_what_is_in_it(built: Site) -> None:
    with pytest.raises(
        UnknownAsset, match=r"no bundle 'gen/[0-9a-f]{12}' of 'a.js', 'b.js'; build again, and"
    ):
        render(built, page('"a.js", "b.js"'))
    with pytest.raises(UnknownAsset, match=r"no asset and no bundle 'al_js'; did you mean 'all_js'\?"):
        render(built, page('"al_js"'))


def test_where_that_is_no_error_its_members_are_loaded(built: Site) -> None:
    made: Any = jinja2.Environment()
    install(made, Manifest.load(built.out / "manifest.json", missing="plain"))
    text = page('"a.js", "gone.js", filters="jsmin"', "{{ ASSET_URL }} ")

    assert made.from_string(text).render() == f"{entry(built, 'a.js')['url']} /static/gone.js "


def test_a_cached_template_knows_the_next_build(built: Site, tmp_path: Path) -> None:
    cache = jinja2.FileSystemBytecodeCache(str(tmp_path))
    text = "{{ asset_url('a.js') }} " + page('"all_js"', "{{ ASSET_URL }}")
    built.write({"templates/again.html": text})
    first = environment(built, bytecode_cache=cache).get_template("again.html").render()
    built.write({"static/a.js": "other()\n"})
    built.build(CONFIG)
    second = environment(built, bytecode_cache=cache).get_template("again.html").render()

    assert first != second
    assert second == f"{entry(built, 'a.js')['url']} {entry(built, 'gen/all.js')['url']}"
    assert list(tmp_path.glob("__jinja2_*.cache"))


def test_the_extension_alone_finds_the_project_around(built: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(built.root / "static")
    made: Any = jinja2.Environment(extensions=["cdn_pipeline.integrations.jinja2.Assets"])
    template = made.from_string("{{ asset_url('a.css') }} {{ asset_tag('a.css') }} " + page('"all_js"'))
    sheet = entry(built, "a.css")
    tag = f'<link rel="stylesheet" href="{sheet["url"]}" integrity="{sheet["integrity"]}">'

    assert template.render() == f"{sheet['url']} {tag} " + line(built, "gen/all.js", "x & y")


def test_our_tag_answers_where_webassets_has_one_too(built: Site) -> None:
    for extensions in ([AssetsExtension, Assets], [Assets, AssetsExtension]):
        made: Any = jinja2.Environment(extensions=extensions)
        install(made, Manifest.load(built.out / "manifest.json"))

        assert (
            made.from_string(page('"all_js"', "{{ ASSET_URL }}")).render()
            == entry(built, "gen/all.js")["url"]
        )


def test_markup_is_safe_and_a_url_is_not(built: Site) -> None:
    functions = environment(built).globals

    assert isinstance(functions["asset_tag"]("a.js"), Markup)
    assert type(functions["asset_url"]("a.js")) is str


def test_a_page_of_the_sample_has_the_grammar_that_the_build_reads(site: Site) -> None:
    """The build knows a bundle by the very name that the tag asks for, however it is written."""
    tags = [
        '"a.js","b.js"',
        "'a.js', 'b.js', filter='jsmin'",
        "'a.js' 'b.js' 'c.js'",
        "'a.js' 'c.js', 'b.js', output='p.js'",
        '["a.js", "b.js"], filters=["rjsmin", "jsmin"]',
        '("a.js",), "b.js", filters=("jsmin",), output="o.js"',
        '"a.js", filters="jsmin"',
        '"*.js", output="%(version)s.js"',
        '"a" ~ ".js", "b.js", filters="jsmin," ~ "rjsmin"',
        '"a.js", "b.js", debug=True',
    ]
    site.write({f"static/{name}.js": f"{name}()" for name in "abc"})
    site.write({"templates/p.html": "".join(map(page, tags))})
    site.build(PLAIN + '[bundles]\ntemplates = ["templates"]\n')
    text = "".join(page(tag, "{{ ASSET_URL }};") for tag in tags)
    urls = environment(site).from_string(text).render().split(";")

    assert len(set(urls[:-1])) == len(set(tags)) - 1  # the last one is the first one
    assert set(urls[:-1]) <= {each["url"] for each in site.manifest()["bundles"].values()}


def test_the_programs_of_the_documents_run(built: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(built.root)
    text = (Path(__file__).parent.parent / "docs/templates.md").read_text("utf-8")
    first, development, bridging = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    for debug, url in ((False, entry(built, "a.js")["url"]), (True, "/static/a.js")):
        names: dict[str, Any] = {"debug": debug}
        exec(first + development, names)

        assert names["environment"].from_string("{{ asset_url('a.js') }}").render() == url
    bundles: Any = webassets.Environment()
    bundles.register("all_js", "a.js", "b.js", output="gen/all.js")
    exec(first + bridging.replace("(environment", "(bundles"), {"bundles": bundles})

    assert bundles["all_js"].urls() == [entry(built, "gen/all.js")["url"]]
