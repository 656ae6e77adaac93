"""Rules: from facts to findings. A module for each subject; nothing here touches anything."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from cdn_pipeline.doctor.finding import Check, Finding, grouped
from cdn_pipeline.doctor.provider import provider
from cdn_pipeline.doctor.rules import (
    answers,
    compression,
    keeping,
    lifetimes,
    missing,
    pages,
    release,
    sharing,
    transport,
    types,
    validators,
)
from cdn_pipeline.doctor.visit import Examination, Host, Visit

OF_VISITS = (answers, keeping, lifetimes, compression, types, sharing, validators, pages, release)
OF_HOSTS = (missing, transport)
CHECKS: tuple[Check, ...] = tuple(check for module in (*OF_VISITS, *OF_HOSTS) for check in module.CHECKS)


def findings(examination: Examination) -> tuple[Finding, ...]:
    """All that is wrong, each cause once, the worst first."""
    who = _providers(examination)
    found = _all(examination)
    return grouped(one._replace(provider=one.provider or who.get(_place(one.urls[0]), "")) for one in found)


def _providers(examination: Examination) -> dict[str, str]:
    """Of each host, since not every answer tells."""
    return {
        _place(visit.first.request.url): told
        for visit in examination.visits
        if (told := provider(visit.first.headers))
    }


def _place(url: str) -> str:
    return urlsplit(url).netloc


def _all(examination: Examination) -> Iterator[Finding]:
    for host in examination.hosts:
        yield from transport.findings(host, examination)
        yield from missing.findings(host)
    lost = tuple(f"{host.scheme}://{host.netloc}/" for host in examination.hosts if _is_lost(host))
    for visit in examination.visits:
        if visit.first.response or not visit.first.request.url.startswith(lost):
            yield from _of_visit(visit)


def _of_visit(visit: Visit) -> Iterator[Finding]:
    for rule in (types,) if types.is_page_instead(visit) else OF_VISITS:
        yield from rule.findings(visit)


def _is_lost(host: Host) -> bool:
    """Said once, of the host, and not of each of its files."""
    return host.trouble is not None and not host.trouble.is_distrusted
