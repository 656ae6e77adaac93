"""Bundles in the ``{% assets %}`` tags of Jinja2 and Django templates."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdn_pipeline import definitions
from cdn_pipeline.definitions import Definitions


def read(root: Path, text: str, name: str = "page.html", *yaml: str) -> Definitions:
    (root / "templates").mkdir(exist_ok=True)
    (root / "templates" / name).write_text(text)
    return definitions.read(yaml, ["templates"], root, (root / "static",))


def written(found: Definitions) -> list[tuple[str, tuple[object, ...], str]]:
    """Output, contents, filters of each bundle."""
    return [
        (bundle.output, bundle.contents, ",".join(item.name for item in bundle.filters))
        for bundle in found.bundles
    ]


def problems(found: Definitions) -> list[str]:
    return [str(problem) for problem in found.problems]


ONE = [("x.js", ("a.js", "b.js"), "")]
JINJA2 = {
    '{% assets "a.js", "b.js", output="x.js" %}{% endassets %}': ONE,
    "{%- assets 'a.js', 'b.js', output='x.js' -%}{%- endassets -%}": ONE,
    '{%assets output="x.js","a.js","b.js"%}{%endassets%}': ONE,
    '{% assets ["a.js", "b.js"], output="x.js" %}{% endassets %}': ONE,
    '{% assets "a.js", ("b.js",), output="x.js" %}{% endassets %}': ONE,
    '{% assets "a" ~ ".js", "b.js", output="x." + "js" %}{% endassets %}': ONE,
    '{% assets "a.js",\n\n "b.js", output="x.js" %}{% endassets %}': ONE,
    '{% assets "a.js", "b.js", output="x.%(version)s.js", debug=app.debug %}{% endassets %}': ONE,
    '{% assets "a.js", filters="jsmin, gzip", output="x.js" %}{% endassets %}': [
        ("x.js", ("a.js",), "jsmin,gzip")
    ],
    '{% assets "a.js", filter=["jsmin", "gzip"], output="x.js" %}{% endassets %}': [
        ("x.js", ("a.js",), "jsmin,gzip")
    ],
    '{% assets "%}.js", output="x.js" %}{% endassets %}': [("x.js", ("%}.js",), "")],
    # not tags
    '{# {% assets "a.js", output="x.js" %}\n #}{% raw %}{% assets foo() %}{% endraw %}': [],
    '{{ "{% assets %}" }}{% set x = "{% assets %}" %}{% verbatim %}{% assets %}{% endverbatim %}': [],
    '{% comment %}{% assets "a.js", output="x.js" %}{% endassets %}{% endcomment %}': [],
    "{% notassets 'a.js' %}{% assets_x 'a.js' %} assets {%": [],
    # other tags do not matter, whatever they are
    "{% trans %}it's{% endtrans %}{% unknown a=b, c -> d %}{{ x|date:'%}' }}{{ don't }}"
    '{% assets "a.js", "b.js", output="x.js" %}{% endassets %}{{ {"a": {"b": 1}}["a"] }}': ONE,
    '{% if x %}{% for y in z %}{% assets "a.js", "b.js", output="x.js" %}<s src="{{ ASSET_URL }}">'
    "{% endassets %}": ONE,
}
DJANGO = {
    '{% load assets %}{% assets "a.js", "b.js", output="x.js" %}{% endassets %}': ONE,
    '{% load assets i18n %}{% assets "a.js" "b.js" output="x.js" %}{% endassets %}': ONE,
    '{% load assets %}{% assets "a.js" , \'b.js\' , output="x.js" debug="merge" %}{% endassets %}': ONE,
    '{% assets "a.js" "b.js" output="x.js" %}{% endassets %}': ONE,
    '{% assets "a.js", output="x.js" filters="jsmin,gzip" %}{% endassets %}': [
        ("x.js", ("a.js",), "jsmin,gzip")
    ],
    "{% load assets %}{% verbatim a %}{% assets %}{% endverbatim %}{% endverbatim a %}{# {% assets %} #}": [],
    '{% load assets %}{# not\n{% assets "a.js" "b.js" output="x.js" %}{% endassets %} closed #}': ONE,
    "{% load assets %}{% comment don't %}{% assets x %}{% endcomment %}"
    '{% assets "a.js" "b.js" output="x.js" %}{% endassets %}': ONE,
}


@pytest.mark.parametrize("text", [*JINJA2, *DJANGO])
def test_a_tag_means_what_its_template_language_says(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, text)

    assert problems(found) == []
    assert written(found) == {**JINJA2, **DJANGO}[text]


AHEAD = "<p>\n  "  # so that the tag stands in line 2, column 3
ELSEWHERE = "which is known only when a page is made"
WRITE = "write text here, or define the bundle in a definitions file and name it"
PROBLEMS = {
    '{% assets "a.js", get_b(), output="x.js" %}{% endassets %}': "{% assets %} depends on `get_b`, "
    f"{ELSEWHERE}; {WRITE}",
    '{% assets "a.js", output=out ~ ".js" %}{% endassets %}': "{% assets %} depends on `out`, "
    f"{ELSEWHERE}; {WRITE}",
    "{% assets page.bundle %}{% endassets %}": f"{{% assets %}} depends on `page`, {ELSEWHERE}; nothing is "
    "built for this tag; bundles that are defined elsewhere are found",
    '{% load assets %}{% assets "a.js" b output="x.js" %}{% endassets %}': "{% assets %} depends on `b`, "
    f"{ELSEWHERE}; {WRITE}",
    '{% assets "a.js", media="print" %}{% endassets %}': "{% assets %}: unknown keyword 'media'; "
    "it takes filters, output, depends and debug",
    '{% load assets %}{% assets "a.js" media="print" %}{% endassets %}': "{% assets %}: unknown keyword "
    "'media'; it takes filters, output, depends and debug",
    '{% assets "a.js", (b %}{% endassets %}': "{% assets %}: unexpected '}', expected ')'",
    "{% assets %}{% endassets %}": "{% assets %} names no file and no bundle",
    '{% assets 1, output="x.js" %}{% endassets %}': "{% assets %}: a member is text, not 1",
    '{% assets "a.js", filters=2, output="x.js" %}{% endassets %}': "{% assets %}: filters is text, not 2",
    '{% assets "a.js", output="x.js" %}': "{% assets %} without {% endassets %}",
    '{% assets "a.js", output="../x.js" %}{% endassets %}': "'../x.js' lies outside the source roots",
    '{% assets "//e.org/a.js", "b.js", output="x.js" %}{% endassets %}': "'//e.org/a.js' is not fetched at "
    "build time; download it into the source tree, or link to it from the page",
    '{% load assets %}{% assets "a.js","b.js" output="x.js" %}{% endassets %}': '{% assets %}: "a.js","b.js" '
    "has no space between its parts",
}


@pytest.mark.parametrize("text", PROBLEMS)
def test_a_tag_that_cannot_be_read_is_told_with_its_place(tmp_path: Path, text: str) -> None:
    load = "{% load assets %}"
    body = text.removeprefix(load)

    found = read(tmp_path, (load if body != text else "") + AHEAD + body)

    assert problems(found) == [f"templates/page.html:2:3: {PROBLEMS[text]}"]


def test_the_same_tag_in_many_templates_is_one_bundle(tmp_path: Path) -> None:
    read(tmp_path, '{% assets "a.js", "b.js", output="x.js" %}{% endassets %}', "one.html")

    found = read(tmp_path, '{% assets "a.js", "b.js", output="x.js" %}{% endassets %}', "two.jinja2")

    assert problems(found) == []
    assert written(found) == ONE


def test_one_output_cannot_be_two_bundles(tmp_path: Path) -> None:
    read(tmp_path, '{% assets "a.js", output="x.js" %}{% endassets %}', "one.html")

    found = read(tmp_path, '\n{% assets "b.js", output="x.js" %}{% endassets %}', "two.html")

    assert problems(found) == [
        "templates/two.html:2:1: a bundle with the output 'x.js' is also defined in templates/one.html:1, "
        "and differs; give one of them another output"
    ]


def test_a_tag_names_registered_bundles(tmp_path: Path) -> None:
    (tmp_path / "assets.yaml").write_text(
        "part: {contents: [b.js]}\nlibrary: {output: lib.js, contents: l.js}"
    )
    text = (
        '{% assets "a.js", "part", output="x.js" %}{% endassets %}'
        '{% assets "library" %}{% endassets %}{% assets "library", "part" %}{% endassets %}'
    )

    resolved = definitions.resolve(read(tmp_path, text, "page.html", "assets.yaml"), {"a.js", "b.js", "l.js"})

    assert resolved.problems == ()
    assert sorted(resolved.outputs) == ["gen/part.js", "lib.js", "x.js"]
    assert resolved.names == {
        "library": ("lib.js",),
        "x.js": ("x.js",),
        "gen/f1b0224aff16": ("lib.js", "gen/part.js"),
    }


def test_a_part_that_a_tag_asks_for_is_built_alone_too(tmp_path: Path) -> None:
    (tmp_path / "assets.yaml").write_text("all: {output: all.js, contents: [part]}\npart: {contents: [b.js]}")

    found = read(tmp_path, '{% assets "part" %}{% endassets %}', "page.html", "assets.yaml")

    assert [(bundle.name, bundle.output) for bundle in found.bundles] == [
        ("all", "all.js"),
        ("part", "gen/part.js"),
    ]


def test_a_tag_that_only_names_a_file_builds_nothing_but_the_file_must_be_there(tmp_path: Path) -> None:
    found = read(tmp_path, '{% assets "a.js" %}{% endassets %}\n{% assets "bb.js" %}{% endassets %}')

    resolved = definitions.resolve(found, {"a.js", "b/bb.js"})

    assert found.bundles == ()
    assert [str(problem) for problem in resolved.problems] == [
        "templates/page.html:2:1: no asset and no bundle 'bb.js'; did you mean 'b/bb.js'?"
    ]


def test_tags_follow_the_directory_of_the_definitions(tmp_path: Path) -> None:
    (tmp_path / "assets.yaml").write_text("directory: static/app\nbundles: {}")

    found = read(tmp_path, '{% assets "a.js", output="x.js" %}{% endassets %}', "page.html", "assets.yaml")

    resolved = definitions.resolve(found, {"app/a.js"})
    assert {output: bundle.contents for output, bundle in resolved.outputs.items()} == {
        "app/x.js": ("app/a.js",)
    }


def test_files_are_templates_by_extension_or_because_the_config_names_them(tmp_path: Path) -> None:
    tag = '{% assets "a.js", output="OUT" %}{% endassets %}'
    for name in ("a.html", "b.jinja2", "c.py", "deep/d.txt", ".hidden/e.html", "own.page"):
        path = tmp_path / "templates" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(tag.replace("OUT", name))

    found = definitions.read([], ["templates", "templates/own.page"], tmp_path)

    assert [bundle.output for bundle in found.bundles] == ["a.html", "b.jinja2", "deep/d.txt", "own.page"]
    assert [str(path.relative_to(tmp_path)) for path in found.inputs] == [
        "templates",
        "templates/a.html",
        "templates/b.jinja2",
        "templates/deep",
        "templates/deep/d.txt",
        "templates/own.page",
    ]


def test_templates_that_are_not_there_or_not_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(b'\xff {% assets "a.js" %}')

    found = definitions.read([], ["page.html", "gone"], tmp_path)

    assert [(problem.severity, str(problem)) for problem in found.problems] == [
        ("warning", "page.html:1: is not UTF-8; save it as UTF-8"),
        ("error", "gone: no such file or directory; `templates` are relative to the config"),
    ]


def test_a_megabyte_of_open_braces_is_no_tag(tmp_path: Path) -> None:
    found = read(tmp_path, "assets" + "{{{#{%" * 200_000)

    assert (found.bundles, found.problems) == ((), ())
