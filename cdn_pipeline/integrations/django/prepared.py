"""URLs as django-static's tags give them: of one file, of several in one, and of all in a piece of HTML.

``DJANGO_STATIC`` decides: false, and names stay as they are written; true, and the manifest is asked. Where
it is not set, that is so unless ``DEBUG`` is; then files are served one by one, as Django does.
"""

from __future__ import annotations

import functools
import html
import logging
from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import find
from django.core.exceptions import SuspiciousFileOperation

from cdn_pipeline import ORIGIN
from cdn_pipeline.bundle_name import tag_name
from cdn_pipeline.combination import Element, Group, combination, logical
from cdn_pipeline.digest import unstamped
from cdn_pipeline.errors import ConfigError
from cdn_pipeline.file_proxy import FileProxy
from cdn_pipeline.integrations.django import configuration
from cdn_pipeline.integrations.django.tag_manifest import manifest
from cdn_pipeline.paths import url_path
from cdn_pipeline.references import is_local, split_suffix
from cdn_pipeline.tokens import Edit, spliced

log = logging.getLogger("cdn_pipeline")

OFF = "off"
PLAIN = "plain"
BUILT = "built"
FILES = (".css", ".js", ".gif", ".jpg", ".jpeg", ".png", ".svg", ".webp")  # others may be pages


def mode() -> str:
    """`OFF`: names as written; `PLAIN`: as Django serves the sources; `BUILT`: as the manifest has them."""
    wanted = getattr(settings, "DJANGO_STATIC", None)
    if wanted is None:
        return PLAIN if settings.DEBUG else BUILT
    return BUILT if wanted else OFF


def url(names: Any) -> str:
    """Of the files *names*, a list or a text with ``;`` between them: of what they were combined to, if there
    are several. Never raises."""
    written = str("" if names is None else names) if not isinstance(names, list | tuple) else ";".join(names)
    if mode() == OFF:
        return _left_alone(written)
    several = [name.strip() for name in written.split(";") if name.strip()]
    if len(several) < 2:
        return _single(several[0]) if several else ""
    return _combined_url(several)


def _left_alone(name: str) -> str:
    """*name*; ``DJANGO_STATIC_MEDIA_URL_ALWAYS`` has the other setting count even where nothing is built."""
    return _below_media_url(name) if getattr(settings, "DJANGO_STATIC_MEDIA_URL_ALWAYS", False) else name


def _below_media_url(name: str) -> str:
    """*name* where ``DJANGO_STATIC_MEDIA_URL`` has the files of the site."""
    media_url = _media_url()
    return f"{media_url.rstrip('/')}/{name.lstrip('/')}" if media_url and is_local(name) else name


def _media_url() -> str:
    return str(getattr(settings, "DJANGO_STATIC_MEDIA_URL", None) or "")


def _single(name: str) -> str:
    """Of one file."""
    path = path_of(name)
    return (_url_of(path, split_suffix(name)[1]) or _unknown(name, path)) if path else name


def _unknown(name: str, path: str) -> str:
    """*name* stays as it is, which is logged once."""
    if mode() == PLAIN:
        return _below_media_url(name)
    manifest().url(path)  # logs the nearest name
    return _proxied(_below_media_url(name), path)


def _url_of(path: str, suffix: str = "") -> str:
    """Of the file or bundle *path*; "" where it is not known."""
    if mode() == PLAIN:
        return configuration.static_url() + url_path(path) + suffix if _is_source(path) else ""
    asked = manifest()
    if path not in asked:
        return ""
    part = asked.bundle(path).parts[0]
    return _proxied(_placed(asked.url(part) + suffix), part)


def _is_source(path: str) -> bool:
    try:
        return find(path) is not None
    except (SuspiciousFileOperation, ValueError):
        return False


def path_of(url: str) -> str:
    """The logical path of a file that *url* means, built or not; "" of another host."""
    if mode() == BUILT and (plain := url.lstrip("/")) in manifest():
        return plain  # as most are written
    path = logical(url, _prefixes())
    if mode() == PLAIN or path in manifest():
        return path
    source = unstamped(path)
    is_built = source != path and source in manifest() and manifest().url(source).endswith(url_path(path))
    return source if is_built else path


def _prefixes() -> list[str]:
    """The URLs below which files are served."""
    own = [configuration.static_url(), str(settings.MEDIA_URL), _media_url()]
    if mode() == BUILT:
        own += [str(target["url"]) for target in manifest().targets.values()]
    return own


def _placed(url: str) -> str:
    """*url*, with ``DJANGO_STATIC_MEDIA_URL`` in place of the origin's URL."""
    origin = str(manifest().targets.get(ORIGIN, {}).get("url", ""))
    if not _media_url() or not origin or not url.startswith(origin):
        return url
    return _below_media_url(url[len(origin) :])


def _proxied(url: str, path: str) -> str:
    proxy = _proxy(getattr(settings, "DJANGO_STATIC_FILE_PROXY", None) or None)
    return proxy(url, path, manifest()) if proxy else url


@functools.lru_cache(maxsize=8)
def _proxy(function: Any) -> FileProxy | None:
    try:
        return FileProxy(function) if function else None
    except ConfigError as error:
        log.error("DJANGO_STATIC_FILE_PROXY: %s; URLs are used as they are", error)
        return None


def combined(paths: Sequence[str]) -> list[str]:
    """The URLs of what the files *paths* were combined to; nothing, where the build did not see them
    together."""
    asked, name = manifest(), tag_name(paths, None, None)
    if name not in asked:
        return []
    bundle = asked.bundle(name)
    return [_proxied(_placed(url), path) for url, path in zip(bundle.urls, bundle.parts, strict=True)]


def _combined_url(names: list[str]) -> str:
    """One URL can only name one file; where the build made none or several, the page lacks some."""
    urls = combined([path_of(name) for name in names])
    if len(urls) != 1:
        _tell(";".join(names), len(urls))
    return urls[0] if urls else _single(names[0])


@functools.lru_cache(maxsize=1000)
def _tell(names: str, count: int) -> None:
    reason = "were not combined; build again, with this template among `templates`"
    if count:
        reason = f"became {count} files; load them by `staticall`"
    log.warning("%s %s (here only the first is loaded)", names, reason)


def block(text: str) -> str:
    """The HTML *text* with what can be combined in place of its parts, and every other file's URL."""
    found = combination(text, path_of)
    edits = [edit for element in found.others for edit in _address(element)]
    for group in found.groups:
        edits += _group(text, group)
    return spliced(text, sorted(edits))


def _group(text: str, group: Group) -> Iterator[Edit]:
    urls = combined(group.paths) if mode() == BUILT else []
    if not urls:
        for element in group.elements:
            yield from _address(element)
        return
    first, *rest = group.elements
    yield first.start, first.end, "\n".join(map(group.tag, urls))
    for element in rest:
        before = text[: element.start]
        yield len(before.rstrip()), element.end, ""


def _address(element: Element) -> Iterator[Edit]:
    address = element.address
    if address is None or not element.path:
        return
    found = _alone(address.url, element.path)
    if found and found != address.url:
        yield address.start, address.end, html.escape(found)


def _alone(url: str, path: str) -> str:
    """Of the file *path*, to which an element leads by *url*; "" where that may be something else."""
    if mode() == OFF:
        return _left_alone(url)
    known = _url_of(path, split_suffix(url)[1])
    return _unknown(url, path) if not known and path.endswith(FILES) else known
