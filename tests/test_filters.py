"""Filters run as webassets runs them, but for its surprises."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdn_pipeline import definitions, filters
from cdn_pipeline.deadline import TimeLimitError, limited
from cdn_pipeline.definitions import Bundle, Filter
from cdn_pipeline.filters import FilterError, Site
from cdn_pipeline.filters.assembly import Part, assemble
from cdn_pipeline.filters.step import Step

OWN = """
import subprocess
from webassets.filter import Filter

class Into(Filter):
    name = "into"
    def input(self, _in, out, **known):
        out.write("<" + _in.read() + ">")

class Final(Filter):
    name = "final"
    def output(self, _in, out, **known):
        out.write("[" + _in.read() + "]")

class Both(Into, Final):
    name = "both"

class Opens(Filter):
    name = "opens"
    def open(self, out, source_path, source, **known):
        with open(source_path) as file:
            out.write(source + "=" + file.read())

class Joins(Filter):
    name = "joins"
    def concat(self, out, hunks, **known):
        out.write("+".join(hunk.data() for hunk, _ in hunks))

class Tells(Filter):
    name = "tells"
    options = {"setting": "CDN_PIPELINE_TEST_SETTING"}
    def output(self, _in, out, **known):
        out.write(f"{self.setting} {known['output']} {known['output_path']} {_in.read()}")

class TellsOfFiles(Filter):
    name = "tells_of_files"
    def input(self, _in, out, source, source_path, output, output_path):
        out.write(f"{source} {source_path} {output} {output_path}")

def shout(text):
    return text.upper()

def copy(_in, out):
    out.write(_in.read())

def where(_in, out, **known):
    out.write(known["output"])

def nothing(text):
    return None

def fails(text):
    raise ValueError("no\\n  good")

def exits(text):
    raise SystemExit(3)

def says(text):
    print("a filter must not write into --json")
    return text

def changes_directory(text):
    import os
    os.chdir("/")
    return text

def imports_later(text):
    import neighbour
    return neighbour.TEXT

def loops(text):
    while True:
        try:
            while True:
                pass
        except Exception:
            pass

def waits(text):
    subprocess.run(["sh", "-c", "echo $$ > pid; sleep 600; true"], check=True)
    return text
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    root = tmp_path_factory.mktemp("site")
    (root / "own.py").write_text(OWN)
    (root / "neighbour.py").write_text("TEXT = 'from the neighbour'")
    (root / "static").mkdir()
    for name in "abcd":
        (root / "static" / f"{name}.txt").write_text(name)
    return Site(root, (root / "static",), "/static/")


def bundle(contents: tuple[str | Bundle, ...], *names: str | Filter, output: str = "gen/x.txt") -> Bundle:
    found = tuple(Filter(name) if isinstance(name, str) else name for name in names)
    return Bundle("x", output, contents, found)


def newline(_: Bundle, parts: list[Part]) -> list[Part]:
    return [Part("\n".join(part.text for part in parts), sum((part.members for part in parts), ()))]


def marked(step: Step, part: Part) -> str:
    return f"{step.name}({part.text})"


def run(bundle: Bundle, site: Site) -> str:
    (part,) = assemble(bundle, reader(site), newline, marked, site)
    return part.text


