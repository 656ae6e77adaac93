"""URLs in Django: what the storage answers to templates, forms and other packages."""

from __future__ import annotations

import json
import logging
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.core.exceptions import SuspiciousFileOperation

from tests import django_site

django_site.configure()

from django import forms  # noqa: E402  (Django's own modules ask for settings)
from django.contrib.staticfiles.storage import staticfiles_storage  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.template import Context, Template  # noqa: E402
from django.templatetags.static import static  # noqa: E402
from django.test import override_settings  # noqa: E402

ROOT = Path(__file__).parent.parent
FOREIGN = ("boto3", "webassets", "yaml", "csscompressor", "jsmin", "brotli", "deflate", "zstandard")
OURS = [f"cdn_pipeline.{name}" for name in ("build", "config", "config_file", "cli", "sources", "workers")]

FILES = {
    "static/css/a.css": "a{background:url(../img/b.png)}\n",
    "static/img/b.png": "PNG",
    "static/js/m.js": "import './n.js'\n",
    "static/js/n.js": "export default 1\n",
    "static/a b.txt": "x\n",
    "static/ü.txt": "x\n",
    "static/robots.txt": "x\n",
}
CDN = {
    "targets": {"cdn": {"url": "https://cdn.example.com/", "store": "memory:assets", "keep_on_origin": True}},
    "routes": [{"match": ("*",), "encodings": ()}],  # tuples, as settings have them
    "minify": False,
}


def write(root: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)


