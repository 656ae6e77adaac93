"""What a running site reads of a build."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from cdn_pipeline.errors import CdnPipelineError, ConfigError
from cdn_pipeline.manifest import BrokenManifest, Manifest, Preload, UnknownAsset
from tests.manifests import BUNDLES, FILES, TARGETS, entry, text


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """A file with a manifest of `FILES` and `BUNDLES`."""
    file = tmp_path / "manifest.json"
    file.write_bytes(text(FILES))
    return file


def replace(file: Path, content: bytes) -> None:
    """As a build does it."""
    new = file.with_name("new")
    new.write_bytes(content)
    os.replace(new, file)


# Answers


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("a.css", "/static/a.0123456789ab.css"),
        ("i.png", "https://x.example/i.0123456789ab.png"),
        ("robots.txt", "/static/robots.txt"),
        ("both", "/static/a.0123456789ab.js"),
        ("a.js", "/static/a.0123456789ab.js"),  # a file comes before a bundle of its name
        ("a.css?#iefix", "/static/a.0123456789ab.css?#iefix"),
        ("a.css#x?y", "/static/a.0123456789ab.css#x?y"),
        ("https://other.example/a.js", "https://other.example/a.js"),
        ("//other.example/a.js?b", "//other.example/a.js?b"),
        ("data:text/css,a{}#b", "data:text/css,a{}#b"),
        ("mailto:x", "mailto:x"),
    ],
)
def test_a_url(there: Path, name: str, url: str) -> None:
    assert Manifest.load(there).url(name) == url
    assert Manifest.load(there, missing="plain").url(name) == url


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("gone.css", "/static/gone.css"),
        ("a dir/ü#1.png", "/static/a%20dir/%C3%BC#1.png"),
        ("/a.css", "/static//a.css"),
        ("../../etc/passwd", "/static/../../etc/passwd"),
        ("gone.eot?#iefix", "/static/gone.eot?#iefix"),
        ("?x", "/static/?x"),
        ("", "/static/"),
        (None, "/static/"),
        (3, "/static/3"),
        (["a.css"], "/static/%5B%27a.css%27%5D"),
        ("\udc80", "/static/%3F"),
        ("a\nb\0", "/static/a%0Ab%00"),
    ],
)
def test_an_unknown_name_is_an_error_or_gets_its_plain_url(there: Path, name: Any, plain: str) -> None:
    assert Manifest.load(there, missing="plain").url(name) == plain
    with pytest.raises(UnknownAsset):
        Manifest.load(there).url(name)


def test_an_error_names_the_nearest(there: Path) -> None:
    with pytest.raises(UnknownAsset) as caught:
        Manifest.load(there).url("A.CSS")

    assert str(caught.value) == f"{there}: no asset and no bundle 'A.CSS'; did you mean 'a.css'?"
    assert isinstance(caught.value, LookupError) and isinstance(caught.value, CdnPipelineError)


def test_a_plain_url_is_told_once(there: Path, caplog: pytest.LogCaptureFixture) -> None:
    manifest = Manifest.load(there, missing="plain")
    for _ in range(3):
        manifest.url("a.cs")
        manifest.integrity("a.cs")
        manifest.tags("a.cs")

    assert caplog.record_tuples == [
        (
            "cdn_pipeline",
            logging.WARNING,
            f"{there}: no asset and no bundle 'a.cs'; did you mean 'a.css'? (plain URLs are used)",
        )
    ]


@pytest.mark.parametrize(
    ("name", "integrity"),
    [("a.css", "sha256-a.css"), ("both", "sha256-a.js"), ("robots.txt", None), ("a.css?x", "sha256-a.css")],
)
def test_integrity_is_told_where_the_name_bears_a_fingerprint(
    there: Path, name: str, integrity: str | None
) -> None:
    assert Manifest.load(there).integrity(name) == integrity


def test_an_address_elsewhere_has_no_integrity(there: Path) -> None:
    assert Manifest.load(there).integrity("https://other.example/a.js") is None


def test_a_bundle_has_its_parts_and_sources(there: Path) -> None:
    bundle = Manifest.load(there).bundle("both")

    assert bundle.urls == ("/static/a.0123456789ab.js", "/static/b.0123456789ab.js")
    assert bundle.parts == ("a.js", "b.js")
    assert bundle.sources == ("1.js", "2.js")
    assert bundle.extra == {"media": "print"}
    assert bundle.integrities == ("sha256-a.js", "sha256-b.js")
    assert Manifest.load(there).bundle("a.js").parts == ("b.js",)  # asked for as a bundle, it is one


def test_a_file_is_a_bundle_of_one(there: Path) -> None:
    assert Manifest.load(there).bundle("a.css") == (
        ("/static/a.0123456789ab.css",),
        ("a.css",),
        ("a.css",),
        {},
        ("sha256-a.css",),
    )


def test_an_output_means_all_its_parts(there: Path) -> None:
    names = ["gen/o.js", "gen/o.2.js", "gen/o.3.js", "gen/x.css", "gen/x.2.css", "gen/o.4.js"]
    single = {"url": "/x", "parts": names[3:5], "sources": ["s.css"], "extra": {"x": 1}}
    box = {"url": "/x", "parts": names, "sources": [], "extra": {"y": 1}}
    there.write_bytes(text({name: entry(name) for name in names}, {"box": box, "single": single}))
    manifest = Manifest.load(there)

    assert manifest.bundle("gen/o.js").parts == ("gen/o.js", "gen/o.2.js", "gen/o.3.js")
    assert manifest.bundle("gen/x.css").parts == ("gen/x.css", "gen/x.2.css")
    assert manifest.bundle("gen/o.4.js").parts == ("gen/o.4.js",)
    assert manifest.bundle("gen/o.js").extra == {}
    there.write_bytes(text({name: entry(name) for name in names}, {"single": single, "box": box}))
    assert Manifest.load(there).bundle("gen/x.css").extra == {"x": 1}


def test_what_to_fetch_ahead(there: Path) -> None:
    manifest = Manifest.load(there)
    font = "https://x.example/f.0123456789ab.woff2"

    assert manifest.preloads("a.css") == (Preload(font, "font", "font/woff2", "anonymous", None, False),)
    url, integrity = "https://x.example/n.0123456789ab.js", "sha256-n.js"
    assert manifest.preloads("m.js") == (
        Preload(url, "script", "text/javascript", "anonymous", integrity, True),
    )
    assert manifest.preloads("robots.txt") == ()


def test_tags_of_names_that_are_not_of_the_build(there: Path) -> None:
    manifest = Manifest.load(there, missing="plain")

    assert manifest.tags(["gone.css", "https://x.example/x.js", "a.css?v=1"], preload=False) == (
        '<link rel="stylesheet" href="/static/gone.css">\n'
        '<link rel="stylesheet" href="/static/a.0123456789ab.css?v=1" integrity="sha256-a.css">\n'
        '<script src="https://x.example/x.js" defer></script>\n'
    )


def test_what_else_a_manifest_says(there: Path) -> None:
    manifest = Manifest.load(there)

    assert manifest.names() == tuple(FILES)
    assert manifest.bundles == tuple(BUNDLES)
    assert manifest.release == "r1"
    assert manifest.targets == TARGETS
    assert manifest.directory == str(there.parent)
    assert manifest.entry("a.css") == FILES["a.css"]
    assert "a.css" in manifest and "both" in manifest and "gone" not in manifest and None not in manifest
    for missing in ("error", "plain"):
        with pytest.raises(UnknownAsset):
            Manifest.load(there, missing=missing).entry("both")


def test_missing_is_one_of_two(there: Path) -> None:
    with pytest.raises(ValueError, match="missing is 'warn'; it must be one of 'error', 'plain'"):
        Manifest.load(there, missing="warn")


@pytest.mark.parametrize("reload", ["2", -1.0, float("nan"), True, []])
def test_what_is_no_interval_is_refused_before_anything_is_asked(there: Path, reload: Any) -> None:
    with pytest.raises(ValueError, match="it must be a number of seconds, or None for never"):
        Manifest.load(there, reload=reload)


# Broken manifests

BROKEN: list[tuple[bytes | None, str]] = [
    (None, "there is no manifest; run `cdn-pipeline build`"),
    (b"", "is empty; build again"),
    (b" \n", "is empty; build again"),
    (text(FILES)[:700], "is damaged or cut off: "),
    (text(FILES)[:-2], "is damaged or cut off: "),
    (b"\x80\x81", "is damaged or cut off: "),
    (b"[" * 100_000, "is damaged or cut off: "),
    (b"[]", "is no manifest of cdn_pipeline; build again, or name another file"),
    (b'{"paths": {}}', "is no manifest of cdn_pipeline; build again, or name another file"),
    (b'{"version": 1}', "is damaged: it has no files; build again"),
    (b'{"version": 1, "files": {"a.css": 3}, "bundles": {}, "targets": {}}', "is damaged: what it says of"),
    (
        b'{"version": 1, "files": {}, "bundles": {"b": {"parts": []}}, "targets": {}}',
        "is damaged: its bundles",
    ),
    (text(FILES).replace(b"1", b"2", 1), "is of version 2, and this cdn_pipeline reads version 1; install"),
]


@pytest.mark.parametrize(("content", "message"), BROKEN)
def test_a_broken_manifest_says_what_is_wrong_and_what_to_do(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    file = tmp_path / "manifest.json"
    if content is not None:
        file.write_bytes(content)
    for ask in (
        lambda m: m.url("a.css"),
        lambda m: m.tags("a.css"),
        lambda m: m.bundle("b"),
        lambda m: m.release,
    ):
        with pytest.raises(BrokenManifest) as caught:
            ask(Manifest.load(file))
        assert str(caught.value).startswith(f"{file}: {message}")


@pytest.mark.parametrize(("content", "message"), BROKEN)
def test_or_plain_urls_are_used_and_that_is_told_once(
    tmp_path: Path, content: bytes | None, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "manifest.json"
    if content is not None:
        file.write_bytes(content)
    manifest = Manifest.load(file, missing="plain", origin="/assets/")

    assert [manifest.url("a.css"), manifest.url("ü.css?x")] == ["/assets/a.css", "/assets/%C3%BC.css?x"]
    assert manifest.tags(["a.css", "b.js"]) == (
        '<link rel="stylesheet" href="/assets/a.css">\n<script src="/assets/b.js" defer></script>\n'
    )
    assert manifest.bundle("x", ["a.js", "b.js"]).urls == ("/assets/a.js", "/assets/b.js")
    assert (manifest.integrity("a.css"), manifest.preloads("a.css"), manifest.import_map()) == (None, (), "")
    assert (manifest.names(), manifest.bundles, manifest.release, dict(manifest.targets)) == ((), (), "", {})
    assert [record.getMessage() for record in caplog.records] == [caplog.records[0].getMessage()]
    assert caplog.records[0].getMessage().startswith(f"{file}: {message}")
    assert caplog.records[0].getMessage().endswith("; plain URLs are used")


def test_a_directory_is_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(BrokenManifest, match="cannot be read: Is a directory"):
        Manifest.load(tmp_path).url("a.css")


@pytest.mark.parametrize(
    "bundle",
    [{"parts": ["gone.js"]}, {"parts": [5]}, {"parts": ["a.js"], "extra": ["x"]}, {"parts": [[]]}],
    ids=json.dumps,
)
def test_what_does_not_fit_together_is_damage_too(
    there: Path, bundle: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    there.write_bytes(text(FILES, {"all.js": {"sources": [], **bundle}}))
    plain, strict = Manifest.load(there, "plain"), Manifest.load(there)

    assert plain.tags("all.js") == '<script src="/static/all.js" defer></script>\n'
    assert "what it says does not fit together" in caplog.text
    with pytest.raises(BrokenManifest, match=r"fit together .*; build again"):
        strict.tags("all.js")


def test_damage_within_a_line_is_found_when_the_file_is_asked_for(there: Path) -> None:
    there.write_bytes(text(FILES).replace(b'"target": "origin"', b'"target": origin'))
    manifest = Manifest.load(there)

    assert manifest.url("i.png") == "https://x.example/i.0123456789ab.png"
    with pytest.raises(BrokenManifest, match=r"manifest.json: is damaged"):
        manifest.url("a.css")
    assert Manifest.load(there, missing="plain").url("a.css") == "/static/a.css"


# Holds


def holding(there: Path, content: Any) -> Manifest:
    raw = content if isinstance(content, bytes) else json.dumps({"version": 1, **content}).encode()
    (there.parent / "fallback.json").write_bytes(raw)
    return Manifest.load(there)


AHEAD, PAST = 4e9, 1e9  # seconds since the epoch


@pytest.mark.parametrize(
    ("content", "is_held"),
    [
        ({"retreated": ["cdn"], "held": {}}, True),
        ({"retreated": ["cdn"]}, True),
        ({"retreated": ["other"], "held": {}}, False),
        ({"retreated": ["origin"], "held": {}}, False),
        ({"held": {"cdn": {"until": AHEAD, "paths": ["i.png", "n.js", "f.woff2"]}}}, True),
        ({"held": {"cdn": {"until": None, "paths": ["i.png", "n.js", "f.woff2"]}}}, True),
        ({"held": {"cdn": {"until": PAST, "paths": ["i.png", "n.js", "f.woff2"]}}}, False),
        ({"held": {"other": {"until": AHEAD, "paths": ["i.png", "n.js", "f.woff2"]}}}, False),
        ({"held": {"cdn": {"until": AHEAD, "paths": ["gone.png"]}}}, False),
        ({}, False),
    ],
)
def test_what_is_held_back_is_asked_of_the_origin(there: Path, content: Any, is_held: bool) -> None:
    manifest = holding(there, content)
    base = "/static/" if is_held else "https://x.example/"

    assert manifest.url("i.png") == f"{base}i.0123456789ab.png"
    assert manifest.integrity("i.png") == "sha256-i.png"
    assert manifest.bundle("n.js").urls == (f"{base}n.0123456789ab.js",)
    assert [each.url for each in manifest.preloads("m.js")] == [f"{base}n.0123456789ab.js"]
    assert f'href="{base}f.0123456789ab.woff2"' in manifest.tags("a.css")
    assert f'"/static/n.js": "{base}n.0123456789ab.js"' in manifest.import_map()
    assert manifest.entry("i.png")["url"] == "https://x.example/i.0123456789ab.png"
    assert manifest.url("a.css") == "/static/a.0123456789ab.css"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"version": 2}',
        b"{}",
        {"held": []},
        {"held": {"cdn": {"until": "x", "paths": []}}},
        {"held": {"cdn": {"until": None}}},
        {"retreated": 3},
        {"retreated": [[]]},
        {"held": {"cdn": []}},
        b"[" * 100_000,
    ],
)
def test_damaged_holds_are_ignored_with_a_word(
    there: Path, content: Any, caplog: pytest.LogCaptureFixture
) -> None:
    manifest = holding(there, content)

    assert [manifest.url("i.png"), manifest.url("n.js")] == [FILES["i.png"]["url"], FILES["n.js"]["url"]]
    expected = 0 if content == b"" else 1
    assert [record.getMessage().split(":")[1] for record in caplog.records] == [
        " is damaged and ignored"
    ] * expected


# Reloading


class Clock:
    """Seconds, which pass when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_800_000_000.0
        monkeypatch.setattr("cdn_pipeline.manifest.monotonic", lambda: self.now)
        monkeypatch.setattr("cdn_pipeline.manifest.time.time", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """At some moment of 2027."""
    return Clock(monkeypatch)


def changed(stamp: str = ".ba9876543210") -> bytes:
    return text({path: entry(path, stamp) for path in FILES}, release="r2")


def test_a_new_manifest_is_used_after_the_interval(there: Path, clock: Clock) -> None:
    manifest = Manifest.load(there, reload=2.0)
    assert manifest.url("a.css") == "/static/a.0123456789ab.css"
    replace(there, changed())
    clock.now += 1.9
    assert manifest.url("a.css") == "/static/a.0123456789ab.css"
    clock.now += 0.2
    assert manifest.url("a.css") == "/static/a.ba9876543210.css"
    assert manifest.release == "r2"


def test_it_is_not_looked_for_where_nobody_asked(there: Path, clock: Clock) -> None:
    manifest = Manifest.load(there)
    manifest.url("a.css")
    replace(there, changed())
    clock.now += 1e9

    assert (manifest.url("b.js"), manifest.release) == ("/static/b.0123456789ab.js", "r1")


def test_nothing_is_read_before_something_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "manifest.json"
    manifest = Manifest.load(file)
    file.write_bytes(text(FILES))

    assert manifest.url("b.js") == "/static/b.0123456789ab.js"


@pytest.mark.parametrize("missing", ["error", "plain"])
@pytest.mark.parametrize("content", [None, b"", text(FILES)[:300], text(FILES).replace(b"1", b"3", 1)])
def test_the_last_good_one_is_used_on_while_the_new_one_is_broken(
    there: Path, clock: Clock, caplog: pytest.LogCaptureFixture, missing: str, content: bytes | None
) -> None:
    manifest = Manifest.load(there, missing=missing, reload=1.0)
    manifest.url("a.css")
    there.unlink()
    if content is not None:
        there.write_bytes(content)
    for _ in range(3):
        clock.now += 1.1
        assert manifest.url("b.js") == "/static/b.0123456789ab.js"
    assert len(caplog.records) == 1
    assert caplog.records[0].getMessage().endswith("; release r1 is used on")
    replace(there, changed())
    clock.now += 1.1

    assert manifest.url("b.js") == "/static/b.ba9876543210.js"


def test_a_first_manifest_is_found_when_it_comes(tmp_path: Path, clock: Clock) -> None:
    file = tmp_path / "manifest.json"
    strict, lenient = Manifest.load(file, reload=1.0), Manifest.load(file, missing="plain", reload=1.0)
    assert lenient.url("a.css") == "/static/a.css"
    with pytest.raises(BrokenManifest):
        strict.url("a.css")
    file.write_bytes(text(FILES))
    clock.now += 1.1

    assert strict.url("a.css") == lenient.url("a.css") == "/static/a.0123456789ab.css"


def test_holds_are_looked_at_as_often(there: Path, clock: Clock) -> None:
    manifest = Manifest.load(there, reload=5.0)
    urls = [manifest.url("i.png")]
    for content in ({"retreated": ["cdn"]}, {"retreated": []}, None):
        holds = there.with_name("fallback.json")
        holds.unlink() if content is None else replace(holds, json.dumps({"version": 1, **content}).encode())
        clock.now += 5.1
        urls.append(manifest.url("i.png"))

    away, here = "https://x.example/i.0123456789ab.png", "/static/i.0123456789ab.png"
    assert urls == [away, here, away, away]


@pytest.mark.parametrize("reload", [None, 60.0])
def test_a_hold_ends_by_itself(there: Path, clock: Clock, reload: float | None) -> None:
    held = {"held": {"cdn": {"until": clock.now + 10, "paths": ["i.png"]}}}
    there.with_name("fallback.json").write_text(json.dumps({"version": 1, **held}))
    manifest = Manifest.load(there, reload=reload)
    urls = [manifest.url("i.png")]
    for _ in range(2):
        clock.now += 6
        urls.append(manifest.url("i.png"))

    away, here = "https://x.example/i.0123456789ab.png", "/static/i.0123456789ab.png"
    assert urls == [here, here, away]


REPLACER = """
import os, sys
directory, *names = sys.argv[1:]
for turn in range(20_000):
    os.link(os.path.join(directory, names[turn % 2]), os.path.join(directory, "new"))
    os.replace(os.path.join(directory, "new"), os.path.join(directory, "manifest.json"))
"""


def test_a_hundred_threads_read_whole_releases_while_they_are_replaced(there: Path) -> None:
    releases = (".0123456789ab.", ".ba9876543210.")
    there.with_name("0").write_bytes(text(FILES))
    there.with_name("1").write_bytes(changed())
    manifest = Manifest.load(there, reload=0.0)
    seen: set[object] = set()
    replacing = subprocess.Popen([sys.executable, "-c", REPLACER, str(there.parent), "0", "1"])

    def read() -> None:
        while replacing.poll() is None:
            try:
                answers = (
                    manifest.url("a.css"),
                    manifest.bundle("both").urls,
                    manifest.tags(["a.css", "b.js"]),
                )
                seen.update(tuple(stamp for stamp in releases if stamp in str(answer)) for answer in answers)
            except Exception as error:
                seen.add(error)

    threads = [threading.Thread(target=read) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert replacing.wait() == 0
    assert seen == {(releases[0],), (releases[1],)}  # both, and never both at once


def test_a_forked_process_goes_on_by_itself(there: Path) -> None:
    program = """
import os, sys, threading
from cdn_pipeline.manifest import Manifest
manifest = Manifest.load(sys.argv[1], reload=0.0)
manifest.url("a.css")
busy = [threading.Thread(target=lambda: [manifest.url("b.js") for _ in range(20000)]) for _ in range(4)]
for thread in busy: thread.start()
children = []
for _ in range(10):
    child = os.fork()
    if not child:
        os._exit(0 if manifest.url("a.css") == "/static/a.0123456789ab.css" else 1)
    children.append(child)
for thread in busy: thread.join()
print([os.waitpid(child, 0)[1] for child in children])
"""
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(there)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert ran.stdout.strip() == str([0] * 10)


# Where it is, and what it costs


@pytest.mark.parametrize(
    ("files", "build", "url"),
    [
        ({"cdn_pipeline.toml": ""}, "build", "/static/"),
        ({"cdn_pipeline.toml": 'build = "out"\n[targets.origin]\nurl = "/s"'}, "out", "/s/"),
        ({"pyproject.toml": '[tool.cdn_pipeline]\nbuild = "b/c"'}, "b/c", "/static/"),
        ({"pyproject.toml": "[tool.other]", "cdn_pipeline.toml": 'build = "x"'}, "x", "/static/"),
    ],
)
def test_the_project_around_says_where_it_is(
    tmp_path: Path, files: dict[str, str], build: str, url: str
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "app/inner").mkdir(parents=True)
    (tmp_path / "app/inner/wsgi.py").touch()
    for start in ("app/inner", "app/inner/wsgi.py", "."):
        manifest = Manifest.of_project(tmp_path / start, missing="plain")
        assert manifest.directory == str(tmp_path / build)
        assert manifest.url("a.css") == f"{url}a.css"


def test_without_a_project_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"neither cdn_pipeline.toml nor"):
        Manifest.of_project(tmp_path)


def test_a_running_site_imports_nothing_heavy(there: Path) -> None:
    program = (
        "import sys; before = set(sys.modules)\n"
        "from cdn_pipeline.manifest import Manifest\n"
        "m = Manifest.load(sys.argv[1], reload=1.0)\n"
        "m.url('a.css'); m.tags(['both', 'a.css'], nonce='x'); m.preloads('m.js'); m.import_map()\n"
        "print(sorted(name for name in set(sys.modules) - before if '.' not in name or 'cdn_pip' in name))"
    )
    ran = subprocess.run(
        [sys.executable, "-S", "-c", program, str(there)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent.parent,
    )
    loaded = set(json.loads(ran.stdout.replace("'", '"')))

    ours = (
        "document errors hold manifest manifest_options media_types paths project references snapshot "
        "snippets spelling"
    )
    own = {name for name in loaded if name.startswith("cdn_pipeline")}
    assert own == {"cdn_pipeline", *(f"cdn_pipeline.{name}" for name in ours.split())}
    heavy = "asyncio ast boto3 botocore dataclasses difflib hashlib html inspect jinja2 logging pathlib"
    heavy += " subprocess tempfile threading tomllib webassets yaml"
    assert loaded & set(heavy.split()) == set()
