"""`minify/css`: less text, the same CSSOM. What is expected here was measured in Chromium."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cdn_pipeline.guards.css import difference
from cdn_pipeline.minify.css import minify
from cdn_pipeline.references.css import references
from cdn_pipeline.tokens.css import tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a  ,  b { c : d ; }\n", "a,b{c:d}"),
        ("a{b:c;;d:e;;}", "a{b:c;;d:e}"),
        ("a > b + c ~ d   e {}", "a>b+c~d e{}"),
        ("a :hover {}", "a :hover{}"),
        (":is( a ) :where( b ) {}", ":is(a) :where(b){}"),
        (":not( .a ):is( b , c ) {}", ":not(.a):is(b,c){}"),
        ("a:nth-child( 2n + 1 of .x ) {}", "a:nth-child(2n+1 of .x){}"),
        ("a:nth-child( -n + 3 ) {}", "a:nth-child(-n+3){}"),
        ("a:nth-child( 2n - 1 ) {}", "a:nth-child(2n - 1){}"),
        ("a:nth-child(+ 3) {}", "a:nth-child(+ 3){}"),
        (":has( > a ) {}", ":has(>a){}"),
        ("a || b {}", "a || b{}"),
        ("svg | a {}", "svg | a{}"),
        ("* + * {}", "*+*{}"),
        ("a > > b {}", "a> >b{}"),
        ("-- > a {}", "-- >a{}"),
        ('[ a = "b" i ] {}', '[a="b" i]{}'),
        ("[a~='b c'] [d] {}", "[a~='b c'] [d]{}"),
        ("[a ~ =b] {}", "[a ~ =b]{}"),
        (".sm\\:p-1 , .w-1\\/2 {}", ".sm\\:p-1,.w-1\\/2{}"),
        (".a\\, .b {}", ".a\\, .b{}"),
        (".\\31  a {}", ".\\31  a{}"),
        (".\\31/**/ a {}", ".\\31  a{}"),
        (".a { & .b {} > .c {} + d {} &:hover {} }", ".a{& .b{}>.c{}+d{}&:hover{}}"),
        ("from , 50.5% { a: b }", "from,50.5%{a:b}"),
    ],
)
def test_selectors_keep_the_white_space_that_combines(text: str, expected: str) -> None:
    assert minify(text) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("calc( 1px + 2px * ( 3 - 1 ) )", "calc(1px + 2px * (3 - 1))"),
        ("clamp(1rem, 2vw + 1rem, 3rem)", "clamp(1rem,2vw + 1rem,3rem)"),
        ("hsl(0 0% 0% / 50%)", "hsl(0 0% 0% / 50%)"),
        ("rgba( 0 , 0 , 0 , .5 )", "rgba(0,0,0,.5)"),
        ("translate( 1px ) rotate( 2deg )", "translate(1px) rotate(2deg)"),
        ("red ! important", "red!important"),
        ("0px", "0px"),
        ("#FFFFFF", "#FFFFFF"),
        ('"a  b" , "c"', '"a  b","c"'),
        ('"a\\\n  b"  x', '"a\\\n  b" x'),
        ("url( x.png )  no-repeat", "url(x.png) no-repeat"),
        ('url( "x.png" )', 'url("x.png")'),
        ("url(data:a;b,c)  x", "url(data:a;b,c) x"),
        ("[ a ]  1fr  [ b ]", "[ a ] 1fr [ b ]"),
        ("1px/**/2px", "1px/**/2px"),
        ("1px /* x */ 2px", "1px 2px"),
        ("a,/**/b", "a,b"),
        ("1px\\9", "1px\\9 "),
        ("U+26 , U+0-7F , u+4??", "U+26,U+0-7F,u+4??"),
        ("progid:X( a = 1 , b )", "progid:X( a = 1 , b )"),
        ("expression( a , b )", "expression( a , b )"),
        ("var( --x , 1px )  2px", "var( --x , 1px )  2px"),
        ("\\76 ar( --x , 1px )", "\\76 ar( --x , 1px )"),
        ("env( x , 1px )", "env( x , 1px )"),
        ("attr( x )", "attr( x )"),
        ("if( media(print) : a ; else : b )", "if( media(print) : a ; else : b )"),
    ],
)
def test_values_keep_what_can_be_told_apart(value: str, expected: str) -> None:
    assert minify(f"a {{ b : {value} ; c : d }}") == f"a{{b:{expected};c:d}}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a{--x: a  b ;}", "a{--x:a  b}"),
        ("a{--x:;}", "a{--x:}"),
        ("a{--x:  ;--y: }", "a{--x: ;--y: }"),
        ("a{--x: { b : c; } ; d : e}", "a{--x:{ b : c; };d:e}"),
        ("a{--x:/* b */ c /*! d */}", "a{--x:/* b */ c /*! d */}"),
        ("a{--x: a\\ ;b:c}", "a{--x:a\\ ;b:c}"),
        ("@property --x{initial-value: a  b ;}", "@property --x{initial-value:a  b}"),
        ("@function --f( --a ){ result: a  b ; }", "@function --f( --a ){result:a  b}"),
    ],
)
def test_text_that_can_be_read_back_stays(text: str, expected: str) -> None:
    assert minify(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@media screen  and ( min-width : 1px ) , print {}", "@media screen and (min-width:1px),print{}"),
        ("@media not all and (monochrome) {}", "@media not all and (monochrome){}"),
        ("@media ( foo : bar ) {}", "@media ( foo : bar ){}"),
        ("@media (1px <= width <= 2px) {}", "@media (1px <= width <= 2px){}"),
        ("@media/**/screen {}", "@media/**/screen{}"),
        ("@supports not  (a : b) {}", "@supports not  (a : b){}"),
        ("@supports (--x: ) {}", "@supports (--x: ){}"),
        ("@container n  (min-width : 1px) {}", "@container n  (min-width : 1px){}"),
        ("@layer a , b ;", "@layer a,b;"),
        ("@import  'x'  layer( a )  screen ;", "@import  'x'  layer( a )  screen;"),
        ("@scope ( .a ) to ( .b ) { c { d : e } }", "@scope ( .a ) to ( .b ){c{d:e}}"),
        ("@page :first { a : b }", "@page :first{a:b}"),
        ("@font-face { a : b ; }", "@font-face{a:b}"),
        ("@keyframes  k { to { a : b } }", "@keyframes k{to{a:b}}"),
        ("@media x { @import 'y' ; }", "@media x{@import 'y';}"),
        ("@unknown  a ; b {}", "@unknown  a;b{}"),
    ],
)
def test_preludes_of_at_rules_read_back_as_written(text: str, expected: str) -> None:
    assert minify(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/* a */ b {} /* c */", "b{}"),
        ("/*! a */ b {} /*! c */", "/*! a */b{}/*! c */"),
        ("a /*! b */ c {}", "a /*! b */c{}"),
        ("a/* b */c {}", "a/**/c{}"),
        ("#a/**/.b {}", "#a.b{}"),
        ("<!-- a {} --> b {}", "<!--a{}-->b{}"),
        ("</**/!-- a {}", "</**/!-- a{}"),
        ("a {}; b {}", "a{};b{}"),
        ("/* a */ @charset 'utf-8'; b {}", " @charset 'utf-8';b{}"),
        ("@charset 'utf-8'; b {}", "@charset 'utf-8';b{}"),
        ("\ufeffa {}", "\ufeffa{}"),
        ("\ufeff/* a */\nb {}", "\ufeff b{}"),
        ("a { *zoom : 1 ; _height : 1px }", "a{*zoom:1;_height:1px}"),
        ("a { b : c", "a{b:c"),
        ("a { b : 'c  ", "a{b:'c  "),
        ("a { b : url( c ", "a{b:url( c "),
        ("a { b : c( d  e ", "a{b : c( d  e "),
        ("a { b : c /* d", "a{b:c"),
        ("/* a", ""),
        ("a { b : 'c\n d ; e : f }", "a{b : 'c\n d ;e:f}"),
        ("a { b : c\\\n ; d : e }", "a{b : c\\\n ;d:e}"),
        ("", ""),
        (" \n", ""),
    ],
)
def test_comments_and_broken_text(text: str, expected: str) -> None:
    assert minify(text) == expected


WORDS = [
    "a",
    ".b",
    "--x",
    "1px",
    "+1",
    "2n",
    ":",
    ";",
    ";",
    "{",
    "{",
    "}",
    "}",
    "(",
    ")",
    "[",
    "]",
    ",",
    ">",
    "+",
    "~",
]
ODDITIES = [
    "'s  t'",
    '"',
    "\\31",
    "\\31 ",
    "\\:",
    "\\\n",
    "url( x )",
    "url(",
    "calc(",
    "var(",
    "@media",
    "@supports",
]
SPACES = [" ", "  ", "\n", "\t", "/* c */", "/**/", "/*! k */", " /* c */ "]
REST = [
    "(min-width : 1px)",
    "<!--",
    "-->",
    "!important",
    "!",
    "=",
    "|",
    "&",
    "%",
    "é",
    ".5",
    "1e3",
    "-",
    "*",
    "/",
    "<",
]
SOUP = st.lists(st.sampled_from([*WORDS, *SPACES, *WORDS, *ODDITIES, *SPACES, *REST]), max_size=30).map(
    "".join
)


@given(SOUP)
def test_minifying_again_changes_nothing(text: str) -> None:
    assert minify(minify(text)) == minify(text)


@example("+ .5{")
@example("a + 1e3 {")
@given(SOUP)
def test_no_token_is_lost_or_made(text: str) -> None:
    def significant(sheet: str) -> list[str]:
        found = [token for token in tokens(sheet) if token[0] not in ("space", "comment")]
        return ["".join(token.split()) for _, token in found if token != ";"]

    assert significant(minify(text)) == significant(text)


@example("@supports }")
@given(SOUP)
def test_the_guard_agrees(text: str) -> None:
    assert difference(text, minify(text)) is None


@given(SOUP)
def test_references_stay(text: str) -> None:
    text = f"a{{b:url(y)}}{text}"
    assert [one[2:] for one in references(minify(text))] == [one[2:] for one in references(text)]
