"""Chains of engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdn_pipeline import chain
from cdn_pipeline.config_file import load
from cdn_pipeline.definitions.bundle import Bundle, Filter
from cdn_pipeline.errors import ConfigError
from tests.conftest import Site
from tests.test_cli import age, run_json


def read(root: Path, minify: str) -> chain.Chains:
    (root / "cdn_pipeline.toml").write_text(f"[minify]\n{minify}\n")
    return chain.read(load(root / "cdn_pipeline.toml"))


@pytest.mark.parametrize(
    ("minify", "message"),
    [
        ('css = ["cssmni"]', "2: minify.css: engine 'cssmni': there is none; did you mean 'cssmin'?"),
        ('skip = []\njs = ["nonsense"]', "3: minify.js: engine 'nonsense': there is none"),
        ('js = ["default", "csscompressor"]', "2: minify.js: engine 'csscompressor': minifies css, not"),
        ('css = ["no_such:f"]', "2: minify.css: engine 'no_such:f': needs the Python package 'no_such'"),
        ('css = ["own:f"]', "2: minify.css: engine 'own:f': module 'own' has no 'f'"),
        ('css = ["broken:f!"]', "2: minify.css: engine 'broken:f': ZeroDivisionError: division by zero"),
    ],
)
def test_an_engine_that_can_never_run(tmp_path: Path, minify: str, message: str) -> None:
    (tmp_path / "own.py").write_text("")
    (tmp_path / "broken.py").write_text("1 / 0\n")
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, minify)

    assert str(caught.value.problems[0]).partition("cdn_pipeline.toml:")[2].startswith(message)


def test_all_engines_that_can_never_run_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, 'css = ["one", "two"]\njs = ["three"]')

    assert [problem.line for problem in caught.value.problems] == [2, 2, 3]


def test_ours_depends_on_nothing_else(tmp_path: Path) -> None:
    assert read(tmp_path, 'css = ["default"]') == chain.Chains(("", ""), ())


def test_an_engine_of_a_package_depends_on_its_version(tmp_path: Path) -> None:
    version = read(tmp_path, 'css = ["rcssmin!"]\njs = []').versions[0]

    assert "'rcssmin 1." in version
    assert "'webassets " in version


def test_an_engine_depends_on_all_its_own_code(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools/__init__.py").write_text("from tools.inner import f\n")
    (tmp_path / "tools/inner.py").write_text("def f(text):\n    return text\n")
    first = read(tmp_path, 'css = ["tools:f"]')
    (tmp_path / "tools/inner.py").write_text("def f(text):\n    return text.strip()\n")
    second = read(tmp_path, 'css = ["tools:f"]')

    assert first.code == (tmp_path / "tools/__init__.py", tmp_path / "tools/inner.py")
    assert first.versions != second.versions


def test_a_changed_engine_minifies_again(site: Site) -> None:
    config = '[minify]\ncss = ["tools:f"]\n[[routes]]\nmatch = ["*"]\nencodings = []\n'
    inner = "def f(text):\n    return text.replace('  ', {!r})\n"
    site.write({"tools/__init__.py": "from tools.inner import f\n", "tools/inner.py": inner.format(" ")})
    site.write({"static/a.css": "a  b  { color:  red }"})
    site.build(config)
    assert site.served("a.css") == "a b { color: red }"

    site.write({"tools/inner.py": inner.format("\n")})
    site.build(config)
    assert site.served("a.css") == "a\nb\n{ color:\nred }"


def test_the_filters_of_nested_bundles() -> None:
    inner = Bundle("inner", "", ("a.scss",), (Filter("libsass"),))
    outer = Bundle("outer", "o.css", (inner,), (Filter("own", {}, ("tools.Own",)),))

    assert list(chain.filter_names(outer)) == ["own", "tools.Own", "libsass"]


@pytest.mark.parametrize(
    "config", ['[minify]\ncss = ["mym:f"]\n', '[bundles]\ndefinitions = ["assets.yaml"]\n']
)
def test_a_change_of_the_sites_own_code_is_seen(site: Site, config: str) -> None:
    site.write(
        {
            "cdn_pipeline.toml": config,
            "assets.yaml": "directory: static\nbundles:\n  b.css: {filters: 'mym:f', contents: css/a.css}\n",
            "static/css/a.css": "a {}",
            "mym.py": "def f(text):\n    return text\n",
        }
    )
    age(site)
    run_json(site.root, "build")
    (site.out / ".cdn_pipeline/fresh.json").unlink()
    run_json(site.root, "build")  # now the code is known from the cache
    assert run_json(site.root, "build")["changed"] is False

    site.write({"mym.py": "def f(text):\n    return text + ' '\n"})
    assert run_json(site.root, "build")["changed"] is True
