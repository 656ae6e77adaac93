"""Telling: an examination and its findings as plain values, and as lines for a person."""

from __future__ import annotations

import re
import textwrap
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cdn_pipeline.doctor.exchange import encoding
from cdn_pipeline.doctor.finding import INFO, Finding
from cdn_pipeline.doctor.provider import NAMES, provider
from cdn_pipeline.doctor.visit import Examination, Host, Visit
from cdn_pipeline.errors import ERROR, WARNING
from cdn_pipeline.quantity import count

WIDTH = 110
LONGEST = 300  # characters of what a server says
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
LETTERS = {ERROR: "error", WARNING: "warning", INFO: "info"}

Facts = Mapping[str, Any]


def facts(examination: Examination, findings: Sequence[Finding]) -> dict[str, Any]:
    """For JSON. `ok` is whether there is no error."""
    return {
        "ok": not any(each.severity == ERROR for each in findings),
        "findings": [_cleaned(each.as_json) for each in findings],
        "hosts": [_host(each, examination.visits) for each in examination.hosts],
        "files": [_file(each) for each in examination.visits],
        "skipped": dict(sorted((why, number) for why, number in examination.skipped.items() if number)),
        "requests": examination.requests,
    }


def _host(host: Host, visits: Iterable[Visit]) -> dict[str, Any]:
    own = [each for each in visits if each.first.request.url.startswith(f"{host.scheme}://{host.netloc}/")]
    answered = [each for each in own if each.first.response]
    expires = None if host.expires is None else time.strftime("%Y-%m-%d", time.gmtime(host.expires))
    return {
        "host": f"{host.scheme}://{host.netloc}",
        "provider": next((who for each in answered if (who := provider(each.first.headers))), ""),
        "http": _versions(host, answered),
        "expires": expires,
        "files": len(own),
        "cache": dict(Counter(each.cache.kind for each in answered).most_common()),
    }


def _versions(host: Host, answered: Sequence[Visit]) -> list[str]:
    """``["1.1", "2", "3"]``, as far as they are offered; none where there was no answer."""
    offers_3 = any("h3" in each.first.header("alt-svc") for each in answered)
    return ["1.1"] * bool(answered) + ["2"] * (host.protocol == "h2") + ["3"] * offers_3


def _file(visit: Visit) -> dict[str, Any]:
    first = visit.first
    return {
        "url": _clean(visit.resource.url),
        "kind": visit.resource.kind,
        "status": first.status,
        "fault": _clean(first.fault),
        "cache": visit.cache.kind,
        "encoding": _clean(encoding(first)),
        "size": first.response.size if first.response else 0,
        "sent": first.response.sent if first.response else 0,
        "cache_control": _clean(first.header("cache-control")),
    }


def _cleaned(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "message": _clean(row["message"]), "said": _clean(row["said"])}


def _clean(text: str) -> str:
    """Nothing in it moves a terminal's cursor, and it is not long."""
    shown = CONTROL.sub(lambda hit: f"\\x{ord(hit[0]):02x}", text)
    return shown if len(shown) <= LONGEST else shown[:LONGEST] + "…"


def text(facts: Facts, *, with_files: bool = False) -> str:
    """For a person."""
    lines = [line for host in facts["hosts"] for line in _host_lines(host)]
    lines += [f"not looked at: {count(number, 'file')} {why}" for why, number in facts["skipped"].items()]
    if with_files:
        lines += ["", *map(_file_line, facts["files"])]
    for finding in facts["findings"]:
        lines += ["", *_finding_lines(finding)]
    return "\n".join([*lines, "", _closing(facts)])


def _host_lines(host: Facts) -> Iterator[str]:
    who = NAMES.get(host["provider"], "")
    parts = [who] if who else []
    parts.append(f"HTTP/{', '.join(host['http'])}" if host["http"] else "no answer")
    parts += [f"certificate until {host['expires']}"] if host["expires"] else []
    parts.append(count(host["files"], "file"))
    parts += [f"{number} {kind}" for kind, number in host["cache"].items() if kind != "UNKNOWN"]
    yield f"{host['host']}  {', '.join(parts)}"


def _file_line(file: Facts) -> str:
    status = file["status"] or "---"
    return f"{status}  {file['cache']:<7}  {file['encoding'] or '-':<5} {file['size']:>11,}  {file['url']}"


def _finding_lines(finding: Facts) -> Iterator[str]:
    yield f"{finding['severity']}: {finding['message']}  [{finding['check']}]"
    more = finding["count"] - 1
    yield f"    where  {finding['urls'][0]}" + (f" (and {more:,} more)" if more else "")
    for label, value in (("said", finding["said"]), ("why", finding["why"])):
        if value:
            yield from _wrapped(label, value)
    ways = finding["mend"]
    if len(set(ways.values())) == 1:
        yield from _wrapped("mend", next(iter(ways.values())))
        return
    for name, way in ways.items():
        yield from _wrapped("mend", way if len(ways) == 1 else f"{name}: {way}")


def _wrapped(label: str, value: str) -> list[str]:
    first, later = f"    {label:<6} ", " " * 11
    return textwrap.wrap(value, WIDTH, initial_indent=first, subsequent_indent=later, break_on_hyphens=False)


def _closing(facts: Facts) -> str:
    severities = Counter(each["severity"] for each in facts["findings"])
    asked = f"{count(len(facts['files']), 'file')}, {count(facts['requests'], 'request')}"
    if not severities:
        return f"nothing found; {asked}"
    counts = [count(severities[each], each) for each in (ERROR, WARNING) if severities[each]]
    counts += [f"{severities[INFO]} info"] if severities[INFO] else []
    return f"{', '.join(counts)}; {asked}"
