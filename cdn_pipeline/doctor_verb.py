"""Doctor verb: from its options to its exit code."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urljoin

from cdn_pipeline import document, expectation, report
from cdn_pipeline.config import Config, Target
from cdn_pipeline.doctor import rules, telling
from cdn_pipeline.doctor.address import NoAddress, absolute
from cdn_pipeline.doctor.examination import Scope, examine
from cdn_pipeline.doctor.prober import Reach
from cdn_pipeline.errors import ERROR, WARNING, BrokenManifest, ConfigError, Problem
from cdn_pipeline.expectation import Expected


def run(options: argparse.Namespace, config: Config | None) -> int:
    """The exit code: 1 where there is an error, or with ``--strict`` a warning. *config* is that of the
    project, which may be missing where URLs are given. Raises `ConfigError`, `BrokenManifest`."""
    progress = report.Progress()
    try:
        examination = examine(
            _scope(options, config),
            Reach(dict(options.connect_to), timeout_s=options.timeout, time_limit_s=options.time_limit),
            tell=lambda done, total: progress("look at", done, total),
        )
    finally:
        progress.end()
    findings = rules.findings(examination)
    facts = telling.facts(examination, findings)
    print(report.as_json(facts) if options.json else telling.text(facts, with_files=options.files))
    failing = {ERROR, WARNING} if options.strict else {ERROR}
    return int(any(each.severity in failing for each in findings))


def _scope(options: argparse.Namespace, config: Config | None) -> Scope:
    urls = tuple(_url(each) for each in options.urls)
    expected: list[Expected] = []
    if options.manifest or not urls:
        file = _manifest_file(options, config)
        expected = _expected(file, config, urls[0] if urls else "")
    hosts = frozenset(each.lower() for each in options.host)
    return Scope(urls, expected, hosts, options.limit, options.concurrency)


def _url(written: str) -> str:
    try:
        return absolute(written if "://" in written else f"https://{written}")
    except NoAddress as error:
        raise ConfigError([Problem(ERROR, written, str(error), "give a URL with https://")]) from error


def _manifest_file(options: argparse.Namespace, config: Config | None) -> Path:
    if options.manifest:
        named = Path(options.manifest)
        return named / document.NAME if named.is_dir() else named
    assert config is not None  # the command line finds one, or says that there is none
    return Path(config.root, config.build, document.NAME)


def _expected(file: Path, config: Config | None, page: str) -> list[Expected]:
    """What the manifest in *file* promises of all URLs that have a host, or get that of *page*."""
    try:
        manifest = document.read(file.read_bytes())
        entries = {
            path: {**entry, "url": urljoin(page, entry["url"])} for path, entry in manifest.files.items()
        }
    except OSError as error:
        reason = f"cannot be read: {(error.strerror or str(error)).lower()}"
        raise BrokenManifest([Problem(ERROR, str(file), reason, "run `cdn-pipeline build`")]) from error
    except document.Damaged as error:
        raise BrokenManifest([Problem(ERROR, str(file), str(error))]) from error
    found = expectation.of(manifest._replace(files=entries), _targets(manifest, config))
    if not found:
        hint = "give the site's: cdn-pipeline doctor https://www.example.com --manifest build"
        raise ConfigError([Problem(ERROR, str(file), "no URL in it has a host that may be asked", hint)])
    return found


def _targets(manifest: document.Document, config: Config | None) -> Mapping[str, Target]:
    stated = {name: Target(name, str(row["url"])) for name, row in manifest.targets.items()}
    return stated if config is None else {name: config.targets.get(name, stated[name]) for name in stated}
