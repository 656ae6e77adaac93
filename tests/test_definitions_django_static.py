"""What the tags of django-static come to at build time."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdn_pipeline import definitions
from cdn_pipeline.definitions import Definitions
from cdn_pipeline.definitions.django_text import pieces, readable
from cdn_pipeline.inline import Content

LOAD = "{% load static django_static %}\n"
PREFIXES = ("/static/", "https://cdn.example.com/site/")


def read(root: Path, text: str, load: str = LOAD) -> Definitions:
    (root / "templates").mkdir(exist_ok=True)
    (root / "templates/page.html").write_text(load + text)
    return definitions.read([], ["templates"], root, (root / "static",), prefixes=PREFIXES)


def combined(found: Definitions) -> list[str]:
    return ["+".join(map(str, bundle.contents)) for bundle in found.bundles]


def test_templates_need_not_load_what_is_built_in(tmp_path: Path) -> None:
    text = '{% slimfile "/a.js; /b.js" %}'
    assert combined(read(tmp_path, text, load="")) == []
    found = definitions.read([], ["templates"], tmp_path, has_django_static=True)

    assert combined(found) == ONE


ONE = ["a.js+b.js"]
COMBINED = {
    '{% slimfile "/a.js; /b.js" %}': ONE,
    "{% staticfile 'a.js;b.js;' as all %}": ONE,
    '{% slimfile "/static/a.js; https://cdn.example.com/site/b.js" %}': ONE,
    '{% staticfile "/a.js" %}{% slimfile variable %}{% slimfile "/a.js;"|add:more %}': [],
    '{% slimall %}<script src="/a.js"></script><script src="/b.js"></script>{% endslimall %}': ONE,
    "{% staticall %}\n<script src=a.js></script>\n<script src=b.js></script>\n{% endstaticall %}": ONE,
    '{% slimall %}<script src="{{ STATIC_URL }}a.js"></script><script src="{{ MEDIA_URL }}/b.js"></script>'
    "{% endslimall %}": ONE,
    "{% slimall %}<script src=\"{% static 'a.js' %}\"></script>"
    '<script src="{% get_static_prefix %}b.js" nonce="{{ nonce }}"></script>{% endslimall %}': [],
    "{% slimall %}<script src='{% static \"a.js\" %}'></script>"
    '<script src="{% get_static_prefix %}b.js"></script>{% endslimall %}': ONE,
    "{% slimall %}{# <script src=x.js></script> #}<script src=a.js></script>"
    "{% comment %}<script src=y.js></script>{% endcomment %}<script src=b.js></script>{% endslimall %}": ONE,
    "{% slimall %}<script src=a.js></script><p>{% trans 'x' %}{{ y }}</p><script src=b.js></script>"
    "{% endslimall %}": ONE,
    "{% slimall %}<link href=a.css><link href=p.css media=print><link href=b.css>{% endslimall %}": [
        "a.css+b.css"
    ],
    '{% verbatim %}{% slimfile "a.js;b.js" %}{% endverbatim %}{# {% slimfile "a.js;b.js" %} #}'
    '{% comment %}{% slimfile "a.js;b.js" %}{% endcomment %}': [],
}


@pytest.mark.parametrize("text", COMBINED)
def test_the_tags_tell_what_to_combine(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, text)

    assert [str(problem) for problem in found.problems] == []
    assert combined(found) == COMBINED[text]


@pytest.mark.parametrize(
    ("load", "count"),
    [
        ("{% load django_static %}", 1),
        ("{% load i18n django_static static %}", 1),
        ("{% load slimfile from django_static %}", 1),
        ("{% load static %}", 0),
        ("{# Jinja2 #}", 0),
    ],
)
def test_only_templates_that_load_the_library_are_read(tmp_path: Path, load: str, count: int) -> None:
    assert len(read(tmp_path, '{% slimfile "/a.js; /b.js" %}', load).bundles) == count


ELSEWHERE = (
    "which is known only when a page is made; its files are served one by one, unless a tag elsewhere "
)
SLIMALL = "what {% slimall %} combines depends on"
PROBLEMS = {
    '{% slimall %}<script src="/{{ x }}.js"></script><script src=b.js></script>{% endslimall %}': (
        f"templates/page.html:2:28: {SLIMALL} `{{{{ x }}}}`, {ELSEWHERE}combines the same"
    ),
    "{% slimall %}\n{% if x %}<script src=a.js></script>{% endif %}{% endslimall %}": (
        f"templates/page.html:3:1: {SLIMALL} `{{% if x %}}`, {ELSEWHERE}combines the same"
    ),
    '{% staticfile "/a.js; /b.css" %}': (
        "templates/page.html:2:1: {% staticfile %} can combine scripts, or style sheets, but not a.js, "
        "b.css; name those of each kind in a tag of their own"
    ),
    "{% slimfile %}": "templates/page.html:2:1: {% slimfile %} names no file",
    "{% slimall %}": "templates/page.html:2:1: {% slimall %} without {% endslimall %}",
    '{% slimcontent "xxxjunk" %}unguessable content{% endslimcontent %}': "templates/page.html:2:1: "
    "{% slimcontent %}: unknown format 'xxxjunk'; it takes css, js, html and xhtml",
}


@pytest.mark.parametrize("text", PROBLEMS)
def test_what_cannot_be_known_is_told_with_its_place(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, text)

    assert [str(problem) for problem in found.problems] == [PROBLEMS[text]]
    assert combined(found) == []


def test_a_file_that_is_not_there_is_a_warning_but_not_within_a_combination(tmp_path: Path) -> None:
    found = read(tmp_path, '{% staticfile "/gone.png" %}{% slimfile "/a.js; /gone.js" %}')

    problems = definitions.resolve(found, {"a.js", "img/gone.png"}).problems

    assert [(problem.severity, str(problem)) for problem in problems] == [
        (
            "warning",
            "templates/page.html:2:1: no asset and no bundle 'gone.png'; did you mean 'img/gone.png'?",
        ),
        ("error", "templates/page.html:2:29: no asset and no bundle 'gone.js'"),
    ]


CONTENTS = {
    '{% slimcontent "css" %}\na { b : c }\n{% endslimcontent %}': [Content("css", "\na { b : c }\n")],
    "{% slimcontent 'js' %}a( 1 ){% endslimcontent %}": [Content("javascript", "a( 1 )")],
    '{% slimcontent "xhtml" %}<p>  x</p>{% endslimcontent %}': [Content("html", "<p>  x</p>")],
    "{% slimcontent %}\nbody {\n  font-size: 14pt;\n}\n{% endslimcontent %}": [
        Content("css", "\nbody {\n  font-size: 14pt;\n}\n")
    ],
    "{% slimcontent %} <ul> </ul>{% endslimcontent %}": [Content("html", " <ul> </ul>")],
    "{% slimcontent %}f( 1 ){% endslimcontent %}": [],  # it could be anything
    '{% slimcontent "js" %}a( {{ x }} ){% endslimcontent %}': [],
}


@pytest.mark.parametrize("text", CONTENTS)
def test_inline_content_is_found_where_it_is_constant(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, text)

    assert list(found.contents) == CONTENTS[text]
    assert definitions.load(definitions.dump(found)) == found


PIECES = {
    "a{% b  c %}{{ d|e }}{# f #}{%g%}": [("b", "c"), ("", "d|e"), ("g", "")],
    "{% b\n%}{{ c }}{% d": [("", "c")],
    "{{%b%}": [("b", "")],
    "{% comment 'don't' %}{% a %}{% endcomment %}{% b %}": [("b", "")],
    "{% verbatim x %}{% endverbatim %}{% a %}{% endverbatim x %}{% b %}": [("b", "")],
    "{# {% a %} #}{% comment %}{% b %}": [("comment", ""), ("b", "")],
}


@pytest.mark.parametrize("text", PIECES)
def test_a_template_is_read_as_django_does(text: str) -> None:
    assert [(piece.name, piece.arguments) for piece in pieces(text)] == PIECES[text]


def test_places_stay_where_something_is_commented_out() -> None:
    assert readable("a{# b #}\n{% comment %}\nc{% endcomment %}{{ d }}") == (
        "a" + " " * 7 + "\n" + " " * 13 + "\n" + " " * 17 + "{{ d }}"
    )
