"""References in SVG."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdn_pipeline.references.svg import references
from cdn_pipeline.tokens import LexError

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'


def found(text: str) -> list[str]:
    return [f"{each.kind} {each.path}{each.suffix}" for each in references(text)]


def spliced(text: str, url: str = "/s/x") -> str:
    for each in reversed(references(text)):
        text = text[: each.start] + url + text[each.end :]
    return text


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ('<image href="a.png"/>', ["image a.png"]),
        ("<image xlink:href = 'a.png' />", ["image a.png"]),
        ('<image href="a.png" xlink:href="b.png"/>', ["image a.png", "image b.png"]),
        ('<feImage xlink:href="a.png"/>', ["image a.png"]),
        ('<image href="\r\n\ta\nb.png\n"/><image href="a&#10;b.png"/>', ["image a b.png", "image ab.png"]),
        ('<g style="fill:\n url(\'a\\\nb.svg#p\')"/>', ["fragment a b.svg#p"]),
        ('<use href="a.svg#i"/><use href="#i"/>', ["fragment a.svg#i"]),
        ('<textPath href="a.svg#i"/>', ["fragment a.svg#i"]),
        ('<linearGradient xlink:href="b.svg#g"/>', ["fragment b.svg#g"]),
        ('<mpath href="a.svg#i"/><pattern href="#x"/>', ["fragment a.svg#i"]),
        ('<cursor xlink:href="a.png"/><font-face-uri xlink:href="b.woff"/>', ["image a.png", "font b.woff"]),
        ('<script href="a.js"/><script type="module" href="b.mjs"/>', ["script a.js", "module b.mjs"]),
        ('<a href="a.png"/><a xlink:href="b.html"/>', ["anchor a.png"]),
        ('<image href="https://x/a.png"/><image href="data:,x"/><image href=""/>', []),
        ('<g style="fill:url(a.svg#p)"/>', ["fragment a.svg#p"]),
        ("<g fill='url(\"a.svg#p\") red' stroke='url(#x)'/>", ["fragment a.svg#p"]),
        ('<g mask="url(a.svg#m)" clip-path="url(b.svg#c)"/>', ["fragment a.svg#m", "fragment b.svg#c"]),
        ('<g filter="url(a.svg#f)" marker-mid="url(b.svg#m)"/>', ["fragment a.svg#f", "fragment b.svg#m"]),
        ('<g cursor="url(a.cur), auto"/>', ["image a.cur"]),
        ('<g d="url(a.png)" id="url(b.png)"/>', []),
        ("<style>g{fill:url(a.svg#p)}</style>", ["fragment a.svg#p"]),
        ("<style><![CDATA[g{background:url(a.png)}]]></style>", ["image a.png"]),
        ("<style>@import &quot;a.css&quot;;</style>", ["import a.css"]),
        ("<style>g{background:url(b&amp;.png)}</style>", ["image b&.png"]),
        ("<style>g{}<!-- g{background:url(a.png)} -->g{background:url(b.png)}</style>", ["image b.png"]),
        ('<style type="text/less">g{background:url(a.png)}</style>', []),
        ('<script type="module">import "./a.js"</script>', ["module ./a.js"]),
        ('<script><![CDATA[if (1 < 2) import("./a.js")]]></script>', ["dynamic ./a.js"]),
        ('<!-- <image href="a.png"/> --><?x <image href="b.png"/> ?>', []),
        ('<text><![CDATA[<image href="a.png"/>]]></text>', []),
        ('<g><img xmlns="http://www.w3.org/1999/xhtml" src="a.png"/></g>', ["image a.png"]),
        ('<h:img xmlns:h="http://www.w3.org/1999/xhtml" srcset="a.png 2x"/>', ["image a.png"]),
        ('<image xmlns="http://example.com/other" href="a.png"/>', []),
        ('<x:image xmlns:x="http://www.w3.org/2000/svg" href="a.png"/>', ["image a.png"]),
        ('<image xmlns:l="http://www.w3.org/1999/xlink" l:href="a.png"/>', ["image a.png"]),
        ('<image xmlns:l="http://example.com/other" l:href="a.png"/>', []),
        ('<image xml:base="sub/" href="a.png"/><image href="b.png"/>', ["image b.png"]),
        ('<g xml:base="sub/"><image href="a.png"/><g/><style>g{background:url(b.png)}</style></g>', []),
        ('<image href="{{ url }}"/>', []),
    ],
)  # fmt: skip
def test_elements_and_attributes(inside: str, expected: list[str]) -> None:
    assert found(f"{SVG}{inside}</svg>") == expected


def test_a_fragment_without_namespaces_is_svg() -> None:
    assert found('<svg><image xlink:href="a.png"/></svg>') == ["image a.png"]


def test_only_the_path_is_replaced() -> None:
    text = f"""{SVG}<image href=' a&#x26;b.png?x&amp;y#z '/><style>g{{fill:url('c.svg#p')}}</style></svg>"""

    assert (
        spliced(text)
        == f"""{SVG}<image href=' /s/x?x&amp;y#z '/><style>g{{fill:url('/s/x#p')}}</style></svg>"""
    )


def test_style_sheets_are_named_before_the_root() -> None:
    text = f"""<?xml version="1.0"?>\n<?xml-stylesheet type="text/css" href="a&amp;.css?x" ?>
