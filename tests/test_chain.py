"""Chains of engines."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cdn_pipeline import chain, programs
from cdn_pipeline.config_file import load
from cdn_pipeline.definitions.bundle import Bundle, Filter
from cdn_pipeline.errors import ConfigError
from tests.conftest import PLAIN, Site
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


SHOUT = "#!/bin/sh\ncat > /dev/null\necho '{}'\n"
OF_A_BUNDLE = PLAIN.replace("minify = false\n", 'minify = false\n[bundles]\ndefinitions = ["assets.yaml"]\n')


@pytest.mark.parametrize(
    ("config", "path", "program"),
    [
        (OF_A_BUNDLE, "b.css", "bin/lessc"),
        (OF_A_BUNDLE, "c.css", "tools/own"),
        (OF_A_BUNDLE, "d.css", "bin/shelled"),
        (PLAIN.replace("minify = false", '[minify]\ncss = ["cleancss!"]'), "a.css", "bin/cleancss"),
    ],
)
def test_another_version_of_a_program_is_seen(
    site: Site, monkeypatch: pytest.MonkeyPatch, config: str, path: str, program: str
) -> None:
    monkeypatch.setenv("PATH", f"{site.root}/bin{os.pathsep}{os.environ['PATH']}")
    site.write(
        {
            "assets.yaml": "directory: static\nbundles:\n"
            "  one: {filters: less, contents: a.css, output: b.css}\n"
            "  two: {filters: 'mym:own', contents: a.css, output: c.css}\n"
            "  three: {filters: 'mym:shelled', contents: a.css, output: d.css}\n",
            "static/a.css": "a { b : c }  /* long enough */\n",
            "mym.py": "from subprocess import check_output\n"
            "def own(text):\n    return check_output(['./own'], cwd='tools', input='', text=True)\n"
            "def shelled(text):\n    return check_output('shelled x', shell=True, input='', text=True)\n",
            "cdn_pipeline.toml": config,
        }
    )
    for name in ("bin/lessc", "bin/shelled", "bin/cleancss", "tools/own"):
        site.write({name: SHOUT.format("a{b:c}")})
        (site.root / name).chmod(0o755)
    age(site)
    assert run_json(site.root, "build")["changed"] is True
    assert site.served(path) == "a{b:c}\n"
    (site.out / ".cdn_pipeline/fresh.json").unlink()
    run_json(site.root, "build")  # now the programs are known from the cache
    assert run_json(site.root, "build")["changed"] is False

    site.write({program: SHOUT.format("a{b:d} ")})
    assert run_json(site.root, "build")["changed"] is True
    assert site.served(path) == "a{b:d} \n"


def test_a_minifier_is_run_again_when_its_program_has_come(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{site.root}/bin{os.pathsep}/usr/bin{os.pathsep}/bin")
    site.write(
        {
            "assets.yaml": "directory: static\nbundles:\n"
            "  one: {filters: cleancss, contents: a.css, output: b.css}\n",
            "static/a.css": "a { b : c }  /* long enough */\n",
        }
    )
    (fallen,) = site.build(OF_A_BUNDLE).drafts["b.css"].fallen
    assert fallen.message == "needs the program 'cleancss', which is not installed"

    site.write({"bin/cleancss": SHOUT.format("a{b:c}")})
    (site.root / "bin/cleancss").chmod(0o755)
    assert site.build(OF_A_BUNDLE).drafts["b.css"].fallen == ()


def test_the_package_of_a_program_tells_its_version(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{site.root}/bin")
    site.write({"node_modules/sass/bin/sass.js": "", "node_modules/sass/package.json": "{}"})
    (site.root / "node_modules/sass/bin/sass.js").chmod(0o755)
    (site.root / "bin").mkdir()
    (site.root / "bin/sass").symlink_to("../node_modules/sass/bin/sass.js")
    before = programs.stamp("sass")
    site.write({"node_modules/sass/package.json": '{"version": "2"}'})

    assert programs.stamp("sass") != before
    assert programs.stamp("nothing-of-that-name") == ""
