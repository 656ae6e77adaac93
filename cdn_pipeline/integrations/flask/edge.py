"""Decorators that say how long shared caches may keep what a Flask view answers, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, Final, TypeVar

from flask import Flask, Response, request
from flask.globals import request_ctx

# The deciding module is loaded by what needs it: most apps start without.
if TYPE_CHECKING:
    from cdn_pipeline.edge_cache import Policy
    from cdn_pipeline.integrations.flask.site import Site

View = TypeVar("View", bound=Callable[..., Any])

KEY = "cdn_pipeline.edge_cache"  # in the request's environment: the policy of the view that answered
ANSWERED = "cdn_pipeline.edge_cache.answered"  # there too: the view did, and nobody in its stead
FORBIDS = "_cdn_pipeline_no_edge_cache"  # on a view
UNSAID: Final = object()


def edge_cache(
    max_age: int,
    shared_max_age: int | None = None,
    stale_while_revalidate: int | None = None,
    stale_if_error: int | None = None,
) -> Callable[[View], View]:
    """Lets shared caches keep what a view answers, in seconds; see `edge_cache.Policy`. Only where the view
    itself returned: not what an error handler or a ``before_request`` function answers in its stead."""
    from cdn_pipeline.edge_cache import Policy

    policy = Policy(max_age, shared_max_age, stale_while_revalidate, stale_if_error)
    return lambda view: _marking(view, policy)


def no_edge_cache(view: View) -> View:
    """Keeps shared caches from keeping what *view* answers, whatever else is said."""
    marking = _marking(view, None)
    setattr(marking, FORBIDS, True)
    return marking


def _marking(view: View, policy: Policy | None) -> View:
    if iscoroutinefunction(view):

        @wraps(view)
        async def coroutine(*arguments: Any, **values: Any) -> Any:
            answer = await view(*arguments, **values)
            _mark(policy)
            return answer

        return coroutine  # type: ignore[return-value]

    @wraps(view)
    def function(*arguments: Any, **values: Any) -> Any:
        answer = view(*arguments, **values)
        _mark(policy)
        return answer

    return function  # type: ignore[return-value]


def _mark(policy: Policy | None) -> None:
    """The outermost of several views counts, but one that forbids is never outvoted."""
    if request.environ.get(KEY, UNSAID) is not None:
        request.environ[KEY] = policy


def noting(app: Flask) -> Callable[..., Any]:
    """The app's ``dispatch_request``, which notes that a view has answered."""
    dispatch = app.dispatch_request

    def dispatch_request(*arguments: Any) -> Any:
        answer = dispatch(*arguments)
        request.environ[ANSWERED] = True
        return answer

    return dispatch_request


def complete(app: Flask, site: Site, response: Response) -> Response:
    """Sets the headers that caches read. To be called when the session is saved: its cookie counts."""
    policy = _policy(app, site)
    if policy is UNSAID:
        return response
    from cdn_pipeline.edge_cache import Exchange, headers

    named = site.setting("PRIVATE_COOKIES")
    own = app.session_interface.get_cookie_name(app)
    cookies = {own, *((named,) if isinstance(named, str) else named)}
    exchange = Exchange(
        request.method,
        {name.lower(): value for name, value in request.headers},
        response.status_code,
        list(response.headers),
        _is_session_used(app),
    )
    header = site.setting("EDGE_HEADER")
    for name, value in headers(policy, exchange, cdn_header=header, private_cookies=cookies).items():
        response.headers[name] = value
    return response


def _policy(app: Flask, site: Site) -> Any:
    """A `Policy`, None where the view forbids it, or UNSAID."""
    if KEY in request.environ:
        return request.environ[KEY]
    view = app.view_functions.get(request.endpoint or "")
    method = getattr(getattr(view, "view_class", None), request.method.lower(), None)
    if getattr(view, FORBIDS, False) or getattr(method, FORBIDS, False):
        return None
    if site.setting("EDGE_CACHE") is None or ANSWERED not in request.environ:
        return UNSAID
    return default_policy(site)


def default_policy(site: Site) -> Policy | None:
    """For every page that says nothing itself. Raises `ValueError` or `TypeError` for a wrong setting."""
    default = site.setting("EDGE_CACHE")
    if default is None:
        return None
    from cdn_pipeline.edge_cache import Policy

    return Policy(**default) if isinstance(default, Mapping) else Policy(default)


def _is_session_used(app: Flask) -> bool:
    # Not by `flask.session`: to look at that is to use it.
    context = vars(request_ctx._get_current_object())  # type: ignore[attr-defined]
    session = context.get("_session", context.get("session"))
    if session is None or app.session_interface.is_null_session(session):
        return False
    return bool(session.accessed or session.modified)
