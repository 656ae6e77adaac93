"""`references/css`: what a browser would load for a style sheet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdn_pipeline.references.css import late_imports, references


def found(text: str) -> list[tuple[str, str, str]]:
    """The (kind, path, suffix) of every reference."""
    return [(reference.kind, reference.path, reference.suffix) for reference in references(text)]


@pytest.mark.parametrize(
    "value",
    [
        "url(x.png)",
        "url( x.png )",
        "url(\n\tx.png\n)",
        'url("x.png")',
        "url( 'x.png' )",
        "URL(x.png)",
        "\\75 rl(x.png)",
        "u\\72l('x.png')",
        "\\u\\r\\l(x.png)",
        "url(x\\.png)",
        "url(\\78 .png)",
        'url("x.p\\\nng")',
        'url(" x.png ")',
        'src("x.png")',
        "url('x.png' modifier(y))",
        "image-set('x.png' 1x)",
        "-webkit-image-set(url(x.png) 1x)",
        "image-set('x.png' type('image/png') 1x)",
        "linear-gradient(red, blue), url(x.png) no-repeat",
        "cross-fade(url(x.png), red)",
        "red url(x.png) !important",
        "url(x.png",
        "'url(y)' url(x.png)",
        "/* url(y) */ url(x.png)",
    ],
)
def test_every_spelling_of_a_url_is_found(value: str) -> None:
    text = f"a{{background:{value}}}" if not value.endswith("png") else f"a{{background:{value}"
    assert found(text) == [("image", "x.png", "")]


@pytest.mark.parametrize(
    "text",
    [
        "a{b:url(data:image/png;base64,AA==)}",
        "a{b:url(https://x.example/y.png)}",
        "a{b:url(//x.example/y.png)}",
        "a{b:url(about:blank)}",
        "a{b:url(#filter)}",
        "a{b:url()}",
        "a{b:url('')}",
        "a{b:url( )}",
        "a{b:url(?x)}",
        "a{b:url(var(--x))}",
        "a{b:src(var(--x))}",
        "a{b:url(a b)}",
        "a{b:xurl(x)}",
        "a{b:url-prefix(x)}",
        "a{b:-url(x)}",
        "a{b:\\9 url(x)}",
        "a{content:'url(x)'}",
        "a[b='url(x)']{}",
        "a{/* b:url(x) */}",
        "@namespace url(x);",
        "@namespace s 'x';",
        "@charset 'x';",
        "@document url(x){}",
        "@-moz-document url-prefix(x),domain(y){}",
        "@supports (background:url(x)){}",
        "a{filter:progid:DXImageTransform.Microsoft.AlphaImageLoader(src='x.png')}",
        "background:url(x);a{}",
        "a{font-family:type('x')}",
        "@import;",
        "@import x;",
        "@import 'x'{}",
        "a{@import 'x';}",
        "@importx 'y';",
        "@\\69mporty 'x';",
        "/*# sourceMappingURL=data:application/json,x */",
        "a{b:'/*# sourceMappingURL=x */'}",
        "/* # sourceMappingURL=x */",
    ],
)
def test_what_loads_nothing_of_ours_is_no_reference(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@import 'x';", [("import", "x", "")]),
        ("@import url(x) layer(y) supports(a:url(z)) screen;", [("import", "x", "")]),
        ('@IMPORT URL( "x?y#z" );', [("import", "x", "?y#z")]),
        ("@\\69 mport 'x'", [("import", "x", "")]),
        ("@import/**/'x';", [("import", "x", "")]),
        ("@charset 'utf-8';@layer a,b;@import 'x';@import 'y';", [("import", "x", ""), ("import", "y", "")]),
        ("<!-- @import 'x'; -->", [("import", "x", "")]),
        ("@font-face{src:url(x.eot?#iefix) format('e'),local('y')}", [("font", "x.eot", "?#iefix")]),
        ("@FONT-FACE{SRC:url(x)}", [("font", "x", "")]),
        ("@media all{@font-face{src:url(x)}a{src:url(y)}}", [("font", "x", ""), ("image", "y", "")]),
        (
            "@font-face{a{b:url(x)}src:url(y)}a{src:url(z)}",
            [("image", "x", ""), ("font", "y", ""), ("image", "z", "")],
        ),
        ("a{/*url(x)*/b:c;/*url(y)*/d:url(z)/*url(w)*/}", [("image", "z", "")]),
        ("a{--x:url(y)}", [("custom", "y", "")]),
        ("a{--x:{b:url(y);c:'z'}}", [("custom", "y", "")]),
        ("a{filter:url(x.svg#f)}", [("fragment", "x.svg", "#f")]),
        ("a{-webkit-filter:url(x.svg#f)}", [("fragment", "x.svg", "#f")]),
        ("a{fill:url(x.svg#f)}", [("fragment", "x.svg", "#f")]),
        ("a{marker-end:url(x.svg#f)}", [("fragment", "x.svg", "#f")]),
        ("a{mask:url(x.svg#f),url(y.png)}", [("fragment", "x.svg", "#f"), ("cors", "y.png", "")]),
        ("a{-webkit-mask-image:url(x)}", [("cors", "x", "")]),
        ("a{shape-outside:url(x)}", [("cors", "x", "")]),
        ("a{background:url(x.svg#f)}", [("image", "x.svg", "#f")]),
        ("a{behavior:url(x.htc)}", [("link", "x.htc", "")]),
        ("a{*background:url(x);_b:url(y)}", [("image", "x", ""), ("image", "y", "")]),
        ("a{b{c:url(x)}d:url(y)}", [("image", "x", ""), ("image", "y", "")]),
        ("a{b:url(a\\?b)}", [("image", "a", "?b")]),
        ("a{b:url(c\\ d)}", [("image", "c d", "")]),
        ("a{b:url('c d%20é')}", [("image", "c d%20é", "")]),
        ("a{}/*# sourceMappingURL=x.map?y */", [("source-map", "x.map", "?y")]),
        ("/*# sourceMappingURL=x */a{}/*@ sourceMappingURL=y */", [("source-map", "y", "")]),
        ("\ufeff@import 'x';", [("import", "x", "")]),
    ],
)
def test_what_a_reference_is_for_and_what_the_author_meant(
    text: str, expected: list[tuple[str, str, str]]
) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a{b:url( x.png?y )}", "x.png"),
        ("a{b:url('c\\ d#e')}", "c\\ d"),
        ("a{b:url(\\78 .png#y)}", "\\78 .png"),
        ("a{b:url(' x ')}", "x"),
        ("@import 'x", "x"),
    ],
)
def test_what_is_replaced_is_the_path_as_written(text: str, expected: str) -> None:
    [reference] = references(text)
    assert text[reference.start : reference.end] == expected


@pytest.mark.parametrize(
    ("text", "alive", "late"),
    [
        ("a{}@import 'x';", [], [3]),
        ("a{@import 'x';}", [], [2]),
        ("@media all{@import 'x';}", [], [11]),
        ("@namespace 'y';@import 'x';", [], [15]),
        ("@layer a{}@import 'x';", [], [10]),
        ("@layer a;@import 'x';@layer b;@import 'y';", ["x"], [30]),
        ("@unknown a;@import 'x';", ["x"], []),
        ("@unknown{}@import 'x';", ["x"], []),
        ("@media all;@import 'x';", ["x"], []),
        (";@import 'x';", [], [1]),
        ("@import 'x';;@import 'y';", ["x"], [13]),
        ("}@import 'x';", [], [1]),
        ("/*! a */@import 'x';", ["x"], []),
        ("@import 'https://x.example/';a{}", [], []),
    ],
)
def test_an_import_that_comes_too_late_is_dead(text: str, alive: list[str], late: list[int]) -> None:
    assert [reference.path for reference in references(text)] == alive
    assert late_imports(text) == late


NAMES = st.text("ab/.é %\\'\")(;{}", min_size=1, max_size=8)


@given(st.lists(NAMES, max_size=5))
def test_any_name_can_be_written_and_found_again(names: list[str]) -> None:
    def quoted(name: str) -> str:
        return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'

    text = "".join(f"a{{b:url({quoted(name)})}}" for name in names)
    local = [
        name.strip()
        for name in names
        if name.strip() and name.strip()[:2] not in ("//", "\\\\", "/\\", "\\/")
    ]
    assert [reference.path.strip() for reference in references(text)] == local


@given(st.text("ab(){}[];:,'\"\\/*@#-! \nurlimportsc", max_size=60))
def test_references_stand_in_order_and_apart(text: str) -> None:
    end = 0
    for reference in references(text):
        assert end <= reference.start < reference.end <= len(text)
        end = reference.end
