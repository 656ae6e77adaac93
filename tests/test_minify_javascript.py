"""What the JavaScript printer leaves out, and what it must not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdn_pipeline.guards.javascript import difference
from cdn_pipeline.minify.javascript import minify
from cdn_pipeline.tokens import LexError
from cdn_pipeline.tokens.javascript import tokens

TEXTS = [
    # white space and comments
    ("", ""),
    (" \n// c\n", ""),
    ("a ( b , c ) ;", "a(b,c);"),
    ("if (a) { b = [ 1 , 2 ] ; }", "if(a){b=[1,2];}"),
    ("a /* c */ b // d\nc", "a b\nc"),
    ("var a = b ;\n\n\tvar c", "var a=b;var c"),
    ("a\t\v\f\xa0\ufeff\u3000b", "a b"),
    ("a\r\n\r\nb\rc\u2028d\u2029e", "a\nb\nc\nd\ne"),
    ("import * as a from 'b'", "import*as a from'b'"),
    ("return ( a )", "return(a)"),
    ("x = 'a  b' + \"c  d\" + `e  f ${ g } h`", "x='a  b'+\"c  d\"+`e  f ${g} h`"),
    ("x = /a  b/g . exec ( s )", "x=/a  b/g.exec(s)"),
    ("a => { b }", "a=>{b}"),
    ("a ?. b", "a?.b"),
    ("... a", "...a"),
    ("@dec class A { static #p = 1 }", "@dec class A{static#p=1}"),
    ("#p in a", "#p in a"),
    # tokens that would run together
    ("a + + b", "a+ +b"),
    ("a + ++ b", "a+ ++b"),
    ("a ++ + b", "a++ +b"),
    ("a - - b", "a- -b"),
    ("a - -- b", "a- --b"),
    ("a + - b", "a+-b"),
    ("a +\n+ b", "a+\n+b"),
    ("a / /re/", "a/ /re/"),
    ("a * /re/", "a*/re/"),
    ("/re/ in a", "/re/ in a"),
    ("/re/ / a", "/re/ /a"),
    ("/re/ * a", "/re/ *a"),
    ("1 .a", "1 .a"),
    ("1\n.a", "1\n.a"),
    ("1. a", "1. a"),
    ("1.5 .a", "1.5 .a"),
    ("1 in a", "1 in a"),
    ("'a' in b", "'a'in b"),
    ("a ? .5 : 1", "a? .5:1"),
    ("a < ! --b", "a< !--b"),
    ("a <! --b", "a<! --b"),
    ("a <\n!--b", "a<\n!--b"),
    ("a -- > b", "a-- >b"),
    ("a-->b", "a-->b"),
    ("typeof a", "typeof a"),
    ("a\\u0062 in c", "a\\u0062 in c"),
    ("\u00e4 in \u00f6", "\u00e4 in \u00f6"),
    # line ends that may matter …
    ("a\nb", "a\nb"),
    ("return\nb", "return\nb"),
    ("return /*\n*/ b", "return\nb"),
    ("'use strict'\nb", "'use strict'\nb"),
    ("a\n++b", "a\n++b"),
    ("a++\nb", "a++\nb"),
    ("a\n!b", "a\n!b"),
    ("a\n{ b }", "a\n{b}"),
    ("a\n(b)", "a\n(b)"),
    ("a = () => {}\n(b)", "a=()=>{}\n(b)"),
    ("a = () => {}\n+b", "a=()=>{}\n+b"),
    ("a = () => {}\n`b`", "a=()=>{}\n`b`"),
    ("import 'a'\n(b)", "import'a'\n(b)"),
    ("if (a)\n/re/.b", "if(a)\n/re/.b"),
    ("x = 1.\ny", "x=1.\ny"),
    ("a\n.5", "a\n.5"),
    ("let\n[a] = b", "let\n[a]=b"),
    ("async\nfunction f() {}", "async\nfunction f(){}"),
    ("yield\n*a", "yield\n*a"),
    ("class A {\n get\n *x() {}\n}", "class A{get\n*x(){}}"),
    ("class A {\n x\n *y() {}\n}", "class A{x\n*y(){}}"),
    ("class A {\n x\n ['y']() {}\n}", "class A{x\n['y'](){}}"),
    ("class A {\n 'x'\n #y\n}", "class A{'x'\n#y}"),
    ("class A {\n static\n async\n x() {}\n}", "class A{static\nasync\nx(){}}"),
    ("class A {\n x\n @dec y\n}", "class A{x\n@dec y}"),
    ("class A {\n x = () => {}\n *y() {}\n}", "class A{x=()=>{}\n*y(){}}"),
    # … and that never do
    ("a =\nb", "a=b"),
    ("a\n= b", "a=b"),
    ("a\n.b\n?.c", "a.b?.c"),
    ("a &&\nb\n|| c", "a&&b||c"),
    ("a,\nb", "a,b"),
    ("(\na\n)", "(a)"),
    ("{\na\n}", "{a}"),
    ("a\n/ b", "a/b"),
    ("a\n? b\n: c", "a?b:c"),
    ("`${\na\n}`", "`${a}`"),
    # comments that stay
    ("/*! a */\nb", "/*! a */b"),
    ("a /*! b */ c", "a/*! b */c"),
    ("a /*! b */\nc", "a/*! b */\nc"),
    ("a\n/*! b */ c", "a/*! b */\nc"),
    ("return /*!\n*/ a", "return/*!\n*/a"),
    ("a; /*! b */ /*! c */", "a;/*! b *//*! c */"),
    ("a / /*! b */ c", "a/ /*! b */c"),
    ("a /*! b */ / c", "a/*! b *//c"),
    # the beginning of a file
    ("#!/usr/bin/env node\n a ( b )", "#!/usr/bin/env node\na(b)"),
    ("\ufeff a", "\ufeffa"),
    ("\ufeff#!x\n\na", "\ufeff#!x\na"),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_only_what_the_grammar_can_spare_goes(text: str, expected: str) -> None:
    assert minify(text) == expected


@pytest.mark.parametrize("text", [expected for _, expected in TEXTS])
def test_a_small_text_is_left_as_it_is(text: str) -> None:
    assert minify(text) == text


@pytest.mark.parametrize("text", ["a = 'b", "(", "x = <div> a  b </div>", "a <!-- b", "a = `${"])
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(LexError):
        minify(text)


def test_a_token_of_the_pipeline_in_a_string_stays() -> None:
    assert minify("import  'cdnp_0123456789abcdef0123'") == "import'cdnp_0123456789abcdef0123'"


WORDS = (
    "a b in of get static async await yield return class function 1 1. .5 0x1 's' \"s\" `t` `t${ }` "
    "/re/g / + - ++ -- * ! < > = => . ?. ? : , ; ( ) { } [ ] #p @ ... \\u0061 \u00e4"
)
TOKENS = st.sampled_from(WORDS.split(" "))
GAPS = st.sampled_from(
    ["", " ", "\n", "\t", "\r\n", "\u2028", "\ufeff", "/**/", "/*\n*/", "// c\n", "/*! k */", "/*!\n*/"]
)


@given(st.lists(st.tuples(GAPS, TOKENS), max_size=10))
def test_the_tokens_stay_the_same_and_so_do_line_ends_that_may_matter(parts: list[tuple[str, str]]) -> None:
    text = "".join(gap + token for gap, token in parts)
    try:
        small = minify(text)
    except LexError:
        return

    assert [token.text for token in tokens(small)] == [token.text for token in tokens(text)]
    assert difference(text, small) is None
    assert minify(small) == small
    assert len(small) <= len(text)
