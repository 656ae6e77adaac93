"""`join/css`: many sheets in one text, with the meaning that browsers give to them one after the other."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cdn_pipeline.join.css import COPIES, Joined, Sheet, join
from cdn_pipeline.join.css_member import closed
from cdn_pipeline.tokens.css_rules import rules


def joined(*texts: str, **library: str) -> Joined:
    """Members ``m0``, ``m1``, … joined; they and each other import the sheets of *library* by their names."""
    known = {f"m{at}": text for at, text in enumerate(texts)} | library

    def load(path: str) -> Sheet | None:
        return Sheet(path, known[path], {name: name for name in known}) if path in known else None

    sheets = [sheet for at in range(len(texts)) if (sheet := load(f"m{at}"))]
    return join(sheets, load)


def text(*texts: str, **library: str) -> str:
    """The one text that they come to, without line ends."""
    [one] = joined(*texts, **library).texts
    return one.replace("\n", "")


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ("", "x{}"),
        ("screen", "@media screen{x{}}"),
        ("screen, print and (a:b)", "@media screen, print and (a:b){x{}}"),
        ("layer", "@layer{x{}}"),
        ("LAYER", "@layer{x{}}"),
        ("layer(a.b)", "@layer a.b{x{}}"),
        ("layer( a )", "@layer a{x{}}"),
        ("layer(a b)", "@media layer(a b){x{}}"),
        ("supports(a:b)", "@supports (a:b){x{}}"),
        ("supports(not (a:b))", "@supports (not (a:b)){x{}}"),
        ("supports((a:b) or (c:d))", "@supports ((a:b) or (c:d)){x{}}"),
        ("layer(a) supports(b:c) screen", "@media screen{@supports (b:c){@layer a{x{}}}}"),
        ("layer/**/supports(b:c)/**/screen/**/", "@media screen{@supports (b:c){@layer{x{}}}}"),
        ("supports(b:c) layer(a)", "@media layer(a){@supports (b:c){x{}}}"),
    ],
)
def test_a_local_import_is_replaced_by_its_sheet_under_its_conditions(conditions: str, expected: str) -> None:
    assert text(f"@import url(x) {conditions};a{{}}", x="x{}") == f"{expected}a{{}}"


def test_imports_in_imports_nest_and_are_named_in_order() -> None:
    found = joined("@import 'x' screen;a{}", x="@import url('y') layer;x{}", y="y{}")
    assert found.texts == ("@media screen{\n@layer{\ny{}\n\n}\nx{}\n\n}\na{}\n",)
    assert found.inlined == ("x", "y")
    assert found.problems == ()


def test_the_suffix_of_an_import_does_not_hide_its_token() -> None:
    assert text("@import 'x?v=1';", x="x{}") == "x{}"


@pytest.mark.parametrize(
    ("texts", "library", "expected"),
    [
        (["a{}", "b{}"], {}, "a{}b{}"),
        (["@import 'x';a{}", "@import 'y';b{}"], {"x": "x{}", "y": "y{}"}, "x{}a{}y{}b{}"),
        (["@import 'x';a{}", "@import 'x';b{}"], {"x": "x{}"}, "a{}x{}b{}"),
        (["@import 'x';a{}", "@import 'x';b{}"], {"x": "@layer l{}"}, "@layer l{}a{}@layer l{}b{}"),
        (["@import 'x';a{}"], {"x": "@import 'm0';x{}"}, "x{}a{}"),
        (["@import 'x';a{}"], {"x": "@import 'y';x{}", "y": "@import 'x';y{}"}, "y{}x{}a{}"),
        (["@import 'm0' layer(l);a{}"], {}, "@layer l{}a{}"),
        (["@layer a,b;@import 'x';c{}"], {"x": "x{}"}, "@layer a,b;x{}c{}"),
        (["@import url(//e);@import 'x';a{}"], {"x": "x{}"}, "@import url(//e);x{}a{}"),
        (["@import url(//e) screen", "a{}"], {}, "@import url(//e) screen;a{}"),
        (["@layer a;@import '//e';", "@import '//f';b{}"], {}, "@layer a;@import '//e';@import '//f';b{}"),
        (["a{}@import 'x';b{}", "@media c{@import 'x';}"], {"x": "x{}"}, "a{}b{}@media c{@import 'x';}"),
        (["@layer a;@import 'x';@layer b;@import 'x';"], {"x": "x{}"}, "@layer a;x{}@layer b;"),
        (["@charset 'x';a{}b{}"], {}, '@charset "utf-8";a{}b{}'),
        (["a{}", "\ufeffb{}"], {}, '@charset "utf-8";a{}b{}'),
        (["<!-- a{} -->", "@import 'x';<!--b{}"], {"x": "x{}"}, " a{} x{}b{}"),
        (["a{} ; b{} c{}", "d{}"], {}, "a{}  c{}d{}"),
        (["a{}}", "d{}"], {}, "a{}d{}"),
        (["a,b", "d{}"], {}, "d{}"),
        (["/*! a */b{}", "c{}/* d */"], {}, "/*! a */b{}c{}/* d */"),
        ([], {}, ""),
    ],
)
def test_the_order_of_rules_is_the_browsers(texts: list[str], library: dict[str, str], expected: str) -> None:
    found = joined(*texts, **library) if texts else join([], lambda _: None)
    assert [one.replace("\n", "") for one in found.texts] == [expected]


@pytest.mark.parametrize(
    ("cut", "whole"),
    [
        ("a{b:c", "a{b:c}"),
        ("@media x{a{b:c", "@media x{a{b:c}}"),
        ("a{b:'c", "a{b:'c'}"),
        ("a{b:'c\\", "a{b:'c'}"),
        ("a{b:'c\\\\", "a{b:'c\\\\'}"),
        ('a{b:"', 'a{b:""}'),
        ("a{b:url(c", "a{b:url(c)}"),
        ("a{b:url(c\\", "a{b:url(c\\fffd )}"),
        ("a{b:url(c\\)", "a{b:url(c\\))}"),
        ("a{b:url(c d", "a{b:url(c d)}"),
        ("a{b:c([d", "a{b:c([d])}"),
        ("a{b:c\\", "a{b:c\\fffd }"),
        ("a{}/* b", "a{}/* b*/"),
        ("a{}/*/", "a{}/*/*/"),
        ("a{b:c/* d *", "a{b:c/* d **/}"),
        ("@import 'x'", "@import 'x';"),
        ("@import 'x", "@import 'x';"),
        ("@media (a", "@media (a);"),
        ("@layer a;", "@layer a;"),
        ("a{--x:{b:c", "a{--x:{b:c}}"),
        ("a{b:c}", "a{b:c}"),
        ("", ""),
    ],
)
def test_what_the_end_of_a_file_closes_is_closed(cut: str, whole: str) -> None:
    assert closed(cut) == whole


def test_an_external_import_after_rules_begins_another_text() -> None:
    found = joined("a{}", "@import url(//e);b{}", "c{}")
    assert found.texts == ("a{}\n", "@import url(//e);\nb{}\nc{}\n")
    assert found.problems == (
        (
            "m1",
            0,
            "warning",
            "the bundle goes on in another style sheet: an @import that stays must stand before all rules",
            "where the order allows it, make the sheet the first of the bundle, or no part of it",
        ),
    )


def test_namespaces_have_a_text_of_their_own() -> None:
    found = joined("a{}", "@namespace 'n';b{}", "c{}")
    assert found.texts == ("a{}\n", "@namespace 'n';b{}\n", "c{}\n")
    assert [problem[0] for problem in found.problems] == ["m1", "m2"]


def test_a_namespace_that_comes_too_late_stays_dead() -> None:
    assert text("a{}@namespace 'n';", "b{}") == "a{}b{}"
    assert text("@import 'x';@layer l;@namespace 'n';", x="") == "@layer l;"


def test_a_conditional_import_that_leads_to_an_external_one_stays() -> None:
    found = joined("@import 'x' screen;a{}", x="@import '//e';x{}")
    assert found.texts == ("@import 'x' screen;\na{}\n",)
    assert found.inlined == ()
    assert found.problems == (
        (
            "m0",
            0,
            "warning",
            "@import of 'x' stays: no block can hold the external @import or @namespace in it",
            "without conditions it could be inlined",
        ),
    )


def test_an_unknown_import_stays_as_it_is_written() -> None:
    found = joined("@import/**/url( z ) screen ;a{}")
    assert found.texts == ("@import/**/url( z ) screen ;\na{}\n",)
    assert found.problems == ()


def test_imports_that_double_at_each_step_end() -> None:
    library = {f"x{at}": f"@import 'x{at + 1}' screen;@import 'x{at + 1}' print;" for at in range(40)}
    found = joined("@import 'x0';", **library, x40="a{}")
    assert sum(map(len, found.texts)) < 200 * COPIES * len(library)


def test_a_long_chain_of_imports_ends() -> None:
    library = {f"x{at}": f"@import 'x{at + 1}';" for at in range(5000)}
    assert joined("@import 'x0';", **library, x5000="a{}").texts[0].count("@import") == 1


PIECES = st.sampled_from(
    ["a{}", "b{c:d", "/*", "'", '"', "url(", "\\", "{", "}", ";", "(", "@x", " ", "<!--", "e", "@media f{"]
)


@example("@x(;")
@given(st.lists(PIECES, max_size=12).map("".join))
def test_no_member_swallows_the_next(first: str) -> None:
    found = joined(first, "z{}").texts[-1]
    last = list(rules(found))[-1]
    assert (found[last.start : last.end], last.is_whole) == ("z{}", True)
