"""A small grammar of JavaScript: functions, statements and expressions, valid however the dice fall."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .dice import WORDS, Dice, listed

METHODS = listed(
    """
    addEventListener appendChild bind concat filter forEach getAttribute hasOwnProperty indexOf join map push
    querySelector reduce removeChild replace setAttribute slice split toString trigger
    """
)
GLOBALS = listed("document window console Math Object Array JSON location navigator Number")
OPERATORS = listed("=== !== + - * / < > <= >= % && || | &")
REGEXES = listed(r"/^\s+|\s+$/g /[^a-z0-9-]/gi /(\d+)px/ /^https?:\/\// /[/\\]]+/ /\.(jpe?g|png|svg)$/i")
TAGS = (
    "@private",
    "@returns {boolean}",
    "@param {Object} options",
    "@param {string} name",
    "@deprecated",
    "@see",
)


class Grammar:
    """Grows text. *taken* are the names that the top of the file bears already."""

    space = " "
    line = "\n"
    indent = "  "
    end = ";\n"

    def __init__(self, dice: Dice, taken: Iterable[str], *, modern: bool) -> None:
        self.dice = dice
        self.modern = modern
        self.taken = set(taken)
        self.depth = 0 if modern else 1  # of blocks; a classic script is wrapped in a function
        self.names = tuple(dict.fromkeys(self.invented() for _ in range(70)))
        self.properties = tuple(dict.fromkeys(self.invented() for _ in range(40))) + METHODS
        self.quote = dice.pick("'\"")

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
        method = self.dice.pick(("", f".{self.dice.pick(METHODS)}"))
        return f"{self.pad}{self.member()}{method}({self.list(2)}){self.end}"

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
        parts = (
            f"var {index}{self.space}={self.space}0;",
            f"{index}{self.space}<{self.space}{names}.length;",
            f"{index}++",
        )
        return f"{self.pad}for{self.space}({self.space.join(parts)}){self.space}{self.block()}{self.line}"

    def attempt(self, _: set[str]) -> str:
        return (
            f"{self.pad}try{self.space}{self.block()}{self.space}catch{self.space}(error){self.space}{self.block('error')}"
            + self.line
        )

    def thrown(self, _: set[str]) -> str:
        error = f"throw new Error({self.string()}){self.end}"
        return f"{self.pad}if{self.space}(!{self.member()}){self.space}{error}"

    def comment(self, percent: int) -> str:
        if not self.dice.chance(percent):
            return ""
        if self.dice.chance(50):
            return f"{self.pad}// {self.dice.words(3, 12)}\n"
        tags = "".join(
            f"{self.pad} * {self.dice.pick(TAGS)} {self.dice.words(1, 5)}\n"
            for _ in range(self.dice.below(4))
        )
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
        return self.string() if fall < 9 else self.dice.pick(("true", "false", "null", "this", "undefined"))

    def member(self) -> str:
        owner = self.dice.pick(("this", "this", self.dice.favour(self.names), self.dice.favour(GLOBALS)))
        text = f"{owner}.{self.dice.favour(self.properties)}"
        return f"{text}[{self.dice.pick(('0', 'i', self.string()))}]" if self.dice.chance(10) else text

    def string(self) -> str:
        text = self.dice.pick(
            (self.dice.favour(self.names), self.dice.words(1, 5), f".{self.dice.pick(WORDS)}-item")
        )
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
        lines = f",{self.line}".join(
            f"{self.pad}{one}:{self.space}{self.expression(depth - 1)}" for one in names
        )
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


STATEMENTS: tuple[tuple[int, Callable[[Grammar, set[str]], str]], ...]
STATEMENTS = (
    (25, Grammar.called),
    (48, Grammar.assigned),
    (66, Grammar.declared),
    (80, Grammar.condition),
    (85, Grammar.loop),
    (87, Grammar.attempt),
    (90, Grammar.thrown),
)
EXPRESSIONS: tuple[tuple[int, Callable[[Grammar, int], str]], ...]
EXPRESSIONS = (
    (30, Grammar.call),
    (45, Grammar.operation),
    (50, Grammar.choice),
    (57, Grammar.object),
    (64, Grammar.closure),
    (67, Grammar.test),
    (70, Grammar.kind),
)
