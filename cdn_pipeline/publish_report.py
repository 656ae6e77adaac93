"""Publish reports: the facts of publishing, for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from cdn_pipeline import PRIVATE
from cdn_pipeline.quantity import count, human_size

Facts = Mapping[str, Any]

SHOWN = 20  # rows of a list; all of them are in --json


def planned(facts: Facts) -> str:
    """What a deploy would do."""
    before = facts["before"]
    replaces = f", in place of {before}" if before else ", the first one here"
    lines = [f"release {facts['release']}{replaces if facts['switch'] else ' is published already'}", ""]
    copies = [each["bytes"] for each in facts["uploads"] if _is_private(each)]
    uploads = [each for each in (*facts["uploads"], *facts["fixed"]) if not _is_private(each)]
    sizes = [each["bytes"] for each in uploads]
    lines.append(_line("upload", _sum(len(sizes), sum(sizes)) + _reasons(uploads)))
    lines += _copied("copy", len(copies), sum(copies))
    lines.append(_line("there", f"{count(facts['kept']['files'], 'file')}, {_size(facts['kept']['bytes'])}"))
    for target, paths in facts["invalidations"].items():
        lines.append(_line("tell", f"the CDN of {target} to forget {count(len(paths), 'path')}"))
    lines += [
        _line("finish", f"what an earlier deploy has left for {each['target']}")
        for each in facts["unfinished"]
    ]
    if facts["dropped"]:
        lines.append(
            _line("leave", f"{count(len(facts['dropped']), 'file')} of the release before, for a prune")
        )
    lines.append(_line("cost", _cost(facts["cost"])))
    rows = [(each["reason"], *_row(each)) for each in uploads]
    return "\n".join([*lines, *_table(rows)])


def _cost(cost: Facts) -> str:
    requests = f"about {count(cost['puts'] + cost['gets'], 'request')}"
    if cost["dollars"] is None:
        return requests
    return f"{requests}, ${cost['dollars']:.4f} at most by the prices of us-east-1 in 2025"


def _sum(files: int, size: int) -> str:
    return f"{count(files, 'file')}, {_size(size)}" if files else "nothing"


def _copied(word: str, files: int, size: int) -> list[str]:
    """Nobody but a rollback asks for these, so they are not among the files."""
    return [_line(word, f"{_sum(files, size)}, for rollbacks")] if files else []


def _reasons(uploads: Iterable[Facts]) -> str:
    counted = Counter(each["reason"] for each in uploads)
    told = ", ".join(f"{number:,} {REASONS[reason]}" for reason, number in sorted(counted.items()))
    return f" ({told})" if told else ""


REASONS = {
    "new": "new",
    "content": "with other bytes",
    "headers": "with other headers",
    "missing": "missing",
    "doomed": "about to be pruned",
}


def deployed(facts: Facts, seconds: float) -> str:
    """What came of a deploy."""
    lines = [f"{_switched(facts, 'published')}  ({seconds:.2f} s)", ""]
    sent, copied, kept = facts["uploaded"], facts["copied"], facts["kept"]
    fixed = [each["bytes"] for each in facts["fixed"]]
    files, size = (sent[key] - copied[key] for key in ("files", "bytes"))
    lines.append(_line("uploaded", _sum(files + len(fixed), size + sum(fixed))))
    lines += _copied("copied", copied["files"], copied["bytes"])
    lines.append(_line("there", count(kept["files"] + facts["found"], "file")))
    return "\n".join([*lines, *_after(facts)])


def rolled_back(facts: Facts) -> str:
    """What came of a rollback."""
    return "\n".join([_switched(facts, "published again"), "", *_after(facts)])


def _switched(facts: Facts, what: str) -> str:
    if not facts["switched"]:
        return f"nothing changed; release {facts['release']} is published"
    before = f", in place of {facts['before']}" if facts["before"] else ""
    return f"release {facts['release']} is {what}{before}"


def _after(facts: Facts) -> Iterator[str]:
    for word, is_new in (("added", True), ("replaced", False)):
        names = [f"{each['target']}: {each['key']}" for each in facts["fixed"] if each["new"] is is_new]
        if names:
            yield _line(word, f"{_some(names)} (no fingerprint in the name)")
    if facts["edge"] is not None:
        yield from _edge(facts["edge"])
    yield from _held(facts["live"])
    if facts["live"]["active"] is not None:
        yield _line("pages", _pages(facts["live"]))
    for each in facts["pending"]:
        yield _line(
            "pending", f"{count(len(each['paths']), 'path')} that the CDN of {each['target']} must forget"
        )


def _pages(live: Facts) -> str:
    where = f"what reads {live['directory']}"
    return f"{where} names this release" if live["active"] else f"{where} goes on as it was"


def _edge(edge: Facts) -> Iterator[str]:
    for name, target in edge["targets"].items():
        if not target["reachable"]:
            yield _line("edge", f"{name} cannot be asked from here")
            continue
        kinds = Counter(target["first"])
        told = ", ".join(f"{number:,} {kind}" for kind, number in sorted(kinds.items()))
        again = ", ".join(f"{number:,} {kind}" for kind, number in sorted(target["then"].items()))
        again = f", then {again}" if again else ""
        right = f"{target['verified']:,} of {count(target['asked'], 'URL')} as they should be"
        yield _line("edge", f"{name}: {right}" + (f" ({told}{again})" if told else ""))


def _held(live: Facts) -> Iterator[str]:
    for name in live["retreated"]:
        stays = live["stays"].get(name)
        what = (
            f"{stays['of'] - len(stays['files']):,} of {count(stays['of'], 'file')}" if stays else "the files"
        )
        yield _line("retreat", f"pages get {what} of {name} from the origin; end it with retreat --back")
        if stays:
            where = f"at {stays['url']}, for the origin has no copy"
            mend = f"set targets.{name}.keep_on_origin = true, build and deploy"
            yield _line("stay", f"{_some(stays['files'])} {where}; {mend}")
    for name, held in live["held"].items():
        until = f" until {_clock(held['until'])}" if held["until"] else ""
        yield _line("held", f"pages get {count(held['files'], 'file')} of {name} from the origin{until}")


def status(facts: Facts) -> str:
    """What is published."""
    if facts["release"] is None:
        return f"nothing was published yet in {facts['home']}"
    lines = [
        f"release {facts['release']}, recorded {_when(facts['created'])}",
        "",
        _line("home", facts["home"]),
    ]
    for name, target in facts["targets"].items():
        lines.append(_line(name, f"{count(target['objects'], 'object')}, {_size(target['bytes'])}"))
    if facts["live"]["release"]:
        lines.append(_line("pages", f"here name release {facts['live']['release']}"))
    lines += _held(facts["live"])
    for each in facts["pending"]:
        lines.append(_line("pending", f"{each['target']}: {_some([*each['keys'], *each['paths']])}"))
    if facts["pins"]:
        lines.append(_line("pinned", ", ".join(facts["pins"])))
    if facts["doomed"]:
        lines.append(_line("prune", f"{count(facts['doomed'], 'object')} left to delete; run it again"))
    rows = [(_when(entry["at"]), entry["release"]) for entry in facts["history"]]
    return "\n".join([*lines, *_table(rows)])


def releases(facts: Facts) -> str:
    """All that are recorded, the last published first."""
    if not facts["releases"]:
        return "no release is recorded"
    rows = [
        (each["id"], each["state"], _when(each["published"]), f"{each['objects']:,}", _size(each["bytes"]))
        for each in facts["releases"]
    ]
    head = ("release", "state", "last published", "objects", "size")
    lines = _table([head, *rows], most=len(rows) + 1)[1:]
    for each in facts["releases"]:
        if each["lacks"]:
            keys = [lack["key"] for lack in each["lacks"]]
            lines.append(f"{each['id']} lacks {_some(keys)}; deploy that build again")
    return "\n".join(lines)


def changes(facts: Facts) -> str:
    """How two releases differ."""
    found = facts["changes"]
    if not found:
        return f"{facts['before']} and {facts['after']} have the same files"
    rows = [
        (WORDS[each["why"]], each["target"], each["key"], _growth(each["before"], each["after"]))
        for each in found
    ]
    return "\n".join(_table(rows, most=len(rows))[1:])


WORDS = {"new": "new", "gone": "gone", "content": "changed", "headers": "headers"}


def _growth(before: int | None, after: int | None) -> str:
    sizes = [human_size(size) for size in (before, after) if size is not None]
    return " → ".join(dict.fromkeys(sizes))


def pruned(facts: Facts) -> str:
    """What a prune has deleted, or would."""
    deleted = facts["deleted"]
    if not deleted and not facts["resumed"]:
        return "nothing to prune"
    verb = "would delete" if facts["dry_run"] else "deleted"
    lines = [f"{verb} {count(len(deleted), 'object')}, {_size(facts['bytes'])}"]
    if facts["releases"]:
        lines.append(_line("releases", ", ".join(facts["releases"])))
    if facts["resumed"]:
        lines.append(
            _line("resumed", f"{count(facts['resumed'], 'object')} that an earlier prune had begun with")
        )
    return "\n".join([*lines, *_table(_row(each) for each in sorted(deleted, key=_is_private))])


def verified(facts: Facts) -> str:
    """What was found out about the published release."""
    lines = [f"release {facts['release']}", ""]
    if facts["origin"] is not None:
        for name, objects in facts["origin"]["objects"].items():
            lines.append(_line("store", f"{name}: {count(objects, 'object')} read"))
    if facts["edge"] is not None:
        lines += _edge(facts["edge"])
    for name, files in facts["released"].items():
        lines.append(_line("released", f"pages name {count(files, 'file')} of {name} by the CDN's URLs now"))
    return "\n".join(lines)


def retreated(facts: Facts) -> str:
    """What pages get from the origin."""
    lines = list(_held(facts["live"])) or [_line("pages", "name every target's own URLs")]
    return "\n".join([facts["live"]["directory"], *lines])


def invalidated(facts: Facts) -> str:
    """Who was told to forget what."""
    told = ((each["cdn"], path) for each in facts["invalidated"] for path in each["paths"])
    return "\n".join(f"{cdn} was told to forget {path}" for cdn, path in told)


def _row(each: Facts) -> tuple[str, ...]:
    return each["target"], each["key"], human_size(each["bytes"])


def _is_private(each: Facts) -> bool:
    """Whether it is a record or a copy, which is nobody's business but ours."""
    return str(each["key"]).startswith(f"{PRIVATE}/")


def _line(word: str, text: str) -> str:
    return f"  {word:<9} {text}"


def _table(rows: Iterable[tuple[str, ...]], most: int = SHOWN) -> list[str]:
    """A blank line, and the first of *rows* in columns; nothing if there are none."""
    all_ = list(rows)
    if not all_:
        return []
    shown = all_[:most]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    lines = [
        "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in shown
    ]
    if len(all_) > most:
        lines.append(f"  and {len(all_) - most:,} more; all of them with --json")
    return ["", *(line.rstrip() for line in lines)]


def _some(names: Iterable[str], most: int = 3) -> str:
    all_ = list(names)
    more = f" and {len(all_) - most:,} more" if len(all_) > most else ""
    return ", ".join(all_[:most]) + more


def _size(size: int) -> str:
    return human_size(size)


def _when(at: str | None) -> str:
    """``2026-11-20T14:30:00+00:00`` is ``2026-11-20 14:30 UTC``."""
    if at is None:
        return "never"
    return datetime.fromisoformat(at).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
