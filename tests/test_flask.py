"""Flask apps whose static files come from a build."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import flask
import jinja2
import pytest
from flask import Blueprint, Flask, render_template, render_template_string
from flask_assets import Bundle, Environment
from werkzeug.routing import BuildError

from cdn_pipeline.errors import BrokenManifest, UnknownAsset
from cdn_pipeline.integrations.flask import CDNPipeline, manifest
from cdn_pipeline.integrations.webassets import bridge
from tests.conftest import PLAIN, Site

CONFIG = """
source = ["static", "admin/static", "shared/theme/dist"]
minify = false
[targets.cdn]
url = "https://cdn.example.com/x/"
store = "directory:cdn"
[[routes]]
match = ["*.txt"]
fingerprint = false
cache = "no-cache"
encodings = []
"""
FILES: dict[str, str | bytes] = {
    "static/css/a.css": "a { color: red }" * 20,
    "static/img/logo.png": b"PNG",
    "static/both.css": "static { color: red }",
    "static/robots.txt": "User-agent: *",
    "static/unbuilt.psd": b"PSD",
    "admin/static/admin.css": "b { color: red }",
    "admin/static/both.css": "admin { color: red }",
    "shared/theme/dist/t.css": "t { color: red }",
    "shared/theme/raw.css": "raw { color: red }",
    "elsewhere/other.css": "other { color: red }",
}


@pytest.fixture
def built(site: Site) -> Site:
    """A build with an app, two blueprints of the source tree and one from elsewhere."""
    site.write(FILES)
    site.build('exclude = ["*.psd"]\n' + CONFIG)
    return site


def application(site: Site, **settings: Any) -> Flask:
    app = Flask("app", root_path=str(site.root))
    app.config.update(settings)
    CDNPipeline(app)
    for name, folder in [
        ("admin", "admin/static"),
        ("theme", "shared/theme"),
        ("part", "static/css"),
        ("foreign", "elsewhere"),
    ]:
        blueprint = Blueprint(
            name, name, root_path=str(site.root), static_folder=folder, url_prefix=f"/{name}"
        )
        blueprint.add_url_rule("/show", "show", lambda: flask.url_for(".static", filename="admin.css"))
        app.register_blueprint(blueprint)
    app.add_url_rule("/<path:page>", "page", lambda page: page)
    return app


def in_python(app: Flask, endpoint: str, **values: Any) -> str:
    with app.test_request_context():
        return flask.url_for(endpoint, **values)


def in_template(app: Flask, expression: str) -> str:
    with app.test_request_context():
        return render_template_string("{{ " + expression + " }}")


WRONG = [
    ("MISSING", "eror", "it must be one of 'error', 'plain'"),
    ("RELOAD", "2", "it must be a number of seconds, or None for never"),
    ("MANIFEST", 3, "it must be the file manifest.json of a build"),
    ("MANIFEST", "build", "it must be the file manifest.json of a build"),
]


@pytest.mark.parametrize(("name", "value", "message"), WRONG)
def test_a_wrong_setting_is_told_before_there_is_a_page(
    built: Site, name: str, value: object, message: str
) -> None:
    with pytest.raises(ValueError) as error:
        application(built, **{f"CDN_PIPELINE_{name}": value})

    assert str(error.value) == f"CDN_PIPELINE_{name} is {value!r}; {message}"


def test_a_static_file_has_its_built_url_everywhere(built: Site) -> None:
    app = application(built)
    a = built.url("css/a.css")

    assert a.startswith("/static/css/a.") and a != "/static/css/a.css"
    assert in_python(app, "static", filename="css/a.css") == a
    assert in_template(app, "url_for('static', filename='css/a.css')") == a
    with app.test_request_context():
        assert app.url_for("static", filename="css/a.css") == a
        assert flask.url_for("static", filename=Path("css/a.css")) == a


def test_images_come_from_the_cdn(built: Site) -> None:
    logo = built.url("img/logo.png")

    assert logo.startswith("https://cdn.example.com/x/img/logo.")
    assert in_python(application(built), "static", filename="img/logo.png") == logo


def test_other_endpoints_are_flasks(built: Site) -> None:
    assert in_python(application(built), "page", page="css/a.css", x=1) == "/css/a.css?x=1"


@pytest.mark.parametrize(
    ("endpoint", "filename", "logical"),
    [
        ("admin.static", "admin.css", "admin.css"),
        ("theme.static", "dist/t.css", "t.css"),
        ("part.static", "a.css", "css/a.css"),
    ],
)
def test_a_blueprint_s_files_are_found_by_its_folder(
    built: Site, endpoint: str, filename: str, logical: str
) -> None:
    assert in_python(application(built), endpoint, filename=filename) == built.url(logical)


def test_a_relative_endpoint_is_that_of_the_blueprint(built: Site) -> None:
    app = application(built)

    assert app.test_client().get("/admin/show").text == built.url("admin.css")
    with app.test_request_context():
        assert flask.url_for(".static", filename="css/a.css") == built.url("css/a.css")


def test_a_blueprint_in_a_blueprint_is_found(built: Site) -> None:
    app = Flask("app", root_path=str(built.root))
    CDNPipeline(app)
    outer = Blueprint("outer", "outer", url_prefix="/outer")
    inner = Blueprint("inner", "inner", root_path=str(built.root), static_folder="admin/static")
    inner.add_url_rule("/inner", "show", lambda: flask.url_for(".static", filename="admin.css"))
    outer.register_blueprint(inner)
    app.register_blueprint(outer)

    assert app.test_client().get("/outer/inner").text == built.url("admin.css")


def test_a_file_that_an_earlier_root_hides_keeps_its_own_url(
    built: Site, caplog: pytest.LogCaptureFixture
) -> None:
    app = application(built)

    assert in_python(app, "static", filename="both.css") == built.url("both.css")
    for _ in range(2):
        assert in_python(app, "admin.static", filename="both.css") == "/admin/static/both.css"
    assert [record.getMessage() for record in caplog.records] == [
        f"'both.css' of 'admin.static' is not in the build, which has {built.root}/static/both.css "
        "in its stead; its plain URL is used"
    ]


@pytest.mark.parametrize(
    ("endpoint", "filename", "expected"),
    [
        ("foreign.static", "other.css", "/foreign/elsewhere/other.css"),
        ("theme.static", "raw.css", "/theme/theme/raw.css"),
    ],
)
def test_a_folder_outside_the_source_tree_is_flasks_without_a_word(
    built: Site, caplog: pytest.LogCaptureFixture, endpoint: str, filename: str, expected: str
) -> None:
    app = application(built, CDN_PIPELINE_MISSING="error")

    assert in_python(app, endpoint, filename=filename) == expected
    assert caplog.records == []


@pytest.mark.parametrize(
    "values",
    [
        {"_external": True},
        {"_external": True, "_scheme": "https"},
        {"_anchor": "ä b"},
        {"v": "1", "w": "ä&"},
        {"_external": True, "_anchor": "x", "v": "1"},
        {"_external": False},
        {"_scheme": None},
        {"_method": "GET"},
    ],
)
def test_arguments_are_honoured_as_flask_does(built: Site, values: dict[str, Any]) -> None:
    plain = Flask("app", root_path=str(built.root))
    expected = in_python(plain, "static", filename="css/a.css", **values)
    expected = expected.replace("/static/css/a.css", built.url("css/a.css"))

    assert in_python(application(built), "static", filename="css/a.css", **values) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"_external": True}, "https://cdn.example.com{}"),
        ({"_external": True, "_scheme": "http"}, "http://cdn.example.com{}"),
        ({"_external": True, "_scheme": ""}, "//cdn.example.com{}"),
        ({"_anchor": "x", "v": 1}, "https://cdn.example.com{}?v=1#x"),
    ],
)
def test_arguments_count_for_the_cdn_too(built: Site, values: dict[str, Any], expected: str) -> None:
    path = built.url("img/logo.png").removeprefix("https://cdn.example.com")

    assert in_python(application(built), "static", filename="img/logo.png", **values) == expected.format(path)


def test_a_scheme_for_a_url_that_has_none_is_flasks_error(built: Site) -> None:
    with pytest.raises(ValueError, match="'_external' must be True"):
        in_python(application(built), "static", filename="css/a.css", _scheme="https", _external=False)


def test_url_defaults_are_honoured(built: Site) -> None:
    app = application(built)

    @app.url_defaults
    def version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values["v"] = "7"

    assert in_python(app, "static", filename="css/a.css") == built.url("css/a.css") + "?v=7"


def test_without_a_request_there_is_no_host_unless_one_is_configured(built: Site) -> None:
    app, named = application(built), application(built, SERVER_NAME="example.org")
    a, logo = built.url("css/a.css"), built.url("img/logo.png")

    with app.app_context():
        assert flask.url_for("static", filename="css/a.css") == a
        assert flask.url_for("static", filename="css/a.css", _anchor="x") == a + "#x"
        assert flask.url_for("static", filename="unknown.css") == "/static/unknown.css"
        with pytest.raises(RuntimeError, match="SERVER_NAME"):
            flask.url_for("static", filename="css/a.css", _external=True)
    with named.app_context():
        assert flask.url_for("static", filename="css/a.css") == "http://example.org" + a
        assert flask.url_for("static", filename="img/logo.png") == logo
    assert app.url_for("static", filename="css/a.css") == a


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("gone.css", "/static/gone.css"),
        ("../secret.txt", "/static/../secret.txt"),
        ("/css/a.css", "/static//css/a.css"),
        ("https://example.com/a.css", "/static/https://example.com/a.css"),
        ("//example.com/a.css", "/static///example.com/a.css"),
        ("javascript:alert(1)", "/static/javascript:alert(1)"),
        ("", "/static/"),
        ("\x00", "/static/%00"),
        ("css/a.css\n", "/static/css/a.css%0A"),
        ("css/\ud800.css", None),
    ],
)
def test_what_the_build_does_not_know_has_flasks_own_url(
    built: Site, filename: str, expected: str | None
) -> None:
    plain = Flask("app", root_path=str(built.root))
    try:
        assert in_python(plain, "static", filename=filename) == expected
    except UnicodeEncodeError:
        with pytest.raises(UnicodeEncodeError):
            in_python(application(built), "static", filename=filename)
    else:
        assert in_python(application(built), "static", filename=filename) == expected


def test_none_as_filename_is_flasks_error(built: Site) -> None:
    with pytest.raises(BuildError, match="Did you forget to specify values"):
        in_python(application(built), "static", filename=None)
    with pytest.raises(BuildError, match="nowhere"):
        in_python(application(built), "nowhere.static", filename="a.css")


def test_an_unknown_name_is_said_once(built: Site, caplog: pytest.LogCaptureFixture) -> None:
    app = application(built)
    for _ in range(3):
        in_python(app, "static", filename="css/b.css")

    [record] = caplog.records
    assert "no asset and no bundle 'css/b.css'; did you mean 'css/a.css'?" in record.getMessage()


def test_strictness_is_there_where_it_was_asked_for(built: Site) -> None:
    app = application(built, CDN_PIPELINE_MISSING="error")

    with pytest.raises(UnknownAsset, match=r"did you mean 'css/a\.css'"):
        in_python(app, "static", filename="css/b.css")
    (built.out / "manifest.json").write_text("{")
    with pytest.raises(BrokenManifest):
        in_python(application(built, CDN_PIPELINE_MISSING="error"), "static", filename="css/a.css")


@pytest.mark.parametrize("text", [None, "", "{", '{"version": 99}', "[]"])
def test_without_a_usable_manifest_urls_are_plain(
    built: Site, caplog: pytest.LogCaptureFixture, text: str | None
) -> None:
    file = built.out / "manifest.json"
    file.unlink()
    if text is not None:
        file.write_text(text)
    app = application(built)

    assert app.test_client().get("/page").text == "page"
    for filename in ("css/a.css", "img/logo.png"):
        assert in_python(app, "static", filename=filename) == f"/static/{filename}"
    assert len(caplog.records) == 1


def test_a_new_build_is_picked_up(built: Site) -> None:
    app = application(built, CDN_PIPELINE_RELOAD=0)
    before = in_python(app, "static", filename="css/a.css")
    built.write({"static/css/a.css": "a { color: blue }"})
    built.build(CONFIG)

    assert in_python(app, "static", filename="css/a.css") == built.url("css/a.css") != before


def test_in_development_sources_are_shown(built: Site) -> None:
    app = application(built)
    app.debug = True
    assert in_python(app, "static", filename="css/a.css") == "/static/css/a.css"
    assert in_template(app, "url_for('admin.static', filename='admin.css')") == "/admin/static/admin.css"
    app.debug = False
    assert in_python(app, "static", filename="css/a.css") == built.url("css/a.css")
    app.config["CDN_PIPELINE_DEBUG"] = True
    assert in_python(app, "static", filename="css/a.css") == "/static/css/a.css"


def test_development_needs_no_build_and_no_config(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static/a.css").write_text("a {}")
    app = Flask("app", root_path=str(tmp_path))
    app.debug = True
    CDNPipeline(app)

    assert in_python(app, "static", filename="a.css") == "/static/a.css"
    assert app.test_client().get("/static/a.css").text == "a {}"
    assert caplog.records == []


def test_a_manifest_can_be_named(built: Site, tmp_path_factory: pytest.TempPathFactory) -> None:
    """As where only the build is deployed; the app's own static folder is the source root then."""
    elsewhere = tmp_path_factory.mktemp("app")
    app = Flask("app", root_path=str(elsewhere), static_folder=str(elsewhere / "static"))
    app.config["CDN_PIPELINE_MANIFEST"] = str(built.out / "manifest.json")
    CDNPipeline(app)
    app.register_blueprint(
        Blueprint("admin", "admin", root_path=str(elsewhere), static_folder="admin", url_prefix="/admin")
    )

    assert in_python(app, "static", filename="css/a.css") == built.url("css/a.css")
    assert in_python(app, "admin.static", filename="admin.css") == "/admin/admin/admin.css"


