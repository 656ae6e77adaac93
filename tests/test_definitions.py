"""Bundle definitions in YAML and Python."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdn_pipeline import definitions
from cdn_pipeline.definitions import Bundle, Definitions, Filter, Origin
from cdn_pipeline.definitions.bundle import Base, clean_output, filter_names, from_json, tag_name, to_json
from cdn_pipeline.errors import SiteError
from tests.conftest import Site


def read(root: Path, *names: str, templates: tuple[str, ...] = ()) -> Definitions:
    return definitions.read(names, templates, root, (root / "static",))


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def yaml(root: Path, text: str) -> Definitions:
    (root / "assets.yaml").write_text(text)
    return read(root, "assets.yaml")


def python(root: Path, text: str) -> Definitions:
    (root / "assets.py").write_text("from webassets import Bundle, Environment\n" + text)
    return read(root, "assets.py")


def problems(found: Definitions) -> list[str]:
    return [str(problem) for problem in found.problems]


def names(filters: tuple[Filter, ...]) -> list[str]:
    return [item.name for item in filters]


def by_name(found: Definitions) -> dict[str, Bundle]:
    return {bundle.name: bundle for bundle in found.bundles}


def test_yaml_gives_members_filters_and_output(tmp_path: Path) -> None:
    found = yaml(
        tmp_path,
        """
        standard:
            filters: cssmin, rcssmin
            output: output.css
            contents: [file1.css, file2.css]
        alone:
            output: alone.css
            contents: only-this.css
        """,
    )

    assert problems(found) == []
    standard, alone = found.bundles
    assert (standard.name, standard.output) == ("standard", "output.css")
    assert standard.contents == ("file1.css", "file2.css")
    assert names(standard.filters) == ["cssmin", "rcssmin"]
    assert alone.contents == ("only-this.css",)
    assert (standard.file, standard.line, standard.column) == ("assets.yaml", 2, 9)


def test_yaml_nests_bundles_as_deeply_as_they_are_written(tmp_path: Path) -> None:
    found = yaml(
        tmp_path,
        """
        nested:
            output: nested.css
            contents:
                - one.css
                - filters: less
                  contents:
                    - two.less
                    - contents: three.css
                      config: {CLOSURE_BIN: /tmp/closure}
        """,
    )

    (outer,) = found.bundles
    middle = outer.contents[1]
    assert isinstance(middle, Bundle)
    assert names(middle.filters) == ["less"]
    inner = middle.contents[1]
    assert isinstance(inner, Bundle)
    assert inner.contents == ("three.css",)
    assert inner.config == {"closure_bin": "/tmp/closure"}


def test_a_yaml_member_may_name_another_bundle(tmp_path: Path) -> None:
    found = yaml(
        tmp_path,
        """
        bundles:
            all:
                output: all.js
                contents: [first.js, {filters: jsmin, contents: [library]}]
            library:
                output: library.js
                filters: rjsmin
                contents: [a.js, b.js]
        """,
    )

    everything, library = found.bundles
    inline = everything.contents[1]
    assert isinstance(inline, Bundle)
    assert inline.contents == (library,)


def test_a_part_that_no_page_asks_for_is_not_built_alone(tmp_path: Path) -> None:
    found = yaml(
        tmp_path,
        """
        all: {output: all.js, contents: [part, b.js]}
        part: {contents: [a.js]}
        """,
    )

    assert [bundle.name for bundle in found.bundles] == ["all"]


def test_a_bundle_without_output_gets_one_in_gen(tmp_path: Path) -> None:
    found = yaml(
        tmp_path,
        """
        my page: {contents: [a.less, "b/*.css"]}
        mixed: {contents: [a.css, b.js]}
        """,
    )

    assert [bundle.output for bundle in found.bundles] == ["gen/my-page.css", "gen/mixed"]
    assert problems(found) == [
        "assets.yaml:3:9: bundle 'mixed' has no output, and its members are of different kinds; "
        "give it an output"
    ]


def test_a_container_is_its_children_with_its_filters_after_theirs(tmp_path: Path) -> None:
    found = yaml(
        tmp_path,
        """
        all: {filters: rjsmin, contents: [a, b]}
        a: {output: a-all.js, filters: jsmin, contents: a.js}
        b: {output: b-all.js, contents: b.js}
        """,
    )
    resolved = definitions.resolve(found, {"a.js", "b.js"})

    assert problems(found) == []
    assert resolved.names == {"all": ("a-all.js", "b-all.js"), "a": ("a-all.js",), "b": ("b-all.js",)}
    assert names(resolved.outputs["a-all.js"].filters) == ["jsmin", "rjsmin"]
    assert names(resolved.outputs["b-all.js"].filters) == ["rjsmin"]


def test_a_container_that_says_nothing_has_the_extra_of_its_children(tmp_path: Path) -> None:
    found = yaml(
        tmp_path,
        """
        all: {contents: [a, b]}
        a: {output: a-all.js, contents: a.js, extra: {media: print, x: 1}}
        b: {output: b-all.js, contents: b.js, extra: {x: 2}}
        """,
    )

    assert by_name(found)["all"].extra == {"media": "print", "x": 2}


@pytest.mark.parametrize(
    ("directory", "member", "output", "logical"),
    [
        ("static", "a.js", "gen/all.js", "gen/all.js"),
        ("static/sub", "../a.js", "all.js", "sub/all.js"),
        (".", "static/a.js", "static/all.js", "all.js"),
        ("./other/../static", "a.js", "all.js", "all.js"),
    ],
)
def test_paths_are_relative_to_the_directory_of_the_yaml_file(
    tmp_path: Path, directory: str, member: str, output: str, logical: str
) -> None:
    found = yaml(
        tmp_path, f"directory: {directory}\nbundles: {{x: {{output: {output}, contents: [{member}]}}}}"
    )
    resolved = definitions.resolve(found, {"a.js"})

    assert problems(found) + list(map(str, resolved.problems)) == []
    assert {output: bundle.contents for output, bundle in resolved.outputs.items()} == {logical: ("a.js",)}


def test_the_load_path_is_searched_in_order(tmp_path: Path) -> None:
    found = yaml(
        tmp_path,
        """
        directory: static
        load_path: [static/new, static/old]
        bundles: {x: {output: x.js, contents: [a.js, b.js, "*.js"]}}
        """,
    )
    paths = {"new/a.js", "old/a.js", "old/b.js", "old/c.js"}

    resolved = definitions.resolve(found, paths)

    assert resolved.outputs["x.js"].contents == ("new/a.js", "old/b.js", "old/a.js", "old/c.js")


YAML_PROBLEMS = {
    "a: {output: x.js, contents: [a.js]": "1:35: not valid YAML: while parsing a flow mapping "
    "expected ',' or '}', but got '<stream end>'",
    "a:\n\tb: c": "2:1: not valid YAML: while scanning for the next token found character '\\t' "
    "that cannot start any token",
    "a: {output: x.js, contents: [a.js]}\na: {output: y.js, contents: [a.js]}": "2:1: 'a' stands here twice; "
    "only the last one would count",
    "a: {output: x.js, output: y.js, contents: a.js}": "1:19: 'output' stands here twice; "
    "only the last one would count",
    "a: {output: x.js, content: a.js}": "1:19: unknown key of a bundle 'content'; did you mean 'contents'?",
    "directory: static\nbundels: {}": "2:1: unknown setting 'bundels'; did you mean 'bundles'?",
    "bundles: [a, b]": "1:10: `bundles` is a mapping, not a list",
    "- a\n- b": "1:1: the top level is a mapping, not a list",
    "a: text": "1:4: bundle 'a' is a mapping, not 'text'",
    "a: {output: x.js, contents: [1]}": "1:30: a member is text, not '1'",
    "1: {output: x.js, contents: [a.js]}": "1:1: the key '1' is not text; put it in quotes",
    "a: {output: ../x.js, contents: [a.js]}": "1:13: the output '../x.js' lies outside the source roots",
    "a: {output: x.js, contents: [/etc/a.js]}": "1:30: '/etc/a.js' lies outside the source roots",
    "a: {output: x.js, contents: [https://e.org/a.js, b.js]}": "1:30: 'https://e.org/a.js' is not fetched at "
    "build time; download it into the source tree, or link to it from the page",
    "a: {output: x.js, contents: [b]}\nb: {contents: [a]}": "2:16: bundle 'a' contains itself: a → b → a",
    "directory: elsewhere\nbundles: {}": "1:12: `directory` 'elsewhere' has no source root in it; "
    "name it in `source`",
    "a: &a {output: x.js, contents: [*a]}": "1:4: bundle 'a' contains itself",
    "a: {output: x.js, contents: [a.js]}\nb: {output: x.js, contents: [b.js]}": "2:1: a bundle with the "
    "output 'x.js' is also defined in assets.yaml:1, and differs; give one of them another output",
}


@pytest.mark.parametrize("text", YAML_PROBLEMS)
def test_a_fault_in_yaml_is_told_with_its_place(tmp_path: Path, text: str) -> None:
    assert f"assets.yaml:{YAML_PROBLEMS[text]}" in problems(yaml(tmp_path, text))


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("a: text\nb: text")
    (tmp_path / "two.yaml").write_bytes(b"a: {}\n# \xff")

    assert problems(read(tmp_path, "one.yaml", "two.yaml", "three.yaml")) == [
        "one.yaml:1:4: bundle 'a' is a mapping, not 'text'",
        "one.yaml:2:4: bundle 'b' is a mapping, not 'text'",
        "two.yaml:2: is not UTF-8; save it as UTF-8",
        "three.yaml: cannot be read: No such file or directory",
    ]


@pytest.mark.parametrize("text", ["", "# nothing", "bundles:", "directory: static", "empty-bundle:", "{}"])
def test_yaml_may_define_nothing(tmp_path: Path, text: str) -> None:
    found = yaml(tmp_path, text)

    assert (found.bundles, problems(found)) == ((), [])


def test_yaml_merge_keys_are_followed(tmp_path: Path) -> None:
    found = yaml(
        tmp_path,
        """
        a: &base {filters: jsmin, output: a-all.js, contents: [a.js]}
        b: {<<: *base, output: b-all.js}
        """,
    )

    assert problems(found) == []
    assert [(one.output, names(one.filters)) for one in found.bundles] == [
        ("a-all.js", ["jsmin"]),
        ("b-all.js", ["jsmin"]),
    ]


def test_python_gives_the_bundles_of_a_modules_namespace(tmp_path: Path) -> None:
    found = python(
        tmp_path,
        "part = Bundle('b.js', filters='rjsmin')\n"
        "everything = Bundle(\n"
        "    'a.js', part, Bundle('c.js'),\n"
        "    filters=['jsmin'], output='gen/all.%(version)s.js', extra={'defer': True}, depends='*.json')\n",
    )

    (bundle,) = found.bundles
    assert (bundle.name, bundle.output, bundle.line) == ("everything", "gen/all.js", 3)
    assert bundle.extra == {"defer": True}
    assert bundle.depends == ("*.json",)
    _, part, inline = bundle.contents
    assert isinstance(part, Bundle)
    assert isinstance(inline, Bundle)
    assert (part.name, names(part.filters), part.line) == ("part", ["rjsmin"], 2)
    assert (inline.name, inline.contents) == ("", ("c.js",))


@pytest.mark.parametrize("asked", ["assets.py", "assets.py:environment", "assets:environment", "assets"])
def test_python_gives_the_bundles_of_an_environment(tmp_path: Path, asked: str) -> None:
    text = (
        "from webassets import Bundle, Environment\n"
        "environment = Environment('static', '/static', less_bin='/opt/lessc')\n"
        "not_registered = Bundle('z.js', output='z-all.js')\n"
        "environment.register('js', 'a.js', filters='jsmin', output='gen/a.js')\n"
    )
    write(tmp_path, {"assets.py": text})

    found = read(tmp_path, asked)

    (bundle,) = found.bundles
    assert (bundle.name, bundle.output, bundle.contents, bundle.line) == ("js", "gen/a.js", ("a.js",), 4)
    assert bundle.config["less_bin"] == "/opt/lessc"


def test_a_module_in_a_package_imports_its_neighbours(tmp_path: Path) -> None:
    bundles = "from webassets import Bundle\nfrom .names import NAME\njs = Bundle(NAME, output='x.js')"
    write(
        tmp_path,
        {"site_pack/__init__.py": "", "site_pack/names.py": "NAME = 'a.js'", "site_pack/bundles.py": bundles},
    )

    for asked in ("site_pack.bundles", "site_pack/bundles.py"):
        found = read(tmp_path, asked)
        assert problems(found) == []
        assert [bundle.contents for bundle in found.bundles] == [("a.js",)]
        assert [path.name for path in found.inputs] == ["__init__.py", "bundles.py", "names.py"]


def test_executing_definitions_leaves_no_trace(tmp_path: Path) -> None:
    write(tmp_path, {"helper.py": "A = 'a.js'"})
    path, modules = list(sys.path), set(sys.modules)

    python(tmp_path, "import helper\nprint('hello')\njs = Bundle(helper.A, output='x.js')")

    assert sys.path == path
    assert {name for name in set(sys.modules) - modules if name in ("assets", "helper")} == set()
    assert sorted(child.name for child in tmp_path.iterdir()) == ["assets.py", "helper.py"]


def test_definitions_may_be_called_like_a_module_of_python(tmp_path: Path) -> None:
    write(tmp_path, {"json.py": "from webassets import Bundle\njs = Bundle('a.js', output='x.js')"})

    assert [bundle.name for bundle in read(tmp_path, "json.py").bundles] == ["js"]
    assert sys.modules["json"] is json


def test_changed_definitions_are_read_anew(tmp_path: Path) -> None:
    for name in ("a.js", "b.js"):
        found = python(tmp_path, f"js = Bundle('{name}', output='x.js')")
        assert [bundle.contents for bundle in found.bundles] == [(name,)]


PYTHON_PROBLEMS = {
    "def f():\n    raise ValueError('no such thing')\n\nf()": "assets.py:3: raised ValueError: no such thing",
    "import does_not_exist": "assets.py:2: raised ModuleNotFoundError: No module named 'does_not_exist'",
    "import sys; sys.exit(3)": "assets.py:2: raised SystemExit: 3",
    "js = Bundle('a.js'": "assets.py:2:12: not valid Python: '(' was never closed",
    "js = Bundle('a.js', filters='nonsense')": "assets.py:2: raised ValueError: No filter 'nonsense'",
    "js = Bundle(['a.js'], output='x.js')": "assets.py:2: a bundle holds paths and bundles, not list; "
    "unpack lists with *",
    "js = Bundle('/etc/a.js', output='x.js')": "assets.py:2: '/etc/a.js' lies outside the source roots",
    "js = Bundle('a.js', merge=False, output='%(name)s.js')": "assets.py:2: bundle 'js' has merge=False; "
    "name each of its members as a bundle of its own",
    "js = Bundle(output='x.js')\njs.contents = (js,)": "assets.py:2: bundle 'js' contains itself",
}


@pytest.mark.parametrize("text", PYTHON_PROBLEMS)
def test_a_fault_in_python_is_told_with_its_line(tmp_path: Path, text: str) -> None:
    assert problems(python(tmp_path, text)) == [PYTHON_PROBLEMS[text]]


def test_definitions_that_never_end_are_stopped_and_told_with_their_line(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.write({"static/a.js": "a()", "assets.py": "while True:\n    pass\n"})
    with pytest.raises(SiteError) as raised:
        site.build('filter_timeout = 0.1\n[bundles]\ndefinitions = ["assets.py"]\n')

    assert re.fullmatch(
        r"assets.py:[12]: took longer than 0\.1 s; mend it, or raise `filter_timeout`", str(raised.value)
    )


def test_an_environment_that_is_not_there_is_told(tmp_path: Path) -> None:
    write(tmp_path, {"assets.py": "x = 1"})

    assert problems(read(tmp_path, "assets.py:env")) == [
        "assets.py: has no webassets.Environment named 'env'"
    ]
    assert problems(read(tmp_path, "nowhere.assets")) == [
        "nowhere.assets: no such definitions; name a .yaml file, a .py file or a module below the config's "
        "directory"
    ]


def test_a_filter_with_options_keeps_them(tmp_path: Path) -> None:
    found = python(
        tmp_path,
        "from webassets.filter import get_filter\n"
        "keeping = get_filter('rjsmin', keep_bang_comments=True)\n"
        "js = Bundle('a.js', output='x.js', filters=[keeping, 'jsmin'])",
    )

    assert found.bundles[0].filters == (Filter("rjsmin", {"keep_bang_comments": True}), Filter("jsmin"))


def test_a_filter_that_no_name_describes_is_remembered_by_its_place(tmp_path: Path) -> None:
    found = python(
        tmp_path,
        "from webassets.filter import get_filter\n"
        "def shout(text): return text.upper()\n"
        "css = Bundle('a.css', Bundle('b.css', filters=shout), output='x.css',\n"
        "             filters=['cssmin', get_filter('cssrewrite', replace={'/a': '/b'})])",
    )

    (bundle,) = found.bundles
    inner = bundle.contents[1]
    assert isinstance(inner, Bundle)
    assert inner.filters == (Filter("shout", origin=Origin("assets.py", "css", (1, 0))),)
    assert bundle.filters[1] == Filter("cssrewrite", origin=Origin("assets.py", "css", (1,)))


def test_the_same_name_in_two_files_must_mean_the_same(tmp_path: Path) -> None:
    text = "x: {output: x.js, contents: a.js}"
    write(tmp_path, {"a.yaml": text, "b.yaml": text, "c.yaml": "\n" + text.replace("a.js", "b.js")})

    assert problems(read(tmp_path, "a.yaml", "b.yaml")) == []
    assert problems(read(tmp_path, "a.yaml", "c.yaml")) == [
        "c.yaml:2:1: a bundle with the name 'x' is also defined in a.yaml:1, and differs; "
        "give one of them another name"
    ]


@pytest.mark.parametrize(
    ("written", "name", "output"),
    [
        ("gen/all.js", "", "gen/all.js"),
        ("gen/all.%(version)s.js", "", "gen/all.js"),
        ("gen/all-%(version)s.min.js", "", "gen/all.min.js"),
        ("gen/%(version)s/all.js", "", "gen/all.js"),
        ("%(version)s/all.js", "", "all.js"),
        ("gen/%(version)s.js", "main", "gen/main.js"),
        ("%(version)s.css", "", "bundle.css"),
        ("gen/%(version)s-all.js", "", "gen/all.js"),
    ],
)
def test_the_version_leaves_the_output_with_its_separator(written: str, name: str, output: str) -> None:
    assert clean_output(written, name) == output


def test_a_tag_is_known_by_its_output_its_only_member_or_its_arguments() -> None:
    assert tag_name(["a.js", "b.js"], "jsmin", "gen/all.%(version)s.js") == "gen/all.js"
    assert tag_name(["all_js"], None, None) == "all_js"
    assert tag_name(["a.js", "b.js"], "jsmin, rjsmin", "") == "gen/4bd1940f9034"
    assert tag_name(["a.js", "b.js"], ["jsmin", "rjsmin"], None) == "gen/4bd1940f9034"


def test_filter_names_come_as_text_or_as_a_list() -> None:
    assert filter_names("a, b,") == filter_names(["a", " b "]) == ("a", "b")
    assert filter_names(None) == ()


texts = st.text("ab/*.%", max_size=5)
values = st.dictionaries(
    texts, st.none() | st.booleans() | st.integers() | texts | st.lists(texts), max_size=2
)
origins = st.builds(Origin, texts, texts, st.lists(st.integers(0, 9), min_size=1).map(tuple))
filters = st.builds(Filter, texts, values, st.lists(texts, max_size=2).map(tuple), st.none() | origins)
numbers = st.integers(0, 99)
bundles = st.recursive(
    texts,
    lambda members: st.builds(
        Bundle,
        texts,
        texts,
        st.lists(members, max_size=3).map(tuple),
        st.lists(filters, max_size=2).map(tuple),
        st.lists(texts, max_size=2).map(tuple),
        values,
        values,
        st.lists(st.builds(Base, texts, texts), min_size=1, max_size=2).map(tuple),
        st.booleans(),
        texts,
        numbers,
        numbers,
        st.lists(st.tuples(numbers, numbers), max_size=2).map(tuple),
    ),
    max_leaves=8,
).filter(lambda found: isinstance(found, Bundle))


@given(bundles)
def test_a_bundle_survives_json(bundle: Bundle) -> None:
    assert from_json(to_json(bundle)) == bundle


def test_definitions_survive_a_cache(tmp_path: Path) -> None:
    found = yaml(tmp_path, "a: {output: x.js, contents: [a.js, {filters: jsmin, contents: b.js}], typo: 1}")

    assert definitions.load(definitions.dump(found)) == found


def test_reading_yaml_imports_neither_webassets_nor_jinja2(tmp_path: Path) -> None:
    yaml(tmp_path, "a: {output: x.js, contents: [a.js]}")
    script = (
        "import sys; from pathlib import Path; from cdn_pipeline import definitions\n"
        f"definitions.read(['assets.yaml'], [], Path({str(tmp_path)!r}))\n"
        "print(sorted({'webassets', 'jinja2', 'csscompressor'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_the_yaml_of_the_documentation_is_read_as_it_says(tmp_path: Path) -> None:
    page = Path(__file__).parent.parent / "docs" / "bundles.md"
    example = page.read_text("utf-8").split("```yaml\n")[1].split("```")[0].replace("static, lib", "static")

    found = yaml(tmp_path, example)
    resolved = definitions.resolve(
        found,
        {"css/site.css", "js/first.js", "js/lib/z.js", "js/x.coffee", "js/a.js", "js/b.js", "data/1.json"},
    )

    assert problems(found) + list(map(str, resolved.problems)) == []
    assert {name: bundle.contents[:2] for name, bundle in resolved.outputs.items()} == {
        "gen/site.css": ("css/site.css",),
        "gen/all.js": ("js/first.js", "js/lib/z.js"),
    }
