"""`tokens/css` and its siblings: tokens, statements, rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdn_pipeline.tokens.css import tokens, unescape
from cdn_pipeline.tokens.css_rules import rules
from cdn_pipeline.tokens.css_statements import statements

WORDS = [
    "--x",
    "\r\n",
    "\\;",
    "\\31 ",
    "/*",
    "*/",
    "/*!",
    "url(",
    "URL( ",
    "\\75 rl(",
    "x-url(",
    "#url(",
    "var(",
]
ATOMS = st.sampled_from(
    [*"a:;{}()[], \n\f\\\"'1+-.eé\0/>~=", *WORDS, "calc(", "@m", "<!--", "-->", "u+1", "!important"]
)
SOUP = st.lists(ATOMS, max_size=25).map("".join)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("url( x )", [("url", "url( x )")]),
        ('url("x")', [("function", "url("), ("string", '"x"'), ("delim", ")")]),
        ("\\75 rl(x)", [("url", "\\75 rl(x)")]),
        ("\\000055\r\nr\\6c(x)", [("url", "\\000055\r\nr\\6c(x)")]),
        ("url(a b)c", [("bad_url", "url(a b)"), ("ident", "c")]),
        ("url(a'b)", [("bad_url", "url(a'b)")]),
        ("url(a\\)b)", [("url", "url(a\\)b)")]),
        ("url(a", [("url", "url(a")]),
        ("myurl(a/*b", [("function", "myurl("), ("ident", "a"), ("comment", "/*b")]),
        ("url(/*x*/)", [("url", "url(/*x*/)")]),
        ("#url(x", [("hash", "#url"), ("delim", "("), ("ident", "x")]),
        ("1.e3", [("number", "1"), ("delim", "."), ("ident", "e3")]),
        ("-1e-3px", [("number", "-1e-3px")]),
        ("1e-x", [("number", "1e-x")]),
        ("1+2", [("number", "1"), ("number", "+2")]),
        ("1-x", [("number", "1-x")]),
        ("-.5%", [("number", "-.5%")]),
        ("--", [("ident", "--")]),
        ("-->", [("cdc", "-->")]),
        ("a-->", [("ident", "a--"), ("delim", ">")]),
        ("<!--a", [("cdo", "<!--"), ("ident", "a")]),
        ("@-x", [("at_keyword", "@-x")]),
        ("@1", [("delim", "@"), ("number", "1")]),
        ('"a\\\nb"', [("string", '"a\\\nb"')]),
        ('"a\\9\nb"', [("string", '"a\\9\nb"')]),  # the newline ends the escape
        ('"a\nb', [("bad_string", '"a'), ("space", "\n"), ("ident", "b")]),
        ('"a\\', [("string", '"a\\')]),
        ("\\", [("ident", "\\")]),
        ("\\\n", [("delim", "\\"), ("space", "\n")]),
        ("/*/", [("comment", "/*/")]),
        ("\u00a0é", [("ident", "\u00a0é")]),
    ],
)
def test_text_is_divided_as_the_standard_says(text: str, expected: list[tuple[str, str]]) -> None:
    assert tokens(text) == expected


@given(SOUP)
def test_tokens_together_are_the_text(text: str) -> None:
    assert "".join(token for _, token in tokens(text)) == text


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        ("\\75 rl", "url"),
        ("\\000075rl", "url"),
        ("a\\\r\nb", "ab"),
        ("\\0", "\ufffd"),
        ("\\d800", "\ufffd"),
        ("\\110000", "\ufffd"),
        ("\\1f600", "😀"),
        ("\\(\\ ", "( "),
        ("a\0", "a\ufffd"),
        ("a\\", "a\ufffd"),
    ],
)
def test_escapes_are_undone(raw: str, meant: str) -> None:
    assert unescape(raw) == meant


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a { b: c; d: e }", ["a {", "b: c;", "d: e }"]),
        ("/* x */ a {} /* y */", ["a {", "}"]),
        ("/*! x */ a {}", ["/*! x */", "a {", "}"]),
        ("<!-- a {} -->", ["<!--", "a {", "}", "-->"]),
        ("a{b:url(x;y{)}", ["a{", "b:url(x;y{)}"]),
        ("a{b:x-url(;)}", ["a{", "b:x-url(;)}"]),
        ("a{b:\\75 rl(')}", ["a{", "b:\\75 rl(')}"]),
        ('a{b:";}"}', ["a{", 'b:";}"}']),
        ("a{b:c\\;d}", ["a{", "b:c\\;d}"]),
        ("a{b:(;)[;]}", ["a{", "b:(;)[;]}"]),
        ("a{b:(((((((;)))))))}", ["a{", "b:(((((((;)))))))}"]),
        ("a{b:(c;}", ["a{", "b:(c;}"]),
        ("a{--x:{b:c;};d:e}", ["a{", "--x:{b:c;};", "d:e}"]),
        ("a{\\2d-x:{b:c};d:e}", ["a{", "\\2d-x:{b:c};", "d:e}"]),
        ("a{b:hover{}}", ["a{", "b:hover{", "}", "}"]),
        ("--x:hover{}b{}", ["--x:hover{", "}", "b{", "}"]),
        ("a{b:var(--x){};c:d}", ["a{", "b:var(--x){};", "c:d}"]),
        ("a{b:c /* ; */ d}", ["a{", "b:c /* ; */ d}"]),
        ("a{b:c", ["a{", "b:c"]),
        ('a{b:"c\n;d}', ["a{", 'b:"c\n;', "d}"]),
        ("\ufeffa{}", ["a{", "}"]),
        ("", []),
    ],
)
def test_a_sheet_is_divided_into_statements(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end, _ in statements(text)] == expected


def test_statements_know_how_deep_they_stand() -> None:
    assert [depth for _, _, depth in statements("}a{b{c:d}e:f}g{")] == [0, 0, 1, 2, 1, 0]


@given(SOUP)
def test_between_statements_stand_only_white_space_and_comments(text: str) -> None:
    at = int(text.startswith("\ufeff"))
    for start, end, _ in statements(text):
        assert {kind for kind, _ in tokens(text, at, start)} <= {"space", "comment"}
        assert at <= start < end
        at = end
    assert {kind for kind, _ in tokens(text, at)} <= {"space", "comment"}


@given(SOUP)
def test_a_statement_ends_between_tokens(text: str) -> None:
    for _, end, _ in statements(text):
        assert tokens(text[:end]) + tokens(text[end:]) == tokens(text) or end == len(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('@import "x"; a{b:c} d{}', ['@import "x";', "a{b:c}", "d{}"]),
        ("@media x{a{}b{}}c{}", ["@media x{a{}b{}}", "c{}"]),
        (";a{}b{}", [";a{}", "b{}"]),
        ("}a{}b{}", ["}a{}", "b{}"]),
        ("@x } y;a{}", ["@x } y;", "a{}"]),
        ("<!-- @layer a; -->", ["@layer a;"]),
        ("a,b", ["a,b"]),
        ("/*! x */a{}", ["/*! x */", "a{}"]),
    ],
)
def test_the_top_level_is_divided_into_rules(text: str, expected: list[str]) -> None:
    assert [text[rule.start : rule.end] for rule in rules(text)] == expected


def test_a_rule_that_browsers_drop_is_not_whole() -> None:
    found = rules(";a{} b{} @x } y; @IMP\\4frt 'x'; c,d")
    assert [(rule.keyword, rule.is_whole) for rule in found] == [
        ("", False),
        ("", True),
        ("x", False),
        ("import", True),
        ("", False),
    ]


@pytest.mark.parametrize(
    "text", ["/*", "(", "\\", '"', "a{", "url(", "url(\\", "/*!*/", "[(", "\\31 ", "--x:{", "<!-"]
)
def test_hostile_text_is_read_to_its_end(text: str) -> None:
    hostile = text * 20_000
    assert "".join(token for _, token in tokens(hostile)) == hostile
    assert list(statements(hostile))[-1][1] == len(hostile)
