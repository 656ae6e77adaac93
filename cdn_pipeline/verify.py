"""Verify: whether stores have all of a release, and whether visitors get it through the CDN."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, NamedTuple, Protocol

from cdn_pipeline import digest, edge_report, expectation, verdict
from cdn_pipeline.cdns import Pause
from cdn_pipeline.config import ORIGIN, Config, Target
from cdn_pipeline.document import Document, Entry
from cdn_pipeline.edge import Edge
from cdn_pipeline.edge_report import EdgeReport
from cdn_pipeline.errors import ERROR
from cdn_pipeline.expectation import PAGE, Expected
from cdn_pipeline.fallback import File
from cdn_pipeline.quantity import count
from cdn_pipeline.stores import Store
from cdn_pipeline.verdict import Finding
from cdn_pipeline.visitor import Visitor

LARGE = 8 << 20  # bytes; of the objects that are larger, one at a time is in memory
AGAIN = 200  # URLs; where more of them fail, time alone does not help
PATIENCE_S = (2.0, 11.0)  # before what failed is asked again; CloudFront keeps a 404 for 10 s by default

Tell = Callable[[int, int], None]
"""Called with how much is done, and of how much."""


def quiet(done: int, total: int) -> None:
    """Says nothing."""


class Wanted(Protocol):
    """An object as it should be in its store."""

    @property
    def sha256(self) -> str: ...

    @property
    def size(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...


class Proof(NamedTuple):
    """That what *targets* serve of a release is where the CDN fetches it.

    No edge is asked without one: it would remember for a while that there was nothing.
    """

    release: str
    targets: frozenset[str]


def proof(release: str, places: Collection[str], targets: Mapping[str, Target]) -> Proof:
    """Of *places*, whose stores were seen to have all of *release*. A CDN that pulls is as good as the
    origin."""
    proved = {
        target.name
        for target in targets.values()
        if target.name in places or (target.kind == "pull" and ORIGIN in places)
    }
    return Proof(release, frozenset(proved))


class OriginReport(NamedTuple):
    """What stores have of a release."""

    release: str
    objects: Mapping[str, int]  # how many there are, right or wrong, by place
    bytes: int  # that were read
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> frozenset[str]:
        """The places that have all of it."""
        wrong = {finding.target for finding in self.findings if finding.severity == ERROR}
        return frozenset(set(self.objects) - wrong)

    @property
    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "release": self.release,
            "objects": dict(self.objects),
            "bytes": self.bytes,
            "findings": [finding.as_json for finding in self.findings],
        }


def verify_origin(
    release: str,
    wanted: Mapping[str, Mapping[str, Wanted]],
    stores: Mapping[str, Store],
    concurrency: int = 16,
    tell: Tell = quiet,
) -> OriginReport:
    """Reads every object, ``{place: {key: object}}``, and compares its bytes and headers. Raises
    `StoreError`."""
    tasks = [(place, key, each) for place, objects in wanted.items() for key, each in objects.items()]
    large = threading.Lock()

    def check(task: tuple[str, str, Wanted]) -> list[Finding]:
        place, key, each = task
        if each.size <= LARGE:
            return _compared(place, key, each, stores[place])
        with large:
            return _compared(place, key, each, stores[place])

    found = [finding for some in _each(check, tasks, concurrency, tell) for finding in some]
    objects = {place: len(keys) for place, keys in wanted.items()}
    return OriginReport(release, objects, sum(each.size for _, _, each in tasks), verdict.grouped(found))


def _compared(place: str, key: str, wanted: Wanted, store: Store) -> list[Finding]:
    got = store.get(key)
    url = f"{store.url.rstrip('/')}/{key}"
    if got is None:
        hint = "deploy again, which uploads what is missing"
        return [Finding(ERROR, place, verdict.STATUS, "it is missing in its store", hint, (url,))]
    if digest.sha256(got.body) != wanted.sha256:
        told = f"{len(got.body):,} of {count(wanted.size, 'byte')}"
        message, hint = "its store has other bytes", "find out who wrote them, remove it, and deploy again"
        return [Finding(ERROR, place, verdict.BYTES, message, hint, (url,), told)]
    there = {name.lower(): value for name, value in got.headers.items()}
    other = sorted(
        name for name, value in store.held(wanted.headers).items() if there.get(name.lower()) != value
    )
    if not other:
        return []
    message = f"its store has another {', '.join(other)}"
    told = ", ".join(f"{name}: {there.get(name.lower(), '')}" for name in other)
    return [Finding(ERROR, place, verdict.HEADERS, message, "deploy again", (url,), told)]


class Question(NamedTuple):
    """Which URLs of a release are asked."""

    config: Config
    manifest: Document
    proof: Proof
    before: Mapping[str, Entry] = {}  # files of the release before; whatever has another URL now is asked
    held: Collection[File] = ()  # asked too
    sample: float | None = None  # the part of the rest that is asked; `publish.sample` by default
    is_published: bool = True  # else what has no fingerprint still is the old one, and pages name nothing new

    @property
    def expected(self) -> list[Expected]:
        """What they must give."""
        part = self.config.publish.sample if self.sample is None else self.sample
        found = expectation.of(self.manifest, self.config.targets)
        found = [each for each in found if self.is_published or not each.is_fixed]
        chosen = expectation.sample(found, part, self.before, self.held)
        return [each._replace(can_wait=each.can_wait and self._is_held(each)) for each in chosen]

    def _is_held(self, each: Expected) -> bool:
        """Whether pages do not name its URL yet."""
        return not self.is_published or (each.target, each.path) in self.held


def visit(question: Question, edge: Edge, tell: Tell = quiet, pause: Pause = time.sleep) -> EdgeReport:
    """`verify_edge` as the config says."""
    config = question.config
    page = expectation.page_origin(config.targets)
    return verify_edge(
        question.proof,
        question.expected,
        edge,
        page=page,
        concurrency=config.publish.concurrency,
        pause=pause,
        tell=tell,
        advice=RETREAT if question.is_published else HOLD,
    )


RETREAT = "`cdn-pipeline retreat` takes pages off it meanwhile"
HOLD = "with hold and keep_on_origin = true, pages get the origin's copies until it is there"


def verify_edge(
    proof: Proof,
    expected: Iterable[Expected],
    edge: Edge,
    *,
    page: str = PAGE,
    concurrency: int = 16,
    patience_s: Sequence[float] = PATIENCE_S,
    pause: Pause = time.sleep,
    tell: Tell = quiet,
    advice: str = "",
) -> EdgeReport:
    """Asks for all of *expected* on the targets that *proof* is of, and again for what was no hit. *page* is
    the origin of the pages that ask with CORS. What fails is asked again after each pause of *patience_s*.
    *advice* is for those whose CDN gives no answer."""
    asked = [each for each in expected if each.target in proof.targets]
    visitor = Visitor(edge, page)
    outcomes = _each(visitor.outcome, asked, concurrency, tell)
    for seconds in patience_s:
        again = [at for at, each in enumerate(asked) if outcomes[at].may_pass and visitor.is_alive(each.host)]
        if not again or len(again) > AGAIN:
            break
        pause(seconds)
        others = _each(visitor.outcome, [asked[at] for at in again], concurrency, quiet)
        for at, outcome in zip(again, others, strict=True):
            outcomes[at] = outcome
    return edge_report.of(proof.release, list(zip(asked, outcomes, strict=True)), visitor, advice)


def _each(work: Callable[[Any], Any], tasks: Sequence[Any], concurrency: int, tell: Tell) -> list[Any]:
    """What *work* returns for each of *tasks*, in their order. Raises the first error, and begins nothing
    more."""
    with ThreadPoolExecutor(max(1, min(concurrency, len(tasks))), "cdn_pipeline") as pool:
        futures = [pool.submit(work, task) for task in tasks]
        try:
            for done, future in enumerate(as_completed(futures), 1):
                future.result()
                tell(done, len(futures))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in futures]