def test_source_folders_can_be_named(built: Site) -> None:
    app = application(built, CDN_PIPELINE_SOURCES=["static", "admin/static", "elsewhere"])

    assert in_python(app, "admin.static", filename="admin.css") == built.url("admin.css")
    assert in_python(app, "foreign.static", filename="other.css") == "/foreign/elsewhere/other.css"


def test_several_apps_have_a_build_each(built: Site, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = Site(tmp_path_factory.mktemp("other"))
    other.write({"static/css/a.css": "other {}"})
    other.build("minify = false")
    pipeline = CDNPipeline()
    apps = [Flask("app", root_path=str(each.root)) for each in (built, other)]
    for app in apps:
        pipeline.init_app(app)
        pipeline.init_app(app)

    assert [in_python(app, "static", filename="css/a.css") for app in apps] == [
        built.url("css/a.css"),
        other.url("css/a.css"),
    ]
    assert manifest(apps[1]).release == other.manifest()["release"]


def test_settings_count_that_are_made_after_init_app(built: Site) -> None:
    app = Flask("app", root_path=str(built.root / "deeper"), static_folder=str(built.root / "static"))
    CDNPipeline(app)
    app.config["CDN_PIPELINE_MANIFEST"] = "../build/manifest.json"

    assert in_python(app, "static", filename="css/a.css") == built.url("css/a.css")


def test_an_app_below_a_prefix_is_not_doubled(built: Site) -> None:
    built.build(CONFIG + "[targets.origin]\nurl = '/app/static/'")
    app = application(built)

    with app.test_request_context(environ_overrides={"SCRIPT_NAME": "/app"}):
        assert flask.url_for("static", filename="css/a.css") == built.url("css/a.css")
        assert flask.url_for("static", filename="css/a.css").startswith("/app/static/css/a.")


def test_built_files_are_served_with_their_headers(built: Site) -> None:
    client = application(built).test_client()
    plain = client.get(built.url("css/a.css"))
    packed = client.get(built.url("css/a.css"), headers={"Accept-Encoding": "br"})
    again = client.get(built.url("css/a.css"), headers={"If-None-Match": plain.headers["ETag"]})

    assert (plain.status_code, plain.text) == (200, built.served("css/a.css"))
    assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert (packed.headers["Content-Encoding"], packed.headers["Vary"]) == ("br", "Accept-Encoding")
    assert again.status_code == 304
    assert client.get("/static/robots.txt").headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("settings", "path", "status"),
    [
        ({}, "/static/unbuilt.psd", 200),
        ({}, "/static/gone.css", 404),
        ({}, "/static/../cdn_pipeline.toml", 404),
        ({}, "/static/%2e%2e/cdn_pipeline.toml", 404),
        ({"CDN_PIPELINE_SERVE": False}, "{}", 404),
        ({}, "{}", 200),
    ],
)
def test_what_is_not_served_is_left_to_flask(
    built: Site, settings: dict[str, Any], path: str, status: int
) -> None:
    client = application(built, **settings).test_client()

    assert client.get(path.format(built.url("css/a.css"))).status_code == status


