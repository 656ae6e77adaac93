"""`tokens/_css.c` does what the functions in Python beside it do, or leaves it to them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cdn_pipeline.minify.css import minify
from cdn_pipeline.references.css import references
from cdn_pipeline.tokens import css_statements, native
from cdn_pipeline.tokens.css_statements import statements

pytestmark = pytest.mark.skipif(native.css is None, reason="no compiler was here")

GAPS = st.sampled_from(
    ["", "", "", " ", " ", "\n", "\r\n", "\t\f ", "/**/", " /* ; é \U0001f600 */ ", "/*!x*/", "/*"]
)
CHARACTERS = st.sampled_from(
    "abulrAZ019.-_#:;,>~+*%!@&^$|=?{}()[]/<\"'\\` \t\n\r\f\v\0\x01\x7f\xa0é\u2028\ufeff\U0001f600"
)
PRINTED = r"""
a --x -- --é a--b -x _y é \: \31 \31x \000075 \75rl( \u \; \{ \é url( URL( url(a) url(a--b) url("a") url('é')
url(a\)b) -url( #url( @url( \:url( xurl(a) src( image-set( set( var( xvar( 5var( attr( env( expression( if(
inherit( random-item( toggle( VAR( ıf( expreſſion( hsl( calc( result initial-value resulting RESULT progid
progid: xprogid: --x: result: a: *a: *--x: _a: a\:b: : :hover "" "a" 'b' "a--b" "a\22" 'é' "x ; 'y "/*" "{"
[a] [a=b] [a="b"] [a='b\'] [a|=é] [*|a] [ ] [a( ] (a) ( ) (] ((((((((( ))))))))) [[[ ]]] { } ; , > + ~ >> >+
+> ,+ (+ +3 2n+1 1e+3 1e-- 5--x --> <!-- < ! !important @media @MEDIA @font-face @import @import"a" @layer
@charset @charset"x"; @supports @é @-x-keyframes (min-width:1px) (hover:hover) /*#sourceMappingURL=a*/ # . @ &
^ $ | = ? / * % ` 1 50% .5 1.var( 1.--x +--x ;; {} }} a{ a{b:c}
"""
WORDS = st.sampled_from([*PRINTED.split(), "\ufeff", "\0", "\\\n", "\\\0", '"\\\n"', '"\\41\n"', '"\\\r\n"'])
SOUP = st.lists(CHARACTERS, max_size=30).map("".join)
PIECES = st.lists(st.one_of(WORDS, WORDS, GAPS, CHARACTERS), max_size=30).map("".join)


def spaced(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """*parts*, and what may stand between them."""
    return st.tuples(*(each for part in parts for each in (part, GAPS))).map("".join)


VALUES = st.lists(st.one_of(WORDS, GAPS, GAPS), max_size=8).map("".join)
NAMES = st.sampled_from(["color", "--x", "*zoom", "_y", "src", "result", "initial-value", "é", "a\\:b"])
DECLARATIONS = spaced(NAMES, st.just(":"), VALUES, st.sampled_from([";", ";", ";", ";;", ""]))
PRELUDES = st.one_of(
    spaced(*[WORDS] * 3), st.sampled_from(["a:hover", "@font-face", "@media print", "a:not(.b)", "--x:"])
)


def blocks(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return spaced(PRELUDES, st.just("{"), st.lists(inside, max_size=4).map("".join), st.just("}"))


SHEETS = st.lists(
    st.one_of(blocks(st.one_of(DECLARATIONS, blocks(DECLARATIONS))), PIECES), min_size=1, max_size=4
).map("".join)


def everything(text: str) -> object:
    css_statements._recent.clear()
    found = statements(text)
    return found, minify(text), references(text)


@given(st.one_of(SOUP, PIECES, SHEETS))
@example("a{b:url(x)}a{--b:{url(y)}}")
@example("@media x{a:hover{b:c}result:{a}}")
@example("a{x:\\41 url(a b)}")
@example("a{b: c\\;")
@example("a{b: ('x y' ;")
def test_c_and_python_give_the_same(text: str) -> None:
    compiled = everything(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "css", None)
        assert everything(text) == compiled


ORDINARY = """\
/* é */ @charset "utf-8";
a > b, [type="x y"] :not( .c ) , .md\\:d { color: red; margin: 0 !important }
@media print { .a::after { content: "é \\"; }"; --x : { 1 }
"""


def test_ordinary_statements_are_not_left_to_python() -> None:
    found: list[tuple[int, int, int]] = []

    at, depth = native.css.divide(ORDINARY, 0, 0, found)

    assert [ORDINARY[start:end] for start, end, _ in found] == [
        '@charset "utf-8";',
        'a > b, [type="x y"] :not( .c ) , .md\\:d {',
        "color: red;",
        "margin: 0 !important }",
        "@media print {",
        ".a::after {",
        'content: "é \\"; }";',
    ]
    assert (ORDINARY[at:], depth) == ("--x : { 1 }\n", 2)


LEFT = "left to Python"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("a{", "a{"),
        ("a > b , c + d~e {", "a>b,c+d~e{"),
        ('[type="x y"] :not( .b ) {', '[type="x y"] :not(.b){'),
        (".md\\:a :hover\n{", ".md\\:a :hover{"),
        (".größe .a {", ".größe .a{"),
        ("color : red ;", "color:red;"),
        ("font: 'A  é' , hsl( 1 2% 3% / .5 ) ! important }", "font:'A  é',hsl(1 2% 3% / .5)!important}"),
        ("background: url(data:x;y,z) , url( 'a' );", "background:url(data:x;y,z),url('a');"),
        ("--x: a , b ;", "--x:a , b;"),
        ("--x: ;", "--x: ;"),
        ("margin: calc( var(--x) * 2 ) ;", "margin:calc( var(--x) * 2 );"),
        ("a /* b */ {", LEFT),
        ("@media print {", LEFT),
        ("[a = b] {", LEFT),
        ("a: b--c , d;", LEFT),
        ("a: \\9 ;", LEFT),
        ("a > > b {", LEFT),
        ("a: url( x );", LEFT),
        ("a: b", LEFT),
    ],
)
def test_what_c_makes_of_one_statement(statement: str, expected: str) -> None:
    text = statement + "\n"

    assert native.css.joined(text, [(0, len(statement), 0)], lambda start, end: LEFT) == expected


def test_c_asks_for_the_statement_that_ends_the_text() -> None:
    asked: list[tuple[int, int]] = []

    assert (
        native.css.joined("a{}", [(0, 2, 0), (2, 3, 1)], lambda *place: asked.append(place) or "}") == "a{}"
    )
    assert asked == [(2, 3)]


def test_c_takes_more_text_for_a_statement_than_it_had() -> None:
    assert native.css.joined("--é:", [(0, 4, 0)], lambda start, end: "--é: " * 99) == "--é: " * 99


@pytest.mark.parametrize("found", [(0, 4, 0), (-1, 2, 0), (2, 2, 0), (2, 1, 0)])
def test_c_knows_what_is_no_statement(found: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="no such statement"):
        native.css.joined("a;b", [found], lambda start, end: "")


@pytest.mark.parametrize("piece", [None, b"a;", "é€;"])
def test_c_refuses_what_no_statement_can_become(piece: str) -> None:
    with pytest.raises(TypeError, match="text"):
        native.css.joined("é;", [(0, 2, 0)], lambda start, end: piece)


def test_an_error_of_python_goes_through_c() -> None:
    with pytest.raises(ZeroDivisionError):
        native.css.joined("@a ;@b ;", [(0, 4, 0), (4, 8, 0)], lambda start, end: str(start // 0))
