"""Edge reports: what visitors get of a release, from what was found out URL by URL."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from cdn_pipeline import verdict
from cdn_pipeline.connection import Unreachable
from cdn_pipeline.errors import ERROR, WARNING
from cdn_pipeline.expectation import Expected
from cdn_pipeline.verdict import Finding
from cdn_pipeline.visitor import Outcome, Visitor


class EdgeReport(NamedTuple):
    """What visitors get."""

    release: str
    asked: Mapping[str, frozenset[str]]  # {target: logical paths}
    verified: Mapping[str, frozenset[str]]  # those that are as they should be
    unreachable: frozenset[str]  # targets that could not be asked
    first: Mapping[str, Mapping[str, int]]  # {target: {HIT, MISS …: how many}} of the first requests
    then: Mapping[str, Mapping[str, int]]  # when asked again, where the first was no hit
    protocols: Mapping[str, tuple[str, ...]]  # {host: ("h2", "h3")}
    requests: int
    findings: tuple[Finding, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong that visitors would notice."""
        return all(finding.severity != ERROR for finding in self.findings)

    @property
    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "release": self.release,
            "ok": self.is_sound,
            "targets": {
                name: {
                    "asked": len(paths),
                    "verified": len(self.verified.get(name, ())),
                    "reachable": name not in self.unreachable,
                    "first": dict(self.first.get(name, {})),
                    "then": dict(self.then.get(name, {})),
                }
                for name, paths in sorted(self.asked.items())
            },
            "hosts": {host: list(found) for host, found in sorted(self.protocols.items())},
            "requests": self.requests,
            "findings": [finding.as_json for finding in self.findings],
        }


def of(
    release: str, outcomes: Sequence[tuple[Expected, Outcome]], visitor: Visitor, advice: str
) -> EdgeReport:
    """What *visitor* has found out. *advice* is for those whose CDN gives no answer."""
    sets: dict[str, dict[str, set[str]]] = {"asked": defaultdict(set), "verified": defaultdict(set)}
    first: dict[str, Counter[str]] = defaultdict(Counter)
    then: dict[str, Counter[str]] = defaultdict(Counter)
    missed: dict[str, list[Expected]] = defaultdict(list)
    for expected, outcome in outcomes:
        sets["asked"][expected.target].add(expected.path)
        first[expected.target].update([outcome.first] if outcome.first else [])
        then[expected.target].update([outcome.then] if outcome.then else [])
        if outcome.is_verified:
            sets["verified"][expected.target].add(expected.path)
        if not outcome.is_reached:
            missed[expected.host].append(expected)
    findings = [finding for _, outcome in outcomes for finding in outcome.findings]
    findings += [
        each for host, some in missed.items() for each in _unreached(visitor.errors[host], some, advice)
    ]
    protocols, slow = _protocols([each for each, _ in outcomes], missed, visitor)
    return EdgeReport(
        release=release,
        asked={name: frozenset(paths) for name, paths in sets["asked"].items()},
        verified={name: frozenset(paths) for name, paths in sets["verified"].items()},
        unreachable=frozenset(each.target for some in missed.values() for each in some),
        first=first,
        then=then,
        protocols=protocols,
        requests=visitor.requests,
        findings=verdict.grouped(findings + slow),
    )


def _unreached(error: Unreachable, missed: Sequence[Expected], advice: str) -> Iterable[Finding]:
    """One for each target on a host that gives no answer; and one more, that is only a warning, for the files
    that pages can do without for a while."""
    for target, can_wait in sorted({(each.target, each.can_wait) for each in missed}):
        urls = tuple(each.url for each in missed if (each.target, each.can_wait) == (target, can_wait))
        if can_wait:
            message = f"{error}; meanwhile pages get the origin's copy"
            yield Finding(WARNING, target, verdict.REACHED, message, error.hint, urls)
        else:
            hint = f"{error.hint}; {advice}" if advice else error.hint
            yield Finding(ERROR, target, verdict.REACHED, str(error), hint, urls)


def _protocols(
    asked: Iterable[Expected], missed: Collection[str], visitor: Visitor
) -> tuple[dict[str, tuple[str, ...]], list[Finding]]:
    """What each host speaks, and a finding for those that speak HTTP/1.1 alone."""
    found: dict[str, tuple[str, ...]] = {}
    findings = []
    for host, one in {each.host: each for each in asked if each.host not in missed}.items():
        try:
            best = visitor.edge.protocol(one.url)
        except Unreachable:
            continue
        is_newest = "h3=" in visitor.alternatives.get(host, "")
        found[host] = ((best,) if best else ()) + (("h3",) if is_newest else ())
        if best == "http/1.1":
            message, hint = "it speaks HTTP/1.1 alone", "switch on HTTP/2 and HTTP/3"
            findings.append(Finding(WARNING, one.target, verdict.PROTOCOL, message, hint, (one.url,)))
    return found, findings
