"""Scripts: classic ones, ES modules and minified libraries, grown from a small grammar of JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .dice import WORDS, Dice

METHODS = "addEventListener appendChild bind concat filter forEach getAttribute hasOwnProperty indexOf join map".split()
METHODS += "push querySelector reduce removeChild replace setAttribute slice split toString trigger".split()
GLOBALS = ("document", "window", "console", "Math", "Object", "Array", "JSON", "location", "navigator", "Number")
OPERATORS = ("===", "!==", "+", "-", "*", "/", "<", ">", "<=", ">=", "%", "&&", "||", "|", "&")
REGEXES = (r"/^\s+|\s+$/g", "/[^a-z0-9-]/gi", r"/(\d+)px/", r"/^https?:\/\//", "/[/\\]]+/", r"/\.(jpe?g|png|svg)$/i")
TAGS = ("@private", "@returns {boolean}", "@param {Object} options", "@param {string} name", "@deprecated", "@see")


@dataclass(frozen=True)
class Script:
    """What a script is made from."""

    seed: str
    size: int  # bytes, roughly
    module: bool = False
    exports: tuple[str, ...] = ()  # names that others import; only a module has any
    imports: tuple[tuple[str, tuple[str, ...]], ...] = ()  # (specifier, names)
    lazy: tuple[str, ...] = ()  # specifiers of import()
    images: tuple[str, ...] = ()  # of new URL(…, import.meta.url)
    minified: bool = False
    source_map: str = ""  # URL


def script(wanted: Script) -> str:
    """The text of a script as *wanted*."""
    write = _Minified(wanted) if wanted.minified else _Source(wanted)
    parts = [write.header(), *(write.imported(*one) for one in wanted.imports)]
    names = [*wanted.exports, *(write.name() for _ in range(3))] if wanted.module else [write.name()]
    parts += [write.exported(name) for name in dict.fromkeys(names)]
    parts += [write.lazy(specifier) for specifier in wanted.lazy]
    parts += [write.located(url) for url in wanted.images]
    done = sum(map(len, parts))
    while done < wanted.size:
        parts.append(write.declaration())
        done += len(parts[-1])
    if not wanted.module:
        parts[1:] = write.wrapped(parts[1:])
    if wanted.source_map:
        parts.append(f"\n//# sourceMappingURL={wanted.source_map}\n")
    return "".join(parts)


class _Source:
    """As people write it: indented, commented, with long names."""

    space = " "
    line = "\n"
    indent = "  "
    end = ";\n"

    def __init__(self, wanted: Script) -> None:
        self.dice = dice = Dice(wanted.seed)
        self.modern = wanted.module
        self.names = tuple(dict.fromkeys(self.invented() for _ in range(70)))
        self.properties = tuple(dict.fromkeys(self.invented() for _ in range(40))) + tuple(METHODS)
        self.quote = dice.pick("'\"")
        self.taken: set[str] = {name for _, names in wanted.imports for name in names} | set(wanted.exports)
        self.depth = 0 if wanted.module else 1

    def invented(self) -> str:
        first, *others = self.dice.sample(self.dice.between(1, 3))
        return first + "".join(map(str.title, others))

    def name(self) -> str:
        """A name that nothing at the top of the file bears yet."""
        name = self.invented()
        while name in self.taken:
            name += self.dice.pick(WORDS).title()
        self.taken.add(name)
        return name

    # The top of the file.

    def header(self) -> str:
        return f"/**\n * {self.dice.words(2, 5).title()}\n *\n * {self.dice.words(8, 20)}.\n */\n"

    def imported(self, specifier: str, names: tuple[str, ...]) -> str:
        return f"import {{ {', '.join(names)} }} from {self.quote}{specifier}{self.quote};\n"

    def exported(self, name: str) -> str:
        return ("export " if self.modern else "") + self.function(name) + self.line

    def lazy(self, specifier: str) -> str:
        return f"export const {self.name()} = () => import({self.quote}{specifier}{self.quote});\n"

    def located(self, url: str) -> str:
        return f"const {self.name()} = new URL({self.quote}{url}{self.quote}, import.meta.url).href;\n"

    def wrapped(self, parts: list[str]) -> list[str]:
        return ["\n(function ($, window, undefined) {\n  'use strict';\n\n", *parts, "})(window.jQuery, window);\n"]

    def declaration(self) -> str:
        if self.modern and self.dice.chance(25):
            return self.klass()
        if self.dice.chance(15):
            return f"{self.pad}{'const' if self.modern else 'var'} {self.name()} = {self.object(2)}{self.end}{self.line}"
        return self.comment(100) + self.function(self.name()) + self.line

    def klass(self) -> str:
        name = self.name()
        self.depth += 1
        names = dict.fromkeys(self.dice.pick(self.properties) for _ in range(self.dice.between(2, 7)))
        methods = (f"{self.comment(40)}{self.pad}{one}{self.callable()}\n" for one in names)
        text = "\n".join(methods)
        self.depth -= 1
        base = f" extends {self.dice.pick(GLOBALS)}" if self.dice.chance(30) else ""
        return f"export class {name[0].upper()}{name[1:]}{base} {{\n{text}}}\n\n"

    def function(self, name: str) -> str:
        start = "async function" if self.modern and self.dice.chance(20) else "function"
        return f"{self.pad}{start} {name}{self.callable()}{self.line}"

    def callable(self, arrow: str = "") -> str:
        """Arguments and a block."""
        names = sorted({self.dice.favour(self.names) for _ in range(self.dice.below(4))})
        return f"({f',{self.space}'.join(names)}){self.space}{arrow}{self.block(*names)}"

    def block(self, *declared: str) -> str:
        """A block in which the names *declared* are not declared again."""
        self.depth += 1
        names = set(declared)
        text = "".join(self.statement(names) for _ in range(self.dice.between(1, 7 if self.depth < 4 else 2)))
        if self.dice.chance(40):
            text += f"{self.pad}return {self.expression(2)}{self.end}"
        self.depth -= 1
        return f"{{{self.line}{text}{self.pad}}}"

    # Inside a function. A name that is never declared counts as a global one.

    def statement(self, declared: set[str]) -> str:
        if self.depth > 5:
            return self.called(declared)
        fall = self.dice.below(100)
        for below, write in STATEMENTS:
            if fall < below:
                return write(self, declared)
        return self.comment(100) + self.called(declared)

    def called(self, _: set[str]) -> str:
        return f"{self.pad}{self.member()}{self.dice.pick(('', f'.{self.dice.pick(METHODS)}'))}({self.list(2)}){self.end}"

    def assigned(self, _: set[str]) -> str:
        owner = "this" if self.dice.chance(60) else self.dice.favour(self.names)
        sign = self.dice.pick(("=", "=", "=", "+=", "-="))
        return (
            f"{self.pad}{owner}.{self.dice.favour(self.properties)}{self.space}{sign}{self.space}"
            f"{self.expression(2)}{self.end}"
        )

    def declared(self, declared: set[str]) -> str:
        word = self.dice.pick(("const", "const", "let")) if self.modern else "var"
        name = self.dice.favour(self.names)
        if name in declared:
            return self.assigned(declared)
        declared.add(name)
        return f"{self.pad}{word} {name}{self.space}={self.space}{self.expression(3)}{self.end}"

    def condition(self, _: set[str]) -> str:
        text = f"{self.pad}if{self.space}({self.claim()}){self.space}{self.block()}"
        if self.dice.chance(25):
            text += f"{self.space}else{self.space}{self.block()}"
        return text + self.line

    def claim(self) -> str:
        fall = self.dice.below(10)
        if fall < 5:
            return self.operation(1)
        return self.dice.pick(("", "!")) + self.member() if fall < 8 else self.test(0)

    def loop(self, _: set[str]) -> str:
        index, names = self.dice.pick("ijk"), self.dice.favour(self.names)
        if self.modern:
            return f"{self.pad}for{self.space}(const {index} of {names}){self.space}{self.block()}{self.line}"
        parts = (f"var {index}{self.space}={self.space}0;", f"{index}{self.space}<{self.space}{names}.length;", f"{index}++")
        return f"{self.pad}for{self.space}({self.space.join(parts)}){self.space}{self.block()}{self.line}"

    def attempt(self, _: set[str]) -> str:
        return (
            f"{self.pad}try{self.space}{self.block()}{self.space}catch{self.space}(error){self.space}{self.block('error')}"
            + self.line
        )

    def thrown(self, _: set[str]) -> str:
        return f"{self.pad}if{self.space}(!{self.member()}){self.space}throw new Error({self.string()}){self.end}"

    def comment(self, percent: int) -> str:
        if not self.dice.chance(percent):
            return ""
        if self.dice.chance(50):
            return f"{self.pad}// {self.dice.words(3, 12)}\n"
        tags = "".join(f"{self.pad} * {self.dice.pick(TAGS)} {self.dice.words(1, 5)}\n" for _ in range(self.dice.below(4)))
        return f"{self.pad}/**\n{self.pad} * {self.dice.words(5, 14)}.\n{tags}{self.pad} */\n"

    # Expressions.

    def expression(self, depth: int) -> str:
        if depth <= 0:
            return self.atom()
        fall = self.dice.below(100)
        for below, write in EXPRESSIONS:
            if fall < below:
                return write(self, depth - 1)
        return self.atom()

    def atom(self) -> str:
        fall = self.dice.below(10)
        if fall < 4:
            return self.member()
        if fall < 6:
            return str(self.dice.favour(range(1000)))
        return self.string() if fall < 9 else self.dice.pick(("true", "false", "null", "this", "[]"))

    def member(self) -> str:
        owner = self.dice.pick(("this", "this", self.dice.favour(self.names), self.dice.favour(GLOBALS)))
        text = f"{owner}.{self.dice.favour(self.properties)}"
        return f"{text}[{self.dice.pick(('0', 'i', self.string()))}]" if self.dice.chance(10) else text

    def string(self) -> str:
        text = self.dice.pick((self.dice.favour(self.names), self.dice.words(1, 5), f".{self.dice.pick(WORDS)}-item"))
        text += self.dice.pick(("", "", "", "\\n", " it\\'s", " /* "))
        if self.modern and self.dice.chance(30):
            return f"`{text} ${{{self.member()}}}`"
        return f"{self.quote}{text}{self.quote}"

    def list(self, depth: int) -> str:
        return f",{self.space}".join(self.expression(depth - 1) for _ in range(self.dice.between(1, 3)))

    def call(self, depth: int) -> str:
        return f"{self.member()}({self.list(depth)})"

    def operation(self, depth: int) -> str:
        return self.space.join((self.operand(depth), self.dice.favour(OPERATORS), self.operand(depth)))

    def operand(self, depth: int) -> str:
        """What may stand beside an operator: no arrow function, and no regular expression after a ``/``."""
        if self.dice.chance(20) and depth > 0:
            return f"({self.operation(depth - 1)})"
        return self.call(depth) if self.dice.chance(40) else self.atom()

    def choice(self, depth: int) -> str:
        parts = (self.member(), "?", self.expression(depth), ":", self.expression(depth))
        return "(" + self.space.join(parts) + ")"

    def object(self, depth: int) -> str:
        self.depth += 1
        names = dict.fromkeys(self.dice.favour(self.properties) for _ in range(self.dice.between(1, 6)))
        lines = f",{self.line}".join(f"{self.pad}{one}:{self.space}{self.expression(depth - 1)}" for one in names)
        self.depth -= 1
        return f"{{{self.line}{lines}{self.line}{self.pad}}}"

    def closure(self, _: int) -> str:
        if self.depth > 4:
            return self.atom()
        if self.modern:
            return self.callable(f"=>{self.space}")
        return f"function{self.space}{self.callable()}"

    def test(self, _: int) -> str:
        return f"{self.dice.pick(REGEXES)}.test({self.member()})"

    def kind(self, _: int) -> str:
        right = f"{self.quote}{self.dice.pick(('string', 'function'))}{self.quote}"
        return self.space.join((f"typeof {self.member()}", "===", right))

    @property
    def pad(self) -> str:
        return self.indent * self.depth


class _Minified(_Source):
    """As a minifier leaves it: short names, no space that is not needed."""

    space = line = indent = ""
    end = ";"

    def invented(self) -> str:
        return self.dice.pick("abcdefghlmnopqrstuvxyz") + self.dice.pick("abcdefghklmpqvxyz0123456789")

    def header(self) -> str:
        return f"/*! {self.dice.words(1, 3)} v{self.dice.below(9)}.{self.dice.below(20)} | MIT */\n"

    def wrapped(self, parts: list[str]) -> list[str]:
        return ["!function(t,e){", *parts, "}(window,document);"]

    def comment(self, percent: int) -> str:
        return ""


STATEMENTS: tuple[tuple[int, Callable[[_Source, set[str]], str]], ...]
STATEMENTS = (
    (25, _Source.called),
    (48, _Source.assigned),
    (66, _Source.declared),
    (80, _Source.condition),
    (85, _Source.loop),
    (87, _Source.attempt),
    (90, _Source.thrown),
)
EXPRESSIONS: tuple[tuple[int, Callable[[_Source, int], str]], ...]
EXPRESSIONS = (
    (30, _Source.call),
    (45, _Source.operation),
    (50, _Source.choice),
    (57, _Source.object),
    (64, _Source.closure),
    (67, _Source.test),
    (70, _Source.kind),
)
