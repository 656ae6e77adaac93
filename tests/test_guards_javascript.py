"""What counts as a difference between two JavaScript texts."""

from __future__ import annotations

import pytest

from cdn_pipeline.guards.javascript import difference


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a ;\n b", "a;b"),
        ("a\n\n\nb", "a\nb"),
        ("a /* b */ c", "a c"),
        ("/*! a */ b", "b"),
        ("a\n= b", "a=b"),
        ("a;b", "a;\nb"),
        ("a(b)", "a(\nb)"),
        ("a +\n+b", "a + +b"),
        ("a\r\nb", "a\nb"),
        ("x = `a\n b`", "x=`a\n b`"),
        ("a /*\n*/ b", "a\nb"),
    ],
)
def test_white_space_and_comments_make_none(before: str, after: str) -> None:
    assert difference(before, after) is None


@pytest.mark.parametrize(
    ("before", "after", "offset", "message"),
    [
        ("return x", "return\nx", 7, "a line end was added before 'x'"),
        ("a\nb", "a b", 2, "a line end was lost before 'b'"),
        ("x => y", "x\n=>y", 2, "a line end was added before '=>'"),
        ("a\n++b", "a ++b", 2, "a line end was lost before '++'"),
        ("if (a)\n/re/.b", "if(a)/re/.b", 7, "a line end was lost before '/re/'"),
        ("class A { x\n*y() {} }", "class A{x*y(){}}", 12, "a line end was lost before '*'"),
        ("a + +b", "a ++b", 2, "'+' became '++'"),
        ("x = `a  b`", "x=`a b`", 4, "'`a  b`' became '`a b`'"),
        ("x = `${a}  b`", "x=`${a} b`", 9, "'  b`' became ' b`'"),
        ("x = /a  b/", "x=/a b/", 4, "'/a  b/' became '/a b/'"),
        ("x = 'a'", 'x="a"', 4, "\"'a'\" became '\"a\"'"),
        ("a; b", "a;", 3, "'b' and what follows is missing"),
        ("a;", "a;b", 2, "'b' was added"),
        ("#!/x\na", "a", 0, "the hashbang differs"),
        ("a = 'b", "a='b'", 4, "the original cannot be read: a string is not closed"),
        ("f(a)", "f(a", 3, "the result cannot be read: '(' is not closed; here stands ')'"),
    ],
)
def test_a_difference_has_its_place_in_the_original(
    before: str, after: str, offset: int, message: str
) -> None:
    assert difference(before, after) == (offset, message)


def test_a_long_token_is_cut_in_the_message() -> None:
    found = difference("x = '" + "a" * 100 + "'", "x=1")

    assert found is not None
    assert found.message == "\"'" + "a" * 39 + "…\" became '1'"
