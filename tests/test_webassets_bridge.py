"""Bundles of webassets, Flask-Assets and django-assets with the URLs of a build."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flask
import flask_assets
import pytest
from webassets import Bundle, Environment

from cdn_pipeline.bundle_name import tag_name
from cdn_pipeline.errors import UnknownAsset
from cdn_pipeline.integrations.webassets import bridge
from cdn_pipeline.manifest import Manifest
from tests.conftest import PLAIN, Site

DEFINITIONS = """
from webassets import Bundle, Environment

environment = Environment("static", "/static")
environment.register("all_js", "a.js", "b.js", output="gen/all.%(version)s.js", extra={"x": 1})
environment.register("nested", Bundle("a.js", filters="jsmin"), "c.js", filters="rjsmin", output="gen/n.js")
environment.register("box", environment["all_js"], Bundle("c.js", output="gen/c.js"))
environment.register("unnamed", "b.js", "c.js")
"""
TEMPLATE = (
    '{% assets "a.js", "c.js", filters="jsmin" %}{% endassets %}{% assets "all_js", "c.js" %}{% endassets %}'
)


@pytest.fixture
def built(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """What `DEFINITIONS` and `TEMPLATE` say, built; no file of it is left for webassets to read."""
    monkeypatch.chdir(site.root)
    site.write({f"static/{name}.js": f"{name}()\n" for name in "abc"})
    site.write({"bundles.py": DEFINITIONS, "templates/page.html": TEMPLATE})
    site.build(PLAIN + '[bundles]\ndefinitions = ["bundles.py"]\ntemplates = ["templates"]\n')
    return site


def environment(site: Site) -> Any:
    """The one of `DEFINITIONS`, in a directory where there is nothing."""
    namespace: dict[str, Any] = {}
    exec(DEFINITIONS, namespace)
    made = namespace["environment"]
    made.directory = str(site.root / "nowhere")
    return made


def bridged(site: Site, **options: Any) -> Any:
    made = environment(site)
    bridge(made, Manifest.load(site.out / "manifest.json"), **options)
    return made


def urls(site: Site, *paths: str) -> list[str]:
    return [site.manifest()["files"][path]["url"] for path in paths]


@pytest.mark.parametrize(
    ("name", "outputs"),
    [
        ("all_js", ["gen/all.js"]),
        ("nested", ["gen/n.js"]),
        ("box", ["gen/all.js", "gen/c.js"]),
        ("unnamed", ["gen/unnamed.js"]),
    ],
)
def test_a_registered_bundle_has_the_urls_of_the_build(built: Site, name: str, outputs: list[str]) -> None:
    made = bridged(built)

    assert made[name].urls() == urls(built, *outputs)
    assert not (built.root / "nowhere").exists()


@pytest.mark.parametrize(
    ("bundle", "outputs"),
    [
        (lambda made: Bundle(made["all_js"]), ["gen/all.js"]),
        (lambda made: Bundle(made["all_js"], made["nested"]), ["gen/all.js", "gen/n.js"]),
        (lambda made: Bundle("x.js", output="gen/n.js"), ["gen/n.js"]),
        (lambda made: Bundle("a.js", "c.js", filters="jsmin"), None),
        (lambda made: Bundle(made["all_js"], "c.js"), None),
        (lambda made: Bundle("a.js"), ["a.js"]),
        (lambda made: Bundle("a.js", "c.js"), ["a.js", "c.js"]),
        (lambda made: Bundle(Bundle("a.js"), made["box"]), ["a.js", "gen/all.js", "gen/c.js"]),
    ],
)
def test_a_bundle_that_a_page_makes_has_them_too(built: Site, bundle: Any, outputs: list[str] | None) -> None:
    made = bridged(built)
    asked = bundle(made)
    with asked.bind(made):
        found = asked.urls()

    if outputs is None:
        assert [url.startswith("/static/gen/") for url in found] == [True]
    else:
        assert found == urls(built, *outputs)


def test_integrities_come_as_webassets_gives_them(built: Site) -> None:
    entry = built.manifest()["files"]["gen/all.js"]

    assert bridged(built)["all_js"].urls(calculate_sri=True) == [
        {"uri": entry["url"], "sri": entry["integrity"]}
    ]


def test_an_address_elsewhere_stays(built: Site) -> None:
    made = bridged(built)
    asked = Bundle("https://x.example/x.js", "a.js")
    with asked.bind(made):
        assert asked.urls(calculate_sri=True)[0] == {"uri": "https://x.example/x.js", "sri": None}


def test_extra_is_the_bundles_own(built: Site) -> None:
    assert bridged(built)["all_js"].extra == {"x": 1}


def test_an_unknown_bundle_is_an_error_that_names_what_is_in_it(built: Site) -> None:
    made = bridged(built)
    made.register("later", "a.js", "b.js", output="gen/later.js")

    with pytest.raises(UnknownAsset, match=r"no bundle 'later' of 'a.js', 'b.js'; build again"):
        made["later"].urls()


def test_its_members_are_loaded_where_that_is_no_error(built: Site) -> None:
    made = environment(built)
    bridge(made, Manifest.load(built.out / "manifest.json", missing="plain"))
    made.register("later", "a.js", Bundle("gone.js"), output="gen/later.js")

    assert made["later"].urls() == [*urls(built, "a.js"), "/static/gone.js"]


def test_webassets_may_build_it_instead(built: Site) -> None:
    made = bridged(built, unknown="webassets")
    made.directory = str(built.root / "static")
    made.register("later", "a.js", "b.js", output="gen/later.js")
    (url,) = made["later"].urls()

    assert url.startswith("/static/gen/later.js?")
    assert (built.root / "static/gen/later.js").is_file()
    assert made["all_js"].urls() == urls(built, "gen/all.js")


def test_sources_are_yielded_where_debug_is_on(built: Site) -> None:
    made = bridged(built)
    made.directory, made.debug, made.url_expire = str(built.root / "static"), True, False

    assert made["all_js"].urls() == ["/static/a.js", "/static/b.js"]


def test_other_environments_are_left_alone(built: Site) -> None:
    bridged(built)
    other = Environment(str(built.root / "static"), "/static", debug=True)
    other.register("all_js", "a.js", output="x.js")

    assert other["all_js"].urls()[0].startswith("/static/a.js")


def test_an_unknown_way_out_is_refused(built: Site) -> None:
    with pytest.raises(ValueError, match="unknown is 'build'; it must be one of 'manifest', 'webassets'"):
        bridged(built, unknown="build")


def test_flask_assets_gives_templates_the_urls_of_the_build(built: Site, tmp_path: Path) -> None:
    app = flask.Flask("site", root_path=str(tmp_path / "app"))
    assets = flask_assets.Environment(app)
    assets.register("all_js", "a.js", "b.js", output="gen/all.%(version)s.js")
    bridge(assets, Manifest.load(built.out / "manifest.json"))
    text = '{% assets "all_js", "c.js" %}{{ ASSET_URL }} {{ ASSET_SRI }}{% endassets %}'
    entry = built.manifest()["files"][tag_name(["all_js", "c.js"], None, None) + ".js"]
    with app.test_request_context():
        assert flask.render_template_string(text) == f"{entry['url']} {entry['integrity']}"
