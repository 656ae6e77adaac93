"""What a config says of publishing: ``[publish]``, ``[hooks]`` and ``[provision]``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cdn_pipeline import spelling
from cdn_pipeline.config import ORIGIN, Hook, Hooks, Provision, Publish, Target
from cdn_pipeline.config_values import Values, is_plain

PRINCIPAL = r"arn:aws:(iam|sts)::\d{12}:\S+"
GITHUB = r"github:[\w.-]+/[\w.-]+(:\S+)?"
CERTIFICATE = "arn:aws:acm:us-east-1:111122223333:certificate/…"
TAG = r"[\w .:/=+@-]{1,128}"  # AWS General Reference, "Tag naming limits"


def publish(values: Values, value: object, targets: Mapping[str, Target]) -> Publish:
    """``[publish]``; a `file_proxy` needs a manifest that no build writes, to say its URLs in."""
    default = Publish()
    known = ("home", "live", "keep_releases", "grace", "max_deletes", "sample", "concurrency")
    table, at = values.table(value, "publish", (*known, "file_proxy")), "publish."
    home = values.text(table, "home", None, at)
    if home is not None and (home not in targets or not targets[home].store):
        with_store = [name for name, target in targets.items() if target.store]
        hint = spelling.hint(home, with_store) or f"add [targets.{home}] with a store"
        values.fault("publish.home", f"no target {home!r} with a store", hint)
        home = None
    live, file_proxy = values.text(table, "live", None, at), values.function(table, "file_proxy", at)
    stored = (targets[ORIGIN].store or "").startswith("directory:")
    if file_proxy is not None and live is None and not stored:
        hint = 'say where the manifest with its URLs goes, such as publish.live = "live"'
        values.fault("publish.file_proxy", "needs a live directory", hint)
    return Publish(
        home=home,
        live=live,
        keep_releases=values.count(table, "keep_releases", default.keep_releases, at),
        grace_s=values.seconds(table, "grace", at, default.grace_s),
        max_deletes=values.count(table, "max_deletes", default.max_deletes, at),
        sample=values.part(table, "sample", default.sample, at),
        concurrency=values.count(table, "concurrency", default.concurrency, at),
        file_proxy=file_proxy,
    )


def hooks(values: Values, value: object) -> Hooks:
    """``[hooks]``."""
    events = tuple(name for name in Hooks._fields if name != "timeout_s")
    table = values.table(value, "hooks", (*events, "timeout"))
    chosen: dict[str, Any] = {event: _hook(values, table, event) for event in events}
    return Hooks(**chosen, timeout_s=values.seconds(table, "timeout", "hooks.", Hooks().timeout_s))


def _hook(values: Values, table: Mapping[str, Any], event: str) -> Hook | None:
    value = table.get(event)
    if value is None or (is_plain(value) and value.strip()):
        return None if value is None else str(value)
    if isinstance(value, list) and value and all(map(is_plain, value)):
        return tuple(value)
    hint = 'write "module:function", a line for the shell, or a list of words'
    values.fault(f"hooks.{event}", f"is {value!r}", hint)
    return None


def provision(values: Values, value: object, targets: Mapping[str, Target]) -> Provision:
    """``[provision]``."""
    default, at = Provision(), "provision."
    known = tuple(name for name in Provision._fields if name != "old_versions_s")
    table = values.table(value, "provision", (*known, "old_versions"))
    return Provision(
        target=_stored_target(values, table, at, targets),
        region=values.shaped(table, "region", at, r"[a-z]{2}(-[a-z]+)+-\d", "eu-central-1") or default.region,
        hosted_zone=values.text(table, "hosted_zone", None, at),
        certificate=values.shaped(
            table, "certificate", at, r"arn:aws:acm:us-east-1:\d{12}:certificate/\S+", CERTIFICATE
        ),
        price_class=values.choice(table, "price_class", ("100", "200", "all"), default.price_class, at),
        site_origin=values.shaped(
            table, "site_origin", at, r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "origin.example.com"
        ),
        failover=bool(values.boolean(table, "failover", False, at)),
        uploaders=_principals(values, table, "uploaders", at, PRINCIPAL),
        deployers=_principals(values, table, "deployers", at, f"{PRINCIPAL}|{GITHUB}"),
        pruners=_principals(values, table, "pruners", at, f"{PRINCIPAL}|{GITHUB}"),
        old_versions_s=values.seconds(table, "old_versions", at, default.old_versions_s),
        tags=_tags(values, table.get("tags", {}), at + "tags"),
    )


def _stored_target(
    values: Values, table: Mapping[str, Any], at: str, targets: Mapping[str, Target]
) -> str | None:
    name = values.text(table, "target", None, at)
    on_s3 = [each for each, target in targets.items() if (target.store or "").startswith("s3://")]
    if name is None or name in on_s3:
        return name
    hint = spelling.hint(name, on_s3) or f'add [targets.{name}] with store = "s3://bucket/prefix"'
    values.fault(at + "target", f"no target {name!r} with a store on S3", hint)
    return None


def _principals(values: Values, table: Mapping[str, Any], key: str, at: str, pattern: str) -> tuple[str, ...]:
    found = values.strings(table, key, (), at)
    for name in found:
        if not re.fullmatch(pattern, name):
            hint = 'write an ARN such as "arn:aws:iam::111122223333:role/ci"'
            hint += ', or "github:owner/name"' if GITHUB in pattern else ""
            values.fault(at + key, f"{name!r} names nobody", hint)
    return found


def _tags(values: Values, value: object, path: str) -> Mapping[str, str]:
    if not isinstance(value, Mapping):
        values.fault(path, "must be a table of strings")
        return {}
    for name, text in value.items():
        if not isinstance(text, str) or not re.fullmatch(TAG, str(name)) or not re.fullmatch(TAG, text):
            values.fault(f"{path}.{name}", "AWS allows letters, digits, spaces and _.:/=+-@ in tags")
    return {str(name): str(text) for name, text in value.items()}
