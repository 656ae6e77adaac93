"""References in HTML."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdn_pipeline.references.html import references
from cdn_pipeline.tokens import LexError


def found(text: str) -> list[str]:
    """Each reference as ``kind path``, its place checked on the way."""
    result = references(text)
    assert all(a.end <= b.start for a, b in pairwise(result))
    return [f"{each.kind} {each.path}" for each in result]


def spliced(text: str, url: str = "/s/x") -> str:
    for each in reversed(references(text)):
        text = text[: each.start] + url + text[each.end :]
    return text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<img src="a.png">', ["image a.png"]),
        ("<img src='a.png'>", ["image a.png"]),
        ("<img src=a.png>", ["image a.png"]),
        ("<IMG SRC = a.png >", ["image a.png"]),
        ("<img\n\tsrc\n=\na.png\n>", ["image a.png"]),
        ("<img alt='>' src=a.png>", ["image a.png"]),
        ("<img/src=a.png/>", ["image a.png/"]),
        ("<img src=a.png src=b.png>", ["image a.png"]),
        ("<img src=a.png", []),
        ("<img src='a.png>", []),
        ("<image src=a.png>", ["image a.png"]),
        ('<img src=" a.png\n">', ["image a.png"]),
        ("<img src=''>", []),
        ("<img src=a.png crossorigin>", ["cors a.png"]),
        ("<img src=https://x/a.png><img src=//x/a.png><img src=data:,x><img src='#x'><img src=?x>", []),
        ("<img data-src=a.png>", []),
        ("<video src=a.mp4 poster=p.png></video>", ["image a.mp4", "image p.png"]),
        ("<video><source src=b.webm></video>", ["image b.webm"]),
        ("<audio src=a.mp3></audio>", ["image a.mp3"]),
        ("<video><track src=a.vtt></video>", ["fragment a.vtt"]),
        ("<video crossorigin><source src=a.mp4><track src=a.vtt></video>", ["cors a.mp4", "cors a.vtt"]),
        ("<input type=IMAGE src=a.png><input src=b.png>", ["image a.png"]),
        ("<embed src=a.swf><object data=a.pdf></object>", ["link a.swf", "link a.pdf"]),
        ("<iframe src=a.pdf></iframe><iframe src=page.html></iframe>", ["link a.pdf"]),
        ("<iframe src=page></iframe><iframe src=./></iframe>", []),
        ("<body background=a.png><td background=b.png><p background=c.png>", ["image a.png", "image b.png"]),
        ("<script src=a.js></script>", ["script a.js"]),
        ("<script type=module src=a.js></script>", ["module a.js"]),
        ("<script type=' Text/JavaScript ' src=a.js></script>", ["script a.js"]),
        ("<script type=text/template src=a.js></script>", []),
        ("<script language=vbscript src=a.js></script>", []),
        ("<a href=a.pdf></a><area href=b><form action=a.png></form>", ["anchor a.pdf", "anchor b"]),
        ("<a href=a.HTML></a><a href='a.xhtml#x'></a><a href='{{ a }}.pdf'></a><a href=//x/a.pdf></a>", []),
        ("<a name=a.pdf></a><a href=#a></a><a href='mailto:a.pdf'></a>", []),
        ("<meta property=og:image content=a.png>", []),
    ],
)  # fmt: skip
def test_attributes_that_a_browser_loads(text: str, expected: list[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("rel=stylesheet href=a.css", ["style a.css"]),
        ("rel='alternate StyleSheet' href=a.css", ["style a.css"]),
        ("rel=stylesheet/less href=a.less", []),
        ("rel='shortcut icon' href=a.ico", ["image a.ico"]),
        ("rel=apple-touch-icon href=a.png", ["image a.png"]),
        ("rel=mask-icon href=a.svg", ["image a.svg"]),
        ("rel=manifest href=a.webmanifest", ["cors a.webmanifest"]),
        ("rel=modulepreload href=a.js", ["module a.js"]),
        ("rel=preload as=font href=a.woff2", ["font a.woff2"]),
        ("rel=preload as=style href=a.css", ["style a.css"]),
        ("rel=preload as=script href=a.js", ["script a.js"]),
        ("rel=preload as=fetch href=a.json", ["cors a.json"]),
        ("rel=preload as=image href=a.png imagesrcset='b.png 2x'", ["image a.png", "image b.png"]),
        ("rel=preload href=a.png", []),
        ("rel=prefetch href=a.js", ["link a.js"]),
        ("rel=prefetch href=page.html", []),
        ("rel=canonical href=a.png", []),
        ("rel=alternate href=a.xml", []),
        ("rel=next href=a.png", []),
        ("rel=preconnect href=a.png", []),
        ("href=a.css", []),
    ],
)
def test_links_are_loaded_by_their_relation(attributes: str, expected: list[str]) -> None:
    assert found(f"<link {attributes}>") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a.png", ["a.png"]),
        ("a.png 1x, b.png 2x", ["a.png", "b.png"]),
        ("a.png, b.png 2x", ["a.png", "b.png"]),
        ("a.png,b.png 2x", ["a.png,b.png"]),
        ("a.png,,, b.png", ["a.png", "b.png"]),
        (" , a,b.png 1.5x , c.png\t300w ", ["a,b.png", "c.png"]),
        ("a.png 100w 50h", ["a.png"]),
        ("a.png 50h", []),
        ("a.png 1x 100w", []),
        ("a.png 0w, b.png 2x", ["b.png"]),
        ("a.png -1x", []),
        ("a.png 1e2x", ["a.png"]),
        ("a.png (x, y), b.png", ["b.png"]),
        ("https://x/a.png 1x, b.png 2x", ["b.png"]),
        ("data:image/png;base64,AAAA 1x, b.png 2x", ["b.png"]),
        ("", []),
    ],
)
def test_candidates_of_srcset_are_divided_as_the_standard_says(value: str, expected: list[str]) -> None:
    assert [each.path for each in references(f'<img srcset="{value}">')] == expected


def test_only_the_path_is_replaced_and_query_and_fragment_stay() -> None:
    text = '<img src=" a&amp;b.png?v=1&amp;w#x "><img srcset="c.png?x,y 1x,\nd.png 2x">'

    assert spliced(text) == '<img src=" /s/x?v=1&amp;w#x "><img srcset="/s/x?x,y 1x,\n/s/x 2x">'
    assert references(text)[0].path == "a&b.png"
    assert references(text)[0].suffix == "?v=1&w#x"


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("&#97;&#x62;.png", "ab.png"),
        ("a&ampb.png", "a&ampb.png"),
        ("a&amp.png", "a&.png"),
        ("a&copy=1.png", "a&copy=1.png"),
        ("a&copy;.png", "a©.png"),
        ("a&notin;.png", "a∉.png"),
        ("a&unknown;.png", "a&unknown;.png"),
        ("a&#128;.png", "a€.png"),
        ("a&#129;.png", "a\x81.png"),
        ("a&#0;.png", "a\ufffd.png"),
        ("a&#xD800;.png", "a\ufffd.png"),
        ("a&#99999999999999999999;.png", "a\ufffd.png"),
        ("a%20b.png", "a%20b.png"),
        ("a\nb.png", "ab.png"),
    ],
)
def test_character_references_are_undone(raw: str, path: str) -> None:
    assert [each.path for each in references(f'<img src="{raw}">')] == [path]


def test_a_path_behind_a_reference_without_semicolon_is_left_alone() -> None:
    # "&quot" followed by a letter is no quote any more.
    assert found("""<p style="background:url(&quot./a.png&quot)">""") == []
    assert found("""<p style="background:url(&quot;./a.png&quot;)">""") == ["image ./a.png"]


@pytest.mark.parametrize(
    "text",
    [
        "<!-- <img src=a.png> -->",
        "<!-- <img src=a.png> --!>",
        "<!--><!-- <img src=a.png> -->",
        "<!-- <img src=a.png>",
        "<! <img src=a.png>",
        "<? <img src=a.png>",
        "</ <img src=a.png>",
        "<!doctype <img src=a.png>",
        "<script>'<img src=a.png>'</script>",
        "<script><!-- <script></script> <img src=a.png> --></script>",
        "<style><img src=a.png></style>",
        "<title><img src=a.png></title>",
        "<textarea><img src=a.png></TextArea>",
        "<textarea></textareas><img src=a.png>",
        "<xmp><img src=a.png></xmp>",
        "<iframe><img src=a.png></iframe>",
        "<noembed><img src=a.png></noembed>",
        "<noframes><img src=a.png></noframes>",
        "<plaintext></plaintext><img src=a.png>",
        "</img src=a.png>",
        "< img src=a.png>",
    ],
)
def test_what_is_no_tag_is_passed_over(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "before",
    [
        "<!-->",
        "<!--->",
        "<!---->",
        "<!-- --!>",
        "<!-- -- > -->",
        "<>",
        "</>",
        "a < b",
        "<![CDATA[>",
        "<!doctype html PUBLIC '>'>",
        "<script>'</scripts>'</script >",
        "<script><!-- '</script>",
        "<script><!-- <script> --></script>",
        "<title></title a='>'>",
        "<b a'b=c>",
        "<b ='>",
        "<svg></svg>",
        "<svg><title><b></b></title><style/><path></svg>",
        "<svg><style><b></b></style></svg>",
        "<svg><![CDATA[ <style> ]]></svg>",
        "<svg><path><div>",
        "<math><annotation-xml encoding=text/html><style>'<svg>'</style></annotation-xml></math>",
    ],
)
def test_the_text_behind_is_found_again(before: str) -> None:
    assert found(before + "<img src=a.png>") == ["image a.png"]


def test_noscript_is_for_those_who_have_scripting_off() -> None:
    assert found("<noscript><img src=a.png><!-- </noscript><img src=b.jpg>") == ["image a.png", "image b.jpg"]


def test_a_page_whose_svg_has_no_certain_end_is_refused() -> None:
    with pytest.raises(LexError) as caught:
        references("<section><svg><path></section><script src=a.js></script>")

    assert caught.value.offset == 20


def test_svg_in_html_has_its_own_elements() -> None:
    text = """<svg><use href=a.svg#i /><use xlink:href=#i /><image href=b.png /><feImage xlink:href=c.png />
