"""The members of a bundle among the site's files."""

from __future__ import annotations

import glob

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdn_pipeline.definitions.bundle import Bundle, Filter
from cdn_pipeline.definitions.members import expand
from cdn_pipeline.definitions.members import glob as pattern_of

PATHS = {"a.js", "b.js", "c.css", ".hidden.js", "lib/d.js", "lib/deep/e.js", "lib/.h/f.js", "we[i]rd.js"}


def bundle(*contents: str | Bundle, output: str = "out.js", **fields: object) -> Bundle:
    return Bundle("x", output, contents, file="assets.yaml", line=3, column=1, **fields)  # type: ignore[arg-type]


def members(*contents: str | Bundle) -> tuple[str | Bundle, ...]:
    expanded, problems = expand(bundle(*contents), PATHS)
    assert problems == []
    return expanded.contents


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("a.js", ["a.js"]),
        ("./lib//../a.js", ["a.js"]),
        ("lib\\d.js", ["lib/d.js"]),
        ("*.js", ["a.js", "b.js", "we[i]rd.js"]),
        ("?.js", ["a.js", "b.js"]),
        ("[ac].*", ["a.js", "c.css"]),
        ("[!a].js", ["b.js"]),
        ("[b-z].*", ["b.js", "c.css"]),
        (".*.js", [".hidden.js"]),
        ("**/*.js", ["a.js", "b.js", "lib/d.js", "lib/deep/e.js", "we[i]rd.js"]),
        ("lib/**/*.js", ["lib/d.js", "lib/deep/e.js"]),
        ("lib/**", ["lib/d.js", "lib/deep/e.js"]),
        ("*/*.js", ["lib/d.js"]),
        ("we[i]rd.js", ["we[i]rd.js"]),
        ("we[[]i]rd.js", ["we[i]rd.js"]),
    ],
)
def test_a_glob_gives_what_it_matches_in_order(pattern: str, found: list[str]) -> None:
    assert members(pattern) == tuple(found)


names = st.text("ab.[", min_size=1, max_size=3).filter(lambda name: name.strip(".") and name not in ("[",))
patterns = st.text("ab.*?[]!-", min_size=1, max_size=5).filter(lambda name: name.strip("."))


@given(
    st.lists(st.lists(names, min_size=1, max_size=3), max_size=6), st.lists(patterns, min_size=1, max_size=3)
)
def test_globs_are_pythons(
    tmp_path_factory: pytest.TempPathFactory, paths: list[list[str]], parts: list[str]
) -> None:
    root = tmp_path_factory.mktemp("glob")
    for path in paths:
        file = root.joinpath(*path)
        if not any(parent.is_file() for parent in file.parents) and not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    files = sorted(str(file.relative_to(root)) for file in root.rglob("*") if file.is_file())
    pattern = "/".join("**" if part.startswith("**") else part for part in parts)

    expected = set(glob.glob(pattern, root_dir=root, recursive=True)) & set(files)

    assert {file for file in files if pattern_of(pattern).fullmatch(file)} == expected


def test_a_member_counts_once_and_where_it_stands_first() -> None:
    assert members("b.js", "*.js", "b.js", "./b.js") == ("b.js", "a.js", "we[i]rd.js")


def test_duplicates_may_be_wanted() -> None:
    expanded, problems = expand(bundle("b.js", "b.js", remove_duplicates=False), PATHS)

    assert (expanded.contents, problems) == (("b.js", "b.js"), [])


def test_a_glob_leaves_out_the_bundles_own_output() -> None:
    expanded, problems = expand(bundle("*.js", output="b.js"), PATHS)

    assert expanded.contents == ("a.js", "we[i]rd.js")
    assert [str(problem) for problem in problems] == [
        "assets.yaml:3:1: the output 'b.js' is also the name of a source file; "
        "delete it if an earlier tool built it, or choose another output"
    ]


def test_a_nested_bundle_stays_nested() -> None:
    inner = bundle("lib/*.js", output="")

    (first, nested) = members("a.js", inner)

    assert first == "a.js"
    assert isinstance(nested, Bundle)
    assert nested.contents == ("lib/d.js",)


@pytest.mark.parametrize(
    ("member", "problem"),
    [
        ("A.js", "no asset and no bundle 'A.js'; did you mean 'a.js'?"),
        ("d.js", "no asset and no bundle 'd.js'; did you mean 'lib/d.js'?"),
        ("lib/deep/ee.js", "no asset and no bundle 'lib/deep/ee.js'; did you mean 'lib/deep/e.js'?"),
        ("librari", "no asset and no bundle 'librari'; did you mean 'library'?"),
        ("zzz", "no asset and no bundle 'zzz'"),
        ("lib", "no asset and no bundle 'lib'"),
        ("*.coffee", "no asset matches '*.coffee'"),
        ("[z-a].js", "no asset matches '[z-a].js'"),
        (
            "../a.js",
            "'../a.js' lies outside the source roots; "
            "members are found below the directories that `source` names",
        ),
    ],
)
def test_a_missing_member_is_told_with_its_place_and_what_was_meant(member: str, problem: str) -> None:
    _, problems = expand(bundle("a.js", member, places=((4, 5), (6, 7))), PATHS, ["library"])

    assert [str(one) for one in problems] == [f"assets.yaml:6:7: {problem}"]


def test_a_bundle_without_members_is_told() -> None:
    _, problems = expand(bundle(), PATHS)

    assert [str(problem) for problem in problems] == ["assets.yaml:3:1: bundle 'x' has no members"]


def test_what_a_bundle_depends_on_may_be_missing() -> None:
    expanded, problems = expand(bundle("a.js", depends=("*.css", "gone.css", "*.none", "c.css")), PATHS)

    assert expanded.depends == ("c.css",)
    assert [(one.severity, one.message) for one in problems] == [
        ("warning", "no asset 'gone.css', on which it depends")
    ]


@pytest.mark.parametrize(
    ("member", "filters", "depends"),
    [
        ("a.css", ("rcssmin", "cssrewrite"), ()),
        ("b.scss", ("libsass",), ("_part.scss", "b.scss", "old.sass")),
        ("c.less", (), ("c.less", "d.less")),
        ("a.css", ("datauri",), ("_part.scss", "a.css", "b.scss", "c.less", "d.less", "i.png", "old.sass")),
    ],
)
def test_a_bundle_depends_on_whatever_its_compilers_may_read(
    member: str, filters: tuple[str, ...], depends: tuple[str, ...]
) -> None:
    paths = {"a.css", "b.scss", "_part.scss", "old.sass", "c.less", "d.less", "i.png"}
    inner = Bundle("", "", (member,), tuple(map(Filter, filters)))

    expanded, problems = expand(bundle(inner), paths)

    assert (expanded.depends, problems) == (depends, [])
