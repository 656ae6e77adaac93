"""Scripts: classic ones, ES modules and minified libraries."""

from __future__ import annotations

from dataclasses import dataclass

from .dice import Dice
from .grammar import GLOBALS, Grammar


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
    kind = _Minified if wanted.minified else _Source
    taken = {*wanted.exports, *(name for _, names in wanted.imports for name in names)}
    write = kind(Dice(wanted.seed), taken, modern=wanted.module)
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


class _Source(Grammar):
    """As people write it: indented, commented, with long names."""

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
        start, end = (
            "\n(function ($, window, undefined) {\n  'use strict';\n\n",
            "})(window.jQuery, window);\n",
        )
        return [start, *parts, end]

    def declaration(self) -> str:
        if self.modern and self.dice.chance(25):
            return self.klass()
        if self.dice.chance(15):
            word = "const" if self.modern else "var"
            return f"{self.pad}{word} {self.name()} = {self.object(2)}{self.end}{self.line}"
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