<path fill="url(d.svg#p)" style="mask:url(e.svg#m)"/><linearGradient href=f.svg#g /><a href=g.png>
<style>p{background:url(&quot;h.png&quot;)}</style><script href=i.js />
<foreignObject><img src=j.png></foreignObject>
</a></svg><use href=k.svg>"""

    assert found(text) == [
        "fragment a.svg",
        "image b.png",
        "image c.png",
        "fragment d.svg",
        "fragment e.svg",
        "fragment f.svg",
        "anchor g.png",
        "image h.png",
        "script i.js",
        "image j.png",
    ]


def test_styles_are_read_as_css() -> None:
    text = """<style>@import "a.css"; p{background:url(b.png)}</style>
<style type=text/less>p{background:url(c.png)}</style><p style="background:url(d.png">"""

    assert found(text) == ["import a.css", "image b.png", "image d.png"]


def test_inline_scripts_are_read_as_javascript() -> None:
    text = """<script type=module>import "./a.js"; "./b.js"</script><script>import("./c.js")</script>
<script type=application/json>{"import": "./d.js"}</script>"""

    assert found(text) == ["module ./a.js", "dynamic ./c.js"]


def test_an_import_map_names_modules() -> None:
    text = """<script type="importmap">{"imports": {"a": "./a.js", "b/": "./b/", "c": "https://x/c.js"},
"scopes": {"./s/": {"d": "d.js", "e": "\\u002e/e.js", "f": null}},
"integrity": {"./a.js": "sha256-x", "https://x/c.js": "sha256-y"}}</script>"""

    assert found(text) == ["module ./a.js", "module ./e.js", "module ./a.js", "integrity ./a.js"]


def test_integrity_goes_with_a_local_file() -> None:
    text = """<link rel=stylesheet href=a.css integrity=sha256-x>
