"""Which places of a JavaScript text name another file."""

from __future__ import annotations

import pytest

from cdn_pipeline.references import DYNAMIC, MODULE, SOURCE_MAP, WORKER
from cdn_pipeline.references.javascript import is_module, references
from cdn_pipeline.tokens import LexError


def found(text: str) -> list[tuple[str, str, str]]:
    """What stands in the span of each reference, its kind and suffix."""
    return [(text[one.start : one.end], one.kind, one.suffix) for one in references(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import './a.js'", "./a.js"),
        ('import"./a.js"', "./a.js"),
        ("import a from './a.js'", "./a.js"),
        ("import a, { b as c, 'd e' as f } from './a.js'", "./a.js"),
        ("import{a}from'../a.js'", "../a.js"),
        ("import * as a from '/a.js'", "/a.js"),
        ("import a, * as b from './a.js'", "./a.js"),
        ("import\n{ a } // c\nfrom /* d */ './a.js'", "./a.js"),
        ("import from from './a.js'", "./a.js"),
        ("import { import as a } from './a.js'", "./a.js"),
        ("import {} from './a.js'", "./a.js"),
        ("import defer * as a from './a.js'", "./a.js"),
        ("import defer from './a.js'", "./a.js"),
        ("import source a from './a.wasm'", "./a.wasm"),
        ("import a from './a.json' with { type: 'json' }", "./a.json"),
        ("import a from './a.json' assert { type: 'json' }", "./a.json"),
        ("import \\u0061 from './a.js'", "./a.js"),
        ("f()\nimport './a.js'", "./a.js"),
        ("export * from './a.js'", "./a.js"),
        ("export * as a from './a.js'", "./a.js"),
        ("export * as 'a b' from './a.js'", "./a.js"),
        ("export { default as a } from './a.js'", "./a.js"),
        ("export{a}from'./a.js'", "./a.js"),
    ],
)
def test_a_declaration_names_a_module(text: str, expected: str) -> None:
    assert found(text) == [(expected, MODULE, "")]


@pytest.mark.parametrize(
    "text",
    [
        "import('./a.js')",
        "import ( /* c */ './a.js' )",
        "import(`./a.js`)",
        "import('./a.js', { with: { type: 'json' } })",
        "import.defer('./a.js')",
        "import . source ( './a.js' )",
        "f(...import('./a.js'))",
        "`${import('./a.js')}`",
        "function f() { return import('./a.js') }",
        "new URL('./a.js', import.meta.url)",
        "new URL(`./a.js`, import.meta.url).href",
        "new  URL (\n'./a.js' ,\nimport . meta . url , )",
        "import.meta.resolve('./a.js')",
        "f(import . meta\n. resolve ( /* c */ `./a.js` , ))",
        "import.meta.resolve?.('./a.js')",
    ],
)
def test_a_call_names_a_file(text: str) -> None:
    assert found(text) == [("./a.js", DYNAMIC, "")]


@pytest.mark.parametrize(
    "text",
    [
        "new Worker(new URL('./a.js', import.meta.url))",
        "new Worker(new URL('./a.js', import.meta.url), { type: 'module' })",
        "new SharedWorker( new URL('./a.js', import.meta.url) )",
        "new Worker(import.meta.resolve('./a.js'), { type: 'module' })",
    ],
)
def test_a_worker_names_a_script_that_must_stay_on_the_origin(text: str) -> None:
    assert found(text) == [("./a.js", WORKER, "")]


@pytest.mark.parametrize(
    "text",
    [
        "import 'react'",
        "import '#internal'",
        "import 'https://cdn.example.com/a.js'",
        "import '//cdn.example.com/a.js'",
        "import('react')",
        "import(a)",
        "import('./a' + b)",
        "import(`./${a}.js`)",
        "import(/* './a.js' */ a)",
        "a.import('./a.js')",
        "a . /* c */ import('./a.js')",
        "this.#import('./a.js')",
        "$import('./a.js')",
        "important('./a.js')",
        "x = { import: './a.js' }",
        "class A { import() { './a.js' } }",
        "class A { import\n'./a.js'\nfrom\n'./b.js' }",
        "'import \"./a.js\"'",
        "// import './a.js'\nb",
        "/* import './a.js' */",
        "`import './a.js'`",
        "x = /import '.\\/a.js'/",
        "export default a\nfrom\n'./a.js'",
        "export const a = './a.js'",
        "from('./a.js')",
        "new URL('./a.js', base)",
        "new URL('./a.js')",
        "new URL('./a.js', import.meta.url + b)",
        "new URL(`./${a}`, import.meta.url)",
        "new URL('https://example.com/', import.meta.url)",
        "new URL('#a', import.meta.url)",
        "new URL('data:,', import.meta.url)",
        "import.meta.resolve('a.js')",
        "import.meta.resolve('react')",
        "import.meta.resolve('./a' + b)",
        "import.meta.resolves('./a.js')",
        "a.import.meta.resolve('./a.js')",
        "Promise.resolve('./a.js')",
        "new Worker('./a.js')",
        "importScripts('./a.js')",
        "import '\\ud800./a.js'",
    ],
)
def test_other_text_names_nothing(text: str) -> None:
    assert found(text) == []


def test_a_bare_path_counts_for_a_url_but_not_for_an_import() -> None:
    assert found("import('a.js'); new URL('a.png', import.meta.url)") == [("a.png", DYNAMIC, "")]


