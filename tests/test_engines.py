"""Everybody's minifiers by name, held to what they promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdn_pipeline.definitions import Filter
from cdn_pipeline.filters import Site
from cdn_pipeline.filters.step import Step
from cdn_pipeline.minify import engines
from cdn_pipeline.minify.engines import Engine, Refused


def run(language: str, text: str, name: str, root: Path = Path(), time_limit_s: float = 60) -> str:
    engine = engines.named(name)
    result = engines.run(language, text, engine, time_limit_s, root)
    engines.check(language, text, result, engine)
    return result


CSS = "/* note */ a { color : red ; }\n\n/*! kept */ b { margin : 0 }\n"
JAVASCRIPT = "// note\nvar a = 1 ;\n\n/*! kept */\nvar b = `x  ${ a }  y` ;\n"


@pytest.mark.parametrize(
    ("language", "text", "name", "result"),
    [
        ("css", CSS, "csscompressor", "a{color:red}/*! kept */b{margin:0}"),
        ("css", CSS, "rcssmin", "a{color:red}/*! kept */b{margin:0}"),
        ("javascript", JAVASCRIPT, "rjsmin", "var a=1;/*! kept */var b=`x  ${ a }  y`;"),
        ("javascript", JAVASCRIPT, "jsmin", "var a=1;/*! kept */\nvar b=`x  ${ a }  y`;"),
    ],
)
def test_an_engine_is_known_by_name(language: str, text: str, name: str, result: str) -> None:
    assert run(language, text, name) == result


@pytest.mark.parametrize("text", ["x = a\n(b)", "x = `a  b`", "if (a) /b  c/.test(d)"])
def test_a_changed_script_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "own.py").write_text("def squeeze(text): return ''.join(text.split())")

    with pytest.raises(Refused):
        run("javascript", text, "own:squeeze", tmp_path)


@pytest.mark.parametrize("text", ["a b{c:d}", "a{b:c d}", "a{width:calc(1px + 2px)}", "a{b:'c  d'}"])
def test_a_changed_style_sheet_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "own.py").write_text("def squeeze(text): return ''.join(text.split())")

    with pytest.raises(Refused):
        run("css", text, "own:squeeze", tmp_path)


@pytest.mark.parametrize(
    ("language", "name", "message"),
    [
        ("css", "rjsmin", "minifies javascript, not css"),
        ("javascript", "csscompressor", "minifies css, not javascript"),
        ("css", "nonsense", "there is no such filter; one of your own is named 'module:attribute'"),
        ("css", "own:missing", "module 'own' has no 'missing'"),
        ("css", "own:number", "returned int, not text"),
        ("css", "own:fails", "ZeroDivisionError: division by zero"),
        ("css", "own:loops", "took longer than 0.05 s"),
        ("css", "datauri", "does not work on joined text, so it is no minifier"),
        ("css", "cleancss", "needs the program 'cleancss', which is not installed"),
        ("javascript", "slimit", 'The "slimit" package is not installed.'),
    ],
)
def test_an_engine_that_cannot_do_it_says_why(
    tmp_path: Path, language: str, name: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "own.py").write_text(
        "def number(text): return 1\ndef fails(text): return 1 / 0\ndef loops(text):\n    while True: pass\n"
    )
    limit_s = 0.05 if name == "own:loops" else 60

    with pytest.raises(Refused) as caught:
        run(language, "a{b:c}", name, tmp_path, limit_s)

    assert caught.value.message == message


def test_an_engine_that_restructures_is_held_to_the_same_references(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "def merge(text): return 'a,b{background:url(x.png)}'\n"
        "def lose(text): return 'a{}'\n"
        "def add(text): return text + 'c{background:url(y.png)}'\n"
        "def garble(text): return text + '\"'\n"
    )
    text = "a{background:url(x.png)}b{background:url(x.png)}"

    assert run("css", text, "own:merge!", tmp_path) == "a,b{background:url(x.png)}"
    with pytest.raises(Refused, match=r"^the reference 'x.png' is lost$") as caught:
        run("css", text, "own:lose!", tmp_path)
    assert caught.value.offset == 17
    with pytest.raises(Refused, match=r"^the reference 'y.png' is new$"):
        run("css", text, "own:add!", tmp_path)
    with pytest.raises(Refused):
        run("css", text, "own:merge", tmp_path)


def test_a_name_with_an_exclamation_mark_restructures() -> None:
    assert engines.named("closure_js!") == Engine("closure_js", True)
    assert engines.named("closure_js") == Engine("closure_js", False)


def test_a_bundles_minifier_keeps_its_options(tmp_path: Path) -> None:
    site = Site(tmp_path)
    plain = engines.of(Step(Filter("rjsmin"), site, {}))
    keeping = engines.of(Step(Filter("rjsmin", {"keep_bang_comments": True}), site, {}))
    told = engines.of(Step(Filter("rcssmin"), site, {"rcssmin_keep_bang_comments": True}))

    assert plain == Engine("rjsmin")
    assert keeping.minified is not None
    assert keeping.minified("/*! a */ b ( ) ;") == "/*! a */b();"
    assert engines.run("css", "/*! a */ b { }", told, 60, tmp_path) == "/*! a */b{}"
