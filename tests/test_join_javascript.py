"""Scripts in one file, each as it was alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdn_pipeline.join.javascript import JoinError, Part, join
from cdn_pipeline.tokens.javascript import tokens


def joined(*texts: str) -> list[tuple[str, tuple[int, ...]]]:
    parts = join([(f"{index}.js", text) for index, text in enumerate(texts)])
    assert not any(part.module for part in parts)
    return [(part.text, part.members) for part in parts]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("a;", "b;", "a;\nb;\n"),
        ("a;\n", "b;\n", "a;\nb;\n"),
        ("a", "b", "a\nb\n"),
        ("a // c", "b", "a // c\nb\n"),
        ("a /* c */", "b", "a /* c */\nb\n"),
        ("a", "(b)", "a\n;(b)\n"),
        ("a;", "(b)", "a;\n(b)\n"),
        ("a; // c", "(b)", "a; // c\n(b)\n"),
        ("a // ;", "(b)", "a // ;\n;(b)\n"),
        ("a = function () {}", "(b)", "a = function () {}\n;(b)\n"),
        ("function a() {}", "(b)", "function a() {}\n;(b)\n"),
        ("a", "[b]", "a\n;[b]\n"),
        ("a", "`b`", "a\n;`b`\n"),
        ("a", "/re/.b", "a\n;/re/.b\n"),
        ("a", "+b", "a\n;+b\n"),
        ("a", "++b", "a\n;++b\n"),
        ("a", "!b", "a\n!b\n"),
        ("a", "'b'", "a\n'b'\n"),
        ("a", "{b}", "a\n;{b}\n"),
        ("a", "of", "a\n;of\n"),
        ("let", "a", "let\n;a\n"),
        ("async", "function f() {}", "async\n;function f() {}\n"),
        ("a", "// c", "a\n// c\n"),
        ("// c", "a", "// c\na\n"),
        ("", "a", "a"),
        ("a", " \n", "a"),
        ("\ufeffa", "\ufeffb", "\ufeffa\nb\n"),
        ("a", "#!/usr/bin/env node\nb", "a\n\nb\n"),
        ("import('a')", "'cdnp_0123456789abcdef0123'", "import('a')\n'cdnp_0123456789abcdef0123'\n"),
    ],
)
def test_no_member_runs_into_the_next(first: str, second: str, expected: str) -> None:
    assert joined(first, second) == [(expected, (0, 1))]


STRICT = [
    "'use strict'",
    '"use strict";a',
    "'use strict'\na",
    "'use strict'\n++a",
    "'use strict'\n!a",
    "// c\n/* d */ 'use strict'; a",
    "'a'; 'use strict'; b",
    "'a'\n'use strict'\nb",
]
SLOPPY = [
    "a; 'use strict'",
    "'use\\x20strict'; a",
    "('use strict'); a",
    "'use strict' + a",
    "'use strict'\n+ a",
    "'use strict'\n.a",
    "'use strict'\n(a)",
    "'use strict'\n, a",
    "'use strict'\nin a",
    "`use strict`; a",
    "'Use Strict'; a",
    "'a' + b; 'use strict'",
]


@pytest.mark.parametrize("text", STRICT)
def test_a_directive_makes_a_script_strict(text: str) -> None:
    assert joined(text, "b") == [(f"(function(){{{text}\n}}).call(this);\nb\n", (0, 1))]


@pytest.mark.parametrize("text", SLOPPY)
def test_what_only_looks_like_the_directive_does_not(text: str) -> None:
    assert joined(text, "b") == [(f"{text}\nb\n", (0, 1))]


def test_strict_scripts_share_a_file_and_the_first_directive_governs() -> None:
    assert joined("'use strict'; var a", "'use strict'; var b") == [
        ("'use strict'; var a\n'use strict'; var b\n", (0, 1))
    ]


def test_a_comment_before_strict_scripts_does_not_make_them_sloppy() -> None:
    assert joined("// c", "'use strict'; var a", "'use strict'; let b") == [
        ("// c\n'use strict'; var a\n'use strict'; let b\n", (0, 1, 2))
    ]


@pytest.mark.parametrize(
    "body",
    [
        "(function () { var a; function b() {} })()",
        "if (a) { let b; const c = 1 }",
        "for (let a of b) ;",
        "a = function b() {}",
        "(() => { var a })()",
        "a = class B { c = 1; d() { var e } }",
        "function_ = let_ = variable",
        "(function () { return arguments })()",
        "a.var; a.let; a = { class: 1, function: 2 }",
    ],
)
def test_a_strict_script_that_declares_nothing_becomes_a_function(body: str) -> None:
    assert joined("a", f"'use strict'; {body}") == [
        (f"a\n;(function(){{'use strict'; {body}\n}}).call(this);\n", (0, 1))
    ]


@pytest.mark.parametrize(
    "body",
    [
        "var a",
        "if (a) { var b }",
        "for (var a of b) ;",
        "try {} catch { var a }",
        "let a",
        "const a = 1",
        "const { a, b: [c] } = d",
        "function a() {}",
        "async function a() {}",
        "function* a() {}",
        "class A {}",
        "typeof arguments",
        "a = () => arguments",
    ],
)
def test_one_that_declares_something_gets_a_file_of_its_own(body: str) -> None:
    text = f"'use strict'; {body}"

    assert joined("a", text, "b") == [("a", (0,)), (text, (1,)), ("b", (2,))]


def test_what_may_be_wrapped_stays_as_it_is_among_strict_scripts() -> None:
    assert joined("'use strict'; a", "'use strict'; var b", "c") == [
        ("'use strict'; a\n'use strict'; var b\n", (0, 1)),
        ("c", (2,)),
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("let a", "let a"),
        ("const a = 1", "var a"),
        ("var a", "class a {}"),
        ("function a() {}", "let a"),
        ("let a", "if (b) { var a }"),
        ("let a", "for (var a of b) ;"),
        ("let { b, c: [a] } = d", "var a"),
        ("let b = 1, a", "var a"),
        ("let b = f(1, 2), a = 3", "var a"),
        ("let b\nlet a", "var a"),
        ("var [b, ...a] = c", "let a"),
    ],
)
def test_scripts_that_declare_the_same_name_lexically_do_not_share_a_file(first: str, second: str) -> None:
    assert joined(first, second) == [(first, (0,)), (second, (1,))]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("var a", "var a"),
        ("function a() {}", "var a"),
        ("let a", "let b"),
        ("let a", "(function () { var a })()"),
        ("let a", "{ let a }"),
        ("let a", "for (let a of b) ;"),
        ("let a", "b = a"),
        ("let a", "b.a = function a() {}"),
        ("let a = b", "let c = b"),
    ],
)
def test_other_scripts_do(first: str, second: str) -> None:
    assert [members for _, members in joined(first, second)] == [(0, 1)]


@pytest.mark.parametrize(
    ("path", "text"), [("b.js", "import 'c'"), ("b.js", "export { c }"), ("b.mjs", "c"), ("B.MJS", "(")]
)
def test_a_module_is_a_part_of_its_own_as_it_stands(path: str, text: str) -> None:
    assert join([("a.js", "a"), (path, text), ("c.js", "d"), ("d.js", "e")]) == [
        Part("a", (0,), module=False),
        Part(text, (1,), module=True),
        Part("d\ne\n", (2, 3), module=False),
    ]


def test_an_empty_member_needs_no_file() -> None:
    assert join([("a.js", "\n"), ("b.js", "import 'c'"), ("c.js", "")]) == [
        Part("import 'c'", (0, 1, 2), module=True)
    ]


def test_a_single_script_is_not_touched() -> None:
    assert joined("\ufeff#!/usr/bin/env node\na") == [("\ufeff#!/usr/bin/env node\na", (0,))]


def test_nothing_joined_is_nothing() -> None:
    assert join([]) == []


def test_a_member_that_cannot_be_read_is_named_with_the_place() -> None:
    with pytest.raises(JoinError) as caught:
        join([("a.js", "a"), ("b.js", "f(")])

    assert (caught.value.index, caught.value.offset, caught.value.message) == (1, 1, "'(' is not closed")


MEMBERS = (
    "a|a;|(b)|[c]|`d`|/re/.e|function f() {}|g = function () {}|// h|++i|'j'|var k|let n|{ o }|if (p) q()|"
    "do r; while (s)|'use strict'; l|'use strict'|'use strict'; var m|"
)
SCRIPTS = st.sampled_from(MEMBERS.split("|"))


@given(st.lists(SCRIPTS, min_size=1, max_size=6))
def test_every_token_of_every_member_is_in_its_part_in_order(texts: list[str]) -> None:
    parts = join([("a.js", text) for text in texts])

    assert [index for part in parts for index in part.members] == list(range(len(texts)))
    for part in parts:
        rest = (token.text for token in tokens(part.text))
        for index in part.members:
            assert all(token.text in rest for token in tokens(texts[index]))
