"""Whether shared caches keep what they should, why not, and whether they keep what they must not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from cdn_pipeline import media_types
from cdn_pipeline.cdns.cache_status import BYPASS, HIT
from cdn_pipeline.doctor.exchange import cookies, directives, is_public, words
from cdn_pipeline.doctor.finding import Check, Finding
from cdn_pipeline.doctor.provider import CLOUDFLARE, provider
from cdn_pipeline.doctor.resource import PAGE
from cdn_pipeline.doctor.visit import Visit
from cdn_pipeline.errors import ERROR, WARNING

HARMFUL_VARY = {"*", "cookie", "user-agent", "authorization"}
# Cloudflare Cache docs, "Default cache behavior".
CLOUDFLARE_KEEPS = re.compile(
    "7z|avi|avif|apk|bin|bmp|bz2|class|css|csv|doc|docx|dmg|ejs|eot|eps|exe|flac|gif|gz|ico|iso|jar|"
    "jpg|jpeg|js|mid|midi|mkv|mp3|mp4|ogg|otf|pdf|pict|pls|png|ppt|pptx|ps|rar|svg|svgz|swf|tar|tif|"
    "tiff|ttf|webm|webp|woff|woff2|xls|xlsx|zip|zst"
)

NOT_KEPT = Check(
    "not_kept",
    WARNING,
    "a CDN fetches a file anew each time (an error where the name has a fingerprint)",
    "every visitor waits for the origin, which pays for it",
    "use the cache policy CachingOptimized: not CachingDisabled, no cookies, headers or queries in the "
    "key, a "
    "MaxTTL above 0",
    "add a cache rule for it (Eligible for cache); see that development mode is off",
    "see proxy_cache, proxy_cache_valid and proxy_cache_bypass for this location",
)
NO_STORE = Check(
    "no_store",
    WARNING,
    "a file is sent with no-store or private",
    "neither a CDN nor a browser may keep it, so it is loaded again on every page",
    "send Cache-Control: no-cache for names that stay, a year and immutable for fingerprinted ones: set it "
    "on the "
    "object, or in a response headers policy with override",
    "send Cache-Control: no-cache for names that stay, a year and immutable for fingerprinted ones, from "
    "the origin",
    "include build/includes/headers/nginx.conf; look for an add_header or expires of an outer block",
)
COOKIE = Check(
    "cookie",
    WARNING,
    "a file sets a cookie",
    "most caches keep nothing that sets one, and those that do hand it to others",
    "see that the application's session does not start for files; a response headers policy can remove "
    "Set-Cookie",
    "see that the application's session does not start for files; a transform rule can remove Set-Cookie",
    "proxy_hide_header Set-Cookie; and proxy_ignore_headers Set-Cookie; where files come from an application",
)
FOR_COOKIE = NOT_KEPT._replace(
    cloudfront=COOKIE.cloudfront, cloudflare=COOKIE.cloudflare, nginx=COOKIE.nginx
)  # the same, where it is known why
COOKIE_SHARED = Check(
    "cookie_shared",
    ERROR,
    "a page or file that sets a cookie may be kept by shared caches, or was",
    "one visitor gets another's session",
    "send Cache-Control: private, no-cache on whatever sets a cookie; invalidate it",
    "send Cache-Control: private, no-cache on whatever sets a cookie; no cache rule that ignores it; purge "
    "it",
    "send Cache-Control: private, no-cache on whatever sets a cookie; no proxy_ignore_headers Set-Cookie",
)
KEPT_AGAINST = Check(
    "kept_against",
    ERROR,
    "a CDN keeps a page that says no-store or private (a warning for a file)",
    "what was meant for one visitor is shown to all",
    "set MinTTL to 0 in the cache policy: a larger one outvotes private and no-store; invalidate",
    "in the cache rule let Edge TTL use the Cache-Control header; purge",
    "remove proxy_ignore_headers Cache-Control",
)
VARY = Check(
    "vary",
    WARNING,
    "a file varies by cookie, by browser, by credentials or by everything",
    "a cache keeps a copy for each of them, or none, so hardly anybody gets a hit",
    "send Vary: Accept-Encoding alone; Django's sessions and locales add Cookie, so keep them away from "
    "files",
    "send Vary: Accept-Encoding alone; Cloudflare heeds no other, and shows one variant to all",
    "send Vary: Accept-Encoding alone; look for an add_header Vary, or the application's",
)
QUERY = Check(
    "query",
    WARNING,
    "a file is kept without its query string, and not with it",
    "the version in the query costs what it was to save",
    "put the version into the name, or use a cache policy that includes this query string",
    "put the version into the name, or set the caching level to Standard",
    "put the version into the name, or proxy_cache_key to $uri",
)

CHECKS = (NOT_KEPT, NO_STORE, COOKIE, COOKIE_SHARED, KEPT_AGAINST, VARY, QUERY)


def findings(visit: Visit) -> Iterator[Finding]:
    """All of one visit."""
    if visit.first.status != 200:
        return
    yield from _shared(visit)
    if visit.resource.kind != PAGE:
        causes = list(_causes(visit))
        yield from causes
        if visit.is_kept is False and not causes and not _may_be_asked_for(visit):
            yield _not_kept(visit)


def _shared(visit: Visit) -> Iterator[Finding]:
    """What must not be kept for all, and is."""
    at, is_hit = visit.last, visit.cache.kind == HIT
    names = cookies(at)
    if names and (is_public(at) or is_hit):
        message = "it sets a cookie, and a cache has kept it" if is_hit else "it sets a cookie, and is public"
        said = visit.cache.said if is_hit else at.said("cache-control")
        yield COOKIE_SHARED.found(message, at, f"{_said(names)}; {said}")
    elif is_hit and {"no-store", "private"} & directives(at.header("cache-control")).keys():
        said = f"{at.said('cache-control')}; {visit.cache.said}"
        severity = ERROR if visit.resource.kind == PAGE else WARNING
        yield KEPT_AGAINST.found("a cache has kept it, although it says that none may", at, said, severity)


def _causes(visit: Visit) -> Iterator[Finding]:
    """Why a file is not kept, or not by all."""
    at = visit.last
    if cookies(at) and not (is_public(at) or visit.cache.kind == HIT):
        yield COOKIE.found("it sets a cookie", at, _said(cookies(at)))
    hindering = {"no-store", "private"} & directives(at.header("cache-control")).keys()
    if hindering and not visit.resource.is_fingerprinted and visit.cache.kind != HIT:
        yield NO_STORE.found(
            f"it may not be kept: {', '.join(sorted(hindering))}", at, at.said("cache-control")
        )
    if harmful := HARMFUL_VARY & words(at.header("vary")):
        yield VARY.found(f"it varies by {', '.join(sorted(harmful))}", at, at.said("vary"))
    if visit.bare is not None and visit.is_kept is False:
        yield QUERY.found("it is kept without its query string, and not with it", at, visit.cache.said)


def _may_be_asked_for(visit: Visit) -> bool:
    """Whether its own headers say that it is asked for each time; `lifetimes` judges that."""
    return not is_public(visit.last)


def _not_kept(visit: Visit) -> Finding:
    at, extension = visit.last, media_types.extension(urlsplit(visit.resource.url).path)
    severity = ERROR if visit.resource.is_fingerprinted else WARNING
    if names := cookies(at):
        message = "the CDN fetches it anew each time, for it sets a cookie"
        return FOR_COOKIE.found(message, at, f"{_said(names)}; {visit.cache.said}", severity)
    message = "the CDN fetches it anew each time, although it may keep it"
    if (
        provider(at.headers) == CLOUDFLARE
        and visit.cache.kind == BYPASS
        and not CLOUDFLARE_KEEPS.fullmatch(extension)
    ):
        message = (
            f"Cloudflare keeps no .{extension} by itself" if extension else "Cloudflare keeps no such path"
        )
    return NOT_KEPT.found(message, at, visit.cache.said, severity)


def _said(names: list[str]) -> str:
    """The header without the values, which may be secrets."""
    return f"set-cookie: {', '.join(f'{name}=…' for name in names)}"