def collect(**options: Any) -> None:
    call_command("collectstatic", interactive=False, verbosity=0, **options)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A project whose files were collected, with a CDN."""
    write(tmp_path, FILES)
    with django_site.site(tmp_path, CDN):
        collect()
        yield tmp_path


URLS = {
    "css/a.css": "/static/css/a.8dc236739f16.css",
    "css/a.css?v=1": "/static/css/a.8dc236739f16.css?v=1",
    "css/a.css#top": "/static/css/a.8dc236739f16.css#top",
    "css/a.css?#iefix": "/static/css/a.8dc236739f16.css?#iefix",
    "css\\a.css": "/static/css/a.8dc236739f16.css",
    " css/a.css ": "/static/css/a.8dc236739f16.css",
    "img/b.png": "https://cdn.example.com/img/b.796120837694.png",
    "a b.txt": "/static/a%20b.73cb3858a687.txt",
    "a%20b.txt": "/static/a%20b.73cb3858a687.txt",
    "ü.txt": "/static/%C3%BC.73cb3858a687.txt",
    "robots.txt": "/static/robots.txt",
    "css/": "/static/css/",
    "css/?v=1": "/static/css/?v=1",
    "https://example.com/x.js": "https://example.com/x.js",
    "//example.com/x.js": "//example.com/x.js",
    "data:text/css,a": "data:text/css,a",
}


def test_a_name_gives_the_url_of_its_target(root: Path) -> None:
    assert {name: static(name) for name in URLS} == URLS
    assert static(Path("css/a.css")) == URLS["css/a.css"]


def test_a_second_question_gets_the_same_answer(root: Path) -> None:
    assert [static("css/a.css"), static("css/a.css")] == [URLS["css/a.css"]] * 2


UNKNOWN = ["css/b.css", "/css/a.css", "CSS/a.css", "../x", "..", "", "?x", "[x", "\0", "css"]


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_name_is_an_error_in_djangos_words(root: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"^Missing staticfiles manifest entry for '"):
        static(name)


def test_the_error_names_the_nearest_and_survives_pickling(root: Path) -> None:
    with pytest.raises(ValueError) as caught:
        static("CSS/a.css")

    said = "Missing staticfiles manifest entry for 'CSS/a.css'; did you mean 'css/a.css'?"
    assert [str(caught.value), str(pickle.loads(pickle.dumps(caught.value)))] == [said, said]


def test_none_is_no_name(root: Path) -> None:
    with pytest.raises(ValueError, match="entry for 'None'"):
        static(None)


def test_where_names_need_not_be_known_the_plain_url_is_used_with_one_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, FILES)
    with django_site.site(tmp_path, CDN | {"manifest_strict": False}):
        collect()
        urls = [static("css/b.css?v=1"), static("css/b.css?v=1"), static("ä ö.css")]

    assert urls == ["/static/css/b.css?v=1"] * 2 + ["/static/%C3%A4%20%C3%B6.css"]
    assert ["css/b.css?v=1" in record.message for record in caplog.records] == [True, False]


def test_a_name_that_leads_out_of_static_root_is_suspicious_even_then(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    with django_site.site(tmp_path, {"manifest_strict": False}):
        collect()
        with pytest.raises(SuspiciousFileOperation):
            static("../settings.py")


@pytest.mark.parametrize("damage", [None, "", '{"version": 1, "fil', '{"version": 2}', "[]", "\xff"])
def test_without_a_manifest_names_are_unknown_or_plain(tmp_path: Path, damage: str | None) -> None:
    write(tmp_path, FILES | ({} if damage is None else {"build/manifest.json": damage}))
    with django_site.site(tmp_path):
        with pytest.raises(ValueError, match=r"entry for 'css/a\.css': .*manifest\.json(: |; run)"):
            static("css/a.css")
        assert static("https://example.com/x.js") == "https://example.com/x.js"
    with django_site.site(tmp_path, {"manifest_strict": False}):
        assert static("css/a.css") == "/static/css/a.css"


def test_without_a_static_root_unknown_names_have_plain_urls(tmp_path: Path) -> None:
    with django_site.site(tmp_path, {"manifest_strict": False}, STATIC_ROOT=None):
        assert static("../css/a.css") == "/static/../css/a.css"


def test_under_debug_urls_are_plain_and_unknown_names_as_wrong(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    with django_site.site(tmp_path, DEBUG=True):
        assert [
            static(name) for name in ("css/a.css?v=1", "a b.txt", "a%20b.txt", "css/", "//x.org/a.js")
        ] == [
            *("/static/css/a.css?v=1", "/static/a%20b.txt", "/static/a%20b.txt", "/static/css/"),
            "//x.org/a.js",
        ]
        with pytest.raises(ValueError, match=r"entry for 'css/b\.css'; no finder has a file of that name"):
            static("css/b.css")


def test_under_debug_an_unknown_name_can_be_a_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, FILES)
    with django_site.site(tmp_path, {"manifest_strict": False}, DEBUG=True):
        assert [static("css/b.css"), static("css/b.css")] == ["/static/css/b.css"] * 2

    assert [record.message for record in caplog.records] == [
        "no finder has a file 'css/b.css'; its plain URL is used"
    ]


def test_under_debug_the_built_url_is_there_by_force(root: Path) -> None:
    with override_settings(DEBUG=True):
        assert staticfiles_storage.url("css/a.css", force=True) == URLS["css/a.css"]


def test_templates_and_forms_use_it(root: Path) -> None:
    class Form(forms.Form):
        class Media:
            css: ClassVar = {"all": ["css/a.css", "/elsewhere.css"]}
            js = (
                "js/n.js",
                forms.Script("js/m.js", type="module", crossorigin="anonymous"),
                "https://example.com/x.js",
            )

    template = Template(
        '{% load static %}<img src="{% static "img/b.png" %}">{% static "css/a.css" as u %}{{ u }}'
    )

    assert template.render(Context()) == f'<img src="{URLS["img/b.png"]}">{URLS["css/a.css"]}'
    assert str(Form().media).splitlines() == [
        f'<link href="{URLS["css/a.css"]}" media="all" rel="stylesheet">',
        '<link href="/elsewhere.css" media="all" rel="stylesheet">',
        f'<script src="{static("js/n.js")}"></script>',
        f'<script src="{static("js/m.js")}" crossorigin="anonymous" type="module"></script>',
        '<script src="https://example.com/x.js"></script>',
    ]


def test_other_packages_find_what_they_read_of_djangos_storages(root: Path) -> None:
    storage = staticfiles_storage
    names, digest = storage.load_manifest()

    assert storage.stored_name("css/a.css?v=1") == "css/a.8dc236739f16.css?v=1"
    assert storage.hashed_files == names
    assert names["img/b.png"] == "img/b.796120837694.png"
    assert storage.manifest_hash == digest
    assert json.loads(storage.read_manifest())["version"] == storage.manifest_version
    assert storage.clean_name("css\\a.css") == "css/a.css"


def test_a_site_that_runs_picks_up_a_new_build_by_itself(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    with django_site.site(tmp_path, {"reload": 0.0}):
        collect()
        running = type(staticfiles_storage._wrapped)(reload=0.0)
        before = running.url("css/a.css")
        write(tmp_path, {"static/css/a.css": "b{}\n"})
        collect()

        assert [before, running.url("css/a.css")] == [
            "/static/css/a.f3ccd4baf396.css",
            "/static/css/a.ef2a875407ac.css",
        ]


def test_threads_see_one_build_or_the_other_while_it_is_replaced(root: Path) -> None:
    storage = type(staticfiles_storage._wrapped)(**CDN, reload=0.0)
    known = {storage.url("css/a.css")}
    seen: set[str] = set()
    done = threading.Event()

    def ask() -> None:
        while not done.wait(0.001):
            seen.add(storage.url("css/a.css"))

    threads = [threading.Thread(target=ask) for _ in range(100)]
    for thread in threads:
        thread.start()
    for version in range(3):
        write(root, {"static/css/a.css": f"a{version}{{}}\n"})
        collect()
        known.add(staticfiles_storage.url("css/a.css"))
    done.set()
    for thread in threads:
        thread.join()

    assert seen <= known
    assert len(known) == 4


def test_a_site_at_another_url_than_it_was_built_for_is_told(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with override_settings(STATIC_URL="/elsewhere/"):
        static("css/a.css")
        static("css/a.css")

    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "was built for /static/, but STATIC_URL is /elsewhere/ here" in caplog.text


def test_a_running_site_loads_nothing_of_a_build() -> None:
    program = (
        "import json, sys; from tests import django_site; django_site.configure();"
        "from django.contrib.staticfiles.storage import staticfiles_storage as s; s.manifest_strict = False;"
        "s.url('a.css'); print(json.dumps(list(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = json.loads(ran.stdout)

    assert "cdn_pipeline.integrations.django.storage" in loaded
    assert [name for name in loaded if name.split(".")[0] in FOREIGN or name in OURS] == []
