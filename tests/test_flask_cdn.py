"""Sites that used Flask-CDN: each row of what it does, and of what it should have done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import flask
import pytest
from flask import Blueprint, Flask, render_template_string
from werkzeug.routing import BuildError

from cdn_pipeline.integrations.flask import CDNPipeline
from cdn_pipeline.integrations.flask_cdn import CDN, url_for
from tests.conftest import Site

T = 1_700_000_000  # when the files were written, in seconds
HOST = "mycdn.example.com"

CONFIG = """
minify = false
[targets.cdn]
url = "https://built.example.com/x/"
"""


@pytest.fixture
def unbuilt(site: Site) -> Site:
    """A site without any build."""
    site.write(
        {
            "static/a.js": "a()",
            "static/img/é &.png": b"PNG",
            "blog/assets/b.js": "b()",
            "blog/assets/a.js": "blog()",
        }
    )
    for file in site.root.rglob("*.*"):
        os.utime(file, (T, T + 0.5))
    os.utime(site.root / "blog/assets/a.js", (T + 9, T + 9))
    return site


@pytest.fixture
def built(unbuilt: Site) -> Site:
    """The same, built, but for one file that came later."""
    unbuilt.build(CONFIG)
    unbuilt.write({"static/later.js": "later()"})
    os.utime(unbuilt.root / "static/later.js", (T, T))
    return unbuilt


def application(site: Site, **settings: Any) -> Flask:
    app = Flask("app", root_path=str(site.root))
    app.config.update({"CDN_DOMAIN": HOST} | settings)
    blog = Blueprint("blog", "blog", root_path=str(site.root), static_folder="blog/assets", url_prefix="/b")
    blog.add_url_rule("/<path:source>", "page", render_template_string)
    app.register_blueprint(blog)
    app.add_url_rule("/<path:source>", "page", render_template_string)
    CDN(app)
    return app


def shown(app: Flask, expression: str, **request: Any) -> str:
    """What a template shows."""
    with app.test_request_context(**request):
        return render_template_string("{{ " + expression + " | safe }}")


def test_settings_have_flask_cdns_defaults() -> None:
    app = Flask("app")
    app.debug = True
    CDN().init_app(app)
    app.debug = False

    assert {name: value for name, value in app.config.items() if name.startswith("CDN_")} == {
        "CDN_DEBUG": True,
        "CDN_DOMAIN": None,
        "CDN_HTTPS": None,
        "CDN_TIMESTAMP": True,
        "CDN_VERSION": None,
        "CDN_ENDPOINTS": ["static"],
    }


def test_without_a_domain_nothing_changes(unbuilt: Site) -> None:
    app = application(unbuilt, CDN_DOMAIN=None)

    assert shown(app, "url_for('static', filename='a.js')") == "/static/a.js"
    with app.test_request_context():
        assert url_for("static", filename="a.js") == "/static/a.js"


@pytest.mark.parametrize(
    ("settings", "arguments", "expected"),
    [
        ({}, "'static', filename='a.js'", f"http://{HOST}/static/a.js?t={T}"),
        ({}, "'blog.static', filename='b.js'", f"http://{HOST}/b/assets/b.js?t={T}"),
        ({}, "'static', filename='a.js', x=1", f"http://{HOST}/static/a.js?x=1&t={T}"),
        ({}, "'static', filename='img/é &.png'", f"http://{HOST}/static/img/%C3%A9%20&.png?t={T}"),
        ({}, "'page', source='x'", "/x"),
        ({"CDN_TIMESTAMP": False}, "'static', filename='a.js'", f"http://{HOST}/static/a.js"),
        ({"CDN_VERSION": "7"}, "'static', filename='a.js'", f"http://{HOST}/static/a.js?t={T}&v=7"),
        ({"CDN_HTTPS": True}, "'static', filename='a.js'", f"https://{HOST}/static/a.js?t={T}"),
        ({"CDN_DEBUG": True}, "'static', filename='a.js'", "/static/a.js"),
        (
            {"CDN_DOMAIN": f"{HOST}:8080"},
            "'static', filename='a.js'",
            f"http://{HOST}:8080/static/a.js?t={T}",
        ),
        ({"CDN_DOMAIN": f"{HOST}/p/q"}, "'static', filename='a.js'", f"http://{HOST}/p/q/static/a.js?t={T}"),
        ({"CDN_DOMAIN": f"{HOST}/"}, "'static', filename='a.js'", f"http://{HOST}/static/a.js?t={T}"),
        ({"CDN_DOMAIN": f"https://{HOST}"}, "'static', filename='a.js'", f"https://{HOST}/static/a.js?t={T}"),
        ({"CDN_DOMAIN": f"//{HOST}"}, "'static', filename='a.js'", f"http://{HOST}/static/a.js?t={T}"),
        (
            {"CDN_DOMAIN": f"https://{HOST}", "CDN_HTTPS": False},
            "'static', filename='a.js'",
            f"http://{HOST}/static/a.js?t={T}",
        ),
        ({}, "'static', filename='a.js', _scheme='https'", f"https://{HOST}/static/a.js?t={T}"),
        ({"CDN_HTTPS": True}, "'static', filename='a.js', _scheme=None", f"//{HOST}/static/a.js?t={T}"),
        ({"CDN_HTTPS": True}, "'static', filename='a.js', _scheme=''", f"//{HOST}/static/a.js?t={T}"),
        ({}, "'static', filename='a.js', _anchor='x y'", f"http://{HOST}/static/a.js?t={T}#x%20y"),
        ({}, "'static', filename='a.js', _external=True", f"http://{HOST}/static/a.js?t={T}"),
        ({}, "'page', source='x', _external=True", "http://localhost/x"),
        ({"CDN_ENDPOINTS": ["page"]}, "'static', filename='a.js'", "/static/a.js"),
        ({"CDN_ENDPOINTS": ["page"]}, "'blog.page', source='x'", f"http://{HOST}/b/x"),
        ({}, "'static', filename='gone.js'", f"http://{HOST}/static/gone.js"),
        ({}, "'static', filename='../cdn_pipeline.toml'", f"http://{HOST}/static/../cdn_pipeline.toml"),
        ({}, "'static', filename='https://e.com/a.js'", f"http://{HOST}/static/https://e.com/a.js"),
        ({}, "'static', filename='x' * 5000", f"http://{HOST}/static/" + "x" * 5000),
    ],
)
def test_without_a_build_urls_are_flask_cdns_but_well_formed(
    unbuilt: Site, settings: dict[str, Any], arguments: str, expected: str
) -> None:
    assert shown(application(unbuilt, **settings), f"url_for({arguments})") == expected


@pytest.mark.parametrize(
    ("https", "base", "scheme"),
    [
        (None, "http://localhost", "http"),
        (None, "https://localhost", "https"),
        (True, "http://localhost", "https"),
        (False, "https://localhost", "http"),
    ],
)
def test_the_scheme_is_the_request_s_unless_it_is_set(
    unbuilt: Site, https: bool | None, base: str, scheme: str
) -> None:
    app = application(unbuilt, CDN_HTTPS=https)

    assert shown(app, "url_for('static', filename='a.js')", base_url=base).startswith(f"{scheme}://{HOST}/")


def test_the_app_s_own_prefix_is_dropped(unbuilt: Site) -> None:
    app = application(unbuilt)
    prefix = {"SCRIPT_NAME": "/app"}

    assert shown(app, "url_for('static', filename='a.js')", environ_overrides=prefix) == (
        f"http://{HOST}/static/a.js?t={T}"
    )


def test_a_relative_endpoint_is_that_of_the_blueprint(unbuilt: Site) -> None:
    client = application(unbuilt).test_client()

    response = client.get("/b/{{ url_for('.static', filename='b.js') }}")
    assert response.text == f"http://{HOST}/b/assets/b.js?t={T}"


def test_the_time_is_that_of_the_endpoint_s_own_file(unbuilt: Site) -> None:
    """Flask-CDN takes it from the folder of the blueprint that answers, whatever was asked for."""
    client = application(unbuilt).test_client()

    response = client.get("/b/{{ url_for('static', filename='a.js') }}")
    assert response.text == f"http://{HOST}/static/a.js?t={T}"
    response = client.get("/{{ url_for('blog.static', filename='a.js') }}")
    assert response.text == f"http://{HOST}/b/assets/a.js?t={T + 9}"


def test_a_missing_file_is_said_once(unbuilt: Site, caplog: pytest.LogCaptureFixture) -> None:
    app = application(unbuilt)
    for _ in range(2):
        shown(app, "url_for('static', filename='gone.js')")

    messages = [record.getMessage() for record in caplog.records]
    said = f"no file 'gone.js' in {unbuilt.root}/static; its URL has no time stamp"
    assert messages.count(said) == 1


def test_no_request_is_needed(unbuilt: Site) -> None:
    app = application(unbuilt)
    with app.app_context():
        assert url_for("static", filename="a.js") == f"http://{HOST}/static/a.js?t={T}"
    app.config["PREFERRED_URL_SCHEME"] = "https"
    with app.app_context():
        assert url_for("static", filename="a.js") == f"https://{HOST}/static/a.js?t={T}"


def test_what_has_no_url_is_flasks_error(unbuilt: Site) -> None:
    app = application(unbuilt)
    with app.test_request_context():
        with pytest.raises(BuildError):
            url_for("static", filename=None)
        with pytest.raises(BuildError):
            url_for("nowhere.static", filename="a.js")
        app.url_build_error_handlers.append(lambda error, endpoint, values: f"/lost/{endpoint}")
        assert url_for("nowhere.static", filename="a.js") == "/lost/nowhere.static"


def test_flasks_own_function_is_left_alone(unbuilt: Site) -> None:
    with application(unbuilt).test_request_context():
        assert flask.url_for("static", filename="a.js") == "/static/a.js"


def test_a_built_file_has_the_url_of_its_route(built: Site) -> None:
    app = application(built)
    a, image = built.url("a.js"), built.url("img/é &.png")

    assert image.startswith("https://built.example.com/x/img/")
    assert shown(app, "url_for('static', filename='a.js')") == a
    assert shown(app, "url_for('static', filename='img/é &.png')") == image
    assert shown(app, "url_for('static', filename='a.js', x=1, _anchor='y')") == f"{a}?x=1#y"
    assert shown(app, "url_for('static', filename='a.js', _external=True)") == f"http://localhost{a}"
    assert shown(app, "url_for('static', filename='img/é &.png', _scheme='http')") == "http" + image[5:]


def test_a_file_that_came_after_the_build_has_the_url_of_before(built: Site) -> None:
    app = application(built)

    assert shown(app, "url_for('static', filename='later.js')") == f"http://{HOST}/static/later.js?t={T}"
    assert shown(app, "url_for('blog.static', filename='b.js')") == f"http://{HOST}/b/assets/b.js?t={T}"


@pytest.mark.parametrize("first", [CDN, CDNPipeline])
def test_it_goes_together_with_the_pipeline_s_own_extension(built: Site, first: type[Any]) -> None:
    app = Flask("app", root_path=str(built.root))
    app.config["CDN_DOMAIN"] = HOST
    first(app)
    CDN(app)
    CDNPipeline(app)

    with app.test_request_context():
        for each in (flask.url_for, url_for):
            assert each("static", filename="a.js") == built.url("a.js")
    later = f"http://{HOST}/static/later.js?t={T}"
    assert shown(app, "url_for('static', filename='later.js')") == later


def test_development_shows_sources(built: Site) -> None:
    app = application(built, CDN_PIPELINE_DEBUG=True)

    assert shown(app, "url_for('static', filename='a.js')") == f"http://{HOST}/static/a.js?t={T}"


FLASK_ASSETS = """
import os
from flask import Flask
from flask_assets import Bundle, Environment
from cdn_pipeline.integrations.flask_cdn import CDN

