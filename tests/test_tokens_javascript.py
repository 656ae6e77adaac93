"""Where the tokens of JavaScript begin and end, above all where a slash is a division."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdn_pipeline.tokens import LexError
from cdn_pipeline.tokens.javascript import pieces, tokens
from cdn_pipeline.tokens.javascript_pieces import REGEX

# In each text, /re/ is a regular expression …
REGULAR_EXPRESSIONS = [
    "/re/",
    "x = /re/g",
    "f(/re/)",
    "[/re/, .../re/.exec(s)]",
    "a ? /re/ : /re/",
    "a + /re/",
    "a + +/re/",
    "a++ + /re/",
    "a+++/re/",
    "!/re/",
    "a / /re/",
    "return /re/",
    "return/re/",
    "return /* c */ /re/",
    "throw\t/re/",
    "typeof /re/",
    "a instanceof /re/",
    "case /re/:",
    "else /re/.test(s)",
    "(x, /re/)",
    "x => /re/",
    "`${/re/}`",
    "`${a}${/re/}`",
    "if (a) /re/.test(s)",
    "if (a /* ) */) /re/.test(s)",
    "if ((a)) /re/.test(s)",
    "while (a) /re/.test(s)",
    "do ; while (a) /re/.test(s)",
    "for (;;) /re/.test(s)",
    "async () => { for await (x of y) /re/.test(s) }",
    "with (a) /re/.test(s)",
    "for (x of /re/.exec(s)) ;",
    "for (const [x] of /re/.exec(s)) ;",
    "{} /re/.test(s)",
    "if (a) {} /re/.test(s)",
    "if (a) {} else {} /re/.test(s)",
    "try {} catch {} /re/.test(s)",
    "try {} catch (e) {} /re/.test(s)",
    "try {} finally {} /re/.test(s)",
    "switch (a) { case {}: {} /re/.test(s) }",
    "switch (a) { default: {} } /re/.test(s)",
    "label: {} /re/.test(s)",
    "a\n{}\n/re/.test(s)",
    "() => { return\n{} /re/.test(s) }",
    "function f() {} /re/.test(s)",
    "async function f() {} /re/.test(s)",
    "function f() { function g() {} /re/.test(s) }",
    "class A {} /re/.test(s)",
    "class A extends B {} /re/.test(s)",
    "class A extends (class {}) {} /re/.test(s)",
    "class A { x = 1; static {} #p() {} } /re/.test(s)",
    "export default function () {} /re/.test(s)",
    "export default class {} /re/.test(s)",
    "@dec class A {} /re/.test(s)",
    "x = () => {}\n/re/.test(s)",
    "var a\n/re/.test(s)",
    "var a = f(1, 2), b\n/re/.test(s)",
    "a: while (b) { break a\n/re/.test(s) }",
    "while (b) { continue\n/re/.test(s) }",
    "debugger\n/re/.test(s)",
    "import 'x'\n/re/.test(s)",
    "import a, { b } from 'x'\n/re/.test(s)",
    "import a from 'x' with { type: 'json' }\n/re/.test(s)",
    "export { a }\n/re/.test(s)",
    "function* g() { yield /re/ }",
    "function* g() { yield\n/re/ }",
    "x = { *g() { yield /re/ } }",
    "class A { static async *g() { yield /re/; await /re/ } }",
    "async () => { await /re/.x }",
    "async x => { await /re/.x }",
    "export async function f() { await /re/.x }",
]
# … and here it is two divisions by `re`.
DIVISIONS = [
    "a /re/ b",
    "1 /re/ b",
    "1. /re/ b",
    "'s' /re/ b",
    "`t` /re/ b",
    "`t${a}` /re/ b",
    "/x/ /re/ b",
    "a[0] /re/ b",
    "f(a) /re/ b",
    "(a) /re/ b",
    "a\n/re/ b",
    "f(a, b\n/re/ c)",
    "x = a, b\n/re/ c",
    "a++ /re/ b",
    "a--\n/re/ b",
    "this /re/ b",
    "a.return /re/ b",
    "a?.if /re/ b",
    "a.if(b) /re/ c",
    "a . // c\n while (b) /re/ c",
    "this.#if(b) /re/ c",
    "x = {} /re/ b",
    "({} /re/ b)",
    "({ a() {} } /re/ b)",
    "({ a: {} /re/ b })",
    "(function () {} /re/ b)",
    "x = function () {} /re/ b",
    "x = class {} /re/ b",
    "x = class extends {}.a {} /re/ b",
    "a ? {} /re/ b : {} /re/ c",
    "[{} /re/ b]",
    "return {} /re/ b",
    "export default {} /re/ b",
    "`${{} /re/ b}`",
    "`${`${{}}` /re/ b}`",
    "of /re/ b",
    "async /re/ b",
    "let /re/ b",
    "get /re/ b",
    "yield /re/ b",
    "function f() { yield /re/ b }",
    "function f() { await /re/ b }",
    "a\\u0062c /re/ d",
    "in_ /re/ b",
    "\u00e4return /re/ b",
    "$return /re/ b",
    "retur\\u006e /re/ b",
    "new.target /re/ b",
    "import.meta /re/ b",
]


@pytest.mark.parametrize("text", REGULAR_EXPRESSIONS)
def test_a_slash_begins_a_regular_expression_where_an_operand_may_stand(text: str) -> None:
    regexes = [token.text for token in tokens(text) if token.mark == REGEX]

    assert {regex.rstrip("g") for regex in regexes} == {"/re/"}
    assert "/" not in [token.text for token in tokens(text)] or text == "a / /re/"


@pytest.mark.parametrize("text", DIVISIONS)
def test_a_slash_divides_where_an_operand_has_ended(text: str) -> None:
    texts = [token.text for token in tokens(text)]

    assert texts.count("/") == 2 * text.count("/re/")
    assert not [one for one in texts if one.startswith("/re")]


@pytest.mark.parametrize(
    ("literal", "kind"),
    [
        ("/[/]/", "a slash in a class"),
        ("/[\\]/]/", "an escaped bracket in a class"),
        ("/\\//", "an escaped slash"),
        ("/[[a-z]--[/]]/v", "nested classes"),
        ("/=/", "an equals sign first"),
        ("/[//]/", "what looks like a comment"),
        ("/(?<y>\\d{4})-\\k<y>/dgimsuy", "all flags"),
        ("'\\''", "an escaped quote"),
        ("'\\\n'", "a continued line"),
        ("'\\\r\n'", "a continued line, with two characters at its end"),
        ("'\u2028'", "a line separator in a string"),
        ("'/*'", "a comment in a string"),
        ("`\n`", "a template of two lines"),
        ("`\\``", "an escaped back-tick"),
        ("`$`", "a dollar sign alone"),
        ("`$$`", "two of them"),
        ("`\\${`", "an escaped hole"),
    ],
)
def test_a_literal_is_one_token(literal: str, kind: str) -> None:
    assert [token.text for token in tokens(f"x = {literal};")] == ["x", "=", literal, ";"], kind


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a?.5:1", ["a", "?", ".5", ":", "1"]),
        ("a?.b", ["a", "?.", "b"]),
        ("1..x", ["1.", ".", "x"]),
        ("1_000n", ["1_000n"]),
        ("0xFFn+.5e-3", ["0xFFn", "+", ".5e-3"]),
        ("017.x", ["017", ".", "x"]),
        ("a.#b", ["a", ".", "#b"]),
        ("a\\u{62}c=1", ["a\\u{62}c", "=", "1"]),
        ("\u02b0\u0301\u200d=1", ["\u02b0\u0301\u200d", "=", "1"]),
        ("\U0001d4d0=1", ["\U0001d4d0", "=", "1"]),
        ("a>>>=b", ["a", ">>>=", "b"]),
        ("a??=b", ["a", "??=", "b"]),
        ("a**=b", ["a", "**=", "b"]),
        ("a-->b", ["a", "--", ">", "b"]),
        ("`a${b}c${`d`}e`", ["`a$", "{", "b", "}", "c$", "{", "`d`", "}", "e`"]),
        ("#!/usr/bin/node\na", ["a"]),
        ("\ufeff#!x\na", ["a"]),
        ("a\ufeff\xa0\u3000b", ["a", "b"]),
        ("", []),
    ],
)
def test_tokens_are_as_long_as_the_grammar_allows(text: str, expected: list[str]) -> None:
    assert [token.text for token in tokens(text)] == expected


@pytest.mark.parametrize("gap", ["\n", "\r\n", "\r", "\u2028", "\u2029", " // c\n", "/*\n*/", "/*\u2029*/"])
def test_a_line_end_before_a_token_is_told_however_it_is_written(gap: str) -> None:
    assert [token.newline for token in tokens(f"a{gap}b c/**/d")] == [False, True, False, False]


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("a = 'b", 4, "a string is not closed"),
        ("a = 'b\n'", 4, "a string is not closed"),
        ('"\\', 0, "a string is not closed"),
        ("a `b", 2, "a template is not closed"),
        ("`a${b}c", 6, "a template is not closed"),
        ("`a${b", 5, "a template is not closed"),
        ("a /* b", 2, "a comment is not closed"),
        ("a = /b", 4, "a regular expression is not closed"),
        ("a = /b\n/", 4, "a regular expression is not closed"),
        ("a = /[/]", 4, "a regular expression is not closed"),
        ("a = /b/gg", 7, "no regular expression has the flags 'gg'"),
        ("a = /b/x", 7, "no regular expression has the flags 'x'"),
        ("f('x', (]", 8, "']' closes nothing"),
        ("/* c */ f('x'", 9, "'(' is not closed"),
        ("'x'}", 3, "'}' closes nothing"),
        ("'x' \x00", 4, "JavaScript has no character '\\x00'"),
        ("'x' \x02", 4, "JavaScript has no character '\\x02'"),
        ("'x' \u201cy\u201d", 4, "JavaScript has no character '\u201c'"),
        ("a \\ b", 2, "a backslash that escapes nothing"),
        ("a # b", 2, "no name follows '#'"),
        ("'x' <!-- b", 4, "an HTML comment, which only some scripts may contain"),
        ("'x'\n --> b", 5, "an HTML comment, which only some scripts may contain"),
        ("/*\n*/ --> b", 6, "an HTML comment, which only some scripts may contain"),
        ("x = <div/>", 4, "'<' where a value must stand: JSX and type parameters are no JavaScript"),
        (
            "return (\n <a b />)",
            10,
            "'<' where a value must stand: JSX and type parameters are no JavaScript",
        ),
        ("x => {} /re/", 8, "a slash cannot follow here on the same line"),
        ("await /re/", 6, "cannot tell whether the 'await' before this slash is a name"),
    ],
)
def test_what_is_no_javascript_is_refused_with_its_place(text: str, offset: int, message: str) -> None:
    with pytest.raises(LexError) as caught:
        pieces(text)

    assert (caught.value.offset, caught.value.message) == (offset, message)


SIZE = 100_000


@pytest.mark.parametrize(
    "text",
    [
        "(" * SIZE + ")" * SIZE,
        "{" * SIZE + "}" * SIZE + "/re/",
        "`${" * SIZE + "}`" * SIZE,
        "a" + " " * SIZE + "/b",
        "a" + "/**/" * SIZE + "/b",
        ("a" * SIZE + "\n/b;") * 10,
        "f(a)/" * SIZE + "b",
        "x={}/b;" * (SIZE // 10),
        "\\u0061" * SIZE,
    ],
    ids=[
        "parentheses",
        "braces",
        "templates",
        "blanks",
        "comments",
        "name",
        "divisions",
        "objects",
        "escapes",
    ],
)
def test_texts_made_to_be_slow_or_deep_are_read_to_their_end(text: str) -> None:
    read = "".join(token.text for token in tokens(text))

    assert read == text.replace(" ", "").replace("/**/", "").replace("\n", "")


WORDS = "a 1 's' `t` `t${ }` /re/g / ( ) { } [ ] ; , : = => ++ if return function class yield of . #p '"
FRAGMENTS = st.sampled_from([*WORDS.split(" "), "//c\n", "/*c*/", "\n", " ", "\\u0061"])


@given(st.lists(FRAGMENTS, max_size=12).map("".join))
def test_pieces_put_together_are_the_text(text: str) -> None:
    try:
        cut = pieces(text)
    except LexError as error:
        assert 0 <= error.offset <= len(text)
        return

    assert (
        "".join(code + literal for code, literal in zip(cut.code, [*cut.literals, ""], strict=True)) == text
    )
    assert len(cut.masked()) == len(text)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        end = 0
        for token in tokens(text):
            assert token.start >= end
            assert text[token.start :].startswith(token.text)
            end = token.start + len(token.text)
    except LexError as error:
        assert 0 <= error.offset <= len(text)
