"""Cloudflare's purge, by its HTTP interface: ``POST /zones/ZONE/purge_cache``.

The token, which needs the permission "Cache Purge", comes from the environment variable CLOUDFLARE_API_TOKEN
and nowhere else; no message has it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from cdn_pipeline.cdns import CdnError, Invalidation, Pause, batches

API = "https://api.cloudflare.com/client/v4"
TOKEN = "CLOUDFLARE_API_TOKEN"
ADDRESS = "CLOUDFLARE_BASE_URL"  # as Cloudflare's own libraries call it
# Cloudflare Cache docs, "Purge cache": 100 on every plan since 2025, 30 on all but the largest before.
OPERATIONS = 30
ATTEMPTS = 6
LONGEST_PAUSE_S = 60.0  # the free plan gets five purges by tag or prefix a minute
TIMEOUT_S = 30.0

HINTS = {
    401: f"see that {TOKEN} is a token that was not revoked",
    403: f"give the token in {TOKEN} the permission Zone / Cache Purge for this zone",
    404: "see the zone's ID in `cdn`; it is on the zone's overview page",
    429: "run it again in some minutes",
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
            try:
                answer = self._post(body)
            except _Unreachable as error:
                failure: CdnError = error
                wait_s = None
            else:
                if answer.status == 200 and answer.content.get("success") is True:
                    return
                failure, wait_s = self._failure(answer), answer.wait_s
            if not failure.is_retryable or attempt == ATTEMPTS - 1:
                raise failure
            self._pause(2.0**attempt if wait_s is None else wait_s)

    def _post(self, body: Mapping[str, Any]) -> _Answer:
        import urllib3

        url = f"{self._api}/zones/{self.zone}/purge_cache"
        headers = {"Authorization": f"Bearer {self._secret()}", "Content-Type": "application/json"}
        try:
            with urllib3.PoolManager(retries=False, timeout=TIMEOUT_S) as pool:
                # A redirect would take the token elsewhere.
                content = json.dumps(body).encode()
                response = pool.request("POST", url, content, headers=headers, redirect=False)
        except (urllib3.exceptions.HTTPError, UnicodeError) as error:
            message = f"{self.name}: {urlsplit(url).netloc} cannot be reached: {_reason(error)}"
            raise _Unreachable(f"{message}; run it again later", is_retryable=True) from None
        return _answer(response.status, response.headers, response.data)

    def _secret(self) -> str:
        token = self._token or os.environ.get(TOKEN, "").strip()
        if not token:
            raise CdnError(f"{self.name}: no token; set {TOKEN} to one that may purge this zone's cache")
        return token

    def _failure(self, answer: _Answer) -> CdnError:
        told = "; ".join(answer.errors) or f"status {answer.status}"
        hint = HINTS.get(
            answer.status, "run it again later" if answer.status >= 500 else "see `cdn` and `url`"
        )
        is_retryable = answer.status == 429 or answer.status >= 500
        return CdnError(f"{self.name}: the purge was refused: {told}; {hint}", is_retryable=is_retryable)


class _Unreachable(CdnError):
    """There was no answer."""


class _Answer(NamedTuple):
    """Cloudflare's, ``{"success": …, "errors": [{"code", "message"}]}``; an empty one where it is no JSON."""

    status: int
    content: Mapping[str, Any]
    wait_s: float | None

    @property
    def errors(self) -> list[str]:
        """``10000 Authentication error``"""
        found = self.content.get("errors")
        rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
        return [f"{row.get('code', '')} {row.get('message', '')}".strip() for row in rows]


def _answer(status: int, headers: Mapping[str, str], body: bytes) -> _Answer:
    try:
        content = json.loads(body)
    except ValueError:
        content = None
    wait = headers.get("retry-after", "")
    wait_s = min(float(wait), LONGEST_PAUSE_S) if wait.isdecimal() else None
    return _Answer(status, content if isinstance(content, dict) else {}, wait_s)


def _reason(error: Exception) -> str:
    """The innermost one, without the objects that urllib3 names."""
    inner = getattr(error, "reason", None)
    return str(inner if inner is not None else error).rpartition(">: ")[2] or type(error).__name__
