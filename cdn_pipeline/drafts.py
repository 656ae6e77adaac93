"""Drafts of a whole site: reads what changed, takes the rest from the cache, and keeps all cores busy."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cdn_pipeline import chain, media_types, paths, prepare
from cdn_pipeline import draft as drafting
from cdn_pipeline.asset import Asset, Stamp
from cdn_pipeline.cache import Cache
from cdn_pipeline.config import Config
from cdn_pipeline.digest import sha256
from cdn_pipeline.draft import Draft, Options
from cdn_pipeline.errors import ERROR, Problem, SiteError
from cdn_pipeline.freshness import APART
from cdn_pipeline.prepare import Copied, CopyJob, DraftJob, Lost
from cdn_pipeline.workers import Task, Workers, batched

BATCH = 256_000  # bytes that a worker takes at once
ALONE_TEXT = 150_000  # bytes of text, and of files to copy, for which starting workers does not pay
ALONE_COPY = 15_000_000
ALREADY_SMALL = ("*.min.css", "*.min.js", "*.min.mjs")


@functools.cache
def code_digest() -> str:
    """A digest of this program's own code, as far as builds use it, which every derived result depends on."""
    here = Path(__file__).parent
    code = (file for pattern in ("*.py", "*.[ch]") for file in here.rglob(pattern))
    files = [file for file in code if file.relative_to(here).parts[0] not in APART]
    return sha256(b"".join(file.read_bytes() for file in sorted(files)))


def options(config: Config, versions: tuple[str, ...]) -> Options:
    """What drafts depend on besides their files."""
    return Options(
        prefix=paths.prefix_of(config.origin.url),
        modules=config.modules,
        css=config.minify.css,
        javascript=config.minify.js,
        time_limit_s=config.filter_timeout_s,
        root=str(config.root),
        versions=versions,
    )


class Noted(NamedTuple):
    """What the last build noted of its assets."""

    identity: str = ""  # `Drafts.identity` of that build
    assets: Iterable[Sequence[Any]] = ()  # rows of `Drafts.notes`