def test_a_strict_app_without_a_build_still_answers(built: Site) -> None:
    (built.out / "manifest.json").unlink()
    client = application(built, CDN_PIPELINE_MISSING="error").test_client()

    assert client.get("/page").text == "page"
    assert client.get("/static/css/a.css").status_code == 200


APP = """
from flask import Flask
from cdn_pipeline.integrations.flask import CDNPipeline

app = Flask(__name__)
"""


def run(site: Site, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flask", "--app", "app", *arguments]
    return subprocess.run(command, cwd=site.root, capture_output=True, text=True, check=False)


@pytest.fixture
def project(site: Site) -> Site:
    site.write({"app.py": APP + "CDNPipeline(app)\n", "static/a.js": "a()\n", "cdn_pipeline.toml": PLAIN})
    return site


def test_the_command_line_builds(project: Site) -> None:
    # Flask-Assets, which the tests have installed, owns the name `assets` on the command line.
    ran = run(project, "cdn-pipeline", "build")

    assert (ran.returncode, ran.stdout.startswith("release ")) == (0, True)
    assert project.manifest()["files"]
    assert run(project, "cdn-pipeline", "check").stdout == "1 file checked, 0 warnings\n"
    assert '"ok": true' in run(project, "cdn-pipeline", "check", "--json").stdout
    assert "--no-cache" in run(project, "cdn-pipeline", "build", "--help").stdout


def test_the_exit_code_tells_the_truth(project: Site) -> None:
    assert run(project, "cdn-pipeline", "build", "--jobs", "0").returncode == 2
    project.write({"static/a.css": "a { background: url(gone.png) }"})
    failed = run(project, "cdn-pipeline", "build")

    assert failed.returncode == 1
    assert "static/a.css:1:21: error: no asset 'gone.png'" in failed.stderr
    assert run(project, "cdn-pipeline", "check").returncode == 1
    project.write({"cdn_pipeline.toml": "source = ["})
    assert run(project, "cdn-pipeline", "build").returncode == 2


def test_the_group_has_its_proper_name_where_nobody_else_took_it(project: Site) -> None:
    app = application(project)

    ran = app.test_cli_runner().invoke(args=["assets", "build"])

    assert ran.exit_code == 0
    assert project.manifest()["files"]


def test_a_deployed_release_is_what_a_running_app_names(project: Site) -> None:
    stores = '[targets.origin]\nstore = "directory:www"\n'
    project.write({"cdn_pipeline.toml": PLAIN + stores, "static/a.css": "a {}"})
    runner = application(project).test_cli_runner()
    deployed = runner.invoke(args=["assets", "deploy"])
    project.write({"static/a.css": "b {}"})
    runner.invoke(args=["assets", "build"])
    before = project.url("a.css")

    assert deployed.exit_code == 0, deployed.output
    assert "is published" in deployed.output
    with application(project).test_request_context():
        assert flask.url_for("static", filename="a.css") != before
        runner.invoke(args=["assets", "deploy", "--no-build"])
    with application(project).test_request_context():
        assert flask.url_for("static", filename="a.css") == before
        assert application(project).test_client().get(before).data == b"b {}"
    assert runner.invoke(args=["assets", "rollback"]).exit_code == 0


def test_a_command_of_the_site_s_own_stays(project: Site) -> None:
    app = Flask("app", root_path=str(project.root))
    app.cli.command("assets")(lambda: print("mine"))
    CDNPipeline(app)

    assert app.test_cli_runner().invoke(args=["assets"]).output == "mine\n"


def test_importing_the_integration_loads_nothing_heavy(project: Site) -> None:
    program = (
        "import sys, app;"
        "heavy = ('boto3', 'webassets', 'yaml', 'tomllib', 'csscompressor', 'dataclasses_json');"
        "print([name for name in sys.modules if name.split('.')[0] in heavy"
        " or name in ('cdn_pipeline.config', 'cdn_pipeline.cli', 'cdn_pipeline.build')])"
    )
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, cwd=project.root, capture_output=True, text=True, check=True)

    assert ran.stdout == "[]\n"


