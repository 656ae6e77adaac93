"""A section of the site: 200 files of about 25,000 bytes that refer to each other, and to the first section.

The mix follows a site whose pictures weigh most: text is not quite half of the files, and a quarter of the
bytes. Sizes are spread as on real sites, many small and few large, and nearly the same in every section, so
that the site grows linearly; one section in ten has a library and a sheet that are far larger.
"""

from __future__ import annotations

from collections.abc import Iterator

from . import documents, images
from .dice import WORDS
from .scripts import Script, script
from .styles import Sheet, style

FILES = 200
SPREAD = (20, 140, 45, 90, 60, 260, 30, 110, 75, 170)  # percent of the usual size, one file after the other

# css/ and its parts: who imports whom. Four sheets deep, as Django's storage gives up at five.
IMPORTS = {
    "main": ("parts/layout", "parts/forms", "parts/buttons"),
    "theme": ("parts/cards", "parts/dialogs"),
    "print": ("parts/tables",),
    "landing": ("parts/navigation", "parts/layout"),
    "parts/layout": ("parts/grid",),
    "parts/grid": ("parts/base/reset",),
    "parts/forms": ("parts/base/fonts",),
    "parts/cards": ("parts/base/fonts",),
    "parts/buttons": (),
    "parts/dialogs": (),
    "parts/tables": (),
    "parts/navigation": (),
    "parts/base/reset": (),
    "parts/base/fonts": (),
}
SHOWS_THE_CHANGED = "parts/cards"  # and `theme` imports it: a change of the picture renames both
CHANGED = "img/ui/changed.png"

# js/app/: who imports whom, and who asks for whom only when needed.
MODULES = {
    "main": ("router", "store", "views/list", "views/detail"),
    "router": ("events", "history"),
    "store": ("events", "storage"),
    "views/list": ("dom", "format", "store"),
    "views/detail": ("dom", "format", "views/gallery"),
    "views/gallery": ("dom", "events"),
    "views/chart": ("dom", "format"),
    "history": ("events",),
    "storage": ("format",),
    "search": ("dom", "events"),
    "worker": ("format",),
    "events": (),
    "format": (),
    "dom": (),
}
LAZY = {"router": ("views/chart", "search")}


def name(number: int) -> str:
    """The folder of a section."""
    return f"{WORDS[number * 7 % len(WORDS)]}-{number:03}"


def files(number: int) -> Iterator[tuple[str, bytes]]:
    """``(path under the site's root, bytes)`` of each file of section *number*, counted from 0."""
    folder = name(number)
    texts = (*_styles(number, folder), *_scripts(number, folder), *_documents(folder))
    for path, text in texts:
        yield f"{folder}/{path}", text.encode()
    for path, picture in _binaries(folder):
        yield f"{folder}/{path}", picture


def _size(usual: int, number: int) -> int:
    return usual * SPREAD[number % len(SPREAD)] // 100


def _up(path: str, levels: int) -> str:
    return "../" * levels + path


def _styles(number: int, folder: str) -> Iterator[tuple[str, str]]:
    pictures = iter(_pictures() * 3)
    for order, (sheet, imports) in enumerate(IMPORTS.items()):
        depth = sheet.count("/")
        shown = [next(pictures) for _ in range(4 + order % 7)] + [CHANGED] * (sheet == SHOWS_THE_CHANGED)
        fonts = _fonts() if sheet == "parts/base/fonts" else []
        beside = [_relative(f"{other}.css", depth, sheet) for other in imports]
        if sheet == "theme" and number:
            beside.append(f"../../{name(0)}/css/parts/base/reset.css")
        made = Sheet(
            seed=f"{folder}/{sheet}",
            size=_size(15_000, order),
            images=tuple(_up(path, depth + 1) for path in shown),
            fonts=tuple(_up(path, depth + 1) for path in fonts),
            imports=tuple(beside),
        )
        yield f"css/{sheet}.css", style(made)
    for order, vendor in enumerate(("slider", "calendar")):
        arrows = tuple(f"../../img/icons/icon-{order * 3 + at:02}.svg" for at in range(3))
        big = 300_000 if number % 10 == 5 and vendor == "slider" else _size(16_000, order)
        yield f"css/vendor/{vendor}.min.css", style(Sheet(f"{folder}/{vendor}", big, arrows, minified=True))


