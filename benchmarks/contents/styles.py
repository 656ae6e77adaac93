"""Style sheets as people write them, or minified: rules, comments, media queries, fonts, pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from .dice import Dice, listed

ELEMENTS = listed(
    "a button div figure footer h1 h2 h3 header img input label li nav ol p section span table ul"
)
STATES = (
    ":hover",
    ":focus",
    ":active",
    "::before",
    "::after",
    ":first-child",
    ":last-child",
    ":nth-child(2n + 1)",
)
STATES += (
    ":not(:last-child)",
    ":disabled",
    ":focus-visible",
    ":is(:hover, :focus)",
    '[type="text"]',
    "[hidden]",
)
MEDIA = (
    "(min-width: 768px)",
    "(max-width: 599.98px)",
    "(min-width: 1200px)",
    "print",
    "screen and (min-width: 60em)",
)
MEDIA += (
    "(prefers-reduced-motion: reduce)",
    "(prefers-color-scheme: dark)",
    "(hover: hover) and (pointer: fine)",
)
UNITS = ("px", "px", "px", "rem", "rem", "em", "%", "vw", "vh")
KEYWORDS = {
    "display": ("flex", "block", "none", "inline-block", "grid", "inline-flex"),
    "position": ("relative", "absolute", "fixed", "sticky"),
    "overflow": ("hidden", "auto", "visible"),
    "text-align": ("left", "center", "right"),
    "font-weight": ("400", "500", "600", "700", "bold", "normal"),
    "align-items": ("center", "flex-start", "stretch", "baseline"),
    "justify-content": ("space-between", "center", "flex-end"),
    "flex-wrap": ("wrap", "nowrap"),
    "text-transform": ("uppercase", "none", "capitalize"),
    "white-space": ("nowrap", "normal", "pre-wrap"),
    "cursor": ("pointer", "not-allowed", "default"),
    "list-style": ("none", "disc inside", "square"),
    "box-sizing": ("border-box", "content-box"),
    "pointer-events": ("none", "auto"),
    "font-family": (
        '"Open Sans", Arial, sans-serif',
        "Georgia, 'Times New Roman', serif",
        "inherit",
        "monospace",
    ),
    "content": ('""', '"\\201C"', "attr(data-label)", '" / "', "'\\2014 \\00A0'"),
}
LENGTHS = listed(
    """
    width height min-width max-width min-height top left right bottom gap font-size border-radius margin-top
    margin-bottom margin-left padding-left letter-spacing line-height flex-basis
    """
)
COLORS = listed("color background-color border-color outline-color fill stroke")


@dataclass(frozen=True)
class Sheet:
    """What a sheet is made from."""

    seed: str
    size: int  # bytes, roughly
    images: tuple[str, ...] = ()  # URLs, each shown once or more
    fonts: tuple[str, ...] = ()  # URLs, each declared once
    imports: tuple[str, ...] = ()  # URLs
    minified: bool = False


class _Author(Dice):
    """Dice with habits: few names, colours and lengths, again and again, as in one person's sheet."""

    def __init__(self, seed: str) -> None:
        super().__init__(seed)
        self.names = self.sample(48)
        self.colors = tuple(_any_color(self) for _ in range(24))
        self.lengths = tuple(_any_length(self) for _ in range(36))


def style(sheet: Sheet) -> str:
    """The text of *sheet*."""
    dice = _Author(sheet.seed)
    write = _Minified(dice) if sheet.minified else _Source(dice)
    parts = [write.header(), *(write.imported(url) for url in sheet.imports)]
    parts += [write.font(dice.sample(2), url) for url in sheet.fonts]
    parts.append(write.rule(":root", [(f"--{name}", _value(dice)) for name in dice.sample(12)]))
    parts += _body(dice, sheet, write, sheet.size - sum(map(len, parts)))
    return "".join(parts)


def _body(dice: _Author, sheet: Sheet, write: _Source, size: int) -> Iterator[str]:
    """Blocks of rules about *size* bytes long, the images spread evenly among them."""
    done = shown = 0
    while done < size or shown < len(sheet.images):
        block = write.comment() + write.rules(_rules(dice, dice.pick(dice.names), dice.between(2, 7)))
        if dice.chance(12):
            block = write.media(dice.pick(MEDIA), block)
        if shown < len(sheet.images) and done * len(sheet.images) >= size * shown:
            block += write.rule(_selector(dice, dice.pick(dice.names)), _picture(dice, sheet.images[shown]))
            shown += 1
        done += len(block)
        yield block


Rule = tuple[str, list[tuple[str, str]]]


def _rules(dice: _Author, block: str, count: int) -> Iterator[Rule]:
    for _ in range(count):
        yield (
            _selector(dice, block),
            list(dict(_declaration(dice) for _ in range(dice.between(1, 7))).items()),
        )


def _selector(dice: _Author, block: str) -> str:
    """One or two selectors about the component *block*, in the manner of BEM."""
    name = f".{block}"
    if dice.chance(70):
        name += f"__{dice.favour(dice.names)}"
    if dice.chance(25):
        name += f"--{dice.favour(dice.names)}"
    if dice.chance(30):
        name += dice.pick(STATES)
    if dice.chance(20):
        name += dice.pick((" ", " > ", " + ", " ~ ")) + dice.pick(ELEMENTS)
    return f"{name},\n.{block}-{dice.pick(dice.names)}" if dice.chance(12) else name


def _declaration(dice: _Author) -> tuple[str, str]:
    fall = dice.below(100)
    if fall < 40:
        name = dice.favour(tuple(KEYWORDS))
        return name, dice.favour(KEYWORDS[name])
    if fall < 65:
        return dice.favour(LENGTHS), _length(dice)
    if fall < 80:
        return dice.pick(COLORS), _color(dice)
    return dice.pick(MANY)(dice)