def test_query_and_fragment_stay_outside_of_the_span() -> None:
    assert found("import './a.js?v=1#x'; import('./b.js#y')") == [
        ("./a.js", MODULE, "?v=1#x"),
        ("./b.js", DYNAMIC, "#y"),
    ]


@pytest.mark.parametrize(
    ("literal", "span", "path", "suffix"),
    [
        (r"'./\x61\u0062\u{63}.js'", r"./\x61\u0062\u{63}.js", "./abc.js", ""),
        (r"'.\/a.js\x3fb\u0023c'", r".\/a.js", "./a.js", "?b#c"),
        (r"'./\ud83d\ude00.js'", r"./\ud83d\ude00.js", "./\U0001f600.js", ""),
        ("'./a\\\nb.js'", "./a\\\nb.js", "./ab.js", ""),
        (r"'./\'a\'.js'", r"./\'a\'.js", "./'a'.js", ""),
        ("'./\U0001f600%20.js'", "./\U0001f600%20.js", "./\U0001f600%20.js", ""),
    ],
)
def test_escapes_are_undone_for_the_path_and_spanned_in_the_text(
    literal: str, span: str, path: str, suffix: str
) -> None:
    text = f"import {literal};"
    (one,) = references(text)

    assert (text[one.start : one.end], one.path, one.suffix) == (span, path, suffix)


def test_references_come_in_order_of_place() -> None:
    text = "import('./a'); import './b'; new URL('c', import.meta.url); export * from './d'\n"
    text += "//# sourceMappingURL=e"

    assert [one.path for one in references(text)] == ["./a", "./b", "c", "./d", "e"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n//# sourceMappingURL=a.js.map", "a.js.map"),
        ("a\n//# sourceMappingURL=a.js.map \n\n", "a.js.map"),
        ("a\r\n//@ sourceMappingURL=a.js.map\r\n", "a.js.map"),
        ("a //# sourceMappingURL=a.js.map", "a.js.map"),
        ("a\n/*# sourceMappingURL=a.js.map */", "a.js.map"),
        ("a\n//# sourceMappingURL=b.map\n//# sourceMappingURL=a.js.map\n// c\n", "a.js.map"),
        ("import 'x'\n//# sourceMappingURL=a.js.map\n", "a.js.map"),
        ("a\n/*#sourceMappingURL=a.js.map\n*/", "a.js.map"),
    ],
)
def test_the_last_source_map_comment_after_all_code_counts(text: str, expected: str) -> None:
    assert found(text) == [(expected, SOURCE_MAP, "")]


@pytest.mark.parametrize(
    "text",
    [
        "//# sourceMappingURL=a.js.map\na",
        "//# sourceMappingURL=a.js.map\n;import 'x'",
        "a\n// # sourceMappingURL=a.js.map",
        "a\n//# sourceMappingURL=a.js.map b",
        "a\n//# sourceMappingURL=",
        "a\n//# sourceMappingURL=https://example.com/a.js.map",
        "a\n//# sourceMappingURL=data:application/json;base64,e30=",
        "`\n//# sourceMappingURL=a.js.map`",
        "a = '//# sourceMappingURL=a.js.map'",
        "/*\n//# sourceMappingURL=a.js.map */",
        "a = /[//# sourceMappingURL=a.js.map]/",
    ],
)
def test_other_source_map_comments_do_not(text: str) -> None:
    assert found(text) == []


def test_a_text_that_cannot_be_read_is_refused_with_its_place() -> None:
    with pytest.raises(LexError) as caught:
        references("import './a.js'; 'b")

    assert caught.value.offset == 17


def test_a_text_without_any_of_the_words_is_not_even_read() -> None:
    assert references("(((") == []
    assert is_module("(((") is False


@pytest.mark.parametrize(
    "text",
    [
        "import 'a'",
        "import a from 'b'",
        "f()\nexport { g }",
        "export default 1",
        "export const a = 1",
        "import('a'); import 'b'",
        "f(import.meta.url)",
        "await f()",
        "const a = await f()",
        "if (a) { await b }",
        "for await (const a of b) ;",
        "f = async x => await x\nawait f()",
        "try { await import('a') } catch {}",
        "async function f() { await g() }\nawait f()",
        "x = { if(a) {} }; if (a) { await b }",
        "f(a)\n{ await b }",
        "switch (a) { case 1: await b }",
        "try {} catch (e) { await b }",
        "while (a) { await b }",
        "for (a of b) { for await (c of d) { } }",
    ],
)
def test_what_only_a_module_can_say_makes_a_module(text: str) -> None:
    assert is_module(text)


@pytest.mark.parametrize(
    "text",
    [
        "import('a')",
        "a.import.meta",
        "exports.a = 1; module.export = 2",
        "a.export = 1",
        "'import a from \"b\"'",
        "// export default 1",
        "async function f() { await g() }",
        "async () => { for await (const a of b) ; }",
        "f = async x => await x",
        "x = { async f() { await g() } }",
        "class A { async f() { await g() } }",
        "class A { async *f () { if (a) { await g() } } }",
        "async function f()\n{ try { await g() } catch (e) { await h() } }",
        "x = async (a, b) =>\n{ { await g() } }",
        "x = async function * named (a = (1, 2)) { await g() }",
        "a.await(b)",
        "var await = 1; await;",
        "x = { await: 1, import: 2, export: 3 }",
    ],
)
def test_other_texts_are_scripts(text: str) -> None:
    assert not is_module(text)
