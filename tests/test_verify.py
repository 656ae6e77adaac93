"""Verify: a release in its stores, and through a CDN, on really built sites."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cdn_pipeline import document, fallback, publication, retreat, verify
from cdn_pipeline.cdns import path_of
from cdn_pipeline.config import Config
from cdn_pipeline.config_file import load
from cdn_pipeline.document import Document
from cdn_pipeline.edge import Edge, Request
from cdn_pipeline.edge_report import EdgeReport
from cdn_pipeline.manifest import Manifest
from cdn_pipeline.publication import Publication
from cdn_pipeline.stores import Store
from cdn_pipeline.stores.memory import Memory
from cdn_pipeline.verify import Proof, Question
from tests.conftest import Site
from tests.edge_server import Content, EdgeServer, Fault, of_store

CONFIG = """
minify = false
[publish]
concurrency = 4
[targets.cdn]
url = "{url}site/"
store = "memory:cdn"
keep_on_origin = true
{more}
[[routes]]
match = ["*.png", "*.woff2", "*.svg", "robots.txt"]
target = "cdn"
encodings = []
"""
FILES: dict[str, str | bytes] = {
    "static/a.png": b"PNG a",
    "static/b ü.png": b"PNG b",
    "static/f.woff2": b"FONT",
    "static/i.svg": "<svg xmlns='http://www.w3.org/2000/svg'>" + "<g/>" * 500 + "</svg>",
    "static/robots.txt": "User-agent: *",
    "static/s.css": "@font-face { font-family: f; src: url(f.woff2) }",
}


class Stage:
    """A site that was built and uploaded, and the CDN in front of its store."""

    def __init__(self, site: Site, server: EdgeServer, more: str = 'hold = "1h"') -> None:
        self.site, self.server, self.more = site, server, more
        self.store = Memory("memory:cdn")
        self.server.source = of_store(self.store, "site/")
        site.write(FILES)
        self.release()

    def release(self) -> None:
        """Builds and uploads."""
        self.site.build(CONFIG.format(url=self.server.url, more=self.more))
        for each in self.publication.places["cdn"].objects.values():
            self.store.put(each.key, Path(each.file), each.headers, each.sha256)

    @property
    def config(self) -> Config:
        return load(self.site.root / "cdn_pipeline.toml")

    @property
    def publication(self) -> Publication:
        return publication.of(self.site.out, self.config)

    @property
    def manifest(self) -> Document:
        return document.read((self.site.out / "manifest.json").read_bytes())

    def question(self, **other: Any) -> Question:
        proof = verify.proof(self.manifest.release, ["cdn"], self.config.targets)
        return Question(self.config, self.manifest, proof, **other)

    def visit(self, **other: Any) -> EdgeReport:
        edge = Edge(timeout_s=0.5)
        report = verify.visit(self.question(**other), edge, pause=self.wait)
        edge.close()
        return report

    def wait(self, seconds: float) -> None:
        """Lets the CDN forget."""
        self.server.now += seconds


@pytest.fixture
def server() -> Iterator[EdgeServer]:
    """A CDN that has nothing yet."""
    with EdgeServer(lambda _: None) as server:
        yield server


@pytest.fixture
def stage(site: Site, server: EdgeServer) -> Stage:
    """A release that is there."""
    return Stage(site, server)


def request_of(stage: Stage, key: str) -> Request:
    return Request(stage.server.url.rstrip("/") + path_of("/site/", key))


def problems(report: Any) -> list[str]:
    return [f"{each.severity} {each.problem}" for each in report.findings]


# The origin


def origin(stage: Stage, store: Store | None = None) -> verify.OriginReport:
    wanted = {"cdn": stage.publication.places["cdn"].objects}
    return verify.verify_origin("r1", wanted, {"cdn": store or stage.store}, concurrency=4)


def test_every_object_is_read(stage: Stage) -> None:
    report = origin(stage)

    assert (report.release, report.objects, report.findings) == ("r1", {"cdn": 5}, ())
    assert report.bytes == sum(each.size for each in stage.publication.places["cdn"].objects.values())
    assert report.sound == {"cdn"}


def test_what_is_wrong_in_a_store_is_told_object_by_object(stage: Stage) -> None:
    there = stage.publication.places["cdn"].objects
    font, image, svg = (next(key for key in there if key.endswith(ending)) for ending in ("2", "png", "svg"))
    other = Memory("memory:other")
    for key, each in there.items():
        if key == image:
            other.put(key, b"others", each.headers, verify.digest.sha256(b"others"))
        elif key == svg:
            other.put(key, Path(each.file), {**each.headers, "Cache-Control": "no-store"}, each.sha256)
        elif key != font:
            other.put(key, Path(each.file), each.headers, each.sha256)
    report = origin(stage, other)

    url = other.url.rstrip("/")
    assert problems(report) == [
        f"error {url}/{image}: its store has other bytes: 6 of 5 bytes; find out who wrote them, remove it, "
        "and deploy again",
        f"error {url}/{svg}: its store has another Cache-Control: Cache-Control: no-store; deploy again",
        f"error {url}/{font}: it is missing in its store; deploy again, which uploads what is missing",
    ]
    assert report.sound == frozenset()
    assert json.loads(json.dumps(report.as_json))["objects"] == {"cdn": 5}


@pytest.mark.parametrize(
    ("places", "targets"), [(["cdn"], {"cdn"}), (["origin"], {"origin", "pull"}), ([], set())]
)
def test_a_cdn_that_pulls_is_proved_by_the_origin(
    tmp_path: Path, places: list[str], targets: set[str]
) -> None:
    (tmp_path / "cdn_pipeline.toml").write_text(
        '[targets.cdn]\nurl = "https://x.example/"\nstore = "memory:c"\n'
        '[targets.pull]\nurl = "https://y.example/"\n'
    )
    config = load(tmp_path / "cdn_pipeline.toml")

    assert verify.proof("r1", places, config.targets) == Proof("r1", frozenset(targets))


# The edge


def test_a_release_is_a_miss_first_and_then_a_hit(stage: Stage) -> None:
    assert stage.visit().as_json == {
        "release": stage.manifest.release,
        "ok": True,
        "targets": {
            "cdn": {
                "asked": 5,
                "verified": 5,
                "reachable": True,
                "first": {"MISS": 5},
                "then": {"HIT": 5},
            }
        },
        "hosts": {f"127.0.0.1:{stage.server.port}": []},
        "requests": 10,
        "findings": [],
    }
    again = stage.visit()
    assert (again.first, again.then, again.requests) == ({"cdn": {"HIT": 5}}, {"cdn": {}}, 5)


@pytest.mark.parametrize(
    ("style", "then"),
    [("cloudfront", "HIT"), ("cloudflare", "HIT"), ("fastly", "HIT"), ("silent", "UNKNOWN")],
)
def test_every_kind_of_cdn_is_understood(stage: Stage, style: str, then: str) -> None:
    stage.server.style = style
    report = stage.visit()

    assert report.then == {"cdn": {then: 5}}
    assert problems(report) == []


def test_a_cdn_that_keeps_nothing_is_told_once(stage: Stage) -> None:
    stage.server.style = "bypass"
    [finding] = stage.visit().findings

    assert (finding.severity, finding.check, len(finding.urls)) == ("warning", "kept", 4)  # robots.txt may


def test_nothing_is_asked_without_proof(stage: Stage) -> None:
    question = stage.question()._replace(proof=Proof("r1", frozenset()))
    report = verify.visit(question, Edge())

    assert (report.asked, report.requests, stage.server.asked) == ({}, 0, [])


def test_what_has_no_fingerprint_waits_for_the_publish(stage: Stage) -> None:
    assert stage.visit(is_published=False).asked == {"cdn": {"a.png", "b ü.png", "f.woff2", "i.svg"}}


def test_a_sample_has_all_fonts_and_all_that_is_new(stage: Stage) -> None:
    before = {**stage.manifest.files, "a.png": {"url": "older"}}
    small, none = (
        stage.visit(sample=part, before=before, held=[("cdn", "i.svg")]).asked for part in (1e-9, 0.0)
    )

    assert small == {"cdn": {"a.png", "f.woff2", "i.svg"}}
    assert none == {"cdn": {"a.png", "i.svg"}}


def test_fonts_are_asked_for_with_cors(stage: Stage) -> None:
    stage.server.cors = False
    stage.server.faults["*"] = Fault(headers={"Access-Control-Allow-Origin": None})
    report = stage.visit()

    assert [(each.check, each.severity, len(each.urls)) for each in report.findings] == [("cors", "error", 1)]
    assert report.verified["cdn"] == {"a.png", "b ü.png", "i.svg", "robots.txt"}
    asked = {path.rpartition(".")[2]: headers.get("origin") for path, headers in stage.server.asked}
    assert asked == {"png": None, "woff2": "https://www.example.com", "svg": None, "txt": None}


def test_text_is_asked_for_in_both_ways_where_the_cdn_compresses(stage: Stage) -> None:
    stage.server.compresses = True
    report = stage.visit()

    assert problems(report) == []
    asked = [headers["accept-encoding"] for path, headers in stage.server.asked if path.endswith(".svg")]
    assert asked == ["gzip, deflate, br, zstd", "gzip, deflate, br, zstd", "identity"]


def test_a_404_that_is_kept_from_before_passes(stage: Stage) -> None:
    """Somebody has asked for the URL before it was there."""
    key = next(iter(stage.publication.places["cdn"].objects))
    source, stage.server.source = stage.server.source, lambda _: None
    edge = Edge()
    assert edge.get(request_of(stage, key)).status == 404
    stage.server.source = source
    assert edge.get(request_of(stage, key)).status == 404
    report = stage.visit()

    assert problems(report) == []
    assert stage.server.now == 13.0  # 2 seconds, and 11 more


def test_wrong_bytes_a_wrong_type_and_a_cut_body_are_told(stage: Stage) -> None:
    stage.server.faults = {
        "*/a.*.png": Fault(body=b"PNG x"),
        "*.woff2": Fault(headers={"Content-Type": "text/plain"}),
        "*.svg": Fault(sent=3),
        "*/b*.png": Fault(status=403),
    }
    report = stage.visit()

    assert sorted((each.severity, each.check) for each in report.findings) == [
        ("error", "bytes"),
        ("error", "status"),
        ("error", "status"),
        ("error", "type"),
    ]
    assert report.verified == {"cdn": {"robots.txt"}}
    assert not report.is_sound


def test_a_cdn_that_is_not_there_is_one_finding(stage: Stage) -> None:
    stage.server.__exit__()
    report = stage.visit()

    assert report.unreachable == {"cdn"}
    assert (report.verified, report.protocols, report.is_sound) == ({}, {}, False)
    [finding] = report.findings
    assert (finding.severity, finding.check, len(finding.urls)) == ("error", "reached", 5)
    assert finding.message == "127.0.0.1: it refuses connections"
    assert finding.hint.endswith("; `cdn-pipeline retreat` takes pages off it meanwhile")


def test_what_pages_do_not_name_yet_can_wait_for_it(stage: Stage) -> None:
    stage.server.__exit__()
    first, later = stage.visit(is_published=False), stage.visit(held=[("cdn", "a.png")])

    assert first.is_sound
    assert [(each.severity, len(each.urls)) for each in first.findings] == [("warning", 4)]
    assert first.findings[0].message.endswith("; meanwhile pages get the origin's copy")
    assert [(each.severity, len(each.urls)) for each in later.findings] == [("error", 4), ("warning", 1)]


def test_without_a_hold_it_cannot(site: Site, server: EdgeServer) -> None:
    stage = Stage(site, server, more="")
    server.__exit__()
    [finding] = stage.visit(is_published=False).findings

    assert (finding.severity, finding.message) == ("error", "127.0.0.1: it refuses connections")
    assert finding.hint.endswith(
        "; with hold and keep_on_origin = true, pages get the origin's copies until it is there"
    )


def test_a_host_that_dns_does_not_know_is_asked_once(stage: Stage) -> None:
    files = {f"{number}.png": row for number, row in enumerate([dict(stage.manifest.files["a.png"])] * 1000)}
    for name, row in files.items():
        row = files[name] = {**row, "url": f"https://cdn.invalid/{name}", "fallback": "/static/x"}
    question = stage.question(is_published=False)._replace(manifest=stage.manifest._replace(files=files))
    report = verify.visit(question, Edge(), pause=pytest.fail)

    assert (report.requests, len(report.findings)) == (0, 1)
    assert problems(report)[0].startswith(
        "warning https://cdn.invalid/0.png: cdn.invalid: there is no such host;"
    )


def test_where_everything_fails_nothing_is_asked_again(stage: Stage) -> None:
    stage.site.write({f"static/{number}.png": str(number) for number in range(250)})
    stage.release()
    stage.server.faults["*"] = Fault(status=403)
    report = verify.visit(stage.question(), Edge(), pause=pytest.fail)

    assert report.requests == 255
    assert problems(report)[0].endswith("and the path in front of the key")
    assert "it answers 403 Forbidden (and 254 more)" in problems(report)[0]


def test_how_far_it_is_is_told(stage: Stage) -> None:
    far: list[tuple[int, int]] = []
    verify.visit(stage.question(), Edge(), tell=lambda done, total: far.append((done, total)))

    assert far == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


def test_http_3_is_seen_where_it_is_offered(stage: Stage) -> None:
    stage.server.faults["*"] = Fault(headers={"Alt-Svc": 'h3=":443"; ma=86400'})

    assert list(stage.visit().protocols.values()) == [("h3",)]


# Until it is seen


def test_new_urls_are_held_back_until_the_edge_serves_them(stage: Stage) -> None:
    """As a deploy and a later look at the CDN do it, with a page of a running site in between."""
    running = Manifest.load(stage.site.out / "manifest.json", reload=0)
    files = stage.manifest.files
    stage.server.faults["*/a.*.png"] = Fault(status=503)
    update = partial(retreat.update, [stage.site.out])

    def after(report: EdgeReport, before: Any) -> None:
        targets = stage.config.targets
        update(lambda there: fallback.published(there, targets, files, before, report.verified, 1.8e9))

    after(stage.visit(), {})
    assert running.url("a.png").startswith("/static/a.")
    assert running.url("b ü.png").startswith(stage.server.url)
    stage.server.faults.clear()
    held = retreat.read(stage.site.out, 1.8e9).held
    report = stage.visit(sample=0.0, before=files, held=held)
    assert report.asked == {"cdn": {"a.png"}}
    retreat.release_held([stage.site.out], report.verified)
    assert running.url("a.png").startswith(stage.server.url)


def test_the_stand_in_forgets_what_it_is_told(stage: Stage) -> None:
    edge, server = Edge(), stage.server
    key = next(iter(stage.publication.places["cdn"].objects))
    request = request_of(stage, key)
    said = [edge.get(request).headers["x-cache"] for _ in range(2)]
    server.source = lambda _: Content(200, {}, b"new")
    said.append(edge.get(request).headers["x-cache"])
    server.invalidate(["/site/*"])
    said.append(edge.get(request).headers["x-cache"])

    assert [each.split()[0] for each in said] == ["Miss", "Hit", "Hit", "Miss"]
