"""Examinations: a few URLs, a manifest, or both, looked at with all that they load."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from urllib.parse import urlsplit

from cdn_pipeline.doctor import visitor
from cdn_pipeline.doctor.foreign import is_foreign
from cdn_pipeline.doctor.prober import OVER_TIME, Prober, Reach
from cdn_pipeline.doctor.resource import FRAME, Resource, kind_of
from cdn_pipeline.doctor.visit import Examination, Host, Visit
from cdn_pipeline.expectation import Expected

DEPTH = 4  # a page, its style sheets, what they import, its fonts
HOSTS = 20  # that one page may send us to

OVER_LIMIT = "beyond --limit"
LATE = "after --time-limit"
FOREIGN = "of others who serve many sites"
NOT_CHOSEN = "of hosts that --host leaves out"
FRAMES = "pages in frames"
TOO_MANY = f"of more than {HOSTS} hosts"

Tell = Callable[[int, int], None]


def quiet(done: int, total: int) -> None:
    """Says nothing."""


class Scope(NamedTuple):
    """What is looked at, and how hard."""

    urls: Sequence[str] = ()  # absolute
    expected: Sequence[Expected] = ()  # of a manifest: all are asked once, some more closely
    hosts: Collection[str] = ()  # nothing else is asked; all but `foreign` where there are none
    limit: int = 50  # files that are looked at closely
    concurrency: int = 4


def examine(
    scope: Scope,
    reach: Reach | None = None,
    *,
    tell: Tell = quiet,
    pause: Callable[[float], None] = time.sleep,
) -> Examination:
    """All facts. Raises nothing for what a server does."""
    reach = reach or Reach()
    prober = Prober(reach._replace(trusted={*reach.trusted, *_named_hosts(scope)}))
    pool = ThreadPoolExecutor(max(1, scope.concurrency), "cdn_pipeline")
    examiner = _Examiner(prober, scope, tell)
    try:
        examiner.crawl(pool)
        visits = tuple(examiner.visits)
        hosts = tuple(pool.map(lambda some: visitor.host(prober, some, pause), by_host(visits)))
    except BaseException:
        prober.stop()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # who interrupts does not wait for a slow answer
        prober.close()
    hosts = _with_late_troubles(hosts, prober)
    return Examination(time.time(), visits, hosts, dict(examiner.skipped), prober.count)


def _named_hosts(scope: Scope) -> set[str]:
    named = [*scope.urls, *(each.url for each in scope.expected)]
    return {urlsplit(url).hostname or "" for url in named} | set(scope.hosts)


class _Examiner:
    def __init__(self, prober: Prober, scope: Scope, tell: Tell) -> None:
        self.prober, self.scope, self.tell = prober, scope, tell
        self.visits: list[Visit] = []
        self.skipped: Counter[str] = Counter()
        self._known: set[str] = set()
        self._hosts: set[str] = set()
        self._left = scope.limit

    def crawl(self, pool: ThreadPoolExecutor) -> None:
        """What was given, then what that loads, and so on."""
        given = [Resource(url, kind_of(url)) for url in self.scope.urls]
        chosen = self._chosen(given)
        self._visit(pool, chosen, chosen)
        self._release(pool)
        for _ in range(DEPTH):
            named = self._chosen(each for visit in list(self.visits) for each in visit.named)
            closely = self._within_limit(named)
            if len(closely) < len(named):
                self.skipped[OVER_LIMIT] += len(named) - len(closely)
            if not closely:
                break
            self._visit(pool, closely, closely)

    def _release(self, pool: ThreadPoolExecutor) -> None:
        """All files of a manifest, closely as many of each kind as the limit has room for."""
        files = [Resource(each.url, kind_of(each.url), expected=each) for each in self.scope.expected]
        files = [each for each in files if each.url not in self._known]
        self._known.update(each.url for each in files)
        self._visit(pool, files, self._within_limit(files))

    def _chosen(self, resources: Iterable[Resource]) -> list[Resource]:
        """Those not met before that are to be looked at."""
        chosen = []
        for each in resources:
            if each.url not in self._known:
                self._known.add(each.url)
                reason = self._reason_to_skip(each)
                if reason:
                    self.skipped[reason] += 1
                else:
                    chosen.append(each)
        return chosen

    def _reason_to_skip(self, resource: Resource) -> str:
        host = urlsplit(resource.url).hostname or ""
        if not resource.page:
            self._hosts.add(host)
            return ""
        if resource.kind == FRAME:
            return FRAMES
        if self.scope.hosts:
            return "" if host in self.scope.hosts else NOT_CHOSEN
        if is_foreign(host):
            return FOREIGN
        if len(self._hosts) >= HOSTS and host not in self._hosts:
            return TOO_MANY
        self._hosts.add(host)
        return ""

    def _within_limit(self, resources: Sequence[Resource]) -> list[Resource]:
        chosen = spread(resources, self._left)
        self._left -= len(chosen)
        return chosen

    def _visit(
        self, pool: ThreadPoolExecutor, resources: Sequence[Resource], closely: Collection[Resource]
    ) -> None:
        close = {each.url for each in closely}
        futures = [pool.submit(visitor.visit, self.prober, each, each.url in close) for each in resources]
        for future in futures:
            found = future.result()
            if found.first.fault == OVER_TIME:
                self.skipped[LATE] += 1
            else:
                self.visits.append(found)
            self.tell(len(self.visits), len(self._known) - self.skipped.total())


def spread(resources: Sequence[Resource], most: int) -> list[Resource]:
    """At most so many, some of each host and kind, in their order."""
    kinds: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, each in enumerate(resources):
        kinds[each.netloc, each.kind].append(number)
    turns = [(turn, number) for numbers in kinds.values() for turn, number in enumerate(numbers)]
    return [resources[number] for number in sorted(number for _, number in sorted(turns)[: max(0, most)])]


def by_host(visits: Iterable[Visit]) -> list[list[Visit]]:
    """By where the last answer came from."""
    found: dict[tuple[str, str], list[Visit]] = defaultdict(list)
    for each in visits:
        split = urlsplit(each.first.request.url)
        found[split.scheme, split.netloc].append(each)
    return list(found.values())


def _with_late_troubles(hosts: Iterable[Host], prober: Prober) -> tuple[Host, ...]:
    """A host may be lost only when the last questions are asked."""
    return tuple(
        host._replace(trouble=host.trouble or prober.troubles.get((host.scheme, host.netloc)))
        for host in hosts
    )
