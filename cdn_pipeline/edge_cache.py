"""Edge caching: which pages shared caches may keep, decided from a request and its response alone.

Only what is the same for everybody may be kept. Whatever hints at a person makes a page private; whatever the
author has said about caching stands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import NamedTuple

PRIVATE = "private, no-cache"
PRIVATE_COOKIES = ("session", "sessionid", "remember_token")  # Flask, Starlette; Django; Flask-Login
FOR_CDNS = ("-cache-control", "surrogate-control", "edge-control")  # ends of names: RFC 9213; Fastly; Akamai
OF_NGINX = "x-accel-expires"  # seconds; 0 is not to keep it
OWN_WORD = frozenset({"cache-control", "expires", "pragma", OF_NGINX})
STATUSES = frozenset({200, 203, 301, 304, 308})  # 302 and 307 often depend on who asks; 206 is a part


@dataclass(frozen=True)
class Policy:
    """How long a page may be kept, in seconds. `shared_max_age` is for shared caches, and `max_age` where it
    is None. The last two say how much longer an old page may be shown while a new one is fetched, and while
    the site fails."""

    max_age: int
    shared_max_age: int | None = None
    stale_while_revalidate: int | None = None
    stale_if_error: int | None = None

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            if value is None and name != "max_age":
                continue
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise ValueError(f"{name} must be a number of seconds, 0 or more, not {value!r}")


class Exchange(NamedTuple):
    """What is known of a request and its response when that is about to be sent."""

    method: str
    request: Mapping[str, str]  # header names in lower case
    status: int
    response: Iterable[tuple[str, str]]  # every header, each as often as it is sent
    session_used: bool = False  # read or written


def headers(
    policy: Policy | None,
    exchange: Exchange,
    *,
    cdn_header: str | None = None,
    private_cookies: Collection[str] = PRIVATE_COOKIES,
) -> dict[str, str]:
    """The headers to set. *policy* None: no shared cache may keep the page, whatever its author said.
    *cdn_header*: the name of a header that only CDNs read, such as ``CDN-Cache-Control``, which then has the
    shared part of the policy. *private_cookies*: whose requests are never answered publicly."""
    sent = {name.lower(): value for name, value in exchange.response}
    if policy is None:
        return _private(sent)
    is_said = any(name in OWN_WORD or name.endswith(FOR_CDNS) for name in sent)
    if is_said or exchange.method not in ("GET", "HEAD") or exchange.status not in STATUSES:
        return {}
    if is_personal(exchange, private_cookies):
        return {"Cache-Control": PRIVATE}
    if cdn_header is None:
        return {"Cache-Control": cache_control(policy)}
    return {"Cache-Control": f"public, max-age={policy.max_age}", cdn_header: cdn_cache_control(policy)}


def is_personal(exchange: Exchange, private_cookies: Collection[str] = PRIVATE_COOKIES) -> bool:
    """Whether the page may be meant for one person only."""
    if exchange.session_used or "authorization" in exchange.request:
        return True
    if _cookie_names(exchange.request.get("cookie", "")) & set(private_cookies):
        return True
    for name, value in exchange.response:
        if name.lower() == "set-cookie":
            return True
        if name.lower() == "vary" and {"*", "cookie", "authorization"} & _words(value):
            return True
    return False


def cache_control(policy: Policy) -> str:
    """``public, max-age=60, s-maxage=600``. Caches that follow RFC 9111 to the letter show nothing stale
    where `s-maxage` stands (5.2.2.10), so it is left out unless it was asked for."""
    shared = policy.shared_max_age
    parts = [f"public, max-age={policy.max_age}"]
    parts += [f"s-maxage={shared}"] if shared is not None else []
    return ", ".join(parts + _stale(policy))


def cdn_cache_control(policy: Policy) -> str:
    """The same for a header that only CDNs read, where `max-age` is theirs."""
    age = policy.max_age if policy.shared_max_age is None else policy.shared_max_age
    return ", ".join([f"public, max-age={age}", *_stale(policy)])


def _stale(policy: Policy) -> list[str]:
    seconds = {
        "stale-while-revalidate": policy.stale_while_revalidate,
        "stale-if-error": policy.stale_if_error,
    }
    return [f"{name}={value}" for name, value in seconds.items() if value is not None]


def _private(sent: Mapping[str, str]) -> dict[str, str]:
    """Keeps a stricter word of the author's; outvotes headers that only shared caches read."""
    private = {name: "no-store" for name in sent if name.endswith(FOR_CDNS)}
    private |= {OF_NGINX: "0"} if OF_NGINX in sent else {}
    if not {"private", "no-store"} & _words(sent.get("cache-control", "")):
        private["Cache-Control"] = PRIVATE
    return private


def _words(value: str) -> set[str]:
    return {word.strip().lower() for word in value.split(",")}


def _cookie_names(header: str) -> set[str]:
    return {pair.partition("=")[0].strip() for pair in header.split(";")}
