"""Linking."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from cdn_pipeline import digest
from cdn_pipeline.config import Target
from cdn_pipeline.draft import Mention, fill, token_for
from cdn_pipeline.link import Linked, Linker, Node, Values, components
from cdn_pipeline.references import IMAGE, INTEGRITY
from cdn_pipeline.route import Routed

ORIGIN = Target("origin", "/static/")
PLAIN = Routed(ORIGIN, True, "", {}, (), False, "")


def mention(target: str, kind: str = IMAGE) -> Mention:
    return Mention(token_for(target, kind, target), target, kind, target, target, 1, 1, "x", False)


def linked(
    texts: Mapping[str, str], links: Mapping[str, list[str]], routed: Mapping[str, Routed] | None = None
) -> tuple[dict[str, Linked], dict[str, bytes]]:
    """Links files whose text is their own followed by one token for each link."""
    served: dict[str, bytes] = {}
    nodes = {
        path: Node(path, (routed or {}).get(path, PLAIN), tuple(map(mention, links.get(path, []))))
        for path in texts
    }

    def finish(path: str, values: Values, final: bool) -> tuple[str, int]:
        tokens = "".join(f" {one.token}" for one in nodes[path].mentions)
        content = fill((texts[path] + tokens).encode(), values)
        if final:
            served[path] = content
        return digest.sha256(content), len(content)

    return Linker(nodes, finish, ORIGIN).link(), served


def test_every_name_is_the_digest_of_the_bytes_served() -> None:
    outputs, served = linked({"a.css": "A", "b.png": "B"}, {"a.css": ["b.png"]})

    assert served["a.css"] == f"A /static/b.{digest.sha256(b'B')[:12]}.png".encode()
    assert outputs["a.css"].name == f"a.{digest.sha256(served['a.css'])[:12]}.css"


def test_a_changed_image_renames_the_sheet_that_shows_it_and_nothing_else() -> None:
    links = {"a.css": ["a.png"], "b.css": ["b.png"]}
    texts = {"a.css": "", "b.css": "", "a.png": "1", "b.png": "1"}
    before, _ = linked(texts, links)
    after, _ = linked(texts | {"a.png": "2"}, links)

    assert {path for path in texts if before[path] != after[path]} == {"a.png", "a.css"}


def test_a_cycle_is_named_together_and_its_members_find_each_other() -> None:
    links = {"a.js": ["b.js"], "b.js": ["a.js", "c.js"], "c.js": []}
    outputs, served = linked({"a.js": "A", "b.js": "B", "c.js": "C"}, links)

    assert served["a.js"] == f"A {outputs['b.js'].url}".encode()
    assert served["b.js"] == f"B {outputs['a.js'].url} {outputs['c.js'].url}".encode()
    assert outputs["a.js"].sha256 == digest.sha256(served["a.js"])


def test_a_change_in_a_cycle_renames_all_of_it() -> None:
    links = {"a.js": ["b.js"], "b.js": ["a.js"]}
    before, _ = linked({"a.js": "A", "b.js": "B"}, links)
    after, _ = linked({"a.js": "A", "b.js": "C"}, links)

    assert before["a.js"].url != after["a.js"].url
    assert before["b.js"].url != after["b.js"].url


def test_a_file_that_names_itself_is_a_cycle() -> None:
    outputs, served = linked({"a.js": "A"}, {"a.js": ["a.js"]})

    assert served["a.js"] == f"A {outputs['a.js'].url}".encode()


def test_nobody_waits_for_a_name_without_fingerprint() -> None:
    fixed = PLAIN._replace(fingerprint=False)
    links = {"a.html": ["b.css"], "b.css": ["a.html"]}
    outputs, served = linked({"a.html": "A", "b.css": "B"}, links, {"a.html": fixed})

    assert served["b.css"] == b"B /static/a.html"
    assert outputs["b.css"].name == f"b.{digest.sha256(served['b.css'])[:12]}.css"
    assert outputs["a.html"].name == "a.html"


def test_integrity_is_that_of_the_bytes_served() -> None:
    nodes = {"a.html": Node("a.html", PLAIN, (mention("b.js", INTEGRITY),)), "b.js": Node("b.js", PLAIN)}
    seen: dict[str, Values] = {}

    def finish(path: str, values: Values, final: bool) -> tuple[str, int]:
        seen[path] = values
        return digest.sha256(b"B"), 1

    Linker(nodes, finish, ORIGIN).link()

    assert list(seen["a.html"].values()) == [digest.integrity(digest.sha256(b"B")).encode()]


def test_equal_files_have_names_of_their_own() -> None:
    outputs, _ = linked({"a.png": "same", "b.png": "same"}, {})

    assert outputs["a.png"].url != outputs["b.png"].url


def test_what_is_kept_on_the_origin_has_a_second_url() -> None:
    cdn = Target("cdn", "https://cdn.example.com/", "s3://x", keep_on_origin=True)
    outputs, _ = linked({"a.png": "1"}, {}, {"a.png": PLAIN._replace(target=cdn, keep_on_origin=True)})

    assert outputs["a.png"].fallback == "/static/" + outputs["a.png"].name


@given(st.dictionaries(st.integers(0, 9), st.lists(st.integers(0, 9), max_size=4), max_size=10))
def test_components_come_after_what_they_depend_on(graph: dict[int, list[int]]) -> None:
    full = {str(node): [str(to) for to in graph.get(node, [])] for node in range(10)}
    order = list(components(full))
    place = {node: at for at, component in enumerate(order) for node in component}

    assert sorted(place) == sorted(full)
    assert all(place[to] <= place[node] for node, targets in full.items() for to in targets)
    for component in order:
        for node in component:
            assert _reachable(full, node) >= set(component) or len(component) == 1


def _reachable(graph: Mapping[str, list[str]], start: str) -> set[str]:
    seen: set[str] = set()
    pending = list(graph[start])
    while pending:
        node = pending.pop()
        if node not in seen:
            seen.add(node)
            pending += graph[node]
    return seen


def test_a_chain_longer_than_the_stack() -> None:
    chain = {str(number): [str(number + 1)] for number in range(5000)} | {"5000": []}

    assert next(iter(components(chain))) == ["5000"]
