"""The tags of django-static on today's Django."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import call_command
from django.template import TemplateSyntaxError

from tests.conftest import Site
from tests.django_site import configure
from tests.django_site import site as settings_of

CONFIG = """
[bundles]
templates = ["templates"]
[[routes]]
match = ["*"]
encodings = []
"""
SOURCES: dict[str, str | bytes] = {
    "static/js/a.js": "var a = 1 ;\n",
    "static/js/b.js": "var b = 2 ;\n",
    "static/js/lib.min.js": "var lib = 3 ;\n",
    "static/css/a.css": "a { color : red }\n",
    "static/css/b.css": "b { background : url(../img/x.png) }\n",
    "static/css/p.css": "p { color : blue }\n",
    "static/img/x.png": b"PNG",
}


@contextmanager
def built(site: Site, text: str, config: str = CONFIG, **settings: Any) -> Iterator[None]:
    """The site with one template, ``page.html``, as it is in production."""
    site.write({**SOURCES, "templates/page.html": "{% load static django_static %}" + text})
    site.build(config)
    with settings_of(site.root, **settings):
        yield


def rendered(**context: Any) -> str:
    from django.template import engines

    return str(engines["django"].get_template("page.html").render({"STATIC_URL": "/static/", **context}))


def page(site: Site, text: str, **settings: Any) -> str:
    with built(site, text, **settings):
        return rendered()


def combined(site: Site, *sources: str) -> str:
    """The URL of what *sources* were combined to."""
    bundles = site.manifest()["bundles"].values()
    return next(str(bundle["url"]) for bundle in bundles if bundle["sources"] == list(sources))


@pytest.mark.parametrize("tag", ["staticfile", "slimfile"])
@pytest.mark.parametrize("name", ["/img/x.png", "img/x.png", "/static/img/x.png"])
def test_a_file_has_its_url(site: Site, tag: str, name: str) -> None:
    assert page(site, f'{{% {tag} "{name}" %}}') == site.url("img/x.png")


def test_a_url_can_be_kept_in_a_variable(site: Site) -> None:
    text = '{% staticfile "/js/a.js" as name %}<script src="{{ name }}"></script>'

    assert page(site, text) == f'<script src="{site.url("js/a.js")}"></script>'


def test_a_name_can_be_a_variable_or_a_filtered_one(site: Site) -> None:
    with built(site, '{% slimfile name %} {% staticfile "/img/"|add:image %}'):
        found = rendered(name="/js/a.js", image="x.png")

    assert found == f"{site.url('js/a.js')} {site.url('img/x.png')}"


@pytest.mark.parametrize("value", [None, "", 0])
def test_no_name_is_no_url(site: Site, value: Any) -> None:
    with built(site, "[{% staticfile name %}]{% staticfile nobody %}"):
        assert rendered(name=value) == ("[0]" if value == 0 else "[]")


def test_several_files_are_combined(site: Site) -> None:
    found = page(site, '{% slimfile "/js/a.js; /js/b.js" %}')

    assert found == combined(site, "js/a.js", "js/b.js")
    assert site.served(next(path for path in site.manifest()["files"] if path.startswith("gen/"))) == (
        "var a=1;var b=2;"
    )


def test_a_variable_can_name_what_another_tag_combines(site: Site) -> None:
    with built(
        site, '{% slimfile names as x %}{{ x }}{% if no %}{% slimfile "/js/a.js;/js/b.js" %}{% endif %}'
    ):
        assert rendered(names="js/a.js ; js/b.js") == combined(site, "js/a.js", "js/b.js")


def test_files_that_no_tag_combines_are_told(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    with built(site, "{% slimfile names %}"), caplog.at_level(logging.WARNING, "cdn_pipeline"):
        assert rendered(names="/js/b.js; /js/a.js") == rendered(names="/js/b.js")

    assert [record.getMessage() for record in caplog.records] == [
        "/js/b.js;/js/a.js were not combined; build again, with this template among `templates` "
        "(here only the first is loaded)"
    ]


@pytest.mark.parametrize("tag", ["staticall", "slimall"])
def test_a_block_loads_all_in_one(site: Site, tag: str) -> None:
    text = (
        f"{{% {tag} %}}\n"
        '<link rel="stylesheet" href="/css/a.css"/>\n'
        '<link rel="stylesheet" media="print" href="/css/p.css"/>\n'
        '<link rel="stylesheet" href="{{ STATIC_URL }}css/b.css"/>\n'
        '<script defer src="{% static "js/a.js" %}"></script>\n'
        '<script src="/js/b.js" defer></script>\n'
        '<img src="/img/x.png"><script>inline()</script>\n'
        f"{{% end{tag} %}}"
    )

    assert page(site, text) == (
        f'\n<link rel="stylesheet" href="{combined(site, "css/a.css", "css/b.css")}"/>\n'
        f'<link rel="stylesheet" media="print" href="{site.url("css/p.css")}"/>\n'
        f'<script defer src="{combined(site, "js/a.js", "js/b.js")}"></script>\n'
        f'<img src="{site.url("img/x.png")}"><script>inline()</script>\n'
    )


def test_async_scripts_stay_so(site: Site) -> None:
    text = BLOCK.replace("<script", "<script async")

    assert page(site, text) == f'<script async src="{combined(site, "js/a.js", "js/b.js")}"></script>'


def test_what_is_minified_already_is_not_again(site: Site) -> None:
    text = (
        "{% slimall %}<script src='/js/a.js'></script><script src='/js/lib.min.js'></script>{% endslimall %}"
    )

    with built(site, text):
        name = next(iter(site.manifest()["bundles"].values()))["parts"][0]

    assert site.served(name) == "var a=1;\nvar lib = 3 ;\n"
    assert site.served("js/lib.min.js") == "var lib = 3 ;\n"


def test_modules_are_loaded_one_by_one(site: Site) -> None:
    text = (
        "{% slimall %}<script type=module src='/js/a.js'></script>"
        "<script type=module src='/js/b.js'></script>{% endslimall %}"
    )

    assert page(site, text) == (
        f"<script type=module src='{site.url('js/a.js')}'></script>"
        f"<script type=module src='{site.url('js/b.js')}'></script>"
    )


def test_a_block_that_depends_on_the_request_is_served_file_by_file(site: Site) -> None:
    text = (
        "{% slimall %}<script src='/js/{{ name }}.js'></script>"
        "{% if more %}<script src='/js/b.js'></script>{% endif %}{% endslimall %}"
    )
    with built(site, text):
        found = rendered(name="a", more=True)

    assert (
        found == f"<script src='{site.url('js/a.js')}'></script><script src='{site.url('js/b.js')}'></script>"
    )


SLIM = {
    '{% slimcontent "css" %}\nb { color : red ; }\n{% endslimcontent %}': "b{color:red}",
    '{% slimcontent "js" %}\n  f( 1 ) ; // go\n{% endslimcontent %}': "f(1);",
    '{% slimcontent "html" %}<ul>\n  <li> one </li></ul>{% endslimcontent %}': "<ul>\n<li> one </li></ul>",
    "{% slimcontent %}\nbody {\n  font-size: 14pt;\n}\n{% endslimcontent %}": "body{font-size:14pt}",
    '{% slimcontent "js" %}f( {{ STATIC_URL }} ){% endslimcontent %}': "f( /static/ )",
    '{% slimcontent "xxxjunk" %}unguessable  content{% endslimcontent %}': "unguessable  content",
}


@pytest.mark.parametrize("text", SLIM)
def test_inline_content_is_slimmed_where_it_is_constant(site: Site, text: str) -> None:
    assert page(site, text) == SLIM[text]


def test_content_that_the_build_did_not_see_stays(site: Site) -> None:
    with built(site, '{% slimcontent "css" %}a { b : c }{% endslimcontent %}'):
        site.write({"build/inline.json": "{"})

        assert rendered() == "a { b : c }"


BAD = [
    "{% slimfile %}",
    '{% slimfile "/a.js" "/b.js" %}',
    "{% slimcontent css %}{% endslimcontent %}",
    '{% slimcontent "css" "js" %}{% endslimcontent %}',
    "{% slimall %}",
]


@pytest.mark.parametrize("text", BAD)
def test_a_tag_that_is_no_such_thing_is_refused(text: str) -> None:
    from django.template import engines

    configure()
    with pytest.raises(TemplateSyntaxError):
        engines["django"].from_string("{% load django_static %}" + text)


BLOCK = "{% slimall %}<script src='/js/a.js'></script><script src='/js/b.js'></script>{% endslimall %}"


def test_switched_off_the_tags_give_plain_names(site: Site) -> None:
    text = '{% slimfile "/js/a.js" %} {% staticfile "/img/x.png" as x %}{{ x }} ' + BLOCK

    assert page(site, text, DJANGO_STATIC=False) == (
        "/js/a.js /img/x.png <script src='/js/a.js'></script><script src='/js/b.js'></script>"
    )


def test_switched_off_names_can_still_have_their_host(site: Site) -> None:
    settings = {
        "DJANGO_STATIC": False,
        "DJANGO_STATIC_MEDIA_URL_ALWAYS": True,
        "DJANGO_STATIC_MEDIA_URL": "//cdn",
    }

    assert page(site, '{% slimfile "/js/a.js" %} ' + BLOCK, **settings) == (
        "//cdn/js/a.js <script src='//cdn/js/a.js'></script><script src='//cdn/js/b.js'></script>"
    )


def test_the_media_url_stands_in_for_the_origins(site: Site) -> None:
    found = page(site, '{% slimfile "/js/a.js" %} ' + BLOCK, DJANGO_STATIC_MEDIA_URL="//media.example.com")

    assert found == (
        f"//media.example.com/{site.url('js/a.js').removeprefix('/static/')} "
        f'<script src="//media.example.com/{combined(site, "js/a.js", "js/b.js").removeprefix("/static/")}">'
        "</script>"
    )


def test_files_of_a_cdn_keep_its_url(site: Site) -> None:
    config = CONFIG.replace('match = ["*"]', 'match = ["*.png"]\ntarget = "cdn"') + (
        '[targets.cdn]\nurl = "https://cdn.example.com/"\n'
    )
    with built(site, '{% staticfile "/img/x.png" %}', config, DJANGO_STATIC_MEDIA_URL="//media.example.com"):
        assert rendered() == site.url("img/x.png")

    assert site.url("img/x.png").startswith("https://cdn.example.com/img/x.")


def test_while_developing_django_serves_the_sources(site: Site) -> None:
    text = '{% slimfile "/js/a.js" %} {% staticfile "/media/face.png" %} ' + BLOCK

    assert page(site, text, DEBUG=True) == (
        "/static/js/a.js /media/face.png "
        "<script src='/static/js/a.js'></script><script src='/static/js/b.js'></script>"
    )


def test_while_developing_the_build_can_be_asked_for(site: Site) -> None:
    found = page(site, '{% slimfile "/js/a.js" %}', DEBUG=True, DJANGO_STATIC=True)

    assert found == site.url("js/a.js")


def test_an_unknown_file_keeps_its_name_and_is_told_once(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    text = '{% staticfile "/js/aa.js" %} {% staticfile "/js/aa.js" %} {% slimfile "https://e.org/x.js" %}'
    with caplog.at_level(logging.WARNING, "cdn_pipeline"):
        found = page(site, text, DJANGO_STATIC_MEDIA_URL="//cdn")

    assert found == "//cdn/js/aa.js //cdn/js/aa.js https://e.org/x.js"
    assert [record.getMessage().partition(": ")[2].partition("?")[0] for record in caplog.records] == [
        "no asset and no bundle 'js/aa.js'; did you mean 'js/a.js'"
    ]


def test_unknown_files_in_a_block_are_below_the_media_url_but_not_pages(site: Site) -> None:
    pages = "<script src='/jsi18n/'></script><link rel=next href='/2/'>"
    text = "{% slimall %}{{ gone|safe }}" + pages + "{% endslimall %}"
    with built(site, text, DJANGO_STATIC_MEDIA_URL="//cdn"):
        found = rendered(gone="<link rel='stylesheet' href='/gone.css'>")

    assert found == "<link rel='stylesheet' href='//cdn/gone.css'>" + pages


def test_without_a_build_names_stay(site: Site) -> None:
    site.write(
        {"templates/page.html": '{% load django_static %}{% slimfile "/js/a.js; /js/b.js" %} ' + BLOCK}
    )
    with settings_of(site.root):
        assert rendered() == "/js/a.js <script src='/js/a.js'></script><script src='/js/b.js'></script>"


@pytest.mark.parametrize("name", ["../../etc/passwd", "/..\\x", "%2e%2e/x", "\0", "a" * 5000])
def test_names_that_lead_nowhere_break_no_page(site: Site, name: str) -> None:
    with built(site, "{% staticfile name %}"):
        assert rendered(name=name) == name
    with settings_of(site.root, DEBUG=True):
        assert rendered(name=name) == name


calls: list[tuple[str, dict[str, Any]]] = []


def proxy(uri: str, new: bool = False, filepath: str | None = None, **facts: Any) -> str:
    """A proxy as users have them."""
    calls.append((uri, {"new": new, **facts}))
    return f"https://cdn.example.com{uri}" if filepath else uri


def test_every_url_goes_through_the_file_proxy(site: Site) -> None:
    calls.clear()
    text = '{% staticfile "/img/x.png" %} {% slimfile "/gone.js" %} ' + BLOCK
    found = page(site, text, DJANGO_STATIC_FILE_PROXY="tests.test_django_static.proxy")
    image, scripts = site.url("img/x.png"), combined(site, "js/a.js", "js/b.js")

    assert found == (
        f'https://cdn.example.com{image} /gone.js <script src="https://cdn.example.com{scripts}"></script>'
    )
    seen = {"new": True, "changed": False, "checked": True, "notfound": False}
    assert calls == [
        (image, seen),
        ("/gone.js", {"new": False, "changed": False, "checked": False, "notfound": True}),
        (scripts, seen),
    ]


def test_a_file_proxy_that_does_not_exist_is_told_and_left_out(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "cdn_pipeline"):
        found = page(site, '{% staticfile "/img/x.png" %}', DJANGO_STATIC_FILE_PROXY="nowhere.proxy")

    assert found == site.url("img/x.png")
    assert [record.getMessage() for record in caplog.records] == [
        "DJANGO_STATIC_FILE_PROXY: file proxy 'nowhere.proxy': No module named 'nowhere'; "
        "URLs are used as they are"
    ]


def test_a_file_proxy_that_does_not_exist_is_found_by_the_checks(site: Site) -> None:
    from django.core.checks import run_checks

    site.write({"broken_proxy.py": "raise RuntimeError('no network')"})
    sys.path.insert(0, str(site.root))
    try:
        for name in ("nowhere.proxy", "broken_proxy.proxy", "tests.test_django_static.calls"):
            with settings_of(site.root, DJANGO_STATIC_FILE_PROXY=name):
                found = [each for each in run_checks(tags=["staticfiles"]) if each.id == "cdn_pipeline.E008"]
            assert [each.msg.startswith("DJANGO_STATIC_FILE_PROXY: file proxy ") for each in found] == [True]
    finally:
        sys.path.remove(str(site.root))
    with settings_of(site.root, DJANGO_STATIC_FILE_PROXY="tests.test_django_static.proxy"):
        assert not [each for each in run_checks(tags=["staticfiles"]) if each.id == "cdn_pipeline.E008"]


def test_templates_that_have_the_tags_built_in_are_read_too(site: Site) -> None:
    from cdn_pipeline.integrations.django import configuration

    engine = {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [site.root / "templates"],
        "OPTIONS": {"builtins": ["cdn_pipeline.integrations.django.templatetags.django_static"]},
    }
    site.write({**SOURCES, "templates/page.html": '{% slimfile "/js/a.js; /js/b.js" %}'})
    with settings_of(site.root, TEMPLATES=[engine]):
        assert configuration.load({}).bundles.django_static is True
        call_command("collectstatic", interactive=False, verbosity=0)
        assert rendered() == combined(site, "js/a.js", "js/b.js")
    with settings_of(site.root):
        assert configuration.load({}).bundles.django_static is False


def test_the_tags_can_be_called_in_python(site: Site) -> None:
    with built(site, '{% slimfile "/js/a.js; /js/b.js" %}'):
        from cdn_pipeline.integrations.django.templatetags.django_static import slimfile, staticfile

        assert slimfile("/js/a.js") == staticfile("/js/a.js") == site.url("js/a.js")
        assert slimfile(["/js/a.js", "/js/b.js"]) == combined(site, "js/a.js", "js/b.js")


def test_collectstatic_finds_files_in_the_media_roots(site: Site) -> None:
    finders = ["cdn_pipeline.integrations.django.media_roots.MediaRootsFinder"]
    roots = [site.root / "gone", site.root / "media", site.root / "static"]
    text = '{% load django_static %}{% slimfile "/js/a.js; /js/c.js" %} {% slimfile "/js/c.js" %}'
    site.write({**SOURCES, "templates/page.html": text})
    site.write({"media/js/a.js": "mine( )", "media/js/c.js": "c( )"})
    with settings_of(site.root, STATICFILES_FINDERS=finders, DJANGO_STATIC_MEDIA_ROOTS=roots):
        call_command("collectstatic", interactive=False, verbosity=0)

        assert rendered() == f"{combined(site, 'js/a.js', 'js/c.js')} {site.url('js/c.js')}"
        assert site.served("js/a.js") == "mine()"
