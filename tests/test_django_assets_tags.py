"""``{% load assets %}`` in Django: the tag of django-assets, and our own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import call_command
from django.template import TemplateSyntaxError
from django.test import RequestFactory

from cdn_pipeline.errors import UnknownAsset
from tests.conftest import Site
from tests.django_site import configure
from tests.django_site import site as settings_of

CONFIG = """
minify = false
[bundles]
templates = ["templates"]
definitions = ["assets.yaml"]
[[routes]]
match = ["*"]
encodings = []
"""
SOURCES: dict[str, str | bytes] = {
    "static/js/a.js": "a()\n",
    "static/js/b.js": "b()\n",
    "static/js/m.js": "import './a.js'\n",
    "static/css/a.css": "a { color: red }\n",
    "static/robots.txt": "x",
    "assets.yaml": "site: {output: site.js, contents: [js/a.js], extra: {media: print}}\n"
    "all: {contents: [site, other]}\nother: {output: other.js, contents: js/b.js}\n",
}


@contextmanager
def built(site: Site, text: str, **settings: Any) -> Iterator[None]:
    """The site with one template, ``page.html``, as it is in production."""
    site.write({**SOURCES, "templates/page.html": "{% load assets %}" + text})
    site.build(CONFIG)
    with settings_of(site.root, **settings):
        yield


def rendered(**context: Any) -> str:
    from django.template import engines

    return str(engines["django"].get_template("page.html").render(context))


def page(site: Site, text: str, **context: Any) -> str:
    with built(site, text):
        return rendered(**context)


BODY = "{{ ASSET_URL }} {{ ASSET_SRI }} {{ EXTRA.media }}\n{% endassets %}"


def loaded(site: Site, *paths: str, media: str = "") -> str:
    """What `BODY` makes of files."""
    files = site.manifest()["files"]
    return "".join(f"{files[path]['url']} {files[path]['integrity']} {media}\n" for path in paths)


NAMED = {
    '{% assets "js/a.js", "js/b.js", output="gen/all.js" %}': ["gen/all.js"],
    '{% assets "js/a.js" "js/b.js" filters="rjsmin" output="gen/all.%(version)s.js" debug="false" %}': [
        "gen/all.js"
    ],
    '{% assets output="gen/all.js", "js/a.js", depends="js/b.js" %}': ["gen/all.js"],
    '{% assets "css/a.css" %}': ["css/a.css"],
    '{% assets "other" %}': ["other.js"],
}


@pytest.mark.parametrize("tag", NAMED)
def test_the_tag_renders_its_body_for_each_url(site: Site, tag: str) -> None:
    found = page(site, tag + BODY)

    assert found == loaded(site, *NAMED[tag])


def test_a_bundle_of_bundles_is_all_of_them(site: Site) -> None:
    assert page(site, '{% assets "all" %}' + BODY) == (
        loaded(site, "site.js", media="print") + loaded(site, "other.js", media="print")
    )


def test_a_tag_without_output_is_found_by_what_it_says(site: Site) -> None:
    found = page(site, '{% assets "js/b.js" , "js/a.js" filters="rjsmin" %}{{ ASSET_URL }}{% endassets %}')

    bundle = next(name for name in site.manifest()["bundles"] if name.startswith("gen/"))
    assert found == site.manifest()["bundles"][bundle]["url"]


def test_arguments_can_be_variables(site: Site) -> None:
    text = (
        '{% if no %}{% assets "js/a.js", "js/b.js", output="x.js" %}{% endassets %}{% endif %}'
        "{% assets members output=out %}" + BODY
    )
    site.write(
        {
            **SOURCES,
            "templates/page.html": '{% load assets %}{% assets "js/a.js", "js/b.js", output="x.js" %}'
            "{% endassets %}",
        }
    )
    site.build(CONFIG)
    site.write({"templates/page.html": "{% load assets %}" + text})
    with settings_of(site.root):
        assert rendered(members=["js/a.js", "js/b.js"], out="x.js") == loaded(site, "x.js")


def test_loops_and_outer_variables_stay_as_they_are(site: Site) -> None:
    text = '{% for x in "ab" %}{% assets "css/a.css" %}{{ x }}{% endassets %}{% endfor %}{{ ASSET_URL }}'

    assert page(site, text) == "ab"


BAD = [
    "{% assets %}{% endassets %}",
    '{% assets output="x.js" %}{% endassets %}',
    '{% assets "a.js" media="print" %}{% endassets %}',
    '{% assets "a.js" %}',
]


@pytest.mark.parametrize("text", BAD)
def test_a_tag_that_cannot_mean_anything_is_refused(text: str) -> None:
    from django.template import engines

    configure()
    with pytest.raises(TemplateSyntaxError):
        engines["django"].from_string("{% load assets %}" + text)


def test_urls_of_files_and_bundles(site: Site) -> None:
    text = '{% asset_url "robots.txt" %} {% asset_url "site" as url %}{{ url }} {% asset_integrity "site" %}'

    assert page(site, text) == (
        f"{site.url('robots.txt')} {site.url('site.js')} {site.manifest()['files']['site.js']['integrity']}"
    )


def test_elements_with_all_that_makes_them_safe(site: Site) -> None:
    found = page(site, '{% asset_tag "css/a.css" %}\n{% asset_tags "site" "css/a.css" nonce="n&m" %}')
    files = site.manifest()["files"]
    sheet = f'href="{files["css/a.css"]["url"]}" integrity="{files["css/a.css"]["integrity"]}"'
    script = f'src="{files["site.js"]["url"]}" integrity="{files["site.js"]["integrity"]}"'

    assert found.splitlines() == [
        f'<link rel="stylesheet" {sheet}>',
        f'<link rel="stylesheet" {sheet} nonce="n&amp;m">',
        f'<script {script} defer nonce="n&amp;m"></script>',
    ]


def test_the_nonce_of_the_page_is_used(site: Site) -> None:
    found = page(site, '{% asset_tag "site" %}{% asset_tag "site" nonce="own" %}', csp_nonce="page")

    assert [nonce in found for nonce in ('nonce="page"', 'nonce="own"')] == [True, True]


def test_modules_are_announced(site: Site) -> None:
    found = page(
        site, '{% import_map %}{% asset_tags "js/m.js" preload=True %}{% asset_preloads "js/m.js" %}'
    )

    assert found.count('<script type="importmap">') == 1
    assert found.count(f'<link rel="modulepreload" href="{site.url("js/a.js")}"') == 2


def test_an_unknown_name_is_as_wrong_as_for_static(site: Site) -> None:
    with (
        built(site, '{% asset_url "js/aa.js" %}'),
        pytest.raises(UnknownAsset, match=r"did you mean 'js/a\.js'"),
    ):
        rendered()
    with settings_of(site.root, {"manifest_strict": False}):
        assert rendered() == "/static/js/aa.js"


def test_any_other_storage_will_do(site: Site) -> None:
    plain = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    with built(site, '{% asset_url "js/a.js" %} {% asset_url "gone.js" %}', STORAGES=plain):
        assert rendered() == f"{site.url('js/a.js')} /static/gone.js"


def test_collectstatic_finds_the_tags_of_the_projects_templates(site: Site) -> None:
    text = '{% load assets %}{% assets "js/a.js" "js/b.js" output="x.js" %}{{ ASSET_URL }}{% endassets %}'
    site.write({**SOURCES, "templates/page.html": text})
    with settings_of(site.root):
        call_command("collectstatic", interactive=False, verbosity=0)

        assert rendered() == site.url("x.js")


TWO = '{% assets "js/a.js" "js/b.js" output="x.js" %}{{ ASSET_URL }} {% endassets %}'


def test_while_developing_the_sources_come_one_by_one(site: Site) -> None:
    text = TWO + '{% assets "site" %}{{ ASSET_URL }} {% endassets %}{% asset_url "robots.txt" %}'
    site.write({**SOURCES, "templates/page.html": "{% load assets %}" + text, "cdn_pipeline.toml": CONFIG})
    with settings_of(site.root, DEBUG=True):
        assert rendered() == "/static/js/a.js /static/js/b.js /static/js/a.js /static/robots.txt"


@pytest.mark.parametrize(
    ("debug", "setting", "is_built"),
    [
        ('debug="true"', {}, False),
        ("debug=yes", {}, False),
        ('debug="merge"', {"DEBUG": True}, True),
        ("", {"DEBUG": True, "ASSETS_DEBUG": "false"}, True),
        ("", {"ASSETS_DEBUG": True}, False),
    ],
)
def test_debug_is_the_tags_or_the_settings(site: Site, debug: str, setting: Any, is_built: bool) -> None:
    text = f'{{% assets "js/a.js" output="x.js" {debug} %}}{{{{ ASSET_URL }}}}{{% endassets %}}'
    with built(site, text, **setting):
        assert rendered(yes=True) == (site.url("x.js") if is_built else "/static/js/a.js")


def test_debug_takes_three_words(site: Site) -> None:
    text = '{% assets "js/a.js" debug="yes" %}{% endassets %}'
    with built(site, text), pytest.raises(TemplateSyntaxError, match="true, false or merge, not 'yes'"):
        rendered()


def test_while_developing_what_only_a_build_has_is_found_there(site: Site) -> None:
    from django.contrib.staticfiles import finders
    from django.contrib.staticfiles.views import serve

    own = "cdn_pipeline.integrations.django.built_files.BuiltFilesFinder"
    site.write({"static/x.scss": "x { color: red }\n"})
    compiled = '{% assets "x.scss" output="x.css" %}{{ ASSET_URL }}{% endassets %}'
    both = ["django.contrib.staticfiles.finders.FileSystemFinder", own]
    with built(site, compiled, DEBUG=True, STATICFILES_FINDERS=both):
        name = rendered().removeprefix("/static/")
        served = serve(RequestFactory().get("/"), name)

        assert name == site.manifest()["files"]["x.css"]["path"].removeprefix("origin/")
        assert served.getvalue() == b"x { color: red }\n"
        assert finders.get_finder(own).find("../manifest.json") == []
        assert {path for path, _ in finders.get_finder(own).list(None)} == set()