def _spacing(dice: _Author) -> tuple[str, str]:
    return dice.pick(("margin", "padding")), " ".join(_length(dice) for _ in range(dice.between(1, 4)))


def _border(dice: _Author) -> tuple[str, str]:
    return dice.pick(("border", "border-bottom", "outline")), f"{dice.between(1, 3)}px solid {_color(dice)}"


def _shadow(dice: _Author) -> tuple[str, str]:
    first = f"0 {dice.below(9)}px {dice.below(40)}px rgba(0, 0, 0, 0.{dice.below(90):02})"
    return "box-shadow", first + (f", inset 0 1px 0 {_color(dice)}" if dice.chance(30) else "")


def _transition(dice: _Author) -> tuple[str, str]:
    timing = dice.pick(("ease", "ease-in-out", "linear", "cubic-bezier(0.4, 0, 0.2, 1)"))
    return "transition", f"{dice.pick(('opacity', 'transform', 'all', 'color'))} 0.{dice.below(90)}s {timing}"


def _transform(dice: _Author) -> tuple[str, str]:
    return "transform", f"translate({_length(dice)}, -50%) rotate({dice.below(360)}deg)"


def _gradient(dice: _Author) -> tuple[str, str]:
    return (
        "background-image",
        f"linear-gradient({dice.below(360)}deg, {_color(dice)} 0%, {_color(dice)} 100%)",
    )


def _computed(dice: _Author) -> tuple[str, str]:
    name, length = dice.pick(LENGTHS), dice.favour(dice.lengths)  # never a bare 0: sums want their unit
    if dice.chance(50):
        return name, f"calc(100% - {length} * {dice.between(2, 4)})"
    return name, f"clamp({_length(dice)}, {dice.below(9)}vw + {length}, {_length(dice)})"


def _columns(dice: _Author) -> tuple[str, str]:
    return "grid-template-columns", f"repeat(auto-fit, minmax({dice.below(40) * 10}px, 1fr))"


MANY: tuple[Callable[[_Author], tuple[str, str]], ...]
MANY = (_spacing, _spacing, _border, _shadow, _transition, _transform, _gradient, _computed, _columns)


def _picture(dice: _Author, url: str) -> list[tuple[str, str]]:
    written = dice.pick((f"url({url})", f'url("{url}")', f"url('{url}')"))
    name, value = dice.pick(
        (("background-image", written), ("background", f"#fff {written} no-repeat 50% 0"))
    )
    return [(name, value), _declaration(dice), _spacing(dice)]


def _length(dice: _Author) -> str:
    return "0" if dice.chance(15) else dice.favour(dice.lengths)


def _any_length(dice: Dice) -> str:
    return f"{dice.favour(range(1, 100))}{'.5' if dice.chance(15) else ''}{dice.pick(UNITS)}"


def _color(dice: _Author) -> str:
    return f"var(--{dice.favour(dice.names)})" if dice.chance(20) else dice.favour(dice.colors)


def _any_color(dice: Dice) -> str:
    fall = dice.below(10)
    if fall < 5:
        return f"#{dice.below(1 << 24):06x}"
    if fall < 8:
        return dice.pick(("#fff", "#333", "transparent", "currentColor", "inherit", "#000", "#eee"))
    return f"hsl({dice.below(360)} {dice.below(100)}% {dice.below(100)}%)"


def _value(dice: _Author) -> str:
    return dice.pick((_length, _color))(dice)


class _Source:
    """As people write it."""

    def __init__(self, dice: _Author) -> None:
        self.dice = dice

    def header(self) -> str:
        return f"/**\n * {self.dice.words(2, 4).title()}\n * {self.dice.words(6, 14)}.\n */\n\n"

    def imported(self, url: str) -> str:
        return self.dice.pick(
            (f'@import "{url}";\n', f"@import url({url});\n", f'@import url("{url}") screen;\n')
        )

    def font(self, family: list[str], url: str) -> str:
        source = f'url("{url}") format("woff2")'
        return self.rule("@font-face", [("font-family", f'"{" ".join(family)}"'), ("src", source)])

    def comment(self) -> str:
        if self.dice.chance(55):
            return ""
        return f"/* {self.dice.words(2, 12)} */\n" if self.dice.chance(80) else f"/* {'-' * 60} */\n\n"

    def rules(self, rules: Iterable[Rule]) -> str:
        return "".join(self.rule(*rule) for rule in rules)

    def rule(self, selector: str, declarations: list[tuple[str, str]]) -> str:
        body = "".join(f"  {name}: {value};\n" for name, value in declarations)
        return f"{selector} {{\n{body}}}\n\n"

    def media(self, query: str, block: str) -> str:
        lines = "\n".join(f"  {line}" if line else "" for line in block.rstrip().split("\n"))
        return f"@media {query} {{\n{lines}\n}}\n\n"


class _Minified(_Source):
    """As a minifier leaves it."""

    def header(self) -> str:
        return f"/*! {self.dice.words(1, 2)} v{self.dice.below(9)}.{self.dice.below(30)} | MIT */\n"

    def imported(self, url: str) -> str:
        return f'@import"{url}";'

    def comment(self) -> str:
        return ""

    def rule(self, selector: str, declarations: list[tuple[str, str]]) -> str:
        tight = selector.replace(",\n", ",").replace(" > ", ">").replace(" ~ ", "~")
        return (
            tight + "{" + ";".join(f"{name}:{value.replace(', ', ',')}" for name, value in declarations) + "}"
        )

    def media(self, query: str, block: str) -> str:
        return f"@media {query.replace(': ', ':')}{{{block}}}"