def _relative(path: str, depth: int, base: str) -> str:
    """*path* as the sheet *base*, *depth* folders down, writes it."""
    shared = base.rpartition("/")[0]
    while shared and not path.startswith(f"{shared}/"):
        shared = shared.rpartition("/")[0]
    inside = path[len(shared) + 1 :] if shared else path
    return "../" * (depth - (shared.count("/") + 1 if shared else 0)) + inside


def _scripts(number: int, folder: str) -> Iterator[tuple[str, str]]:
    for order in range(14):
        yield f"js/{WORDS[order * 11]}.js", script(Script(f"{folder}/classic {order}", _size(16_000, order)))
    for order, (module, imports) in enumerate(MODULES.items()):
        yield f"js/app/{module}.js", script(_module(folder, order, module, imports))
    for order in range(6):
        library = f"{WORDS[order * 13 + 5]}.min.js"
        big = 1_200_000 if number % 10 == 5 and order == 0 else _size(24_000, order)
        mapped = f"{library}.map" if order < 2 else ""
        yield (
            f"js/vendor/{library}",
            script(Script(f"{folder}/{library}", big, minified=True, source_map=mapped)),
        )
        if mapped:
            yield f"js/vendor/{mapped}", documents.source_map(f"{folder}/{mapped}", 30_000, library)


def _module(folder: str, order: int, module: str, imports: tuple[str, ...]) -> Script:
    depth = module.count("/")
    return Script(
        seed=f"{folder}/{module}",
        size=_size(13_000, order + 3),
        module=True,
        exports=_exports(module),
        imports=tuple((_specifier(other, depth), _exports(other)) for other in imports),
        lazy=tuple(_specifier(other, depth) for other in LAZY.get(module, ())),
        images=(_up(_pictures()[order], depth + 2),) if order % 3 == 0 else (),
    )


def _exports(module: str) -> tuple[str, ...]:
    stem = module.rpartition("/")[2]
    return f"{stem}Of", f"open{stem.title()}", f"every{stem.title()}"


def _specifier(module: str, depth: int) -> str:
    return ("../" if depth else "./") + f"{module}.js"


def _documents(folder: str) -> Iterator[tuple[str, str]]:
    for order in range(8):
        yield (
            f"data/{WORDS[order * 17 + 3]}.json",
            documents.records(f"{folder}/json {order}", _size(13_000, order)),
        )
    for order in range(24):
        yield f"img/icons/icon-{order:02}.svg", documents.svg(f"{folder}/svg {order}", _size(3_500, order))
    icons = _pictures()[:2]
    yield "site.webmanifest", documents.web_manifest(folder, icons)
    yield "LICENSE.txt", documents.text(folder, 4_000)


def _pictures() -> list[str]:
    """What sheets and modules show, besides icons."""
    return [f"img/ui/{WORDS[order * 9 + 2]}.png" for order in range(39)] + [
        f"img/photos/photo-{order:02}.jpg" for order in range(20)
    ]


def _fonts() -> list[str]:
    return [f"fonts/{WORDS[order * 19 + 1]}.woff2" for order in range(8)]


def _binaries(folder: str) -> Iterator[tuple[str, bytes]]:
    for order, path in enumerate((*_pictures()[:39], CHANGED)):
        yield path, images.png(f"{folder}/{path}", _size(14_000, order))
    for order in range(59):
        path = f"img/photos/photo-{order:02}.jpg"
        yield path, images.jpeg(f"{folder}/{path}", _size(17_000, order))
    yield "img/photos/hero.jpg", images.jpeg(f"{folder}/hero", 1_000_000)
    for order in range(4):
        yield f"img/loader-{order}.gif", images.gif(f"{folder}/gif {order}", _size(9_000, order))
    for order, path in enumerate(_fonts()):
        yield path, images.woff2(f"{folder}/{path}", _size(26_000, order))
    yield "media/clip.mp4", images.mp4(folder, 950_000)
    yield "favicon.ico", images.ico(folder)
