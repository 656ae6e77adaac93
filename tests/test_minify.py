"""Minifying by a chain of engines, none of which is trusted."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdn_pipeline.minify import Fallback, Outcome, minify
from cdn_pipeline.minify.trailer import cut

OWN = """
def squeeze(text): return ''.join(text.split())
def grow(text): return text + '\\n' * 9
def same(text): return text
def upper(text): return text.upper()
def trim(text): return text.strip()
def nothing(text): return ''
def fails(text): raise ValueError('no')
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "own.py").write_text(OWN)
    return tmp_path


@pytest.mark.parametrize(
    ("language", "text", "result"),
    [
        ("css", "a { color : red ; }\n", "a{color:red}"),
        ("javascript", "var a = 1 ;\nvar b\n", "var a=1;var b"),
        ("css", "", ""),
        ("javascript", "", ""),
    ],
)
def test_the_default_is_our_own_printer(language: str, text: str, result: str) -> None:
    assert minify(language, text, ["default"]) == Outcome(result, "default")


def test_the_first_engine_whose_result_means_the_same_wins(own: Path) -> None:
    found = minify("css", "a  b{c:d}  ", ["own:fails", "own:squeeze", "own:trim", "default"], root=own)

    assert (found.text, found.engine) == ("a  b{c:d}", "own:trim")
    assert [fallback.engine for fallback in found.fallbacks] == ["own:fails", "own:squeeze"]
    assert found.fallbacks[0] == Fallback("own:fails", "ValueError: no", 0)
    assert found.fallbacks[1].offset == 0


def test_where_every_engine_fails_the_text_stays(own: Path) -> None:
    found = minify("css", "a  b{c:d}", ["own:upper", "own:nothing", "nonsense"], root=own)

    assert (found.text, found.engine, len(found.fallbacks)) == ("a  b{c:d}", "", 3)


def test_no_engine_no_change() -> None:
    assert minify("javascript", "var  a", []) == Outcome("var  a", "")


def test_a_larger_result_is_not_used_and_ends_the_chain(own: Path) -> None:
    assert minify("css", "a{b:c }", ["own:grow", "default"], root=own) == Outcome("a{b:c }", "")
    assert minify("css", "a{b:c }", ["own:same"], root=own) == Outcome("a{b:c }", "own:same")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("css", "a{b:c}}} /* open"),
        ("css", "a{b:'open\n}"),
        ("javascript", "var a = 'open\n"),
        ("javascript", "}) /* open"),
        ("javascript", "var a = `${"),
        ("css", "\x00\ufffe\ud800"),
        ("javascript", "\x00\ufffe\ud800"),
    ],
)
@pytest.mark.parametrize("engine", ["default", "csscompressor", "rcssmin", "jsmin", "rjsmin", "cssmin"])
def test_bad_input_never_raises(language: str, text: str, engine: str) -> None:
    found = minify(language, text, [engine])

    assert found.text == text or found.engine == engine


MAP = "sourceMappingURL=a.map"


@pytest.mark.parametrize(
    ("language", "text", "body", "comment"),
    [
        ("javascript", f"a()\n//# {MAP}", "a()\n", f"//# {MAP}"),
        ("javascript", f"a()\n  //@ {MAP}  \n\n", "a()\n  ", f"//@ {MAP}"),
        ("javascript", f"a()\r\n//# {MAP}\r\n", "a()\r\n", f"//# {MAP}"),
        ("javascript", f"a()\n//# sourceURL=b.js\n//# {MAP}\n", "a()\n", f"//# sourceURL=b.js\n//# {MAP}"),
        ("javascript", f"a();//# {MAP}", "a();", f"//# {MAP}"),
        ("javascript", "a();//# sourceMappingURL=data:x,y", "a();", "//# sourceMappingURL=data:x,y"),
        ("javascript", f"a = /[//# {MAP}]/", None, ""),
        ("javascript", f"a = `\n//# {MAP}`", None, ""),
        ("javascript", f"a = '//# {MAP}'", None, ""),
        ("javascript", f"//# {MAP}\na()", None, ""),
        ("javascript", f"/* //# {MAP} */", None, ""),
        ("css", f"a{{}}\n/*# {MAP} */", "a{}\n", f"/*# {MAP} */"),
        ("css", f"a{{}}/*# {MAP} */\n", "a{}", f"/*# {MAP} */"),
        ("css", f"a{{b:url(/*# {MAP} */)}}", None, ""),
        ("css", f"a{{b:'/*# {MAP} */", None, ""),
        ("css", f"/*# {MAP} */ a{{}}", None, ""),
        ("css", f"a{{}}\n//# {MAP}", None, ""),
    ],
)
def test_only_a_comment_at_the_end_names_a_source_map(
    language: str, text: str, body: str | None, comment: str
) -> None:
    assert cut(language, text) == (text if body is None else body, comment)


@pytest.mark.parametrize("engine", ["default", "rjsmin", "jsmin"])
def test_the_source_map_comment_stays_at_the_end_of_a_script(engine: str) -> None:
    found = minify("javascript", f"var a = 1 ;\n\n//# {MAP}\n", [engine])

    assert found == Outcome(f"var a=1;\n//# {MAP}", engine)


@pytest.mark.parametrize("engine", ["default", "rcssmin", "csscompressor"])
def test_the_source_map_comment_stays_at_the_end_of_a_sheet(engine: str) -> None:
    found = minify("css", f"a {{ b : c }}\n\n/*# {MAP} */\n", [engine])

    assert found == Outcome(f"a{{b:c}}\n/*# {MAP} */", engine)


CSS = st.text("ab{}()[]:;,.#>+-*/\\'\"@! \n1%u", max_size=40)
JAVASCRIPT = st.text("ab{}()[]:;,.#>+-*/\\'\"`$! \n1=?x", max_size=40)


@given(CSS, st.sampled_from(["default", "rcssmin", "csscompressor"]))
def test_a_minified_sheet_passes_the_guard(text: str, engine: str) -> None:
    from cdn_pipeline.guards import css

    found = minify("css", text, [engine])

    assert found.text == text or css.difference(text, found.text) is None


@given(JAVASCRIPT, st.sampled_from(["default", "rjsmin", "jsmin"]))
def test_a_minified_script_passes_the_guard(text: str, engine: str) -> None:
    from cdn_pipeline.guards import javascript

    found = minify("javascript", text, [engine])

    assert found.text == text or javascript.difference(text, found.text) is None