app = Flask("app", root_path=os.getcwd())
app.config.update(CDN_DOMAIN="cdn.example.com", FLASK_ASSETS_USE_CDN=True, ASSETS_URL_EXPIRE=EXPIRE)
CDN(app)
environment = Environment(app)
environment.auto_build = False
environment.manifest = environment.cache = environment.versions = False
bundle = environment.register("all", Bundle("a.js", output="gen/all.js", version="e4a0"))
with app.test_request_context():
    print(*bundle.urls())
"""


def flask_assets(root: Path, expire: object = None) -> str:
    """The URLs of a bundle, said by a process of its own, since Flask-Assets imports `flask_cdn` by name."""
    program = FLASK_ASSETS.replace("EXPIRE", repr(expire))
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    )
    return ran.stdout.strip()


@pytest.mark.parametrize("expire", [None, True])
def test_flask_assets_adds_no_second_query(unbuilt: Site, expire: object) -> None:
    unbuilt.write({"static/gen/all.js": "a()"})
    os.utime(unbuilt.root / "static/gen/all.js", (T, T))

    assert flask_assets(unbuilt.root, expire) == f"//cdn.example.com/static/gen/all.js?t={T}"


def test_flask_assets_gets_built_urls(unbuilt: Site) -> None:
    unbuilt.write({"static/gen/all.js": "a()"})
    unbuilt.build(CONFIG)

    assert flask_assets(unbuilt.root) == unbuilt.url("gen/all.js")
