"""`guards/css`: what a minifier may do to a style sheet, and what not."""

from __future__ import annotations

import pytest

from cdn_pipeline.guards.css import difference


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a , b { c : d ; }", "a,b{c:d}"),
        ("a{b:c;;}", "a{b:c}"),
        ("a{;b:c}", "a{b:c}"),
        ("/*! a */b{}", "b{}"),
        ("a{b:url( c )}", "a{b:url(c)}"),
        ("a{b:1px\n\n2px}", "a{b:1px 2px}"),
        ("a{--x: b , c ;}", "a{--x:b , c}"),
        ("a{--x: b !important}", "a{--x:b!important}"),
        ("a{b:var( --x , c )}", "a{b:var(--x,c)}"),
        ("@media (a : b) and (c) {}", "@media (a:b) and (c){}"),
        ("@media (a) {}", "@media(a){}"),
        ("@supports ( a : b ) {}", "@supports (a:b){}"),
        ("/* a */@charset 'utf-8';", "@charset 'utf-8';"),
        ("a{b:c}\n", "a{b:c}"),
    ],
)
def test_white_space_comments_and_last_semicolons_may_go(before: str, after: str) -> None:
    assert difference(before, after) is None


@pytest.mark.parametrize(
    ("before", "after", "offset", "message"),
    [
        ("a{b:0px}", "a{b:0}", 2, "expected 'b:0px', found 'b:0'"),
        ("a{b:#FFF}", "a{b:#fff}", 2, "expected 'b:#FFF', found 'b:#fff'"),
        ("a{b:0.5em}", "a{b:.5em}", 2, "expected 'b:0.5em', found 'b:.5em'"),
        (
            "a{b:calc(1px + 2px)}",
            "a{b:calc(1px+2px)}",
            2,
            "expected 'b:calc(1px + 2px)', found 'b:calc(1px+2px)'",
        ),
        ("a{b:hsl(0 0% 0%)}", "a{b:hsl(00%0%)}", 2, "expected 'b:hsl(0 0% 0%)', found 'b:hsl(00%0%)'"),
        (":is(a) :b{}", ":is(a):b{}", 0, "expected ':is(a) :b{', found ':is(a):b{'"),
        (":is(a[b],c){}", ":is(a[b,c){}", 0, "expected ':is(a[b],c){', found ':is(a[b,c){'"),
        ("a /**/ b{}", "ab{}", 0, "expected 'a b{', found 'ab{'"),
        ("a/*! */b{}", "ab{}", 0, "expected 'a/**/b{', found 'ab{'"),
        (
            "@supports not (a){}",
            "@supports not(a){}",
            0,
            "expected '@supports not (a){', found '@supports not(a){'",
        ),
        (
            "@media (a) and (b){}",
            "@media (a) and(b){}",
            0,
            "expected '@media(a) and (b){', found '@media(a) and(b){'",
        ),
        ("a{b:c}d{b:c}", "a,d{b:c}", 0, "expected 'a{', found 'a,d{'"),
        ("a{b:c}d{}", "a{b:c}", 6, "expected 'd{', found nothing"),
        ("a{}", "a{}b{}", 3, "expected nothing, found 'b{'"),
        ("a{};b{}", "a{}b{}", 3, "expected ';', found 'b{'"),
        ("a{b:'c  d'}", "a{b:'c d'}", 2, '''expected "b:'c  d'", found "b:'c d'"'''),
        ("a{--x: b , c ;}", "a{--x:b,c}", 2, "expected '--x:b , c', found '--x:b,c'"),
        ("a{--x:b /**/ c}", "a{--x:b c}", 2, "expected '--x:b /**/ c', found '--x:b c'"),
        ("a{--x:{ b:c }}", "a{--x:{b:c}}", 2, "expected '--x:{ b:c }', found '--x:{b:c}'"),
        ("a{b:c}", "a{b:c", 5, "expected '}', found nothing"),
        ('/**/@charset "x";', '@charset "x";', 0, "@charset was without effect, and now it has one"),
    ],
)
def test_everything_else_is_a_difference(before: str, after: str, offset: int, message: str) -> None:
    assert difference(before, after) == (offset, message)


def test_a_long_difference_is_shown_where_it_is() -> None:
    before = "a{b:" + "x " * 100 + "1px}"
    after = "a{b:" + "x " * 100 + "1}"
    assert difference(before, after) == (
        2,
        "expected '… x x x x x x x x x 1px', found '… x x x x x x x x x 1'",
    )
