"""Explores every interleaving of the calls that some actors make, on the real code over the memory store.

An actor is deterministic: what it does next follows from what its calls have returned. So it is run from its
beginning with these results, up to the call that comes next; no thread ever waits. Two ways to the same
objects and the same results are one state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cdn_pipeline.stores import Body, Condition, Conflict, Got, Listed, Store, StoreError
from cdn_pipeline.stores.memory import Memory

LOST = "the answer was lost"


class Call(NamedTuple):
    """A request of an actor."""

    operation: str
    arguments: tuple[Any, ...]


class Next(BaseException):
    """The actor wants to make a call that has no result yet."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self.call = call


class Ended(NamedTuple):
    """What an actor came to: a value, or the exception that it raised."""

    value: Any


class Scripted:
    """A store that answers from a script."""

    has_versions = True

    def __init__(self, url: str, now_s: float) -> None:
        self.url = url
        self.script: list[Any] = []
        self._at = 0
        self._now_s = now_s

    def begin(self, script: list[Any]) -> None:
        self.script, self._at = script, 0

    def list(self, prefix: str = "") -> Iterator[Listed]:
        return iter(self._call("list", prefix))

    def versions(self, prefix: str = "") -> Iterator[Listed]:
        return iter(self._call("versions", prefix))

    def get(self, key: str) -> Got | None:
        return self._call("get", key)

    def head(self, key: str) -> Got | None:
        return self._call("head", key)

    def put(
        self, key: str, body: Body, headers: Mapping[str, str], sha256: str, condition: Condition = None
    ) -> str:
        content = body.read_bytes() if isinstance(body, Path) else body
        return self._call("put", key, content, headers, sha256, condition)

    def delete(self, key: str, version: str) -> None:
        self._call("delete", key, version)

    def held(self, headers: Mapping[str, str]) -> dict[str, str]:
        return dict(headers)

    def now_s(self) -> float:
        return self._now_s

    def close(self) -> None:
        pass

    def _call(self, operation: str, *arguments: Any) -> Any:
        if self._at == len(self.script):
            raise Next(Call(operation, arguments))
        result = self.script[self._at]
        self._at += 1
        if isinstance(result, Exception):
            raise result.with_traceback(None)
        return result


Actor = Callable[[Store], Any]
Objects = dict[str, list[Any]]  # as `Memory` has them


class State(NamedTuple):
    """Objects, and what the calls of each actor have returned so far; all by number."""

    objects: int
    results: tuple[tuple[int, ...], ...]


class Explorer:
    """All states that *actors* can reach from the objects of *memory*."""

    def __init__(
        self,
        memory: Memory,
        actors: Mapping[str, Actor],
        check: Callable[[Memory], None],
        at_end: Callable[[Memory, dict[str, Ended]], None],
        loses: Callable[[Call], bool] = lambda call: False,
    ) -> None:
        """*check* holds in every state, *at_end* where every actor has ended. The answer to a call that
        *loses* picks may be lost, besides being had."""
        self._memory = memory
        self._actors = list(actors.items())
        self._check, self._at_end, self._loses = check, at_end, loses
        self._store = Scripted(memory.url, memory.now_s())
        self._objects: list[tuple[Objects, dict[str, int]]] = []
        self._object_numbers: dict[Any, int] = {}
        self._results: list[Any] = []
        self._result_numbers: dict[str, int] = {}
        self._nexts: dict[tuple[int, tuple[int, ...]], Call | Ended] = {}
        self._applied: dict[tuple[int, int, int], list[tuple[int, int]]] = {}
        self._calls: list[Call] = []
        self._call_numbers: dict[str, int] = {}
        self.ends: dict[State, dict[str, Ended]] = {}
        self.paths: dict[State, int] = {}  # how many interleavings lead on from a state

    def contents(self) -> Iterator[Memory]:
        """Every content of the store that was reached: what a crash of all actors would leave."""
        yield from map(self._restored, range(len(self._objects)))

    def explore(self) -> int:
        """How many interleavings there are."""
        start = State(self._numbered(self._memory), tuple(() for _ in self._actors))
        stack = [(start, iter(self._successors(start)))]
        below: dict[State, list[State]] = {start: []}
        while stack:
            state, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                stack.pop()
                self.paths[state] = sum(self.paths[each] for each in below[state]) or 1
                continue
            below[state].append(following)
            if following not in below:
                below[following] = []
                stack.append((following, iter(self._successors(following))))
        return self.paths[start]

    def _successors(self, state: State) -> list[State]:
        found, ended = [], {}
        for at, (name, _) in enumerate(self._actors):
            step = self._next(at, state.results[at])
            if isinstance(step, Ended):
                ended[name] = step
                continue
            for objects, result in self._apply(state.objects, step):
                results = list(state.results)
                results[at] = (*results[at], result)
                found.append(State(objects, tuple(results)))
        if not found:
            self.ends[state] = ended
            self._at_end(self._restored(state.objects), ended)
        return found

    def _next(self, at: int, results: tuple[int, ...]) -> Call | Ended:
        known = self._nexts.get((at, results))
        if known is None:
            self._store.begin([self._results[number] for number in results])
            known = self._nexts[at, results] = self._run(at)
        return known

    def _run(self, at: int) -> Call | Ended:
        try:
            return Ended(self._actors[at][1](self._store))
        except Next as wanted:
            return wanted.call
        except Exception as error:
            return Ended(error)

    def _apply(self, objects: int, call: Call) -> list[tuple[int, int]]:
        """The objects after *call*, and its result: one for each way that it may go."""
        text = repr(call)
        number = self._call_numbers.setdefault(text, len(self._call_numbers))
        known = self._applied.get((objects, number, 0))
        if known is None:
            memory = self._restored(objects)
            result = _result(memory, call)
            after = self._numbered(memory)
            known = [(after, self._result_number(result))]
            if self._loses(call):
                known.append((after, self._result_number(StoreError(LOST, action="memory:put"))))
            self._applied[objects, number, 0] = known
        return known

    def _result_number(self, result: Any) -> int:
        number = self._result_numbers.setdefault(repr(result), len(self._results))
        if number == len(self._results):
            self._results.append(result)
        return number

    def _numbered(self, memory: Memory) -> int:
        content = tuple(
            (key, tuple((one.name, one.sha256, tuple(sorted(one.headers.items()))) for one in versions))
            for key, versions in sorted(memory._objects.items())
        )
        key = (content, tuple(sorted(memory._written.items())))
        number = self._object_numbers.setdefault(key, len(self._objects))
        if number == len(self._objects):
            self._objects.append((copied(memory._objects), dict(memory._written)))
            self._check(memory)
        return number

    def _restored(self, number: int) -> Memory:
        objects, written = self._objects[number]
        memory = Memory(self._memory.url)
        memory._objects, memory._written = copied(objects), dict(written)
        memory.advance(self._memory.now_s() - memory.now_s())
        return memory


def _result(memory: Memory, call: Call) -> Any:
    try:
        result = getattr(memory, call.operation)(*call.arguments)
        return tuple(result) if call.operation in ("list", "versions") else result
    except Conflict as error:
        return error


def copied(objects: Objects) -> Objects:
    return {key: list(versions) for key, versions in objects.items()}
