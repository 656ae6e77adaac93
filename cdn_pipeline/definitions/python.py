"""Bundles in Python: a module with ``webassets.Bundle`` objects, or with an ``Environment``."""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from cdn_pipeline.deadline import TimeLimitError, limited
from cdn_pipeline.definitions.bundle import Origin
from cdn_pipeline.definitions.file import Found, shown
from cdn_pipeline.definitions.file import read as read_text
from cdn_pipeline.definitions.namespace import Namespace, NotThere, registered
from cdn_pipeline.errors import ERROR, Problem

INSTALLED = frozenset(
    ("site-packages", "dist-packages")
)  # directories of a virtual environment in the project


class Executed(NamedTuple):
    """Definitions that have run."""

    namespace: dict[str, Any]
    files: tuple[Path, ...]  # all code of the site's own that ran with them


_executed: dict[Path, Executed] = {}  # a bundle may have many live filters; `read` renews it


def read(definitions: str, root: Path, sources: tuple[Path, ...], time_limit_s: float = 0.0) -> Found:
    """The bundles of a file (``assets.py``), a module (``site.assets``) or an environment in one
    (``site.assets:env``, ``assets.py:env``). Executes it, with *root* as the first place for imports, for at
    most *time_limit_s* seconds; 0 means no limit."""
    module, _, attribute = definitions.partition(":")
    file = _file(module, root)
    name = shown(file, root)
    if not file.is_file():
        hint = "name a .yaml file, a .py file or a module below the config's directory"
        return Found({}, [Problem(ERROR, definitions, "no such definitions", hint)], [])
    with importable(root) as imported:
        try:
            namespace = limited(time_limit_s, lambda: vars(_execute(file, root)))
            found = Namespace(definitions, name, _lines(file, name), sources).found(namespace, attribute)
            _executed[file] = Executed(namespace, imported())
        except NotThere as error:
            found = Found({}, [Problem(ERROR, name, str(error))], [])
        except TimeLimitError as error:
            found = Found({}, [_too_long(error, file, name)], [])
        except (Exception, SystemExit) as error:
            found = Found({}, [_raised(error, file, name)], [])
        inputs = sorted({file, *imported()})
    return found._replace(inputs=inputs)


def live(origin: Origin, root: Path) -> tuple[Any, tuple[Path, ...]]:
    """The webassets filter at *origin*, and the files of its definitions, which run once in a process.

    Raises `NotThere`, and whatever the definitions raise.
    """
    module, _, attribute = origin.definitions.partition(":")
    file = _file(module, root)
    if file not in _executed:
        with importable(root) as imported:
            namespace = vars(_execute(file, root))
            _executed[file] = Executed(namespace, (file, *imported()))
    executed = _executed[file]
    found: Any = registered(executed.namespace, attribute)[0].get(origin.bundle)
    *contents, last = origin.path
    try:
        for index in contents:
            found = found.contents[index]
        return found.filters[last], executed.files
    except (AttributeError, IndexError, TypeError) as error:
        raise NotThere(f"{origin.definitions} has no such filter any more") from error


def _file(module: str, root: Path) -> Path:
    if module.endswith(".py"):
        return root / module
    path = root / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@contextlib.contextmanager
def importable(root: Path) -> Iterator[Callable[[], tuple[Path, ...]]]:
    """Within, *root* comes first in imports; afterwards nothing that was imported from there is left.

    Yields a function that gives the files of what was imported from there.
    """
    before, path, write = set(sys.modules), list(sys.path), sys.dont_write_bytecode

    def imported() -> tuple[Path, ...]:
        return tuple(dict.fromkeys(_own_modules(before, root).values()))

    importlib.invalidate_caches()
    sys.path.insert(0, str(root))
    sys.dont_write_bytecode = True  # a cached module of the same second and size would hide an edit
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield imported
    finally:
        sys.path[:], sys.dont_write_bytecode = path, write
        for name in _own_modules(before, root):
            del sys.modules[name]


def _own_modules(before: set[str], root: Path) -> dict[str, Path]:
    """New modules of the site's own: below *root*, neither installed there nor ours."""
    new = [name for name in sys.modules if name not in before and name.partition(".")[0] != "cdn_pipeline"]
    files = {name: Path(getattr(sys.modules[name], "__file__", None) or "") for name in sorted(new)}
    return {name: file for name, file in files.items() if file.suffix == ".py" and _is_own(file, root)}


def _is_own(file: Path, root: Path) -> bool:
    return file.is_relative_to(root) and not INSTALLED.intersection(file.parts)


def _execute(file: Path, root: Path) -> ModuleType:
    dotted = _dotted(file, root)
    if dotted:
        module = importlib.import_module(dotted)
        if Path(module.__file__ or "") != file:
            raise NotThere(f"another module named {dotted!r} is imported already; rename the package")
        return module
    name = file.stem if file.stem not in sys.modules else f"definitions {file}"  # it may be called json.py
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise NotThere("is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
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
    message = f"{type(error).__name__}: {error}".rstrip(": ")
    return Problem(ERROR, name, f"raised {message}", "", _line(error, file))


def _too_long(error: TimeLimitError, file: Path, name: str) -> Problem:
    hint = "mend it, or raise `filter_timeout`"
    return Problem(ERROR, name, str(error), hint, _line(error.__context__ or error, file))


def _line(error: BaseException, file: Path) -> int:
    """The line of *file* that ran when *error* was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno or 0 for frame in frames if frame.filename == str(file)]
    return lines[-1] if lines else 0


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