COMPILED = "bundles:\n  styles: {contents: x.scss, output: gen/x.css}\n"
BUNDLE = "bundles:\n  all:\n    output: all.css\n    contents: [css/a.css, both.css]\n"


def test_templates_have_the_functions_and_the_tag(built: Site) -> None:
    built.write({"assets.yaml": BUNDLE})
    built.build(CONFIG + "[bundles]\ndefinitions = ['assets.yaml']\n")
    app = application(built)
    bundle = built.url("all.css")

    assert in_template(app, "asset_url('img/logo.png')") == built.url("img/logo.png")
    assert f'<link rel="stylesheet" href="{bundle}"' in in_template(app, "asset_tags('all')")
    with app.test_request_context():
        tag = "{% assets 'all' %}{{ ASSET_URL }} {% endassets %}"
        assert render_template_string(tag) == f"{bundle} "


def test_a_manifest_may_be_replaced_while_requests_run(built: Site) -> None:
    """Even by something broken, as a deploy that copies files in place leaves it for a moment."""
    app = application(built, CDN_PIPELINE_RELOAD=0)
    app.add_url_rule("/page", "shown", lambda: flask.url_for("static", filename="css/a.css"))
    file = built.out / "manifest.json"
    first, first_url = file.read_bytes(), built.url("css/a.css")
    built.write({"static/css/a.css": "a { color: blue }"})
    built.build(CONFIG)
    second, second_url = file.read_bytes(), built.url("css/a.css")
    stop = threading.Event()

    def replace() -> None:
        for content in itertools.cycle([first, second, b"", second[:100], b"{}"]):
            if stop.is_set():
                return
            (built.out / "new").write_bytes(content)
            os.replace(built.out / "new", file)

    def ask(number: int) -> set[tuple[int, str]]:
        answers = (app.test_client().get("/page") for _ in range(5))
        return {(answer.status_code, answer.text) for answer in answers}

    assert ask(0) <= {(200, first_url), (200, second_url)}  # from here on there is a good one to fall back on
    replacing = threading.Thread(target=replace)
    replacing.start()
    with ThreadPoolExecutor(100) as threads:
        answers = set().union(*threads.map(ask, range(100)))
    stop.set()
    replacing.join()

    assert answers <= {(200, first_url), (200, second_url)}


