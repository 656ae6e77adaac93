"""What Terraform would plan: expressions are evaluated, nothing is checked."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import hcl2

Thunk = Callable[[], Any]
WORDS = re.compile(
    r"""\s*(?: (?P<string>"(?:[^"\\$%]|\\.|\$\$\{|%%\{|\$(?!\{)|%(?!\{)|\$\{(?:[^{}"]|"[^"]*")*\})*")
    | (?P<number>\d+) | (?P<name>[A-Za-z_][\w-]*) | (?P<sign>&&|\|\||==|!=|\[\*\]|[][(){}.,?:!=]) )""",
    re.VERBOSE,
)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
BINARY = {"||": 1, "&&": 2, "==": 3, "!=": 3}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "jsonencode": lambda value: value,  # as the value that it is
    "toset": lambda values: sorted(values),
    "strcontains": lambda text, part: part in text,
    "one": lambda values: values[0],
    "regex": lambda pattern, text: re.search(pattern, text)[0],  # type: ignore[index]
}


class Plan:
    """A configuration with *variables*; *known* is ``{"aws_s3_bucket.assets.id": …}``."""

    def __init__(self, text: str, known: Mapping[str, Any], **variables: str) -> None:
        self.document = _plain(hcl2.loads(text))
        self.known = known
        declared = {name: block for each in self.document["variable"] for name, block in each.items()}
        self.variables = {name: self.value(block["default"]) for name, block in declared.items()} | variables
        self.validations = {name: block.get("validation", []) for name, block in declared.items()}
        self.each: Any = None

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Bodies by ``type.name``, with ``[key]`` where there are several, of what is made."""
        found = {}
        for block in self.document["resource"]:
            for kind, named in block.items():
                for name, body in named.items():
                    for key, made in self._instances(body):
                        found[f"{kind}.{name}{key}"] = made
        return found

    @property
    def outputs(self) -> dict[str, Any]:
        return {
            name: self.value(body["value"]) for each in self.document["output"] for name, body in each.items()
        }

    @property
    def objections(self) -> list[str]:
        """Of the variables."""
        return [
            self.value(each["error_message"])
            for blocks in self.validations.values()
            for each in blocks
            if not self.value(each["condition"])
        ]

    def value(self, raw: Any) -> Any:
        if isinstance(raw, str):
            return _Expression(self, raw[2:-1] if raw.startswith("${") else raw).value
        if isinstance(raw, Mapping):
            return {key: self.value(each) for key, each in raw.items()}
        return [self.value(each) for each in raw] if isinstance(raw, list) else raw

    def named(self, path: str) -> Any:
        """What is at ``local.tags``."""
        kind, _, name = path.partition(".")
        if kind == "var":
            return self.variables[name]
        if kind == "local":
            return self.value(self.document["locals"][0][name])
        return self.each if path == "each.key" else self.known[path]

    def _instances(self, body: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        rest = {key: each for key, each in body.items() if key not in ("count", "for_each", "depends_on")}
        if "for_each" in body:
            for key in self.value(body["for_each"]):
                self.each = key
                yield f"[{key}]", self.value(rest)
        elif self.value(body.get("count", 1)):
            yield "", self.value(rest)


class _Expression:
    """Evaluated from the left; of a condition only the part that counts."""

    def __init__(self, plan: Plan, text: str) -> None:
        self.plan = plan
        self.words = [(match.lastgroup, match[match.lastgroup or 0]) for match in WORDS.finditer(text)]
        assert "".join(word for _, word in self.words) == re.sub(r"\s+", "", text) or '"' in text, text
        self.at = 0
        self.value = self.condition()()
        assert self.at == len(self.words), text

    def next(self) -> str:
        return self.words[self.at][1] if self.at < len(self.words) else ""

    def take(self) -> tuple[str | None, str]:
        self.at += 1
        return self.words[self.at - 1]

    def skip(self, word: str) -> bool:
        is_there = self.next() == word
        self.at += is_there
        return is_there

    def condition(self) -> Thunk:
        claim = self.binary(0)
        if not self.skip("?"):
            return claim
        yes = self.condition()
        assert self.skip(":")
        no = self.condition()
        return lambda: yes() if claim() else no()

    def binary(self, above: int) -> Thunk:
        left = self.unary()
        while BINARY.get(self.next(), 0) > above:
            left = _joined(sign := self.take()[1], left, self.binary(BINARY[sign]))
        return left

    def unary(self) -> Thunk:
        if self.skip("!"):
            inner = self.unary()
            return lambda: not inner()
        return self.postfix(*self.primary())

    def primary(self) -> tuple[Thunk, str]:
        """What it is, and its path if it is a name."""
        kind, word = self.take()
        if kind == "string":
            return (lambda: self.template(word[1:-1])), ""
        if kind == "number":
            return (lambda: int(word)), ""
        if word in ("true", "false", "null"):
            return (lambda: {"true": True, "false": False, "null": None}[word]), ""
        if kind == "name":
            return (self.call(word), "") if self.skip("(") else ((lambda: None), word)
        return self.collection(word), ""

    def postfix(self, value: Thunk, path: str) -> Thunk:
        while self.next() in (".", "[", "[*]"):
            _, sign = self.take()
            if sign == ".":
                name = self.take()[1]
                value, path = _attribute(value, name), f"{path}.{name}" if path else ""
            else:
                path += sign if sign == "[*]" else f"[{self.take()[1]}]"
                self.skip("]")
        return (lambda: self.plan.named(path)) if path else value

    def call(self, name: str) -> Thunk:
        arguments = []
        while not self.skip(")"):
            arguments.append(self.condition())
            self.skip(",")
        if name == "can":
            return lambda: _succeeds(arguments[0])
        return lambda: FUNCTIONS[name](*(each() for each in arguments))

    def collection(self, opening: str) -> Thunk:
        if opening == "(":
            inner = self.condition()
            self.skip(")")
            return inner
        if opening == "[":
            items = []
            while not self.skip("]"):
                items.append(self.condition())
                self.skip(",")
            return lambda: [each() for each in items]
        pairs = {}
        while not self.skip("}"):
            key = self.take()[1].strip('"')
            assert self.skip("=") or self.skip(":")
            pairs[key] = self.condition()
            self.skip(",")
        return lambda: {key: each() for key, each in pairs.items()}

    def template(self, text: str) -> str:
        def filled(match: re.Match[str]) -> str:
            if match[1]:
                return match[1][1:]
            if match[2]:
                return ESCAPES.get(match[2], match[2])
            return str(_Expression(self.plan, match[3]).value)

        return re.sub(r"(\$\$\{|%%\{)|\\(.)|\$\{((?:[^{}\"]|\"[^\"]*\")*)\}", filled, text)


def _joined(sign: str, left: Thunk, right: Thunk) -> Thunk:
    if sign == "&&":
        return lambda: left() and right()
    if sign == "||":
        return lambda: left() or right()
    compare = operator.eq if sign == "==" else operator.ne
    return lambda: compare(left(), right())


def _attribute(value: Thunk, name: str) -> Thunk:
    return lambda: value()[name]


def _succeeds(claim: Thunk) -> bool:
    try:
        claim()
    except TypeError:  # no match
        return False
    return True


def _plain(value: Any) -> Any:
    """Without what python-hcl2 says of the form."""
    if isinstance(value, Mapping):
        return {key.strip('"'): _plain(each) for key, each in value.items() if not str(key).startswith("__")}
    return [_plain(each) for each in value] if isinstance(value, list) else value
