"""Link: names every output by its final bytes, in the order in which outputs depend on each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from cdn_pipeline import digest, paths
from cdn_pipeline.config import ORIGIN, Target
from cdn_pipeline.draft import Mention
from cdn_pipeline.errors import ERROR, Problem, SiteError
from cdn_pipeline.references import INTEGRITY
from cdn_pipeline.route import Routed

Values = dict[bytes, bytes]  # {token: what is written in its place}


class Node(NamedTuple):
    """An asset on its way to becoming an output."""

    path: str
    routed: Routed
    mentions: tuple[Mention, ...] = ()  # those that lead to another node
    values: Mapping[bytes, bytes] = {}  # of the mentions that do not: what was written stays


class Linked(NamedTuple):
    """An output: its name, its place and its bytes' digest."""

    path: str
    name: str  # path below the target
    url: str
    sha256: str  # of the bytes served
    size: int
    routed: Routed
    files: tuple[str, ...]  # where it lies, relative to the build directory: once, or also on the origin
    fallback: str | None = None  # URL on the origin, where a copy is kept there


Finish = Callable[[str, Values, bool], tuple[str, int]]
"""Fills the draft of a path and returns (sha256, size). Where the flag is false the text is only measured:
it is a member of a cycle, filled with paths in place of URLs."""


def dependencies(node: Node, nodes: Mapping[str, Node]) -> list[str]:
    """What must be named before *node* can be. A node without a fingerprint has its name from the start, so
    nobody waits for it, unless its integrity is asked for."""
    return [
        mention.target
        for mention in node.mentions
        if mention.kind == INTEGRITY or nodes[mention.target].routed.fingerprint
    ]


class Linker:
    """Links *nodes*. *finish* is called once for each of them, after all that it depends on, and once more
    before that for the members of a cycle."""

    def __init__(self, nodes: Mapping[str, Node], finish: Finish, origin: Target) -> None:
        self.nodes = nodes
        self.finish = finish
        self.origin = origin
        self.linked: dict[str, Linked] = {}

    def link_leaves(self) -> None:
        """Links whatever mentions nothing."""
        for path, node in self.nodes.items():
            if not node.mentions:
                self.add([path])

    def link(self) -> dict[str, Linked]:
        """Links the rest. Every output by logical path."""
        graph = {
            path: [target for target in dependencies(node, self.nodes) if target not in self.linked]
            for path, node in self.nodes.items()
            if path not in self.linked
        }
        for component in components(graph):
            self.add(component)
        return self.linked

    def add(self, component: list[str]) -> None:
        node = self.nodes[component[0]]
        if len(component) > 1 or (node.mentions and node.path in dependencies(node, self.nodes)):
            self.add_cycle(component)
            return
        sha256, size = self.finish(node.path, self.values(node), True)
        self.linked[node.path] = self.output(node, sha256, sha256, size)

    def add_cycle(self, component: list[str]) -> None:
        """Members of a cycle cannot bear the digest of their own bytes: each bears one of all drafts."""
        within = frozenset(component)
        together = ""
        for path in component:
            sha256, _ = self.finish(path, self.values(self.nodes[path], within), False)
            together += f"{path}\0{sha256}\0{self.nodes[path].routed.target.url}\n"
        for path in component:
            fingerprint = digest.sha256(f"{path}\0{together}".encode())
            self.linked[path] = self.output(self.nodes[path], fingerprint)
        for path in self.by_integrity(within):
            sha256, size = self.finish(path, self.values(self.nodes[path]), True)
            self.linked[path] = self.linked[path]._replace(sha256=sha256, size=size)

    def by_integrity(self, within: frozenset[str]) -> list[str]:
        """The members of a cycle, each after those whose integrity it states. Raises `SiteError` where two
        state each other's, which nobody can compute."""
        stated = {
            path: [
                mention
                for mention in self.nodes[path].mentions
                if mention.kind == INTEGRITY and mention.target in within
            ]
            for path in sorted(within)
        }
        order: list[str] = []
        for members in components({path: [one.target for one in found] for path, found in stated.items()}):
            circular = [one for path in members for one in stated[path] if one.target in members]
            if circular:
                place = circular[0]
                message = f"the integrity of {place.target!r} depends on this very file"
                problem = Problem(
                    ERROR, place.file, message, "leave the attribute out", place.line, place.column
                )
                raise SiteError([problem])
            order += members
        return order

    def output(self, node: Node, fingerprint: str, sha256: str = "", size: int = 0) -> Linked:
        name = node.routed.name(node.path, fingerprint)
        target = node.routed.target
        kept = target.name != self.origin.name and (node.routed.keep_on_origin or target.kind == "pull")
        fallback = self.origin.url + paths.url_path(name) if kept else None
        files: tuple[str, ...] = (node.routed.file(name),)
        if fallback and not files[0].startswith(ORIGIN + "/"):
            files += (f"{ORIGIN}/{name}",)
        return Linked(node.path, name, node.routed.url(name), sha256, size, node.routed, files, fallback)

    def values(self, node: Node, within: frozenset[str] = frozenset()) -> Values:
        """What is written for each token of *node*; for the members of *within*, their paths."""
        values = dict(node.values)
        for mention in node.mentions:
            values[mention.token.encode()] = self.value(mention, within).encode()
        return values

    def value(self, mention: Mention, within: frozenset[str]) -> str:
        target = self.nodes[mention.target]
        if mention.kind == INTEGRITY:
            return (
                mention.target if target.path in within else digest.integrity(self.linked[target.path].sha256)
            )
        if not target.routed.fingerprint:
            return target.routed.url(target.path)
        return target.path if target.path in within else self.linked[target.path].url


def components(graph: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """The strongly connected components of ``{node: what it depends on}``, each after all that it depends on.

    Members come sorted.
    """
    search = _Search(graph)
    for root in graph:
        if root not in search.index:
            yield from search.below(root)


class _Search:
    """Tarjan's algorithm, without recursion since chains of imports may be longer than Python's stack."""

    def __init__(self, graph: Mapping[str, Sequence[str]]) -> None:
        self.graph = graph
        self.index: dict[str, int] = {}
        self.low: dict[str, int] = {}
        self.stack: list[str] = []
        self.on_stack: set[str] = set()

    def below(self, root: str) -> Iterator[list[str]]:
        """The components that can be reached from *root* and were not found before."""
        work = [self.entered(root)]
        while work:
            path, targets = work[-1]
            child = self.unseen(path, targets)
            if child is not None:
                work.append(self.entered(child))
                continue
            work.pop()
            if work:
                parent = work[-1][0]
                self.low[parent] = min(self.low[parent], self.low[path])
            if self.low[path] == self.index[path]:
                yield self.popped(path)

    def entered(self, path: str) -> tuple[str, Iterator[str]]:
        self.index[path] = self.low[path] = len(self.index)
        self.stack.append(path)
        self.on_stack.add(path)
        return path, iter(self.graph[path])

    def unseen(self, path: str, targets: Iterator[str]) -> str | None:
        """The first of *targets* to enter; those before it may close a circle."""
        for target in targets:
            if target not in self.index:
                return target
            if target in self.on_stack:
                self.low[path] = min(self.low[path], self.index[target])
        return None

    def popped(self, last: str) -> list[str]:
        component = []
        while True:
            path = self.stack.pop()
            self.on_stack.remove(path)
            component.append(path)
            if path == last:
                return sorted(component)