def test_flask_assets_adds_one_query_at_most(built: Site) -> None:
    app = application(built)
    environment = Environment(app)
    environment.auto_build, environment.manifest, environment.cache = False, False, False
    known = environment.register("known", Bundle("css/a.css", output="css/a.css", version="1"))
    other = environment.register("other", Bundle("css/a.css", output="gen/b.css", version="1"))

    with app.test_request_context():
        assert known.urls() == [built.url("css/a.css") + "?1"]
        assert other.urls() == ["/static/gen/b.css?1"]


def test_flask_assets_may_answer_from_the_build(built: Site) -> None:
    built.write({"assets.yaml": BUNDLE})
    built.build(CONFIG + "[bundles]\ndefinitions = ['assets.yaml']\n")
    app = application(built)
    environment = Environment(app)
    bundle = environment.register("all", Bundle("css/a.css", "both.css", output="all.css"))
    bridge(environment, manifest(app))

    with app.test_request_context():
        assert bundle.urls() == [built.url("all.css")]


def test_development_shows_the_members_of_a_bundle(built: Site) -> None:
    built.write({"assets.yaml": BUNDLE.replace("both.css", "admin.css")})
    built.write({"cdn_pipeline.toml": CONFIG + "[bundles]\ndefinitions = ['assets.yaml']\n"})
    app = application(built)
    app.debug = True
    client = app.test_client()
    tag = "{% assets 'all' %}{{ ASSET_URL }} {% endassets %}"

    with app.test_request_context():
        assert render_template_string(tag) == "/static/css/a.css /static/admin.css "
    assert in_template(app, "asset_url('img/logo.png')") == "/static/img/logo.png"
    assert client.get("/static/css/a.css").text == FILES["static/css/a.css"]
    assert client.get("/static/admin.css").text == FILES["admin/static/admin.css"]
    assert client.get("/static/both.css").text == FILES["static/both.css"]
    for path in ("/static/gone.css", "/static/../cdn_pipeline.toml", "/static/css"):
        assert client.get(path).status_code == 404
    assert client.post("/static/admin.css").status_code == 405