def reader(site: Site) -> Callable[[str], str]:
    return lambda path: (site.sources[0] / path).read_text()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("own:Into", "<a>\n<b>"),
        ("own:Final", "[a\nb]"),
        ("own:Both", "[<a>\n<b>]"),
        ("own:Opens", "a.txt=a\nb.txt=b"),
        ("own:Joins", "a+b"),
        ("own:shout", "A\nB"),
        ("own:copy", "a\nb"),
        ("own:where", "gen/x.txt"),
        ("own:says", "a\nb"),
        ("own:changes_directory", "a\nb"),
        ("own:imports_later", "from the neighbour"),
        ("cssrewrite", "a\nb"),  # we do that, and exactly
        ("rjsmin", "rjsmin(a\nb)"),  # behind the guard
        ("cleancss", "cleancss(a\nb)"),
    ],
)
def test_a_filter_acts_where_it_says(site: Site, name: str, text: str) -> None:
    assert run(bundle(("a.txt", "b.txt"), name), site) == text


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("own:nothing", "filter 'own:nothing' on gen/x.txt: returned NoneType, not text"),
        ("own:fails", "filter 'own:fails' on gen/x.txt: ValueError: no good"),
        ("own:exits", "filter 'own:exits' on gen/x.txt: SystemExit: 3"),
        ("own:missing", "filter 'own:missing': module 'own' has no 'missing'"),
        ("own:OWN", "filter 'own:OWN': module 'own' has no 'OWN'"),
        ("own:subprocess", "filter 'own:subprocess': module is neither a function nor a filter"),
        ("nowhere:x", "filter 'nowhere:x': needs the Python package 'nowhere', which is not installed"),
        (":x", "filter ':x': a filter of your own is named 'module:attribute'"),
        ("jsmni", "filter 'jsmni': there is no such filter; did you mean 'jsmin'?"),
        ("gzip", "filter 'gzip': there is no such filter; the build compresses by itself"),
        ("dustjs", "filter 'dustjs' on a.txt: needs the program 'dusty', which is not installed"),
        ("clevercss", "filter 'clevercss': needs the Python package 'clevercss', which is not installed"),
        (
            "closure_tmpl",
            "filter 'closure_tmpl': Google Closure Soy Templates Compiler was not found; "
            "set closure_templates_path in `config` of the bundle definitions",
        ),
    ],
)
def test_a_filter_that_cannot_do_it_says_what_it_lacks(
    site: Site, name: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOSURE_TEMPLATES_PATH", "/not/asked/for")

    with pytest.raises(FilterError) as caught:
        run(bundle(("a.txt",), name), site)

    assert str(caught.value) == message


def test_two_filters_cannot_both_open_a_file(site: Site) -> None:
    with pytest.raises(
        FilterError, match=r"^filter 'own:Opens' on a.txt: 'own:Opens', 'dustjs' cannot be combined"
    ):
        run(bundle(("a.txt",), "own:Opens", "dustjs"), site)


def test_filters_are_told_the_paths_that_webassets_tells(site: Site) -> None:
    static = site.sources[0]

    assert run(bundle(("a.txt",), "own:TellsOfFiles"), site) == (
        f"a.txt {static}/a.txt gen/x.txt {static}/gen/x.txt"
    )


def test_settings_come_from_the_definitions_and_never_from_the_environment(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDN_PIPELINE_TEST_SETTING", "environment")
    target = site.sources[0] / "gen/x.txt"
    plain = bundle(("a.txt",), "own:Tells")
    told = Bundle("x", "gen/x.txt", ("a.txt",), plain.filters, config={"cdn_pipeline_test_setting": "told"})

    assert run(plain, site) == f"None gen/x.txt {target} a"
    assert run(told, site) == f"told gen/x.txt {target} a"


def test_a_filter_changes_neither_directory_nor_imports_nor_output(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    before = os.getcwd(), list(sys.path)

    run(bundle(("a.txt",), "own:changes_directory", "own:says"), site)

    assert (os.getcwd(), list(sys.path)) == before
    assert "own" not in sys.modules
    assert capsys.readouterr().out == ""


def test_a_live_filter_of_a_python_file_is_loaded_from_there(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static/a.txt").write_text("a")
    (tmp_path / "assets.py").write_text(
        "from webassets import Bundle\n"
        "suffix = '!'\n"
        "def shout(_in, out, **known): out.write(_in.read().upper() + suffix)\n"
        "x = Bundle('a.txt', Bundle('a.txt', filters=[lambda text: text * 2]), filters=shout, output='x.txt')"
    )
    found = definitions.read(["assets.py"], [], tmp_path)
    again = definitions.load(definitions.dump(found)).bundles[0]

    assert run(again, Site(tmp_path, (tmp_path / "static",))) == "A\nAA!"


def test_the_code_that_ran_is_named(site: Site, tmp_path: Path) -> None:
    (tmp_path / "assets.py").write_text(
        "from webassets import Bundle\nimport words\n"
        "x = Bundle('a.txt', filters=[lambda text: words.WORD], output='x.txt')"
    )
    (tmp_path / "words.py").write_text("WORD = 'word'")
    live = definitions.load(definitions.dump(definitions.read(["assets.py"], [], tmp_path))).bundles[0]

    assert code(bundle(("a.txt",), "own:imports_later"), site) == {"own.py", "neighbour.py"}
    assert code(live, site._replace(root=tmp_path)) == {"assets.py", "words.py"}
    assert code(bundle(("a.txt",), "cssrewrite", "rjsmin"), site) == set()


def code(bundle: Bundle, site: Site) -> set[str]:
    found: set[Path] = set()
    assemble(bundle, reader(site), newline, marked, site, found)
    return {path.relative_to(site.root).as_posix() for path in found}


def test_a_filter_class_of_a_yaml_file_is_found_by_its_name(site: Site) -> None:
    (site.root / "classes.yaml").write_text(
        "filters: [own.Into]\nbundles: {x: {output: x.txt, filters: into, contents: a.txt}}"
    )
    found = definitions.read(["classes.yaml"], [], site.root)

    assert run(found.bundles[0], site) == "<a>"


def test_parts_that_must_stay_apart_go_through_output_one_by_one(site: Site) -> None:
    def apart(_: Bundle, parts: list[Part]) -> list[Part]:
        return parts

    found = assemble(bundle(("a.txt", "b.txt"), "own:Into", "own:Final"), reader(site), apart, marked, site)

    assert found == [
        Part("[<a>]", ("a.txt",), joined=True, compiled=True),
        Part("[<b>]", ("b.txt",), joined=True, compiled=True),
    ]


def test_what_is_no_script_before_it_is_compiled_is_not_joined_as_one(site: Site) -> None:
    def never(_: Bundle, parts: list[Part]) -> list[Part]:
        raise AssertionError(parts)

    with pytest.raises(FilterError, match="coffeescript"):
        assemble(bundle(("a.txt",), "coffeescript"), reader(site), never, marked, site)


NAMES = ("Into", "Final", "Both", "Joins", "Opens")
files = st.sampled_from(["a.txt", "b.txt", "c.txt", "d.txt"])
trees = st.recursive(
    files,
    lambda members: st.tuples(
        # a file counts once; `members.expand` sees to that
        st.lists(
            members, min_size=1, max_size=3, unique_by=lambda one: one if isinstance(one, str) else id(one)
        ),
        st.lists(st.sampled_from(NAMES), max_size=2, unique=True),
    ),
    max_leaves=6,
).filter(lambda tree: not isinstance(tree, str))


@given(trees)
def test_a_tree_of_filters_gives_what_webassets_gives(
    site: Site, tree: tuple[list[object], list[str]]
) -> None:
    from webassets import Environment
    from webassets.exceptions import BuildError

    namespace: dict[str, type] = {}
    exec(OWN, namespace)
    environment = Environment(str(site.sources[0]), "/static/", cache=False, manifest=False, versions=False)
    theirs = _theirs(tree, namespace)
    theirs.output = "gen/x.txt"
    theirs.env = environment
    try:
        theirs.build(force=True)
        expected = (site.sources[0] / "gen/x.txt").read_text()
    except BuildError:  # more than one filter that opens or joins
        with pytest.raises(FilterError, match="cannot be combined"):
            run(_ours(tree, "gen/x.txt"), site)
        return

    assert run(_ours(tree, "gen/x.txt"), site) == expected


def _ours(tree: object, output: str = "") -> Bundle:
    assert isinstance(tree, tuple)
    contents = tuple(item if isinstance(item, str) else _ours(item) for item in tree[0])
    return Bundle("", output, contents, tuple(Filter(f"own:{name}") for name in tree[1]))


def _theirs(tree: object, namespace: dict[str, type]) -> object:
    from webassets import Bundle as Theirs

    assert isinstance(tree, tuple)
    contents = [item if isinstance(item, str) else _theirs(item, namespace) for item in tree[0]]
    return Theirs(*contents, filters=[namespace[name]() for name in tree[1]])


def test_a_filter_that_loops_is_stopped(site: Site) -> None:
    with pytest.raises(FilterError, match=r"'own:loops' on gen/x.txt: took longer than 0.05 s"):
        run(bundle(("a.txt",), "own:loops"), site._replace(time_limit_s=0.05))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="children are known from /proc")
@pytest.mark.parametrize("in_thread", [False, True])
def test_a_filter_whose_program_hangs_is_stopped_with_the_program(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_thread: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    caught: list[FilterError] = []

    def attempt() -> None:
        try:
            run(bundle(("a.txt",), "own:waits"), site._replace(time_limit_s=0.5))
        except FilterError as error:
            caught.append(error)

    if in_thread:
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
    else:
        attempt()

    assert len(caught) == 1
    assert not _runs(int((tmp_path / "pid").read_text()))


def _runs(process: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False


def test_no_limit_is_no_limit() -> None:
    assert limited(0, lambda: "done") == "done"


def test_a_limit_leaves_no_alarm_behind() -> None:
    before = signal.getsignal(signal.SIGALRM)
    assert limited(60, lambda: signal.getitimer(signal.ITIMER_REAL)[0] > 0)
    with pytest.raises(TimeLimitError):
        limited(0.01, lambda: [None for _ in iter(int, 1)])

    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_every_minifier_of_webassets_is_known_as_one() -> None:
    from webassets.filter import _FILTERS

    theirs = {name: one for name, one in _FILTERS.items() if one.__module__.startswith("webassets.")}
    only_output = {name for name, one in theirs.items() if one.max_debug_level is False}
    compilers = {"closure_stylesheets_compiler", "closure_tmpl", "datauri", "spritemapper"}

    assert only_output - compilers - set(filters.MINIFIERS) == set()
    assert set(filters.MINIFIERS) - set(theirs) == {"csscompressor"}


def test_a_rewriter_with_options_is_a_filter_like_any_other() -> None:
    assert filters.kind("cssrewrite") == filters.REWRITER
    assert filters.kind("cssrewrite", {"replace": {"/a": "/b"}}) == filters.COMPILER
    assert filters.kind("rcssmin") == filters.MINIFIER
    assert filters.kind("less") == filters.COMPILER
