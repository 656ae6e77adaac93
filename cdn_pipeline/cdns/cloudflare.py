"""Cloudflare's purge, by its HTTP interface: ``POST /zones/ZONE/purge_cache``.

The token, which needs the permission "Cache Purge", comes from the environment variable CLOUDFLARE_API_TOKEN
and nowhere else; no message has it.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import time
import urllib.request
from collections.abc import Mapping, Sequence
from email.message import Message
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from cdn_pipeline.cdns import CdnError, Invalidation, Pause, batches

API = "https://api.cloudflare.com/client/v4"
TOKEN = "CLOUDFLARE_API_TOKEN"
ADDRESS = "CLOUDFLARE_BASE_URL"  # as Cloudflare's own libraries call it
# Cloudflare Cache docs, "Purge cache": 100 on every plan since 2025, 30 on all but the largest before.
OPERATIONS = 30
ATTEMPTS = 6
LONGEST_PAUSE_S = 60.0  # the free plan gets five purges by tag or prefix a minute
TIMEOUT_S = 30.0

LATER = "run it again later"
HINTS = {
    401: f"see that {TOKEN} is a token that was not revoked",
    403: f"give the token in {TOKEN} the permission Zone / Cache Purge for this zone",
    404: "see the zone's ID in `cdn`; it is on the zone's overview page",
}


class Cloudflare:
    """One zone. *url* is the public URL of the target, whose host the zone has."""

    def __init__(
        self,
        zone: str,
        url: str,
        *,
        api: str | None = None,
        token: str | None = None,
        pause: Pause = time.sleep,
    ) -> None:
        self.zone = zone
        self._url = urlsplit(f"https:{url}" if url.startswith("//") else url)
        self._api = (api or os.environ.get(ADDRESS) or API).rstrip("/")
        self._token = token
        self._pause = pause

    @property
    def name(self) -> str:
        """As configured."""
        return f"cloudflare:{self.zone}"

    def invalidate(self, paths: Sequence[str], reference: str) -> Invalidation:
        """Purges files, prefixes and tags, 30 a request. Purging twice is free: *reference* is only kept."""
        host, scheme = self._url.netloc, self._url.scheme
        kinds = {
            "files": [f"{scheme}://{host}{path}" for path in paths if path[0] != "#" and path[-1] != "*"],
            "prefixes": [f"{host}{path[:-1]}" for path in paths if path[0] != "#" and path[-1] == "*"],
            "tags": [path[1:] for path in paths if path[0] == "#"],
        }
        for kind, items in kinds.items():
            for batch in batches(items, OPERATIONS):
                self._purge({kind: batch})
        return Invalidation(reference)

    def is_done(self, invalidation: Invalidation) -> bool:
        """Always: a purge that was accepted takes less than a second."""
        return True

    def _purge(self, body: Mapping[str, Any]) -> None:
        """Asks again what may be asked again: purging twice is free."""
        for attempt in range(ATTEMPTS):
            answer = self._post(body)
            if answer.status == 200 and answer.content.get("success") is True:
                return
            if not answer.may_pass or attempt == ATTEMPTS - 1:
                raise self._failure(answer)
            self._pause(2.0**attempt if answer.wait_s is None else answer.wait_s)

    def _post(self, body: Mapping[str, Any]) -> _Answer:
        headers = {"Authorization": f"Bearer {self._secret()}", "Content-Type": "application/json"}
        url = f"{self._api}/zones/{quote(self.zone, safe='')}/purge_cache"
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)
        opener = urllib.request.build_opener(_AsItIs)
        try:
            with opener.open(request, timeout=TIMEOUT_S) as answer:
                return _answer(answer.status, answer.headers, answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            return _Answer(fault=f"{urlsplit(url).netloc} cannot be reached: {_reason(error)}")

    def _secret(self) -> str:
        token = self._token or os.environ.get(TOKEN, "").strip()
        if not token:
            raise CdnError(f"{self.name}: no token; set {TOKEN} to one that may purge this zone's cache")
        if not re.fullmatch(r"[!-~]+", token):  # or the fault that follows would show it
            raise CdnError(f"{self.name}: {TOKEN} has characters that no token has; set it again")
        return token

    def _failure(self, answer: _Answer) -> CdnError:
        told = answer.fault or "; ".join(answer.errors) or f"status {answer.status}"
        hint = HINTS.get(answer.status, LATER if answer.may_pass else "see `cdn` and `url`")
        return CdnError(f"{self.name}: no purge: {told}; {hint}", is_retryable=answer.may_pass)


class _Answer(NamedTuple):
    """Cloudflare's, ``{"success": …, "errors": [{"code", "message"}]}``; an empty one where it is no JSON."""

    status: int = 0  # there was none
    content: Mapping[str, Any] = {}
    wait_s: float | None = None
    fault: str = ""  # why there was no answer

    @property
    def may_pass(self) -> bool:
        """Whether asking again may help."""
        return self.status in (0, 429) or self.status >= 500

    @property
    def errors(self) -> list[str]:
        """``10000 Authentication error``"""
        found = self.content.get("errors")
        rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
        return [f"{row.get('code', '')} {row.get('message', '')}".strip() for row in rows]


def _answer(status: int, headers: Message, body: bytes) -> _Answer:
    try:
        content = json.loads(body)
    except ValueError:
        content = None
    wait = headers.get("retry-after", "")
    wait_s = min(float(wait), LONGEST_PAUSE_S) if wait.isdecimal() else None
    return _Answer(status, content if isinstance(content, dict) else {}, wait_s)


def _reason(error: Exception) -> str:
    inner = getattr(error, "reason", error)
    return str(getattr(inner, "strerror", None) or inner).lower() or type(error).__name__


class _AsItIs(urllib.request.HTTPErrorProcessor):
    """Errors are answers like others, and so are redirects, which would take the token elsewhere."""

    def http_response(self, _: urllib.request.Request, response: Any) -> Any:
        """*response* itself."""
        return response

    https_response = http_response  # type: ignore[assignment]