<?xml-stylesheet href='b.css'?>
<?xml-stylesheet href="c.xsl" type="text/xsl"?><?xml-stylesheet href="#s" type="text/css"?>
{SVG}<?xml-stylesheet href="d.css"?></svg>"""

    assert found(text) == ["style a&.css?x", "style b.css", "link c.xsl"]


def test_entities_of_the_document_are_not_guessed() -> None:
    text = """<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd" [
<!-- it's > ]> --><!ENTITY svg "http://www.w3.org/2000/svg"><!ENTITY xl 'http://www.w3.org/1999/xlink'>
<!ENTITY dir "img"> <!ELEMENT x (y)> <!ENTITY % p "]>">
]><svg xmlns="&svg;" xmlns:l="&xl;"><image l:href="a.png"/><image l:href="&dir;/b.png"/>
<style>g{fill:url(&dir;/c.svg#x)}</style><style>g{fill:url(d.svg#x)}</style></svg>"""

    assert found(text) == ["image a.png", "fragment d.svg#x"]


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("<svg>", 5),
        ("<svg></g>", 5),
        ("<svg><g></svg>", 8),
        ("<svg><g x=1/></svg>", 5),
        ("<svg><g x='a<b'/></svg>", 5),
        ("<svg><g x='1' x='2'/></svg>", 5),
        ("<svg><g x='1'y='2'/></svg>", 5),
        ("<svg><!-- </svg>", 5),
        ("<svg><![CDATA[ </svg>", 5),
        ("<svg>a < b</svg>", 7),
        ("<svg", 0),
        ("<!DOCTYPE svg [<svg/>", 0),
        ("<?xml <svg/>", 0),
    ],
)
def test_what_is_not_well_formed_is_refused_with_its_place(text: str, offset: int) -> None:
    with pytest.raises(LexError) as caught:
        references(text)

    assert caught.value.offset == offset


PIECES = """
<image href="a.png"/>|<use xlink:href='b&amp;.svg#x'/>|<g>|</g>|<style>|</style>|g{fill:url(c.svg#p)}|
<![CDATA[|]]>|<!--|-->|<g fill='url(d.svg#x)'/>|<g style="|"/>|text|<?x ?>""".replace("\n", "").split("|")


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_a_spliced_document_has_the_same_references(inside: str) -> None:
    text = f"{SVG}{inside}</svg>"
    try:
        before = references(text)
    except LexError:
        return
    after = references(spliced(text))

    assert [(each.kind, each.suffix) for each in after] == [(each.kind, each.suffix) for each in before]
    assert {each.path for each in after} <= {"/s/x"}
