"""What a directory must stand: crashes at every call, other people's files, and names that lead elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cdn_pipeline.stores import CREATE, Condition, Conflict, Match, StoreError
from cdn_pipeline.stores.directory import Directory
from cdn_pipeline.stores.directory.file import is_spelled_so

CSS = {"Content-Type": "text/css"}
CALLS = ("open", "fsync", "utime", "link", "replace", "unlink", "mkdir", "close", "scandir")


class Crash(BaseException):
    """The process ends here."""


@pytest.fixture
def store(tmp_path: Path) -> Directory:
    return Directory(tmp_path / "www", "directory:www")


def put(store: Directory, key: str, body: bytes, condition: Condition = None) -> str:
    return store.put(key, body, CSS, sha256(body).hexdigest(), condition)


def test_a_web_server_finds_plain_readable_files(store: Directory) -> None:
    put(store, "css/a.css", b"a{}")
    file = store.path / "css/a.css"

    assert file.read_bytes() == b"a{}"
    assert file.stat().st_mode & 0o777 == 0o666 & ~_umask()
    assert file.stat().st_nlink == 1


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_files_of_others_are_seen_but_have_no_versions(store: Directory) -> None:
    put(store, "a.css", b"a{}")
    (store.path / "theirs.css").write_bytes(b"b{}")
    got = store.get("theirs.css")

    assert [one.key for one in store.list()] == ["a.css", "theirs.css"]
    assert [one.key for one in store.versions()] == ["a.css"]
    assert got is not None
    assert (got.body, got.sha256, got.headers) == (b"b{}", None, {})


def test_a_file_that_somebody_edits_is_not_ours_any_more(store: Directory) -> None:
    put(store, "a.css", b"a{}")
    (version,) = store.versions()
    (store.path / "a.css").write_bytes(b"theirs")
    store.delete("a.css", str(version.version))
    got = store.get("a.css")

    assert got is not None
    assert (got.body, got.sha256) == (b"theirs", None)


def test_a_version_is_told_from_the_next_though_the_clock_stands(store: Directory) -> None:
    seen = {put(store, "current.json", b"%d" % (number % 2)) for number in range(200)}

    assert len(seen) == 200


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("../a.css", "cannot be the name of a file here"),
        ("css/../../a.css", "cannot be the name"),
        ("/etc/passwd", "cannot be the name"),
        ("css//a.css", "cannot be the name"),
        ("css/", "cannot be the name"),
        ("", "cannot be the name"),
        ("a\0b", "cannot be the name"),
        (".cdn_pipeline/objects/00/a.json", "cannot be the name"),
        (".cdn_pipeline/lock", "cannot be the name"),
        ("out/a.css", "a symbolic link leads out of the directory; remove the link"),
        ("img", "is there, and no plain file; remove it, or rename the asset"),
        ("link.css", "is there, and no plain file"),
        ("a.css/b.css", "Not a directory|File exists"),
        ("x" * 256, "File name too long"),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(
    store: Directory, tmp_path: Path, key: str, says: str
) -> None:
    put(store, "a.css", b"a{}")
    (tmp_path / "elsewhere").mkdir()
    (store.path / "out").symlink_to(tmp_path / "elsewhere")
    (store.path / "link.css").symlink_to(tmp_path / "elsewhere/b.css")
    (store.path / "img").mkdir()
    for condition in (CREATE, None):
        with pytest.raises(StoreError, match=says) as raised:
            put(store, key, b"b{}", condition)  # type: ignore[arg-type]

        assert str(raised.value).startswith("directory:www")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "www"]
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_directory_that_may_not_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = Directory(tmp_path / "file/www", "directory:file/www")
    with pytest.raises(StoreError, match=r"^directory:file/www: a\.css: Not a directory; look"):
        put(store, "a.css", b"a{}")

    assert list(store.list()) == []
    assert store.get("a.css") is None


def test_names_are_spelled_to_the_letter(store: Directory) -> None:
    put(store, "Img/Käse.png", b"1")

    assert is_spelled_so(store.path, "Img/Käse.png")
    assert not is_spelled_so(store.path, "img/Käse.png")
    assert not is_spelled_so(store.path, "Img/Ka\u0308se.png")


def test_what_a_crash_left_is_removed_a_day_later(store: Directory) -> None:
    put(store, "a.css", b"a{}")
    incoming = store.path / ".cdn_pipeline/incoming"
    (incoming / "old").write_bytes(b"half")
    os.utime(incoming / "old", (0, 0))
    (incoming / "new").write_bytes(b"half")
    put(Directory(store.path, "directory:www"), "b.css", b"b{}")

    assert [file.name for file in incoming.iterdir()] == ["new"]


def crashing(monkeypatch: pytest.MonkeyPatch, at: int, *, is_done: bool) -> Callable[[], int]:
    """The call number *at* of the file system is the last, and carried out or not. Returns how many there
    were."""
    count = 0

    def wrapped(call: Callable[..., Any]) -> Callable[..., Any]:
        def crash(*arguments: Any, **options: Any) -> Any:
            nonlocal count
            count += 1
            if count > at:
                raise Crash
            if count == at and not is_done:
                raise Crash
            result = call(*arguments, **options)
            if count == at:
                raise Crash
            return result

        return crash

    for name in CALLS:
        monkeypatch.setattr(os, name, wrapped(getattr(os, name)))
    return lambda: count


ACTS: dict[str, Callable[[Directory], object]] = {
    "create": lambda store: put(store, "css/new.css", b"new", CREATE),
    "swap": lambda store: put(store, "css/old.css", b"new", Match(store.head("css/old.css").etag)),  # type: ignore[union-attr]
    "replace": lambda store: put(store, "css/old.css", b"new"),
    "document": lambda store: put(store, ".cdn_pipeline/current.json", b"new"),
    "delete": lambda store: store.delete("css/old.css", store.head("css/old.css").etag),  # type: ignore[union-attr]
}


@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("act", ACTS)
def test_a_crash_at_any_call_leaves_the_old_or_the_new(
    store: Directory, act: str, is_done: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = 0
    for at in range(1, 200):
        root = store.path / str(at)
        before = Directory(root, "directory:www")
        put(before, "css/old.css", b"old")
        with monkeypatch.context() as patched:
            calls = crashing(patched, at, is_done=is_done)
            try:
                ACTS[act](Directory(root, "directory:www"))
            except Crash:
                points += 1
            else:
                break
            finally:
                assert calls() > 0
        after = Directory(root, "directory:www")
        for one in after.list():
            got = after.get(one.key)
            assert got is not None
            assert got.body in (b"old", b"new")
            assert (got.sha256, got.headers) == (sha256(got.body).hexdigest(), CSS)
        try:
            ACTS[act](after)
        except (Conflict, AttributeError):  # the crash came after the deed
            assert act in ("create", "delete")
        assert (after.get("css/old.css") is None) == (act == "delete")
        put(after, "css/next.css", b"next", CREATE)
    print(f"{act}: {points} crashes")

    assert points > 5
