"""The function of a site's own that every URL goes through."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from cdn_pipeline.errors import ConfigError
from cdn_pipeline.file_proxy import FileProxy, named
from cdn_pipeline.manifest import Manifest
from tests.conftest import Site

Call = tuple[str, dict[str, Any]]


class Recorder:
    """A proxy that notes its calls."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.calls: list[Call] = []

    def __call__(self, uri: str, **facts: Any) -> Any:
        self.calls.append((uri, facts))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def told(site: Site, path: str) -> dict[str, Any]:
    """What a fresh process tells the proxy of a file; its place is relative to the build directory."""
    recorder = Recorder("https://cdn/x")
    manifest = Manifest.load(site.out / "manifest.json", missing="plain")

    assert FileProxy(recorder)("/u", path, manifest) == "https://cdn/x"

    facts = recorder.calls[0][1]
    if facts["filepath"]:
        facts["filepath"] = facts["filepath"].removeprefix(f"{site.out}/")
    return facts


def facts(**true: Any) -> dict[str, Any]:
    return {"new": False, "filepath": None, "changed": False, "checked": False, "notfound": False} | true


def test_a_file_is_new_then_the_same_then_changed(site: Site) -> None:
    site.write({"static/a.txt": "1", "static/b.txt": "2"})
    site.build()
    place = site.manifest()["files"]["a.txt"]["path"]

    assert told(site, "a.txt") == facts(new=True, checked=True, filepath=place)

    site.write({"static/a.txt": "3", "static/c.txt": "4"})
    site.build()
    changed = site.manifest()["files"]["a.txt"]["path"]

    assert changed != place
    assert told(site, "a.txt") == facts(changed=True, checked=True, filepath=changed)
    assert told(site, "b.txt") == facts(checked=True, filepath=site.manifest()["files"]["b.txt"]["path"])
    assert told(site, "c.txt")["new"] is True


def test_a_build_that_changes_nothing_forgets_nothing(site: Site) -> None:
    site.write({"static/a.txt": "1"})
    site.build()
    site.write({"static/a.txt": "2"})
    site.build()
    site.build(use_cache=False)

    assert told(site, "a.txt")["changed"] is True


def test_what_the_build_does_not_know_is_not_found(site: Site) -> None:
    site.write({"static/a.txt": "1"})
    site.build()

    assert told(site, "gone.txt") == facts(notfound=True)


def test_news_are_told_once_in_a_process_and_release(site: Site) -> None:
    site.write({"static/a.txt": "1"})
    site.build()
    recorder = Recorder("/x")
    proxy = FileProxy(recorder)
    manifest = Manifest.load(site.out / "manifest.json", reload=0)
    for _ in range(3):
        proxy("/u", "a.txt", manifest)
    site.write({"static/a.txt": "2"})
    site.build()
    proxy("/v", "a.txt", manifest)

    assert [(uri, facts["new"], facts["changed"], facts["checked"]) for uri, facts in recorder.calls] == [
        ("/u", True, False, True),
        ("/u", False, False, False),
        ("/u", False, False, False),
        ("/v", False, True, True),
    ]


def test_it_may_change_its_mind(site: Site) -> None:
    site.write({"static/a.txt": "1"})
    site.build()
    recorder = Recorder("/static/a.txt")
    proxy = FileProxy(recorder)
    manifest = Manifest.load(site.out / "manifest.json")

    assert proxy("/static/a.txt", "a.txt", manifest) == "/static/a.txt"

    recorder.answer = "https://cdn/a.txt"  # an hour later

    assert proxy("/static/a.txt", "a.txt", manifest) == "https://cdn/a.txt"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "returned None, which is no URL"),
        ("", "returned '', which is no URL"),
        (b"/x", "returned b'/x', which is no URL"),
        (OSError("no network"), "failed"),
    ],
)
def test_one_that_fails_is_told_once_and_the_url_stays(
    site: Site, caplog: pytest.LogCaptureFixture, answer: Any, reason: str
) -> None:
    site.write({"static/a.txt": "1"})
    site.build()
    proxy = FileProxy(Recorder(answer))
    manifest = Manifest.load(site.out / "manifest.json")

    with caplog.at_level(logging.WARNING, "cdn_pipeline"):
        urls = [proxy("/u", "a.txt", manifest) for _ in range(3)]

    assert urls == ["/u", "/u", "/u"]
    assert [record.getMessage() for record in caplog.records] == [
        f"the file proxy {reason} for /u, which is used as it is"
    ]


def test_a_function_is_found_by_its_name() -> None:
    from posixpath import join

    assert named("posixpath.join") is named("posixpath:join") is named(join) is join


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_module.f", "file proxy 'no_such_module.f': No module named 'no_such_module'"),
        ("posixpath.no", "file proxy 'posixpath.no': module 'posixpath' has no attribute 'no'"),
        ("f", "file proxy 'f': Empty module name"),
        ("posixpath.sep", "file proxy 'posixpath.sep' is no function"),
    ],
)
def test_a_name_of_nothing_is_refused(name: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        named(name)

    assert str(caught.value) == message
