"""Which elements of a page become one."""

from __future__ import annotations

from functools import partial

import pytest

from cdn_pipeline.combination import combination, logical

PREFIXES = ("/static/", "//media.example.com", "https://cdn.example.com/site/")

ONE = ["a.js+b.js"]
APART = ["a.js", "b.js"]
SCRIPTS = {  # </> is short for </script>
    '<script src="/a.js"></><script src="b.js"></>': ONE,
    "<script src=a.js type=text/javascript></><SCRIPT SRC='b.js' charset=utf-8></>": ONE,
    '<script defer src="/a.js"></><script src="/b.js" defer="defer"></>': ONE,
    '<script defer src="/a.js"></><script src="/b.js"></>': APART,
    # Deferred scripts wait, whatever stands between them.
    '<script defer src="a.js"></><script src="c.js"></><script defer src="b.js"></>': [
        "a.js+b.js",
        "c.js",
    ],
    "<script src=a.js></><script defer src=c.js></><script src=b.js></>": [
        "a.js+b.js",
        "c.js",
    ],
    # What runs between two scripts still does.
    "<script src=a.js></><script>go()</><script src=b.js></>": APART,
    "<script src=a.js></><script src=https://e.org/x.js></><script src=b.js></>": APART,
    "<script src=a.js></><script src=c.js crossorigin></><script src=b.js></>": [
        "a.js",
        "c.js",
        "b.js",
    ],
    "<script defer src=a.js></><script type=module src=m.js></><script defer src=b.js></>": APART,
    # In no order.
    "<script async src=a.js></><script async src=//e.org/x></><script async src=b.js></>": ONE,
    # Not scripts at all.
    "<script src=a.js></><script type=text/template>x</><script src=b.js></>": ONE,
    "<script src=a.js></><!-- <script src=c.js></> --><script src=b.js></>": ONE,
    "<script src=a.js></><!--[if IE]><script src=c.js></><![endif]--><script src=b.js></>": ONE,
    "<script src=a.js></><noscript><link rel=stylesheet href=c.css></noscript><script src=b.js></>": ONE,
    # A view, and what never ends.
    "<script src=a.js></><script src=/jsi18n/></><script src=b.js></>": APART,
    "<script src=a.js></><script src=b.js>": ["a.js"],
}


@pytest.mark.parametrize("text", SCRIPTS)
def test_scripts_are_combined_as_far_as_their_order_stays(text: str) -> None:
    found = combination(text.replace("</>", "</script>"), partial(logical, prefixes=PREFIXES))

    assert ["+".join(group.paths) for group in found.groups] == SCRIPTS[text]


SHEETS = {
    '<link rel="stylesheet" href="/a.css"/><link href="b.css">': ["a.css+b.css"],
    "<link href=a.css><link media=print href=p.css><link href=b.css>": ["a.css+b.css", "p.css"],
    "<link rel=stylesheet href=a.css><style>a{}</style><link rel=stylesheet href=b.css>": ["a.css", "b.css"],
    "<link href=a.css><link rel=stylesheet href=//e.org/x.css><link href=b.css>": ["a.css", "b.css"],
    "<link rel=icon href=f.ico><link rel='alternate stylesheet' href=t.css><link rel=preload href=x.css>": [],
}


@pytest.mark.parametrize("text", SHEETS)
def test_style_sheets_are_combined_by_medium(text: str) -> None:
    found = combination(text, partial(logical, prefixes=PREFIXES))

    assert ["+".join(group.paths) for group in found.groups] == SHEETS[text]


TAGS = {
    "<script id=x defer=1 language=javascript integrity=sha256-x src=a.js></script>": (
        '<script defer id="x" src="/u&amp;"></script>'
    ),
    "<link type=text/css media='a > &quot;b&quot;' rel=stylesheet href=a.css>": (
        '<link rel="stylesheet" media="a &gt; &quot;b&quot;" href="/u&amp;"/>'
    ),
}


@pytest.mark.parametrize("text", TAGS)
def test_one_element_keeps_the_attributes_of_all(text: str) -> None:
    group = combination(text, partial(logical, prefixes=PREFIXES)).groups[0]

    assert group.tag("/u&") == TAGS[text]


def test_images_and_icons_are_named_with_their_places() -> None:
    icon = "<link rel=icon href=https://cdn.example.com/site/f.ico?1>"
    text = f'<img src="/static/a b.png">{icon}<img src="data:,">'

    others = combination(text, partial(logical, prefixes=PREFIXES)).others

    assert [(each.path, each.address and text[each.address.start : each.address.end]) for each in others] == [
        ("a b.png", "/static/a b.png"),
        ("f.ico", "https://cdn.example.com/site/f.ico?1"),
        ("", "data:,"),
    ]


URLS = {
    "/css/a.css": "css/a.css",
    "css/a.css?v=1#x": "css/a.css",
    "/static/css/a.css": "css/a.css",
    "/static//css/a.css": "css/a.css",
    "//media.example.com/css/a.css": "css/a.css",
    "//media.example.community/css/a.css": "",
    "https://cdn.example.com/site/a%20b.css": "a b.css",
    "https://e.org/a.css": "",
    "data:text/css,a": "",
    "": "",
    "#x": "",
}


@pytest.mark.parametrize("url", URLS)
def test_a_url_means_a_logical_path(url: str) -> None:
    assert logical(url, PREFIXES) == URLS[url]


def test_what_nobody_can_read_is_not_touched() -> None:
    assert combination("<svg></b><![CDATA[x]]></svg><script src=a.js></script>", str) == ([], [])
