"""Which answers of a Flask app shared caches may keep, by real requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask
import pytest
from flask import Blueprint, Flask, Response, session
from flask.views import MethodView, View

from cdn_pipeline.integrations.flask import CDNPipeline, edge_cache, no_edge_cache

MINUTE = "public, max-age=60"
PRIVATE = "private, no-cache"


@pytest.fixture
def app() -> Flask:
    app = Flask("app")
    app.secret_key = "for tests"
    CDNPipeline(app)
    return app


def answered(app: Flask, view: Callable[..., Any], path: str = "/", **request: Any) -> Response:
    """What *view*, at *path*, answers to a request."""
    app.add_url_rule(path, "view", view, methods=["GET", "POST", "OPTIONS"])
    return app.test_client(use_cookies=False).open(path, **request)


def said(response: Any) -> str | None:
    value: str | None = response.headers.get("Cache-Control")
    return value


def test_a_page_is_kept_as_long_as_its_view_says(app: Flask) -> None:
    view = edge_cache(60, shared_max_age=600, stale_while_revalidate=30, stale_if_error=9)(lambda: "page")
    response = answered(app, view)

    assert said(response) == f"{MINUTE}, s-maxage=600, stale-while-revalidate=30, stale-if-error=9"
    assert response.text == "page"


def test_pages_that_say_nothing_are_left_alone(app: Flask) -> None:
    assert said(answered(app, lambda: "page")) is None


def test_the_order_of_decorators_is_free(app: Flask) -> None:
    app.route("/a")(edge_cache(60)(lambda: "a"))
    edge_cache(60)(app.route("/b", endpoint="b")(lambda: "b"))

    assert said(app.test_client().get("/a")) == MINUTE
    assert said(app.test_client().get("/b")) is None  # Flask knows the undecorated one


def test_coroutines_classes_and_blueprints_are_views_too(app: Flask) -> None:
    @edge_cache(60)
    async def coroutine() -> str:
        return "coroutine"

    class Page(View):
        decorators = [edge_cache(60)]  # noqa: RUF012

        def dispatch_request(self) -> str:
            return "page"

    class Methods(MethodView):
        @edge_cache(60)
        def get(self) -> str:
            return "get"

        def post(self) -> str:
            return "post"

    blueprint = Blueprint("blueprint", __name__)
    blueprint.route("/blueprint")(edge_cache(60)(lambda: "blueprint"))
    app.register_blueprint(blueprint)
    app.add_url_rule("/coroutine", view_func=coroutine)
    app.add_url_rule("/page", view_func=Page.as_view("page"))
    app.add_url_rule("/methods", view_func=Methods.as_view("methods"))
    client = app.test_client()

    for path in ("/coroutine", "/page", "/methods", "/blueprint"):
        response = client.get(path)
        assert (response.text, said(response)) == (path[1:].replace("methods", "get"), MINUTE)
    assert said(client.head("/page")) == MINUTE
    assert said(client.post("/methods")) is None


def writes() -> str:
    session["user"] = 1
    return "page"


def reads() -> str:
    return "page" if session.get("user") is None else "mine"


def empties() -> str:
    session["user"] = 1
    session.clear()
    return "page"


def permanent() -> str:
    session.permanent = True
    return "page"


def flashes() -> str:
    flask.flash("hello")
    return "page"


def cookie() -> Response:
    response = flask.make_response("page")
    response.set_cookie("theme", "dark")
    return response


def varies() -> tuple[str, dict[str, str]]:
    return "page", {"Vary": "Cookie"}


def after() -> str:
    @flask.after_this_request
    def remember(response: Response) -> Response:
        response.set_cookie("seen", "1")
        return response

    return "page"


@pytest.mark.parametrize("view", [writes, reads, empties, permanent, flashes, cookie, varies, after])
def test_whatever_may_be_meant_for_one_person_is_private(app: Flask, view: Callable[..., Any]) -> None:
    assert said(answered(app, edge_cache(60)(view))) == PRIVATE


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Basic YTpi"},
        {"Cookie": "session=anything"},
        {"Cookie": "_ga=1; remember_token=1"},
    ],
)
def test_a_known_visitor_never_fills_the_cache(app: Flask, headers: dict[str, str]) -> None:
    assert said(answered(app, edge_cache(60)(lambda: "page"), headers=headers)) == PRIVATE


def test_a_template_that_does_not_use_the_session_is_public(app: Flask) -> None:
    view = edge_cache(60)(lambda: flask.render_template_string("{{ request.path }}"))
    response = answered(app, view, headers={"Cookie": "_ga=1"})

    assert (said(response), response.headers.get("Set-Cookie")) == (MINUTE, None)


@pytest.mark.parametrize("named", [["login"], "login"])
def test_the_cookies_of_the_site_are_known_by_its_settings(app: Flask, named: Any) -> None:
    app.config.update(SESSION_COOKIE_NAME="sid", CDN_PIPELINE_PRIVATE_COOKIES=named)
    app.add_url_rule("/", view_func=edge_cache(60)(lambda: "page"))
    client = app.test_client(use_cookies=False)

    assert said(client.get("/", headers={"Cookie": "sid=1"})) == PRIVATE
    assert said(client.get("/", headers={"Cookie": "login=1"})) == PRIVATE
    assert said(client.get("/", headers={"Cookie": "session=1"})) == MINUTE


def test_cookies_that_extensions_set_late_are_seen(app: Flask) -> None:
    @app.after_request
    def csrf(response: Response) -> Response:
        response.set_cookie("csrf", "token")
        return response

    assert said(answered(app, edge_cache(60)(lambda: "page"))) == PRIVATE


@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
def test_other_methods_are_left_alone(app: Flask, method: str) -> None:
    assert said(answered(app, edge_cache(60)(lambda: "page"), method=method)) is None


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 429, 500, 503])
def test_errors_are_left_alone(app: Flask, status: int) -> None:
    def aborts() -> str:
        flask.abort(status)

    app.add_url_rule("/returned", "returned", edge_cache(60)(lambda: ("wrong", status)))
    app.add_url_rule("/aborted", "aborted", edge_cache(60)(aborts))
    client = app.test_client()

    assert said(client.get("/returned")) is None
    if status >= 400:
        assert said(client.get("/aborted")) is None


def test_a_view_that_fails_is_not_kept_even_if_that_is_made_up_for(app: Flask) -> None:
    app.register_error_handler(ZeroDivisionError, lambda error: ("sorry", 200))
    response = answered(app, edge_cache(60)(lambda: str(1 / 0)))

    assert (response.text, said(response)) == ("sorry", None)


def test_what_is_answered_in_a_view_s_stead_is_not_kept(app: Flask) -> None:
    app.before_request(lambda: "log in")
    response = answered(app, edge_cache(60)(lambda: "page"))

    assert (response.text, said(response)) == ("log in", None)


@pytest.mark.parametrize("own", ["no-store", "public, max-age=5", "private"])
def test_the_view_s_own_word_stands(app: Flask, own: str) -> None:
    assert said(answered(app, edge_cache(60)(lambda: ("page", {"Cache-Control": own})))) == own


def test_answers_to_conditional_requests_say_the_same(app: Flask) -> None:
    @edge_cache(60)
    def page() -> Response:
        response = flask.make_response("page")
        response.add_etag()
        return response.make_conditional(flask.request)

    app.add_url_rule("/", view_func=page)
    client = app.test_client()
    first = client.get("/")
    again = client.get("/", headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, said(first), said(again)) == (304, MINUTE, MINUTE)


def test_a_part_of_a_file_is_left_alone(app: Flask) -> None:
    @edge_cache(60)
    def page() -> Response:
        response = flask.make_response("page")
        return response.make_conditional(flask.request, accept_ranges=True, complete_length=4)

    response = answered(app, page, headers={"Range": "bytes=0-1"})

    assert (response.status_code, said(response)) == (206, None)


def test_streams_are_kept_like_pages(app: Flask) -> None:
    def stream() -> Response:
        return Response(iter(["a", "b"]))

    response = answered(app, edge_cache(60)(stream))

    assert (response.text, said(response)) == ("ab", MINUTE)


def test_a_view_can_forbid_it(app: Flask) -> None:
    public = {"Cache-Control": "public, max-age=60"}
    app.add_url_rule("/", "page", no_edge_cache(lambda: ("page", public)))
    app.add_url_rule("/both", "both", edge_cache(60)(no_edge_cache(lambda: "page")))
    app.add_url_rule("/htob", "htob", no_edge_cache(edge_cache(60)(lambda: "page")))
    app.add_url_rule("/strict", "strict", no_edge_cache(lambda: ("page", {"Cache-Control": "no-store"})))
    client = app.test_client()

    for path in ("/", "/both", "/htob"):
        assert said(client.get(path)) == PRIVATE
    assert said(client.get("/strict")) == "no-store"


def test_a_default_for_the_whole_app(app: Flask) -> None:
    class Account(MethodView):
        @no_edge_cache
        def get(self) -> str:
            return "account"

    app.config["CDN_PIPELINE_EDGE_CACHE"] = {"max_age": 60, "shared_max_age": 600}
    app.add_url_rule("/page", "page", lambda: "page")
    app.add_url_rule("/own", "own", edge_cache(5)(lambda: "page"))
    app.add_url_rule("/never", "never", no_edge_cache(lambda: "page"))
    app.add_url_rule("/account", view_func=Account.as_view("account"))
    app.add_url_rule("/mine", "mine", writes)
    client = app.test_client()

    assert said(client.get("/page")) == f"{MINUTE}, s-maxage=600"
    assert said(client.get("/own")) == "public, max-age=5"
    assert said(client.get("/gone")) is None
    for path in ("/never", "/account", "/mine", "/page"):  # the last one now with a session
        assert said(client.get(path)) == PRIVATE

    app.config["CDN_PIPELINE_EDGE_CACHE"] = 60
    assert said(app.test_client().get("/page")) == MINUTE


def test_the_default_is_for_what_views_answer_alone(app: Flask) -> None:
    def login() -> str | None:
        return "log in" if flask.request.path == "/account" else None

    app.config["CDN_PIPELINE_EDGE_CACHE"] = 60
    app.before_request(login)
    app.register_error_handler(ZeroDivisionError, lambda error: ("sorry", 200))
    app.register_error_handler(404, lambda error: ("nothing here", 200))
    app.add_url_rule("/account", "account", edge_cache(60)(lambda: "account"))
    app.add_url_rule("/fails", "fails", lambda: str(1 / 0))
    app.add_url_rule("/page", "page", lambda: "page")
    client = app.test_client()
    answers = {path: client.get(path) for path in ("/account", "/fails", "/gone", "/page")}

    assert [(answer.status_code, said(answer)) for answer in answers.values()] == [
        (200, None),
        (200, None),
        (200, None),
        (200, MINUTE),
    ]


def test_what_stands_in_for_a_forbidding_view_is_forbidden_too(app: Flask) -> None:
    app.config["CDN_PIPELINE_EDGE_CACHE"] = 60
    app.before_request(lambda: "log in")

    assert said(answered(app, no_edge_cache(lambda: "account"))) == PRIVATE


def test_a_header_for_cdns(app: Flask) -> None:
    app.config["CDN_PIPELINE_EDGE_HEADER"] = "CDN-Cache-Control"
    app.add_url_rule("/", "page", edge_cache(60, 600, 30)(lambda: "page"))
    app.add_url_rule("/mine", "mine", edge_cache(60, 600)(writes))
    page, mine = app.test_client().get("/"), app.test_client().get("/mine")

    assert said(page) == MINUTE
    assert page.headers["CDN-Cache-Control"] == "public, max-age=600, stale-while-revalidate=30"
    assert (said(mine), "CDN-Cache-Control" in mine.headers) == (PRIVATE, False)


def test_one_request_says_nothing_about_the_next(app: Flask) -> None:
    app.add_url_rule("/kept", "kept", edge_cache(60)(lambda: "page"))
    app.add_url_rule("/plain", "plain", lambda: "page")
    client = app.test_client()
    with app.app_context():
        assert [said(client.get(path)) for path in ("/kept", "/plain", "/kept")] == [MINUTE, None, MINUTE]


def test_without_a_secret_key_there_is_no_session() -> None:
    app = Flask("app")
    CDNPipeline(app)

    assert said(answered(app, edge_cache(60)(lambda: "page"))) == MINUTE


@pytest.mark.parametrize("setting", [-1, "60", {"max_age": None}, {"maxage": 1}])
def test_a_wrong_default_is_told_at_the_start(setting: Any) -> None:
    app = Flask("app")
    app.config["CDN_PIPELINE_EDGE_CACHE"] = setting

    with pytest.raises((ValueError, TypeError), match=r"max_?age"):
        CDNPipeline(app)


def test_decorating_without_saying_how_long_is_told_at_once() -> None:
    with pytest.raises(ValueError, match="max_age must be a number of seconds"):
        edge_cache(lambda: "page")  # type: ignore[arg-type]
