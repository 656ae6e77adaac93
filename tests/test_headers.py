"""Response headers."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cdn_pipeline.header_rules import rules, served
from cdn_pipeline.headers import headers
from cdn_pipeline.media_types import media_type

YEAR = "public, max-age=31536000, immutable"
STAMP = "0123456789ab"


def manifest(*entries: tuple[str, dict[str, Any]], origin: str = "/static/") -> dict[str, Any]:
    """Of files by their path below the origin; a name with a fingerprint is cached for a year."""
    files = {
        path: {
            "url": origin + path,
            "path": f"origin/{path}",
            "target": "origin",
            "type": media_type(path),
            **more,
            "headers": {"Cache-Control": YEAR if STAMP in path else "no-cache", **more.get("headers", {})},
        }
        for path, more in entries
    }
    return {
        "files": files,
        "targets": {"origin": {"url": origin}, "cdn": {"url": "https://cdn.example.com/"}},
    }


SITE = manifest(
    (f"css/a.{STAMP}.css", {"encodings": {"br": 1}}),
    (f"css/b.{STAMP}.css", {}),
    (f"js/m.{STAMP}.js", {"module": True}),
    (f"img/a.{STAMP}.png", {}),
    ("img/b.PNG", {}),
    ("CNAME", {}),
    (f"js/special.{STAMP}.js", {"headers": {"Cache-Control": "max-age=5", "X-Note": 'say "hi" \\'}}),
    ("no entry/é 100%.css", {}),
)


def test_nginx() -> None:
    assert (
        headers(SITE)["headers/nginx.conf"]
        == r"""# For nginx. In a server block:
#     set $cdn_pipeline_build /path/to/build;
#     include /path/to/build/includes/headers/nginx.conf;
# Headers that the server block adds itself do not reach these locations; only what exists gets the headers
# below, so no error is ever cached for a year.
location ^~ "/static/" {
    alias $cdn_pipeline_build/origin/;
    gzip_static on;
    gzip_vary off;  # Vary stands below
    # brotli_static on;  # needs libnginx-mod-http-brotli-static (Debian) or nginx-module-brotli
    # zstd_static on;  # needs the zstd module

    location = "/static/CNAME" {
        types { }
        add_header Cache-Control "no-cache";
        default_type "application/octet-stream";
        add_header X-Content-Type-Options "nosniff";
    }

    location = "/static/js/special.0123456789ab.js" {
        types { }
        add_header Access-Control-Allow-Origin "*";
        add_header Cache-Control "max-age=5";
        default_type "text/javascript; charset=utf-8";
        add_header X-Content-Type-Options "nosniff";
        add_header X-Note "say \"hi\" \\";
    }

    location ~ "\\.[0-9a-f]{12}\\.(?i:css)$" {
        types { }
        add_header Cache-Control "public, max-age=31536000, immutable";
        default_type "text/css; charset=utf-8";
        add_header Vary "Accept-Encoding";
        add_header X-Content-Type-Options "nosniff";
    }

    location ~ "\\.[0-9a-f]{12}\\.(?i:js)$" {
        types { }
        add_header Access-Control-Allow-Origin "*";
        add_header Cache-Control "public, max-age=31536000, immutable";
        default_type "text/javascript; charset=utf-8";
        add_header X-Content-Type-Options "nosniff";
    }

    location ~ "\\.[0-9a-f]{12}\\.(?i:png)$" {
        types { }
        add_header Cache-Control "public, max-age=31536000, immutable";
        default_type "image/png";
        add_header X-Content-Type-Options "nosniff";
    }

    location ~ "\\.(?i:css)$" {
        types { }
        add_header Cache-Control "no-cache";
        default_type "text/css; charset=utf-8";
        add_header X-Content-Type-Options "nosniff";
    }

    location ~ "\\.(?i:png)$" {
        types { }
        add_header Cache-Control "no-cache";
        default_type "image/png";
        add_header X-Content-Type-Options "nosniff";
    }
}
"""
    )


CADDY = r"""
# For Caddy. In a site block, with the build directory in the environment variable CDN_PIPELINE_BUILD:
#     import /path/to/build/includes/headers/Caddyfile
handle_path `/static/*` {
	root * {$CDN_PIPELINE_BUILD:build}/origin
	@missing not file
	handle @missing {
		error 404
	}
	@rule1 path_regexp `\.[0-9a-f]{12}\.(?i:css)$`
	handle @rule1 {
		header {
			Cache-Control `public, max-age=31536000, immutable`
			Content-Type `text/css; charset=utf-8`
			?Vary `Accept-Encoding`
			X-Content-Type-Options `nosniff`
		}
	}
	@rule2 path_regexp `\.(?i:unknown)$`
	handle @rule2 {
		header {
			Cache-Control `no-cache`
			Content-Type `application/octet-stream`
			X-Content-Type-Options `nosniff`
		}
	}
	file_server {
		precompressed zstd br gzip
	}
}
"""


def test_caddy() -> None:
    site = manifest((f"css/a.{STAMP}.css", {"encodings": {"br": 1}}), ("a`.unknown", {}))

    assert headers(site)["headers/Caddyfile"] == CADDY.lstrip()


def test_static_hosts() -> None:
    assert (
        headers(SITE)["headers/_headers"]
        == """\
