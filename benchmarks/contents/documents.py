"""Documents: JSON, source maps, SVG, web manifests and plain text."""

from __future__ import annotations

import json
from collections.abc import Sequence

from .dice import WORDS, Dice


def records(seed: str, size: int) -> str:
    """JSON of about *size* bytes: a list of like records, indented or not."""
    dice = Dice(seed)
    keys = dice.sample(7)
    indent = 2 if dice.chance(60) else None
    one = len(json.dumps([_record(dice, keys, 0)], indent=indent))
    rows = [_record(dice, keys, number) for number in range(max(1, size // one))]
    return json.dumps({"version": 1, dice.pick(keys): rows}, indent=indent) + "\n"


def _record(dice: Dice, keys: Sequence[str], number: int) -> dict[str, object]:
    name, title, price, tags, shown, text, place = keys
    return {
        "id": number + 1000,
        name: dice.words(1, 2),
        title: dice.words(2, 6).capitalize(),
        price: dice.below(100000) / 100,
        tags: dice.sample(dice.between(1, 4)),
        shown: dice.chance(70),
        text: dice.words(8, 30),
        place: {"lat": dice.below(18000) / 100, "lon": dice.below(36000) / 100},
    }


def source_map(seed: str, size: int, script: str) -> str:
    """A map of about *size* bytes that goes with *script*; its mappings lead nowhere."""
    dice = Dice(seed)
    digits = "AAAACCEEGIKMQSUWgCkCoCsCwC"
    runs = ("".join(dice.pick(digits) for _ in range(dice.pick((4, 4, 4, 5)))) for _ in range(size // 6))
    fields = {"version": 3, "file": script, "sources": [f"{dice.pick(WORDS)}.js"], "names": dice.sample(60)}
    return json.dumps(fields | {"mappings": ",".join(runs)}, separators=(",", ":"))


def web_manifest(seed: str, icons: Sequence[str]) -> str:
    """The manifest of an installable site with *icons*, PNGs by URL."""
    dice = Dice(seed)
    sizes = ("192x192", "512x512")
    return json.dumps(
        {
            "name": dice.words(2, 3).title(),
            "start_url": "/",
            "display": "standalone",
            "theme_color": _color(dice),
            "icons": [
                {"src": url, "sizes": size, "type": "image/png"}
                for url, size in zip(icons, sizes, strict=True)
            ],
        },
        indent=2,
    )


def text(seed: str, size: int) -> str:
    """Paragraphs of about *size* bytes."""
    dice = Dice(seed)
    return "\n\n".join(dice.words(40, 70).capitalize() + "." for _ in range(max(1, size // 400))) + "\n"


def svg(seed: str, size: int) -> str:
    """A drawing of about *size* bytes, as an editor exports it: gradients, groups, paths, one ``<use>``."""
    dice = Dice(seed)
    side = dice.pick((16, 24, 32, 64, 512))
    name = dice.pick(WORDS)
    shapes = [_shape(dice, side) for _ in range(max(1, size // 260))]
    frame = f'width="{side}" height="{side}" viewBox="0 0 {side} {side}"'
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<!-- {dice.words(3, 8)} -->\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" {frame}>\n  <title>{name}</title>\n'
        f'  <defs>\n    <linearGradient id="{name}-a" x1="0" y1="0" x2="1" y2="1">\n'
        f'      <stop offset="0" stop-color="{_color(dice)}"/>\n'
        f'      <stop offset="1" stop-color="{_color(dice)}"/>\n    </linearGradient>\n  </defs>\n'
        f'  <g id="{name}-b" fill="url(#{name}-a)">\n{"".join(shapes)}  </g>\n'
        f'  <use href="#{name}-b" transform="scale(-1 1)"/>\n</svg>\n'
    )


def _shape(dice: Dice, side: int) -> str:
    filled, stroked = f'fill="{_color(dice)}"', f'stroke="#000" stroke-width="{dice.between(1, 3)}"'
    style = filled if dice.chance(60) else stroked
    points = " ".join(f"{dice.pick('LlCc')}{_points(dice, side)}" for _ in range(dice.between(2, 9)))
    return f'    <path {style} d="M{_number(dice, side)} {_number(dice, side)} {points}Z"/>\n'


def _points(dice: Dice, side: int) -> str:
    return " ".join(_number(dice, side) for _ in range(6))


def _number(dice: Dice, side: int) -> str:
    return f"{dice.below(side)}.{dice.below(100):02}"


def _color(dice: Dice) -> str:
    return f"#{dice.below(1 << 24):06x}"