class Drafts:
    """The drafts of all text assets, and the digests of all others."""

    def __init__(
        self, config: Config, cache: Cache, workers: Workers, staged_name: Callable[[], str] | None
    ) -> None:
        """*staged_name* gives names for the copies of files to serve as they are; without it none is made.
        Raises `ConfigError` for engines that can never run."""
        chains = chain.read(config)
        self.options = options(config, chains.versions)
        self.code = chains.code  # the site's own engines
        self.drafts: dict[str, Draft] = {}  # without their texts, which stay in the cache
        self.keys: dict[str, str] = {}  # of the drafts, in the cache
        self.copied: dict[str, Copied] = {}  # of every asset: its digest and what it looked like
        self.identity = sha256(repr((config, chains.versions)).encode("utf-8", "surrogatepass"))
        self.staged: dict[str, str] = {}  # copies of files that are served as they are
        self.problems: list[Problem] = []
        self._assets: Mapping[str, Asset] = {}
        self._encoded: dict[str, str] = {}  # the drafts of assets, as `notes` has them
        self._cache = cache
        self._workers = workers
        self._staged_name = staged_name
        self._is_html = paths.Patterns(config.html)
        self._is_small = paths.Patterns((*ALREADY_SMALL, *config.minify.skip))

    def add(
        self,
        assets: Mapping[str, Asset],
        noted: Noted,
        progress: Callable[[int, int], None],
    ) -> None:
        """Drafts *assets*; *noted* is what the last build knew of them."""
        self._assets = assets
        known = {row[0]: row[1:] for row in noted.assets}
        texts: list[Asset] = []
        others: list[Asset] = []
        for path, asset in assets.items():
            row = known.get(path)
            if row is None or row[:4] != asset.stamp:
                (texts if self.language(path) else others).append(asset)
                continue
            self.copied[path] = Copied(row[4], asset.stamp, row[5])
            if noted.identity == self.identity and row[6]:
                self._trust(path, row[6], row[7])
            elif self.language(path) and not self._recall(path, row[4]):
                texts.append(asset)
        total = len(texts) + len(others)
        alone = sum(asset.stamp.size for asset in texts) < ALONE_TEXT
        alone = alone and sum(asset.stamp.size for asset in others) < ALONE_COPY
        foreign = bool(texts) and any(self.options.versions)  # engines may end the process that they run in
        results = self._workers.run(self._tasks(texts, others), alone=alone, apart=foreign)
        for done, (job, result) in enumerate(results, 1):
            self._take(job, result)
            progress(done, total)

    def notes(self, is_racy: Callable[[Stamp], bool]) -> Iterator[tuple[Any, ...]]:
        """What the next build should know of each asset that is not *is_racy*: its path, stamp and sha256,
        whether it is UTF-8, the key of its draft in the cache, and the draft itself; "" where there is
        none."""
        for path, copied in self.copied.items():
            if not is_racy(copied.stamp):
                key = self.keys.get(path, "")
                yield path, *copied.stamp, copied.sha256, copied.is_utf8, key, self._encoded.get(path, "")

    def _trust(self, path: str, key: str, encoded: str) -> None:
        """Takes the draft that the last build noted."""
        self.keys[path] = key
        self._encoded[path] = encoded
        self.drafts[path] = drafting.from_json(encoded.encode())
        self._cache.keep("text " + key)

    def language(self, path: str) -> str | None:
        """Which reader the asset needs; ``None`` where it is served byte for byte."""
        language = media_types.language(path)
        is_page = media_types.extension(path) in media_types.PAGES
        return None if is_page and not self._is_html(path) else language

    def text(self, path: str) -> bytes:
        """The text of a draft; made again where the cache lost it. Raises `SiteError` if that cannot be."""
        text = self._cache.get("text " + self.keys[path])
        return self._made_again(path) if text is None else text

    def _made_again(self, path: str) -> bytes:
        asset = self._assets.get(path)
        if asset is None:
            raise SiteError([Problem(ERROR, path, "was lost while the build ran", "build again")])
        found = prepare.read(asset.file)
        if isinstance(found, Lost) or sha256(found[0]) != self.copied[path].sha256:
            raise SiteError([Problem(ERROR, asset.shown, "changed while the build ran", "build again")])
        return drafting.draft(*self._draft_job(asset, found[0])).text

    def _key(self, path: str, content_sha256: str) -> str:
        shown = self._assets[path].shown  # stands in its problems
        identity = (self._means, path, shown, content_sha256, self.language(path), self._is_small(path))
        return sha256(repr(identity).encode("utf-8", "surrogatepass"))

    @functools.cached_property
    def _means(self) -> str:
        """A digest of all that makes drafts of files."""
        options = self.options._replace(root="")  # a cache travels between machines
        return sha256(repr((code_digest(), options)).encode("utf-8", "surrogatepass"))

    def _recall(self, path: str, content_sha256: str) -> bool:
        """Takes the draft from the cache, if it is there."""
        key = self.keys[path] = self._key(path, content_sha256)
        encoded = self._cache.get("draft " + key)
        if encoded is None:
            return False
        try:
            self.drafts[path] = drafting.from_json(encoded)
        except (ValueError, TypeError):
            return False
        self._encoded[path] = encoded.decode()
        return True

    def _tasks(self, texts: Iterable[Asset], others: Iterable[Asset]) -> Iterator[Task]:
        for assets in batched(texts, _size, BATCH):
            jobs = [job for asset in assets if (job := self._job(asset)) is not None]
            if jobs:
                yield Task(prepare.draft_all, jobs, prepare.lost)
        for assets in batched(others, _size, 4 * BATCH):
            yield Task(prepare.copy, [self._copy_job(asset) for asset in assets], prepare.lost)

    def _job(self, asset: Asset) -> DraftJob | None:
        """Reads a text; ``None`` if that failed, or if the cache knew its draft after all."""
        found = prepare.read(asset.file)
        if isinstance(found, Lost):
            self._note(asset, found)
            return None
        content, stamp = found
        digest = sha256(content)
        self.copied[asset.path] = Copied(digest, stamp, prepare.is_utf8(content))
        if self._recall(asset.path, digest) and self._cache.get("text " + self.keys[asset.path]) is not None:
            return None
        return self._draft_job(asset, content)

    def _draft_job(self, asset: Asset, content: bytes) -> DraftJob:
        skip = self._is_small(asset.path)
        language = self.language(asset.path) or ""
        return DraftJob(asset.path, asset.shown, content, language, self.options, skip)

    def _copy_job(self, asset: Asset) -> CopyJob:
        if self._staged_name is not None:
            self.staged[asset.path] = self._staged_name()
        is_text = media_types.is_text(asset.path)
        return CopyJob(asset.path, asset.file, asset.stamp.size, self.staged.get(asset.path, ""), is_text)

    def _take(self, job: DraftJob | CopyJob, result: Draft | Copied | Lost) -> None:
        if isinstance(result, Lost):
            self.staged.pop(job.path, None)
            self._note(self._assets[job.path], result)
        elif isinstance(result, Copied):
            self.copied[job.path] = result
        else:
            self.keep(job.path, self.keys[job.path], result)

    def keep(self, path: str, key: str, draft: Draft) -> None:
        """Puts a new draft into the cache, and its text nowhere else."""
        encoded = drafting.to_json(draft)
        self._cache.put("draft " + key, encoded)
        self._cache.put("text " + key, draft.text)
        self._encoded[path] = encoded.decode()
        self.drafts[path] = draft._replace(text=b"")
        self.keys[path] = key

    def _note(self, asset: Asset, lost: Lost) -> None:
        self.problems.append(Problem(ERROR, asset.shown, lost.message, "build again, or exclude the file"))


def _size(asset: Asset) -> int:
    return asset.stamp.size
