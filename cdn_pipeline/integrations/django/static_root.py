"""STATIC_ROOT: where the build's origin files are put beside the plain ones, to be served from there.

They are hard links where the file system has them, so they cost no room; a new one takes the place of an old
one at once, and what we put there is noted in the build, so that nothing else is ever removed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from cdn_pipeline import ORIGIN, PRIVATE, note
from cdn_pipeline.errors import ERROR, Problem, SiteError
from cdn_pipeline.manifest_text import DJANGO_NAME

NOTE = "static_root.json"
NEW = ".cdn_pipeline_new"  # ends the name of a file that is about to replace another
NO_LINKS = {errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.EACCES, errno.ENOSYS}


class StaticRoot:
    """One run's hold on STATIC_ROOT."""

    def __init__(
        self, directory: str, file_mode: int | None = None, directory_mode: int | None = None
    ) -> None:
        """The modes are those of the storage; ``None`` leaves them to the umask."""
        self.directory = os.path.abspath(directory)
        self.is_published = False
        self.written: set[str] = set()  # names below the directory
        self._file_mode = file_mode
        self._directory_mode = directory_mode

    def publish(self, build: Path) -> None:
        """Puts everything there that the build has for the origin, of this release and of those it keeps.
        Raises `SiteError` where that cannot be written."""
        source = os.path.join(build, ORIGIN)
        try:
            for below, names in _tree(source):
                self._put_all(os.path.join(source, below), below, names)
        except OSError as error:
            raise self._failure(error) from error
        self.is_published = True

    def settle(self, build: Path, plain: Mapping[str, str]) -> None:
        """After the build: takes away what it no longer has. *plain*, ``{name: file}``, is what collectstatic
        puts there: one that was hidden by an output comes back."""
        private = build / PRIVATE
        noted = note.read(str(private / NOTE))
        now = {
            os.path.join(below, name) for below, names in _tree(os.path.join(build, ORIGIN)) for name in names
        }
        before = set(noted.get("files", ())) if noted.get("directory") == self.directory else set()
        try:
            for name in sorted(before - now):
                self._take_away(name, plain.get(name.replace(os.sep, "/")))
            self._copy_document(build)
            _write_note(private / NOTE, {"directory": self.directory, "files": sorted(now)})
        except OSError as error:
            raise self._failure(error) from error

    def _put_all(self, source: str, below: str, names: Mapping[str, os.stat_result]) -> None:
        target = os.path.join(self.directory, below)
        _, there = _listing(target)
        if names and not os.path.isdir(target):
            self._make_directory(target)
        for name, status in names.items():
            if not _is_same(status, there.get(name)):
                self._put(os.path.join(source, name), os.path.join(target, name))
                self.written.add(os.path.join(below, name))

    def _make_directory(self, directory: str) -> None:
        if self._directory_mode is None:
            os.makedirs(directory, exist_ok=True)
            return
        before = os.umask(0o777 & ~self._directory_mode)  # makedirs has the mode for the last one only
        try:
            os.makedirs(directory, self._directory_mode, exist_ok=True)
        finally:
            os.umask(before)

    def _put(self, source: str, target: str) -> None:
        new = target + NEW
        with contextlib.suppress(FileNotFoundError):
            os.unlink(new)
        try:
            os.link(source, new)
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            shutil.copy2(source, new)
        if self._file_mode is not None and stat.S_IMODE(os.stat(new).st_mode) != self._file_mode:
            os.chmod(new, self._file_mode)
        os.replace(new, target)

    def _take_away(self, name: str, plain: str | None) -> None:
        target = os.path.join(self.directory, name)
        if plain is not None and os.path.lexists(target):
            shutil.copyfile(plain, target + NEW)
            os.replace(target + NEW, target)
            return
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(target)
        with contextlib.suppress(OSError):  # not empty, most often
            while (target := os.path.dirname(target)) != self.directory:
                os.rmdir(target)

    def _copy_document(self, build: Path) -> None:
        """Puts `staticfiles.json` where other tools look for it."""
        content = (build / DJANGO_NAME).read_bytes()
        target = os.path.join(self.directory, DJANGO_NAME)
        with contextlib.suppress(OSError), open(target, "rb") as there:
            if there.read() == content:
                return
        self._make_directory(self.directory)
        self._put(str(build / DJANGO_NAME), target)

    def _failure(self, error: OSError) -> SiteError:
        place = os.fsdecode(error.filename2 or error.filename or self.directory).removesuffix(NEW)
        message = f"cannot be written: {(error.strerror or str(error)).lower()}"
        return SiteError([Problem(ERROR, place, message, "mend that, then collect again")])


def _tree(top: str) -> Iterator[tuple[str, dict[str, os.stat_result]]]:
    """Each directory below *top*, relative to it, and the files in it."""
    pending = [""]
    while pending:
        below = pending.pop()
        folders, files = _listing(os.path.join(top, below))
        pending += (os.path.join(below, name) for name in folders)
        yield below, files


def _listing(directory: str) -> tuple[list[str], dict[str, os.stat_result]]:
    """The directories and the files in *directory*; none if it is not there."""
    try:
        with os.scandir(directory) as entries:
            there = {entry.name: entry.stat(follow_symlinks=False) for entry in entries}
    except (FileNotFoundError, NotADirectoryError):
        return [], {}
    folders = [name for name, status in there.items() if stat.S_ISDIR(status.st_mode)]
    return folders, {name: status for name, status in there.items() if not stat.S_ISDIR(status.st_mode)}


def _is_same(ours: os.stat_result, there: os.stat_result | None) -> bool:
    """Whether a file is a link to ours, or a copy with its time."""
    if there is None or not stat.S_ISREG(there.st_mode):
        return False
    if (ours.st_ino, ours.st_dev) == (there.st_ino, there.st_dev):
        return True
    return (ours.st_size, ours.st_mtime_ns) == (there.st_size, there.st_mtime_ns)


def _write_note(file: Path, content: Mapping[str, object]) -> None:
    new = file.with_suffix(".new")
    with open(new, "wb") as opened:
        opened.writelines(note.sealed(content))
    os.replace(new, file)
