"""The structure that docs/architecture.md promises."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cdn_pipeline.freshness import APART

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "cdn_pipeline"
ROWS = re.findall(
    r"^\| `(\w+/?)` \| (pure)? *\|", (ROOT / "docs/architecture.md").read_text("utf-8"), re.MULTILINE
)
ORDER = [name.rstrip("/") for name, _ in ROWS]
PURE = [name.rstrip("/") for name, pure in ROWS if pure]
IMPURE = {
    "os",
    "time",
    "subprocess",
    "pathlib",
    "socket",
    "shutil",
    "tempfile",
    "random",
    "datetime",
    "sqlite3",
}
ALLOWED = {"os.path"}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py"))


def noun(path: Path) -> str:
    """The entry of the table that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "cdn_pipeline":
                yield from (f"cdn_pipeline.{alias.name}" for alias in node.names)


def test_the_table_names_every_module() -> None:
    assert sorted(ORDER) == sorted({noun(path) for path in modules()} - {"__init__", "__main__"})


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_stands_above_it(path: Path) -> None:
    if path.stem.startswith("__") and path.parent == PACKAGE:
        return
    own = noun(path)
    above = ORDER[: ORDER.index(own) + 1]
    ours = {name.split(".")[1] for name in imported(path) if name.startswith("cdn_pipeline.")}

    assert ours - {"__version__", "CONFIG", "ORIGIN", "PRIVATE", "RELOAD_S"} <= set(above)


@pytest.mark.parametrize(
    "path",
    [path for path in modules() if noun(path) in PURE],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_a_pure_module_touches_nothing(path: Path) -> None:
    touching = {name for name in imported(path) if name.split(".")[0] in IMPURE and name not in ALLOWED}
    calls = {
        node.func.id
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }

    assert touching == set()
    assert "open" not in calls


def test_no_build_uses_what_is_apart_from_it() -> None:
    waiting = ["build"]
    for name in waiting:
        files = [path for path in modules() if noun(path) == name]
        ours = {
            one.split(".")[1] for path in files for one in imported(path) if one.startswith("cdn_pipeline.")
        }
        waiting += sorted(each for each in ours if each in ORDER and each not in waiting)

    assert APART & set(waiting) == set()


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))


def test_a_build_loads_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static/a.css").write_text("a { color: red }")
    (tmp_path / "static/a.js").write_text("a( 1 )")
    (tmp_path / "cdn_pipeline.toml").write_text("")
    program = (
        "import sys; from cdn_pipeline.cli import main; code = main(['build']);"
        "print([name for name in sys.modules if name.split('.')[0] in "
        "('boto3', 'botocore', 'webassets', 'jinja2', 'yaml', 'csscompressor', 'jsmin', 'django', 'flask')])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert ran.stdout.splitlines()[-1] == "[]"
