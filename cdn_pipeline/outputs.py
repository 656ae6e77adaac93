"""Outputs: fills drafts, finds what is not yet in the build directory, and stages it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cdn_pipeline import draft as drafting
from cdn_pipeline import prepare
from cdn_pipeline.asset import Asset
from cdn_pipeline.compress import makers
from cdn_pipeline.digest import sha256
from cdn_pipeline.drafts import Drafts
from cdn_pipeline.errors import ERROR, Problem
from cdn_pipeline.link import Linked, Linker, Values
from cdn_pipeline.prepare import CopyJob, Lost
from cdn_pipeline.release import BuildDirectory


class Noted(NamedTuple):
    """What the ledger says of an output of the last build."""

    fill: str  # digest of the draft and of all that was filled in
    sha256: str
    size: int
    encodings: dict[str, int]  # sizes of the neighbours; 0 where one was not worth while
    makers: str  # what made them, see `compress.makers`


class Outputs:
    """Everything that a release serves, as files of the build directory."""

    def __init__(
        self,
        drafts: Drafts,
        dropped: Mapping[str, list[bytes]],
        directory: BuildDirectory,
        noted: Iterable[Sequence[Any]],
        *,
        write: bool,
    ) -> None:
        """*noted* are the rows of `notes` of the last build."""
        self.staged: dict[str, str] = {}  # {file below the build directory: staged file}
        self.files: dict[str, str] = {}  # {file below the build directory: logical path it comes from}
        self.encodings: dict[str, dict[str, int]] = {}  # sizes by path; 0 where one was not worth while
        self.noted = {row[0]: Noted(*row[1:]) for row in noted}
        self.problems: list[Problem] = []
        self._drafts = drafts
        self._dropped = dropped
        self.directory = directory
        self._write = write
        self._fills: dict[str, str] = {}
        self._filled: dict[str, str] = {}  # {path: staged file}

    def finish(self, path: str, values: Values, final: bool) -> tuple[str, int]:
        """See `link.Finish`."""
        draft = self._drafts.drafts.get(path)
        if draft is None:
            copied = self._drafts.copied[path]
            return copied.sha256, copied.stamp.size
        key = sha256(repr((self._drafts.keys[path], sorted(values.items()))).encode())
        noted = self.noted.get(path)
        if final:
            self._fills[path] = key
            if noted is not None and noted.fill == key:
                return noted.sha256, noted.size
        content = self._content(path, values)
        if final and self._write:
            self._filled[path] = self.directory.stage(content)
        return sha256(content), len(content)

    def text(self, path: str) -> str:
        """The staged file with the text of *path*, if it was filled now; else ""."""
        return self._filled.get(path, "")

    def _content(self, path: str, values: Values) -> bytes:
        text = self._drafts.text(path)
        for token in self._dropped.get(path, ()):
            text = drafting.without_source_map(text, token)
        return drafting.fill(text, values)

    def gather(self, linker: Linker, assets: Mapping[str, Asset], intact: set[str]) -> None:
        """Stages each file of each output that is not in *intact*, or was written with other bytes."""
        for path, linked in linker.linked.items():
            is_same = self._was_same(linked)
            for file in linked.files:
                self.files[file] = path
                if file not in intact or not is_same:
                    self._stage(file, path, linker, assets)

    def _was_same(self, linked: Linked) -> bool:
        """Whether what the last build wrote under the same name has the same bytes. A fingerprint says so
        itself, to whoever has no notes."""
        noted = self.noted.get(linked.path)
        return linked.routed.fingerprint if noted is None else noted.sha256 == linked.sha256

    def _stage(self, file: str, path: str, linker: Linker, assets: Mapping[str, Asset]) -> None:
        ready = self._filled.pop(path, "") or self._drafts.staged.pop(path, "")
        if not ready and path in self._drafts.drafts:
            values = linker.values(linker.nodes[path])
            ready = self.directory.stage(self._content(path, values))
        elif not ready:
            ready = self._copy_again(assets[path], linker.linked[path].sha256)
        if ready:
            self.staged[file] = ready

    def _copy_again(self, asset: Asset, digest: str) -> str:
        """A staged copy of a file whose digest is known from before, or that is wanted in two places."""
        staged = self.directory.staged_name()
        result = prepare.copy([CopyJob(asset.path, asset.file, asset.stamp.size, staged)])[0]
        if not isinstance(result, Lost) and result.sha256 == digest:
            return staged
        message = result.message if isinstance(result, Lost) else "changed while the build ran"
        self.problems.append(Problem(ERROR, asset.shown, message, "build again"))
        return ""

    def notes(self, outputs: Mapping[str, Linked]) -> Iterator[tuple[Any, ...]]:
        """What the ledger should say of each output: its path, and the fields of `Noted`."""
        for path, linked in outputs.items():
            made = makers(linked.routed.encodings)
            sizes = self.encodings.get(path, {})
            yield path, self._fills.get(path, ""), linked.sha256, linked.size, sizes, made
