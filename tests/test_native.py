"""The lexers' inner loops in C do what those in Python do."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from cdn_pipeline.minify import javascript as printer
from cdn_pipeline.references import javascript as references
from cdn_pipeline.tokens import LexError, native
from cdn_pipeline.tokens import javascript as lexer
from cdn_pipeline.tokens.javascript_check import check
from cdn_pipeline.tokens.javascript_gaps import squeeze
from cdn_pipeline.tokens.javascript_pieces import Pieces

SAMPLE = Path(__file__).parents[1] / "sample_site"
in_c = native.javascript

CAN_COMPILE = shutil.which("cc") is not None and (Path(sysconfig.get_path("include")) / "Python.h").exists()
pytestmark = pytest.mark.skipif(
    in_c is None and not CAN_COMPILE, reason="there was no compiler when this was installed"
)

TOKENS = some.sampled_from(
    [
        *"\"'`/\\{}()[]<>=!?.,;:+-*%&|^~#@$ \t\n\r\v\f\0\x01\x02\x7f\xa0\ufeff\u2028é漢𝒳0a_",
        *[
            "${",
            "}`",
            "/*",
            "*/",
            "//",
            "/*!",
            "<!--",
            "-->",
            "=>",
            "++",
            "--",
            "...",
            "?.",
            "\\u0061",
            "\r\n",
            "5.",
        ],
        *[
            "if",
            "while",
            "for",
            "await",
            "return",
            "typeof",
            "yield",
            "of",
            "in",
            "class",
            "async",
            "let",
            "break",
        ],
        *["import ", "export ", 'from "./a.js"', "import.meta", "new URL('./b', import.meta.url)", "`x${"],
        *[
            "/re/g",
            "/[/]/u",
            "/a/gg",
            " / ",
            ") / ",
            "x / ",
            "] / ",
            "a.b",
            "(a + b)",
            "function f() {",
            "\n}\n",
        ],
    ]
)
TEXTS = some.lists(TOKENS, max_size=40).map("".join)


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    yield
    native.javascript = in_c  # type: ignore[misc]


def outcomes(text: str) -> list[Any]:
    """What lexer, printer and readers make of *text*: results or errors."""

    def of(make: Callable[[str], Any]) -> Any:
        lexer._recent.clear()
        try:
            return make(text)
        except LexError as error:
            return error.offset, error.message

    made = (literals, masked, printer.minify, references.references, references.is_module)
    return [of(each) for each in made]


def masked(text: str) -> str:
    return lexer.pieces(text).masked()


def literals(text: str) -> list[tuple[str, str, str]]:
    """(code before it, literal, mark) of each; cuts that the lexer made for itself left out."""
    found: list[tuple[str, str, str]] = []
    code = ""
    cut = lexer.pieces(text)
    for piece, literal, mark in zip(cut.code, [*cut.literals, "end"], [*cut.marks, "end"], strict=True):
        code += piece
        if mark:
            found.append((code, literal, mark))
            code = ""
    return found


def check_both(text: str) -> None:
    native.javascript = in_c  # type: ignore[misc]
    fast = outcomes(text)
    native.javascript = None  # type: ignore[misc]
    assert fast == outcomes(text)


@settings(max_examples=1500)
@given(TEXTS)
@example("a = b\r\n/c/g\n")
@example("`${`${`${1}`}`}`")
@example("\"\\\r\n\" + '\\'")
@example("x = /[/\\]]/y / 2 / /=/")
@example("`" + "${`" * 120)
@example("a\\u0061 typeof /x/")
@example("x\xa0\n\u2003=\u2029\ufeff/*! kept */ y /*\u2028*/ z")
@example("1. . x; 1 .x; a - --b; a + +b; c < !--d; '' / x; /x/ / '';")
def test_any_text_has_the_same_literals_print_and_references(text: str) -> None:
    check_both(text)


SOURCES = sorted((SAMPLE / "static").rglob("*.js")) + sorted((SAMPLE / "static").rglob("*.mjs"))


@settings(max_examples=200)
@given(some.sampled_from(SOURCES), some.data())
def test_a_real_script_with_a_piece_lost_or_moved(source: Path, data: some.DataObject) -> None:
    text = source.read_text()
    start = data.draw(some.integers(0, len(text)))
    end = data.draw(some.integers(start, min(len(text), start + 50)))
    check_both(text[:start] + data.draw(TEXTS) + text[end:])


CODE = some.text(some.sampled_from("\x01\x01 \n\t/+-.<!0a)='*\xa0\u2028漢"), max_size=30)


@settings(max_examples=2000)
@given(CODE)
def test_any_code_is_squeezed_the_same(code: str) -> None:
    assert in_c is not None
    fast = in_c.squeeze(code)
    native.javascript = None  # type: ignore[misc]
    assert fast == squeeze(code)


@settings(max_examples=500)
@given(some.lists(TEXTS, min_size=1, max_size=3))
def test_what_is_plain_would_be_accepted(code: list[str]) -> None:
    assert in_c is not None
    if in_c.is_plain(code):
        native.javascript = None  # type: ignore[misc]
        try:
            check(Pieces(code, ["x"] * (len(code) - 1), ['"'] * (len(code) - 1)))
        except LexError as error:
            assert "JSX" in error.message


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda module: module.scan("", 0, 0, [], [], []), TypeError),
        (lambda module: module.scan("", 3, 0, [], [], [], []), ValueError),
        (lambda module: module.scan("x", 0, 0, ["a"], [], [], []), TypeError),
        (lambda module: module.is_plain("x"), TypeError),
        (lambda module: module.is_plain([1]), TypeError),
        (lambda module: module.squeeze(b"x"), TypeError),
        (lambda module: module.masked(["x"], ["y"], []), ValueError),
        (lambda module: module.masked([1], [], []), TypeError),
        (lambda module: module.filled('"', []), ValueError),
        (lambda module: module.filled("", ["x"]), ValueError),
        (lambda module: module.filled('"', [1]), ValueError),
    ],
)
def test_wrong_arguments_are_errors(call: Callable[[Any], object], error: type[Exception]) -> None:
    with pytest.raises(error):
        call(in_c)


WITHOUT_C = """
import sys
sys.modules["cdn_pipeline.tokens._javascript"] = sys.modules["cdn_pipeline.tokens._css"] = None
from cdn_pipeline.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_a_site_is_built_the_same_without_c(tmp_path: Path) -> None:
    config = ["--config", str(SAMPLE / "cdn_pipeline.toml"), "build", "--no-cache", "--out"]
    for name, program in (("with", ["-m", "cdn_pipeline"]), ("without", ["-c", WITHOUT_C])):
        subprocess.run(
            [sys.executable, *program, *config, str(tmp_path / name)], check=True, capture_output=True
        )
    built = [sorted(path for path in (tmp_path / name / "origin").rglob("*")) for name in ("with", "without")]
    assert len(built[0]) > 20
    for one, other in zip(*built, strict=True):
        assert one.relative_to(tmp_path / "with") == other.relative_to(tmp_path / "without")
        assert one.is_dir() or one.read_bytes() == other.read_bytes()


def test_the_loops_in_c_are_there_wherever_they_can_be_compiled() -> None:
    assert in_c is not None
    assert native.css is not None
