"""``cdn-pipeline doctor``, as its users call it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cdn_pipeline.cli import main
from cdn_pipeline.doctor import rules
from tests import clinic
from tests.clinic import PNG, Clinic, File, healthy, page, response
from tests.conftest import Site
from tests.edge_server import EdgeServer, of_build

DOCUMENT = Path(__file__).parent.parent / "docs/doctor.md"


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """What ``doctor`` prints."""
    assert main(["doctor", *arguments]) == code
    return capsys.readouterr().out


def facts(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    """What it prints as JSON."""
    found: dict[str, Any] = json.loads(said(capsys, *arguments, "--json", code=code))
    return found


def test_a_healthy_site_is_told_in_two_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with Clinic(healthy()) as server:
        text = said(capsys, server.url)

    assert text == (
        f"{server.url.rstrip('/')}  CloudFront, HTTP/1.1, 5 files, 4 HIT\n"
        "\n"
        f"nothing found; 5 files, {len(server.asked)} requests\n"
    )


def test_a_finding_is_told_with_its_place_reason_and_cure(capsys: pytest.CaptureFixture[str]) -> None:
    files = {"/logo.png": File(PNG, "image/png"), "/": page('<img src="logo.png">')}
    with Clinic(files) as server:
        text = said(capsys, server.url, "--files", code=1)

    assert text == (
        f"{server.url.rstrip('/')}  CloudFront, HTTP/1.1, 2 files, 1 HIT\n"
        "\n"
        f"200  UNKNOWN  gzip           20  {server.url}\n"
        f"200  HIT      -           1,032  {server.url}logo.png\n"
        "\n"
        "error: it is immutable, and its name has no fingerprint  [fixed_cache]\n"
        f"    where  {server.url}logo.png\n"
        "    said   cache-control: public, max-age=31536000, immutable\n"
        "    why    visitors go on seeing the old one after a change, "
        "and no invalidation reaches their browsers\n"
        "    mend   give it a fingerprint, or send Cache-Control: no-cache, or some minutes, "
        "with the object\n"
        "\n"
        f"1 error; 2 files, {len(server.asked)} requests\n"
    )


def test_json_has_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    with Clinic({"/": page('<img src="/a.png">')}) as server:
        found = facts(capsys, server.url, code=1)

    (finding,) = found["findings"]
    assert {key: finding[key] for key in ("check", "severity", "message", "urls", "count")} == {
        "check": "status",
        "severity": "error",
        "message": "it answers 404 Not Found",
        "urls": [f"{server.url}a.png"],
        "count": 1,
    }
    assert list(finding["mend"]) == ["CloudFront"]
    assert found["files"][1]["status"] == 404
    assert (found["ok"], found["skipped"], found["requests"]) == (False, {}, len(server.asked))


def test_warnings_fail_only_where_they_should(capsys: pytest.CaptureFixture[str]) -> None:
    files = {"/a.png": File(PNG, "image/png", Cache_Control=None)}
    with Clinic(files) as server:
        assert "1 warning;" in said(capsys, f"{server.url}a.png")
        assert "1 warning;" in said(capsys, f"{server.url}a.png", "--strict", code=1)


def test_what_a_server_says_moves_no_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    nasty = "public, max-age=31536000, immutable, \x1b[2J\x9b" + "x" * 1000
    files = {"/a.png": File(PNG, "image/png", nasty)}
    with Clinic(files) as server:
        text = said(capsys, f"{server.url}a.png", code=1)

    assert "\x1b" not in text and "\x9b" not in text
    assert "immutable, \\x1b[2J\\x9bxxx" in text
    assert max(map(len, text.splitlines())) <= 110


def test_a_host_may_be_found_before_its_dns_record_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    with Clinic(healthy()) as server:
        text = said(
            capsys, "http://cdn.example.com/", "--connect-to", f"cdn.example.com=127.0.0.1:{server.port}"
        )

    assert text.startswith("http://cdn.example.com  CloudFront, HTTP/1.1, 5 files, 4 HIT\n")


def test_the_time_limit_ends_it(capsys: pytest.CaptureFixture[str]) -> None:
    def slow(_: object) -> bytes:
        return response(PNG, {"Content-Length": "999999"})

    tags = "".join(f'<img src="/{number}.png">' for number in range(20))
    with Clinic({"/": page(tags)}, slow) as server:
        found = facts(capsys, server.url, "--time-limit", "1", "--timeout", "1", "--concurrency", "1", code=1)

    assert len(found["files"]) < 5
    assert found["skipped"]["after --time-limit"] > 15


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ftp://a.example"], "ftp://a.example: error: leads to ftp:, which no browser follows"),
        (["http://["], "http://[: error: is no URL"),
        (["http://u:p@a.example/"], "http://u:p@a.example/: error: has credentials in it"),
    ],
)
def test_what_is_no_url_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["doctor", *arguments]) == 2
    assert message in capsys.readouterr().err


CONFIG = """
[targets.cdn]
url = "http://127.0.0.1:%d/"
store = "directory:there"
"""


def test_without_a_url_it_looks_at_the_build_of_the_project(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write({f"static/{number}.png": PNG + bytes([number]) for number in range(10)})
    monkeypatch.chdir(site.root)
    site.build(CONFIG % clinic.unused_port())
    with EdgeServer(of_build(site.out, site.manifest()), error_s=0.0) as edge:
        site.build(CONFIG % edge.port)
        edge.source = of_build(site.out, site.manifest())
        found = facts(capsys, "--limit", "3")

    asked = [path for path, _ in edge.asked]
    urls = sorted(entry["url"] for entry in site.manifest()["files"].values())
    assert sorted(file["url"] for file in found["files"]) == urls
    assert sorted(asked.count(url[len(edge.url) - 1 :]) for url in urls) == [1] * 7 + [2] * 3


def test_a_manifest_is_looked_at_on_the_host_that_is_given(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.write({"static/a.png": PNG})
    site.build("")
    url = site.url("a.png")
    files = {url: File(PNG[:-1] + b"x", "image/png"), "/": page("")}
    with Clinic(files) as server:
        found = facts(capsys, server.url, "--manifest", str(site.out), code=1)

    assert [each["check"] for each in found["findings"]] == ["other_bytes"]
    assert found["findings"][0]["urls"] == [server.url.rstrip("/") + url]


def test_a_site_without_any_host_needs_a_url(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write({"static/a.png": PNG})
    site.build("")
    monkeypatch.chdir(site.root)

    assert main(["doctor"]) == 2
    assert (
        "give the site's: cdn-pipeline doctor https://www.example.com --manifest build"
        in capsys.readouterr().err
    )


def test_without_a_build_there_is_nothing_to_compare_with(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write({"cdn_pipeline.toml": ""})
    monkeypatch.chdir(site.root)

    assert main(["doctor"]) == 1
    assert "cannot be read: no such file or directory; run `cdn-pipeline build`" in capsys.readouterr().err


def test_the_document_has_every_check_as_it_is() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| (error|warning|info) \| (.+) \| (.+) \|$", DOCUMENT.read_text("utf-8"), re.M
    )

    assert rows == [(each.name, each.severity, each.what, each.why) for each in rules.CHECKS]


def test_the_document_has_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["doctor", "--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help", "--config"}

    assert options <= set(re.findall(r"--[a-z-]+", DOCUMENT.read_text("utf-8")))
