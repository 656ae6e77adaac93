"""Bundles in Python: a module with ``webassets.Bundle`` objects, or with an ``Environment``."""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from cdn_pipeline.definitions.bundle import Origin
from cdn_pipeline.definitions.file import Found, shown
from cdn_pipeline.definitions.file import read as read_text
from cdn_pipeline.definitions.namespace import Namespace, NotThere, registered
from cdn_pipeline.errors import ERROR, Problem

EXECUTED: dict[Path, ModuleType] = {}  # a bundle may have many live filters; `read` renews it


def read(definitions: str, root: Path, sources: tuple[Path, ...]) -> Found:
    """The bundles of a file (``assets.py``), a module (``site.assets``) or an environment in one
    (``site.assets:env``, ``assets.py:env``). Executes it, with *root* as the first place for imports."""
    module, _, attribute = definitions.partition(":")
    file = _file(module, root)
    name = shown(file, root)
    if not file.is_file():
        hint = "name a .yaml file, a .py file or a module below the config's directory"
        return Found({}, [Problem(ERROR, definitions, "no such definitions", hint)], [])
    with importable(root) as imported:
        try:
            namespace = EXECUTED[file] = _execute(file, root)
            found = Namespace(definitions, name, _lines(file, name), sources).found(
                vars(namespace), attribute
            )
        except NotThere as error:
            found = Found({}, [Problem(ERROR, name, str(error))], [])
        except (Exception, SystemExit) as error:
            found = Found({}, [_raised(error, file, name)], [])
        inputs = sorted({file, *_own_files(imported(), root)})
    return found._replace(inputs=inputs)


def live(origin: Origin, root: Path) -> Any:
    """The webassets filter at *origin*; executes its definitions, once in a process.

    Raises `NotThere`.
    """
    module, _, attribute = origin.definitions.partition(":")
    file = _file(module, root)
    with importable(root):
        if file not in EXECUTED:
            EXECUTED[file] = _execute(file, root)
        found: Any = registered(vars(EXECUTED[file]), attribute)[0].get(origin.bundle)
        *contents, last = origin.path
        try:
            for index in contents:
                found = found.contents[index]
            return found.filters[last]
        except (AttributeError, IndexError, TypeError) as error:
            raise NotThere(f"{origin.definitions} has no such filter any more") from error


def _file(module: str, root: Path) -> Path:
    if module.endswith(".py"):
        return root / module
    path = root / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@contextlib.contextmanager
def importable(root: Path) -> Iterator[Any]:
    """Within, *root* comes first in imports; afterwards nothing that was imported from there is left.

    Yields a function that gives the new modules with their names.
    """
    before, path, write = set(sys.modules), list(sys.path), sys.dont_write_bytecode

    def imported() -> list[tuple[str, ModuleType]]:
        return [(name, module) for name, module in sys.modules.items() if name not in before]

    importlib.invalidate_caches()
    sys.path.insert(0, str(root))
    sys.dont_write_bytecode = True  # a cached module of the same second and size would hide an edit
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield imported
    finally:
        sys.path[:], sys.dont_write_bytecode = path, write
        for name, module in imported():
            if _own_files([(name, module)], root):
                del sys.modules[name]


def _own_files(modules: Iterable[tuple[str, ModuleType]], root: Path) -> list[Path]:
    """The source files of *modules* below *root*, except what is installed there."""
    files = (Path(file) for _, module in modules if (file := getattr(module, "__file__", None)))
    return [file for file in files if file.is_relative_to(root) and "site-packages" not in file.parts]


def _execute(file: Path, root: Path) -> ModuleType:
    dotted = _dotted(file, root)
    if dotted:
        return importlib.import_module(dotted)
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise NotThere("is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


def _dotted(file: Path, root: Path) -> str:
    """The module's name inside its package, so that relative imports work; "" if it is in none."""
    parts = [file.stem] if file.stem != "__init__" else []
    directory = file.parent
    while directory != root and (directory / "__init__.py").is_file():
        parts.insert(0, directory.name)
        directory = directory.parent
    in_package = len(parts) > 1 or file.stem == "__init__"
    return ".".join(parts) if in_package and directory == root else ""


def _raised(error: BaseException, file: Path, name: str) -> Problem:
    """Where in *file* it happened, though it may have been raised further down."""
    if isinstance(error, SyntaxError) and error.filename:
        place = error.filename if error.filename != str(file) else name
        return Problem(
            ERROR, place, f"not valid Python: {error.msg}", "", error.lineno or 0, error.offset or 0
        )
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno or 0 for frame in frames if frame.filename == str(file)]
    message = f"{type(error).__name__}: {error}".rstrip(": ")
    return Problem(ERROR, name, f"raised {message}", "", lines[-1] if lines else 0)


def _lines(file: Path, name: str) -> Mapping[str, int]:
    """Where each bundle is assigned to a variable or registered, as far as one can see."""
    text = read_text(file, name)
    found: dict[str, int] = {}
    for node in ast.walk(ast.parse(text if isinstance(text, str) else "")):
        if isinstance(node, ast.Assign):
            found.update((target.id, node.lineno) for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            found.setdefault(str(node.args[0].value), node.lineno)
    return found