# For hosts that read _headers (Netlify, Cloudflare Pages): copy it to the root of what you publish.
/static/*
  X-Content-Type-Options: nosniff
/static/*.PNG
  Cache-Control: no-cache
  Content-Type: image/png
/static/*.css
  Content-Type: text/css; charset=utf-8
/static/*.js
  Access-Control-Allow-Origin: *
  Content-Type: text/javascript; charset=utf-8
/static/*.png
  Cache-Control: public, max-age=31536000, immutable
  Content-Type: image/png
/static/CNAME
  Cache-Control: no-cache
  Content-Type: application/octet-stream
/static/css/*.css
  Cache-Control: public, max-age=31536000, immutable
/static/js/m.0123456789ab.js
  Cache-Control: public, max-age=31536000, immutable
/static/js/special.0123456789ab.js
  Cache-Control: max-age=5
  X-Note: say "hi" \\
/static/no%20entry/*.css
  Cache-Control: no-cache
"""
    )


def test_static_hosts_hear_of_rules_beyond_the_limit() -> None:
    site = manifest(*((f"f{number}", {"headers": {"X": str(number)}}) for number in range(120)))

    assert (
        headers(site)["headers/_headers"].splitlines()[1] == "# 121 rules; Cloudflare Pages reads only 100."
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.css", "text/css; charset=utf-8"),
        ("a.mjs", "text/javascript; charset=utf-8"),
        ("a.js.map", "application/json; charset=utf-8"),
        ("a.webmanifest", "application/manifest+json; charset=utf-8"),
        ("a.svg", "image/svg+xml; charset=utf-8"),
        ("a.xml", "application/xml; charset=utf-8"),
        ("a.txt", "text/plain; charset=utf-8"),
        ("a.woff2", "font/woff2"),
        ("a.wasm", "application/wasm"),
        ("a.avif", "image/avif"),
        ("a.unknown", "application/octet-stream"),
    ],
)
def test_text_has_a_charset(path: str, expected: str) -> None:
    assert dict(served(manifest((path, {})))[path])["Content-Type"] == expected


@pytest.mark.parametrize(
    ("path", "more", "expected"),
    [
        ("a.woff2", {}, True),
        ("a.js", {"module": True}, True),
        ("a.js", {"imports": ["b.js"]}, True),
        ("a.png", {"url": "https://cdn.example.com/a.png", "target": "cdn"}, True),
        ("a.js", {}, False),
        ("a.css", {}, False),
        ("a.png", {}, False),
    ],
)
def test_fonts_modules_and_what_a_cdn_serves_are_open_to_other_origins(
    path: str, more: dict[str, Any], expected: bool
) -> None:
    assert ("Access-Control-Allow-Origin" in dict(served(manifest((path, more)))[path])) is expected


def test_what_a_module_imports_is_open_too() -> None:
    site = manifest(("m.mjs", {"imports": ["side.js"]}), ("side.js", {}))

    assert dict(served(site)["side.js"])["Access-Control-Allow-Origin"] == "*"


def test_only_files_on_the_origin_have_rules_and_copies_kept_there_do() -> None:
    site = manifest(
        ("a.png", {"path": "cdn/a.png"}),
        ("b.png", {"path": "cdn/b.png", "fallback": "/static/b%20c.png"}),
        ("c.png", {}),
    )

    assert list(served(site)) == ["b c.png", "c.png"]


def test_the_headers_of_the_manifest_win() -> None:
    site = manifest(("a.js", {"headers": {"Content-Type": "text/x", "X-Content-Type-Options": "no"}}))

    assert served(site)["a.js"] == (
        ("Cache-Control", "no-cache"),
        ("Content-Type", "text/x"),
        ("X-Content-Type-Options", "no"),
    )


def test_every_file_gets_its_headers_from_the_first_rule_that_matches() -> None:
    files = served(SITE)

    for path, pairs in files.items():
        assert next(rule.headers for rule in rules(files) if re.search(rule.pattern, "/" + path)) == pairs


def test_every_file_gets_each_header_from_one_rule_of_a_static_host() -> None:
    blocks = re.findall(r"(?m)^/static/(.*)\n((?:  .*\n)+)", headers(SITE)["headers/_headers"])

    for path, pairs in served(SITE).items():
        url = path.replace(" ", "%20").replace("é", "%C3%A9").replace("100%", "100%25")
        matching = [
            line
            for pattern, lines in blocks
            if re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), url)
            for line in lines.splitlines()
        ]
        assert sorted(matching) == [f"  {name}: {value}" for name, value in pairs if name != "Vary"]


def test_an_origin_with_a_host_is_served_at_its_path() -> None:
    site = manifest(("a b.css", {}), origin="https://example.com/my%20files/")

    assert '^~ "/my files/"' in headers(site)["headers/nginx.conf"]
    assert "handle_path `/my files/*`" in headers(site)["headers/Caddyfile"]
    assert "/my%20files/*\n" in headers(site)["headers/_headers"]


def test_what_nginx_has_no_spelling_for_is_said_in_a_comment() -> None:
    site = manifest(("a.css", {"headers": {"X-Price": "$5"}}))

    assert "        # nginx cannot say X-Price: $5\n" in headers(site)["headers/nginx.conf"]


def test_a_site_without_files_has_only_the_frame() -> None:
    assert headers(manifest())["headers/_headers"].count("\n") == 1