<script src=https://x/b.js integrity=sha256-y></script>
<script integrity='sha256-z' src=c.js></script><script src=d.js integrity></script>"""

    assert found(text) == ["style a.css", "integrity a.css", "integrity c.js", "script c.js", "script d.js"]
    assert spliced("<script src=a.js integrity=sha256-x>", "!") == "<script src=! integrity=!>"


@pytest.mark.parametrize(
    "text",
    [
        "<img src='{{ url }}'>",
        "<img src={{url}}>",
        "<img src='a.png?{{ v }}'>",
        """<img src="{% static "a.png" %}">""",
        "<img src={%static'a.png'%}>",
        "<img src='{# a.png #}'>",
        "<img src='<%= a.png %>'>",
        "<img src='<?= a.png ?>'>",
        "<img src='${a}.png'>",
        "<img srcset='a.png 1x, {{ b }} 2x'>",
        "<style>p { background: url({{ a }}) }</style>",
        "<script>import('{{ a }}')</script>",
        "<script>{% if a %} import { {% endif %}</script>",
        "<p style='background: url({{ a }})'>",
    ],
)
def test_what_a_template_fills_in_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_integrity_that_a_template_fills_in_is_left_alone() -> None:
    assert found("<script src=a.js integrity='{{ sri }}'></script>") == ["script a.js"]


def test_templates_outside_of_attributes_change_nothing() -> None:
    assert found("{% if a < b %}<img {{ attrs }} src=a.png>{% endif %}{# <b> #}<img src=b.png>") == [
        "image a.png",
        "image b.png",
    ]


@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("/static/", "/static/a.png"),
        ("sub/page.html?x#y", "sub/a.png"),
        ("..\\up\\", "../up/a.png"),
        ("page.html", "a.png"),
        ("", "a.png"),
        ("#x", "a.png"),
        ("data:,x", "a.png"),
    ],
)
def test_a_local_base_is_put_before_relative_paths(base: str, path: str) -> None:
    text = f"<img src=a.png><base href='{base}'><base href=/other/><img src=a.png><img src=/b.png>"

    assert found(text) == ["image a.png", f"image {path}", "image /b.png"]


@pytest.mark.parametrize("base", ["https://example.com/", "//example.com/", "{{ base }}"])
def test_after_a_base_elsewhere_nothing_is_local(base: str) -> None:
    assert found(f"<img src=a.png><base target=x><base href='{base}'><img src=b.png><img src=/c.png>") == [
        "image a.png"
    ]


def test_an_error_in_an_inline_style_or_map_has_the_place_in_the_page() -> None:
    with pytest.raises(LexError) as caught:
        references('<p><script type=importmap>{"imports": }</script>')

    assert caught.value.offset == 38


PIECES = """
<img src=a.png>|<img src='b&amp;.png?x'|>|<|'|"|<!--|-->|<script>|</script>|<svg>|</svg>|<style>|</style>|
p{color:red}|<title>|</title>|<![CDATA[|]]>|<p style='|background:url(c.png)|<use href=d.svg#x />|&lt|
<img srcset='a.png 1x, b.png 2x'>|<base href=sub/>""".replace("\n", "").split("|")


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_a_spliced_page_has_the_same_references(text: str) -> None:
    try:
        before = references(text)
    except LexError:
        return
    after = references(spliced(text))

    assert [(each.kind, each.suffix) for each in after] == [(each.kind, each.suffix) for each in before]
    assert {each.path for each in after} <= {"/s/x"}


@given(st.text(alphabet="<>/!-=\"' \nasvg[]CDT&;", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        result = references(text)
    except LexError:
        return
    assert all(text[each.start : each.end] for each in result)