def test_development_serves_what_only_a_build_can_compile(built: Site) -> None:
    built.write({"static/x.scss": "a { color: red }", "assets.yaml": COMPILED})
    built.build(CONFIG + "[bundles]\ndefinitions = ['assets.yaml']\n")
    app = application(built)
    app.debug = True
    url = in_template(app, "asset_url('styles')")

    assert url == built.url("gen/x.css")
    assert app.test_client().get(url).text == "a { color: red }\n"


def test_development_below_a_prefix_has_it_in_every_url(built: Site) -> None:
    app = application(built)
    app.debug = True

    for prefix in ("", "/app", "/other"):
        with app.test_request_context(environ_overrides={"SCRIPT_NAME": prefix}):
            assert render_template_string("{{ asset_url('css/a.css') }}") == f"{prefix}/static/css/a.css"
            assert flask.url_for("static", filename="css/a.css") == f"{prefix}/static/css/a.css"


@pytest.mark.parametrize("is_early", [False, True])
def test_templates_may_be_set_up_before_and_after(built: Site, is_early: bool) -> None:
    app = Flask("app", root_path=str(built.root))
    if is_early:
        assert app.jinja_env.auto_reload is False
    CDNPipeline(app)
    app.config["TEMPLATES_AUTO_RELOAD"] = True

    assert app.jinja_env.auto_reload is not is_early
    for expression in ("url_for('static', filename='css/a.css')", "asset_url('css/a.css')"):
        assert in_template(app, expression) == built.url("css/a.css")


def test_templates_work_without_build_and_config_in_development(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static/a.css").write_text("a {}")
    app = Flask("app", root_path=str(tmp_path))
    app.debug = True
    CDNPipeline(app)

    assert in_template(app, "asset_url('a.css')") == "/static/a.css"
    assert in_template(app, "asset_tags('a.css')").count('href="/static/a.css"') == 1


def test_an_include_follows_the_build_though_flask_keeps_templates(built: Site) -> None:
    groups = '[groups]\nall = ["css/a.css"]\n'
    built.build(CONFIG + groups)
    app = application(built, CDN_PIPELINE_RELOAD=0, TEMPLATES_AUTO_RELOAD=False)
    app.jinja_loader = jinja2.FileSystemLoader(built.out / "includes")
    for colour in ("green", "blue"):
        built.write({"static/css/a.css": f"a {{ color: {colour} }}"})
        built.build(CONFIG + groups)
        with app.app_context():
            assert built.url("css/a.css") in render_template("groups/all.html")
